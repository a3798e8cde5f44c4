/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes invented runs in any output format, for other people's programs to read: sample SCENARIO
 * FORMAT PATH [OPTION...] */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "out/out.h"

#define START (UINT64_C(1795215600) * NS_PER_S) /* 2026-11-20 23:00:00 UTC */
#define MS    NS_PER_MS
#define US    NS_PER_US

struct sink {
	const struct out_ops *ops;
	struct out *out;
	struct err e;
};

static void put(struct sink *s, const struct rec *r)
{
	if ((s->ops->want & BUS_WANT(r->kind)) && s->ops->put(s->out, r, &s->e) < 0) {
		fprintf(stderr, "%s\n", s->e.text);
		exit(1);
	}
}

static void put_host(struct sink *s, const struct rec_host *h)
{
	put(s, &(struct rec){.kind = REC_HOST, .host = h});
}

static void put_run(struct sink *s, const struct out_conf *c, const char *args, size_t n_info)
{
	static const struct rec_scaninfo info[] = {
		{"syn", PROTO_TCP, 1000, "1-1000"},
		{"udp", PROTO_UDP, 100, "1-100"},
	};
	struct rec_run run = {
		.program = "sonde",
		.version = "0.1.0",
		.args = args,
		.start_wall_ns = START,
		.info = info,
		.n_info = n_info,
		.verbose = c->verbose,
		.debug = c->debug,
		.privileged = true,
	};

	put(s, &(struct rec){.kind = REC_RUN, .run = &run});
}

static void put_end(struct sink *s, uint64_t up, uint64_t down, bool interrupted)
{
	struct rec_end end = {
		.end_wall_ns = START + 2500 * MS,
		.elapsed_ns = 2500 * MS,
		.hosts_up = up,
		.hosts_down = down,
		.hosts_total = up + down,
		.probes_sent = 2345,
		.replies = 1999,
		.interrupted = interrupted,
	};

	put(s, &(struct rec){.kind = REC_END, .end = &end});
}

static void put_note(struct sink *s, enum log_level level, const char *text)
{
	struct rec_note n = {level, text};

	put(s, &(struct rec){.kind = REC_NOTE, .note = &n});
}

/* n ports from `first` on in one state; returns the place behind them. */
static struct rec_port *fill(struct rec_port *p, unsigned first, unsigned n, struct rec_port like)
{
	for (unsigned i = 0; i < n; i++) {
		p[i] = like;
		p[i].number = (uint16_t)(first + i);
	}
	return p + n;
}

static const struct rec_port closed = {.proto = PROTO_TCP,
	.state = PORT_CLOSED,
	.reason = REASON_RESET,
	.ttl = 64,
	.rtt_ns = 80123,
	.rtt_src = RTT_KERNEL};
static const struct rec_port silent = {
	.proto = PROTO_TCP, .state = PORT_FILTERED, .reason = REASON_NO_RESPONSE};
static const struct rec_port udp_silent = {
	.proto = PROTO_UDP, .state = PORT_OPEN_FILTERED, .reason = REASON_NO_RESPONSE};

static struct rec_port open_port(uint16_t number, const char *service, uint64_t rtt_ns)
{
	return (struct rec_port){.number = number,
		.proto = PROTO_TCP,
		.state = PORT_OPEN,
		.reason = REASON_SYN_ACK,
		.ttl = 64,
		.rtt_ns = rtt_ns,
		.rtt_src = RTT_KERNEL,
		.service = service};
}

static struct rec_host up_host(uint32_t addr)
{
	return (struct rec_host){.addr = addr_v4(addr),
		.state = HOST_UP,
		.reason = REASON_ARP_RESPONSE,
		.start_wall_ns = START + 100 * MS,
		.end_wall_ns = START + 1200 * MS,
		.srtt_ns = 310 * US,
		.rttvar_ns = 50 * US,
		.rto_ns = 100 * MS,
		.latency_ns = 310 * US,
		.latency_src = RTT_KERNEL,
		.ports_scanned = true,
		.probes_sent = 1002,
		.backend = "packet-ring"};
}

/* A web server with 996 closed ports, a firewall in front of two. */
static void host_web(struct sink *s)
{
	static struct rec_port ports[1000];
	struct addr router = addr_v4(0x0a4d0001), other = addr_v4(0x0a4d006e);
	struct rec_host h = up_host(0x0a4d000a);
	struct rec_port *p = ports;

	p = fill(p, 1, 21, closed);
	*p++ = open_port(22, "ssh", 84100);
	p = fill(p, 23, 57, closed);
	*p++ = open_port(80, "http", 81700);
	p = fill(p, 81, 918, closed);
	p = fill(p, 8080, 1, silent);
	p[-1].service = "http-alt";
	p = fill(p, 8081, 1, silent);
	p[-1].reason = REASON_ADMIN_PROHIBITED;
	p[-1].ttl = 63;
	p[-1].from = 1;
	p[-1].rtt_ns = 1234567;
	p[-1].rtt_src = RTT_USER;
	h.user_name = "web1.lab";
	h.ptr_name = "srv-10.lab";
	h.other_addrs = &other;
	h.n_other_addrs = 1;
	h.has_mac = true;
	h.mac = (struct mac){{0x00, 0x0c, 0x29, 0x10, 0x10, 0x10}};
	h.vendor = "VMware";
	h.from = &router;
	h.n_from = 1;
	h.ports = ports;
	h.n_ports = (size_t)(p - ports);
	put_host(s, &h);
}

/* Everything closed or silent, TCP and UDP, and an IPv6 address. */
static void host_ignored(struct sink *s)
{
	static struct rec_port ports[400];
	struct rec_host h = up_host(0);
	struct rec_port *p = ports;
	int bad = addr_parse("2001:db8::5", &h.addr);

	p = fill(p, 1, 100, closed);
	p = fill(p, 200, 50, silent);
	p = fill(p, 500, 3, silent);
	p[-1].reason = p[-2].reason = p[-3].reason = REASON_ADMIN_PROHIBITED;
	p = fill(p, 1, 3, udp_silent);
	p = fill(p, 10, 60, udp_silent);
	p = fill(p, 100, 1, udp_silent);
	p[-1].state = PORT_CLOSED;
	p[-1].reason = REASON_PORT_UNREACH;
	h.reason = REASON_ECHO_REPLY;
	h.ttl = 63;
	h.ptr_name = bad ? NULL : "fw.lab";
	h.ports = ports;
	h.n_ports = (size_t)(p - ports);
	put_host(s, &h);
}

/* Few ports, nothing collapsed; one never probed to a verdict. */
static void host_few(struct sink *s)
{
	struct rec_port ports[4];
	struct rec_host h = up_host(0x0a4d000b);

	ports[0] = open_port(443, "https", 999);
	fill(&ports[1], 9000, 1, closed);
	fill(&ports[2], 9001, 1, closed);
	ports[2].state = PORT_UNKNOWN;
	fill(&ports[3], 53, 1, udp_silent);
	ports[3].service = "domain";
	h.latency_ns = h.srtt_ns = 0;
	h.reason = REASON_USER_SET;
	h.ports = ports;
	h.n_ports = 4;
	put_host(s, &h);
}

static void host_down(struct sink *s)
{
	struct rec_host h = {.addr = addr_v4(0x0a4d000c),
		.state = HOST_DOWN,
		.reason = REASON_NO_RESPONSE,
		.user_name = "down.lab"};

	put_host(s, &h);
}

static void host_timed_out(struct sink *s)
{
	struct rec_port ports[1] = {open_port(22, "ssh", 20 * MS)};
	struct rec_host h = up_host(0x0a4d000d);

	h.timed_out = true;
	h.ports = ports;
	h.n_ports = 1;
	put_host(s, &h);
	h.addr = addr_v4(0x0a4d000e);
	h.n_ports = 0;
	put_host(s, &h);
}

static void host_listed(struct sink *s, uint32_t addr, const char *name)
{
	struct rec_host h = {.addr = addr_v4(addr),
		.state = HOST_SKIPPED,
		.reason = REASON_USER_SET,
		.listed = true,
		.user_name = name};

	put_host(s, &h);
}

static void host_pinged(struct sink *s, uint32_t addr)
{
	struct rec_host h = up_host(addr);

	h.ports_scanned = false;
	h.has_mac = true;
	h.mac = (struct mac){{2, 0, 0, 0, 0, 1}};
	put_host(s, &h);
}

/* --- scenarios -------------------------------------------------------------------------------- */

static void scan(struct sink *s, const struct out_conf *c)
{
	struct rec_port found = open_port(22, "ssh", 84100);
	struct rec_found f = {addr_v4(0x0a4d000a), &found};
	struct rec_progress p = {.phase = "SYN scan",
		.done = 0.345,
		.elapsed_ns = 1 * NS_PER_S,
		.eta_ns = 70 * NS_PER_S,
		.hosts_done = 3,
		.hosts_up = 2,
		.hosts_active = 1,
		.probes_sent = 500,
		.rate_pps = 1234.5,
		.asked = true};
	struct rec_packet packet = {
		.sent = true, .at_ns = 1234567, .text = "TCP 10.77.0.1:4 > 10.77.0.10:22 S"};

	put_run(s, c, "sonde -oX out.xml --open web1.lab", 2);
	put_note(s, LOG_WARN, "cannot resolve nowhere.lab");
	put(s, &(struct rec){.kind = REC_PACKET, .packet = &packet});
	put(s, &(struct rec){.kind = REC_FOUND, .found = &f});
	host_web(s);
	put(s, &(struct rec){.kind = REC_PROGRESS, .progress = &p});
	host_down(s);
	host_ignored(s);
	host_few(s);
	host_timed_out(s);
	put_end(s, 5, 1, false);
}

/* Short records, for the formats that list every port. */
static void brief(struct sink *s, const struct out_conf *c)
{
	struct rec_progress p = {
		.phase = "UDP scan", .done = 0.5, .elapsed_ns = 5, .rate_pps = 0.25, .asked = true};

	put_run(s, c, "sonde -p 53,443", 2);
	put_note(s, LOG_WARN, "cannot resolve nowhere.lab");
	host_few(s);
	put(s, &(struct rec){.kind = REC_PROGRESS, .progress = &p});
	host_timed_out(s);
	host_pinged(s, 0x0a4d000f);
	host_listed(s, 0x0a4d0010, "listed.lab");
	put_end(s, 5, 0, false);
}

/* A way with silent routers and names, one that does not arrive, and none. */
static void route(struct sink *s, const struct out_conf *c)
{
	struct rec_port port = open_port(80, "http", 20 * MS);
	struct rec_hop hops[] = {
		{.ttl = 1,
			.addr = addr_v4(0x0a4d0001),
			.rtt_ns = 12345,
			.rtt_src = RTT_KERNEL,
			.name = "gw.lab"},
		{.ttl = 2},
		{.ttl = 3,
			.addr = addr_v4(0x0a4d0202),
			.rtt_ns = 1234567890,
			.name = "<b>\x1b[2J\xff"},
		{.ttl = 4},
		{.ttl = 5},
		{.ttl = 6, .addr = addr_v4(0x0a4d0606), .shared = true},
		{.ttl = 7, .addr = addr_v4(0x0a4d030a), .rtt_ns = 20 * MS, .rtt_src = RTT_KERNEL},
	};
	struct rec_hop near = {
		.ttl = 1, .addr = addr_v4(0x0a4d000f), .rtt_ns = 310 * US, .rtt_src = RTT_KERNEL};
	struct rec_trace t = {PROTO_TCP, 80, true, hops, 7};
	struct rec_host h = up_host(0x0a4d030a);

	h.ports = &port;
	h.n_ports = 1;
	h.trace = &t;
	put_run(s, c, "sonde --traceroute 10.77.3.10", 1);
	put_host(s, &h);
	t = (struct rec_trace){PROTO_ICMP, 0, false, hops, 5};
	h.ports_scanned = false;
	put_host(s, &h);
	t = (struct rec_trace){PROTO_IP, 0, true, &near, 1};
	h.addr = near.addr;
	put_host(s, &h);
	put_end(s, 3, 0, false);
}

static void list(struct sink *s, const struct out_conf *c)
{
	put_run(s, c, "sonde -sL", 0);
	host_listed(s, 0x0a4d000a, "web1.lab");
	host_listed(s, 0x0a4d000b, NULL);
	put_end(s, 0, 2, false);
}

static void ping(struct sink *s, const struct out_conf *c)
{
	put_run(s, c, "sonde -sn", 0);
	host_pinged(s, 0x0a4d000a);
	host_down(s);
	put_end(s, 1, 1, false);
}

static void empty(struct sink *s, const struct out_conf *c)
{
	put_run(s, c, "sonde", 1);
	put_end(s, 0, 0, false);
}

static void down(struct sink *s, const struct out_conf *c)
{
	put_run(s, c, "sonde down.lab", 1);
	host_down(s);
	put_end(s, 0, 1, false);
}

static void interrupted(struct sink *s, const struct out_conf *c)
{
	struct rec_port ports[] = {{.number = 1,
					   .proto = PROTO_IP,
					   .state = PORT_OPEN,
					   .reason = REASON_ECHO_REPLY,
					   .service = "icmp"},
		{.number = 99,
			.proto = PROTO_IP,
			.state = PORT_CLOSED,
			.reason = REASON_PROTO_UNREACH}};
	struct rec_host h = up_host(0x0a4d000c);

	h.partial = true;
	h.ports = ports;
	h.n_ports = 2;
	put_run(s, c, "sonde", 1);
	host_web(s);
	put_host(s, &h);
	put_end(s, 2, 0, true);
}

/* As if the process had died: no end record, no close. */
static void killed(struct sink *s, const struct out_conf *c)
{
	put_run(s, c, "sonde", 1);
	put_note(s, LOG_WARN, "a note");
	host_web(s);
	host_few(s);
	_exit(0);
}

static void put_packet(struct sink *s, const char *text, uint64_t n)
{
	static const uint8_t data[] = "E # not an IP packet\n000000  00";
	struct rec_packet p = {.sent = n % 2,
		.at_ns = n,
		.wall_ns = START + n,
		.text = text,
		.interface = text,
		.verdict = text,
		.data = data,
		.len = sizeof(data),
		.wire_len = sizeof(data) + 5,
		.ethertype = 0x88b5};

	put(s, &(struct rec){.kind = REC_PACKET, .packet = &p});
}

static void hostile(struct sink *s, const struct out_conf *c)
{
	static const char *const evil[] = {"\x1b]0;owned\x07\x1b[2J",
		"<script>alert(\"1\")</script>&amp;]]>", "\xff\xfe bad \xc3(",
		"two\nlines\r\n\ttab", "=cmd|'/c calc'!A1", "-->,\"quoted\",/slash/",
		"caf\xc3\xa9 \xe2\x80\xae \xef\xbf\xbf \xc2\x9b", "", " blank "};
	struct rec_port ports[1];
	struct rec_host h = up_host(0x0a4d000a);

	put_run(s, c, "sonde '\x1b[31m' --script='<x>' \xff --", 1);
	h.has_mac = true;
	h.ports = ports;
	h.n_ports = 1;
	for (size_t i = 0; i < sizeof(evil) / sizeof(evil[0]); i++) {
		ports[0] = open_port((uint16_t)(i + 1), evil[i], 1000);
		h.addr = addr_v4(0x0a4d0000 + (uint32_t)i);
		h.user_name = h.ptr_name = h.vendor = evil[i];
		h.ptr_name = evil[(i + 1) % (sizeof(evil) / sizeof(evil[0]))];
		put_note(s, LOG_WARN, evil[i]);
		put_packet(s, evil[i], i);
		put_host(s, &h);
	}
	put_end(s, 9, 0, false);
}

/* All 65,535 ports closed but for every 100th, which is open: long records. */
static void big(struct sink *s, const struct out_conf *c)
{
	static struct rec_port ports[65535];
	struct rec_host h = up_host(0x0a4d000a);

	fill(ports, 1, 65535, closed);
	for (unsigned i = 99; i < 65535; i += 100)
		ports[i] = open_port((uint16_t)(i + 1), NULL, 80000 + i);
	h.ports = ports;
	h.n_ports = 65535;
	put_run(s, c, "sonde -p-", 1);
	put_host(s, &h);
	put_end(s, 1, 0, false);
}

/* Hosts without end, one every 0.2 ms, until somebody kills the process. */
static void endless(struct sink *s, const struct out_conf *c)
{
	put_run(s, c, "sonde", 1);
	for (;;) {
		host_few(s);
		put_note(s, LOG_WARN, "still here");
		usleep(200);
	}
}

/* The same with records of many pages in the formats that list every port. */
static void endless_long(struct sink *s, const struct out_conf *c)
{
	put_run(s, c, "sonde", 1);
	for (;;) {
		host_web(s);
		usleep(200);
	}
}

/* A shard of a sweep that was stopped, with two answers. */
static void sweep(struct sink *s, const struct out_conf *c)
{
	static const struct rec_coverage done = {.total = 40000000000,
		.first = 10000000000,
		.behind = 20000000000,
		.planned = 10000065536,
		.sent = 4294967297,
		.skipped = 256,
		.unsent = 12,
		.answers = 2,
		.duplicates = 5,
		.forged = 3,
		.late = 1,
		.no_room = 4,
		.resets = 1,
		.open = 1,
		.closed = 1,
		.rate_pps = 1717986918.8,
		.sender = "xdp-live",
		.receiver = "xdp"};
	struct rec_result v[] = {{.addr = addr_v4(0x0a4d000a),
					 .port = open_port(80, "http", 80000),
					 .at_wall_ns = START},
		{.addr = addr_v4(0x0a4d000b), .port = closed, .at_wall_ns = START + MS}};
	struct rec_results results = {v, 2};
	struct rec_progress p = {.phase = "SYN scan",
		.done = 0.25,
		.elapsed_ns = 2 * NS_PER_S,
		.eta_ns = 6 * NS_PER_S,
		.probes_sent = done.sent,
		.rate_pps = 12.34,
		.sweep = &done,
		.asked = true};
	struct rec_end end = {.end_wall_ns = START + 2500 * MS,
		.elapsed_ns = 2500 * MS,
		.hosts_total = 4000000000,
		.probes_sent = done.sent,
		.replies = 2,
		.interrupted = true,
		.hosts_unknown = true,
		.sweep = &done};
	struct rec_host h = up_host(0);

	put_run(s, c, "sonde --sweep", 1);
	put(s, &(struct rec){.kind = REC_RESULTS, .results = &results});
	put(s, &(struct rec){.kind = REC_PROGRESS, .progress = &p});
	h.n_ports = 1;
	for (size_t i = 0; i < results.n && !c->screen; i++) {
		h.addr = v[i].addr;
		h.ports = &v[i].port;
		put_host(s, &h);
	}
	put(s, &(struct rec){.kind = REC_END, .end = &end});
}

static const struct scenario {
	const char *name;
	void (*play)(struct sink *s, const struct out_conf *c);
} scenarios[] = {
	{"scan", scan},
	{"brief", brief},
	{"route", route},
	{"list", list},
	{"ping", ping},
	{"empty", empty},
	{"down", down},
	{"interrupted", interrupted},
	{"killed", killed},
	{"sweep", sweep},
	{"hostile", hostile},
	{"big", big},
	{"endless", endless},
	{"endless-long", endless_long},
};

static const struct scenario *scenario_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		if (strcmp(scenarios[i].name, name) == 0)
			return &scenarios[i];
	}
	return NULL;
}

static void set_option(struct out_conf *c, const char *option)
{
	if (strcmp(option, "v") == 0)
		c->verbose++;
	else if (strcmp(option, "d") == 0)
		c->debug++;
	else if (strcmp(option, "open") == 0)
		c->open_only = true;
	else if (strcmp(option, "reason") == 0)
		c->reason = true;
	else if (strcmp(option, "screen") == 0)
		c->screen = true;
	else if (strcmp(option, "append") == 0)
		c->append = true;
	else if (strcmp(option, "trace") == 0)
		c->trace = true;
	else if (strcmp(option, "style") == 0)
		c->stylesheet = "sonde.xsl?a=1&b=2";
	else
		exit(2);
}

int main(int argc, char **argv)
{
	const struct scenario *scenario = argc < 4 ? NULL : scenario_by_name(argv[1]);
	struct sink s = {.ops = argc < 4 ? NULL : out_format_by_name(argv[2])};
	struct out_conf c = {0};

	if (!scenario || !s.ops) {
		fprintf(stderr,
			"usage: sample SCENARIO FORMAT PATH [v|d|open|reason|screen|append|trace|style]...\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	c.path = argv[3];
	c.list_only = scenario->play == list;
	c.ping_only = scenario->play == ping;
	c.results = scenario->play == sweep;
	for (int i = 4; i < argc; i++)
		set_option(&c, argv[i]);
	if (s.ops->open(&s.out, &c, &s.e) < 0) {
		fprintf(stderr, "%s\n", s.e.text);
		return 1;
	}
	scenario->play(&s, &c);
	if (s.ops->close(s.out, &s.e) < 0) {
		fprintf(stderr, "%s\n", s.e.text);
		return 1;
	}
	return 0;
}
