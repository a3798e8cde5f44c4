/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network of many hosts behind one end of a veth, for lab and benchmarks: answers ARP, neighbour solicitations, TCP, UDP and ICMP for
 * addresses that no kernel knows, holding each answer for a programmed time. What a host answers is the simulator's
 * sim_host_answer; here it meets real frames. The hosts have hardware addresses of their own, so that the local stack
 * takes the frames for somebody else's and drops them first thing.
 *
 * The delay is the same for all, so answers leave in the order in which they were made: a ring is the timer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/str.h"
#include "io/sim.h"
#include "io/sim_host.h"
#include "io/sim_reply.h"
#include "pkt/view.h"

#define RX_FRAME 2048
#define RX_FRAMES 16384
#define RX_BATCH 256
#define TX_BATCH 64
#define SLOT_BYTES 704
#define GROUPS_MAX 64
#define RULES_MAX 64
#define HOSTS_MAX 131072
#define IDLE_NS (100 * NS_PER_MS)
#define NAP_NS (200 * NS_PER_US)

/* One --hosts option and what follows it. */
struct group {
	struct addr first;
	uint64_t n;
	struct sim_rule rules[RULES_MAX];
	size_t n_rules;
	struct sim_host like; /* dead, no_ping, loss, limits */
};

struct slot {
	uint64_t due_ns;
	uint32_t len;
	uint8_t frame[SLOT_BYTES - 12];
};

struct counts {
	uint64_t received, answered, sent, lost, no_room, send_errors, most_held;
};

struct responder {
	const char *interface;
	uint64_t delay_ns, max_ns, flights, seed;
	struct group groups[GROUPS_MAX];
	size_t n_groups;
	struct sim_host *hosts;
	size_t n_hosts;
	struct sim_hosts index;
	struct rng rng;
	int rx, tx;
	uint8_t *ring;
	unsigned rx_at;
	struct slot *slots;
	uint64_t head, tail; /* answers made, answers sent */
	struct counts n;
};

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	stop = 1;
}

/* The kernel stamps frames of a packet ring with the wall clock; so that is the clock here. */
static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* ---- options --------------------------------------------------------------------------------------------------- */

static const char usage[] =
	"usage: responder --interface IF [--delay-ms N] [--max-seconds N] [--flights N] [--seed N]\n"
	"                 {--hosts ADDRESS[/BITS] [--rule PROTO,LO[-HI],WHAT]... [--dead] [--no-ping]\n"
	"                  [--loss SHARE] [--rst-per-s N] [--icmp-per-s N]}...\n"
	"PROTO: tcp udp; WHAT: open closed drop reset prohibited mute; the last rule that fits counts, without one: closed.\n"
	"Prints \"ready\" when it listens, counts when it ends: by SIGTERM, SIGINT or after --max-seconds (default 600).\n";

static int bad(const char *what, const char *value)
{
	fprintf(stderr, "responder: bad %s: '%s'\n%s", what, value, usage);
	return -1;
}

static int add_hosts(struct responder *r, const char *text)
{
	struct group *g = &r->groups[r->n_groups];
	char copy[ADDR_TEXT_MAX + 8], *slash;
	uint64_t bits, width;

	if (r->n_groups == GROUPS_MAX || strlen(text) >= sizeof(copy))
		return bad("--hosts", text);
	strcpy(copy, text);
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	if (addr_parse(copy, &g->first))
		return bad("--hosts", text);
	bits = width = 8 * addr_len(&g->first);
	if (slash && str_u64(slash, width - 17, width, &bits))
		return bad("--hosts", text);
	g->n = UINT64_C(1) << (width - bits);
	r->n_groups++;
	return 0;
}

static int parse_what(const char *name, enum sim_port *out)
{
	static const struct {
		const char *name;
		enum sim_port what;
	} names[] = {
		{"open", SIM_OPEN},	   {"closed", SIM_CLOSED},	    {"drop", SIM_DROP},
		{"reset", SIM_REJECT_RST}, {"prohibited", SIM_REJECT_ICMP}, {"mute", SIM_OPEN_MUTE},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(name, names[i].name)) {
			*out = names[i].what;
			return 0;
		}
	}
	return -1;
}

static int add_rule(struct group *g, const char *text)
{
	char proto[4], what[16];
	unsigned lo, hi;
	struct sim_rule *rule = &g->rules[g->n_rules];
	int n = sscanf(text, "%3[a-z],%u-%u,%15s", proto, &lo, &hi, what);

	if (n != 4) {
		n = sscanf(text, "%3[a-z],%u,%15s", proto, &lo, what) + 1;
		hi = lo;
	}
	if (g->n_rules == RULES_MAX || n != 4 || hi > 65535 || lo > hi || parse_what(what, &rule->what))
		return bad("--rule", text);
	if (strcmp(proto, "tcp") && strcmp(proto, "udp"))
		return bad("--rule", text);
	rule->proto = proto[0] == 't' ? PROTO_TCP : PROTO_UDP;
	rule->lo = (uint16_t)lo;
	rule->hi = (uint16_t)hi;
	g->n_rules++;
	return 0;
}

/* Options that belong to the latest --hosts. */
static int group_option(struct group *g, int c, const char *arg)
{
	switch (c) {
	case 'r':
		return add_rule(g, arg);
	case 'D':
		g->like.dead = true;
		return 0;
	case 'P':
		g->like.no_ping = true;
		return 0;
	case 'l':
		return str_double(arg, &g->like.loss) ? bad("--loss", arg) : 0;
	case 'R':
		return str_double(arg, &g->like.rst_per_s) ? bad("--rst-per-s", arg) : 0;
	case 'I':
		return str_double(arg, &g->like.icmp_per_s) ? bad("--icmp-per-s", arg) : 0;
	default:
		return -1;
	}
}

static int run_option(struct responder *r, int c, const char *arg)
{
	double ms;

	switch (c) {
	case 'i':
		r->interface = arg;
		return 0;
	case 'd':
		if (str_double(arg, &ms) || ms < 0 || ms > 60000)
			return bad("--delay-ms", arg);
		r->delay_ns = (uint64_t)(ms * 1e6);
		return 0;
	case 'm':
		if (str_u64(arg, 1, 86400, &r->max_ns))
			return bad("--max-seconds", arg);
		r->max_ns *= NS_PER_S;
		return 0;
	case 'f':
		return str_u64(arg, 1, 1 << 22, &r->flights) ? bad("--flights", arg) : 0;
	case 's':
		return str_u64(arg, 0, UINT64_MAX, &r->seed) ? bad("--seed", arg) : 0;
	case 'h':
		return add_hosts(r, arg);
	default:
		if (r->n_groups)
			return group_option(&r->groups[r->n_groups - 1], c, arg);
		return bad("order: --hosts comes first", "");
	}
}

static int parse(struct responder *r, int argc, char **argv)
{
	static const struct option options[] = {
		{"interface", 1, NULL, 'i'},  {"delay-ms", 1, NULL, 'd'}, {"max-seconds", 1, NULL, 'm'},
		{"flights", 1, NULL, 'f'},    {"seed", 1, NULL, 's'},	  {"hosts", 1, NULL, 'h'},
		{"rule", 1, NULL, 'r'},	      {"dead", 0, NULL, 'D'},	  {"no-ping", 0, NULL, 'P'},
		{"loss", 1, NULL, 'l'},	      {"rst-per-s", 1, NULL, 'R'}, {"icmp-per-s", 1, NULL, 'I'},
		{NULL, 0, NULL, 0},
	};
	int c;

	r->max_ns = 600 * NS_PER_S;
	r->flights = 1 << 18;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?') {
			fputs(usage, stderr);
			return -1;
		}
		if (run_option(r, c, optarg))
			return -1;
	}
	if (optind != argc || !r->interface || !r->n_groups)
		return bad("options", "need --interface and --hosts");
	return 0;
}

/* ---- set-up ---------------------------------------------------------------------------------------------------- */

static int make_hosts(struct responder *r)
{
	struct sim_conf c = {.seed = r->seed};
	struct err e;

	for (size_t i = 0; i < r->n_groups; i++)
		r->n_hosts += r->groups[i].n;
	if (r->n_hosts > HOSTS_MAX)
		return bad("--hosts", "too many addresses in all");
	r->hosts = calloc(r->n_hosts, sizeof(*r->hosts));
	if (!r->hosts)
		return bad("--hosts", "no memory");
	for (size_t i = 0, at = 0; i < r->n_groups; i++) {
		struct group *g = &r->groups[i];

		for (uint64_t k = 0; k < g->n; k++, at++) {
			r->hosts[at] = g->like;
			r->hosts[at].addr = addr_add(g->first, k);
			r->hosts[at].rules = g->rules;
			r->hosts[at].n_rules = g->n_rules;
		}
	}
	c.hosts = r->hosts;
	c.n_hosts = r->n_hosts;
	return sim_hosts_init(&r->index, &c, &e) ? bad("--hosts", e.text) : 0;
}

static int complain(const char *what)
{
	fprintf(stderr, "responder: %s: %s\n", what, strerror(errno));
	return -1;
}

/* Protocol 0 receives nothing: the sending socket, and the receiving one until its ring stands. */
static int packet_socket(struct responder *r, uint16_t protocol, int fd)
{
	struct sockaddr_ll sll = {.sll_family = AF_PACKET, .sll_protocol = htons(protocol),
		.sll_ifindex = (int)if_nametoindex(r->interface)};

	if (fd < 0)
		fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 || !sll.sll_ifindex || bind(fd, (struct sockaddr *)&sll, sizeof(sll)))
		return complain(r->interface);
	return fd;
}

static int open_rx(struct responder *r)
{
	struct tpacket_req rq = {.tp_block_size = 1 << 20, .tp_block_nr = RX_FRAME * RX_FRAMES >> 20,
		.tp_frame_size = RX_FRAME, .tp_frame_nr = RX_FRAMES};
	int version = TPACKET_V2, one = 1;

	r->rx = packet_socket(r, 0, -1);
	if (r->rx < 0)
		return -1;
	if (setsockopt(r->rx, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
		setsockopt(r->rx, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
		setsockopt(r->rx, SOL_PACKET, PACKET_RX_RING, &rq, sizeof(rq)))
		return complain("packet ring");
	r->ring = mmap(NULL, (size_t)RX_FRAME * RX_FRAMES, PROT_READ | PROT_WRITE, MAP_SHARED, r->rx, 0);
	if (r->ring == MAP_FAILED)
		return complain("mapping the packet ring");
	return packet_socket(r, ETH_P_ALL, r->rx) < 0 ? -1 : 0;
}

static int set_up(struct responder *r)
{
	int one = 1;
	struct sigaction sa = {.sa_handler = on_signal};

	rng_seed(&r->rng, r->seed);
	if (make_hosts(r))
		return -1;
	r->slots = mmap(NULL, r->flights * sizeof(*r->slots), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r->slots == MAP_FAILED)
		return complain("memory for the answers");
	r->tx = packet_socket(r, 0, -1);
	if (r->tx < 0 || open_rx(r))
		return -1;
	if (setsockopt(r->tx, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)))
		return complain("PACKET_QDISC_BYPASS");
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	return 0;
}

/* ---- work ------------------------------------------------------------------------------------------------------ */

static bool lost(struct responder *r, uint32_t host)
{
	double share = r->hosts[host].loss;

	if (share <= 0 || rng_unit(&r->rng) >= share)
		return false;
	r->n.lost++;
	return true;
}

/* Answer to an ARP request payload; the host found goes to *host. */
static size_t answer_arp(struct responder *r, const uint8_t *data, size_t len, uint32_t *host, uint8_t *out)
{
	struct addr target;

	if (!sim_arp_target(data, len, &target))
		return 0;
	*host = sim_hosts_find(&r->index, &target);
	if (*host == SIM_NONE || r->hosts[*host].dead || lost(r, *host))
		return 0;
	return sim_reply_arp(out, data, &target);
}

static size_t answer_ip(struct responder *r, struct sim_packet *p, uint8_t *out)
{
	struct addr target;

	if (pkt_view(p->data, p->len, &p->view))
		return 0;
	if (!sim_nd_target(&p->view, &target))
		target = p->view.dst;
	p->host = sim_hosts_find(&r->index, &target);
	if (p->host == SIM_NONE || lost(r, p->host))
		return 0;
	return sim_host_answer(&r->index, p, &r->rng, out);
}

static void hold(struct responder *r, const uint8_t *frame, size_t len, uint64_t due_ns)
{
	struct slot *s = &r->slots[r->head % r->flights];

	if (r->head - r->tail == r->flights || len > sizeof(s->frame)) {
		r->n.no_room++;
		return;
	}
	memcpy(s->frame, frame, len);
	s->len = (uint32_t)len;
	s->due_ns = due_ns;
	r->head++;
	r->n.answered++;
	if (r->head - r->tail > r->n.most_held)
		r->n.most_held = r->head - r->tail;
}

static void take_frame(struct responder *r, const uint8_t *frame, size_t len, uint64_t at_ns)
{
	struct sim_packet p = {.host = SIM_NONE, .at_ns = at_ns, .data = frame + ETH_HLEN, .len = len - ETH_HLEN};
	uint8_t out[ETH_HLEN + SIM_ANSWER_MAX];
	struct mac mac;
	size_t n = 0;

	r->n.received++;
	if (len < ETH_HLEN)
		return;
	switch (frame[12] << 8 | frame[13]) {
	case ETH_P_ARP:
		n = answer_arp(r, p.data, p.len, &p.host, out + ETH_HLEN);
		break;
	case ETH_P_IP:
	case ETH_P_IPV6:
		n = answer_ip(r, &p, out + ETH_HLEN);
		break;
	}
	if (!n || lost(r, p.host))
		return;
	mac = sim_host_mac(&r->hosts[p.host].addr);
	memcpy(out, frame + 6, 6);
	memcpy(out + 6, mac.b, 6);
	memcpy(out + 12, frame + 12, 2);
	hold(r, out, ETH_HLEN + n, at_ns + r->delay_ns);
}

static unsigned receive(struct responder *r)
{
	unsigned n = 0;

	for (; n < RX_BATCH; n++) {
		uint8_t *f = r->ring + (size_t)r->rx_at * RX_FRAME;
		struct tpacket2_hdr *h = (struct tpacket2_hdr *)(void *)f;

		if (!(__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
			break;
		take_frame(r, f + h->tp_mac, h->tp_snaplen, (uint64_t)h->tp_sec * NS_PER_S + h->tp_nsec);
		__atomic_store_n(&h->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		r->rx_at = (r->rx_at + 1) % RX_FRAMES;
	}
	return n;
}

/* Sends what is due; how many. */
static unsigned send_due(struct responder *r, uint64_t now)
{
	struct mmsghdr m[TX_BATCH] = {0};
	struct iovec v[TX_BATCH];
	unsigned n = 0;
	int sent;

	for (; n < TX_BATCH && r->tail + n < r->head; n++) {
		struct slot *s = &r->slots[(r->tail + n) % r->flights];

		if (s->due_ns > now)
			break;
		v[n] = (struct iovec){s->frame, s->len};
		m[n].msg_hdr = (struct msghdr){.msg_iov = &v[n], .msg_iovlen = 1};
	}
	if (!n)
		return 0;
	sent = sendmmsg(r->tx, m, n, 0);
	if (sent <= 0) {
		if (errno == ENOBUFS || errno == EAGAIN || errno == EINTR)
			return 0; /* again later */
		r->n.send_errors++;
		sent = 1; /* this one is given up */
	}
	r->tail += (unsigned)sent;
	r->n.sent += (unsigned)sent;
	return (unsigned)sent;
}

/* Nothing to do now: until the next answer is due or a frame may have come. With a delay there is time to let frames gather. */
static void rest(struct responder *r, uint64_t now)
{
	struct pollfd p = {.fd = r->rx, .events = POLLIN};
	uint64_t ns = IDLE_NS;
	struct timespec t;

	if (r->tail < r->head) {
		uint64_t due = r->slots[r->tail % r->flights].due_ns;

		ns = due > now ? due - now : 0;
		if (ns > NAP_NS)
			ns = NAP_NS;
	}
	t = (struct timespec){(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
	if (ns == IDLE_NS || r->delay_ns < 5 * NAP_NS)
		ppoll(&p, 1, &t, NULL);
	else
		nanosleep(&t, NULL);
}

static void serve(struct responder *r)
{
	uint64_t now = now_ns(), end = now + r->max_ns;

	while (!stop && now < end) {
		unsigned n = receive(r);

		now = now_ns();
		for (unsigned k; (k = send_due(r, now)); n += k)
			;
		if (!n)
			rest(r, now);
	}
}

static void report(struct responder *r)
{
	struct tpacket_stats st = {0};
	socklen_t len = sizeof(st);

	getsockopt(r->rx, SOL_PACKET, PACKET_STATISTICS, &st, &len);
	printf("received %" PRIu64 " answered %" PRIu64 " sent %" PRIu64 " lost %" PRIu64 " no-room %" PRIu64
	       " send-errors %" PRIu64 " missed %u most-held %" PRIu64 "\n",
		r->n.received, r->n.answered, r->n.sent, r->n.lost, r->n.no_room, r->n.send_errors, st.tp_drops,
		r->n.most_held);
}

int main(int argc, char **argv)
{
	static struct responder r;

	if (parse(&r, argc, argv))
		return 2;
	if (set_up(&r))
		return 1;
	puts("ready");
	fflush(stdout);
	serve(&r);
	report(&r);
	return 0;
}
