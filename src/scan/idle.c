/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The idle scan (-sI): no packet from our own address to a target.
 *
 * SYNs go to a group of the target's ports in the zombie's name. An open one answers the zombie
 * with SYN-ACK, which the zombie refuses with RST; a closed one answers with RST, to which it says
 * nothing. So the zombie's IP ID grows by the number of open ports (zombie.c counts), and bisection
 * finds them (bisect.c). One group of one host is in work at a time, hosts take turns.
 *
 * The ports of a host are taken in chunks. Passes over a chunk go on until each of its ports is
 * open, or was QUIET times in a group that brought nothing at all: noise only ever adds, so it can
 * hide nothing there. Such ports are closed or filtered.
 *
 * How long answers take from the target to the zombie is not known before an open port has been
 * confirmed. Until then packets that no port explains are taken for late answers: the wait is
 * doubled and the chunk begins again. The zombie is watched for as long as a late answer may take
 * before the first port of a host is confirmed, so that it is no other port's answers that confirm
 * it, and before a chunk without an open port is settled. Later such packets are noise, and tell
 * how much there is.
 */
#include "scan/tech.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "scan/bisect.h"
#include "scan/driver.h"
#include "scan/report.h"
#include "scan/stages.h"
#include "scan/zombie.h"

#define CHUNK	       1024
#define QUIET	       2
#define PASSES_MAX     8		 /* of a chunk, beyond --max-retries */
#define GROUP_FIRST    16		 /* ports */
#define ASKING_MAX     32		 /* hosts whose hardware addresses are asked for at once */
#define LATE_MAX_NS    (600 * NS_PER_MS) /* of an answer, from the target to the zombie */
#define ODD_CHANCE     0.2		 /* that noise is as much: less is looked into */
#define LATE_CHANCE    0.04		 /* less is taken for late answers */
#define WATCH_NOISE    2.0		 /* other people's packets in the longest watch */
#define WAIT_NOISE     0.6		 /* in the longest wait */
#define NOISE_TOO_MUCH 1.0		 /* in the shortest wait */

struct idle_host {
	struct host *h;
	struct path path;
	bool asked, ready;		     /* its way was asked for, is known */
	uint32_t todo[CHUNK], closed[CHUNK]; /* slots of the chunk */
	uint8_t quiet[CHUNK];		     /* of todo[]: counts of nothing it was in */
	uint32_t n_todo, n_closed;
	uint32_t at;	    /* in todo[]: where the pass is */
	uint32_t next_slot; /* the next chunk begins there */
	unsigned passes;    /* of the chunk */
	bool late;	    /* the chunk has to begin again */
	bool watched;	    /* nothing came late after what was sent last */
	bool sure;	    /* the wait is long enough: it confirmed an open port */
	uint64_t wait_ns;   /* of a count; 0 before the first */
	double group, group_max;
	struct idle_host *next;
};

struct idle {
	struct engine *e;
	struct zombie z;
	struct idle_host *hosts; /* in turn */
	struct idle_host *work;	 /* whose group is being counted; NULL: nobody's */
	bool watching;		 /* for late answers, not counting ports */
	struct bisect bisect;
	struct bisect_ask ask;
	uint32_t group; /* ports of the group in work */
	double first_s; /* how long the first count of it took */
	bool first;
	unsigned odd; /* packets that no port explains, of hosts whose answers may come late */
	double odd_s; /* in so long a time */
	bool again;   /* this watch follows one that saw something */
	uint8_t mark; /* of the next SYN */
};

/* ---- hosts and turns ----------------------------------------------------------------------- */

static void append(struct idle *d, struct idle_host *ih)
{
	struct idle_host **p = &d->hosts;

	while (*p)
		p = &(*p)->next;
	ih->next = NULL;
	*p = ih;
}

static void take_out(struct idle *d, struct idle_host *ih)
{
	struct idle_host **p = &d->hosts;

	while (*p != ih)
		p = &(*p)->next;
	*p = ih->next;
	if (d->work != ih)
		return;
	d->work = NULL;
	d->again = false;
	zombie_forget(&d->z);
}

/* The next chunk of undecided slots; false when there is none. */
static bool chunk(struct idle_host *ih)
{
	const struct job *j = &ih->h->job;

	ih->n_todo = ih->n_closed = ih->at = ih->passes = 0;
	ih->late = ih->watched = false;
	memset(ih->quiet, 0, sizeof(ih->quiet));
	for (; ih->next_slot < j->n_slots && ih->n_todo < CHUNK; ih->next_slot++)
		if (j->slots[ih->next_slot].state == PORT_UNKNOWN)
			ih->todo[ih->n_todo++] = ih->next_slot;
	return ih->n_todo > 0;
}

/* It is not to be scanned: said, and left out of the report. */
static void leave_out(struct idle *d, struct idle_host *ih, const char *why)
{
	struct host *h = ih->h;
	char text[ADDR_TEXT_MAX];

	bus_note(d->e->env->bus, LOG_WARN, "%s is left out: %s", addr_text(&h->addr, text), why);
	h->state = HOST_UNKNOWN;
	h->partial = true;
	host_abort(d->e, h);
}

static void find_way(struct idle *d, struct idle_host *ih)
{
	struct err err = {0};

	ih->asked = true;
	if (addr_eq(&ih->h->addr, &d->z.path.dst))
		leave_out(d, ih, "it is the zombie");
	else if (path_open(d->e, &ih->path, &ih->h->addr, &err))
		leave_out(d, ih, err.text);
	else if (ih->path.route.local)
		leave_out(d, ih,
			"it is this machine, which takes no packet in the zombie's name from itself");
}

/* Its hardware address is known, or it has none. */
static void way_found(struct idle *d, struct idle_host *ih)
{
	struct host *h = ih->h;

	if (path_state(&ih->path) == PATH_DEAD) {
		host_is_down(d->e, h, REASON_NO_RESPONSE); /* calls stop */
		return;
	}
	ih->ready = true;
	h->io = ih->path.io;
	if (ih->path.hop && ih->path.route.on_link) {
		h->mac = ih->path.hop->mac;
		h->has_mac = true;
	}
}

static void find_ways(struct idle *d)
{
	unsigned asking = 0;
	struct idle_host *next;

	for (struct idle_host *ih = d->hosts; ih && asking < ASKING_MAX; ih = next) {
		next = ih->next;
		if (!ih->asked)
			find_way(d, ih);
		else if (!ih->ready && path_state(&ih->path) != PATH_WAITS)
			way_found(d, ih);
		else
			asking += !ih->ready;
	}
}

/* ---- counting ------------------------------------------------------------------------------ */

static size_t make_syn(void *ctx, uint32_t i, uint8_t *buf)
{
	struct idle *d = ctx;
	struct idle_host *ih = d->work;
	uint32_t slot = ih->todo[ih->at + d->ask.lo + i / d->ask.copies];
	struct probe p = {.run = &d->e->run,
		.src = d->z.path.dst,
		.dst = ih->h->addr,
		.tech = &tech_syn,
		.port = job_port(&ih->h->job, slot),
		.try = d->mark++ % TECH_TRIES_MAX};

	ih->h->probes_sent++;
	return tech_syn.make(&p, buf, PROBE_MAX);
}

/* Waits that bring so much noise are of no use. */
static uint64_t late_ns(const struct idle *d, double noise)
{
	double most = noise * (double)NS_PER_S / zombie_noise_pps(&d->z);
	uint64_t initial = d->e->plan->timing.initial_rto_ns;
	uint64_t ns = initial < LATE_MAX_NS ? initial : LATE_MAX_NS;

	return (double)ns < most ? ns : (uint64_t)most;
}

static void watch(struct idle *d)
{
	d->watching = true;
	zombie_count(&d->z, &(struct count_job){.wait_ns = late_ns(d, WATCH_NOISE)});
}

/* Begins the next count of the group in work; false when all is known about it. */
static bool count(struct idle *d)
{
	struct idle_host *ih = d->work;
	struct count_job job = {.path = &ih->path,
		.gap_ns = d->e->plan->timing.scan_delay_ns,
		.wait_ns = ih->wait_ns,
		.make = make_syn,
		.ctx = d};

	if (!bisect_next(&d->bisect, &d->ask))
		return false;
	if (d->ask.copies > 1 && !ih->sure && !ih->watched) {
		watch(d);
		return true;
	}
	d->watching = ih->watched = false;
	job.n = (d->ask.hi - d->ask.lo) * d->ask.copies;
	zombie_count(&d->z, &job);
	return true;
}

/* Gives the next host its turn; false when none can be worked on. */
static bool next_turn(struct idle *d)
{
	struct idle_host *ih = d->hosts;
	uint32_t left;

	while (ih && !ih->ready)
		ih = ih->next;
	if (!ih)
		return false;
	d->work = ih;
	if (!ih->wait_ns)
		ih->wait_ns = zombie_wait_ns(&d->z);
	if (ih->n_todo == 0) {
		watch(d);
		return true;
	}
	left = ih->n_todo - ih->at;
	d->group = (uint32_t)ih->group < left ? (uint32_t)ih->group : left;
	d->first = true;
	bisect_start(&d->bisect, d->group);
	return count(d);
}

/* ---- what counts mean ---------------------------------------------------------------------- */

/* So many packets of the zombie's own in so long a time. */
static void noted(struct idle *d, unsigned n, double s)
{
	struct zombie *z = &d->z;
	struct err err = {0};

	z->noise += n;
	z->noise_s += s;
	if (zombie_noise_pps(z) * (double)zombie_wait_ns(z) < NOISE_TOO_MUCH * (double)NS_PER_S)
		return;
	err_set(&err, ERR_UNSUPPORTED,
		"-sI: %s has become busy, with about %.0f packets a second of its own: what was found until then stands, the rest cannot be told; try when it is idle, or another zombie",
		z->text, zombie_noise_pps(z));
	engine_fail(d->e, &err);
}

/* Whether what no port explains is more than noise, but for this chance. */
static bool is_odd(const struct idle *d, double chance)
{
	return d->odd && poisson_tail(zombie_noise_pps(&d->z) * d->odd_s, d->odd) < chance;
}

/* What no port explains, the watch included, is more than noise: whoever's answers may have come
 * late begins again and waits longer. */
static void judge_odd(struct idle *d)
{
	uint64_t max = late_ns(d, WAIT_NOISE);
	bool odd = is_odd(d, LATE_CHANCE), late = false;

	for (struct idle_host *ih = d->hosts; ih && odd; ih = ih->next) {
		if (!ih->wait_ns || ih->sure || 2 * ih->wait_ns > max)
			continue;
		ih->wait_ns *= 2;
		ih->late = late = true;
	}
	if (!late)
		noted(d, d->odd, d->odd_s);
	d->odd = 0;
	d->odd_s = 0;
}

static void settle(struct idle *d, struct idle_host *ih, uint32_t slot, bool open)
{
	struct driver_verdict v = {.verdict = {PORT_CLOSED_FILTERED, REASON_NO_IPID_CHANGE}};

	if (open)
		v.verdict = (struct verdict){PORT_OPEN, REASON_IPID_CHANGE};
	driver_settle(d->e, ih->h, slot, &v);
}

/* What was learnt of the ports of the group: those that are decided leave the list. */
static void sort_group(struct idle *d, struct idle_host *ih)
{
	unsigned quiet = d->e->plan->timing.max_retries ? QUIET : 1;
	uint32_t kept = ih->at, end = ih->at + d->group, rest = ih->n_todo - end;
	bool none = d->bisect.first == 0;

	for (uint32_t i = ih->at; i < end; i++) {
		uint32_t slot = ih->todo[i];
		uint8_t n = (uint8_t)(ih->quiet[i] + none);

		if (d->bisect.open[i + d->group - end]) {
			settle(d, ih, slot, true);
		} else if (n >= quiet) {
			ih->closed[ih->n_closed++] = slot;
		} else {
			ih->todo[kept] = slot;
			ih->quiet[kept++] = n;
		}
	}
	memmove(ih->todo + kept, ih->todo + end, rest * sizeof(*ih->todo));
	memmove(ih->quiet + kept, ih->quiet + end, rest);
	ih->at = kept;
	ih->n_todo = kept + rest;
}

/* Larger groups while counts are right; smaller ones when they were not. */
static void resize(struct idle_host *ih, bool right)
{
	ih->group = right ? ih->group * 2 : ih->group / 2;
	if (ih->group > ih->group_max)
		ih->group = ih->group_max;
	if (ih->group < 1)
		ih->group = 1;
}

/* Everything that is not open has to be counted again. */
static void chunk_again(struct idle_host *ih)
{
	memcpy(ih->todo + ih->n_todo, ih->closed, ih->n_closed * sizeof(*ih->todo));
	ih->n_todo += ih->n_closed;
	ih->n_closed = ih->at = 0;
	ih->late = ih->watched = false;
	memset(ih->quiet, 0, sizeof(ih->quiet));
}

static void chunk_done(struct idle *d, struct idle_host *ih)
{
	for (uint32_t i = 0; i < ih->n_closed; i++)
		settle(d, ih, ih->closed[i], false);
	if (chunk(ih))
		return;
	take_out(d, ih);
	host_stage_done(d->e, ih->h);
	free(ih);
}

/* What comes after a group or a watch: the chunk once more, the next group of the pass, the next
 * pass, the watch before the verdict (when next_turn finds nothing to do), or the verdict. */
static void go_on(struct idle *d, struct idle_host *ih)
{
	if (ih->late) {
		chunk_again(ih);
		return;
	}
	if (ih->at < ih->n_todo)
		return;
	ih->at = 0;
	if (++ih->passes >= PASSES_MAX + d->e->plan->timing.max_retries) {
		memcpy(ih->closed + ih->n_closed, ih->todo, ih->n_todo * sizeof(*ih->todo));
		ih->n_closed += ih->n_todo;
		ih->n_todo = 0;
	}
	if (ih->n_todo == 0 && (ih->sure || ih->watched || ih->n_closed == 0))
		chunk_done(d, ih);
}

/* The others' turn. */
static void turn_done(struct idle *d, struct idle_host *ih)
{
	d->work = NULL;
	take_out(d, ih);
	append(d, ih);
	if (d->e->dead.code == 0)
		go_on(d, ih);
}

static void group_done(struct idle *d, struct idle_host *ih)
{
	struct bisect *b = &d->bisect;
	unsigned extra = b->first > b->n_open ? b->first - b->n_open : 0;

	resize(ih, extra == 0 && !(b->n_open && ih->passes));
	sort_group(d, ih);
	if (ih->sure) {
		noted(d, extra, d->first_s);
	} else {
		d->odd += extra;
		d->odd_s += d->first_s;
	}
	turn_done(d, ih);
}

/* A watch that saw something is followed by one that nothing can come late to: it tells how much is
 * noise. */
static void watched(struct idle *d, struct idle_host *ih)
{
	if (d->again) {
		noted(d, d->z.count, d->z.took_s);
	} else {
		d->odd += d->z.count;
		d->odd_s += d->z.took_s;
	}
	d->again = !d->again && is_odd(d, ODD_CHANCE);
	if (d->again) {
		watch(d);
		return;
	}
	ih->watched = true;
	judge_odd(d);
	if (ih->late || ih->n_todo == 0)
		turn_done(d, ih);
	else
		count(d);
}

/* A count is there. */
static void counted(struct idle *d)
{
	struct idle_host *ih = d->work;
	struct zombie *z = &d->z;

	if (d->watching) {
		watched(d, ih);
		return;
	}
	if (d->first)
		d->first_s = z->took_s;
	d->first = false;
	bisect_counted(&d->bisect, z->count, zombie_noise_pps(z) * z->took_s);
	ih->sure |= d->bisect.n_open > 0;
	if (!count(d))
		group_done(d, ih);
}

/* ---- the driver ---------------------------------------------------------------------------- */

static int idle_open(void **out, struct engine *e, struct err *err)
{
	struct idle *d = calloc(1, sizeof(*d));
	int rc;

	if (!d)
		return err_set(err, -ENOMEM, "out of memory");
	d->e = e;
	rc = zombie_open(&d->z, e, err);
	if (rc)
		free(d);
	else
		*out = d;
	return rc;
}

static void idle_start(void *self, struct host *h)
{
	struct idle *d = self;
	const struct plan_timing *t = &d->e->plan->timing;
	struct idle_host *ih = calloc(1, sizeof(*ih));

	if (!ih) {
		engine_no_memory(d->e);
		return;
	}
	ih->h = h;
	ih->group_max = t->max_parallelism && t->max_parallelism < BISECT_MAX ? t->max_parallelism
									      : BISECT_MAX;
	ih->group = t->min_parallelism > GROUP_FIRST ? t->min_parallelism : GROUP_FIRST;
	if (ih->group > ih->group_max)
		ih->group = ih->group_max;
	append(d, ih);
	(void)chunk(ih); /* there is something to do */
}

static void idle_stop(void *self, struct host *h)
{
	struct idle *d = self;
	struct idle_host *ih = d->hosts;

	while (ih && ih->h != h)
		ih = ih->next;
	if (!ih)
		return;
	take_out(d, ih);
	free(ih);
}

static bool idle_rx(void *self, const struct io_rx *rx, const struct pkt_view *v)
{
	struct idle *d = self;

	return zombie_rx(&d->z, rx, v);
}

static void idle_step(void *self)
{
	struct idle *d = self;
	struct zombie *z = &d->z;

	find_ways(d);
	while (d->e->dead.code == 0 && d->hosts) {
		if (z->counting == COUNT_NONE && !z->tested)
			zombie_test(z, &d->hosts->h->addr);
		if (z->counting == COUNT_NONE && z->tested && !next_turn(d))
			return;
		if (!zombie_counted(z))
			return;
		if (d->work)
			counted(d);
	}
}

static uint64_t idle_next_ns(void *self)
{
	const struct idle *d = self;

	return zombie_next_ns(&d->z);
}

static void idle_close(void *self)
{
	struct idle *d = self;
	struct idle_host *ih;

	while ((ih = d->hosts)) {
		d->hosts = ih->next;
		free(ih);
	}
	free(d);
}

static const struct scan_driver idle_driver = {
	.open = idle_open,
	.start = idle_start,
	.stop = idle_stop,
	.rx = idle_rx,
	.step = idle_step,
	.next_ns = idle_next_ns,
	.close = idle_close,
};

const struct scan_tech tech_idle = {
	.name = "idle",
	.title = "Idle scan",
	.scaninfo = "idle",
	.letter = 'I',
	.proto = PROTO_TCP,
	.ports = PORTS_TCP,
	.carrier = IO_TX_IP,
	.silence = PORT_CLOSED_FILTERED,
	.driver = &idle_driver,
};
