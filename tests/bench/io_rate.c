/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast a backend puts packets on a wire, and what each costs. Measures, never judges.
 *
 *	io_rate [--packets N] [--batch N] [--threads N] [--make] [--queues N | --interface IFACE
 *--to MAC] BACKEND...
 *
 * Without --interface it makes a namespace of its own with a veth whose other end drops every frame
 *in native XDP, so that only sending is measured; with one it uses that, in the namespace it is
 *started in. The packets are SYNs of 40 bytes to 10.0.0.0/8;
 * --make patches address, port and sequence number of each and corrects the checksums before it is
 *sent. Each thread opens a handle of its own. One line a backend: packets a second, CPU ns a packet
 *(of the whole process; the peer's work runs in it too), packets that reached the other end, how
 *often the queue was full, and the way they went.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "io/io.h"
#include "pkt/build.h"
#include "pkt/csum.h"
#include "pkt/view.h"

enum { BATCH_MAX = 1024, THREADS_MAX = 64, PACKET = 40, MAC_PARTS = 6 };
#define OUT_LINK "rate0"
#define IN_LINK	 "rate1"

struct bench {
	uint64_t packets; /* of each thread */
	unsigned batch, threads, queues;
	bool make, own_bed;
	const char *interface;
	struct mac to;
	const struct io_ops *ops;
	pthread_barrier_t ready;
};

struct sender {
	struct bench *b;
	unsigned number;
	pthread_t thread;
	struct io *io;
	bool failed;
	uint64_t sent, errors, full, began_ns, ended_ns;
	char how[128];
	uint8_t data[BATCH_MAX][64];
	struct io_tx tx[BATCH_MAX];
};

static void die(const char *what)
{
	fprintf(stderr, "io_rate: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	if (system(command)) {
		fprintf(stderr, "io_rate: failed: %s\n", command);
		exit(1);
	}
}

/* return XDP_DROP; */
static void drop_all(const char *link)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_DROP},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "drop", "GPL", code, 2, NULL);

	if (fd < 0)
		die("cannot load the program that drops");
	if (bpf_xdp_attach((int)if_nametoindex(link), fd, XDP_FLAGS_DRV_MODE, NULL))
		die("cannot attach the program that drops");
}

static void make_bed(struct bench *b)
{
	if (unshare(CLONE_NEWNET))
		die("cannot make a network namespace (root?)");
	run("ip link add " OUT_LINK
	    " address 02:00:00:00:00:01 numtxqueues %u numrxqueues %u type veth peer name " IN_LINK
	    " address 02:00:00:00:00:02 numtxqueues %u numrxqueues %u",
		b->queues, b->queues, b->queues, b->queues);
	run("for i in " OUT_LINK " " IN_LINK
	    "; do echo 1 >/proc/sys/net/ipv6/conf/$i/disable_ipv6; ip link set $i up; done");
	drop_all(IN_LINK);
	b->interface = OUT_LINK;
	b->to = (struct mac){{2, 0, 0, 0, 0, 2}};
}

/* What the kernel counted at the other end; 0 without a bed of our own. */
static uint64_t arrived(const struct bench *b)
{
	char line[512], name[64];
	uint64_t bytes, packets, n = 0;
	FILE *f = b->own_bed ? fopen("/proc/self/net/dev", "r") : NULL;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " %63[^:]: %" SCNu64 " %" SCNu64, name, &bytes, &packets) == 3 &&
			!strcmp(name, IN_LINK))
			n = packets;
	if (f)
		fclose(f);
	return n;
}

static void prepare(struct sender *s, uint32_t ifindex)
{
	struct build_ip ip = {.src = addr_v4(0x0a000001), .ttl = 64};
	struct build_tcp tcp = {.sport = 40000, .dport = 80, .flags = TCP_SYN, .window = 1024};

	for (unsigned i = 0; i < s->b->batch; i++) {
		ip.dst = addr_v4(0x0a010000 + (s->number << 16) + i);
		tcp.seq = i;
		s->tx[i] = (struct io_tx){
			.kind = IO_TX_IP,
			.data = s->data[i],
			.len = (uint32_t)build_tcp(s->data[i], sizeof(s->data[i]), &ip, &tcp),
			.ifindex = ifindex,
			.dst_mac = s->b->to,
			.dst = ip.dst,
		};
	}
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void fix(uint8_t *field, uint32_t from, uint32_t to)
{
	uint16_t c = csum_replace32((uint16_t)(field[0] << 8 | field[1]), from, to);

	field[0] = (uint8_t)(c >> 8);
	field[1] = (uint8_t)c;
}

/* Another target: what a sweep does for each probe, but for choosing it. */
static void make(uint8_t *p, uint32_t dst, uint32_t ports, uint32_t seq)
{
	fix(p + 10, get32(p + 16), dst);
	fix(p + 36, get32(p + 16), dst);
	fix(p + 36, get32(p + 20), ports);
	fix(p + 36, get32(p + 24), seq);
	put32(p + 16, dst);
	put32(p + 20, ports);
	put32(p + 24, seq);
}

static void make_batch(struct sender *s)
{
	for (unsigned i = 0; s->b->make && i < s->b->batch; i++) {
		uint32_t n = (uint32_t)(s->sent + i);

		make(s->data[i], 0x0a000000 | (n * 2654435761u >> 8), 40000u << 16 | (n & 0xffff),
			n * 40503u);
	}
}

static int send_all(struct sender *s, struct io *io, struct err *e)
{
	const struct bench *b = s->b;

	while (s->sent < b->packets) {
		unsigned done = 0;

		make_batch(s);
		while (done < b->batch) {
			int n = io_send(io, s->tx + done, b->batch - done, e);

			if (n < 0)
				return n;
			for (int i = 0; i < n; i++)
				s->errors += s->tx[done + (unsigned)i].error != 0;
			done += (unsigned)n;
			if (done == b->batch)
				break;
			s->full++;
			io_wait(io, NS_PER_MS);
		}
		s->sent += b->batch;
	}
	return 0;
}

static void *sender(void *arg)
{
	struct sender *s = arg;
	struct err e = {0};

	pthread_barrier_wait(&s->b->ready);
	s->began_ns = clock_now(clock_real());
	s->failed = send_all(s, s->io, &e) < 0;
	s->ended_ns = clock_now(clock_real());
	if (s->failed)
		fprintf(stderr, "io_rate: %s\n", e.text);
	pthread_barrier_wait(&s->b->ready);
	return NULL;
}

/* The first handles take the queues there are, the others share them. */
static void open_sender(struct sender *all, unsigned i, struct bench *b)
{
	struct sender *s = &all[i];
	struct io_conf c = {.interface = b->interface,
		.port_lo = 40000,
		.port_hi = 40000,
		.beside = i ? all[i / 4].io : NULL,
		.send_only = true,
		.clock = clock_real()};
	struct err e = {0};
	struct buf how = {0};

	s->b = b;
	s->number = i;
	if (b->ops->open(&s->io, &c, &e) < 0) {
		fprintf(stderr, "io_rate: %s\n", e.text);
		exit(1);
	}
	io_describe(s->io, &how);
	snprintf(s->how, sizeof(s->how), "%s", buf_text(&how));
	buf_free(&how);
	prepare(s, if_nametoindex(c.interface));
}

static uint64_t cpu_ns(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * NS_PER_S +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * NS_PER_US;
}

static bool measure(struct bench *b)
{
	struct sender *s = calloc(b->threads, sizeof(*s));
	uint64_t sent = 0, errors = 0, full = 0, began = UINT64_MAX, ended = 0, cpu, there;
	bool failed = false;

	if (!s || pthread_barrier_init(&b->ready, NULL, b->threads + 1))
		die("cannot begin");
	for (unsigned i = 0; i < b->threads; i++) {
		open_sender(s, i, b);
		if (pthread_create(&s[i].thread, NULL, sender, &s[i]))
			die("cannot start a thread");
	}
	there = arrived(b);
	pthread_barrier_wait(&b->ready);
	cpu = cpu_ns();
	pthread_barrier_wait(&b->ready);
	cpu = cpu_ns() - cpu;
	for (unsigned i = 0; i < b->threads; i++) {
		pthread_join(s[i].thread, NULL);
		failed |= s[i].failed;
		sent += s[i].sent;
		io_close(s[i].io);
		errors += s[i].errors;
		full += s[i].full;
		began = s[i].began_ns < began ? s[i].began_ns : began;
		ended = s[i].ended_ns > ended ? s[i].ended_ns : ended;
	}
	if (!failed)
		printf("%-12s %6.3f Mpps  %5.0f CPU ns/packet  %" PRIu64 " sent  %" PRIu64
		       " arrived  %" PRIu64 " errors  %" PRIu64 " times full  %s\n",
			b->ops->name, (double)sent * 1e3 / (double)(ended - began),
			(double)cpu / (double)sent, sent, arrived(b) - there, errors, full,
			s[b->threads - 1].how);
	pthread_barrier_destroy(&b->ready);
	free(s);
	return !failed;
}

static bool parse_mac(const char *text, struct mac *m)
{
	unsigned v[MAC_PARTS];

	if (sscanf(text, "%x:%x:%x:%x:%x:%x", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5]) !=
		MAC_PARTS)
		return false;
	for (int i = 0; i < MAC_PARTS; i++)
		m->b[i] = (uint8_t)v[i];
	return true;
}

static int usage(void)
{
	fprintf(stderr, "usage: io_rate [--packets N] [--batch N] [--threads N] [--make]\n"
			"               [--queues N | --interface IFACE --to MAC] BACKEND...\n");
	return 2;
}

static bool parse(struct bench *b, int argc, char **argv)
{
	static const struct option rows[] = {
		{"packets", 1, NULL, 'p'},
		{"batch", 1, NULL, 'b'},
		{"threads", 1, NULL, 't'},
		{"queues", 1, NULL, 'q'},
		{"interface", 1, NULL, 'i'},
		{"to", 1, NULL, 'm'},
		{"make", 0, NULL, 'M'},
		{0},
	};
	bool to = false, ok = true;
	int c;

	while ((c = getopt_long(argc, argv, "", rows, NULL)) != -1)
		switch (c) {
		case 'p':
			b->packets = strtoull(optarg, NULL, 0);
			break;
		case 'b':
			b->batch = (unsigned)strtoul(optarg, NULL, 0);
			break;
		case 't':
			b->threads = (unsigned)strtoul(optarg, NULL, 0);
			break;
		case 'q':
			b->queues = (unsigned)strtoul(optarg, NULL, 0);
			break;
		case 'i':
			b->interface = optarg;
			break;
		case 'm':
			to = ok &= parse_mac(optarg, &b->to);
			break;
		case 'M':
			b->make = true;
			break;
		default:
			return false;
		}
	b->own_bed = !b->interface;
	return ok && to == !b->own_bed && optind < argc && b->batch && b->batch <= BATCH_MAX &&
	       b->threads && b->threads <= THREADS_MAX;
}

int main(int argc, char **argv)
{
	struct bench b = {.packets = 2000000, .batch = 64, .threads = 1};
	int failed = 0;

	if (!parse(&b, argc, argv))
		return usage();
	if (!b.queues)
		b.queues = b.threads;
	if (b.own_bed)
		make_bed(&b);
	for (int i = optind; i < argc; i++) {
		b.ops = io_backend_by_name(argv[i]);
		if (!b.ops || !(b.ops->carries & IO_CARRIES(IO_TX_IP))) {
			fprintf(stderr, "io_rate: no backend that sends packets is called %s\n",
				argv[i]);
			return 2;
		}
		failed |= !measure(&b);
	}
	return failed;
}
