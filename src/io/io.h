/* SPDX-License-Identifier: BSD-2-Clause */
/* The wire: one contract for everything that puts probes on a network and brings answers back. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/rng.h"
#include "model/rec.h"

/*
 * What may be put in: an IP packet or a link-layer payload with the way it has to go, or the wish
 * for a TCP connection. A backend names the kinds it carries in io_ops.carries; putting in another
 * is a bug of the caller (-EINVAL).
 */
enum io_tx_kind {
	IO_TX_IP,      /* data = a whole IPv4/IPv6 packet; dst_mac is for link-layer backends */
	IO_TX_LINK,    /* data = payload of an Ethernet frame of `ethertype` (ARP) to dst_mac */
	IO_TX_CONNECT, /* no data: TCP connect() to dst:dport; the outcome comes back as
			  IO_RX_CONNECT with `id` */
};
#define IO_CARRIES(kind) (1u << (kind))

struct io_tx {
	enum io_tx_kind kind;
	const uint8_t *data; /* borrowed during the call */
	uint32_t len;
	uint32_t ifindex; /* the way out (net_route); 0 = the backend's choice */
	struct mac dst_mac;
	struct mac src_mac; /* for captures: backends use the interface's, or io_conf.mac */
	uint16_t ethertype; /* IO_TX_LINK; host order */
	struct addr dst;    /* final destination; always set for IO_TX_IP and IO_TX_CONNECT */
	struct addr src;    /* IO_TX_CONNECT: source address to bind, family 0 = any */
	uint16_t dport;	    /* IO_TX_CONNECT; host order */
	uint64_t id;	    /* IO_TX_CONNECT: given back in the outcome */
	uint64_t sent_ns;   /* out: when it left, monotonic; never later than it did, at most one
			       slice of a batch too early */
	int error;	    /* out: 0, or -errno why this one could not leave (EPERM, ENETDOWN) */
};

enum io_rx_kind {
	IO_RX_IP,      /* data = an IP packet as received (link header gone, VLAN tag stripped) */
	IO_RX_LINK,    /* data = payload of a frame that is not IP (ARP); ethertype says which */
	IO_RX_CONNECT, /* outcome of an IO_TX_CONNECT: `id`, `error` 0 = connected, else errno
			  (ECONNREFUSED, EHOSTUNREACH, ETIMEDOUT ...); proxy: also ETIME, the
			  TTL expired, and EREMOTEIO, it failed and nobody says why */
};

struct io_rx {
	enum io_rx_kind kind;
	const uint8_t *data; /* borrowed until the next recv or wait on the same handle */
	uint32_t len;	     /* bytes there are */
	uint32_t wire_len;   /* bytes there were; > len when cut */
	uint32_t ifindex;
	uint16_t ethertype; /* host order */
	struct mac src_mac; /* where the link has one, else zero */
	uint64_t at_ns; /* arrival, on the monotonic clock of io->clock; pcap: since 1970, as the
			   file has it */
	uint8_t at_src; /* enum rtt_source: where at_ns was read */
	uint64_t id;
	int error;
};

struct io_stats {
	uint64_t sent, sent_bytes, send_errors, would_block;
	uint64_t received, received_bytes;
	uint64_t dropped; /* by the kernel or ring before we saw it; never silently */
};

struct io;

/* What the caller wants; backends take what concerns them. */
struct io_conf {
	const struct log *log;
	const char *interface; /* only this one, or NULL */
	uint16_t port_lo,
		port_hi; /* our source ports (host order): TCP/UDP/SCTP to other ports is filtered
			    out in the kernel where possible; both 0 = all pass */
	bool all_protocols; /* other IP protocols than those and ICMP come up, too */
	uint32_t rx_bytes;  /* receive ring or socket buffer, 0 = the backend's default */
	unsigned max_open;  /* connect: descriptors in flight at most, 0 = from RLIMIT_NOFILE */
	bool promiscuous;
	const struct mac
		*mac;	     /* that frames leave from and that is heard, too; NULL = the link's */
	struct io *beside;   /* af-xdp: share its queues if too few are free; may send meanwhile */
	const char *path;    /* pcap: file to read */
	const char *proxies; /* proxy: the chain, as in io/chain.h */
	struct clock *clock; /* real or, for the simulator, its own (then set by io_sim) */
	void *sim;	     /* struct sim_net * of io_sim; borrowed */
	/* packet-ring, raw, af-xdp: nothing is ever received, and nothing is spent on it. */
	bool send_only;
};

/*
 * One row a backend. Life-cycle: open -> any mix of send, recv, wait, stats -> close.
 * Single-threaded. Nothing but `wait` may sleep. A failed open leaves nothing behind.
 */
struct io_ops {
	const char *name;    /* "packet-ring" */
	const char *summary; /* one line for doctor */
	unsigned carries;    /* IO_CARRIES bits */
	/* Whether it could be opened by this user on this machine, without doing it: 0, or a
	 * negative code with cause and remedy. */
	int (*probe)(const struct io_conf *c, struct err *e);
	/* *out owned by the caller: close. */
	int (*open)(struct io **out, const struct io_conf *c, struct err *e);
	/*
	 * Puts in v[0..n). Returns how many were taken, in order: each of these has sent_ns and
	 * error set (an error of one packet does not stop the others). Fewer than n, even 0, means
	 * the queue is full (EAGAIN, ENOBUFS): wait and try again. Negative: the backend is dead
	 * (ERR_CLOSED, -ENETDOWN), with `e` filled.
	 */
	int (*send)(struct io *io, struct io_tx *v, unsigned n, struct err *e);
	/* Takes out what is there, up to n, without sleeping. Returns the count, 0 when empty;
	 * negative as for send. */
	int (*recv)(struct io *io, struct io_rx *v, unsigned n, struct err *e);
	/*
	 * Sleeps until something can be received or the (relative) time is over; on the simulator
	 * it turns the clock. After a send that was cut short it also comes back when sending may
	 * go on. 0 or a negative code. -EINTR is 0.
	 */
	int (*wait)(struct io *io, uint64_t timeout_ns);
	/*
	 * Abandons the IO_TX_CONNECT `id`: its descriptor is closed and no outcome comes. Unknown
	 * ids are ignored. NULL where IO_TX_CONNECT is not carried, or holds nothing (simulator): a
	 * late outcome may come then.
	 */
	void (*cancel)(struct io *io, uint64_t id);
	/* A descriptor that polls readable when recv has something; -1 when there is none
	 * (simulator, file): then only wait() knows. */
	int (*fd)(struct io *io);
	/* End of input: a file that has been read to its end; false for live backends. */
	bool (*at_end)(struct io *io);
	void (*stats)(struct io *io, struct io_stats *out);
	/* Appends how packets leave: "copy mode on queue 0 of eth0". NULL: as the name says. */
	void (*describe)(struct io *io, struct buf *b);
	void (*close)(struct io *io); /* frees; NULL is fine */
};

/* Every backend begins with this. */
struct io {
	const struct io_ops *ops;
	struct clock *clock;
};

/* The table, in order of preference for raw scans; ends with NULL. */
extern const struct io_ops *const io_backends[];
const struct io_ops *io_backend_by_name(const char *name);

extern const struct io_ops io_packet_ops;  /* AF_PACKET: sendmmsg out, TPACKET ring in */
extern const struct io_ops io_raw_ops;	   /* raw sockets out, the ring in: anything routed */
extern const struct io_ops io_afxdp_ops;   /* AF_XDP out, the ring in: Ethernet */
extern const struct io_ops io_connect_ops; /* non-blocking connect() + epoll; no privilege */
extern const struct io_ops io_proxy_ops;   /* connect() through a chain of proxies; no privilege */
extern const struct io_ops io_pcap_ops;	   /* capture files, reading */
extern const struct io_ops io_sim_ops;	   /* the simulated network, virtual clock */

/* The row's functions; one that a row has not does nothing. io_close takes NULL. */
int io_send(struct io *io, struct io_tx *v, unsigned n, struct err *e);
int io_recv(struct io *io, struct io_rx *v, unsigned n, struct err *e);
int io_wait(struct io *io, uint64_t timeout_ns);
void io_cancel(struct io *io, uint64_t id);
void io_describe(struct io *io, struct buf *b);
void io_close(struct io *io);
