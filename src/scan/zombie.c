/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counting by a zombie: SYN-ACKs out of nowhere are refused with RST (RFC 9293 3.10.7.1), whose
 * identification tells how many packets it has sent since the one before. The number asked last is
 * the baseline of the next count while it is fresh; our own probe's answer is taken off.
 */
#include "scan/zombie.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/authority.h"
#include "base/clock.h"
#include "base/rng.h"
#include "pkt/build.h"
#include "scan/pacing.h"

#define PORT_DEFAULT  80   /* as nmap's */
#define NOISE_FIRST   0.05 /* before anything was seen: next to none */
#define NOISE_FIRST_S 0.2
#define TRIES	      5
#define RTO_MAX_NS    NS_PER_S
#define WAIT_LEAST_NS (20 * NS_PER_MS)
#define FRESH_NS      (2 * NS_PER_MS) /* beyond a round trip */

#define SERIES	      8	 /* numbers looked at */
#define SERIES_LONG   32 /* where they are not one after the other */
#define SERIES_QUIET  2	 /* other packets in the short series that need no closer look */
#define SERIES_GAP_NS (25 * NS_PER_MS)
#define NOISE_MAX_PPS 25
#define SPOOFS	      4
#define SPOOF_TRIES   3

double zombie_noise_pps(const struct zombie *z)
{
	return z->noise / z->noise_s;
}

uint64_t zombie_wait_ns(const struct zombie *z)
{
	return WAIT_LEAST_NS + z->rtt.srtt_ns + 4 * z->rtt.rttvar_ns;
}

/* ---- opening ------------------------------------------------------------------------------- */

static int find_address(struct zombie *z, struct authority *a, struct err *err)
{
	struct addr *list = NULL;
	int n;

	if (authority_parse(z->e->plan->zombie, a, err))
		return ERR_USAGE;
	if (a->addr.family)
		return 0;
	if (!z->e->env->resolver)
		return err_set(err, ERR_RESOLVE, "-sI %.80s: there is no resolver", a->host);
	n = resolver_forward(z->e->env->resolver, a->host, 4, &list, err);
	if (n <= 0)
		return n < 0 ? err_prefix(err, "-sI") : ERR_RESOLVE;
	a->addr = list[0];
	free(list);
	return 0;
}

int zombie_open(struct zombie *z, struct engine *e, struct err *err)
{
	char text[ADDR_TEXT_MAX];
	struct authority a;
	int rc;

	*z = (struct zombie){.e = e, .noise = NOISE_FIRST, .noise_s = NOISE_FIRST_S};
	rtt_init(&z->rtt, &e->bounds);
	rc = find_address(z, &a, err);
	if (rc == 0)
		rc = path_open(e, &z->path, &a.addr, err);
	if (rc)
		return rc;
	z->port = a.port ? a.port : PORT_DEFAULT;
	snprintf(z->text, sizeof(z->text), "zombie %.40s port %u", addr_text(&a.addr, text),
		z->port);
	if (z->path.route.local)
		return err_set(err, ERR_USAGE,
			"-sI: %s is this machine, whose address the scan must not show; name another host",
			z->text);
	return 0;
}

/* ---- one probe ----------------------------------------------------------------------------- */

static void unable(struct zombie *z, int error)
{
	struct err err = {0};

	err_set(&err, error, "packets of the idle scan cannot leave (%s); see sonde doctor",
		strerror(-error));
	engine_fail(z->e, &err);
}

/* Puts a packet in when the rate allows; false: not now. */
static bool put(
	struct zombie *z, const struct path *p, const uint8_t *data, size_t len, uint64_t *sent_ns)
{
	struct engine *e = z->e;
	struct err err = {0};
	int rc;

	rc = path_put(e, p, data, (uint32_t)len, sent_ns, &err);
	if (rc == -EAGAIN) {
		z->next_ns = pacing_next_ns(e);
		if (z->next_ns <= e->now) /* a full queue */
			z->next_ns = e->now + NS_PER_MS;
		return false;
	}
	if (err.code)
		engine_fail(e, &err);
	else if (rc)
		unable(z, rc);
	return rc == 0;
}

/* A SYN-ACK to the zombie that belongs to nothing, from us or in another's name. */
static size_t make_synack(struct zombie *z, const struct addr *src, uint8_t *buf)
{
	struct probe p = {.run = &z->e->run, .src = *src, .dst = z->path.dst};
	struct build_ip ip;
	struct build_tcp tcp = {
		.sport = tech_sport(p.run, (uint8_t)rng_below(&z->e->rng, TECH_TRIES_MAX)),
		.dport = z->port,
		.seq = (uint32_t)rng_u64(&z->e->rng),
		.ack = (uint32_t)rng_u64(&z->e->rng),
		.flags = TCP_SYN | TCP_ACK,
		.window = 1024,
	};

	z->seq = tcp.seq;
	z->ack = tcp.ack;
	tech_ip(&p, &ip);
	return build_tcp(buf, PROBE_MAX, &ip, &tcp);
}

/* False, always: there is an answer to wait for, or the rate. */
static bool ask(struct zombie *z)
{
	uint8_t data[PROBE_MAX];
	size_t len = make_synack(z, &z->path.route.src, data);
	uint64_t rto = z->rtt.rto_ns << z->tries;

	if (put(z, &z->path, data, len, &z->sent_ns)) {
		z->asked = true;
		z->tries++;
		z->next_ns = z->e->now + (rto < RTO_MAX_NS ? rto : RTO_MAX_NS);
	}
	return false;
}

static void silent(struct zombie *z)
{
	struct err err = {0};

	if (path_state(&z->path) == PATH_DEAD)
		err_set(&err, ERR_UNSUPPORTED,
			"-sI: %s does not answer ARP, it or the gateway to it: it is down; check the address, or name another zombie",
			z->text);
	else if (!z->answer_ns)
		err_set(&err, ERR_UNSUPPORTED,
			"-sI: %s answers no SYN-ACK with RST: it is down, or a firewall drops what belongs to no connection; try another port of it (-sI HOST:PORT) or another zombie",
			z->text);
	else
		err_set(&err, ERR_UNSUPPORTED,
			"-sI: %s has stopped answering, %u probes in a row: what was found until then stands, the rest is not known; try again later, slower (-T2), or with another zombie",
			z->text, TRIES);
	engine_fail(z->e, &err);
}

/* A probe went unanswered. Lost on its way back it was counted by the zombie, lost on its way there
 * it was not: the count begins again. */
static bool again(struct zombie *z)
{
	z->asked = false;
	z->counting = COUNT_BASE;
	if (z->tries < TRIES)
		return true;
	silent(z);
	return false;
}

static bool refused(struct zombie *z, const struct pkt_view *v)
{
	char text[ADDR_TEXT_MAX];
	struct verdict why;
	struct err err = {0};

	if (!z->asked || !addr_eq(&v->quote_dst, &z->path.dst) || !v->quote.has_seq ||
		v->quote.seq != z->seq || !tech_icmp_verdict(&tech_idle, v, false, &why))
		return false;
	err_set(&err, ERR_UNSUPPORTED,
		"-sI: %s cannot be reached: %s says %s; check the address, or name another zombie",
		z->text, addr_text(&v->src, text), reason_name(why.reason));
	engine_fail(z->e, &err);
	return true;
}

bool zombie_rx(struct zombie *z, const struct io_rx *rx, const struct pkt_view *v)
{
	const struct pkt_l4 *l4 = &v->l4;
	uint8_t try;

	if (v->has_quote)
		return refused(z, v);
	if (!addr_eq(&v->src, &z->path.dst) || !l4->has_tcp || !(l4->flags & TCP_RST) ||
		l4->sport != z->port || !tech_sport_try(&z->e->run, l4->dport, &try))
		return false;
	if (!z->asked || l4->seq != z->ack)
		return true; /* of a probe given up */
	z->e->replies++;
	z->asked = false;
	z->answered = true;
	if (z->tries == 1)
		rtt_update(&z->rtt, &z->e->bounds,
			rx->at_ns > z->sent_ns ? rx->at_ns - z->sent_ns : 1);
	z->tries = 0;
	z->id = v->ip_id;
	z->answer_ns = rx->at_ns;
	z->next_ns = 0;
	return true;
}

/* ---- one count ----------------------------------------------------------------------------- */

void zombie_forget(struct zombie *z)
{
	z->counting = COUNT_NONE;
	z->asked = false;
	z->tries = 0;
}

uint64_t zombie_next_ns(const struct zombie *z)
{
	if (z->counting == COUNT_NONE || path_state(&z->path) == PATH_WAITS)
		return UINT64_MAX; /* of a hardware address hop_next_ns knows */
	return z->next_ns;
}

/* The baseline is there. */
static void begin(struct zombie *z)
{
	z->base = z->id;
	z->begun_ns = z->answer_ns;
	z->n_put = 0;
	z->counting = COUNT_SEND;
	z->next_ns = 0;
}

void zombie_count(struct zombie *z, const struct count_job *job)
{
	uint64_t now = z->e->now;

	z->job = *job;
	z->next_ns = 0;
	z->answered = false;
	z->counting = COUNT_BASE;
	if (z->answer_ns && now < z->answer_ns + z->rtt.srtt_ns + FRESH_NS)
		begin(z);
}

static bool send_next(struct zombie *z)
{
	uint64_t gap = z->job.gap_ns, wait = z->job.wait_ns, sent;
	uint8_t data[PROBE_MAX];
	size_t len;

	if (z->n_put < z->job.n) {
		len = z->job.make(z->job.ctx, z->n_put, data);
		if (!put(z, z->job.path, data, len, &sent))
			return false;
		z->n_put++;
		z->next_ns = z->e->now + gap;
		return gap == 0;
	}
	z->counting = COUNT_WAIT;
	z->next_ns = z->e->now + wait;
	return false;
}

/* One move; false: it has to wait. */
static bool move_on(struct zombie *z)
{
	switch (z->counting) {
	case COUNT_BASE:
		if (!z->answered)
			return ask(z);
		begin(z);
		return true;
	case COUNT_SEND:
		return send_next(z);
	case COUNT_WAIT:
		z->answered = false;
		z->counting = COUNT_END;
		return true;
	case COUNT_END:
		if (!z->answered)
			return ask(z);
		z->counting = COUNT_NONE;
		z->count = (uint16_t)(ipid_distance(z->class, z->base, z->id) - 1);
		z->took_s = (double)(z->answer_ns - z->begun_ns) / (double)NS_PER_S;
		return false;
	default:
		return false;
	}
}

bool zombie_counted(struct zombie *z)
{
	struct engine *e = z->e;

	if (z->counting == COUNT_NONE || path_state(&z->path) == PATH_WAITS)
		return false;
	if (path_state(&z->path) == PATH_DEAD) {
		silent(z);
		return false;
	}
	do {
		if (z->next_ns > e->now || (z->asked && !again(z)))
			return false;
	} while (move_on(z) && !e->dead.code);
	return z->counting == COUNT_NONE && !e->dead.code;
}

/* ---- the test ------------------------------------------------------------------------------ */

/* Says why it is of no use; the run ends. */
static void unfit(struct zombie *z, const char *fmt, ...) PRINTF(2, 3);

static void unfit(struct zombie *z, const char *fmt, ...)
{
	struct err err = {0};
	char why[320];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	err_set(&err, ERR_UNSUPPORTED, "-sI: %s is not fit for an idle scan: %s", z->text, why);
	engine_fail(z->e, &err);
}

/* Judges the numbers of the series; false: it is unfit, or more are needed. */
static bool series_fits(struct zombie *z)
{
	double extra = 0;

	z->class = ipid_classify(z->ids, z->n_ids);
	if (z->class < IPID_COUNTER) {
		unfit(z, "its IP IDs are %s, not a count of what it sends; try another zombie",
			ipid_class_name(z->class));
		return false;
	}
	for (unsigned i = 1; i < z->n_ids; i++)
		extra += ipid_distance(z->class, z->ids[i - 1], z->ids[i]) - 1;
	if (extra > SERIES_QUIET && z->n_series < SERIES_LONG) {
		z->n_series = SERIES_LONG;
		return false;
	}
	z->noise += extra;
	z->noise_s += (double)(z->answer_ns - z->series_ns) / (double)NS_PER_S;
	if (zombie_noise_pps(z) > NOISE_MAX_PPS) {
		unfit(z,
			"it is busy, with about %.0f packets a second of its own that cannot be told from answers of the target; try when it is idle, or another zombie",
			zombie_noise_pps(z));
		return false;
	}
	return true;
}

static size_t make_spoofed(void *ctx, uint32_t i, uint8_t *buf)
{
	struct zombie *z = ctx;

	return make_synack(z, &z->victim, buf);
}

static void say_fit(struct zombie *z)
{
	bus_note(z->e->env->bus, LOG_INFO,
		"idle scan by %s: IP ID %s, the same for all hosts; about %.1f packets a second of its own; round trip %.2f ms",
		z->text, ipid_class_name(z->class), zombie_noise_pps(z),
		(double)z->rtt.srtt_ns / (double)NS_PER_MS);
}

/* Judges what packets in the victim's name did to the number. */
static void spoofs_counted(struct zombie *z)
{
	char text[ADDR_TEXT_MAX];

	z->tested = z->count >= SPOOFS - 1;
	if (z->tested)
		say_fit(z);
	else if (++z->spoof_tries == SPOOF_TRIES)
		unfit(z,
			"its IP ID does not count what it sends to %s: it has a counter for each host, or packets with that source address do not get there (filters against spoofing, here or on the way); try another zombie, or another network",
			addr_text(&z->victim, text));
}

void zombie_test(struct zombie *z, const struct addr *victim)
{
	struct count_job job = {.path = &z->path, .wait_ns = SERIES_GAP_NS};

	if (z->spoofing) {
		spoofs_counted(z);
	} else if (z->n_series) {
		if (z->n_ids == 0) {
			z->ids[z->n_ids++] = z->base;
			z->series_ns = z->begun_ns;
		}
		z->ids[z->n_ids++] = z->id;
		z->spoofing = z->n_ids == z->n_series && series_fits(z);
	} else {
		z->n_series = SERIES;
	}
	if (z->tested || z->e->dead.code)
		return;
	if (z->spoofing) {
		z->victim = *victim;
		job = (struct count_job){.path = &z->path,
			.n = SPOOFS,
			.wait_ns = zombie_wait_ns(z),
			.make = make_spoofed,
			.ctx = z};
	}
	zombie_count(z, &job);
}
