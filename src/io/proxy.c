/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proxy: TCP connections asked of the last of a chain of proxies.
 *
 * Each IO_TX_CONNECT is a connection to the first proxy, which is asked for one to the second, and
 * so on; the last is asked for the target. What that one says is the outcome. A connection is never
 * used twice: no protocol here allows it. epoll reports edges, and a connection goes on as far as
 * it can at each.
 *
 * Only the last answer is about the target. When a proxy breaks off or fails before it, nothing is
 * learnt, no outcome comes, and the probe is repeated like one without an answer. A proxy that has
 * never answered, or fails many times in a row, ends the run instead: silence behind it means
 * nothing.
 */
#include "io/io.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <poll.h>
#include <unistd.h>

#include "io/chain.h"
#include "io/conns.h"
#include "io/dial.h"
#include "io/need.h"

enum {
	OPEN_DEFAULT = 64, /* proxies bear fewer connections than hosts */
	FAULTS_MAX = 20,   /* in a row */
	EVENTS = 64,
	HEAR = 512, /* bytes read at once */
};
#define SLOW_NS (100 * NS_PER_MS) /* younger ones are given up because others have answered */

/* A connection on its way; its index is that of the struct conn. */
struct tunnel {
	struct addr dst;
	uint16_t port;
	uint64_t begun_ns;
	uint8_t hop; /* the proxy that is talked to */
	bool saying; /* a message is being sent */
	uint16_t sent;
	struct proxy_talk talk;
};

struct hop_state {
	bool spoke, said;
	unsigned faults; /* since it last answered */
};

struct proxies {
	struct io io;
	int epoll;
	const struct log *log;
	struct chain chain;
	struct hop_state hops[CHAIN_MAX];
	struct dial dial;
	struct conns conns;
	struct tunnel *tunnels;
	struct io_stats st;
	struct err dead; /* code 0 while it lives */
};

static struct proxies *self(struct io *io)
{
	return (struct proxies *)io;
}

/* ---- failures -------------------------------------------------------------------------------- */

static void die(struct proxies *p, unsigned hop, const char *why, const char *remedy)
{
	char text[PROXY_TEXT_MAX];

	if (p->dead.code == 0)
		err_set(&p->dead, ERR_CLOSED, "proxy %s %s; %s", proxy_text(&p->chain.v[hop], text),
			why, remedy);
}

/* A proxy did not do its part. */
static void fault(struct proxies *p, unsigned hop, const char *why)
{
	struct hop_state *h = &p->hops[hop];
	char text[PROXY_TEXT_MAX];

	if (!h->spoke || ++h->faults >= FAULTS_MAX) {
		die(p, hop, why, "see that it runs and is the kind of proxy you named");
		return;
	}
	if (!h->said)
		log_say(p->log, LOG_WARN,
			"proxy %s %s: probes that this happens to are repeated, but their ports may look filtered in the end",
			proxy_text(&p->chain.v[hop], text), why);
	h->said = true;
}

static void fault_errno(struct proxies *p, unsigned hop, const char *what, int error)
{
	char why[160];

	snprintf(why, sizeof(why), "%s (%s)", what, strerror(error));
	fault(p, hop, why);
}

/* The connection to a proxy ended without an answer; `error` 0 is an orderly end. */
static bool broke(struct proxies *p, const struct tunnel *t, int error, int *outcome)
{
	const struct proxy *hop = &p->chain.v[t->hop];

	if (t->hop + 1u == p->chain.n && !t->saying && proxy_asks(hop, &t->talk) &&
		p->hops[t->hop].spoke) {
		*outcome = EREMOTEIO; /* its way of saying no */
		return true;
	}
	if (error)
		fault_errno(p, t->hop, "cannot be reached", error);
	else
		fault(p, t->hop, "closes the connection without an answer");
	return false;
}

/* ---- a connection's way ---------------------------------------------------------------------- */

enum turn { TURN_ON, TURN_WAIT, TURN_END, TURN_LOST };

static enum turn speak(struct proxies *p, int fd, struct tunnel *t, int *outcome)
{
	bool last = t->hop + 1u == p->chain.n;
	const struct authority *next = last ? NULL : &p->chain.v[t->hop + 1].at;
	uint8_t buf[PROXY_SAY_MAX];
	size_t len = proxy_say(&p->chain.v[t->hop], &t->talk, last ? &t->dst : &next->addr,
		last ? t->port : next->port, buf);
	ssize_t n = send(fd, buf + t->sent, len - t->sent, MSG_NOSIGNAL);

	if (n < 0 && errno == EAGAIN)
		return TURN_WAIT;
	if (n < 0)
		return broke(p, t, errno, outcome) ? TURN_END : TURN_LOST;
	t->sent += (uint16_t)n;
	if (t->sent == len) {
		t->saying = false;
		t->sent = 0;
	}
	return TURN_ON;
}

/* A proxy has connected to the next one, or to the target, or says why not. */
static enum turn arrived(struct proxies *p, struct tunnel *t, int error, int *outcome)
{
	if (t->hop + 1u == p->chain.n) {
		*outcome = error;
		return TURN_END;
	}
	if (error) {
		fault_errno(p, t->hop + 1u, "cannot be reached by the one before it", error);
		return TURN_LOST;
	}
	t->hop++;
	t->talk = (struct proxy_talk){0};
	t->saying = true;
	return TURN_ON;
}

static enum turn listen_to(struct proxies *p, int fd, struct tunnel *t, int *outcome)
{
	uint8_t buf[HEAR];
	ssize_t n = recv(fd, buf, sizeof(buf), 0);
	bool last = t->hop + 1u == p->chain.n;
	size_t used = 0;
	int error = 0;
	enum proxy_heard heard;

	if (n < 0 && errno == EAGAIN)
		return TURN_WAIT;
	if (n <= 0)
		return broke(p, t, n ? errno : 0, outcome) ? TURN_END : TURN_LOST;
	heard = proxy_hear(&p->chain.v[t->hop], &t->talk, buf, (size_t)n, &used, &error);
	if (used < (size_t)n && (heard == PROXY_NEXT || (heard == PROXY_DONE && !last && !error)))
		heard = PROXY_NOISE; /* a proxy never speaks unasked */
	if (heard == PROXY_DENIED) {
		die(p, t->hop, "does not let us in",
			"give the user and password it wants, as in URL://USER:PASSWORD@ADDRESS:PORT");
		return TURN_LOST;
	}
	if (heard == PROXY_NOISE) {
		fault(p, t->hop, "does not speak this protocol");
		return TURN_LOST;
	}
	if (heard != PROXY_MORE)
		p->hops[t->hop] = (struct hop_state){.spoke = true, .said = p->hops[t->hop].said};
	t->saying = heard == PROXY_NEXT;
	return heard == PROXY_DONE ? arrived(p, t, error, outcome) : TURN_ON;
}

/* Goes on with a connection; true when *outcome is known. It is gone unless it has to wait. */
static bool advance(struct proxies *p, int slot, int *outcome)
{
	struct tunnel *t = &p->tunnels[slot];
	int fd = p->conns.slots[slot].fd;
	enum turn turn;

	do {
		turn = t->saying ? speak(p, fd, t, outcome) : listen_to(p, fd, t, outcome);
	} while (turn == TURN_ON);
	if (turn != TURN_WAIT)
		conns_del(&p->conns, slot);
	return turn == TURN_END;
}

/* ---- the backend ----------------------------------------------------------------------------- */

static int watch(struct proxies *p, const struct io_tx *t, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLET};
	int slot = conns_add(&p->conns, t->id, fd), rc = 0;

	p->tunnels[slot] = (struct tunnel){
		.dst = t->dst, .port = t->dport, .begun_ns = t->sent_ns, .saying = true};
	ev.data.u64 = (uint64_t)slot;
	if (epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &ev)) {
		rc = -errno;
		conns_del(&p->conns, slot);
	}
	return rc;
}

/* Deals with one wish; false when it has to wait. */
static bool start(struct proxies *p, struct io_tx *t)
{
	const struct authority *first = &p->chain.v[0].at;
	struct io_tx dial = {.kind = IO_TX_CONNECT, .dst = first->addr, .dport = first->port};
	int fd = -1, rc;

	t->sent_ns = clock_now(p->io.clock);
	t->error = 0;
	if (t->kind != IO_TX_CONNECT || (t->dst.family != 4 && t->dst.family != 6)) {
		t->error = -EINVAL;
		return true;
	}
	if (p->conns.n == p->conns.max)
		return false;
	rc = dial_connect(&p->dial, &dial, &fd);
	if (rc == 0 || rc == EALREADY || rc == EINPROGRESS) {
		t->error = watch(p, t, fd);
		return true;
	}
	if (fd >= 0)
		close(fd);
	if ((rc == -EMFILE || rc == -ENFILE) && p->conns.n)
		return false;
	fault_errno(p, 0, "cannot be reached", rc < 0 ? -rc : rc);
	return true;
}

/* The backend's own end, or `n`. */
static int alive(const struct proxies *p, unsigned n, struct err *e)
{
	return p->dead.code ? err_set(e, p->dead.code, "%s", p->dead.text) : (int)n;
}

static int proxy_send(struct io *io, struct io_tx *v, unsigned n, struct err *e)
{
	struct proxies *p = self(io);
	unsigned done = 0;

	for (; !p->dead.code && done < n && start(p, &v[done]); done++) {
		p->st.sent += !v[done].error;
		p->st.send_errors += !!v[done].error;
	}
	p->st.would_block += done < n;
	return alive(p, done, e);
}

static int proxy_recv(struct io *io, struct io_rx *v, unsigned n, struct err *e)
{
	struct proxies *p = self(io);
	struct epoll_event ev[EVENTS];
	unsigned got = 0;
	int k, outcome;

	do {
		k = epoll_wait(p->epoll, ev, n - got < EVENTS ? (int)(n - got) : EVENTS, 0);
		for (int i = 0; i < k && !p->dead.code; i++) {
			int slot = (int)ev[i].data.u64;
			uint64_t id = p->conns.slots[slot].id;

			if (advance(p, slot, &outcome))
				v[got++] = (struct io_rx){.kind = IO_RX_CONNECT,
					.id = id,
					.error = outcome,
					.at_ns = clock_now(io->clock),
					.at_src = RTT_USER};
		}
	} while (k == EVENTS && got < n && !p->dead.code);
	p->st.received += got;
	return got ? (int)got : alive(p, got, e);
}

static int proxy_wait(struct io *io, uint64_t timeout_ns)
{
	struct pollfd fd = {.fd = self(io)->epoll, .events = POLLIN};
	struct timespec ts = {(time_t)(timeout_ns / NS_PER_S), (long)(timeout_ns % NS_PER_S)};

	return ppoll(&fd, 1, &ts, NULL) < 0 && errno != EINTR ? -errno : 0;
}

/*
 * The time for an answer is over, or it is not wanted any more. Silence of the last proxy, once it
 * was asked, is the target's; any other is that of the proxy that is talked to, or was to be
 * reached.
 */
static void proxy_cancel(struct io *io, uint64_t id)
{
	struct proxies *p = self(io);
	int slot = conns_find(&p->conns, id);
	const struct tunnel *t;
	unsigned hop;

	if (slot == CONN_NONE)
		return;
	t = &p->tunnels[slot];
	hop = t->hop + (!t->saying && proxy_asks(&p->chain.v[t->hop], &t->talk));
	if (hop < p->chain.n &&
		(!p->hops[hop].spoke || clock_now(io->clock) - t->begun_ns >= SLOW_NS))
		fault(p, hop, "does not answer in time");
	conns_del(&p->conns, slot);
}

static int proxy_fd(struct io *io)
{
	return self(io)->epoll;
}

static bool proxy_at_end(struct io *io)
{
	return false;
}

static void proxy_stats(struct io *io, struct io_stats *out)
{
	*out = self(io)->st;
}

static void proxy_close(struct io *io)
{
	struct proxies *p = self(io);

	if (!io)
		return;
	conns_fini(&p->conns);
	dial_fini(&p->dial);
	if (p->epoll >= 0)
		close(p->epoll);
	free(p->tunnels);
	free(p);
}

static int proxy_probe(const struct io_conf *c, struct err *e)
{
	return need_interface(c->interface, e);
}

static int proxy_open(struct io **out, const struct io_conf *conf, struct err *e)
{
	unsigned max = conf->max_open ? conf->max_open : OPEN_DEFAULT;
	struct proxies *p = NULL;
	int rc = proxy_probe(conf, e);

	if (rc)
		return rc;
	p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, -ENOMEM, "out of memory");
	p->io = (struct io){&io_proxy_ops, conf->clock ? conf->clock : clock_real()};
	p->log = conf->log;
	dial_init(&p->dial, p->io.clock, conf->interface);
	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	p->tunnels = calloc(max, sizeof(*p->tunnels));
	rc = conns_init(&p->conns, max);
	if (rc || !p->tunnels)
		rc = err_set(e, -ENOMEM, "out of memory");
	else if (p->epoll < 0)
		rc = err_sys(e, "%s: cannot set up epoll", io_proxy_ops.name);
	else
		rc = chain_parse(conf->proxies ? conf->proxies : "", &p->chain, e);
	if (rc)
		proxy_close(&p->io);
	else
		*out = &p->io;
	return rc;
}

const struct io_ops io_proxy_ops = {
	.name = "proxy",
	.summary = "TCP through the proxies of --proxies; needs no privilege",
	.carries = IO_CARRIES(IO_TX_CONNECT),
	.probe = proxy_probe,
	.open = proxy_open,
	.send = proxy_send,
	.recv = proxy_recv,
	.wait = proxy_wait,
	.cancel = proxy_cancel,
	.fd = proxy_fd,
	.at_end = proxy_at_end,
	.stats = proxy_stats,
	.close = proxy_close,
};
