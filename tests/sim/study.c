/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulation study: whole scans over io_sim at many losses, round-trip times and seeds, compared with the truth of the simulated host, port by
 * port. Prints the table of doc/simulation.md; fails when a share of wrong states, a number of probes or a virtual duration
 * leaves its bound. Every number is a function of the seeds: a failure repeats.
 *
 *	study [--seeds N] [--markdown FILE] [--only KIND]
 *
 * The host has 100 ports: 10 open, 30 silent, 60 closed, at places that the seed decides.
 */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/str.h"
#include "io/sim.h"
#include "model/bus.h"
#include "scan/scan.h"
#include "target/target.h"

#define PORTS 100
#define OPEN_PORTS 10
#define SILENT_PORTS 30
#define FIRST_PORT 1000
#define JITTER_SHARE 10 /* each way up to a tenth of the RTT more */
#define RST_PER_S 200	/* FreeBSD's net.inet.icmp.icmplim */
#define ICMP_PER_S 1	/* Linux' net.ipv4.icmp_ratelimit */

enum kind { PLAIN, RST_LIMITED, ICMP_LIMITED, KINDS };

struct kind_row {
	const char *name, *title, *technique;
	uint8_t proto;
	enum port_class ports;
	uint8_t silent; /* enum port_state of a port that never answers */
	double rst_per_s, icmp_per_s;
};

static const struct kind_row kinds[KINDS] = {
	[PLAIN] = {"plain", "SYN scan, no limits", "syn", PROTO_TCP, PORTS_TCP, PORT_FILTERED, 0, 0},
	[RST_LIMITED] = {"rst", "SYN scan, 200 RSTs a second", "syn", PROTO_TCP, PORTS_TCP, PORT_FILTERED, RST_PER_S, 0},
	[ICMP_LIMITED] = {"icmp", "UDP scan, 1 ICMP error a second", "udp", PROTO_UDP, PORTS_UDP, PORT_OPEN_FILTERED,
		0, ICMP_PER_S},
};

static const double losses[] = {0, 0.01, 0.05, 0.20};
static const uint64_t rtts_us[] = {100, 1000, 20000, 100000, 300000};

#define N_LOSSES (sizeof(losses) / sizeof(losses[0]))
#define N_RTTS (sizeof(rtts_us) / sizeof(rtts_us[0]))

/*
 * What may be at most, by kind and loss, over all RTTs: shares of all ports (wrong) and of the open ones (missed), mean probes a port, median seconds
 * besides 30 RTTs. About twice what 1,000 seeds gave; nothing may be wrong where nothing is lost or limited.
 */
struct bound {
	double wrong, missed, probes, seconds;
};

/* clang-format off */
static const struct bound bounds[KINDS][N_LOSSES] = {
	[PLAIN]        = {{0, 0, 1.8, 0.5}, {0.0005, 0.001, 2.2, 1}, {0.0005, 0.001, 3, 2}, {0.0005, 0.001, 7, 6}},
	[RST_LIMITED]  = {{0.0005, 0, 7, 4}, {0.0005, 0.001, 7, 4}, {0.0005, 0.001, 7, 6}, {0.0005, 0.001, 10, 12}},
	[ICMP_LIMITED] = {{0.0005, 0, 20, 90}, {0.0005, 0.001, 20, 95}, {0.0005, 0.001, 25, 110}, {0.002, 0.001, 30, 170}},
};
/* clang-format on */

/*
 * Few seeds scatter: a count of n may be five standard deviations (Poisson) over its bound. With 1,000 seeds that is next to nothing.
 */
static double slack(double share, double n)
{
	return share + 5 * sqrt(share / n);
}

/* One scan: the network, the truth, what came out. */
struct trial {
	const struct kind_row *kind;
	struct sim_rule rules[PORTS];
	struct sim_host host;
	unsigned seen, wrong, missed; /* ports */
	uint64_t probes, elapsed_ns;
	bool ended;
};

/* One line of the table. */
struct cell {
	enum kind kind;
	size_t loss, rtt;
	unsigned runs, wrong, missed;
	uint64_t probes;
	double *seconds; /* owned: one a run */
};

static uint8_t truth(const struct trial *t, uint16_t port)
{
	switch (t->rules[port - FIRST_PORT].what) {
	case SIM_OPEN:
		return PORT_OPEN;
	case SIM_CLOSED:
		return PORT_CLOSED;
	default:
		return t->kind->silent;
	}
}

static void check_host(struct trial *t, const struct rec_host *h)
{
	for (size_t i = 0; i < h->n_ports; i++) {
		const struct rec_port *p = &h->ports[i];
		uint8_t right = truth(t, p->number);

		t->seen++;
		t->wrong += p->state != right;
		t->missed += right == PORT_OPEN && p->state != PORT_OPEN;
	}
}

static int on_record(void *ctx, const struct rec *r, struct err *e)
{
	struct trial *t = ctx;

	if (r->kind == REC_HOST) {
		check_host(t, r->host);
	} else if (r->kind == REC_END) {
		t->probes = r->end->probes_sent;
		t->elapsed_ns = r->end->elapsed_ns;
		t->ended = true;
	}
	return 0;
}

/* ---- one scan -------------------------------------------------------------------------------------------------- */

static void make_host(struct trial *t, const struct cell *c, uint64_t seed)
{
	struct rng r;

	rng_seed(&r, seed);
	for (unsigned i = 0; i < PORTS; i++)
		t->rules[i].what = i < OPEN_PORTS ? SIM_OPEN : i < OPEN_PORTS + SILENT_PORTS ? SIM_DROP : SIM_CLOSED;
	for (unsigned i = PORTS; i-- > 1;) {
		unsigned k = (unsigned)rng_below(&r, i + 1);
		enum sim_port what = t->rules[i].what;

		t->rules[i].what = t->rules[k].what;
		t->rules[k].what = what;
	}
	for (unsigned i = 0; i < PORTS; i++) {
		t->rules[i].proto = t->kind->proto;
		t->rules[i].lo = t->rules[i].hi = (uint16_t)(FIRST_PORT + i);
	}
	t->host = (struct sim_host){.addr = addr_v4(0x0a000002), .rtt_ns = rtts_us[c->rtt] * NS_PER_US,
		.jitter_ns = rtts_us[c->rtt] * NS_PER_US / JITTER_SHARE, .loss = losses[c->loss],
		.rst_per_s = t->kind->rst_per_s, .icmp_per_s = t->kind->icmp_per_s, .rules = t->rules, .n_rules = PORTS};
}

static int make_plan(struct plan *p, const struct kind_row *kind, uint64_t seed)
{
	struct port_list *l = &p->ports.of[kind->ports];

	plan_init(p);
	p->techniques[0] = kind->technique;
	p->ping = PING_NONE;
	p->reverse_dns = false;
	p->seed = seed;
	l->ports = malloc(PORTS * sizeof(*l->ports));
	if (!l->ports)
		return -1;
	for (l->n = 0; l->n < PORTS; l->n++)
		l->ports[l->n] = (uint16_t)(FIRST_PORT + l->n);
	return 0;
}

static int scan(struct trial *t, struct io *io, const struct plan *p, struct err *e)
{
	static const char *const specs[] = {"10.0.0.2"};
	static volatile sig_atomic_t stop;
	struct target_request rq = {.specs = specs, .n_specs = 1, .family = 4};
	struct targets *targets = NULL;
	struct scan_result res;
	struct bus bus;
	struct scan_env env = {.clock = io->clock, .bus = &bus, .sim = io, .sim_self4 = addr_v4(0x0a000001),
		.stop = &stop, .args = "study", .version = SONDE_VERSION, .privileged = true};
	int rc;

	bus_init(&bus);
	rc = bus_subscribe(&bus, on_record, t, BUS_WANT(REC_HOST) | BUS_WANT(REC_END));
	if (!rc)
		rc = targets_open(&targets, &rq, e);
	if (!rc) {
		env.targets = targets;
		rc = scan_run(p, &env, &res, e);
	}
	targets_free(targets);
	return rc;
}

static int run_trial(struct trial *t, const struct cell *c, uint64_t seed, struct err *e)
{
	struct sim_conf conf = {.seed = seed, .self4 = addr_v4(0x0a000001), .hosts = &t->host, .n_hosts = 1};
	struct io_conf ioc = {0};
	struct sim_net *net = NULL;
	struct io *io = NULL;
	struct plan p;
	int rc;

	*t = (struct trial){.kind = &kinds[c->kind]};
	make_host(t, c, seed);
	rc = make_plan(&p, t->kind, seed);
	if (!rc)
		rc = sim_open(&net, &conf, e);
	ioc.sim = net;
	if (!rc)
		rc = io_sim_ops.open(&io, &ioc, e);
	if (!rc)
		rc = scan(t, io, &p, e);
	io_close(io);
	sim_free(net);
	plan_free(&p);
	if (!rc && (!t->ended || t->seen != PORTS))
		rc = err_set(e, ERR_PARSE, "the records are not whole: %u ports, %s", t->seen, t->ended ? "ended" : "no end");
	return rc;
}

/* ---- one line of the table ------------------------------------------------------------------------------------- */

static int run_cell(struct cell *c, uint64_t seeds)
{
	struct err e = {0};
	struct trial t;

	c->seconds = calloc(seeds, sizeof(*c->seconds));
	if (!c->seconds)
		return -1;
	for (uint64_t i = 0; i < seeds; i++) {
		uint64_t seed = 1 + i + 1000000 * (c->loss + 10 * c->rtt + 100 * (uint64_t)c->kind);

		if (run_trial(&t, c, seed, &e)) {
			fprintf(stderr, "study: seed %llu: %s\n", (unsigned long long)seed, e.text);
			return -1;
		}
		c->wrong += t.wrong;
		c->missed += t.missed;
		c->probes += t.probes;
		c->seconds[c->runs++] = (double)t.elapsed_ns / 1e9;
	}
	return 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Shares of a cell: 0 wrong, 1 missed; probes a port; seconds. */
static struct bound measured(struct cell *c)
{
	qsort(c->seconds, c->runs, sizeof(*c->seconds), by_value);
	return (struct bound){.wrong = (double)c->wrong / (c->runs * PORTS),
		.missed = (double)c->missed / (c->runs * OPEN_PORTS),
		.probes = (double)c->probes / (c->runs * PORTS),
		.seconds = c->seconds[c->runs / 2]};
}

static bool inside(const struct cell *c, const struct bound *m)
{
	const struct bound *b = &bounds[c->kind][c->loss];
	double rtt_s = (double)rtts_us[c->rtt] / 1e6;

	if (m->wrong <= slack(b->wrong, (double)c->runs * PORTS) &&
		m->missed <= slack(b->missed, (double)c->runs * OPEN_PORTS) && m->probes <= b->probes && m->seconds <= b->seconds + 30 * rtt_s)
		return true;
	fprintf(stderr, "study: %s, loss %.0f %%, RTT %g ms: out of bounds: wrong %.5f of %.5f, missed %.5f of %.5f, probes a "
			"port %.2f of %.2f, seconds %.2f of %.2f\n",
		kinds[c->kind].title, losses[c->loss] * 100, rtt_s * 1e3, m->wrong, b->wrong, m->missed, b->missed,
		m->probes, b->probes, m->seconds, b->seconds + 30 * rtt_s);
	return false;
}

static void print_head(FILE *f, uint64_t seeds)
{
	fprintf(f, "# Simulation study\n\n"
		   "Made by `tests/sim/study --seeds %llu --markdown doc/simulation.md`: whole scans with `-T3` and no discovery over the simulator, "
		   "whose clock is virtual. Each line: %llu scans of a host with %d ports, %d open, %d silent, %d closed, at places that the "
		   "seed decides. Loss is drawn for each packet and each way; jitter is up to a tenth of the RTT each way. "
		   "\"Wrong\" is the share of all ports whose state differs from the truth, \"open missed\" that of the open ones.\n",
		(unsigned long long)seeds, (unsigned long long)seeds, PORTS, OPEN_PORTS, SILENT_PORTS,
		PORTS - OPEN_PORTS - SILENT_PORTS);
}

static void print_kind(FILE *f, enum kind kind)
{
	fprintf(f, "\n## %s\n\n| loss | RTT | wrong | open missed | probes a port | virtual seconds, median | 99 %% | worst |\n"
		   "|---|---|---|---|---|---|---|---|\n",
		kinds[kind].title);
}

static void print_cell(FILE *f, const struct cell *c, const struct bound *m)
{
	fprintf(f, "| %g %% | %g ms | %.4f %% | %.4f %% | %.2f | %.3f | %.3f | %.3f |\n", losses[c->loss] * 100,
		(double)rtts_us[c->rtt] / 1e3, m->wrong * 100, m->missed * 100, m->probes, m->seconds,
		c->seconds[(c->runs * 99 - 1) / 100], c->seconds[c->runs - 1]);
	fflush(f);
}

/* Every loss and RTT of a kind: 0, 1 out of bounds, -1 failed. */
static int run_kind(FILE *f, enum kind kind, uint64_t seeds)
{
	int result = 0;

	print_kind(f, kind);
	for (size_t i = 0; i < N_LOSSES * N_RTTS; i++) {
		struct cell c = {.kind = kind, .loss = i / N_RTTS, .rtt = i % N_RTTS};
		struct bound m;

		if (run_cell(&c, seeds)) {
			free(c.seconds);
			return -1;
		}
		m = measured(&c);
		print_cell(f, &c, &m);
		if (!inside(&c, &m))
			result = 1;
		free(c.seconds);
	}
	return result;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"seeds", 1, NULL, 's'}, {"markdown", 1, NULL, 'm'}, {"only", 1, NULL, 'o'}, {NULL, 0, NULL, 0},
	};
	const char *only = NULL;
	uint64_t seeds = 1000;
	FILE *f = stdout;
	int c, result = 0;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'm')
			f = fopen(optarg, "w");
		else if (c == 'o')
			only = optarg;
		else if (c != 's' || str_u64(optarg, 1, 1000000, &seeds))
			return 2;
	}
	if (!f) {
		perror("study");
		return 2;
	}
	print_head(f, seeds);
	for (int k = 0; k < KINDS && result >= 0; k++) {
		int r = only && strcmp(only, kinds[k].name) ? 0 : run_kind(f, (enum kind)k, seeds);

		result = r ? r : result;
	}
	if (fclose(f))
		result = -1;
	return result != 0;
}
