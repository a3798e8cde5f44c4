/* SPDX-License-Identifier: BSD-2-Clause */
/* pcap: capture files, read through the same contract as a network. */
#include "io/io.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/pcap_link.h"

/*
 * libpcap reads pcap and pcapng, of any byte order, to nanoseconds. Every packet is given out once,
 * in the file's order, as fast as it is asked for; at_ns is the time in the file (since 1970, not
 * the monotonic clock) and at_src is RTT_NONE, as nobody knows whose clock it was. A frame that is
 * cut inside its link header, or has no EtherType (LLC), is given out as IO_RX_LINK with EtherType
 * 0.
 *
 * libpcap keeps one packet at a time, a recv wants many: they are copied into one block of memory,
 * and the packet that no longer fits stays with libpcap until the next call.
 *
 * A damaged file is an error only where the damage begins: what was before is given out first.
 */
enum { ARENA_MIN = 1 << 20 };

struct pcap_io {
	struct io io;
	pcap_t *file;
	int dlt;
	uint8_t *arena;
	size_t arena_len, used;
	const struct pcap_pkthdr *held; /* read from the file, not yet given out */
	const uint8_t *held_data;
	bool end;
	bool damaged; /* at the end, and not yet said */
	struct io_stats st;
};

static struct pcap_io *self(struct io *io)
{
	return (struct pcap_io *)io;
}

static int pcap_probe(const struct io_conf *c, struct err *e)
{
	if (!c->path)
		return err_set(e, -EINVAL, "%s: no capture file given", io_pcap_ops.name);
	if (access(c->path, R_OK))
		return err_sys(e, "cannot read the capture file '%s'", c->path);
	return 0;
}

static int file_open(struct pcap_io *p, const char *path, struct err *e)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	int snap;

	p->file = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!p->file)
		return err_set(e, ERR_PARSE, "cannot read the capture file '%s': %s", path, why);
	p->dlt = pcap_datalink(p->file);
	if (!pcap_link_known(p->dlt)) {
		const char *name = pcap_datalink_val_to_name(p->dlt);

		return err_set(e, ERR_UNSUPPORTED,
			"capture file '%s' is of link type %s (%d); "
			"Ethernet, raw IP, Linux cooked and loopback can be read",
			path, name ? name : "unknown", p->dlt);
	}
	snap = pcap_snapshot(p->file);
	p->arena_len = snap > ARENA_MIN ? (size_t)snap : ARENA_MIN;
	p->arena = malloc(p->arena_len);
	return p->arena ? 0 : err_set(e, -ENOMEM, "out of memory");
}

static void pcap_io_close(struct io *io)
{
	if (!io)
		return;
	if (self(io)->file)
		pcap_close(self(io)->file);
	free(self(io)->arena);
	free(io);
}

static int pcap_io_open(struct io **out, const struct io_conf *c, struct err *e)
{
	struct pcap_io *p = NULL;
	int rc = pcap_probe(c, e);

	if (rc)
		return rc;
	p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, -ENOMEM, "out of memory");
	p->io.ops = &io_pcap_ops;
	p->io.clock = c->clock ? c->clock : clock_real();
	rc = file_open(p, c->path, e);
	if (rc)
		pcap_io_close(&p->io);
	else
		*out = &p->io;
	return rc;
}

static int pcap_io_send(struct io *io, struct io_tx *v, unsigned n, struct err *e)
{
	return err_set(e, -EINVAL, "%s: a capture file cannot be sent to", io_pcap_ops.name);
}

/* Makes sure that a packet is held; false at the end. */
static bool hold(struct pcap_io *p)
{
	struct pcap_pkthdr *h;
	int rc;

	if (p->held || p->end)
		return p->held;
	rc = pcap_next_ex(p->file, &h, &p->held_data);
	if (rc == 1) {
		p->held = h;
		return true;
	}
	p->end = true;
	p->damaged = rc != PCAP_ERROR_BREAK;
	return false;
}

/* Gives the held packet out; false when there is no room for it before the next call. */
static bool give(struct pcap_io *p, struct io_rx *v)
{
	const struct pcap_pkthdr *h = p->held;
	struct pcap_link link;
	uint8_t *copy = p->arena + p->used;

	if (h->caplen > p->arena_len - p->used)
		return false;
	memcpy(copy, p->held_data, h->caplen);
	p->used += h->caplen;
	p->held = NULL;
	if (pcap_link_parse(p->dlt, copy, h->caplen, &link))
		memset(&link, 0, sizeof(link));
	*v = (struct io_rx){
		.kind = link.ip ? IO_RX_IP : IO_RX_LINK,
		.data = copy + link.payload,
		.len = h->caplen - (uint32_t)link.payload,
		.wire_len = h->len > link.payload ? h->len - (uint32_t)link.payload : 0,
		.ethertype = link.ethertype,
		.src_mac = link.src_mac,
		.at_ns = (uint64_t)h->ts.tv_sec * NS_PER_S + (uint64_t)h->ts.tv_usec,
		.at_src = RTT_NONE,
	};
	p->st.received++;
	p->st.received_bytes += v->wire_len;
	return true;
}

/* A packet longer than the file's own snap length promises: libpcap lets them through up to its own
 * maximum. */
static bool grow(struct pcap_io *p)
{
	uint8_t *bigger;

	if (p->used || p->held->caplen <= p->arena_len)
		return true;
	bigger = realloc(p->arena, p->held->caplen);
	if (!bigger)
		return false;
	p->arena = bigger;
	p->arena_len = p->held->caplen;
	return true;
}

static int pcap_io_recv(struct io *io, struct io_rx *v, unsigned n, struct err *e)
{
	struct pcap_io *p = self(io);
	unsigned got = 0;

	p->used = 0;
	for (; got < n && hold(p); got++) {
		if (!grow(p))
			return err_set(e, -ENOMEM, "out of memory");
		if (!give(p, &v[got]))
			break;
	}
	if (got || !p->damaged)
		return (int)got;
	p->damaged = false;
	return err_set(e, ERR_PARSE, "the capture file is damaged: %s", pcap_geterr(p->file));
}

static int pcap_io_wait(struct io *io, uint64_t timeout_ns)
{
	return 0;
}

static int pcap_io_fd(struct io *io)
{
	return -1;
}

static bool pcap_io_at_end(struct io *io)
{
	return self(io)->end && !self(io)->held && !self(io)->damaged;
}

static void pcap_io_stats(struct io *io, struct io_stats *out)
{
	*out = self(io)->st;
}

const struct io_ops io_pcap_ops = {
	.name = "pcap",
	.summary = "capture files (pcap, pcapng), reading",
	.carries = 0,
	.probe = pcap_probe,
	.open = pcap_io_open,
	.send = pcap_io_send,
	.recv = pcap_io_recv,
	.wait = pcap_io_wait,
	.fd = pcap_io_fd,
	.at_end = pcap_io_at_end,
	.stats = pcap_io_stats,
	.close = pcap_io_close,
};
