/* SPDX-License-Identifier: BSD-2-Clause */
/* The tasks of a run in nmap's XML: begun, how far, ended. */
#include "out/xml_task.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* libnmap looks a taskprogress up among the tasks it saw begin, and insists on all its attributes.
 */

static void put_task(struct xml_writer *w, const char *element, const char *task, uint64_t wall_ns)
{
	xml_begin(w, element);
	xml_attr(w, "task", task);
	xml_attr_u64(w, "time", wall_ns / NS_PER_S);
}

void xml_task_end(struct xml_writer *w, struct xml_task *t, uint64_t wall_ns)
{
	if (!t->name)
		return;
	put_task(w, "taskend", t->name, wall_ns);
	xml_end(w);
	xml_raw(w, "\n");
	free(t->name);
	t->name = NULL;
}

int xml_task_progress(struct xml_writer *w, struct xml_task *t, const struct rec_progress *p,
	uint64_t start_wall_ns)
{
	uint64_t now = start_wall_ns + p->elapsed_ns;

	if (!t->name || strcmp(t->name, p->phase) != 0) {
		xml_task_end(w, t, now);
		t->name = strdup(p->phase);
		if (!t->name)
			return -ENOMEM;
		put_task(w, "taskbegin", p->phase, now);
		xml_end(w);
		xml_raw(w, "\n");
	}
	put_task(w, "taskprogress", p->phase, now);
	xml_attr_fmt(w, "percent", "%.2f", p->done * 100);
	xml_attr_u64(w, "remaining", p->eta_ns / NS_PER_S);
	xml_attr_u64(w, "etc", (now + p->eta_ns) / NS_PER_S);
	xml_end(w);
	xml_raw(w, "\n");
	return 0;
}
