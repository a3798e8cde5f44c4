/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether there is a service behind a SYN-ACK: connections that send a few bytes and look. */
#include "sweep/datacheck.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/dial.h"

enum {
	OPEN_MAX = 1024,
	RESERVE = 128, /* descriptors left for files and captures */
	EVENTS = 64,
};
#define PATIENCE_NS (3 * NS_PER_S)
/* Until the first look whether data was acknowledged; then twice as long each time. */
#define FIRST_LOOK_NS (20 * NS_PER_MS)

enum stage { FREE, CONNECTING, ASKED };

/* One connection. Deadlines are few and near each other: a walk over all slots finds them. */
struct slot {
	enum stage stage;
	int fd;
	uint64_t give_up_ns; /* the stage's end */
	uint64_t look_ns;    /* ASKED: when to ask the kernel again what was acknowledged */
	uint64_t pause_ns;   /* ASKED: between two looks */
	bool acked;
	struct rec_result result;
};

struct datacheck {
	struct clock *clock;
	struct dial dial;
	int epoll;
	uint64_t patience_ns;
	unsigned max, busy;
	struct slot *slots;	 /* max */
	struct rec_result *done; /* max */
	unsigned n_done;
};

static unsigned descriptors(unsigned wanted)
{
	struct rlimit limit;
	unsigned most = wanted ? wanted : OPEN_MAX;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return most;
	if (limit.rlim_cur < RESERVE + most)
		most = limit.rlim_cur > 2 * RESERVE ? (unsigned)limit.rlim_cur - RESERVE
						    : RESERVE / 2;
	return most;
}

int datacheck_open(struct datacheck **out, const struct datacheck_conf *c, struct err *e)
{
	struct datacheck *d = calloc(1, sizeof(*d));

	if (!d)
		return err_set(e, -ENOMEM, "out of memory");
	d->clock = c->clock;
	d->patience_ns = c->patience_ns ? c->patience_ns : PATIENCE_NS;
	d->max = descriptors(c->max_open);
	d->epoll = epoll_create1(EPOLL_CLOEXEC);
	dial_init(&d->dial, c->clock, c->interface);
	d->slots = calloc(d->max, sizeof(*d->slots));
	d->done = calloc(d->max, sizeof(*d->done));
	if (d->epoll < 0 || !d->slots || !d->done) {
		int rc = d->epoll < 0 ? err_sys(e, "cannot watch connections")
				      : err_set(e, -ENOMEM, "out of memory");

		datacheck_close(d);
		return rc;
	}
	*out = d;
	return 0;
}

bool datacheck_full(const struct datacheck *d)
{
	return d->busy + d->n_done >= d->max;
}

unsigned datacheck_busy(const struct datacheck *d)
{
	return d->busy;
}

static void finish(struct datacheck *d, struct slot *s, enum result_check what)
{
	s->result.check = what;
	d->done[d->n_done++] = s->result;
	if (s->fd >= 0)
		dial_hang_up(s->fd);
	s->stage = FREE;
	d->busy--;
}

/* The connection stands: an empty line goes out, which no protocol takes for more than an error. */
static void ask(struct datacheck *d, struct slot *s)
{
	static const char line[] = "\r\n\r\n";
	struct epoll_event ev = {
		.events = EPOLLIN | EPOLLRDHUP, .data.u64 = (uint64_t)(s - d->slots)};
	uint64_t now = clock_now(d->clock);

	s->stage = ASKED;
	s->give_up_ns = now + d->patience_ns;
	s->pause_ns = s->result.port.rtt_ns * 2 > FIRST_LOOK_NS ? s->result.port.rtt_ns * 2
								: FIRST_LOOK_NS;
	s->look_ns = now + s->pause_ns;
	if (send(s->fd, line, sizeof(line) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		finish(d, s, CHECK_RESET);
	else if (epoll_ctl(d->epoll, EPOLL_CTL_MOD, s->fd, &ev))
		finish(d, s, CHECK_FAILED);
}

static struct slot *free_slot(struct datacheck *d)
{
	for (unsigned i = 0; i < d->max; i++)
		if (d->slots[i].stage == FREE)
			return &d->slots[i];
	return NULL;
}

int datacheck_add(struct datacheck *d, const struct rec_result *r)
{
	struct slot *s = free_slot(d);
	struct io_tx t = {.kind = IO_TX_CONNECT, .dst = r->addr, .dport = r->port.number};
	struct epoll_event ev = {.events = EPOLLOUT};
	int rc;

	if (!s)
		return -EAGAIN;
	*s = (struct slot){.fd = -1, .result = *r};
	rc = dial_connect(&d->dial, &t, &s->fd);
	if (rc < 0)
		return rc;
	s->stage = CONNECTING;
	s->give_up_ns = clock_now(d->clock) + d->patience_ns;
	d->busy++;
	ev.data.u64 = (uint64_t)(s - d->slots);
	if (rc == ECONNRESET) /* between two instructions, as on a veth */
		finish(d, s, CHECK_RESET);
	else if (s->fd < 0 || (rc && rc != EALREADY && rc != EINPROGRESS) ||
		 epoll_ctl(d->epoll, EPOLL_CTL_ADD, s->fd, &ev))
		finish(d, s, CHECK_FAILED);
	return 0;
}

static int socket_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) ? errno : error;
}

/* Something was received, or the other end is done with us. */
static void hear(struct datacheck *d, struct slot *s)
{
	char byte;
	int left = 0;
	ssize_t n = recv(s->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		finish(d, s, CHECK_SPEAKS);
	else if (n == 0 && !ioctl(s->fd, SIOCOUTQ, &left) && left == 0)
		finish(d, s, CHECK_ACKED); /* it took the line and said goodbye */
	else
		finish(d, s, CHECK_RESET);
}

static void event(struct datacheck *d, struct slot *s)
{
	int error = 0;

	if (s->stage == ASKED) {
		hear(d, s);
	} else if (s->stage == CONNECTING) {
		error = socket_error(s->fd);
		if (error)
			finish(d, s, error == ECONNRESET ? CHECK_RESET : CHECK_FAILED);
		else
			ask(d, s);
	}
}

/* Looks whether the line was acknowledged; one that was is given as long again to be answered. */
static void look(struct datacheck *d, struct slot *s, uint64_t now)
{
	int left = 0;

	if (now >= s->give_up_ns) {
		enum result_check none = s->stage == ASKED ? CHECK_SILENT : CHECK_FAILED;

		finish(d, s, s->acked ? CHECK_ACKED : none);
		return;
	}
	if (s->stage != ASKED || now < s->look_ns)
		return;
	s->look_ns = now + s->pause_ns;
	s->pause_ns *= 2;
	if (s->acked || ioctl(s->fd, SIOCOUTQ, &left) || left)
		return;
	s->acked = true;
	if (s->give_up_ns > now + d->patience_ns / 4)
		s->give_up_ns = now + d->patience_ns / 4;
}

/* When the first slot has to be looked at. */
static uint64_t next_ns(const struct datacheck *d)
{
	uint64_t at = UINT64_MAX;

	for (unsigned i = 0; i < d->max; i++) {
		const struct slot *s = &d->slots[i];

		if (s->stage != FREE && s->give_up_ns < at)
			at = s->give_up_ns;
		if (s->stage == ASKED && !s->acked && s->look_ns < at)
			at = s->look_ns;
	}
	return at;
}

static unsigned take(struct datacheck *d, struct rec_result *v, unsigned n)
{
	unsigned taken = d->n_done < n ? d->n_done : n;

	memcpy(v, d->done, taken * sizeof(*v));
	d->n_done -= taken;
	memmove(d->done, d->done + taken, d->n_done * sizeof(*d->done));
	return taken;
}

unsigned datacheck_poll(struct datacheck *d, struct rec_result *v, unsigned n, uint64_t timeout_ns)
{
	struct epoll_event events[EVENTS];
	uint64_t now = clock_now(d->clock), end = now + timeout_ns;

	do {
		uint64_t until = next_ns(d);
		int ms, got;

		until = until < end ? until : end;
		ms = d->n_done || until <= now ? 0
					       : (int)((until - now + NS_PER_MS - 1) / NS_PER_MS);
		got = d->busy ? epoll_wait(d->epoll, events, EVENTS, ms) : 0;
		for (int i = 0; i < got; i++)
			event(d, &d->slots[events[i].data.u64]);
		now = clock_now(d->clock);
		for (unsigned i = 0; i < d->max; i++)
			if (d->slots[i].stage != FREE)
				look(d, &d->slots[i], now);
	} while (!d->n_done && d->busy && now < end);
	return take(d, v, n);
}

void datacheck_close(struct datacheck *d)
{
	if (!d)
		return;
	for (unsigned i = 0; d->slots && i < d->max; i++)
		if (d->slots[i].stage != FREE)
			dial_hang_up(d->slots[i].fd);
	dial_fini(&d->dial);
	if (d->epoll >= 0)
		close(d->epoll);
	free(d->slots);
	free(d->done);
	free(d);
}
