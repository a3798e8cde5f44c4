/* SPDX-License-Identifier: BSD-2-Clause */
/* From the state of the engine to records on the bus. Private to src/scan. */
#pragma once

#include "scan/engine.h"

/* The run as a whole, published first: techniques and their ports. */
void report_run(struct engine *e);
/* A finished host with its ports, sorted; nothing when an interruption left it unknown. */
void report_host(struct engine *e, struct host *h);
/* A slot of the running stage that was just found open. */
void report_found(struct engine *e, struct host *h, uint32_t slot);
/* How far the run is; `asked` when a person wants to see it. */
void report_progress(struct engine *e, bool asked);
/* Whether packets are to be reported at all (--packet-trace, captures). */
bool report_packets(const struct engine *e);
/* What left, what came (after it was acted on: e->said holds what it decided), and the outcome of a
 * connect(). */
void report_sent(struct engine *e, const struct io_tx *tx);
void report_received(struct engine *e, const struct io_rx *rx);
void report_connected(
	struct engine *e, const struct io_rx *rx, const struct addr *dst, uint16_t port);
/* A line that a driver said or was told on a connection, whose packets the kernel makes. */
void report_words(struct engine *e, bool sent, const char *text);
/* A slot of the running stage was decided for good; a host was found up or down. Kept until the
 * turn ends. */
void report_verdict(struct engine *e, struct host *h, uint32_t slot);
void report_state(struct engine *e, struct host *h);
/* Publishes what was kept. */
void report_verdicts(struct engine *e);
/* The last record. */
void report_end(struct engine *e, bool interrupted);
