/* SPDX-License-Identifier: BSD-2-Clause */
/* sonde verify: what receipts of sweeps claim, computed anew. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/opt.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "sweep/audit.h"

#define GAPS_SHOWN 20 /* unless --all asks for more */

struct verify {
	bool quick, list, all, help;
	const char *merge;
	uint64_t threads;
};

#define TO(m) offsetof(struct verify, m)

/* clang-format off */
static const struct opt_row rows[] = {
	{ { "--quick" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(quick), .flags = OPT_NO_CONF,
	  .help = "compare the intervals only; do not compute the probes anew" },
	{ { "--list" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(list), .flags = OPT_NO_CONF,
	  .help = "print the address and port of each probe that was not sent, one a line" },
	{ { "--all" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(all), .flags = OPT_NO_CONF,
	  .help = "print all intervals, not the first 20" },
	{ { "--merge" }, OPT_ARG, OPT_TEXT, "FILE", TO(merge), .flags = OPT_FILE | OPT_NO_STDIO | OPT_NO_CONF | OPT_ONCE,
	  .help = "write the receipts as one" },
	{ { "--threads" }, OPT_ARG, OPT_UINT, "N", TO(threads), .min = 1, .max = 256, .flags = OPT_NO_CONF,
	  .help = "compute with N threads (default: one a processor)" },
	{ { "-h", "--help" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(help), .flags = OPT_NO_CONF, .help = "print this" },
};
/* clang-format on */

static const char *const groups[] = {"Verification"};
static const struct opt_table table = {
	rows, sizeof(rows) / sizeof(rows[0]), groups, 1, "sonde verify"};

static void say_number(struct buf *b, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			buf_char(b, ',');
		buf_char(b, digits[i]);
	}
}

static void say_plan(struct buf *b, const struct receipt *r, size_t n)
{
	char hash[RECEIPT_HASH_MAX];

	buf_str(b, "Plan: ");
	str_term(b, r->words, strlen(r->words));
	buf_fmt(b, "\nHash: %s, seed %" PRIu64 "\n", receipt_plan_hash(r, hash), r->seed);
	buf_fmt(b, "Receipts: %zu, of %u shard%s; probes a pass: ", n, r->n_shards,
		r->n_shards == 1 ? "" : "s");
	say_number(b, r->hosts * r->n_ports);
	buf_fmt(b, ", passes: %u\n", r->passes);
}

static void say_gaps(struct buf *b, const char *what, const struct audit_gaps *g,
	const struct receipt *r, const struct verify *o)
{
	for (size_t i = 0; i < g->n; i++) {
		if (i == GAPS_SHOWN && !o->all) {
			buf_fmt(b, "  ... and %zu more (--all)\n", g->n - i);
			return;
		}
		buf_fmt(b, "  %s: index %" PRIu64 "-%" PRIu64 ", ", what, g->v[i].from,
			g->v[i].to - 1);
		say_number(b, g->v[i].to - g->v[i].from);
		buf_str(b, " probes");
		if (r->passes > 1)
			buf_fmt(b, ", pass %u", g->v[i].pass + 1);
		buf_char(b, '\n');
	}
}

static void say_missing(struct buf *b, const struct receipt *r, const struct audit *a)
{
	for (size_t i = 0; i < a->n_missing; i++) {
		if (i == GAPS_SHOWN) {
			buf_fmt(b, "  ... and %zu more\n", a->n_missing - i);
			break;
		}
		buf_fmt(b, "  missing: the receipt of shard %u/%u\n", a->missing[i] + 1,
			r->n_shards);
	}
}

static void say_coverage(
	struct buf *b, const struct receipt *r, const struct audit *a, const struct verify *o)
{
	double total = (double)r->hosts * r->n_ports * r->passes;
	double part = 1 - (double)a->holes.probes / total;

	if (!a->holes.n) {
		buf_str(b, "Sent: 100 %\n");
	} else {
		/* never rounded up to a hundred */
		buf_fmt(b, "Sent: %.6f %%, ", part > 0.99999999 ? 99.999999 : 100 * part);
		say_number(b, a->holes.probes);
		buf_str(b, " probes are missing\n");
	}
	say_missing(b, r, a);
	say_gaps(b, "hole", &a->holes, r, o);
	if (a->overlaps.n) {
		buf_str(b, "Sent by several: ");
		say_number(b, a->overlaps.probes);
		buf_str(b, " probes\n");
		say_gaps(b, "overlap", &a->overlaps, r, o);
	}
	if (a->again) {
		buf_str(b, "Sent again by the same run: ");
		say_number(b, a->again);
		buf_str(b, " probes\n");
	}
}

static void say_digests(struct buf *b, const struct audit_digests *d)
{
	if (d->differ)
		buf_fmt(b,
			"Digest: DIFFERS in %" PRIu64 " of %" PRIu64
			" sessions: what was sent is not what the intervals say\n",
			d->differ, d->differ + d->agree);
	else if (d->agree)
		buf_str(b, "Digest: agrees");
	else
		buf_str(b, "Digest: not known");
	if (!d->differ && d->agree) {
		buf_str(b, ", ");
		say_number(b, d->probes);
		buf_str(b, " probes computed anew\n");
	} else if (!d->differ) {
		buf_char(b, '\n');
	}
	if (d->unknown) {
		buf_fmt(b, "  %" PRIu64 " session%s killed and left no digest: ", d->unknown,
			d->unknown == 1 ? " was" : "s were");
		say_number(b, d->probes_unknown);
		buf_str(b, " probes are not proven\n");
	}
	if (d->miscounted)
		buf_fmt(b,
			"Count: in %" PRIu64
			" sessions the probes that were sent are not as many as the intervals have\n",
			d->miscounted);
}

static void say_back(struct buf *b, const struct receipt *v, size_t n)
{
	struct sweep_counts c = {0};
	uint64_t answers = 0, forged = 0;

	for (size_t i = 0; i < n; i++) {
		for (unsigned k = 0; k < SWEEP_ANSWERS; k++)
			answers += v[i].counts.answers[k];
		for (unsigned k = SWEEP_BAD_COOKIE; k <= SWEEP_BAD_FORM; k++)
			forged += v[i].counts.rejects[k];
		c.rejects[SWEEP_DUPLICATE] += v[i].counts.rejects[SWEEP_DUPLICATE];
		c.rejects[SWEEP_NO_ROOM] += v[i].counts.rejects[SWEEP_NO_ROOM];
		c.tx_dropped += v[i].counts.tx_dropped;
	}
	buf_str(b, "Answers: ");
	say_number(b, answers);
	buf_fmt(b, " (duplicates %" PRIu64 ", refused %" PRIu64 ", lost here %" PRIu64 ")",
		c.rejects[SWEEP_DUPLICATE], forged, c.rejects[SWEEP_NO_ROOM]);
	buf_fmt(b, "; probes dropped here: %" PRIu64 "\n", c.tx_dropped);
}

static void say_missed(struct buf *b, const struct receipt *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct recheck_estimate *m = &v[i].missed;

		buf_str(b, "Missed");
		if (n > 1 && v[i].n_here == 1)
			buf_fmt(b, ", shard %u", v[i].shards[0] + 1);
		if (!m->known) {
			buf_str(b, ": unknown, as nothing was probed again, or nothing answered\n");
			continue;
		}
		buf_fmt(b,
			": about %.3g %% of what answers, %.3g to %.3g %% with %.0f %% confidence\n",
			100 * m->rate, 100 * m->low, 100 * m->high, 100 * RECHECK_CONFIDENCE);
	}
}

static bool whole(const struct receipt *v, size_t n, const struct audit *a)
{
	bool complete = !a->holes.n && !a->overlaps.n && !a->n_missing && !a->digests.differ &&
			!a->digests.miscounted;

	for (size_t i = 0; i < n; i++)
		complete = complete && v[i].complete;
	return complete;
}

static void list_holes(struct buf *b, const struct receipt *r, const struct audit_gaps *g)
{
	for (size_t i = 0; i < g->n; i++)
		for (uint64_t k = g->v[i].from; k < g->v[i].to; k++) {
			char text[ADDR_PORT_TEXT_MAX];
			struct addr a;
			uint16_t port;

			audit_target(r, k, &a, &port);
			buf_fmt(b, "%s\n", addr_port_text(&a, port, text));
			if (b->len > 1u << 20) {
				fwrite(buf_text(b), 1, b->len, stdout);
				buf_clear(b);
			}
		}
}

static unsigned threads_of(const struct verify *o)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return o->threads != OPT_UNSET ? (unsigned)o->threads : n > 0 ? (unsigned)n : 1;
}

/* Nothing is accepted and without effect. */
static int check_use(const struct verify *o, struct err *e)
{
	if (o->quick && o->threads != OPT_UNSET)
		return err_set(e, ERR_USAGE,
			"--quick computes nothing and so has no use for --threads; leave out one");
	if (o->list && o->all)
		return err_set(e, ERR_USAGE,
			"--list prints each probe and so has no use for --all; leave out one");
	return 0;
}

/* A merged receipt in the place of one that was read would lose that one. */
static int check_merge(const char *path, const struct opt_uses *u, struct err *e)
{
	struct stat out, in;

	if (stat(path, &out) < 0 || !S_ISREG(out.st_mode))
		return 0;
	for (size_t i = 0; i < u->n_words; i++)
		if (stat(u->words[i], &in) == 0 && in.st_dev == out.st_dev &&
			in.st_ino == out.st_ino)
			return err_set(e, ERR_USAGE,
				"%s: verify reads this file and --merge would write over it; give one of them another name",
				path);
	return 0;
}

static int merge(struct receipt *v, size_t n, const char *path, struct err *e)
{
	int rc = 0;

	for (size_t i = 1; i < n && rc == 0; i++)
		rc = receipt_add(&v[0], &v[i], e);
	return rc < 0 ? rc : receipt_write(&v[0], path, e);
}

/* 0, 1: not whole, or a negative code. */
static int verify(struct receipt *v, const char *const *names, size_t n, const struct verify *o,
	struct buf *b, struct err *e)
{
	struct audit a = {0};
	bool good;
	int rc = audit_same_plan(v, names, n, e);

	if (rc == 0 && audit_coverage(v, n, &a) < 0)
		rc = err_set(e, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n && rc == 0 && !o->quick; i++)
		rc = audit_digests(&v[i], threads_of(o), &a.digests, e);
	if (rc == 0 && o->list && !v[0].space.view.n_rows)
		rc = err_set(e, ERR_USAGE, "%s: a checkpoint has no addresses to list", names[0]);
	good = rc == 0 && whole(v, n, &a);
	if (rc == 0 && o->list) {
		list_holes(b, &v[0], &a.holes);
	} else if (rc == 0) {
		say_plan(b, v, n);
		say_coverage(b, v, &a, o);
		if (o->quick)
			buf_str(b,
				"Digest: not computed (--quick): what was sent is as the receipt says\n");
		else
			say_digests(b, &a.digests);
		say_back(b, v, n);
		say_missed(b, v, n);
		buf_str(b, good ? "Whole and consistent.\n" : "NOT whole and consistent.\n");
	}
	if (rc == 0 && o->merge)
		rc = merge(v, n, o->merge, e);
	audit_free(&a);
	return rc < 0 ? rc : !good;
}

static int read_all(struct receipt **out, const struct opt_uses *u, struct err *e)
{
	int rc = 0;

	*out = calloc(u->n_words + 1, sizeof(**out));
	if (!*out)
		return err_set(e, -ENOMEM, "out of memory");
	if (!u->n_words)
		return err_set(
			e, ERR_USAGE, "verify needs the receipts to verify: sonde verify FILE...");
	for (size_t i = 0; i < u->n_words && rc == 0; i++)
		rc = receipt_read(&(*out)[i], u->words[i], e);
	return rc;
}

static int print_help(void)
{
	struct buf b = {0};

	buf_str(&b,
		"Usage: sonde verify [OPTIONS] RECEIPT...\n\n"
		"Computes the probes of a sweep anew from its receipts (those of all shards together) and\n"
		"says whether all of them were sent, or which were not. Exit code 0: whole and consistent.\n");
	opt_help(&table, &b);
	return cmd_print(&b);
}

int cmd_verify(int argc, char **argv)
{
	struct verify o = {.threads = OPT_UNSET};
	struct receipt *v = NULL;
	struct opt_uses u = {0};
	struct buf b = {0};
	struct err e = {0};
	int rc = opt_parse(&table, argc - 1, (const char *const *)argv + 1, &u, &e);
	size_t n = 0;

	if (rc == 0)
		rc = opt_apply(NULL, &u, &o, &e);
	if (rc == 0 && o.help) {
		opt_uses_free(&u);
		return print_help();
	}
	if (rc == 0)
		rc = check_use(&o, &e);
	if (rc == 0 && o.merge)
		rc = check_merge(o.merge, &u, &e);
	if (rc == 0)
		rc = read_all(&v, &u, &e);
	n = u.n_words;
	if (rc == 0)
		rc = verify(v, u.words, n, &o, &b, &e);
	for (size_t i = 0; v && i < n; i++)
		receipt_free(&v[i]);
	free(v);
	opt_uses_free(&u);
	if (rc >= 0)
		return cmd_print(&b) == EXIT_OK && rc == 0 ? EXIT_OK : EXIT_FAILED;
	buf_free(&b);
	return cmd_fail(&e);
}
