/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads responder.bpf.c onto an interface, sends what is to be late, doubled or unasked for, and
 *says what was counted.
 *
 *	xdpresponder INTERFACE SETTING=VALUE... [rule=...]...
 *
 * bed.py makes the words. It says "ready" when it answers, then obeys lines on its standard input
 *and answers each with a line: "counters" (JSON), "record FILE", "ticks FILE", "truth FILE HI LO
 *HOSTS PROTO PORT PORTS", "flood ON|OFF". The end of its input ends it, and the program goes with
 *it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "responder.h"
#include "responder.skel.h"

enum { SCTP_POLY = 0x82f63b78 }; /* CRC32c, reflected (RFC 9260 appendix A) */

/* An answer whose time will come. */
struct waiting {
	uint64_t due_ns;
	uint32_t len, copies;
	uint8_t *frame;
};

struct responder {
	struct responder_bpf *bpf;
	struct responder_config cfg;
	struct rule rules[RULES_MAX];
	uint64_t delay_ns, delay_spread_ns; /* arrived + delay + traits % spread */
	uint64_t copies, copy_spacing_ns;   /* further copies of each answer */
	uint64_t flood_pps, flood_sent, flood_from_ns;
	uint16_t flood_lo, flood_hi;
	uint32_t flood_to; /* network order */
	uint8_t mac[6], peer_mac[6];
	struct waiting *heap;
	size_t n_heap, room;
	uint64_t sent_later, send_failed, flood_total;
	int sock;
	bool flood;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "xdpresponder: %s: %s\n", what, why);
	exit(1);
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* --- settings */

static uint64_t number(char **at)
{
	char *end;
	uint64_t n = strtoull(*at, &end, 0);

	if (end == *at)
		die("not a number", *at);
	*at = *end == ',' ? end + 1 : end;
	return n;
}

/* hi,lo,mask_hi,mask_lo,proto,port_lo,port_hi,pass,upto x SHARES */
static void add_rule(struct responder *r, char *v)
{
	struct rule *rule = &r->rules[r->cfg.n_rules];

	if (r->cfg.n_rules++ >= RULES_MAX)
		die("rule", "too many");
	rule->hi = number(&v);
	rule->lo = number(&v);
	rule->mask_hi = number(&v);
	rule->mask_lo = number(&v);
	rule->proto = (uint8_t)number(&v);
	rule->port_lo = (uint16_t)number(&v);
	rule->port_hi = (uint16_t)number(&v);
	rule->pass = (uint8_t)number(&v);
	for (int i = 0; i < SHARES; i++)
		rule->upto[i] = number(&v);
}

static void mac_address(uint8_t *mac, const char *v)
{
	if (sscanf(v, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4,
		    mac + 5) != 6)
		die("not a hardware address", v);
}

#define CFG(name)                                                                                  \
	{                                                                                          \
#name, offsetof(struct responder, cfg.name),                                       \
			sizeof(((struct responder *)0)->cfg.name)                                  \
	}
#define OWN(name)                                                                                  \
	{                                                                                          \
#name, offsetof(struct responder, name), sizeof(((struct responder *)0)->name)     \
	}

static const struct setting {
	const char *name;
	size_t at, size;
} settings[] = {
	CFG(key),
	CFG(ttl),
	CFG(ttl_spread),
	CFG(window),
	CFG(window_spread),
	CFG(loss_in),
	CFG(loss_out),
	CFG(cap_cost),
	CFG(cap_burst),
	CFG(record_hi),
	CFG(record_lo),
	CFG(record_hosts),
	CFG(record_port),
	CFG(record_ports),
	CFG(tick_ns),
	CFG(ticks),
	CFG(stamp_mask),
	CFG(verify),
	CFG(drop),
	CFG(quote),
	OWN(delay_ns),
	OWN(delay_spread_ns),
	OWN(copies),
	OWN(copy_spacing_ns),
	OWN(flood_pps),
	OWN(flood_lo),
	OWN(flood_hi),
};

static bool set_number(struct responder *r, const char *name, char *v)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		uint64_t n;

		if (strcmp(settings[i].name, name) != 0)
			continue;
		n = number(&v);
		memcpy((char *)r + settings[i].at, &n, settings[i].size); /* little endian */
		return true;
	}
	return false;
}

static void set(struct responder *r, char *word)
{
	char *v = strchr(word, '=');

	if (!v)
		die("no such word", word);
	*v++ = '\0';
	if (!strcmp(word, "rule"))
		add_rule(r, v);
	else if (!strcmp(word, "router4"))
		inet_pton(AF_INET, v, &r->cfg.router4);
	else if (!strcmp(word, "router6"))
		inet_pton(AF_INET6, v, r->cfg.router6);
	else if (!strcmp(word, "flood_to"))
		inet_pton(AF_INET, v, &r->flood_to);
	else if (!strcmp(word, "mac"))
		mac_address(r->mac, v);
	else if (!strcmp(word, "peer_mac"))
		mac_address(r->peer_mac, v);
	else if (!set_number(r, word, v))
		die("no such setting", word);
}

/* --- set-up */

static void crc_table(uint32_t *table)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int bit = 0; bit < 8; bit++)
			c = c & 1 ? c >> 1 ^ SCTP_POLY : c >> 1;
		table[i] = c;
	}
}

static void load(struct responder *r, unsigned ifindex)
{
	uint64_t targets = r->cfg.record_hosts * r->cfg.record_ports;
	struct responder_bpf *b = responder_bpf__open();
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);

	if (!b)
		die("open", strerror(errno));
	r->bpf = b;
	r->cfg.later = r->delay_ns || r->delay_spread_ns || r->copies;
	r->cfg.wall_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
	memcpy((void *)&b->rodata->cfg, &r->cfg, sizeof(r->cfg));
	memcpy((void *)b->rodata->rules, r->rules, sizeof(r->rules));
	crc_table((uint32_t *)b->rodata->crc32c_table);
	bpf_map__set_max_entries(b->maps.record, (uint32_t)(targets / 8 + 1));
	bpf_map__set_max_entries(b->maps.ticks, (uint32_t)(r->cfg.ticks + 1));
	if (r->cfg.later)
		bpf_map__set_max_entries(b->maps.later, 32 << 20);
	if (responder_bpf__load(b))
		die("load", strerror(errno));
	if (bpf_link_create(bpf_program__fd(b->progs.respond), (int)ifindex, BPF_XDP, &opts) < 0)
		die("attach", strerror(errno));
}

static int packet_socket(unsigned ifindex)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)ifindex};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), one = 1, room = 8 << 20;

	if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)))
		die("packet socket", strerror(errno));
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	return fd;
}

/* --- what is sent from here: a heap by due time */

static void heap_down(struct responder *r, size_t i)
{
	struct waiting w = r->heap[i];

	for (size_t child; (child = 2 * i + 1) < r->n_heap; i = child) {
		if (child + 1 < r->n_heap && r->heap[child + 1].due_ns < r->heap[child].due_ns)
			child++;
		if (w.due_ns <= r->heap[child].due_ns)
			break;
		r->heap[i] = r->heap[child];
	}
	r->heap[i] = w;
}

static void heap_add(struct responder *r, struct waiting w)
{
	size_t i = r->n_heap++;

	if (r->n_heap > r->room) {
		r->room = r->room ? r->room * 2 : 1024;
		r->heap = realloc(r->heap, r->room * sizeof(*r->heap));
		if (!r->heap)
			die("heap", strerror(errno));
	}
	for (; i && r->heap[(i - 1) / 2].due_ns > w.due_ns; i = (i - 1) / 2)
		r->heap[i] = r->heap[(i - 1) / 2];
	r->heap[i] = w;
}

static int take_later(void *ctx, void *data, size_t size)
{
	struct responder *r = ctx;
	const struct later *l = data;
	struct waiting w = {
		l->arrived_ns + r->delay_ns, l->len, (uint32_t)r->copies, malloc(l->len)};

	if (!w.frame)
		die("frame", strerror(errno));
	if (r->delay_spread_ns)
		w.due_ns += (uint64_t)l->traits * 1000 % r->delay_spread_ns;
	memcpy(w.frame, l->frame, l->len);
	heap_add(r, w);
	return 0;
}

static void send_due(struct responder *r)
{
	while (r->n_heap && r->heap[0].due_ns <= clock_ns(CLOCK_MONOTONIC)) {
		struct waiting *w = &r->heap[0];

		if (send(r->sock, w->frame, w->len, 0) < 0)
			r->send_failed++;
		else
			r->sent_later++;
		if (w->copies) {
			w->copies--;
			w->due_ns += r->copy_spacing_ns;
		} else {
			free(w->frame);
			*w = r->heap[--r->n_heap];
		}
		if (r->n_heap)
			heap_down(r, 0);
	}
}

static uint16_t sum16(const uint8_t *p, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* Backscatter: a SYN-ACK or RST that answers a probe nobody sent. */
static void send_flood_frame(struct responder *r)
{
	uint64_t x = mix64(r->cfg.key + r->flood_total), y = mix64(x);
	uint32_t from = htonl((uint32_t)x), seq = (uint32_t)y, ack = (uint32_t)(y >> 32);
	uint16_t sport = htons(x >> 32 & 1 ? 80 : (uint16_t)(x >> 33)), window = htons(29200);
	uint16_t dport = htons(
			 (uint16_t)(r->flood_lo + (x >> 40) % (r->flood_hi - r->flood_lo + 1U))),
		 sum;
	uint8_t f[54] = {0}, pseudo[12] = {[9] = 6, [11] = 20};

	memcpy(f, r->peer_mac, 6);
	memcpy(f + 6, r->mac, 6);
	memcpy(f + 12, "\x08\x00\x45\x00\x00\x28\x00\x00\x40\x00\x39\x06", 12);
	memcpy(f + 26, &from, 4);
	memcpy(f + 30, &r->flood_to, 4);
	sum = sum16(f + 14, 20, 0);
	memcpy(f + 24, &sum, 2);
	memcpy(f + 34, &sport, 2);
	memcpy(f + 36, &dport, 2);
	memcpy(f + 38, &seq, 4);
	memcpy(f + 42, &ack, 4);
	memcpy(f + 46, x & 1 ? "\x50\x12" : "\x50\x14", 2);
	memcpy(f + 48, &window, 2);
	memcpy(pseudo, f + 26, 8);
	sum = sum16(f + 34, 20, (uint16_t)~ntohs(sum16(pseudo, 12, 0)));
	memcpy(f + 50, &sum, 2);
	if (send(r->sock, f, sizeof(f), 0) < 0)
		r->send_failed++;
	r->flood_total++;
}

static void send_flood(struct responder *r)
{
	uint64_t gone = clock_ns(CLOCK_MONOTONIC) - r->flood_from_ns;
	uint64_t due = (uint64_t)((double)gone * (double)r->flood_pps / 1e9);

	for (; r->flood_sent < due; r->flood_sent++)
		send_flood_frame(r);
}

/* --- what is asked of us */

static const char *const names[] = {
#define X(a, b) #b,
	COUNTERS(X)
#undef X
};

static void say_counters(const struct responder *r)
{
	struct counters all = {0};
	const struct counters *c = r->bpf->bss->counters;

	for (int cpu = 0; cpu < CPUS_MAX; cpu++) {
		for (int i = 0; i < N_COUNTERS; i++)
			all.n[i] += c[cpu].n[i];
		if (c[cpu].first_ns && (!all.first_ns || c[cpu].first_ns < all.first_ns))
			all.first_ns = c[cpu].first_ns;
		if (c[cpu].last_ns > all.last_ns)
			all.last_ns = c[cpu].last_ns;
	}
	putchar('{');
	for (int i = 0; i < N_COUNTERS; i++)
		printf("\"%s\": %llu, ", names[i], (unsigned long long)all.n[i]);
	printf("\"outside_hi\": %llu, \"outside_lo\": %llu, \"outside_port\": %llu, ",
		(unsigned long long)r->bpf->bss->outside_hi,
		(unsigned long long)r->bpf->bss->outside_lo,
		(unsigned long long)r->bpf->bss->outside_port);
	printf("\"sent_later\": %llu, \"waiting\": %zu, \"send_failed\": %llu, \"flood\": %llu, ",
		(unsigned long long)r->sent_later, r->n_heap, (unsigned long long)r->send_failed,
		(unsigned long long)r->flood_total);
	printf("\"first_ns\": %llu, \"last_ns\": %llu}\n", (unsigned long long)all.first_ns,
		(unsigned long long)all.last_ns);
}

static const char *write_map(const struct bpf_map *map, const char *path, size_t len)
{
	size_t size = (size_t)bpf_map__max_entries(map) * 8;
	void *at = mmap(NULL, size, PROT_READ, MAP_SHARED, bpf_map__fd(map), 0);
	FILE *f = fopen(path, "w");
	bool good = at != MAP_FAILED && f && fwrite(at, 1, len, f) == len;

	if (at != MAP_FAILED)
		munmap(at, size);
	if (f && fclose(f))
		good = false;
	return good ? "ok" : strerror(errno);
}

/* One byte of enum state for each of the targets, ports of a host together: for spaces that Python
 * is too slow for. */
static const char *write_truth(const struct responder *r, char *args)
{
	char path[256];
	unsigned long long hi, lo, hosts;
	unsigned proto, port, ports;
	FILE *f;

	if (sscanf(args, "%255s %llu %llu %llu %u %u %u", path, &hi, &lo, &hosts, &proto, &port,
		    &ports) != 7)
		return "usage: truth FILE HI LO HOSTS PROTO PORT PORTS";
	f = fopen(path, "w");
	if (!f)
		return strerror(errno);
	for (uint64_t i = 0; i < hosts * ports; i++) {
		uint16_t n = (uint16_t)(port + i % ports);
		uint64_t at = lo + i / ports;
		enum state s = SILENT;

		for (size_t k = 0; k < r->cfg.n_rules; k++) {
			if (!rule_matches(&r->rules[k], hi, at, (uint8_t)proto, n))
				continue;
			s = rule_state(&r->rules[k],
				truth_hash(r->cfg.key, hi, at, proto_port((uint8_t)proto, n)));
			break;
		}
		putc_unlocked((int)s, f);
	}
	return fclose(f) ? strerror(errno) : "ok";
}

static void obey(struct responder *r, char *line)
{
	char *rest = strchr(line, ' ');

	if (rest)
		*rest++ = '\0';
	if (!strcmp(line, "counters"))
		say_counters(r);
	else if (!strcmp(line, "record") && rest)
		puts(write_map(
			r->bpf->maps.record, rest, r->cfg.record_hosts * r->cfg.record_ports));
	else if (!strcmp(line, "ticks") && rest)
		puts(write_map(r->bpf->maps.ticks, rest, r->cfg.ticks * 8));
	else if (!strcmp(line, "truth") && rest)
		puts(write_truth(r, rest));
	else if (!strcmp(line, "flood") && rest) {
		r->flood = !strcmp(rest, "on");
		r->flood_from_ns = clock_ns(CLOCK_MONOTONIC);
		r->flood_sent = 0;
		puts("ok");
	} else
		puts("no such command");
	fflush(stdout);
}

/* True when there is no more input. */
static bool read_commands(struct responder *r)
{
	static char line[512];
	static size_t n;
	ssize_t got = read(0, line + n, sizeof(line) - 1 - n);
	char *end;

	if (got <= 0)
		return true;
	n += (size_t)got;
	line[n] = '\0';
	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		obey(r, line);
		n -= (size_t)(end + 1 - line);
		memmove(line, end + 1, n + 1);
	}
	return n == sizeof(line) - 1;
}

static struct timespec until_due(const struct responder *r)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC), ns = 1000000000;

	if (r->flood)
		ns = 500000;
	if (r->n_heap && r->heap[0].due_ns < now + ns)
		ns = r->heap[0].due_ns > now ? r->heap[0].due_ns - now : 0;
	return (struct timespec){(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
}

static void serve(struct responder *r)
{
	struct ring_buffer *ring =
		ring_buffer__new(bpf_map__fd(r->bpf->maps.later), take_later, r, NULL);
	struct pollfd fds[] = {
		{0, POLLIN, 0}, {ring ? ring_buffer__epoll_fd(ring) : -1, POLLIN, 0}};

	if (!ring)
		die("ring buffer", strerror(errno));
	for (;;) {
		struct timespec wait = until_due(r);

		if (ppoll(fds, 2, &wait, NULL) < 0 && errno != EINTR)
			break;
		ring_buffer__consume(ring);
		send_due(r);
		if (r->flood)
			send_flood(r);
		if (fds[0].revents && read_commands(r))
			break;
	}
	ring_buffer__free(ring);
}

int main(int argc, char **argv)
{
	static struct responder r = {
		.cfg = {.ttl = 64,
			.ttl_spread = 1,
			.window = 64240,
			.window_spread = 1,
			.verify = 1},
		.flood_lo = 1,
		.flood_hi = 65535,
	};
	unsigned ifindex = argc < 2 ? 0 : if_nametoindex(argv[1]);

	if (!ifindex)
		die(argc < 2 ? "usage" : argv[1],
			argc < 2 ? "xdpresponder INTERFACE SETTING=VALUE..." : strerror(errno));
	for (int i = 2; i < argc; i++)
		set(&r, argv[i]);
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	load(&r, ifindex);
	r.sock = packet_socket(ifindex);
	puts("ready");
	fflush(stdout);
	serve(&r);
	responder_bpf__destroy(r.bpf);
	return 0;
}
