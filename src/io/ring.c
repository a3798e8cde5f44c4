/* SPDX-License-Identifier: BSD-2-Clause */
/* The receive ring that packet-ring and raw share: AF_PACKET, TPACKET_V2, filtered in the kernel.
 */
#include "io/ring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/filter.h"

/*
 * The kernel writes frames into a circle of fixed slots and hands each over by setting
 * TP_STATUS_USER in its header; we hand it back by clearing that. `head` is the next slot to look
 * at; the `lent` slots before it are with the caller, who gives them back by calling again.
 *
 * Version 2 and not 3: version 3 hands over blocks, and a block that is not full waits for a timer
 * of at least a millisecond, which a scan of few packets would pay with each answer. The socket is
 * SOCK_DGRAM: the kernel strips the link header (and the VLAN tag, which it moves aside before we
 * see the frame), so Ethernet, tun and loopback look alike here and in the filter.
 *
 * Order matters in ring_open: the socket is made with protocol 0, so that nothing arrives before
 * filter and ring stand, and only bind() turns it on. There is nothing to drain.
 *
 * Time: the stamp of a frame is CLOCK_REALTIME, read by the kernel as the frame enters the ring. It
 * is moved to the monotonic clock by the distance of the two, sampled at each ring_recv; a step of
 * the wall clock spoils at most the frames that lay in the ring while it happened, and no frame is
 * ever said to have come later than it was read.
 *
 * What we send ourselves is not wanted back. PACKET_IGNORE_OUTGOING spares the kernel the clone;
 * where it is unknown (before 4.20) the filter drops those frames. On loopback each packet passes
 * twice, going out and coming in, and for the same reason is seen once.
 */
enum {
	FRAME_SIZE = 2048,
	BLOCK_SIZE = 1 << 16,
	DEFAULT_BYTES = 8 << 20,
	MAX_BYTES = 1 << 30,
	ADDR_AT = TPACKET_ALIGN(sizeof(struct tpacket2_hdr)),
};

#define CLOSE_NS UINT64_C(200)
/* A card's ring of 256 minimal frames is empty again after 172 us at 1 Gb/s. */
#define FULL_NS (100 * NS_PER_US)

struct ring {
	int fd;
	uint32_t ifindex;
	struct clock *clock;
	uint8_t *map;
	size_t map_len;
	uint32_t n_slots, head, lent;
	uint64_t received, received_bytes, dropped;
};

static int ring_memory(struct ring *r, uint32_t bytes, struct err *e)
{
	int version = TPACKET_V2;
	struct tpacket_req req = {.tp_block_size = BLOCK_SIZE, .tp_frame_size = FRAME_SIZE};

	if (!bytes)
		bytes = DEFAULT_BYTES;
	if (bytes > MAX_BYTES)
		bytes = MAX_BYTES;
	req.tp_block_nr = (bytes + BLOCK_SIZE - 1) / BLOCK_SIZE;
	req.tp_frame_nr = req.tp_block_nr * (BLOCK_SIZE / FRAME_SIZE);
	if (setsockopt(r->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
		setsockopt(r->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		return err_sys(e, "cannot set up a receive ring of %u bytes",
			req.tp_block_nr * BLOCK_SIZE);
	r->n_slots = req.tp_frame_nr;
	r->map_len = (size_t)req.tp_block_nr * BLOCK_SIZE;
	r->map = mmap(NULL, r->map_len, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	if (r->map == MAP_FAILED) {
		r->map = NULL;
		return err_sys(e, "cannot map the receive ring of %zu bytes", r->map_len);
	}
	return 0;
}

static int ring_filter(struct ring *r, const struct io_conf *c, struct err *e)
{
	struct sock_filter code[FILTER_MAX];
	struct sock_fprog prog = {.filter = code};
	int on = 1;

	prog.len = (unsigned short)filter_make(code, c);
	if (setsockopt(r->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)))
		return err_sys(e, "cannot attach the packet filter");
	/* Only saves work: the filter refuses outgoing frames in any case. */
	(void)setsockopt(r->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
	return 0;
}

static int ring_promiscuous(struct ring *r, struct err *e)
{
	struct packet_mreq m = {.mr_ifindex = (int)r->ifindex, .mr_type = PACKET_MR_PROMISC};

	if (setsockopt(r->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)))
		return err_sys(e, "cannot make the interface promiscuous");
	return 0;
}

static int ring_bind(struct ring *r, const struct io_conf *c, struct err *e)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};

	to.sll_ifindex = (int)r->ifindex;
	if (bind(r->fd, (struct sockaddr *)&to, sizeof(to)))
		return err_sys(
			e, "cannot listen on %s", c->interface ? c->interface : "all interfaces");
	if (c->interface && c->promiscuous)
		return ring_promiscuous(r, e);
	return 0;
}

/* An interface without such addresses refuses, and is not one that frames leave by. */
static void ring_hear(struct ring *r, unsigned ifindex, const struct mac *mac)
{
	struct packet_mreq m = {.mr_ifindex = (int)ifindex,
		.mr_type = PACKET_MR_UNICAST,
		.mr_alen = sizeof(mac->b)};

	memcpy(m.mr_address, mac->b, sizeof(mac->b));
	(void)setsockopt(r->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m));
}

/* Frames to another address than the interface's, for as long as the ring is open. */
static void ring_hear_mac(struct ring *r, const struct mac *mac)
{
	struct if_nameindex *all = r->ifindex ? NULL : if_nameindex();

	if (r->ifindex)
		ring_hear(r, r->ifindex, mac);
	for (size_t i = 0; all && all[i].if_index; i++)
		ring_hear(r, all[i].if_index, mac);
	if (all)
		if_freenameindex(all);
}

int ring_open(struct ring **out, const struct io_conf *c, struct clock *clock, struct err *e)
{
	struct ring *r = calloc(1, sizeof(*r));
	int rc = 0;

	if (!r)
		return err_set(e, -ENOMEM, "out of memory");
	r->clock = clock;
	r->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (r->fd < 0) {
		rc = err_sys(e, "cannot open a packet socket");
		goto out;
	}
	if (c->interface && !(r->ifindex = if_nametoindex(c->interface))) {
		rc = err_sys(e, "no interface '%s'", c->interface);
		goto out;
	}
	if (c->send_only) /* of no protocol, so that nothing is ever put in */
		goto out;
	rc = ring_filter(r, c, e);
	if (!rc)
		rc = ring_memory(r, c->rx_bytes, e);
	if (!rc)
		rc = ring_bind(r, c, e);
	if (!rc && c->mac)
		ring_hear_mac(r, c->mac);
out:
	if (rc)
		ring_close(r);
	else
		*out = r;
	return rc;
}

void ring_close(struct ring *r)
{
	if (!r)
		return;
	if (r->map)
		munmap(r->map, r->map_len);
	if (r->fd >= 0)
		close(r->fd);
	free(r);
}

int ring_fd(const struct ring *r)
{
	return r->fd;
}

uint32_t ring_ifindex(const struct ring *r)
{
	return r->ifindex;
}

static struct tpacket2_hdr *slot(const struct ring *r, uint32_t i)
{
	void *at = r->map + (size_t)(i % r->n_slots) * FRAME_SIZE;

	return at;
}

static bool ready(const struct ring *r)
{
	return r->map &&
	       __atomic_load_n(&slot(r, r->head)->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER;
}

static void give_back(struct ring *r)
{
	for (uint32_t i = r->head + r->n_slots - r->lent; r->lent; i++, r->lent--)
		__atomic_store_n(&slot(r, i)->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
}

/* `shift` is monotonic minus wall time, modulo 2^64. */
static uint64_t arrival(const struct ring *r, const struct tpacket2_hdr *h, uint64_t shift)
{
	uint64_t at = h->tp_sec * NS_PER_S + h->tp_nsec + shift, now = clock_now(r->clock);

	return at > now ? now : at;
}

static void take(struct ring *r, struct io_rx *v, uint64_t shift)
{
	const struct tpacket2_hdr *h = slot(r, r->head);
	const uint8_t *frame = (const uint8_t *)h;
	struct sockaddr_ll from;

	memcpy(&from, frame + ADDR_AT, sizeof(from));
	*v = (struct io_rx){
		.data = frame + h->tp_net,
		.len = h->tp_snaplen,
		.wire_len = h->tp_len,
		.ifindex = (uint32_t)from.sll_ifindex,
		.ethertype = ntohs(from.sll_protocol),
		.at_ns = arrival(r, h, shift),
		.at_src = RTT_KERNEL,
	};
	v->kind = v->ethertype == ETHERTYPE_IP || v->ethertype == ETHERTYPE_IPV6 ? IO_RX_IP
										 : IO_RX_LINK;
	if (from.sll_halen == sizeof(v->src_mac.b))
		memcpy(v->src_mac.b, from.sll_addr, sizeof(v->src_mac.b));
	r->received++;
	r->received_bytes += v->wire_len;
	r->head = (r->head + 1) % r->n_slots;
	r->lent++;
}

/* A bound socket learns of the end of its interface as a pending error; one that listens everywhere
 * has none. */
static int pending_error(struct ring *r, struct err *e)
{
	int code = 0;
	socklen_t len = sizeof(code);

	if (!r->ifindex || getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &code, &len) || !code)
		return 0;
	return err_set(e, -code, "the interface that was listened on went down or away: %s",
		strerror(code));
}

/*
 * The distance between the two clocks. Between two readings of them the process may be put to
 * sleep, so the wall clock is read between two monotonic readings and the closest of a few tries
 * counts; the later one is taken, so that what is left of the error (some 50 ns) cannot put an
 * answer before its probe.
 */
static uint64_t clock_shift(struct clock *c)
{
	uint64_t best = UINT64_MAX, shift = 0;

	for (unsigned i = 0; i < 4 && best > CLOSE_NS; i++) {
		uint64_t before = clock_now(c), wall = clock_wall(c), after = clock_now(c);

		if (after - before < best) {
			best = after - before;
			shift = after - wall;
		}
	}
	return shift;
}

int ring_recv(struct ring *r, struct io_rx *v, unsigned n, struct err *e)
{
	unsigned got = 0;
	uint64_t shift;

	give_back(r);
	if (!ready(r))
		return pending_error(r, e);
	shift = clock_shift(r->clock);
	for (; got < n && got < r->n_slots && ready(r); got++)
		take(r, &v[got], shift);
	return (int)got;
}

int ring_wait(struct ring *r, uint64_t timeout_ns, int out_fd, bool short_sleep)
{
	struct pollfd fds[2] = {{.fd = r->fd, .events = POLLIN}, {.fd = out_fd, .events = POLLOUT}};
	struct timespec ts;

	/* Slots that are still lent would make the socket poll readable at once. */
	give_back(r);
	if (ready(r))
		return 0;
	if (short_sleep && timeout_ns > FULL_NS)
		timeout_ns = FULL_NS;
	ts.tv_sec = (time_t)(timeout_ns / NS_PER_S);
	ts.tv_nsec = (long)(timeout_ns % NS_PER_S);
	if (ppoll(fds, 2, &ts, NULL) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

void ring_stats(struct ring *r, struct io_stats *s)
{
	struct tpacket_stats t = {
		0}; /* reading it sets it back to zero; tp_packets counts the dropped as well */
	socklen_t len = sizeof(t);

	if (!getsockopt(r->fd, SOL_PACKET, PACKET_STATISTICS, &t, &len))
		r->dropped += t.tp_drops;
	s->received += r->received;
	s->received_bytes += r->received_bytes;
	s->dropped += r->dropped;
}
