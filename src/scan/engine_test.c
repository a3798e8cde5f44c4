/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole scans over the simulated network: what is found is what is there, in the right order,
 * whatever the others do. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scan/sim_run.c"

#include "pkt/build.h"
#include "scan/tech.h"

#define COUNT(v) (sizeof(v) / sizeof(*(v)))
#define MS	 NS_PER_MS

static const struct sim_rule mixed[] = {
	{PROTO_TCP, 1, 20, SIM_OPEN},
	{PROTO_TCP, 21, 60, SIM_DROP},
	{PROTO_TCP, 61, 80, SIM_REJECT_ICMP},
	{PROTO_TCP, 81, 90, SIM_REJECT_RST},
	{PROTO_UDP, 1, 20, SIM_OPEN},
	{PROTO_UDP, 21, 40, SIM_OPEN_MUTE},
	{PROTO_UDP, 41, 60, SIM_DROP},
	{PROTO_UDP, 61, 80, SIM_REJECT_ICMP},
};
static const struct sim_rule silent[] = {
	{PROTO_TCP, 0, 65535, SIM_DROP}, {PROTO_UDP, 0, 65535, SIM_DROP}};
static const struct sim_rule refusing[] = {{PROTO_TCP, 0, 65535, SIM_REJECT_ICMP}};

static struct sim_host host(const char *a, uint64_t rtt_ns, const struct sim_rule *rules, size_t n)
{
	return (struct sim_host){.addr = sim_addr(a),
		.rtt_ns = rtt_ns,
		.jitter_ns = rtt_ns / 10,
		.rules = rules,
		.n_rules = n};
}

/* ---- states
 * ----------------------------------------------------------------------------------------- */

/* Round trips lie where the network puts them; what did not answer has none. */
static void check_rtts(const struct sim_run *r, const struct sim_host *h)
{
	char text[ADDR_TEXT_MAX];
	const struct rec_host *rec = sim_host_of(r, addr_text(&h->addr, text));

	for (size_t i = 0; i < rec->n_ports; i++) {
		const struct rec_port *p = &rec->ports[i];

		if (p->reason == REASON_NO_RESPONSE) {
			assert_int_equal(p->rtt_src, RTT_NONE);
			assert_int_equal(p->rtt_ns, 0);
			continue;
		}
		assert_int_equal(p->rtt_src, RTT_SIM);
		assert_in_range(p->rtt_ns, h->rtt_ns, h->rtt_ns + 2 * h->jitter_ns);
	}
}

static void check_mixed(
	const struct sim_host *hosts, size_t n, const char *techs[2], const char *const targets[4])
{
	struct sim_run r;

	sim_run_init(&r, hosts, n, techs[0]);
	r.plan.techniques[1] = techs[1];
	memcpy(r.targets, targets, sizeof(r.targets));
	sim_ports(&r.plan.ports.of[PORTS_TCP], 1, 120);
	sim_ports(&r.plan.ports.of[PORTS_UDP], 1, 120);
	sim_run(&r);
	assert_int_equal(r.n_hosts, n);
	for (size_t i = 0; i < n; i++) {
		for (int t = 0; t < 2 && techs[t]; t++)
			sim_check_ports(&r, &hosts[i], scan_tech_by_name(techs[t])->proto, 1, 120);
		check_rtts(&r, &hosts[i]);
		assert_int_equal(r.hosts[i].n_ports, techs[1] ? 240 : 120);
		assert_int_equal(r.hosts[i].probes_sent, sim_sent_to(&r, &hosts[i].addr, 0));
		assert_string_equal(r.hosts[i].backend, "sim");
	}
	assert_false(r.end.interrupted);
	assert_null(r.end.error);
	assert_int_equal(r.end.probes_sent, r.n_sent);
	assert_int_equal(r.end.hosts_up, n);
	assert_int_equal(r.end.hosts_total, n);
	sim_run_free(&r);
}

static void check_family(const char *techs[2], bool v6)
{
	const struct sim_host v4[] = {host("10.0.0.1", MS, mixed, COUNT(mixed)),
		host("10.0.0.2", 20 * MS, mixed, COUNT(mixed)),
		host("10.0.0.3", 200 * MS, mixed, COUNT(mixed))};
	const struct sim_host six[] = {host("fd00::1", MS, mixed, COUNT(mixed)),
		host("fd00::2", 20 * MS, mixed, COUNT(mixed)),
		host("2001:db8::3", 200 * MS, mixed, COUNT(mixed))};

	check_mixed(v6 ? six : v4, 3, techs,
		v6 ? (const char *const[4]){"fd00::1", "fd00::2", "2001:db8::3"}
		   : (const char *const[4]){"10.0.0.1-3"});
}

static void test_truth_syn(void **state)
{
	check_family((const char *[2]){"syn"}, false);
	check_family((const char *[2]){"syn"}, true);
}

static void test_truth_udp(void **state)
{
	check_family((const char *[2]){"udp"}, false);
	check_family((const char *[2]){"udp"}, true);
}

static void test_truth_connect(void **state)
{
	check_family((const char *[2]){"connect"}, false);
	check_family((const char *[2]){"connect"}, true);
}

static void test_truth_several(void **state)
{
	check_family((const char *[2]){"syn", "udp"}, false);
	check_family((const char *[2]){"udp", "connect"}, false);
	check_family((const char *[2]){"syn", "udp"}, true);
}

/* Reasons, and who said so: the definition of the simulated firewall, RFC 1812 5.2.7.1 code 13 from
 * its router. */
static void test_reasons(void **state)
{
	struct sim_host h = host("10.0.0.1", MS, mixed, COUNT(mixed));
	static const struct {
		uint16_t port;
		uint8_t tcp, udp;
	} want[] = {{1, REASON_SYN_ACK, REASON_UDP_RESPONSE},
		{30, REASON_NO_RESPONSE, REASON_NO_RESPONSE},
		{70, REASON_ADMIN_PROHIBITED, REASON_ADMIN_PROHIBITED},
		{85, REASON_RESET, REASON_PORT_UNREACH}, {100, REASON_RESET, REASON_PORT_UNREACH}};
	struct sim_run r;
	const struct rec_port *p;

	h.router = sim_addr("10.9.9.9");
	sim_run_init(&r, &h, 1, "syn");
	r.plan.techniques[1] = "udp";
	r.targets[0] = "10.0.0.1";
	sim_ports(&r.plan.ports.of[PORTS_TCP], 1, 120);
	sim_ports(&r.plan.ports.of[PORTS_UDP], 1, 120);
	sim_run(&r);
	assert_int_equal(r.hosts[0].n_from, 1);
	assert_true(addr_eq(&r.hosts[0].from[0], &h.router));
	for (size_t i = 0; i < COUNT(want); i++) {
		p = &r.hosts[0].ports[want[i].port - 1];
		assert_int_equal(p->reason, want[i].tcp);
		assert_int_equal(p->from, want[i].port == 70);
		assert_int_equal(p->ttl, want[i].tcp == REASON_NO_RESPONSE ? 0 : 64);
		p += 120;
		assert_int_equal(p->proto, PROTO_UDP);
		assert_int_equal(p->reason, want[i].udp);
		assert_int_equal(p->from, want[i].port == 70);
	}
	sim_run_free(&r);
}

/* With loss and jitter nothing may hang or be left out, and an open port is never called closed. */
static void test_loss_never_turns_states_round(void **state)
{
	struct sim_host h = host("10.0.0.1", 20 * MS, mixed, COUNT(mixed));
	struct sim_run r;

	h.loss = 0.3;
	sim_run_init(&r, &h, 1, "syn");
	r.targets[0] = "10.0.0.1";
	sim_ports(&r.plan.ports.of[PORTS_TCP], 1, 120);
	sim_run(&r);
	assert_int_equal(r.hosts[0].n_ports, 120);
	for (size_t i = 0; i < 120; i++) {
		enum port_state is = r.hosts[0].ports[i].state,
				was = sim_truth(&h, PROTO_TCP, (uint16_t)(i + 1));

		assert_true(is == was || is == PORT_FILTERED);
	}
	sim_run_free(&r);
}

/* A queue that takes three probes at a time changes nothing. */
static void test_short_queue(void **state)
{
	const struct sim_host h = host("10.0.0.1", 5 * MS, mixed, COUNT(mixed));
	struct sim_run r;

	sim_run_init(&r, &h, 1, "syn");
	r.targets[0] = "10.0.0.1";
	r.take = 3;
	sim_ports(&r.plan.ports.of[PORTS_TCP], 1, 120);
	sim_run(&r);
	sim_check_ports(&r, &h, PROTO_TCP, 1, 120);
	assert_int_equal(r.end.probes_sent, r.n_sent);
	sim_run_free(&r);
}

/* SYN-ACKs by somebody who saw our destination, but neither our sequence number, nor our port, or
 * who is somebody else. */
static size_t forge_synack(struct sim_run *r, const struct io_tx *tx, uint8_t *buf, size_t cap)
{
	struct pkt_view v;
	struct build_ip ip = {.ttl = 64};
	struct build_tcp t = {.flags = TCP_SYN | TCP_ACK};

	assert_int_equal(pkt_view(tx->data, tx->len, &v), 0);
	ip.src = v.dst;
	ip.dst = v.src;
	t.sport = v.l4.dport;
	t.dport = v.l4.sport;
	t.ack = v.l4.seq + 1;
	if (r->n_sent % 4 == 0)
		t.ack += 16; /* same mark of the try, wrong cookie */
	else if (r->n_sent % 4 == 1)
		t.dport += 16;
	else if (r->n_sent % 4 == 2)
		t.sport ^= 1;
	else
		ip.src = addr_add(ip.src, 1); /* scanned as well */
	return build_tcp(buf, cap, &ip, &t);
}

static void test_forged_answers(void **state)
{
	const struct sim_host h[] = {host("10.0.0.1", 5 * MS, mixed, COUNT(mixed)),
		host("10.0.0.2", 5 * MS, mixed, COUNT(mixed))};
	struct sim_run r;

	sim_run_init(&r, h, 2, "syn");
	r.targets[0] = "10.0.0.1-2";
	r.forge = forge_synack;
	sim_ports(&r.plan.ports.of[PORTS_TCP], 1, 120);
	sim_run(&r);
	sim_check_ports(&r, &h[0], PROTO_TCP, 1, 120);
	sim_check_ports(&r, &h[1], PROTO_TCP, 1, 120);
	sim_run_free(&r);
}

/* ---- discovery
 * -------------------------------------------------------------------------------------- */

static void ping_lists(struct plan *p, unsigned kinds)
{
	p->ping = kinds;
	sim_ports(&p->ping_syn, 443, 443);
	sim_ports(&p->ping_ack, 80, 80);
	sim_ports(&p->ping_udp, 40125, 40125);
}

#define DEFAULT_PINGS (PING_ECHO | PING_SYN | PING_ACK | PING_TSTAMP)

static void test_discovery(void **state)
{
	struct sim_host h[] = {host("10.0.0.1", 5 * MS, NULL, 0), host("10.0.0.2", 5 * MS, NULL, 0),
		host("10.0.0.3", 5 * MS, NULL, 0), host("10.0.0.4", 5 * MS, silent, 2),
		host("10.0.0.5", 5 * MS, silent, 2), host("10.0.0.6", 5 * MS, refusing, 1),
		host("10.0.0.7", 5 * MS, refusing, 1)};
	static const struct {
		unsigned kinds;
		uint8_t reason[8]; /* of 10.0.0.1 ... .8; REASON_NO_RESPONSE and others of `down`
				      mean down */
		unsigned down;	   /* bits */
	} rows[] = {
		{PING_ECHO,
			{REASON_ECHO_REPLY, REASON_NO_RESPONSE, REASON_NO_RESPONSE,
				REASON_ECHO_REPLY, REASON_NO_RESPONSE, REASON_ECHO_REPLY,
				REASON_NO_RESPONSE, REASON_NO_RESPONSE},
			0xd6},
		{PING_TSTAMP,
			{REASON_TIMESTAMP_REPLY, REASON_NO_RESPONSE, REASON_NO_RESPONSE,
				REASON_TIMESTAMP_REPLY, REASON_NO_RESPONSE, REASON_TIMESTAMP_REPLY,
				REASON_NO_RESPONSE, REASON_NO_RESPONSE},
			0xd6},
		{PING_SYN,
			{REASON_RESET, REASON_RESET, REASON_NO_RESPONSE, REASON_NO_RESPONSE,
				REASON_NO_RESPONSE, REASON_ADMIN_PROHIBITED,
				REASON_ADMIN_PROHIBITED, REASON_NO_RESPONSE},
			0xdc},
		{PING_ACK,
			{REASON_RESET, REASON_RESET, REASON_NO_RESPONSE, REASON_NO_RESPONSE,
				REASON_NO_RESPONSE, REASON_ADMIN_PROHIBITED,
				REASON_ADMIN_PROHIBITED, REASON_NO_RESPONSE},
			0xdc},
		{PING_UDP,
			{REASON_PORT_UNREACH, REASON_PORT_UNREACH, REASON_NO_RESPONSE,
				REASON_NO_RESPONSE, REASON_NO_RESPONSE, REASON_PORT_UNREACH,
				REASON_PORT_UNREACH, REASON_NO_RESPONSE},
			0x9c},
	};

	h[1].no_ping = h[4].no_ping = h[6].no_ping = true;
	h[2].dead = true;
	h[6].router = sim_addr("10.9.9.9"); /* refuses for it; .6 refuses itself, so it is there; .8
					       is not in the network */
	for (size_t k = 0; k < COUNT(rows); k++) {
		struct sim_run r;

		sim_run_init(&r, h, COUNT(h), NULL);
		r.targets[0] = "10.0.0.1-8";
		ping_lists(&r.plan, rows[k].kinds);
		sim_run(&r);
		assert_int_equal(r.n_hosts, 8);
		for (size_t i = 0; i < 8; i++) {
			assert_int_equal(
				r.hosts[i].state, rows[k].down >> i & 1 ? HOST_DOWN : HOST_UP);
			assert_int_equal(r.hosts[i].reason, rows[k].reason[i]);
			assert_int_equal(r.hosts[i].n_ports, 0);
			assert_false(r.hosts[i].ports_scanned);
		}
		assert_int_equal(r.end.hosts_down, __builtin_popcount(rows[k].down));
		assert_int_equal(r.end.hosts_up, 8 - __builtin_popcount(rows[k].down));
		sim_run_free(&r);
	}
}

/* All four ways together, then ports of those that are there only. */
static void test_discovery_then_ports(void **state)
{
	struct sim_host h[] = {host("10.0.0.1", 5 * MS, mixed, COUNT(mixed)),
		host("10.0.0.2", 5 * MS, mixed, COUNT(mixed)),
		host("10.0.0.3", 5 * MS, mixed, COUNT(mixed))};
	struct sim_run r;

	h[1].no_ping = true;
	h[2].dead = true;
	sim_run_init(&r, h, COUNT(h), "syn");
	r.targets[0] = "10.0.0.1-3";
	ping_lists(&r.plan, DEFAULT_PINGS);
	sim_ports(&r.plan.ports.of[PORTS_TCP], 1, 120);
	sim_run(&r);
	sim_check_ports(&r, &h[0], PROTO_TCP, 1, 120);
	sim_check_ports(&r, &h[1], PROTO_TCP, 1, 120);
	assert_int_equal(r.hosts[2].state, HOST_DOWN);
	assert_int_equal(r.hosts[2].n_ports, 0);
	for (size_t i = 0; i < r.n_sent; i++) /* nothing but the pings went to the dead one */
		assert_true(!addr_eq(&r.sent[i].dst, &h[2].addr) || r.sent[i].proto == PROTO_ICMP ||
			    r.sent[i].dport == 443 ||
			    (r.sent[i].dport == 80 && r.sent[i].flags == TCP_ACK));
	sim_run_free(&r);
}

/* Neighbours are found by ARP or ND alone, whatever else they drop; hardware addresses are those of
 * the simulator. */
static void check_neighbours(
	const char *targets, const struct sim_host *h, unsigned reason, unsigned kind)
{
	struct sim_run r;

	sim_run_init(&r, h, 3, NULL);
	ping_lists(&r.plan, DEFAULT_PINGS | PING_ARP);
	r.targets[0] = targets;
	sim_run(&r);
	assert_int_equal(r.n_hosts, 4);
	for (size_t i = 0; i < 4; i++) {
		bool up = i < 2;
		const uint8_t *tail = r.hosts[i].addr.b + (h->addr.family == 6 ? 12 : 0);
		const uint8_t mac[6] = {2, h->addr.family, tail[0], tail[1], tail[2], tail[3]};

		assert_int_equal(r.hosts[i].state, up ? HOST_UP : HOST_DOWN);
		assert_int_equal(r.hosts[i].has_mac, up);
		assert_int_equal(r.hosts[i].reason, up ? reason : REASON_NO_RESPONSE);
		if (up)
			assert_memory_equal(r.hosts[i].mac.b, mac, 6);
	}
	for (size_t i = 0; i < r.n_sent; i++) {
		assert_int_equal(r.sent[i].kind, kind);
		assert_int_equal(r.sent[i].type, kind == IO_TX_IP ? 135 : 0);
	}
	sim_run_free(&r);
}

static void test_neighbours(void **state)
{
	struct sim_host v4[] = {host("10.0.0.1", MS, NULL, 0), host("10.0.0.2", MS, silent, 2),
		host("10.0.0.3", MS, NULL, 0)};
	struct sim_host v6[] = {host("fd00::4", MS, NULL, 0), host("fd00::5", MS, silent, 2),
		host("fd00::6", MS, NULL, 0)};

	v4[1].no_ping = v6[1].no_ping = true;
	v4[2].dead = v6[2].dead = true;
	check_neighbours("10.0.0.1-4", v4, REASON_ARP_RESPONSE, IO_TX_LINK);
	check_neighbours("fd00::4/126", v6, REASON_ND_RESPONSE, IO_TX_IP);
}

/* -Pn: taken as up, scanned, and silence is a firewall's. */
static void test_no_discovery(void **state)
{
	struct sim_host h[] = {host("10.0.0.1", MS, mixed, COUNT(mixed)),
		host("10.0.0.2", MS, mixed, COUNT(mixed))};
	struct sim_run r;

	h[1].dead = true;
	sim_run_init(&r, h, 2, "syn");
	r.targets[0] = "10.0.0.1-2";
	sim_ports(&r.plan.ports.of[PORTS_TCP], 1, 120);
	sim_run(&r);
	for (size_t i = 0; i < 2; i++) {
		sim_check_ports(&r, &h[i], PROTO_TCP, 1, 120);
		assert_int_equal(r.hosts[i].reason, REASON_USER_SET);
		assert_true(r.hosts[i].ports_scanned);
	}
	assert_int_equal(r.hosts[1].srtt_ns, 0);
	sim_run_free(&r);
}

static void test_list_only(void **state)
{
	struct sim_run r;

	sim_run_init(&r, NULL, 0, "syn");
	r.targets[0] = "10.0.0.0/24";
	r.plan.list_only = true;
	sim_ports(&r.plan.ports.of[PORTS_TCP], 1, 10);
	sim_run(&r);
	assert_int_equal(r.n_hosts, 256);
	for (uint32_t i = 0; i < 256; i++) {
		assert_int_equal(addr_to_v4(&r.hosts[i].addr), 0x0a000000 + i);
		assert_true(r.hosts[i].listed);
		assert_int_equal(r.hosts[i].n_ports, 0);
	}
	assert_int_equal(r.n_sent, 0);
	assert_int_equal(r.end.hosts_up, 0);
	assert_int_equal(r.end.hosts_total, 256);
	sim_run_free(&r);
}

/* ---- hosts beside each other
 * ------------------------------------------------------------------------ */

/* Round trips from 1 ms to 0.9 s, in no order: reports come as the targets do. */
static void test_order_of_reports(void **state)
{
	static const uint64_t rtts[] = {900, 1, 300, 2, 50, 800, 1, 600};
	struct sim_host h[COUNT(rtts)];
	struct sim_run r;

	for (size_t i = 0; i < COUNT(h); i++) {
		h[i] = host("10.0.0.1", rtts[i] * MS, mixed, COUNT(mixed));
		h[i].addr = addr_add(h[i].addr, COUNT(h) - 1 - i);
	}
	sim_run_init(&r, h, COUNT(h), "syn");
	r.targets[0] = "10.0.0.5-8";
	r.targets[1] = "10.0.0.1-4";
	sim_ports(&r.plan.ports.of[PORTS_TCP], 1, 90);
	sim_run(&r);
	assert_int_equal(r.n_hosts, COUNT(h));
	for (size_t i = 0; i < COUNT(h); i++)
		assert_int_equal(r.hosts[i].addr.b[3], i < 4 ? 5 + i : i - 3);
	for (size_t i = 0; i < COUNT(h); i++)
		sim_check_ports(&r, &h[i], PROTO_TCP, 1, 90);
	sim_run_free(&r);
}

static uint64_t took_ns(const struct sim_run *r, const char *addr)
{
	const struct rec_host *h = sim_host_of(r, addr);

	return h->end_wall_ns - h->start_wall_ns;
}

/* The virtual time that 10.0.1.1 needs among `n` silent hosts. */
static uint64_t time_among(size_t n)
{
	struct sim_host h[101];
	struct sim_run r;
	uint64_t took;

	h[0] = host("10.0.1.1", 2 * MS, NULL, 0);
	for (size_t i = 0; i < 100; i++) {
		h[i + 1] = host("10.0.0.1", 2 * MS, silent, 2);
		h[i + 1].addr = addr_add(h[i + 1].addr, i);
	}
	sim_run_init(&r, h, COUNT(h), "syn");
	r.targets[0] = "10.0.1.1";
	r.targets[1] = n == 100 ? "10.0.0.1-100" : n ? "10.0.0.1" : NULL;
	sim_ports(&r.plan.ports.of[PORTS_TCP], 1, 500);
	sim_run(&r);
	sim_check_ports(&r, &h[0], PROTO_TCP, 1, 500);
	took = took_ns(&r, "10.0.1.1");
	sim_run_free(&r);
	return took;
}

/* Silent hosts take their time; one that answers does not wait for them. */
static void test_silent_hosts_hold_up_nobody(void **state)
{
	uint64_t alone = time_among(0), one = time_among(1), many = time_among(100);

	print_message("alone %.3f s, beside 1 silent host %.3f s, beside 100 %.3f s\n",
		(double)alone / 1e9, (double)one / 1e9, (double)many / 1e9);
	assert_in_range(one, 0, 3 * alone);
	assert_in_range(many, 0, NS_PER_S);
}

/* 2,815 quick hosts behind a slow one: at most 1,024 finished hosts (and one turn's more) wait for
 * it, and none is lost. */
static void test_slow_host_first(void **state)
{
	static struct sim_host h[2816];
	static unsigned times[2816];
	struct sim_run r;
	size_t waiting, most = 0;

	h[0] = host("10.0.0.0", 2 * MS, silent, 2);
	for (size_t i = 1; i < COUNT(h); i++) {
		h[i] = host("10.0.0.0", 2 * MS, NULL, 0);
		h[i].addr = addr_add(h[i].addr, i);
	}
	sim_run_init(&r, h, COUNT(h), "syn");
	r.targets[0] = "10.0.0-10.0-255";
	r.plan.timing.scan_delay_ns = 100 * MS;
	sim_ports(&r.plan.ports.of[PORTS_TCP], 1, 2);
	r.plan.timing.initial_rto_ns = 10 * NS_PER_S;
	sim_run(&r);
	assert_int_equal(r.n_hosts, 2816);
	for (size_t i = 0; i < r.n_hosts;
		i++) { /* those behind i that were done when i was published */
		waiting = 0;
		for (size_t k = i + 1; k < r.n_hosts && r.hosts[i].addr.b[3] % 16 == 0; k++)
			waiting += r.hosts[k].end_wall_ns < r.reported_ns[i];
		most = waiting > most ? waiting : most;
	}
	assert_in_range(most, 0, 1024 + 1024);
	for (size_t i = 0; i < r.n_hosts; i++) { /* each once */
		uint32_t k = addr_to_v4(&r.hosts[i].addr) - 0x0a000000;

		assert_in_range(k, 0, COUNT(h) - 1);
		assert_int_equal(times[k]++, 0);
	}
	sim_run_free(&r);
}

static void test_duplicates_one_after_the_other(void **state)
{
	const struct sim_host h[] = {host("10.0.0.1", 30 * MS, mixed, COUNT(mixed)),
		host("10.0.0.2", 3 * MS, mixed, COUNT(mixed))};
	struct sim_run r;
	unsigned turns[3] = {0};

	sim_run_init(&r, h, 2, "syn");
	r.targets[0] = "10.0.0.1";
	r.targets[1] = "10.0.0.2";
	r.targets[2] = "10.0.0.1";
	r.targets[3] = "10.0.0.1-2";
	sim_ports(&r.plan.ports.of[PORTS_TCP], 1, 90);
	sim_run(&r);
	assert_int_equal(r.n_hosts, 5);
	for (size_t i = 0; i < 5; i++) {
		turns[r.hosts[i].addr.b[3]]++;
		assert_int_equal(r.hosts[i].n_ports, 90);
		for (size_t k = 0; k < 90; k++)
			assert_int_equal(r.hosts[i].ports[k].state,
				sim_truth(&h[0], PROTO_TCP, (uint16_t)(k + 1)));
		for (size_t k = 0; k < i; k++)
			if (addr_eq(&r.hosts[i].addr, &r.hosts[k].addr))
				assert_true(r.hosts[k].end_wall_ns <= r.hosts[i].start_wall_ns);
	}
	assert_int_equal(turns[1], 3);
	assert_int_equal(turns[2], 2);
	sim_run_free(&r);
}

/* ---- ends before the end
 * ---------------------------------------------------------------------------- */

/* What answered within the time is there and right; what did not is left out. */
static void test_host_timeout(void **state)
{
	const struct sim_host h[] = {
		host("10.0.0.1", 20 * MS, mixed, COUNT(mixed)), host("10.0.0.2", 5 * MS, NULL, 0)};
	struct sim_run r;
	uint64_t took;

	sim_run_init(&r, h, 2, "syn");
	r.targets[0] = "10.0.0.1-2";
	r.plan.timing.host_timeout_ns = 150 * MS;
	sim_ports(&r.plan.ports.of[PORTS_TCP], 1, 120);
	sim_run(&r);
	assert_int_equal(r.n_hosts, 2);
	assert_true(r.hosts[0].timed_out);
	assert_in_range(r.hosts[0].n_ports, 1, 119);
	for (size_t i = 0; i < r.hosts[0].n_ports; i++) {
		const struct rec_port *p = &r.hosts[0].ports[i];

		assert_int_not_equal(p->state, PORT_UNKNOWN);
		assert_int_equal(p->state, sim_truth(&h[0], PROTO_TCP, p->number));
		assert_int_not_equal(p->reason, REASON_NO_RESPONSE);
	}
	took = took_ns(&r, "10.0.0.1");
	assert_in_range(took, 150 * MS, 151 * MS);
	assert_false(r.hosts[1].timed_out);
	sim_check_ports(&r, &h[1], PROTO_TCP, 1, 120);
	assert_false(r.end.interrupted);
	sim_run_free(&r);
}

static void stop_at_tenth(struct sim_run *r, const struct rec *rec)
{
	static unsigned found;

	found = rec->kind == REC_RUN ? 0 : found + (rec->kind == REC_FOUND);
	if (found == 10)
		r->stop = 1;
}

static void test_stop(void **state)
{
	const struct sim_host h[] = {host("10.0.0.1", 5 * MS, mixed, COUNT(mixed)),
		host("10.0.0.2", 50 * MS, mixed, COUNT(mixed)),
		host("10.0.0.3", 5 * MS, mixed, COUNT(mixed))};
	struct sim_run r;
	size_t known = 0;

	sim_run_init(&r, h, 3, "syn");
	r.targets[0] = "10.0.0.1-3";
	r.on = stop_at_tenth;
	sim_ports(&r.plan.ports.of[PORTS_TCP], 1, 120);
	sim_run(&r);
	assert_true(r.result.interrupted);
	assert_true(r.end.interrupted);
	assert_null(r.end.error);
	for (size_t i = 0; i < r.n_hosts; i++) {
		for (size_t k = 0; k < r.hosts[i].n_ports; k++) {
			const struct rec_port *p = &r.hosts[i].ports[k];

			assert_int_equal(p->state, sim_truth(&h[0], PROTO_TCP, p->number));
			known += p->state == PORT_OPEN;
		}
	}
	assert_in_range(known, 10, 59); /* what had been found is in the records; not all was */
	sim_run_free(&r);
}

/* Stopped before anything was sent: a run and an end, nothing in between is claimed. */
static void test_stop_at_once(void **state)
{
	const struct sim_host h = host("10.0.0.1", 5 * MS, mixed, COUNT(mixed));
	struct sim_run r;

	sim_run_init(&r, &h, 1, "syn");
	r.targets[0] = "10.0.0.1";
	r.stop = 1;
	sim_ports(&r.plan.ports.of[PORTS_TCP], 1, 120);
	sim_run(&r);
	assert_true(r.end.interrupted);
	assert_int_equal(r.n_sent, 0);
	assert_int_equal(r.n_hosts, 0);
	sim_run_free(&r);
}

/* ---- a function of its seed
 * -------------------------------------------------------------------------- */

static uint64_t digest_of(uint64_t seed, uint64_t net_seed, uint16_t first[30])
{
	struct sim_host h = host("10.0.0.1", 20 * MS, mixed, COUNT(mixed));
	struct sim_run r;
	uint64_t digest;

	h.loss = 0.05;
	sim_run_init(&r, &h, 1, "syn");
	r.targets[0] = "10.0.0.1-2";
	r.plan.seed = seed;
	r.conf.seed = net_seed;
	r.plan.packet_trace = true;
	sim_ports(&r.plan.ports.of[PORTS_TCP], 1, 120);
	sim_run(&r);
	for (size_t i = 0; i < 30; i++) /* the 25 most frequent ports go first by rank: what is
					   behind them is shuffled */
		first[i] = r.sent[i + 60].dport;
	digest = r.digest;
	sim_run_free(&r);
	return digest;
}

static void test_seed_decides_all(void **state)
{
	uint16_t a[30], b[30], c[30];

	assert_true(digest_of(7, 9, a) == digest_of(7, 9, b));
	assert_memory_equal(a, b, sizeof(a));
	assert_true(digest_of(7, 9, a) != digest_of(8, 9, c));
	assert_memory_not_equal(a, c, sizeof(a));
	assert_true(digest_of(7, 9, a) != digest_of(7, 10, b)); /* other losses */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truth_syn),
		cmocka_unit_test(test_truth_udp),
		cmocka_unit_test(test_truth_connect),
		cmocka_unit_test(test_truth_several),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_loss_never_turns_states_round),
		cmocka_unit_test(test_short_queue),
		cmocka_unit_test(test_forged_answers),
		cmocka_unit_test(test_discovery),
		cmocka_unit_test(test_discovery_then_ports),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_no_discovery),
		cmocka_unit_test(test_list_only),
		cmocka_unit_test(test_order_of_reports),
		cmocka_unit_test(test_silent_hosts_hold_up_nobody),
		cmocka_unit_test(test_slow_host_first),
		cmocka_unit_test(test_duplicates_one_after_the_other),
		cmocka_unit_test(test_host_timeout),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_stop_at_once),
		cmocka_unit_test(test_seed_decides_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
