/* SPDX-License-Identifier: BSD-2-Clause */
/* The tasks of a run in nmap's XML: begun, how far, ended. */
#pragma once

#include "model/rec.h"
#include "out/xml_writer.h"

struct xml_task {
	char *name; /* of the task that was begun, or NULL; owned */
};

/* Writes taskprogress for a phase, after taskend and taskbegin if it is another than before. 0 or
 * -ENOMEM. */
int xml_task_progress(struct xml_writer *w, struct xml_task *t, const struct rec_progress *p,
	uint64_t start_wall_ns) MUST_CHECK;
/* Writes taskend if a task was begun, and forgets it. */
void xml_task_end(struct xml_writer *w, struct xml_task *t, uint64_t wall_ns);
