/* SPDX-License-Identifier: BSD-2-Clause */
/* From a command line to a plan. */
#include "cmd/plan_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

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
	m->p.backend = NULL; /* a word of the line */
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
	m = make("-PS99999 h", true);
	assert_int_equal(m->rc, ERR_USAGE);
	drop(m);
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
	m = make("-d h", true);
	assert_int_equal(m->p.verbose, 1); /* -d says all that -v says */
	drop(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_without_privilege),
		cmocka_unit_test(test_ports_and_techniques),
		cmocka_unit_test(test_discovery),
		cmocka_unit_test(test_timing),
		cmocka_unit_test(test_backend_and_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
