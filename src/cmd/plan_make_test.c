/* SPDX-License-Identifier: BSD-2-Clause */
/* From a command line to a plan. */
#include "cmd/plan_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scan/engine.h"

struct made {
	struct opts o;
	struct plan p;
	struct services *services;
	struct log log;
	int warnings;
	struct err e;
	int rc;
};

static void count_warning(void *ctx, enum log_level level, const char *text)
{
	struct made *m = ctx;

	m->warnings++;
}

/* The plan of a command line whose words are separated by blanks, for a user with or without
 * privilege. */
static struct made *make(const char *line, bool privileged)
{
	const char *argv[32] = {"--config", "/dev/null"};
	struct made *m = calloc(1, sizeof(*m));
	char *copy = strdup(line), *save;
	int argc = 2;

	assert_non_null(m);
	for (char *word = strtok_r(copy, " ", &save); word && argc < 31;
		word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	m->log = (struct log){.max = LOG_WARN, .write = count_warning, .ctx = m};
	assert_int_equal(services_open(&m->services, NULL, &m->e), 0);
	m->rc = opts_read(&m->o, argc, argv, &m->e);
	plan_init(&m->p);
	if (m->rc == 0)
		m->rc = plan_make(&m->p, &m->o,
			&(struct plan_world){
				.privileged = privileged, .services = m->services, .log = &m->log},
			&m->e);
	m->p.backend = m->p.zombie = m->p.bounce = m->p.proxies = NULL; /* words of the line */
	free(copy);
	return m;
}

static void drop(struct made *m)
{
	plan_free(&m->p);
	services_free(m->services);
	opts_free(&m->o);
	free(m);
}

static void assert_techniques(const struct plan *p, const char *const *names)
{
	size_t i;

	for (i = 0; names[i]; i++) {
		assert_non_null(p->techniques[i]);
		assert_string_equal(p->techniques[i], names[i]);
	}
	assert_null(p->techniques[i]);
}

static void test_defaults(void **state)
{
	struct made *m = make("h", true);

	assert_int_equal(m->rc, 0);
	assert_techniques(&m->p, (const char *const[]){"syn", NULL});
	assert_true(m->p.ports_wanted);
	assert_int_equal(m->p.ports.of[PORTS_TCP].n, 1000);
	assert_int_equal(m->p.ports.of[PORTS_UDP].n, 0);
	assert_int_equal(m->p.ping, PING_ECHO | PING_SYN | PING_ACK | PING_TSTAMP | PING_ARP);
	assert_int_equal(m->p.ping_syn.ports[0], 443);
	assert_int_equal(m->p.ping_ack.ports[0], 80);
	assert_int_equal(m->p.family, 4);
	assert_int_equal(m->p.timing.template_no, 3);
	assert_true(m->p.reverse_dns);
	assert_int_equal(m->warnings, 0);
	drop(m);
}

static void test_without_privilege(void **state)
{
	struct made *m = make("-p 22 h", false);

	assert_int_equal(m->rc, 0);
	assert_techniques(&m->p, (const char *const[]){"connect", NULL});
	assert_true(m->p.ping & PING_CONNECT);
	assert_int_equal(m->p.ping_syn.n, 2);
	drop(m);
	m = make("-PE -p 22 h", false);
	assert_int_equal(m->warnings, 1);
	drop(m);
	m = make("-sS h", false);
	assert_int_equal(m->rc, ERR_USAGE);
	drop(m);
	m = make("-sTU h", false);
	assert_int_equal(m->rc, ERR_USAGE);
	drop(m);
	m = make("-sn h", false);
	assert_int_equal(m->rc, 0);
	assert_false(m->p.ports_wanted);
	drop(m);
}

static void test_ports_and_techniques(void **state)
{
	struct made *m = make("-sSU -p T:22-24,U:53 -r --exclude-ports 23 h", true);

	assert_int_equal(m->rc, 0);
	assert_techniques(&m->p, (const char *const[]){"syn", "udp", NULL});
	assert_int_equal(m->p.ports.of[PORTS_TCP].n, 2);
	assert_int_equal(m->p.ports.of[PORTS_TCP].ports[1], 24);
	assert_int_equal(m->p.ports.of[PORTS_UDP].n, 1);
	assert_true(m->p.sequential_ports);
	drop(m);
	m = make("-F h", true);
	assert_int_equal(m->p.ports.of[PORTS_TCP].n, 100);
	drop(m);
	m = make("--top-ports 7 -sU h", true);
	assert_int_equal(m->p.ports.of[PORTS_UDP].n, 7);
	drop(m);
	m = make("-p 1-2-3 h", true);
	assert_int_equal(m->rc, ERR_USAGE);
	drop(m);
	m = make("-sL h", true);
	assert_true(m->p.list_only);
	assert_false(m->p.ports_wanted);
	drop(m);
}

static void assert_refused(const char *line, bool privileged, const char *words)
{
	struct made *m = make(line, privileged);

	if (m->rc != ERR_USAGE || !strstr(m->e.text, words))
		fail_msg("%s: %d, %s", line, m->rc, m->e.text);
	drop(m);
}

static void assert_taken(const char *line, bool privileged, int warnings)
{
	struct made *m = make(line, privileged);

	if (m->rc != 0 || m->warnings != warnings)
		fail_msg("%s: %d, %s, %d warnings", line, m->rc, m->e.text, m->warnings);
	drop(m);
}

/* One option a technique, its name in the plan, and the ports it takes. */
static void test_techniques(void **state)
{
	static const struct {
		const char *line, *name;
		enum port_class ports;
		uint32_t n;
	} rows[] = {
		{"-sN h", "null", PORTS_TCP, 1000},
		{"-sF h", "fin", PORTS_TCP, 1000},
		{"-sX -F h", "xmas", PORTS_TCP, 100},
		{"-sM -p 1-9 h", "maimon", PORTS_TCP, 9},
		{"-sA h", "ack", PORTS_TCP, 1000},
		{"-sW h", "window", PORTS_TCP, 1000},
		{"-sY -p 9,S:80 h", "sctp-init", PORTS_SCTP, 2},
		{"-sZ -p- h", "sctp-cookie", PORTS_SCTP, 65535},
		{"-sO h", "proto", PORTS_IP, 256},
		{"-sO -p P:1,6 h", "proto", PORTS_IP, 2},
		{"-sO -p 250- h", "proto", PORTS_IP, 6},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct made *m = make(rows[i].line, true);

		if (m->rc < 0)
			fail_msg("%s: %s", rows[i].line, m->e.text);
		assert_techniques(&m->p, (const char *const[]){rows[i].name, NULL});
		assert_int_equal(m->p.ports.of[rows[i].ports].n, rows[i].n);
		drop(m);
		m = make(rows[i].line, false);
		assert_int_equal(m->rc, ERR_USAGE);
		drop(m);
	}
}

static void test_techniques_together(void **state)
{
	struct made *m = make("-sUFY -p T:1,U:2,S:3 h", true);

	assert_int_equal(m->rc, 0);
	assert_techniques(&m->p, (const char *const[]){"fin", "udp", "sctp-init", NULL});
	drop(m);
	assert_refused("-sSF h", true, "-sF");
	assert_refused("-sYZ h", true, "-sZ");
	assert_refused("-sOU h", true, "-sU");
	assert_refused("-sO -sA h", true, "-sA");
	assert_refused("--unprivileged -sX h", true, "-sX");
	assert_refused("-sO -p 256 h", true, "255");
	assert_refused("--backend connect -sM h", true, "-sM");
	assert_refused("-sn -sA h", true, "-sA");
}

static void test_scan_flags(void **state)
{
	struct made *m = make("-sF --scanflags synrst h", true);

	assert_int_equal(m->rc, 0);
	assert_true(m->p.wire.flags_set);
	assert_int_equal(m->p.wire.flags, 0x06);
	drop(m);
	assert_taken("--scanflags 0 h", true, 0);
	assert_refused("--scanflags 256 h", true, "256");
	assert_refused("--scanflags SYN -sT h", true, "raw TCP");
	assert_refused("--scanflags SYN h", false, "raw TCP");
	assert_refused("--scanflags SYN -sUY h", true, "raw TCP");
	assert_refused("--scanflags SYN -sO h", true, "raw TCP");
	assert_refused("--scanflags SYN -sn h", true, "--scanflags");
}

static void test_discovery(void **state)
{
	struct made *m = make("-Pn h", true);

	assert_int_equal(m->p.ping, PING_NONE | PING_ARP);
	drop(m);
	m = make("-Pn --disable-arp-ping h", true);
	assert_int_equal(m->p.ping, PING_NONE);
	drop(m);
	m = make("-PS22,80-81 -PU -PE h", true);
	assert_int_equal(m->rc, 0);
	assert_int_equal(m->p.ping, PING_SYN | PING_UDP | PING_ECHO | PING_ARP);
	assert_int_equal(m->p.ping_syn.n, 3);
	assert_int_equal(m->p.ping_udp.ports[0], 40125);
	drop(m);
	m = make("--disable-arp-ping h", true);
	assert_int_equal(m->p.ping, PING_ECHO | PING_SYN | PING_ACK | PING_TSTAMP);
	drop(m);
	m = make("-PY -PM -PO -PP h", true);
	assert_int_equal(m->rc, 0);
	assert_int_equal(m->p.ping, PING_SCTP | PING_MASK | PING_PROTO | PING_TSTAMP | PING_ARP);
	assert_int_equal(m->p.ping_sctp.ports[0], 80);
	assert_int_equal(m->p.ping_proto.n, 3);
	assert_int_equal(m->p.ping_proto.ports[2], 4);
	drop(m);
	m = make("-6 -PO h", true);
	assert_int_equal(m->p.ping_proto.ports[2], 58);
	drop(m);
	m = make("-POtcp,50-51 -PY7,9 h", true);
	assert_int_equal(m->p.ping_proto.n, 3);
	assert_int_equal(m->p.ping_proto.ports[0], 6);
	assert_int_equal(m->p.ping_sctp.n, 2);
	drop(m);
	m = make("-PB81 --discovery-ignore-rst h", true);
	assert_int_equal(m->p.ping, PING_ECHO | PING_TSTAMP | PING_ACK | PING_ARP);
	assert_int_equal(m->p.ping_ack.ports[0], 81);
	assert_true(m->p.ignore_rst);
	drop(m);
	m = make("-P h", true);
	assert_int_equal(m->p.ping, PING_ECHO | PING_ARP);
	drop(m);
	m = make("-PN h", true);
	assert_int_equal(m->p.ping, PING_NONE | PING_ARP);
	drop(m);
	assert_refused("-PA80 -PB81 h", true, "-PB");
	assert_refused("-PO256 h", true, "255");
	assert_refused("-6 -PM h", true, "-PM");
	assert_refused("-6 -PP h", true, "-PP");
	assert_refused("-PE --discovery-ignore-rst h", true, "--discovery-ignore-rst");
	assert_refused("-Pn --discovery-ignore-rst h", true, "--discovery-ignore-rst");
	assert_taken("-PM h", false, 1);
	assert_taken("-PY h", false, 1);
	m = make("-PS99999 h", true);
	assert_int_equal(m->rc, ERR_USAGE);
	drop(m);
}

/* As many as the engine has room for, and one more. */
static void test_number_of_pings(void **state)
{
	char line[100];

	snprintf(line, sizeof(line), "-PS1-%d h", PINGS_MAX);
	assert_taken(line, true, 0);
	assert_taken(line, false, 0);
	snprintf(line, sizeof(line), "-PS1-%d h", PINGS_MAX + 1);
	assert_refused(line, true, "257 probes");
	assert_refused(line, false, "257 probes");
	snprintf(line, sizeof(line), "-PS1-%d -PA1-2 -PU1-3 -PE -PP h", PINGS_MAX - 7);
	assert_taken(line, true, 0);
	snprintf(line, sizeof(line), "-PS1-%d -PA1-2 -PU1-3 -PE -PP h", PINGS_MAX - 6);
	assert_refused(line, true, "257 probes");
	snprintf(line, sizeof(line), "-PS1-%d -PY1-2 -PO1-3 -PM h", PINGS_MAX - 5);
	assert_refused(line, true, "257 probes");
	assert_taken("-Pn -PS1-1000 h", true, 0); /* nothing is sent */
}

static void test_source_port(void **state)
{
	assert_taken("-g 53 h", true, 0);
	assert_taken("-sTU -g 53 h", true, 0);
	assert_taken("-sn -g 53 h", true, 0);
	assert_refused("-sT -g 53 h", true, "-sT");
	assert_refused("-sT -g 53 h", false, "-sT");
	assert_refused("-g 53 h", false, "setcap");
	assert_refused("-sn --source-port 53 h", false, "setcap");
	assert_refused("--unprivileged -g 53 h", false, "--unprivileged");
	assert_refused("--backend connect -g 53 h", false, "--backend connect");
	assert_refused("-sO --top-ports 5 h", true, "--top-ports chooses among ports");
}

/* What a configuration file says of ports gives way to -sn, with all that belongs to it. */
static void test_configured_techniques_give_way(void **state)
{
	struct made *m = make("-sn h", true);
	struct plan_world w = {.privileged = true, .services = m->services};

	m->o.techniques = TECH_IDLE | TECH_BOUNCE;
	m->o.zombie = m->o.bounce = "10.0.0.9";
	m->o.scan_flags = "SYN";
	plan_free(&m->p);
	assert_int_equal(plan_make(&m->p, &m->o, &w, &m->e), 0);
	assert_true(!m->p.zombie && !m->p.bounce && !m->p.wire.flags_set);
	assert_false(m->p.ports_wanted || m->p.ping & PING_NONE);
	drop(m);
}

/* No packet of ours to a target: whatever would send one is refused, by name. */
static void test_idle(void **state)
{
	struct made *m = make("-sI zombie:81 -p 80,443 h", true);

	assert_int_equal(m->rc, 0);
	assert_techniques(&m->p, (const char *const[]){"idle", NULL});
	assert_int_equal(m->p.ping, PING_NONE); /* no ARP either */
	assert_int_equal(m->p.ports.of[PORTS_TCP].n, 2);
	drop(m);
	assert_taken("-sI 192.0.2.9 -Pn --disable-arp-ping h", true, 0);
	assert_taken("-sI z --spoof-mac 00:0c:29 h", true, 0);
	assert_refused("-sI z h", false, "-sI needs permission for raw packets; use -sT");
	assert_refused("-sU h", false, "-sU needs permission for raw packets; leave it out");
	assert_refused("-sI z --unprivileged h", false, "-sI needs raw packets");
	assert_refused("-sI z:0 h", true, "-sI: ");
	assert_refused("-sI z:x h", true, "-sI: ");
	assert_refused("-sI me@z h", true, "HOST:PORT");
	assert_refused("-sI 2001:db8::1 h", true, "IPv4");
	assert_refused("-sI z -6 h", true, "IPv6");
	assert_refused("-sI z -sS h", true, "-sS");
	assert_refused("-sI z -sU h", true, "another technique");
	assert_refused("-sI z -PE h", true, "-PS, -PE");
	assert_refused("-sI z -PS80 h", true, "-PS, -PE");
	assert_refused("-sI z -PR h", true, "-PS, -PE");
	assert_refused("-sI z --traceroute h", true, "-sI");
	assert_refused("-sI z --backend raw h", true, "backend");
	assert_refused("-sI z --send-ip h", true, "backend");
	assert_refused("-sI z --scanflags SYNFIN h", true, "--scanflags");
	assert_refused("-sI z --min-rate 5 h", true, "--min-rate");
	assert_refused("-sI z -D RND:2 h", true, "with -D: ");
	assert_refused("-sI z -sn h", true, "-sI");
}

static void test_bounce(void **state)
{
	struct made *m = make("-b me:x@[2001:db8::1]:2121 -p 80 h", false);

	assert_int_equal(m->rc, 0);
	assert_string_equal(m->p.techniques[0], "bounce");
	assert_null(m->p.techniques[1]);
	assert_int_equal(m->p.ports.of[PORTS_TCP].n, 1);
	drop(m);
	m = make("-b h -Pn h", true);
	assert_int_equal(m->p.ping, PING_NONE); /* no ARP either */
	drop(m);
	assert_refused("-sU -b h -p T:80,U:53 h", true, "another technique");
	assert_taken("-b h --unprivileged h", false, 0);
	assert_refused("-b h:x h", true, "-b: ");
	assert_refused("-b me@ h", true, "host");
	assert_refused("-b h --min-rate 5 h", true, "--min-rate");
	assert_refused("-b h -g 53 h", true, "FTP server");
	assert_refused("-b h --backend raw h", true, "carry -b");
	assert_refused("-b h -sT h", true, "exclude");
}

static void test_proxies(void **state)
{
	struct made *m = make("--proxies socks5://192.0.2.1,http://192.0.2.2:3128 h", false);

	assert_int_equal(m->rc, 0);
	assert_string_equal(m->p.techniques[0], "connect");
	assert_int_equal(m->p.ping, PING_CONNECT | PING_ARP);
	assert_false(m->p.reverse_dns);
	drop(m);
	assert_taken("--proxy socks5://192.0.2.1 -sT -PS22 -PA80 -n h", false, 0);
	assert_taken("--proxies socks5://192.0.2.1 -Pn --unprivileged -6 h", false, 0);
	assert_taken("--proxies socks5://192.0.2.1 -sn h", false, 0);
	assert_refused("--proxies foo://192.0.2.1 h", false, "--proxies: ");
	assert_refused("--proxies socks4://192.0.2.1 -6 h", false, "IPv4 only");
	assert_refused("--proxies socks5://192.0.2.1 -PE -sT h", false, "-PE cannot");
	assert_refused("--proxies socks5://192.0.2.1 -sTU h", false, "-sU cannot");
	assert_refused("--proxies socks5://192.0.2.1 -R h", false, "-R cannot");
	assert_refused("--proxies socks5://192.0.2.1 -b h h", false, "-b cannot");
	assert_refused("--proxies socks5://192.0.2.1 --backend raw h", false, "--backend cannot");
}

static void test_looks_refused(void **state)
{
	static const char *const options[] = {"-f", "-ff", "--mtu 16", "-D 10.0.0.1,ME",
		"-S 10.0.0.1", "--data AA", "--data-string x", "--data-length 3", "--ip-options R",
		"--ttl 5", "--spoof-mac 0", "--badsum", "--adler32", "--send-eth", "--send-ip"};
	char line[100], name[20];

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(options[i], " "), options[i]);
		if (strcmp(name, "-ff") == 0)
			name[2] = '\0';
		for (int k = 0; k < 5; k++) {
			static const char *const how[] = {
				"-sT", "-sL", "--unprivileged", "--backend connect", "-sn"};

			snprintf(line, sizeof(line), "%s %s h", how[k], options[i]);
			assert_refused(line, k < 2, name);
		}
		snprintf(line, sizeof(line), "-sTU %s h",
			options[i]); /* connects would go as they are */
		assert_refused(line, true, name);
	}
}

static void test_fragments(void **state)
{
	static const struct {
		const char *line;
		unsigned mtu;
	} rows[] = {{"-f h", 8}, {"-ff h", 16}, {"-f -f h", 16}, {"--mtu 40 h", 40}, {"h", 0},
		{"-6 --mtu 24 h", 24}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct made *m = make(rows[i].line, true);

		assert_int_equal(m->rc, 0);
		assert_int_equal(m->p.wire.mtu, rows[i].mtu);
		drop(m);
	}
	assert_refused("--mtu 7 h", true, "8");
	assert_refused("--mtu 12 h", true, "multiples of 8");
	assert_refused("-f --mtu 16 h", true, "exclude");
	assert_refused("-6 -f h", true, "RFC 8200");
}

static void test_decoys(void **state)
{
	struct made *m = make("-D 10.0.0.1,ME,10.0.0.2,RND:3,RND h", true);
	bool first = false, last = false;

	assert_int_equal(m->rc, 0);
	assert_int_equal(m->p.wire.n_decoys, 6);
	assert_int_equal(m->p.wire.me, 1);
	assert_int_equal(addr_to_v4(&m->p.wire.decoys[1]), 0x0a000002);
	drop(m);
	for (int i = 0; i < 200; i++) { /* somewhere, when not said */
		m = make("-D 10.0.0.1,10.0.0.2 h", true);
		assert_true(m->p.wire.me <= 2);
		first |= m->p.wire.me == 0;
		last |= m->p.wire.me == 2;
		drop(m);
	}
	assert_true(first && last);
	assert_taken("-D RND:128 h", true, 0);
	assert_taken("-6 -D fd00::1,RND h", true, 0);
	assert_refused("-D ME,ME h", true, "ME");
	assert_refused("-D RND:128,10.0.0.1 h", true, "128");
	assert_refused("-D RND:129 h", true, "128");
	assert_refused("-D RND:0 h", true, "RND");
	assert_refused("-D 10.0.0.1,,ME h", true, "missing");
	assert_refused("-D fd00::1 h", true, "IPv4");
	assert_refused("-6 -D 10.0.0.1 h", true, "IPv6");
	assert_refused("-D no.such.name h", true, "address");
	assert_refused("-D 0.0.0.0 h", true, "0.0.0.0"); /* the kernel would write ours */
	assert_refused("-D 224.0.0.1 h", true, "224.0.0.1");
}

static void test_source(void **state)
{
	struct made *m = make("-S 192.0.2.1 h", true);

	assert_int_equal(m->rc, 0);
	assert_int_equal(m->warnings, 1); /* no address of ours */
	assert_int_equal(addr_to_v4(&m->p.wire.source), 0xc0000201);
	drop(m);
	assert_refused("-S 0.0.0.0 h", true, "0.0.0.0");
	assert_refused("-S fd00::1 h", true, "IPv4");
	assert_refused("-S nosuch h", true, "not an address");
}

static void assert_data(const char *line, const char *bytes, size_t len)
{
	struct made *m = make(line, true);

	assert_int_equal(m->rc, 0);
	assert_int_equal(m->p.wire.data_len, len);
	assert_memory_equal(m->p.wire.data, bytes, len);
	drop(m);
}

static void test_data(void **state)
{
	struct made *m = make("--data-length 25 h", true);

	assert_int_equal(m->p.wire.data_len, 25);
	drop(m);
	assert_data("--data 0xdeadBEEF h", "\xde\xad\xbe\xef", 4);
	assert_data("--data AABB h", "\xaa\xbb", 2);
	assert_data("--data \\xAA\\xBB h", "\xaa\xbb", 2);
	assert_data("--data-string a\\x41 h", "a\\x41", 5); /* nmap takes it as it is, too */
	assert_refused("--data xyz h", true, "hexadecimal");
	assert_refused("--data ABC h", true, "hexadecimal");
	assert_refused("--data 0x h", true, "hexadecimal");
	assert_refused("--data \\xAABB h", true, "hexadecimal");
	assert_refused("--data 00 --data-string a h", true, "exclude");
	assert_refused("--data-length 1401 h", true, "1400");
}

static void test_spoof_mac(void **state)
{
	static const char *const lines[] = {"--spoof-mac 00:0c:29:01:02:03 h",
		"--spoof-mac 000c29010203 h", "--spoof-mac 00-0C-29 h", "--spoof-mac 0 h"};
	static const char list[] = "000C29\tVMware\n0050C2ABC\tSmall Maker\n";
	struct mac block = {{0}};
	struct oui *vendors = NULL;
	char path[] = "/tmp/sonde-oui-XXXXXX";
	int fd = mkstemp(path);

	for (int i = 0; i < 4; i++) {
		struct made *m = make(lines[i], true);
		const uint8_t *b = m->p.wire.mac.b;

		assert_int_equal(m->rc, 0);
		assert_true(m->p.wire.has_mac);
		if (i < 3)
			assert_memory_equal(b, "\x00\x0c\x29", 3);
		else
			assert_int_equal(b[0] & 3, 2);
		if (i < 2)
			assert_memory_equal(b + 3, "\x01\x02\x03", 3);
		drop(m);
	}
	assert_refused("--spoof-mac 01:02:03:04:05:06 h", true, "group");
	assert_refused("--spoof-mac zzzzqq h", true, "zzzzqq");
	assert_refused("--spoof-mac 00:0c:29:01:02:03:04 h", true, "vendor");
	assert_refused("--spoof-mac 0 --send-ip h", true, "--send-ip");
	assert_refused("--spoof-mac 0 --backend raw h", true, "packet-ring");
	assert_refused("--spoof-mac 0 --disable-arp-ping h", true, "neighbours");
	assert_true(write(fd, list, sizeof(list) - 1) == sizeof(list) - 1);
	assert_int_equal(oui_open(&vendors, path, NULL), 0);
	assert_int_equal(oui_block(vendors, "vmWARE", &block), 24);
	assert_memory_equal(block.b, "\x00\x0c\x29\0\0\0", 6);
	assert_int_equal(oui_block(vendors, "maker", &block), 36);
	assert_memory_equal(block.b, "\x00\x50\xc2\xab\xc0\0", 6);
	assert_int_equal(oui_block(vendors, "nobody", &block), 0);
	oui_free(vendors);
	close(fd);
	unlink(path);
}

static void test_fields(void **state)
{
	struct made *m = make("--ttl 0 --badsum --ip-options U h", true);

	assert_int_equal(m->rc, 0);
	assert_true(m->p.wire.ttl_set && m->p.wire.ttl == 0 && m->p.wire.badsum);
	assert_int_equal(m->p.wire.ip_options.len, 36);
	drop(m);
	assert_refused("--ttl 256 h", true, "255");
	assert_refused("--ip-options Q h", true, "--ip-options Q");
	assert_refused("-6 --ip-options R h", true, "IPv4");
	assert_refused("--adler32 h", true, "SCTP");
	assert_refused("--send-eth --send-ip h", true, "exclude");
	assert_refused("--send-eth --backend raw h", true, "--send-eth");
	assert_refused("--send-eth --disable-arp-ping h", true, "neighbours");
	assert_taken("--send-ip h", true, 0);
}

static void test_neighbours(void **state)
{
	assert_taken("-PR h", true, 0);
	assert_taken("-PR h", false, 1);
	assert_taken("-sL -PR h", false, 0);
	assert_refused("--backend packet-ring --disable-arp-ping h", true, "neighbours");
	assert_taken("--backend raw --disable-arp-ping h", true, 0);
	assert_taken("--backend packet-ring h", true, 0);
}

static void test_traceroute(void **state)
{
	struct made *m = make("--traceroute -sT h", true);

	assert_true(m->p.traceroute);
	drop(m);
	assert_refused("--traceroute h", false, "setcap");
	assert_refused("--traceroute -sL h", true, "-sL");
	assert_refused("--traceroute --unprivileged h", false, "--unprivileged");
	assert_refused("--traceroute --backend connect h", true, "--backend connect");
	assert_refused("--traceroute -sT --proxies socks5://h:1 h", true, "--proxies");
}

static void assert_parallelism(const char *line, unsigned min, unsigned max)
{
	struct made *m = make(line, true);

	assert_int_equal(m->rc, 0);
	assert_int_equal(m->p.timing.min_parallelism, min);
	assert_int_equal(m->p.timing.max_parallelism, max);
	drop(m);
}

static void test_parallelism(void **state)
{
	assert_parallelism("-T2 h", 0, 1);
	assert_parallelism("-T0 --min-parallelism 1 h", 1, 1);
	assert_parallelism("-T0 --min-parallelism 8 h", 8, 0);
	assert_parallelism("-T1 --max-parallelism 4 h", 0, 4);
	assert_parallelism("--min-parallelism 2 --max-parallelism 4 -T2 h", 2, 4);
	assert_parallelism("--min-parallelism 2 h", 2, 0);
	assert_refused("-T2 --min-parallelism 5 --max-parallelism 4 h", true, "--max-parallelism");
}

static void assert_levels(const char *line, int verbose, int debug)
{
	struct made *m = make(line, true);

	assert_int_equal(m->rc, 0);
	assert_int_equal(m->p.verbose, verbose);
	assert_int_equal(m->p.debug, debug);
	drop(m);
}

/* Beside what nmap 7.93 -oX says of the same options. */
static void test_levels(void **state)
{
	assert_levels("-d h", 1, 1);
	assert_levels("-v -d h", 2, 1);
	assert_levels("-dd h", 2, 2);
	assert_levels("-d2 -v h", 3, 2);
	assert_levels("-v3 -d h", 4, 1);
	assert_levels("-v0 -d h", 1, 1);
	assert_levels("-d0 -v h", 1, 0);
}

static void test_timing(void **state)
{
	struct made *m =
		make("-T4 --max-rtt-timeout 200ms --max-retries 0 --scan-delay 2s --max-rate 50 h",
			true);
	const struct plan_timing *t = &m->p.timing;

	assert_int_equal(m->rc, 0);
	assert_int_equal(t->template_no, 4);
	assert_int_equal(t->max_rto_ns, 200 * NS_PER_MS);
	assert_int_equal(t->initial_rto_ns, 200 * NS_PER_MS); /* pulled down */
	assert_int_equal(t->min_rto_ns, 100 * NS_PER_MS);
	assert_int_equal(t->max_retries, 0);
	assert_true(t->max_retries_set);
	assert_int_equal(t->scan_delay_ns, 2 * NS_PER_S);
	assert_int_equal(t->max_scan_delay_tcp_ns, 2 * NS_PER_S); /* pushed up */
	assert_true(t->max_rate > 49 && t->max_rate < 51);
	drop(m);
	m = make("--min-rtt-timeout 2s --max-rtt-timeout 1s h", true);
	assert_int_equal(m->rc, ERR_USAGE);
	drop(m);
	m = make("--initial-rtt-timeout 20s h", true);
	assert_int_equal(m->p.timing.max_rto_ns, 20 * NS_PER_S);
	drop(m);
}

/* The values of the predecessor's README. */
static void test_stealth(void **state)
{
	static const struct plan_stealth want[] = {
		{256, 500 * NS_PER_US, 0.1, 0, 0},
		{64, 2 * NS_PER_MS, 0.3, 0, 0},
		{16, 10 * NS_PER_MS, 0.6, NS_PER_S, 5 * NS_PER_S},
		{4, 50 * NS_PER_MS, 0.8, 3 * NS_PER_S, 30 * NS_PER_S},
		{0},
	};
	static const char *const lines[] = {"--stealth aggressive h", "--stealth NORMAL h",
		"--stealth=stealthy h", "--stealth 3 h", "h"};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct made *m = make(lines[i], true);

		assert_int_equal(m->rc, 0);
		assert_int_equal(m->p.stealth.batch, want[i].batch);
		assert_int_equal(m->p.stealth.delay_ns, want[i].delay_ns);
		assert_true(m->p.stealth.jitter == want[i].jitter);
		assert_int_equal(m->p.stealth.batch_pause_ns, want[i].batch_pause_ns);
		assert_int_equal(m->p.stealth.target_pause_ns, want[i].target_pause_ns);
		drop(m);
	}
}

/* nmap 7.93 takes them with these techniques only. */
static void test_defeat(void **state)
{
	static const struct {
		const char *line;
		int rc;
		bool rst, icmp;
	} rows[] = {
		{"-sS --defeat-rst-ratelimit h", 0, true, false},
		{"-sU --defeat-icmp-ratelimit h", 0, false, true},
		{"-sSU --defeat-rst-ratelimit --defeat-icmp-ratelimit h", 0, true, true},
		{"--defeat-rst-ratelimit h", 0, true, false},
		{"-sU --defeat-rst-ratelimit h", ERR_USAGE},
		{"-sT --defeat-rst-ratelimit h", ERR_USAGE},
		{"-sn --defeat-rst-ratelimit h", ERR_USAGE},
		{"-sS --defeat-icmp-ratelimit h", ERR_USAGE},
		{"-sL --defeat-icmp-ratelimit h", ERR_USAGE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct made *m = make(rows[i].line, true);

		assert_int_equal(m->rc, rows[i].rc);
		if (m->rc == 0) {
			assert_int_equal(m->p.defeat_rst, rows[i].rst);
			assert_int_equal(m->p.defeat_icmp, rows[i].icmp);
		}
		drop(m);
	}
	struct made *m = make("--defeat-rst-ratelimit h", false); /* connect() is what is left */

	assert_int_equal(m->rc, ERR_USAGE);
	drop(m);
}

static void test_backend_and_interface(void **state)
{
	struct made *m = make("--backend connect -sS h", true);

	assert_int_equal(m->rc, ERR_USAGE);
	drop(m);
	m = make("--backend raw -sT h", true);
	assert_int_equal(m->rc, ERR_USAGE);
	drop(m);
	m = make("-e nosuch0 h", true);
	assert_int_equal(m->rc, ERR_USAGE);
	assert_non_null(strstr(m->e.text, "nosuch0"));
	drop(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_without_privilege),
		cmocka_unit_test(test_ports_and_techniques),
		cmocka_unit_test(test_techniques),
		cmocka_unit_test(test_techniques_together),
		cmocka_unit_test(test_scan_flags),
		cmocka_unit_test(test_discovery),
		cmocka_unit_test(test_number_of_pings),
		cmocka_unit_test(test_source_port),
		cmocka_unit_test(test_configured_techniques_give_way),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_bounce),
		cmocka_unit_test(test_proxies),
		cmocka_unit_test(test_looks_refused),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_decoys),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_spoof_mac),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_traceroute),
		cmocka_unit_test(test_parallelism),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_timing),
		cmocka_unit_test(test_stealth),
		cmocka_unit_test(test_defeat),
		cmocka_unit_test(test_backend_and_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
