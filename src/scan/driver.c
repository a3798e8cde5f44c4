/* SPDX-License-Identifier: BSD-2-Clause */
/* The drivers of a run, and how they settle slots. */
#include "scan/driver.h"

#include "scan/report.h"
#include "scan/trace.h"

static int add(struct engine *e, const struct scan_driver *ops, struct err *err)
{
	void *self;
	int rc;

	if (!ops || driver_of(e, ops))
		return 0;
	rc = ops->open(&self, e, err);
	if (rc == 0)
		e->drivers[e->n_drivers++] = (struct driver){ops, self};
	return rc;
}

void *driver_of(struct engine *e, const struct scan_driver *ops)
{
	for (unsigned i = 0; ops && i < e->n_drivers; i++)
		if (e->drivers[i].ops == ops)
			return e->drivers[i].self;
	return NULL;
}

int drivers_open(struct engine *e, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < e->n_tasks; i++)
		rc = add(e, e->tasks[i].tech->driver, err);
	if (rc == 0 && e->plan->traceroute)
		rc = add(e, &trace_driver, err);
	return rc;
}

void drivers_close(struct engine *e)
{
	while (e->n_drivers) {
		e->n_drivers--;
		e->drivers[e->n_drivers].ops->close(e->drivers[e->n_drivers].self);
	}
}

bool drivers_rx(struct engine *e, const struct io_rx *rx, const struct pkt_view *v)
{
	for (unsigned i = 0; i < e->n_drivers; i++)
		if (e->drivers[i].ops->rx && e->drivers[i].ops->rx(e->drivers[i].self, rx, v))
			return true;
	return false;
}

void drivers_step(struct engine *e)
{
	for (unsigned i = 0; i < e->n_drivers; i++)
		e->drivers[i].ops->step(e->drivers[i].self);
}

uint64_t drivers_next_ns(struct engine *e)
{
	uint64_t at = UINT64_MAX, next;

	for (unsigned i = 0; i < e->n_drivers; i++) {
		next = e->drivers[i].ops->next_ns(e->drivers[i].self);
		at = next < at ? next : at;
	}
	return at;
}

size_t drivers_fds(struct engine *e, struct pollfd *v, size_t max)
{
	size_t n = 0;

	for (unsigned i = 0; i < e->n_drivers; i++)
		if (e->drivers[i].ops->fds)
			n += e->drivers[i].ops->fds(e->drivers[i].self, v + n, max - n);
	return n;
}

void driver_settle(struct engine *e, struct host *h, uint32_t slot, const struct driver_verdict *v)
{
	struct slot *s = &h->job.slots[slot];

	s->state = v->verdict.state;
	s->reason = v->verdict.reason;
	s->ttl = v->ttl;
	s->from = host_from(h, &v->from);
	s->t = v->rtt_ns;
	s->rtt_src = v->rtt_ns ? v->rtt_src : RTT_NONE;
	s->answered = true;
	h->job.undecided--;
	report_verdict(e, h, slot);
	if (s->state == PORT_OPEN)
		report_found(e, h, slot);
}
