/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* sweep_xdp: makes a sweep's probes in live frames, checks their answers in XDP. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include <stdint.h>

/*
 * Two programs of one plan. `send` is run by BPF_PROG_TEST_RUN with live frames: for each buffer
 * that the kernel hands it, it takes the next index of its control block, makes the probe and says
 * XDP_TX. `receive` sits on the interface: what answers a probe is checked, counted, handed up and
 * goes no further; all else is the local stack's. Both are the inline functions of src/sweep, which
 * user space runs as well. What is constant during a run is read-only data, so the verifier knows
 * the values and leaves out the code of the other kinds of probes.
 *
 * Tables are sized and filled by src/bpfobj/sweep_bpf.c; elements take a multiple of 8 bytes.
 */
#define TABLE(name, size)                                                                          \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(map_flags, BPF_F_MMAPABLE);                                                 \
		__uint(max_entries, 1);                                                            \
		__uint(key_size, 4);                                                               \
		__uint(value_size, size);                                                          \
	} name SEC(".maps")

TABLE(rows_table, 24); /* struct space_row4 or space_row6 */
TABLE(hints_table, 4);
TABLE(ports_table, 4);	    /* struct sweep_port */
TABLE(tmpls_table, 1320);   /* struct sweep_template */
TABLE(neighbours_table, 6); /* struct mac */
TABLE(met_table, 32);	    /* struct sweep_bucket */

#define LOOKUP(map, i)                                                                             \
	({                                                                                         \
		uint32_t key_ = (i);                                                               \
		bpf_map_lookup_elem(&(map), &key_);                                                \
	})
#define SPACE_ROW4(r, i)     ((const struct space_row4 *)LOOKUP(rows_table, i))
#define SPACE_ROW6(r, i)     ((const struct space_row6 *)LOOKUP(rows_table, i))
#define SPACE_HINT(r, i)     ((const uint32_t *)LOOKUP(hints_table, i))
#define SWEEP_PORT(p, i)     ((const struct sweep_port *)LOOKUP(ports_table, i))
#define PROBE_COPY(frame, t) copy(frame, t)

#include "bpfobj/sweep_abi.h"

_Static_assert(sizeof(struct sweep_template) == 1320, "the table's elements");
_Static_assert(sizeof(struct sweep_hit) % 8 == 0, "as rings have it");

const volatile struct sweep_job job;
const volatile struct sweep_template only; /* the template when there is but one */
const volatile struct sweep_port only_port;
const volatile uint32_t n_tmpls;
/* Of the buffers: a multiple of 8, longer than any template. Receivers in XDP leave a frame's
 * length in the buffer that they had it in (struct xdp_frame), and the kernel sends the next one
 * with that unless the program has changed the bounds. */
const volatile uint32_t frame_len;
const volatile uint32_t met_mask; /* buckets less one */
const volatile uint32_t met_on;
const volatile uint64_t ring_half; /* bytes of results from which on senders wait */

struct sweep_ctl ctls[SWEEP_SENDERS];
uint8_t sender_of[SWEEP_CPUS]; /* which control block a CPU works on */
struct sweep_path path;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} hits SEC(".maps");

/* A pointer that clang cannot see through: it takes read-only data for the zeros it was built with.
 */
#define HIDDEN(type, object)                                                                       \
	({                                                                                         \
		const volatile void *p_ = &(object);                                               \
		asm volatile("" : "+r"(p_));                                                       \
		(const type *)p_;                                                                  \
	})

#define UNROLLED 24 /* words of a frame whose copying is written out: up to 192 bytes */

/* Buffers come back with what others made of them, so all of the frame is written. */
static __always_inline void copy(uint8_t *frame, const struct sweep_template *t)
{
	uint32_t len = frame_len;
	uint64_t *to = (uint64_t *)frame;
	const uint64_t *from = (const uint64_t *)t->data;

#pragma unroll
	for (uint32_t i = 0; i < UNROLLED; i++)
		if (8 * i + 8 <= len)
			to[i] = from[i];
	for (uint32_t i = UNROLLED; i < sizeof(t->data) / 8; i++) {
		if (8 * i + 8 > len || 8 * i >= t->len)
			break;
		to[i] = from[i];
	}
}

#include "sweep/dedup.h"
#include "sweep/probe.h"

/*
 * Each CPU's counters, first as user space takes them for the whole, and the answer it is reading:
 * of what lies in a map the verifier keeps no account, so fewer ways through the program differ.
 */
struct desk {
	struct sweep_counts n;
	struct answer a;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct desk);
} desks SEC(".maps");

#define CLOCK_EVERY 8		     /* probes for which a reading serves, without a pace */
#define RING_EVERY  16		     /* probes after which the ring is looked at */
#define LATE_Q8	    (1000000ll << 8) /* no more than this is made up for: 1 ms */

/*
 * Whether the next probe may leave now. Paced, the clock is read for each; a reading that is past
 * the due time already serves again, which can be for the probes of a millisecond at most.
 */
static __always_inline bool is_due(struct sweep_ctl *c)
{
	uint64_t gap = c->gap_q8, due = c->due_q8;
	int64_t late;

	if (c->turn % RING_EVERY == 0 && bpf_ringbuf_query(&hits, BPF_RB_AVAIL_DATA) > ring_half) {
		c->waits++;
		return false;
	}
	if (!gap) {
		if (c->turn % CLOCK_EVERY == 0)
			c->stamp_ns = bpf_ktime_get_ns();
		return true;
	}
	if (c->turn % CLOCK_EVERY == 0 || (int64_t)((c->stamp_ns << 8) - due) < 0)
		c->stamp_ns = bpf_ktime_get_ns();
	late = (int64_t)((c->stamp_ns << 8) - due);
	if (late < 0)
		return false;
	if (late > LATE_Q8)
		due = (c->stamp_ns << 8) - LATE_Q8;
	c->due_q8 = due + gap;
	return true;
}

/* The neighbour's address into the link header; false: it has none. */
static __always_inline bool put_neighbour(const struct probe_target *to, uint8_t *frame)
{
	const uint16_t *mac = LOOKUP(neighbours_table, to->host);

	if (!mac || !(mac[0] | mac[1] | mac[2]))
		return false;
	((uint16_t *)frame)[0] = mac[0];
	((uint16_t *)frame)[1] = mac[1];
	((uint16_t *)frame)[2] = mac[2];
	return true;
}

static __always_inline uint32_t mark_of(const struct sweep_ctl *c, uint64_t index)
{
	if (c->mark == SWEEP_PLAIN && (index & c->sample_mask) == c->sample_at)
		return SWEEP_SAMPLED;
	return c->mark % SWEEP_MARKS;
}

/* Makes the probe of the index. False: none is to be sent. */
static __always_inline bool make(struct xdp_md *ctx, struct sweep_ctl *c, uint64_t index)
{
	const struct sweep_job *j = HIDDEN(struct sweep_job, job);
	const struct sweep_template *t = HIDDEN(struct sweep_template, only);
	uint8_t *frame = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct probe_target to;
	uint32_t len = frame_len;
	uint64_t hash;

	if (!probe_index(j, 0, 0, index, &to))
		return false;
	if (n_tmpls > 1) {
		t = LOOKUP(tmpls_table, to.tmpl);
		if (!t)
			return false;
	}
	if (len < 34 || frame + len > end)
		return false;
	hash = probe_write(j, t, &to, mark_of(c, index), j->timed ? c->stamp_ns : 0, frame);
	if (j->per_host_mac && !put_neighbour(&to, frame)) {
		c->skipped++;
		return false;
	}
	c->digest += hash;
	c->sent++;
	/* Never by 0: see frame_len. */
	return !bpf_xdp_adjust_tail(ctx, (int)t->len - (int)len);
}

SEC("xdp")
int sweep_send(struct xdp_md *ctx)
{
	uint32_t sender = sender_of[bpf_get_smp_processor_id() % SWEEP_CPUS] % SWEEP_SENDERS;
	struct sweep_ctl *c = &ctls[sender];
	uint64_t index;

	BYTES_HIDE(c); /* or clang works out its address for each use */
	index = c->next;
	if (c->stop || index >= c->end || !is_due(c))
		return XDP_DROP;
	c->next = index + c->stride;
	c->turn++;
	return make(ctx, c, index) ? XDP_TX : XDP_DROP;
}

/* Sends what user space put in the buffer. */
SEC("xdp")
int sweep_echo(struct xdp_md *ctx)
{
	return XDP_TX;
}

/* An ARP reply or neighbour advertisement of the next hop (RFC 826, RFC 4861 4.4). */
static __always_inline void look_for_path(const uint8_t *data, const uint8_t *end)
{
	uint16_t type = 0;
	const uint8_t *p = answer_link(data, end, &type);

	if (!p)
		return;
	if (type == 0x0806 && p + 28 <= end && bytes_get16(p + 6) == 2 &&
		bytes_get32(p + 14) == path.lo)
		path.seen = 1;
	if (type == 0x86dd && p + 64 <= end && p[6] == 58 && p[40] == 136 &&
		bytes_get64(p + 48) == path.hi && bytes_get64(p + 56) == path.lo)
		path.seen = 1;
}

/* Notes the answer, hands it up when it is wanted. ANSWER_VALID or why not. */
static __always_inline int take(const struct sweep_job *j, const struct answer *a)
{
	uint64_t key = dedup_key(j, a);
	struct sweep_bucket *bucket = 0;
	struct sweep_hit *hit;

	if (met_on) {
		bucket = LOOKUP(met_table, dedup_bucket(key, met_mask));
		if (bucket && dedup_met(bucket, key))
			return SWEEP_DUPLICATE;
	}
	if (a->hit.mark == SWEEP_PLAIN && !(j->wanted >> (a->hit.answer & 31) & 1))
		return ANSWER_VALID;
	hit = bpf_ringbuf_reserve(&hits, sizeof(*hit), 0);
	if (!hit) {
		if (bucket) /* the next one may find room */
			bucket->key[0] = 0;
		return SWEEP_NO_ROOM;
	}
	*hit = a->hit;
	bpf_ringbuf_submit(hit, BPF_RB_NO_WAKEUP);
	return ANSWER_VALID;
}

/* The IP header of a RST; returns the sum of its pseudo-header. */
static __always_inline uint64_t reset_ip(
	const struct sweep_job *j, const struct answer *a, uint8_t *p)
{
	uint64_t hi, lo;

	if (j->family == 4) {
		bytes_put64(p, 0x4500002800004000);
		bytes_put32(p + 8, 0x40060000);
		bytes_put32(p + 12, (uint32_t)j->src_lo);
		bytes_put32(p + 16, a->v4);
		lo = (uint64_t)(uint32_t)j->src_lo + a->v4;
		bytes_put16(p + 10, bytes_checksum(lo + 0x4500 + 0x28 + 0x4000 + 0x4006));
		return lo;
	}
	hi = bytes_get64(a->hit.addr);
	lo = bytes_get64(a->hit.addr + 8);
	bytes_put64(p, 0x6000000000140640);
	bytes_put64(p + 8, j->src_hi);
	bytes_put64(p + 16, j->src_lo);
	bytes_put64(p + 24, hi);
	bytes_put64(p + 32, lo);
	return (hi >> 32) + (uint32_t)hi + (lo >> 32) + (uint32_t)lo + (j->src_hi >> 32) +
	       (uint32_t)j->src_hi + (j->src_lo >> 32) + (uint32_t)j->src_lo;
}

static __always_inline void swap_macs(uint8_t *frame)
{
	uint16_t *w = (uint16_t *)frame;

#pragma unroll
	for (int i = 0; i < 3; i++) {
		uint16_t dst = w[i];

		w[i] = w[i + 3];
		w[i + 3] = dst;
	}
}

/*
 * Turns the SYN-ACK into our RST, where the peer expects our next byte (RFC 9293 3.5.2): without
 * it the peer would stay in SYN-RECEIVED and a second scan would not find the port.
 */
static __always_inline bool reset(
	struct xdp_md *ctx, const struct sweep_job *j, const struct answer *a)
{
	uint32_t need = (j->family == 6 ? 40 : 20) + 20;
	uint8_t *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	uint8_t *p;
	uint16_t type = 0;
	const uint8_t *ip = answer_link(data, end, &type);
	uint64_t sum;
	long have;

	if (!ip || !j->l3)
		return false;
	have = end - ip;
	asm volatile("" : "+r"(have)); /* clang would subtract halves of pointers */
	if (bpf_xdp_adjust_tail(ctx, (int)(need - have)))
		return false;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	p = (uint8_t *)answer_link(data, end, &type);
	if (!p || p + need > end)
		return false;
	swap_macs(data);
	sum = reset_ip(j, a, p) + 6 + 20;
	p += need - 20;
	bytes_put16(p, a->sport);
	bytes_put16(p + 2, a->hit.port);
	bytes_put32(p + 4, a->ack);
	bytes_put32(p + 8, 0);
	bytes_put32(p + 12, 0x50040000);
	sum += ((uint64_t)a->sport << 16 | a->hit.port) + a->ack + 0x50040000;
	bytes_put32(p + 16, (uint32_t)bytes_checksum(sum) << 16);
	return true;
}

/* Counts a claimed frame; true: it is a SYN-ACK to be answered. */
static __always_inline bool count(struct sweep_counts *n, const struct answer *a, int got)
{
	n->frames++;
	if (got == ANSWER_VALID && a->hit.answer < SWEEP_ANSWERS)
		n->answers[a->hit.answer]++;
	else if ((uint32_t)got < SWEEP_REJECTS)
		n->rejects[got]++;
	/* a SYN-ACK again: our RST was lost */
	return (got == ANSWER_VALID || got == SWEEP_DUPLICATE) && a->hit.answer == SWEEP_SYNACK;
}

SEC("xdp")
int sweep_receive(struct xdp_md *ctx)
{
	const uint8_t *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct sweep_job *j = HIDDEN(struct sweep_job, job);
	struct desk *desk = LOOKUP(desks, 0);
	int got;

	if (!desk)
		return XDP_PASS;
	got = answer_read(j, data, end, &desk->a);
	if (got == ANSWER_PASS) {
		if (path.wait)
			look_for_path(data, end);
		return XDP_PASS;
	}
	if (got == ANSWER_VALID)
		got = answer_time(j, &desk->a, bpf_ktime_get_ns());
	if (got == ANSWER_VALID)
		got = take(j, &desk->a);
	if (!count(&desk->n, &desk->a, got) || !j->reset)
		return XDP_DROP;
	if (path.pass)
		return XDP_PASS;
	if (!reset(ctx, j, &desk->a))
		return XDP_DROP;
	desk->n.resets++;
	/* As the probes go: where they arrive this does. XDP_TX is lost on a veth whose far end has
	 * GRO but no program. */
	return (int)bpf_redirect(ctx->ingress_ifindex, 0);
}

struct net_device {
	int ifindex;
} __attribute__((preserve_access_index));

/* What became of redirected frames, by the driver's word. Where this does not load, nobody knows.
 */
SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(
	sweep_sent, const struct net_device *from, const struct net_device *to, int sent, int drops)
{
	struct desk *desk = LOOKUP(desks, 0);

	if (!desk || (uint32_t)to->ifindex != job.ifindex)
		return 0;
	desk->n.tx_sent += sent > 0 ? sent : 0;
	desk->n.tx_dropped += drops > 0 ? drops : 0;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
