/* SPDX-License-Identifier: BSD-2-Clause */
/* What command lines say about sweeps. */
#include "cmd/sweep_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/plan_make.h"

struct made {
	struct opts o;
	struct plan p;
	struct services *services;
	char line[512];
	struct err e;
	int rc;
};

/* The plan of words separated by blanks; "_" in a word stands for a blank. */
static struct made *make(const char *line, bool privileged)
{
	const char *argv[40] = {"--config", "/dev/null"};
	struct made *m = calloc(1, sizeof(*m));
	int argc = 2;
	char *save;

	assert_non_null(m);
	strncpy(m->line, line, sizeof(m->line) - 1);
	for (char *word = strtok_r(m->line, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		for (char *c = strchr(word, '_'); c; c = strchr(c, '_'))
			*c = ' ';
		argv[argc++] = word;
	}
	assert_int_equal(services_open(&m->services, NULL, &m->e), 0);
	plan_init(&m->p);
	m->rc = opts_read(&m->o, argc, argv, &m->e);
	if (m->rc == 0)
		m->rc = plan_make(&m->p, &m->o,
			&(struct plan_world){.privileged = privileged, .services = m->services},
			&m->e);
	if (m->rc == 0 && !m->p.sweep.on)
		m->rc = sweep_plan_stateful(&m->o, &m->e);
	return m;
}

static void done(struct made *m)
{
	plan_free(&m->p);
	opts_free(&m->o);
	services_free(m->services);
	free(m);
}

static void refused(const char *line, const char *say)
{
	struct made *m = make(line, true);

	if (m->rc != ERR_USAGE || !strstr(m->e.text, say))
		fail_msg("\"%s\" gives %d: %s", line, m->rc, m->e.text);
	done(m);
}

static struct made *accepted(const char *line)
{
	struct made *m = make(line, true);

	if (m->rc != 0)
		fail_msg("\"%s\" gives %d: %s", line, m->rc, m->e.text);
	return m;
}

static void defaults(void **state)
{
	struct made *m = accepted("--sweep -p80 192.0.2.1");
	const struct plan_sweep *s = &m->p.sweep;

	assert_true(s->on && s->probe_time && !s->rate_auto && !s->all_answers);
	assert_int_equal(s->n_shards, 1);
	assert_int_equal(s->passes, 1);
	assert_int_equal(s->cooldown_ns, 4 * NS_PER_S);
	assert_int_equal(s->probe_options, PROBE_OPTIONS_LINUX);
	assert_true(s->recheck == 0.005);
	done(m);
	m = accepted("-p80 192.0.2.1");
	assert_false(m->p.sweep.on);
	done(m);
}

static void values(void **state)
{
	struct made *m = accepted(
		"--sweep --rate 1.5M --shard 2/4 --seed 0x10 --recheck 2% "
		"--probes 2 --cooldown 500ms --probe-options MSS --no-probe-time --dedup 0 "
		"--sender-threads 3 --all-answers --receipt r --max-rate 9 --max-host-rate 0.5 --max-net-rate 7 -p80 192.0.2.1");
	const struct plan_sweep *s = &m->p.sweep;

	assert_true(s->rate_pps == 1500000 && s->rate_limit_pps == 9 && s->recheck == 0.02);
	assert_true(s->host_limit_pps == 0.5 && s->net_limit_pps == 7);
	assert_int_equal(s->shard, 1);
	assert_int_equal(s->n_shards, 4);
	assert_int_equal(m->p.seed, 16);
	assert_true(s->all_answers && !s->probe_time);
	assert_string_equal(s->receipt, "r");
	assert_int_equal(s->passes, 2);
	assert_int_equal(s->cooldown_ns, 500 * NS_PER_MS);
	assert_int_equal(s->probe_options, PROBE_OPTIONS_MSS);
	assert_int_equal(s->dedup, 0);
	assert_int_equal(s->sender_threads, 3);
	done(m);
	m = accepted("--sweep -sU --contact a_b -p80 192.0.2.1");
	assert_string_equal(m->p.sweep.contact, "a b");
	done(m);
}

static double rate_of(const char *text)
{
	char line[64] = "--sweep -p80 h --rate ";
	struct made *m = accepted(strcat(line, text));
	double rate = m->p.sweep.rate_auto ? -1 : m->p.sweep.rate_pps;

	done(m);
	return rate;
}

static uint64_t bits_of(const char *text)
{
	char line[64] = "--sweep -p80 h -B";
	struct made *m = accepted(strcat(line, text));
	uint64_t bits = m->p.sweep.bandwidth_bps;

	done(m);
	return bits;
}

static void rates(void **state)
{
	assert_true(rate_of("0.1") == 0.1);
	assert_true(rate_of("20k") == 20000);
	assert_true(rate_of("20K") == 20000);
	assert_true(rate_of("1G") == 1e9);
	assert_true(rate_of("auto") == -1);
	assert_int_equal(bits_of("100M"), 100000000);
	assert_int_equal(bits_of("1.5k"), 1500);
	assert_int_equal(bits_of("64"), 64);
	/* Gigabit Ethernet carries 1,488,095 of the shortest frames a second */
	assert_int_equal((uint64_t)plan_sweep_pps(1000000000, 54), 1488095);
	assert_int_equal((uint64_t)plan_sweep_pps(1000000000, 60), 1488095);
	assert_int_equal((uint64_t)plan_sweep_pps(1000000000, 1514), 81274);
}

static uint64_t seed_of(const char *text)
{
	char line[128] = "--sweep -p80 h --seed ";
	struct made *m = accepted(strcat(line, text));
	uint64_t seed = m->p.seed;

	done(m);
	return seed;
}

static void seeds(void **state)
{
	assert_int_equal(seed_of("7"), 7);
	assert_int_equal(seed_of("0xffffffffffffffff"), UINT64_MAX);
	assert_int_equal(seed_of("spring"), seed_of("spring"));
	assert_int_not_equal(seed_of("spring"), seed_of("sprinG"));
}

static void bad_values(void **state)
{
	static const char *const bad[][2] = {
		{"--rate 0", "--rate 0"},
		{"--rate -1", "--rate -1"},
		{"--rate fast", "nor auto"},
		{"--rate 2G", "--rate 2G"},
		{"--rate 1kk", "--rate 1kk"},
		{"--max-host-rate 0", "--max-host-rate 0"},
		{"--max-net-rate x", "--max-net-rate x"},
		{"-B x", "--bandwidth x"},
		{"-B 0", "--bandwidth 0"},
		{"-B 1M --rate 5", "exclude each other"},
		{"--seed 1 --shard 0/4", "1/N to N/N"},
		{"--seed 1 --shard 5/4", "1/N to N/N"},
		{"--seed 1 --shard 4", "1/N to N/N"},
		{"--seed 1 --shard 1/4/2", "1/N to N/N"},
		{"--shards 1/4", "add --seed"},
		{"--recheck 101", "--recheck"},
		{"--recheck %", "--recheck"},
		{"-sU --contact 12345678901234567890123456789012345678901234567890123456789012345",
			"64 characters"},
		{"-sU --contact caf\303\251", "ASCII"},
		{"--probes 0", "--probes 0"},
		{"--cdn-only akamai", "--skip-cdn"},
		{"--skip-cdn --cdn-only a --cdn-except b", "exclude each other"},
		{"--sweep --no-sweep", "exclude each other"},
	};
	char line[256];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		strcpy(line, "--sweep -p80 h ");
		refused(strcat(line, bad[i][0]), bad[i][1]);
	}
}

/* What one of the two schedulers has no use for is refused there. */
static void not_with_the_other(void **state)
{
	static const char *const stateful[] = {"-D RND:3", "-f", "--scan-delay 1s", "-T4",
		"--max-retries 1", "--host-timeout 5s", "--min-rate 5", "--stealth 1", "-r",
		"--traceroute", "--packet-trace", "-oH x", "--packet-capture x", "--badsum",
		"--data-length 4", "--min-parallelism 4", "--spoof-mac 0", "-sO", "-sZ", "-sSU",
		"-PE", "-PS80", "-PB", "--nogcc", "--backend connect", "-R", "-sI 192.0.2.9"};
	static const char *const sweeping[] = {"--rate 5", "-B 1M", "--seed 1", "--receipt x",
		"--all-answers", "--skip-cdn", "--contact me", "--scope x", "--i-have-permission",
		"--probes 2", "--cooldown 1s", "--recheck off", "--dedup 5", "--no-probe-time",
		"--probe-options mss", "--sender-threads 2", "--max-host-rate 1",
		"--max-net-rate 1"};
	char line[256];

	for (size_t i = 0; i < sizeof(stateful) / sizeof(stateful[0]); i++) {
		strcpy(line, "--sweep 192.0.2.1 ");
		refused(strcat(line, stateful[i]), "--sweep");
	}
	for (size_t i = 0; i < sizeof(sweeping) / sizeof(sweeping[0]); i++) {
		strcpy(line, "-p80 192.0.2.1 ");
		refused(strcat(line, sweeping[i]), "add --sweep");
		strcpy(line, "--no-sweep -p80 192.0.2.1 ");
		refused(strcat(line, sweeping[i]), "add --sweep");
	}
	refused("--sweep -p80 --contact me h", "have room for a note");
	refused("--sweep -sn -PP --contact me h", "have room for a note");
	refused("--sweep -sU -p53 --probe-options mss h", "TCP SYN probes");
	refused("--sweep -sA -p80 --probe-options mss h", "TCP SYN probes");
	done(accepted("--sweep -sT -p80 --probe-options mss h"));
	done(accepted("--sweep -sn -PE --contact me 192.0.2.1"));
	done(accepted("--sweep -sU -p53 -Pn -n -g 99 --ttl 9 192.0.2.1"));
}

static void needs_privilege(void **state)
{
	struct made *m = make("--sweep -p80 192.0.2.1", false);

	assert_int_equal(m->rc, ERR_USAGE);
	assert_non_null(strstr(m->e.text, "--sweep needs permission"));
	done(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(values),
		cmocka_unit_test(rates),
		cmocka_unit_test(seeds),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(not_with_the_other),
		cmocka_unit_test(needs_privilege),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
