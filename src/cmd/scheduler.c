/* SPDX-License-Identifier: BSD-2-Clause */
/* Which engine carries a scan out: the stateful one, or the sweep. */
#include "cmd/scheduler.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/sweep_check.h"
#include "scan/tech.h"
#include "sweep/sender.h"
#include "sweep/sweep.h"

static uint32_t ports_of(const struct plan *p)
{
	const struct scan_tech *t = p->techniques[0] ? scan_tech_by_name(p->techniques[0]) : NULL;

	return p->ports_wanted && t ? p->ports.of[t->ports].n : 1;
}

/* What of the options or the plan needs the stateful engine: false, with the reason. */
static bool can_be_swept(const struct plan *p, const struct opts *o, struct err *e)
{
	if (o->resume)
		return err_set(e, ERR_UNSUPPORTED, "it is resumed as it began"), false;
	return sweep_check(p, o, e) == 0 && sweep_can(p, e) == 0;
}

bool scheduler_prefers_sweep(const struct plan *p, const struct opts *o, uint64_t hosts,
	bool privileged, struct buf *why)
{
	uint32_t ports = ports_of(p);
	struct err e = {0};

	if (o->sweep.wish != SWEEP_ASK || !privileged || hosts == UINT64_MAX ||
		hosts <= SCHEDULER_HOSTS || hosts <= SCHEDULER_PROBES / (ports ? ports : 1))
		return false;
	if (!can_be_swept(p, o, &e)) {
		buf_fmt(why, "stateful scan, though large enough for a sweep: %s", e.text);
		return false;
	}
	buf_fmt(why,
		"this is a sweep, as %" PRIu64 " addresses with %" PRIu32
		" ports are many: each is probed once and none is looked for first; --no-sweep scans them host by host",
		hosts, ports);
	return true;
}

int scheduler_check_stateful(const struct plan *p, struct err *e)
{
	if (!p->backend || strcmp(p->backend, sender_xdp_live.name) != 0)
		return 0;
	return err_set(e, ERR_USAGE,
		"--backend %s sends sweeps only, and this is a stateful scan; add --sweep or leave it out",
		p->backend);
}

void scheduler_asked(const struct plan *p, const struct opts *o, struct buf *why)
{
	buf_str(why, "this is a sweep, as --sweep says");
	if (p->ports_wanted && !(o->ping & PING_NONE))
		buf_str(why, "; every address is probed, none is looked for first (as with -Pn)");
}
