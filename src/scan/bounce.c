/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FTP bounce scan: an FTP server is told to send a directory listing to a port of the target (PORT
 * or EPRT, then LIST) and says how that went. The target sees the server only.
 *
 * One control connection does one port after the other:
 *
 *   off -> connect -> greet -> user -> pass -> ready -> port -> list -> data -> ready ...
 *                                                ^------- a final reply -------'
 *
 * A reply of 2yz after LIST, or one that a connection broke (426, 451) after it was announced
 * (1yz), is an open port; 425 and an unannounced 426 a closed one, unless the server names a cause
 * that is no refusal (RFC 959 4.2.2, 5.4). Some servers connect at PORT already, so both are asked.
 * A server that waits for a silent target listens to nothing else: the connection is given up and
 * a new one logs in.
 *
 * A server may refuse to bounce at all, or ports below 1024 only. So the ports above are asked
 * first; when even the first of them is refused the run ends. Where there are none, refusals are
 * held back until some port is not refused; when all of them are the run ends, too.
 *
 * vsftpd's "500 OOPS" is the end of a session, and what that says afterwards is about no port. So a
 * port that is refused thus is asked for again on a new session, unless it was the first of its
 * own.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/authority.h"
#include "base/clock.h"
#include "base/str.h"
#include "io/dial.h"
#include "pkt/ftp.h"
#include "scan/driver.h"
#include "scan/pacing.h"
#include "scan/report.h"
#include "scan/tech.h"

#define FTP_PORT     21
#define RESERVED     1024		/* ports below are often refused */
#define SESSION_NS   (30 * NS_PER_S)	/* servers look our name up before they greet */
#define SYN_AGAIN_NS (1200 * NS_PER_MS) /* the server repeats a lost SYN after a second */
#define AGAIN_NS     NS_PER_S		/* between two log-ins that fail */
#define FAULTS_MAX   5			/* log-ins in a row that fail */
#define SLOT_FAULTS  2			/* connections lost over one port */
#define COMMAND_MAX  (AUTHORITY_FIELD + 16)
#define QUOTE_BYTES  80
#define QUOTE_MAX    (QUOTE_BYTES * 4 + 8) /* "\xHH" each, and the code */

enum step {
	STEP_OFF,
	STEP_CONNECT,
	STEP_GREET,
	STEP_USER,
	STEP_PASS,
	STEP_READY,
	STEP_PORT,
	STEP_LIST,
	STEP_DATA
};

struct bounce {
	struct engine *e;
	struct authority login;
	struct addr server;
	char name[AUTHORITY_FIELD + 32]; /* "FTP server HOST:PORT" */
	struct dial dial;
	int fd; /* -1 in STEP_OFF */
	enum step step;
	struct ftp_reader reader;
	char out[COMMAND_MAX]; /* not yet taken by the socket */
	size_t out_len;
	uint64_t due_ns; /* off and ready: when to go on; else when to give up */
	uint64_t asked_ns;
	struct rtt rtt;		   /* of the server's verdicts */
	struct host *first, *last; /* by wait_next; the first is in work */
	uint32_t slot, cursor;	   /* slots before the cursor are decided */
	uint32_t held;		   /* undecided slots of the first host that were refused */
	unsigned faults, slot_faults;
	bool logged_in;		       /* once, whatever came after */
	bool used;		       /* this session had a port */
	bool bounces;		       /* it has tried a port */
	bool extended, tried_extended; /* EPRT for IPv4, too */
	bool refusal_said;
	char greeting[QUOTE_MAX];
	char refusal[QUOTE_MAX]; /* its first words against a port */
};

static void ask_port(struct bounce *b);

static void fatal(struct bounce *b, const char *what, const char *remedy)
{
	struct err err = {0};

	err_set(&err, ERR_CLOSED, "%s %s; %s", b->name, what, remedy);
	engine_fail(b->e, &err);
}

/* What the server said, fit for a terminal. */
static void quote(const struct ftp_reply *r, char out[QUOTE_MAX])
{
	struct buf text = {0};

	str_term(&text, r->text, strnlen(r->text, QUOTE_BYTES));
	snprintf(out, QUOTE_MAX, "%u %s", r->code, buf_text(&text));
	buf_free(&text);
}

/* What was said, without a password: for --packet-trace and -d. */
static void told(struct bounce *b, bool sent, const char *line)
{
	struct buf text = {0};

	buf_fmt(&text, "%s %s %s", b->name, sent ? "<-" : "->", line);
	log_say(b->e->env->log, LOG_DEBUG, "%s", buf_text(&text));
	report_words(b->e, sent, buf_text(&text));
	buf_free(&text);
}

/* ---- verdicts -------------------------------------------------------------------------------- */

static void hosts_drop(struct bounce *b, struct host *h)
{
	struct host **p = &b->first, *before = NULL;

	while (*p && *p != h) {
		before = *p;
		p = &before->wait_next;
	}
	if (!*p)
		return;
	*p = h->wait_next;
	h->wait_next = NULL;
	if (b->last == h)
		b->last = before;
	if (!before)
		b->cursor = b->held = b->slot_faults = 0;
}

static uint64_t next_due(const struct bounce *b)
{
	return b->asked_ns + b->e->plan->timing.scan_delay_ns;
}

/* The port in work is: the next one may follow. */
static void move_on(struct bounce *b)
{
	if (b->fd >= 0)
		b->step = STEP_READY;
	b->due_ns = next_due(b);
	b->used = true;
	b->slot_faults = 0;
}

static void decide(struct bounce *b, uint32_t slot, enum port_state state, enum reason reason)
{
	struct driver_verdict v = {.verdict = {.state = state, .reason = reason}};

	if (reason != REASON_NO_RESPONSE) {
		b->e->replies++;
		v.from = b->server;
	}
	driver_settle(b->e, b->first, slot, &v);
}

static void say_refusal(struct bounce *b, uint32_t slot)
{
	if (!b->refusal_said)
		bus_note(b->e->env->bus, LOG_WARN,
			"%s will not try every port, not %u for one (\"%s\"): such ports are shown as filtered, though nothing is known of them",
			b->name, job_port(&b->first->job, slot), b->refusal);
	b->refusal_said = true;
}

/* A slot was refused, and is undecided until the server is known to bounce; nothing else counts
 * tries here. */
static bool is_held(const struct job *j, uint32_t slot)
{
	return j->slots[slot].state == PORT_UNKNOWN && j->slots[slot].tries;
}

/* The server bounces after all: it is the ports that it refuses. */
static void release(struct bounce *b)
{
	const struct job *j = &b->first->job;

	b->bounces = true;
	for (uint32_t i = 0; i < j->n_slots && b->held; i++) {
		if (!is_held(j, i))
			continue;
		say_refusal(b, i);
		decide(b, i, PORT_FILTERED, REASON_PROXY_REFUSED);
		b->held--;
	}
}

static void settle(struct bounce *b, enum port_state state, enum reason reason)
{
	struct host *h = b->first;

	move_on(b);
	decide(b, b->slot, state, reason);
	if (!b->bounces)
		release(b);
	if (h->job.undecided)
		return;
	hosts_drop(b, h);
	host_stage_done(b->e, h);
}

static void hang_up(struct bounce *b)
{
	if (b->fd >= 0)
		dial_hang_up(b->fd);
	b->fd = -1;
	b->step = STEP_OFF;
	b->due_ns = next_due(b);
}

static void refuses_all(struct bounce *b, const char *remedy)
{
	char what[QUOTE_MAX + 64];

	snprintf(what, sizeof(what), "refuses to bounce (\"%s\")", b->refusal);
	fatal(b, what, remedy);
}

/* The port in work is refused, which says nothing about it. */
static void leave_port(struct bounce *b, const char *words)
{
	if (!*b->refusal)
		snprintf(b->refusal, sizeof(b->refusal), "%s", words);
	if (b->bounces) {
		say_refusal(b, b->slot);
		settle(b, PORT_FILTERED, REASON_PROXY_REFUSED);
		return;
	}
	b->first->job.slots[b->slot].tries = 1;
	move_on(b);
	if (++b->held == b->first->job.undecided)
		refuses_all(b, "ask for ports above 1023, too, or name another");
}

/* The connection broke or never came about. */
static void lost(struct bounce *b, const char *why)
{
	bool asking = b->step >= STEP_PORT;

	hang_up(b);
	if (b->faults)
		b->due_ns = b->e->now + AGAIN_NS;
	if (!b->logged_in || ++b->faults > FAULTS_MAX)
		fatal(b, why, "see that it runs and takes connections from here, or name another");
	else if (asking && b->first && ++b->slot_faults >= SLOT_FAULTS)
		leave_port(b, why);
}

/* 425, in the words of servers that give the cause. */
static void not_connected(struct bounce *b, const struct ftp_reply *r)
{
	/* clang-format off */
	static const struct {
		const char *words;
		uint8_t reason;
	} rows[] = {
		{ "timed out",              REASON_NO_RESPONSE },
		{ "timeout",                REASON_NO_RESPONSE },
		{ "no route to host",       REASON_HOST_UNREACH },
		{ "host is unreachable",    REASON_HOST_UNREACH },
		{ "network is unreachable", REASON_NET_UNREACH },
		{ "permission denied",      REASON_ADMIN_PROHIBITED },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcasestr(r->text, rows[i].words)) {
			settle(b, PORT_FILTERED, rows[i].reason);
			return;
		}
	}
	settle(b, PORT_CLOSED, REASON_CONN_REFUSED);
}

/* vsftpd: the session ends with this, or has done so. */
static bool is_oops(const struct ftp_reply *r)
{
	return r->code == 500 && strncmp(r->text, "OOPS:", 5) == 0;
}

/* PORT or LIST was answered by a no: to this port, to PORT as a command, or to bouncing. */
static void refused(struct bounce *b, const struct ftp_reply *r)
{
	bool retry = !b->bounces && !b->tried_extended && b->step == STEP_PORT &&
		     b->first->addr.family == 4;
	bool again = is_oops(r) && b->used;

	if (is_oops(r))
		hang_up(b);
	if (again)
		return;
	if (!*b->refusal)
		quote(r, b->refusal);
	if (!b->bounces)
		b->extended = retry;
	b->tried_extended |= retry;
	if (retry && b->fd >= 0)
		ask_port(b);
	else if (!retry && !b->bounces && job_port(&b->first->job, b->slot) >= RESERVED)
		refuses_all(b, "name another");
	else if (!retry)
		leave_port(b, b->refusal);
}

/* ---- the conversation ------------------------------------------------------------------------ */

static uint64_t patience(const struct bounce *b, enum step step)
{
	return step >= STEP_PORT ? SYN_AGAIN_NS + b->rtt.rto_ns : SESSION_NS;
}

static void flush(struct bounce *b)
{
	ssize_t n;

	if (b->out_len == 0)
		return;
	n = send(b->fd, b->out, b->out_len, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		lost(b, "broke the connection");
	if (n <= 0)
		return;
	b->out_len -= (size_t)n;
	memmove(b->out, b->out + n, b->out_len);
}

static void command(struct bounce *b, enum step step, const char *verb, const char *argument)
{
	int n = snprintf(b->out, sizeof(b->out), "%s%s%s", verb, *argument ? " " : "", argument);

	told(b, true, step == STEP_PASS ? "PASS ***" : b->out);
	memcpy(b->out + n, "\r\n", 2);
	b->out_len = (size_t)n + 2;
	b->step = step;
	b->asked_ns = b->e->now;
	b->due_ns = b->e->now + patience(b, step);
	flush(b);
}

static void ask_port(struct bounce *b)
{
	struct host *h = b->first;
	char text[FTP_PORT_TEXT];

	ftp_port_command(&h->addr, job_port(&h->job, b->slot), b->extended, text);
	pacing_sent(b->e, 1);
	b->e->probes_sent++;
	h->probes_sent++;
	command(b, STEP_PORT, text, "");
}

/* The first undecided slot of a port of at least that number; n_slots when there is none. */
static uint32_t next_slot(const struct bounce *b, uint16_t least)
{
	const struct job *j = &b->first->job;
	uint32_t i = b->cursor;

	while (i < j->n_slots &&
		(j->slots[i].state != PORT_UNKNOWN || is_held(j, i) || job_port(j, i) < least))
		i++;
	return i;
}

/* The next port to ask for; until the server is known to bounce, one that it has no reason to
 * refuse. */
static void pick(struct bounce *b)
{
	const struct job *j = &b->first->job;

	while (j->slots[b->cursor].state != PORT_UNKNOWN)
		b->cursor++;
	b->slot = next_slot(b, b->bounces ? 0 : RESERVED);
	if (b->slot == j->n_slots)
		b->slot = next_slot(b, 0);
}

static void next_port(struct bounce *b)
{
	if (!pacing_ready(b->e, 0)) {
		b->due_ns = pacing_next_ns(b->e);
		return;
	}
	pick(b);
	ask_port(b);
}

static const char *user(const struct bounce *b)
{
	return b->login.has_user ? b->login.user : "anonymous";
}

static void logged_in(struct bounce *b)
{
	if (!b->logged_in)
		bus_note(b->e->env->bus, LOG_INFO, "logged in to %s as %s (\"%s\")", b->name,
			user(b), b->greeting);
	b->logged_in = true;
	b->used = false;
	b->faults = 0;
	b->step = STEP_READY;
	b->due_ns = b->e->now;
}

static void on_login(struct bounce *b, const struct ftp_reply *r)
{
	const struct authority *a = &b->login;
	char what[QUOTE_MAX + 64], words[QUOTE_MAX];

	if (r->code / 100 == 1)
		return; /* 120: ready in a while */
	if (b->step == STEP_GREET && r->code / 100 == 2) {
		quote(r, b->greeting);
		command(b, STEP_USER, "USER", user(b));
	} else if (b->step == STEP_USER && r->code == 331) {
		command(b, STEP_PASS, "PASS", a->has_password ? a->password : "-wwwuser@");
	} else if (b->step != STEP_GREET && r->code / 100 == 2) {
		logged_in(b);
	} else {
		quote(r, words);
		snprintf(what, sizeof(what), "refuses the log-in (\"%s\")", words);
		fatal(b, what, "give -b USER:PASSWORD@SERVER, or name another");
	}
}

static void on_outcome(struct bounce *b, const struct ftp_reply *r)
{
	bool announced = b->step == STEP_DATA;
	unsigned kind = r->code / 100u;

	if (kind != 1)
		rtt_update(&b->rtt, &b->e->bounds, b->e->now - b->asked_ns + 1);
	if (kind == 1) {
		b->step = STEP_DATA;
		b->due_ns = b->e->now + patience(b, STEP_DATA);
	} else if (kind == 2 && b->step == STEP_PORT) {
		command(b, STEP_LIST, "LIST", "");
	} else if (kind == 2 || (announced && (r->code == 426 || r->code == 451))) {
		settle(b, PORT_OPEN, REASON_CONN_ACCEPT);
	} else if (r->code == 425 || r->code == 426) {
		not_connected(b, r);
	} else {
		refused(b, r);
	}
}

static void on_reply(struct bounce *b, const struct ftp_reply *r)
{
	char words[QUOTE_MAX], what[QUOTE_MAX + 64];

	quote(r, words);
	told(b, false, words);
	if (r->code == 421) { /* it may say so at any time */
		snprintf(what, sizeof(what), "ends the connection (\"%s\")", words);
		lost(b, what);
	} else if (b->step < STEP_READY) {
		on_login(b, r);
	} else if (b->step == STEP_READY && is_oops(r)) {
		hang_up(b);
	} else if (b->step > STEP_READY && b->first) {
		on_outcome(b, r);
	}
}

static void on_time(struct bounce *b)
{
	enum step step = b->step;

	if (step == STEP_READY) {
		next_port(b);
	} else if (step < STEP_READY) {
		lost(b, step == STEP_CONNECT ? "cannot be reached (no answer)"
					     : "does not go on with the log-in");
	} else { /* it waits for the target; once it announced the data they may be connected */
		hang_up(b);
		settle(b, step == STEP_DATA ? PORT_OPEN_FILTERED : PORT_FILTERED,
			REASON_NO_RESPONSE);
	}
}

/* ---- the connection -------------------------------------------------------------------------- */

static void connected(struct bounce *b, int error)
{
	char what[128];

	if (!error) {
		b->step = STEP_GREET;
		b->due_ns = b->e->now + SESSION_NS;
		return;
	}
	snprintf(what, sizeof(what), "cannot be reached (%s)", strerror(error));
	lost(b, what);
}

static void dial_server(struct bounce *b)
{
	struct io_tx tx = {.kind = IO_TX_CONNECT, .dst = b->server, .dport = b->login.port};
	int rc = dial_connect(&b->dial, &tx, &b->fd);

	b->reader = (struct ftp_reader){0};
	b->out_len = 0;
	b->step = STEP_CONNECT;
	b->due_ns = b->e->now + SESSION_NS;
	if (rc != EALREADY && rc != EINPROGRESS)
		connected(b, rc < 0 ? -rc : rc);
}

static void await_connection(struct bounce *b)
{
	struct pollfd p = {.fd = b->fd, .events = POLLOUT};
	int error = 0;
	socklen_t len = sizeof(error);

	if (poll(&p, 1, 0) <= 0)
		return;
	if (getsockopt(b->fd, SOL_SOCKET, SO_ERROR, &error, &len))
		error = errno;
	connected(b, error);
}

/* Reads what has come; false when there is nothing. */
static bool hear(struct bounce *b)
{
	uint8_t bytes[2048];
	ssize_t n = recv(b->fd, bytes, sizeof(bytes), 0);
	struct ftp_reply reply;
	size_t used = 0;
	int fd = b->fd;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		lost(b, n ? "broke the connection" : "closed the connection");
		return false;
	}
	for (size_t at = 0; at < (size_t)n && b->fd == fd && !b->e->dead.code; at += used) {
		enum ftp_got got = ftp_read(&b->reader, bytes + at, (size_t)n - at, &used, &reply);

		if (got == FTP_BAD)
			fatal(b, "does not speak FTP", "check address and port");
		else if (got == FTP_REPLY)
			on_reply(b, &reply);
	}
	return b->fd == fd && !b->e->dead.code;
}

/* ---- the driver ------------------------------------------------------------------------------ */

static void bounce_step(void *self)
{
	struct bounce *b = self;

	if (b->e->dead.code)
		return;
	if (b->step == STEP_CONNECT)
		await_connection(b);
	if (b->step > STEP_CONNECT) {
		flush(b);
		while (b->fd >= 0 && hear(b))
			;
	}
	while (b->first && !b->e->dead.code && b->due_ns <= b->e->now) {
		if (b->step == STEP_OFF)
			dial_server(b);
		else
			on_time(b);
	}
}

static uint64_t bounce_next_ns(void *self)
{
	const struct bounce *b = self;

	return b->first ? b->due_ns : UINT64_MAX;
}

static size_t bounce_fds(void *self, struct pollfd *v, size_t max)
{
	const struct bounce *b = self;
	bool out = b->step == STEP_CONNECT || b->out_len > 0;

	if (b->fd < 0 || max == 0)
		return 0;
	v[0] = (struct pollfd){.fd = b->fd, .events = out ? POLLOUT : POLLIN};
	return 1;
}

static void bounce_start(void *self, struct host *h)
{
	struct bounce *b = self;

	if (!b->first && h->job.undecided < h->job.n_slots)
		b->bounces = true; /* as the run that is resumed has seen */
	*(b->first ? &b->last->wait_next : &b->first) = h;
	b->last = h;
	if (b->first == h && (b->step == STEP_OFF || b->step == STEP_READY))
		b->due_ns = b->e->now > b->due_ns ? b->e->now : b->due_ns;
}

static void bounce_stop(void *self, struct host *h)
{
	struct bounce *b = self;

	if (h == b->first && b->step > STEP_READY)
		hang_up(b);
	hosts_drop(b, h);
}

static void bounce_close(void *self)
{
	struct bounce *b = self;

	if (b->step == STEP_READY)
		(void)!send(b->fd, "QUIT\r\n", 6, MSG_NOSIGNAL);
	if (b->fd >= 0)
		close(b->fd);
	dial_fini(&b->dial);
	free(b);
}

/* The server's address; a name is looked up before anything else happens. */
static int find_server(struct bounce *b, struct err *err)
{
	struct addr *list = NULL;
	int n;

	b->server = b->login.addr;
	if (b->server.family)
		return 0;
	if (!b->e->env->resolver)
		return err_set(
			err, ERR_RESOLVE, "-b %.60s: give the server's address", b->login.host);
	n = resolver_forward(b->e->env->resolver, b->login.host, 0, &list, err);
	if (n > 0)
		b->server = list[0];
	free(list);
	return n < 0 ? err_prefix(err, "-b") : 0;
}

static int bounce_open(void **out, struct engine *e, struct err *err)
{
	const struct net_link *link = e->plan->ifindex && e->env->net
					      ? net_link_by_index(e->env->net, e->plan->ifindex)
					      : NULL;
	struct bounce *b = calloc(1, sizeof(*b));
	int rc;

	if (!b)
		return err_set(err, -ENOMEM, "out of memory");
	b->e = e;
	b->fd = -1;
	dial_init(&b->dial, e->env->clock, link ? link->name : NULL);
	rtt_init(&b->rtt, &e->bounds);
	rc = authority_parse(e->plan->bounce, &b->login, err);
	if (rc == 0)
		rc = find_server(b, err);
	if (rc) {
		free(b);
		return rc;
	}
	if (!b->login.port)
		b->login.port = FTP_PORT;
	snprintf(b->name, sizeof(b->name), "FTP server %s%s%s:%u",
		b->login.addr.family == 6 ? "[" : "", b->login.host,
		b->login.addr.family == 6 ? "]" : "", b->login.port);
	*out = b;
	return 0;
}

static const struct scan_driver driver_bounce = {
	.open = bounce_open,
	.start = bounce_start,
	.stop = bounce_stop,
	.step = bounce_step,
	.next_ns = bounce_next_ns,
	.fds = bounce_fds,
	.close = bounce_close,
};

const struct scan_tech tech_bounce = {
	.name = "bounce",
	.title = "FTP bounce scan",
	.scaninfo = "bounce",
	.letter = 'b',
	.proto = PROTO_TCP,
	.ports = PORTS_TCP,
	.carrier = IO_TX_CONNECT,
	.silence = PORT_FILTERED,
	.driver = &driver_bounce,
};
