/* SPDX-License-Identifier: BSD-2-Clause */
/* One transmit queue of one interface by AF_XDP: frames written into shared memory, sent by a kick.
 */
#include "io/txq.h"

#include <errno.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <xdp/xsk.h>

#include "io/need.h"

/*
 * The memory is a row of frames of 2 KiB, divided into places for one socket each. Slot i of a
 * socket's transmit ring always names frame i of its place, so there is no list of free frames: a
 * frame is free again when the completion ring has named it. Zero-copy needs the rest of the memory
 * for the driver to receive into: a queue whose driver takes its buffers from our memory would hear
 * nothing without. Nothing is received here; with no program that redirects to us all goes to the
 * kernel as ever.
 *
 * A queue belongs to the first socket that binds to it and to those that share its memory, by a
 * place of their own. They share the completion ring, too: whoever finds it unlocked clears it for
 * all, a slice at a time, and nobody waits. Sending takes no lock.
 *
 * Copy mode, which works with every driver: the kick is a system call that makes packets of the
 * ring's frames and gives them to the driver, past queueing disciplines, firewall and taps. It
 * stops at the first that the driver does not take (EAGAIN), or that was dropped on its way
 * (EBUSY), and reads the ring in no other moment. So what it left can be taken back: the slots are
 * made invalid, which the kernel skips and counts, and its count says how many were left. Kernels
 * before 6.17 tell of it in no other way; their consumer index is that of the call before.
 *
 * Zero-copy: the driver reads the ring when it likes. What is in the ring is taken; it is kicked
 * only when it asks for that. Some drivers (Intel's) refuse the kick while no XDP program is
 * attached; the queue is then opened again in copy mode.
 *
 * Slices as in mmsg.c, and for the same reason: a packet has the time before the kick it left with.
 * Batches of LONG and more are a sweep's, whose probes carry their own time; slices of 4 cost it a
 * tenth more than those of 16, and 32 gain nothing (veth, interleaved).
 */
enum {
	FRAME_SIZE = 2048,
	N_FRAMES = TXQ_BYTES / FRAME_SIZE,
	N_SLOTS = 256, /* of a transmit ring; a power of 2 */
	N_PLACES = N_FRAMES / N_SLOTS,
	N_LENT = N_FRAMES / 2, /* zero-copy: to the driver, for receiving */
	N_QUEUES_MAX = 1024,
	SMALL = 16,
	SLICE = 4,
	LONG = 64,
	LONG_SLICE = 16, /* the kernel takes 32 a kick */
	FRAME_MIN = 60,	 /* without the checksum of the frame; IEEE 802.3 3.2.8 */
	OPEN_TRIES = 100,
};
#define PATIENCE_NS (250 * NS_PER_MS)
#define TAKEN_BACK  UINT64_MAX /* an address outside the memory */

struct pool {
	pthread_mutex_t lock; /* of all but busy[] */
	struct xsk_umem *umem;
	struct xsk_ring_prod fill;
	struct xsk_ring_cons completed;
	uint8_t *frames;
	bool taken[N_PLACES];
	bool busy[N_FRAMES]; /* with the kernel or the driver; set by the sender, cleared by anyone
			      */
};

struct txq {
	struct xsk_ring_prod tx;
	struct pool *pool;
	struct xsk_socket *xsk;
	int fd;
	bool zero_copy;
	uint32_t ifindex, queue, place;
	char name[IF_NAMESIZE];
	uint32_t mtu;
	struct mac mac;
	uint8_t *frames;   /* of our place */
	bool *busy;	   /* the same */
	uint64_t stuck_ns; /* dropped on the way since then, 0 = not */
	bool full;
	unsigned stale; /* slots taken back that the kernel has yet to pass by: the link is down */
	uint64_t sent, sent_bytes, send_errors, would_block;
};

/* ---- opening --------------------------------------------------------------------------------- */

static int examine_link(struct txq *q, const struct mac *mac, struct err *e)
{
	struct ifreq r = {0};
	int fd, rc;

	if (!if_indextoname(q->ifindex, q->name))
		return err_sys(e, "no interface with the index %u", q->ifindex);
	rc = need_ethernet(q->name, e);
	if (!rc)
		rc = need_mac(q->name, &q->mac, e);
	if (rc)
		return rc;
	if (mac)
		q->mac = *mac;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	memcpy(r.ifr_name, q->name, sizeof(q->name));
	if (fd < 0 || ioctl(fd, SIOCGIFMTU, &r))
		rc = err_sys(e, "cannot examine %s", q->name);
	if (fd >= 0)
		close(fd);
	q->mtu = (uint32_t)r.ifr_mtu;
	if (q->mtu > FRAME_SIZE - ETH_HLEN)
		q->mtu = FRAME_SIZE - ETH_HLEN;
	return rc;
}

static void pool_free(struct pool *p)
{
	if (p->umem)
		(void)xsk_umem__delete(p->umem);
	if (p->frames)
		munmap(p->frames, TXQ_BYTES);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* libxdp's functions return -errno, and so do these. */
static int pool_new(struct pool **out)
{
	struct xsk_umem_config uc = {
		.fill_size = N_LENT, .comp_size = N_FRAMES, .frame_size = FRAME_SIZE};
	struct pool *p = calloc(1, sizeof(*p));
	int rc = -ENOMEM;

	if (!p)
		return rc;
	pthread_mutex_init(&p->lock, NULL);
	p->frames =
		mmap(NULL, TXQ_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p->frames == MAP_FAILED)
		p->frames = NULL;
	else
		rc = xsk_umem__create(&p->umem, p->frames, TXQ_BYTES, &p->fill, &p->completed, &uc);
	if (rc)
		pool_free(p);
	else
		*out = p;
	return rc;
}

/* Gives back the place, and with the last one the memory. */
static void leave(struct txq *q)
{
	struct pool *p = q->pool;
	bool used = false;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	if (q->xsk)
		xsk_socket__delete(q->xsk);
	p->taken[q->place] = false;
	for (unsigned i = 0; i < N_PLACES; i++)
		used |= p->taken[i];
	pthread_mutex_unlock(&p->lock);
	if (!used)
		pool_free(p);
	q->xsk = NULL;
	q->pool = NULL;
}

static void settle(struct txq *q, struct pool *p, uint32_t place)
{
	p->taken[place] = true;
	q->pool = p;
	q->place = place;
	q->frames = p->frames + (size_t)place * N_SLOTS * FRAME_SIZE;
	q->busy = p->busy + place * N_SLOTS;
}

static struct xsk_socket_config socket_config(uint16_t mode)
{
	return (struct xsk_socket_config){.tx_size = N_SLOTS,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = (uint16_t)(XDP_USE_NEED_WAKEUP | mode)};
}

/* Binds to a queue that nobody has, with memory of our own. */
static int enter(struct txq *q, uint32_t queue, uint16_t mode)
{
	struct xsk_socket_config sc = socket_config(mode);
	struct xdp_options o = {0};
	socklen_t len = sizeof(o);
	struct pool *p = NULL;
	int rc = pool_new(&p);

	if (rc)
		return rc;
	settle(q, p, 0);
	rc = xsk_socket__create(&q->xsk, q->name, queue, p->umem, NULL, &q->tx, &sc);
	if (rc) {
		leave(q);
		return rc;
	}
	q->fd = xsk_socket__fd(q->xsk);
	q->queue = queue;
	q->zero_copy = !getsockopt(q->fd, SOL_XDP, XDP_OPTIONS, &o, &len) &&
		       (o.flags & XDP_OPTIONS_ZEROCOPY);
	return 0;
}

/* Takes a place beside another socket, on its queue. */
static int share(struct txq *q, const struct txq *beside)
{
	struct xsk_socket_config sc = socket_config(0);
	struct pool *p = beside->pool;
	unsigned n = beside->zero_copy ? N_PLACES - N_LENT / N_SLOTS : N_PLACES, place = 0;
	int rc = -EBUSY;

	pthread_mutex_lock(&p->lock);
	while (place < n && p->taken[place])
		place++;
	if (place < n)
		rc = xsk_socket__create_shared(&q->xsk, q->name, beside->queue, p->umem, NULL,
			&q->tx, &p->fill, &p->completed, &sc);
	if (!rc)
		settle(q, p, place);
	pthread_mutex_unlock(&p->lock);
	if (rc)
		return rc;
	q->fd = xsk_socket__fd(q->xsk);
	q->queue = beside->queue;
	q->zero_copy = beside->zero_copy;
	return 0;
}

static void lend(struct pool *p)
{
	uint32_t at;

	if (!xsk_ring_prod__reserve(&p->fill, N_LENT, &at))
		return;
	for (uint32_t i = 0; i < N_LENT; i++)
		*xsk_ring_prod__fill_addr(&p->fill, at + i) =
			(uint64_t)(N_FRAMES - N_LENT + i) * FRAME_SIZE;
	xsk_ring_prod__submit(&p->fill, N_LENT);
}

/* 0 or the errno of the kick. */
static int kick(const struct txq *q)
{
	return sendto(q->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 ? errno : 0;
}

/* Zero-copy where the driver has it and lets it be kicked, else copy mode. */
static int enter_best(struct txq *q, uint32_t queue)
{
	int rc = enter(q, queue, 0), error;

	if (rc || !q->zero_copy)
		return rc;
	lend(q->pool);
	error = kick(q);
	if (error != EINVAL && error != ENXIO && error != EOPNOTSUPP)
		return 0;
	leave(q);
	rc = enter(q, queue, XDP_COPY);
	for (unsigned i = 0; rc == -EBUSY && i < OPEN_TRIES; i++) { /* by ourselves, just before */
		nanosleep(&(struct timespec){.tv_nsec = NS_PER_MS}, NULL);
		rc = enter(q, queue, XDP_COPY);
	}
	return rc;
}

/* The first queue that is free; the kernel says EINVAL of the one behind the last. */
static int enter_any(struct txq *q, uint32_t *n_queues)
{
	int rc = -EBUSY;

	for (*n_queues = 0; *n_queues < N_QUEUES_MAX; ++*n_queues) {
		rc = enter_best(q, *n_queues);
		if (rc == -EINVAL && *n_queues)
			return -EBUSY;
		if (rc != -EBUSY)
			break;
	}
	return rc;
}

static int why_not(const struct txq *q, int rc, uint32_t n_queues, struct err *e)
{
	if (rc == -EBUSY)
		return err_set(e, rc,
			"all %u queue(s) of %s are taken by AF_XDP sockets, of this or of another program; "
			"end that, give it more (ethtool -L %s combined %u), or use --backend packet-ring",
			n_queues, q->name, q->name, n_queues + 1);
	if (rc == -ENOBUFS || rc == -ENOMEM)
		return err_set(e, rc,
			"AF_XDP needs %u KiB of locked memory for %s, more than this user may lock; raise the limit (ulimit -l)",
			TXQ_BYTES / 1024, q->name);
	return err_set(e, rc,
		"the kernel gives no AF_XDP socket on %s: %s; use --backend packet-ring", q->name,
		strerror(-rc));
}

static int enter_patiently(struct txq *q, const struct txq *beside, struct err *e)
{
	uint32_t n_queues = 0;
	int rc = enter_any(q, &n_queues);

	if (rc == -EBUSY && beside)
		rc = share(q, beside);
	for (unsigned i = 0; rc == -EBUSY && i < OPEN_TRIES; i++) {
		nanosleep(&(struct timespec){.tv_nsec = NS_PER_MS}, NULL);
		rc = enter_any(q, &n_queues);
	}
	return rc ? why_not(q, rc, n_queues, e) : 0;
}

int txq_open(struct txq **out, uint32_t ifindex, const struct mac *mac, const struct txq *beside,
	struct err *e)
{
	struct txq *q = calloc(1, sizeof(*q));
	int rc;

	if (!q)
		return err_set(e, -ENOMEM, "out of memory");
	q->ifindex = ifindex;
	rc = examine_link(q, mac, e);
	if (!rc)
		rc = enter_patiently(q, beside, e);
	if (rc)
		txq_close(q);
	else
		*out = q;
	return rc;
}

void txq_close(struct txq *q)
{
	if (!q)
		return;
	leave(q);
	free(q);
}

/* ---- sending --------------------------------------------------------------------------------- */

static void collect(struct pool *p)
{
	uint32_t at, n;

	if (pthread_mutex_trylock(&p->lock)) /* another does it, for us as well */
		return;
	n = xsk_ring_cons__peek(&p->completed, N_FRAMES, &at);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t addr = *xsk_ring_cons__comp_addr(&p->completed, at + i);

		__atomic_store_n(&p->busy[addr / FRAME_SIZE % N_FRAMES], false, __ATOMIC_RELEASE);
	}
	if (n)
		xsk_ring_cons__release(&p->completed, n);
	pthread_mutex_unlock(&p->lock);
}

static int refusal(const struct txq *q, const struct io_tx *t)
{
	if (t->kind != IO_TX_IP && t->kind != IO_TX_LINK)
		return EINVAL;
	return t->len > q->mtu ? EMSGSIZE : 0;
}

/* Destination, source, EtherType (IEEE 802.3 3.1.1), data. */
static uint32_t write_frame(const struct txq *q, uint8_t *f, const struct io_tx *t)
{
	uint16_t type = t->kind == IO_TX_LINK		 ? t->ethertype
			: t->len && t->data[0] >> 4 == 6 ? ETHERTYPE_IPV6
							 : ETHERTYPE_IP;
	uint32_t len = ETH_HLEN + t->len;

	memcpy(f, t->dst_mac.b, sizeof(t->dst_mac.b));
	memcpy(f + ETH_ALEN, q->mac.b, sizeof(q->mac.b));
	f[12] = (uint8_t)(type >> 8);
	f[13] = (uint8_t)type;
	memcpy(f + ETH_HLEN, t->data, t->len);
	if (q->zero_copy && len < FRAME_MIN) { /* not every card fills it up */
		memset(f + len, 0, FRAME_MIN - len);
		len = FRAME_MIN;
	}
	return len;
}

/* Writes as many as there is room for, up to one that is refused, into the ring; returns how many.
 */
static unsigned put(struct txq *q, const struct io_tx *v, unsigned n, uint32_t *first)
{
	uint32_t at = q->tx.cached_prod, k = 0;

	if (n > xsk_prod_nb_free(&q->tx, n))
		n = xsk_prod_nb_free(&q->tx, n);
	for (; k < n; k++) {
		uint32_t slot = (at + k) % N_SLOTS;
		struct xdp_desc *d = xsk_ring_prod__tx_desc(&q->tx, slot);

		if (__atomic_load_n(&q->busy[slot], __ATOMIC_ACQUIRE) || refusal(q, &v[k]))
			break;
		q->busy[slot] = true;
		d->addr = (uint64_t)(q->place * N_SLOTS + slot) * FRAME_SIZE;
		d->len = write_frame(q, q->frames + (size_t)slot * FRAME_SIZE, &v[k]);
		d->options = 0;
	}
	if (k)
		(void)xsk_ring_prod__reserve(&q->tx, k, first);
	return k;
}

/* Zero-copy: kicks a driver that asks for it. 0 or what keeps it from sending. */
static int wake(const struct txq *q)
{
	int error = xsk_ring_prod__needs_wakeup(&q->tx) ? kick(q) : 0;

	return error == EAGAIN || error == EBUSY ? 0 : error; /* it is awake */
}

/* Slots that the kernel has found invalid so far. */
static uint64_t invalid(const struct txq *q)
{
	struct xdp_statistics s = {0};
	socklen_t len = sizeof(s);

	return getsockopt(q->fd, SOL_XDP, XDP_STATISTICS, &s, &len) ? 0 : s.tx_invalid_descs;
}

/*
 * Makes the kernel pass by slots that were made invalid: all of them in one kick, or since 6.6 one
 * a kick. Returns how many it passed, at most `most`; -1 when it cannot be kicked.
 */
static int pass_by(const struct txq *q, unsigned most)
{
	uint64_t before = invalid(q), now = before, last;

	do {
		if (kick(q))
			return -1;
		last = now;
		now = invalid(q);
	} while (now > last && now - before < most);
	return now - before < most ? (int)(now - before) : (int)most;
}

/* After a kick that failed: takes back what it left of the n slots and returns how many those are.
 */
static unsigned take_back(struct txq *q, uint32_t first, unsigned n, int error)
{
	int left = -1;

	for (uint32_t i = 0; i < n; i++)
		xsk_ring_prod__tx_desc(&q->tx, first + i)->addr = TAKEN_BACK;
	if (error == EAGAIN || error == EBUSY)
		left = pass_by(q, n);
	if (left < 0) {
		left = (int)n;
		q->stale += n;
	}
	for (uint32_t i = n - (uint32_t)left; i < n; i++)
		q->busy[(first + i) % N_SLOTS] = false;
	return (unsigned)left;
}

/*
 * One slice; returns how many were taken. *error: 0, or why the next one was not: EAGAIN the queue
 * is full, EBUSY it was dropped on its way, else it cannot leave.
 */
static unsigned put_slice(struct txq *q, const struct io_tx *v, unsigned n, int *error)
{
	uint32_t first = 0;
	unsigned k, left;

	k = put(q, v, n, &first);
	if (k)
		xsk_ring_prod__submit(&q->tx, k);
	*error = k ? 0 : refusal(q, v);
	if (*error)
		return 0;
	if (q->zero_copy)
		*error = wake(q);
	else if (k || q->stale)
		*error = kick(q);
	if (!*error && !k)
		*error = EAGAIN;
	if (!*error || q->zero_copy)
		return *error ? 0 : k;
	left = k ? take_back(q, first, k, *error) : 0;
	return k - left - (*error == EBUSY && left < k);
}

/* Whether `error` means: not now. Dropped on the way for too long is the packet's own error. */
static bool must_wait(struct txq *q, int error, uint64_t now)
{
	if (error == EAGAIN)
		return true;
	if (error != EBUSY)
		return false;
	if (!q->stuck_ns)
		q->stuck_ns = now;
	return now - q->stuck_ns < PATIENCE_NS;
}

static void taken(struct txq *q, struct io_tx *v, unsigned n, uint64_t at_ns)
{
	for (unsigned i = 0; i < n; i++) {
		v[i].sent_ns = at_ns;
		v[i].error = 0;
		q->sent_bytes += v[i].len;
	}
	q->sent += n;
	if (n)
		q->stuck_ns = 0;
}

static void refused(struct txq *q, struct io_tx *v, int error, uint64_t at_ns)
{
	v->sent_ns = at_ns;
	v->error = error == EBUSY ? -ENOBUFS : -error;
	q->send_errors++;
}

static unsigned slice_of(unsigned n)
{
	return n <= SMALL ? 1 : n < LONG ? SLICE : LONG_SLICE;
}

unsigned txq_send(struct txq *q, struct clock *clock, struct io_tx *v, unsigned n)
{
	unsigned done = 0, slice = slice_of(n), k;
	int error = 0;

	q->full = false;
	if (q->stale && pass_by(q, q->stale) >= 0)
		q->stale = 0;
	while (done < n) {
		uint64_t now = clock_now(clock);

		collect(q->pool);
		k = put_slice(q, v + done, n - done < slice ? n - done : slice, &error);
		taken(q, v + done, k, now);
		done += k;
		if (!error)
			continue;
		q->full = must_wait(q, error, now);
		if (q->full) {
			q->would_block++;
			break;
		}
		refused(q, v + done++, error, now);
	}
	return done;
}

uint32_t txq_ifindex(const struct txq *q)
{
	return q->ifindex;
}

int txq_full_fd(const struct txq *q)
{
	return q->zero_copy ? q->fd : -1;
}

void txq_stats(const struct txq *q, struct io_stats *s)
{
	s->sent += q->sent;
	s->sent_bytes += q->sent_bytes;
	s->send_errors += q->send_errors;
	s->would_block += q->would_block;
}

void txq_describe(const struct txq *q, struct buf *b)
{
	buf_fmt(b, "%s on queue %u of %s", q->zero_copy ? "zero-copy" : "copy mode", q->queue,
		q->name);
}
