/* SPDX-License-Identifier: BSD-2-Clause */
/* connect: TCP connections asked of the kernel, for users who may send nothing themselves. */
#include "io/io.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/conns.h"
#include "io/dial.h"
#include "io/need.h"

/*
 * Each IO_TX_CONNECT is a non-blocking connect(). The kernel nearly always answers EINPROGRESS, on
 * loopback too: while connect() holds the socket, the peer's answer waits in its backlog, and is
 * looked at as the call returns. A second connect() on the same socket then tells at once (0,
 * ECONNREFUSED, or EALREADY: really on its way), so that only the last kind costs an entry in
 * epoll. A refused socket is as good as new on Linux and is used for the next probe: together this
 * makes a scan of loopback cheaper than a bare loop of socket, connect, close.
 *
 * Outcomes known at once wait in a queue; an eventfd in the epoll set makes fd() readable while it
 * is not empty.
 *
 * A connection that came about is torn down by a reset (SO_LINGER with 0 seconds), as nmap does: an
 * ordinary close would leave up to 65,535 sockets in TIME_WAIT here and make the peer hold its end
 * until its program notices. A reset seen by us after the handshake (ECONNRESET, EPIPE) means that
 * there was one: the outcome is 0.
 *
 * On this machine's own addresses a socket can be given the very source port that it connects to
 * and so meet itself (RFC 9293 3.5, simultaneous open): a false open. It is known by equal names of
 * both ends and tried once more from another port; nobody listens there in any case, as a
 * listener's port is not given away.
 *
 * Times are the user's clock (RTT_USER): before connect(), and after the kernel has told the
 * outcome.
 */
enum {
	QUEUE = 1024,  /* outcomes known at once; a power of two */
	RESERVE = 208, /* descriptors left for files, names and screens, and for held ports
			  (net/hold.h) */
	OPEN_DEFAULT = 16384,
	EVENTS = 64,
	BELL = -2, /* epoll's data of the eventfd; others are slots */
};
#define PATIENCE_NS (250 * NS_PER_MS)

struct outcome {
	uint64_t id, at_ns;
	int error;
	bool cancelled;
};

struct connects {
	struct io io;
	int epoll, bell;
	bool rung;
	struct dial dial;
	struct conns conns;
	struct outcome queue[QUEUE];
	unsigned q_head, q_len;
	uint64_t stuck_ns; /* EADDRNOTAVAIL since then, 0 = not */
	bool short_sleep;
	struct io_stats st;
};

static struct connects *self(struct io *io)
{
	return (struct connects *)io;
}

static int connect_probe(const struct io_conf *c, struct err *e)
{
	return need_interface(c->interface, e);
}

static void queue_put(struct connects *c, uint64_t id, uint64_t at_ns, int error)
{
	c->queue[(c->q_head + c->q_len++) % QUEUE] =
		(struct outcome){.id = id, .at_ns = at_ns, .error = error};
}

/* The eventfd is readable exactly while the queue is not empty. */
static void ring_bell(struct connects *c)
{
	uint64_t one = 1;
	bool want = c->q_len > 0;

	if (want == c->rung)
		return;
	if ((want ? write(c->bell, &one, sizeof(one)) : read(c->bell, &one, sizeof(one))) ==
		sizeof(one))
		c->rung = want;
}

/*
 * `rc` is dial_connect's. EADDRNOTAVAIL of connect() itself: every source port towards this
 * destination is taken. That passes as connections end; not for ever though. (Of bind(), negative
 * here, it means that the source address is not ours.)
 */
static bool must_wait(struct connects *c, int rc)
{
	uint64_t now;

	if (rc == -EMFILE || rc == -ENFILE)
		return c->conns.n > 0;
	if (rc != EADDRNOTAVAIL && rc != -ENOBUFS && rc != -ENOMEM)
		return false;
	now = clock_now(c->io.clock);
	if (!c->stuck_ns)
		c->stuck_ns = now;
	c->short_sleep = now - c->stuck_ns < PATIENCE_NS;
	return c->short_sleep;
}

/* A peer said so, as opposed to this machine's own routing: nothing else can stand between us and
 * loopback. */
static bool is_outcome(const struct io_tx *t, int error)
{
	switch (error) {
	case 0:
	case ECONNREFUSED:
	case ECONNRESET:
	case ETIMEDOUT:
		return true;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENOPROTOOPT:
	case EACCES:
		return addr_is_loopback(&t->dst);
	default:
		return false;
	}
}

static int watch(struct connects *c, const struct io_tx *t, int fd)
{
	struct epoll_event ev = {.events = EPOLLOUT};
	int slot = conns_add(&c->conns, t->id, fd), rc = 0;

	ev.data.u64 = (uint64_t)slot;
	if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &ev)) {
		rc = -errno;
		conns_del(&c->conns, slot);
	}
	return rc;
}

static void settle(struct connects *c, const struct io_tx *t, int fd, int rc)
{
	queue_put(c, t->id, clock_now(c->io.clock), rc == ECONNRESET ? 0 : rc);
	if (rc == ECONNREFUSED && fd >= 0)
		dial_give_back(&c->dial, t, fd);
	else if (fd >= 0)
		dial_hang_up(fd);
}

/* Deals with one wish; false when it has to wait. */
static bool start(struct connects *c, struct io_tx *t)
{
	int fd = -1, rc;

	t->error = 0;
	t->sent_ns = 0;
	if (t->kind != IO_TX_CONNECT || (t->dst.family != 4 && t->dst.family != 6)) {
		t->error = -EINVAL;
		return true;
	}
	if (c->conns.n == c->conns.max || c->q_len == QUEUE)
		return false;
	rc = dial_connect(&c->dial, t, &fd);
	if (rc == EALREADY || rc == EINPROGRESS) {
		t->error = watch(c, t, fd);
	} else if (rc >= 0 && is_outcome(t, rc)) {
		settle(c, t, fd, rc);
	} else {
		if (fd >= 0)
			close(fd);
		if (must_wait(c, rc))
			return false;
		t->error = rc < 0 ? rc : -rc;
	}
	if (!t->error)
		c->stuck_ns = 0;
	return true;
}

static int connect_send(struct io *io, struct io_tx *v, unsigned n, struct err *e)
{
	struct connects *c = self(io);
	unsigned done = 0;

	c->short_sleep = false;
	for (; done < n && start(c, &v[done]); done++) {
		if (!v[done].sent_ns)
			v[done].sent_ns = clock_now(io->clock);
		c->st.sent += !v[done].error;
		c->st.send_errors += !!v[done].error;
	}
	c->st.would_block += done < n;
	ring_bell(c);
	return (int)done;
}

static unsigned recv_queue(struct connects *c, struct io_rx *v, unsigned n)
{
	unsigned got = 0;

	for (; c->q_len && got < n; c->q_len--, c->q_head = (c->q_head + 1) % QUEUE) {
		const struct outcome *o = &c->queue[c->q_head];

		if (o->cancelled)
			continue;
		v[got++] = (struct io_rx){.kind = IO_RX_CONNECT,
			.id = o->id,
			.error = o->error,
			.at_ns = o->at_ns,
			.at_src = RTT_USER};
	}
	ring_bell(c);
	return got;
}

/* The outcome of the connection in slot i, which ends here. */
static void finish(struct connects *c, int i, uint64_t now, struct io_rx *v)
{
	int fd = c->conns.slots[i].fd, error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len))
		error = errno;
	if (error == ECONNRESET || error == EPIPE)
		error = 0;
	else if (!error && dial_met_itself(fd))
		error = ECONNREFUSED;
	*v = (struct io_rx){.kind = IO_RX_CONNECT,
		.id = c->conns.slots[i].id,
		.error = error,
		.at_ns = now,
		.at_src = RTT_USER};
	conns_del(&c->conns, i);
}

static unsigned recv_epoll(struct connects *c, struct io_rx *v, unsigned n)
{
	struct epoll_event ev[EVENTS];
	unsigned got = 0;
	uint64_t now;
	int k;

	do {
		k = epoll_wait(c->epoll, ev, n - got < EVENTS ? (int)(n - got) : EVENTS, 0);
		now = clock_now(c->io.clock);
		for (int i = 0; i < k; i++)
			if ((int)ev[i].data.u64 != BELL)
				finish(c, (int)ev[i].data.u64, now, &v[got++]);
	} while (k == EVENTS && got < n);
	return got;
}

static int connect_recv(struct io *io, struct io_rx *v, unsigned n, struct err *e)
{
	struct connects *c = self(io);
	unsigned got = recv_queue(c, v, n);

	if (got < n && c->conns.n)
		got += recv_epoll(c, v + got, n - got);
	c->st.received += got;
	return (int)got;
}

static int connect_wait(struct io *io, uint64_t timeout_ns)
{
	struct connects *c = self(io);
	struct pollfd p = {.fd = c->epoll, .events = POLLIN};
	struct timespec ts;

	if (c->q_len)
		return 0;
	if (c->short_sleep && timeout_ns > NS_PER_MS)
		timeout_ns = NS_PER_MS;
	ts.tv_sec = (time_t)(timeout_ns / NS_PER_S);
	ts.tv_nsec = (long)(timeout_ns % NS_PER_S);
	return ppoll(&p, 1, &ts, NULL) < 0 && errno != EINTR ? -errno : 0;
}

static void connect_cancel(struct io *io, uint64_t id)
{
	struct connects *c = self(io);
	int i = conns_find(&c->conns, id);

	if (i != CONN_NONE)
		conns_del(&c->conns, i);
	for (unsigned k = 0; k < c->q_len; k++)
		if (c->queue[(c->q_head + k) % QUEUE].id == id)
			c->queue[(c->q_head + k) % QUEUE].cancelled = true;
}

static int connect_fd(struct io *io)
{
	return self(io)->epoll;
}

static bool connect_at_end(struct io *io)
{
	return false;
}

static void connect_stats(struct io *io, struct io_stats *out)
{
	*out = self(io)->st;
}

static void connect_close(struct io *io)
{
	struct connects *c = self(io);

	if (!io)
		return;
	conns_fini(&c->conns);
	dial_fini(&c->dial);
	if (c->epoll >= 0)
		close(c->epoll);
	if (c->bell >= 0)
		close(c->bell);
	free(c);
}

/* As many descriptors as the hard limit gives, if they are wanted; raises the soft one. */
static unsigned open_limit(unsigned wanted)
{
	struct rlimit l;
	rlim_t need = (rlim_t)(wanted ? wanted : OPEN_DEFAULT) + RESERVE;

	if (getrlimit(RLIMIT_NOFILE, &l))
		return 1;
	if (l.rlim_cur < need && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = need < l.rlim_max ? need : l.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &l) && getrlimit(RLIMIT_NOFILE, &l))
			return 1;
	}
	if (l.rlim_cur >= need)
		return (unsigned)(need - RESERVE);
	return l.rlim_cur > 2 * RESERVE ? (unsigned)l.rlim_cur - RESERVE
					: (unsigned)(l.rlim_cur / 2 + 1);
}

static int descriptors(struct connects *c, struct err *e)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u64 = (uint64_t)BELL};

	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	c->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->epoll < 0 || c->bell < 0 || epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->bell, &ev))
		return err_sys(e, "%s: cannot set up epoll", io_connect_ops.name);
	return 0;
}

static int connect_open(struct io **out, const struct io_conf *conf, struct err *e)
{
	struct connects *c = NULL;
	int rc = connect_probe(conf, e);

	if (rc)
		return rc;
	c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(e, -ENOMEM, "out of memory");
	c->io.ops = &io_connect_ops;
	c->io.clock = conf->clock ? conf->clock : clock_real();
	c->epoll = c->bell = -1;
	dial_init(&c->dial, c->io.clock, conf->interface);
	rc = conns_init(&c->conns, open_limit(conf->max_open));
	if (rc)
		err_set(e, rc, "out of memory");
	else
		rc = descriptors(c, e);
	if (rc)
		connect_close(&c->io);
	else
		*out = &c->io;
	return rc;
}

const struct io_ops io_connect_ops = {
	.name = "connect",
	.summary = "TCP by connect() and epoll; needs no privilege",
	.carries = IO_CARRIES(IO_TX_CONNECT),
	.probe = connect_probe,
	.open = connect_open,
	.send = connect_send,
	.recv = connect_recv,
	.wait = connect_wait,
	.cancel = connect_cancel,
	.fd = connect_fd,
	.at_end = connect_at_end,
	.stats = connect_stats,
	.close = connect_close,
};
