/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole scans of each technique, and discovery by each probe, over the simulated network, whose
 * hosts answer as the RFCs say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scan/sim_run.c"

#include "scan/tech.h"

#define COUNT(v) (sizeof(v) / sizeof(*(v)))
#define MS	 NS_PER_MS
#define PORTS	 60

/* Ten of each kind, of TCP and SCTP; protocols 200-249 likewise. */
static const struct sim_rule rules[] = {
	{PROTO_TCP, 1, 10, SIM_OPEN},
	{PROTO_TCP, 11, 20, SIM_DROP},
	{PROTO_TCP, 21, 30, SIM_REJECT_RST},
	{PROTO_TCP, 31, 40, SIM_REJECT_ICMP},
	{PROTO_TCP, 41, 50, SIM_OPEN_MUTE},
	{PROTO_SCTP, 1, 10, SIM_OPEN},
	{PROTO_SCTP, 11, 20, SIM_DROP},
	{PROTO_SCTP, 21, 30, SIM_REJECT_RST},
	{PROTO_SCTP, 31, 40, SIM_REJECT_ICMP},
	{PROTO_SCTP, 41, 50, SIM_OPEN_MUTE},
	{PROTO_IP, 200, 209, SIM_OPEN},
	{PROTO_IP, 210, 219, SIM_DROP},
	{PROTO_IP, 220, 229, SIM_OPEN_MUTE},
	{PROTO_IP, 230, 239, SIM_REJECT_ICMP},
};
static const struct sim_rule silent[] = {
	{PROTO_TCP, 0, 65535, SIM_DROP},
	{PROTO_UDP, 0, 65535, SIM_DROP},
	{PROTO_SCTP, 0, 65535, SIM_DROP},
	{PROTO_IP, 0, 255, SIM_DROP},
};

static struct sim_host host(const char *a, const struct sim_rule *v, size_t n)
{
	return (struct sim_host){.addr = sim_addr(a), .rtt_ns = 5 * MS, .rules = v, .n_rules = n};
}

/* What each kind of port must be found to be: the table, RFC 9293 3.10.7 and RFC 9260 8.4.
 */
struct truth {
	const char *tech;
	uint8_t of[SIM_OPEN_MUTE + 1]; /* enum port_state by enum sim_port */
	uint8_t reason_closed, reason_open;
};

enum {
	CL = PORT_CLOSED,
	OP = PORT_OPEN,
	FI = PORT_FILTERED,
	UN = PORT_UNFILTERED,
	OF = PORT_OPEN_FILTERED
};

/* clang-format off */
static const struct truth truths[] = {
	/*                CLOSED OPEN DROP RST ICMP MUTE */
	{ "syn",         { CL,    OP,  FI,  CL, FI,  OP }, REASON_RESET, REASON_SYN_ACK },
	{ "null",        { CL,    OF,  OF,  CL, FI,  OF }, REASON_RESET, REASON_NO_RESPONSE },
	{ "fin",         { CL,    OF,  OF,  CL, FI,  OF }, REASON_RESET, REASON_NO_RESPONSE },
	{ "xmas",        { CL,    OF,  OF,  CL, FI,  OF }, REASON_RESET, REASON_NO_RESPONSE },
	{ "maimon",      { CL,    CL,  OF,  CL, FI,  CL }, REASON_RESET, REASON_RESET },
	{ "ack",         { UN,    UN,  FI,  UN, FI,  UN }, REASON_RESET, REASON_RESET },
	{ "window",      { CL,    OP,  FI,  CL, FI,  OP }, REASON_RESET, REASON_RESET },
	{ "sctp-init",   { CL,    OP,  FI,  CL, FI,  OP }, REASON_ABORT, REASON_INIT_ACK },
	{ "sctp-cookie", { CL,    OF,  OF,  CL, FI,  OF }, REASON_ABORT, REASON_NO_RESPONSE },
};
/* clang-format on */

static uint8_t reason_of(const struct truth *t, enum sim_port what)
{
	if (what == SIM_REJECT_ICMP)
		return REASON_ADMIN_PROHIBITED;
	if (what == SIM_DROP)
		return REASON_NO_RESPONSE;
	return what == SIM_CLOSED || what == SIM_REJECT_RST ? t->reason_closed : t->reason_open;
}

static void check_ports(const struct sim_run *r, const struct sim_host *h, const struct truth *t)
{
	uint8_t proto = scan_tech_by_name(t->tech)->proto;

	assert_int_equal(r->n_hosts, 1);
	assert_int_equal(r->hosts[0].n_ports, PORTS);
	for (uint16_t i = 0; i < PORTS; i++) {
		const struct rec_port *p = &r->hosts[0].ports[i];
		enum sim_port what = sim_what(h, proto, p->number);

		assert_int_equal(p->number, i + 1);
		assert_int_equal(p->proto, proto);
		if (p->state != t->of[what] || p->reason != reason_of(t, what))
			fail_msg("%s: port %u (%d) is %s by %s", t->tech, p->number, what,
				port_state_name(p->state), reason_name(p->reason));
	}
}

static void scan(const struct truth *t, bool v6, const struct plan_wire *wire, uint16_t source_port)
{
	const char *addr = v6 ? "fd00::2" : "10.0.0.2";
	struct sim_host h = host(addr, rules, COUNT(rules));
	struct sim_run r;

	h.rst_window = true;
	sim_run_init(&r, &h, 1, t->tech);
	r.targets[0] = addr;
	r.plan.wire = *wire;
	r.plan.source_port = source_port;
	sim_ports(&r.plan.ports.of[scan_tech_by_name(t->tech)->ports], 1, PORTS);
	sim_run(&r);
	check_ports(&r, &h, t);
	r.plan.wire.data = NULL; /* the test's */
	sim_run_free(&r);
}

static void test_states(void **state)
{
	static const struct plan_wire plain;

	for (size_t i = 0; i < COUNT(truths) * 4; i++)
		scan(&truths[i / 4], i & 1, &plain, i & 2 ? 53 : 0);
}

/* With data behind the header resets acknowledge more, and mean the same. */
static void test_states_with_data(void **state)
{
	static uint8_t data[77];
	const struct plan_wire wire = {.data = data, .data_len = sizeof(data)};

	for (size_t i = 0; i < COUNT(truths); i++)
		scan(&truths[i], i & 1, &wire, 0);
}

/* --scanflags: a FIN scan by SYN and FIN together. The simulated listener takes it for a SYN, and a
 * FIN scan knows nothing of SYN-ACKs; as nmap does. */
static void test_scan_flags(void **state)
{
	const struct plan_wire wire = {.flags_set = true, .flags = TCP_SYN | TCP_FIN};

	scan(&truths[2], false, &wire, 0);
	scan(&truths[0], true, &wire, 0);
}

/* Several techniques, one report, sorted. */
static void test_together(void **state)
{
	struct sim_host h = host("10.0.0.2", rules, COUNT(rules));
	struct sim_run r;

	sim_run_init(&r, &h, 1, "fin");
	r.plan.techniques[1] = "udp";
	r.plan.techniques[2] = "sctp-init";
	r.targets[0] = "10.0.0.2";
	sim_ports(&r.plan.ports.of[PORTS_TCP], 1, PORTS);
	sim_ports(&r.plan.ports.of[PORTS_UDP], 1, 5);
	sim_ports(&r.plan.ports.of[PORTS_SCTP], 1, PORTS);
	sim_run(&r);
	assert_int_equal(r.hosts[0].n_ports, 2 * PORTS + 5);
	assert_int_equal(r.hosts[0].ports[0].state, PORT_OPEN_FILTERED);
	assert_int_equal(r.hosts[0].ports[PORTS].proto, PROTO_UDP);
	assert_int_equal(r.hosts[0].ports[PORTS].state, PORT_CLOSED);
	assert_int_equal(r.hosts[0].ports[PORTS + 5].proto, PROTO_SCTP);
	assert_int_equal(r.hosts[0].ports[PORTS + 5].state, PORT_OPEN);
	sim_run_free(&r);
}

/* ---- IP protocols
 * ------------------------------------------------------------------------------------------------
 */

/* Those that every host speaks, and headers of IPv6 that end before they begin. */
static uint8_t protocol_truth(const struct sim_host *h, unsigned proto)
{
	static const uint8_t by_rule[] = {[SIM_CLOSED] = PORT_CLOSED,
		[SIM_OPEN] = PORT_OPEN,
		[SIM_DROP] = PORT_OPEN_FILTERED,
		[SIM_OPEN_MUTE] = PORT_OPEN_FILTERED,
		[SIM_REJECT_ICMP] = PORT_FILTERED};
	bool v6 = h->addr.family == 6;

	if (proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP ||
		proto == (v6 ? PROTO_ICMP6 : PROTO_ICMP))
		return PORT_OPEN;
	if (v6 && (proto == 0 || proto == 43 || proto == 44 || proto == 51 || proto == 60))
		return PORT_OPEN_FILTERED;
	return by_rule[sim_what(h, PROTO_IP, (uint16_t)proto)];
}

static void test_protocols(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		const char *addr = v6 ? "fd00::2" : "10.0.0.2";
		struct sim_host h = host(addr, rules, COUNT(rules));
		struct sim_run r;

		h.icmp_per_s = 1000;
		sim_run_init(&r, &h, 1, "proto");
		r.targets[0] = addr;
		sim_ports(&r.plan.ports.of[PORTS_IP], 0, 255);
		sim_run(&r);
		assert_int_equal(r.hosts[0].n_ports, 256);
		for (unsigned i = 0; i < 256; i++) {
			const struct rec_port *p = &r.hosts[0].ports[i];

			assert_int_equal(p->number, i);
			assert_int_equal(p->proto, PROTO_IP);
			if (p->state != protocol_truth(&h, i))
				fail_msg("IPv%d protocol %u is %s by %s", v6 ? 6 : 4, i,
					port_state_name(p->state), reason_name(p->reason));
			if (p->state == PORT_CLOSED)
				assert_int_equal(p->reason,
					v6 ? REASON_PARAM_PROBLEM : REASON_PROTO_UNREACH);
		}
		assert_int_equal(r.hosts[0].ports[PROTO_UDP].reason, REASON_PORT_UNREACH);
		assert_int_equal(r.hosts[0].ports[PROTO_TCP].reason, REASON_PROTO_RESPONSE);
		sim_run_free(&r);
	}
}

/* A host that refuses six a second, as Linux refuses protocols: every one is found out in the end.
 */
static void test_limited_protocols(void **state)
{
	struct sim_host h = host("10.0.0.2", rules, COUNT(rules));
	struct sim_run r;

	h.icmp_per_s = 6;
	sim_run_init(&r, &h, 1, "proto");
	r.targets[0] = "10.0.0.2";
	sim_ports(&r.plan.ports.of[PORTS_IP], 20, 199);
	sim_run(&r);
	for (unsigned i = 20; i < 200; i++)
		assert_int_equal(r.hosts[0].ports[i - 20].state, protocol_truth(&h, i));
	sim_run_free(&r);
}

/* ---- discovery
 * ---------------------------------------------------------------------------------------------------
 */

static void ping_lists(struct plan *p, unsigned kinds)
{
	p->ping = kinds;
	sim_ports(&p->ping_syn, 80, 80);
	sim_ports(&p->ping_ack, 80, 80);
	sim_ports(&p->ping_sctp, 80, 80);
	sim_ports(&p->ping_proto, 4, 4);
}

/* Each probe alone, of hosts that answer this kind only, and of one that answers none. */
static void test_discovery(void **state)
{
	static const struct sim_rule tcp[] = {{PROTO_UDP, 0, 65535, SIM_DROP},
		{PROTO_SCTP, 0, 65535, SIM_DROP}, {PROTO_IP, 0, 255, SIM_DROP}};
	static const struct sim_rule sctp[] = {{PROTO_UDP, 0, 65535, SIM_DROP},
		{PROTO_TCP, 0, 65535, SIM_DROP}, {PROTO_IP, 0, 255, SIM_DROP}};
	static const struct sim_rule proto[] = {{PROTO_UDP, 0, 65535, SIM_DROP},
		{PROTO_TCP, 0, 65535, SIM_DROP}, {PROTO_SCTP, 0, 65535, SIM_DROP}};
	static const struct {
		unsigned kind;
		int who[2];	   /* the host that answers, -1 = none, by family */
		uint8_t reason[2]; /* why it is up */
		bool ignore_rst;
	} rows[] = {
		{PING_SYN, {0, 0}, {REASON_RESET, REASON_RESET}, false},
		{PING_ACK, {0, 0}, {REASON_RESET, REASON_RESET}, false},
		{PING_SYN | PING_ACK, {-1, -1}, {0, 0}, true},
		{PING_SCTP, {1, 1}, {REASON_ABORT, REASON_ABORT}, false},
		{PING_SCTP, {1, 1}, {REASON_ABORT, REASON_ABORT}, true},
		{PING_PROTO, {2, 2}, {REASON_PROTO_UNREACH, REASON_PARAM_PROBLEM}, false},
		{PING_MASK, {3, -2}, {REASON_ADDRMASK_REPLY, 0}, false},
		{PING_ECHO, {3, 3}, {REASON_ECHO_REPLY, REASON_ECHO_REPLY}, false},
		{PING_TSTAMP, {3, -2}, {REASON_TIMESTAMP_REPLY, 0}, false},
	};

	for (size_t k = 0; k < COUNT(rows) * 2; k++) {
		bool v6 = k & 1;
		struct sim_host h[] = {host(v6 ? "fd00::1" : "10.0.0.1", tcp, 3),
			host(v6 ? "fd00::2" : "10.0.0.2", sctp, 3),
			host(v6 ? "fd00::3" : "10.0.0.3", proto, 3),
			host(v6 ? "fd00::4" : "10.0.0.4", silent, 4),
			host(v6 ? "fd00::5" : "10.0.0.5", silent, 4)};
		const int who = rows[k / 2].who[v6];
		struct sim_run r;

		if (who == -2) /* not in IPv6 */
			continue;
		h[0].no_ping = h[1].no_ping = h[2].no_ping = h[4].no_ping = true;
		sim_run_init(&r, h, COUNT(h), NULL);
		for (int i = 0; v6 && i < 4; i++)
			r.targets[i] = (const char *const[]){
				"fd00::1", "fd00::2", "fd00::3", "fd00::4/127"}[i];
		if (!v6)
			r.targets[0] = "10.0.0.1-5";
		r.plan.ignore_rst = rows[k / 2].ignore_rst;
		ping_lists(&r.plan, rows[k / 2].kind);
		sim_run(&r);
		assert_int_equal(r.n_hosts, 5);
		for (int i = 0; i < 5; i++) {
			assert_int_equal(r.hosts[i].state, i == who ? HOST_UP : HOST_DOWN);
			assert_int_equal(r.hosts[i].reason,
				i == who ? rows[k / 2].reason[v6] : REASON_NO_RESPONSE);
		}
		sim_run_free(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_states_with_data),
		cmocka_unit_test(test_scan_flags),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_protocols),
		cmocka_unit_test(test_limited_protocols),
		cmocka_unit_test(test_discovery),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
