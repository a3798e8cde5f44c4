/* SPDX-License-Identifier: BSD-2-Clause */
/* From the state of the engine to records on the bus. Private to src/scan. */
#pragma once

#include "scan/engine.h"

/* The run as a whole, published first: techniques and their ports. 0. */
int report_run(struct engine *e);
/* A finished host with its ports, sorted; nothing when an interruption left it unknown. */
void report_host(struct engine *e, struct host *h);
/* A slot of the running stage that was just found open. */
void report_found(struct engine *e, struct host *h, uint32_t slot);
/* How far the run is; `asked` when a person wants to see it. */
void report_progress(struct engine *e, bool asked);
/* --packet-trace: an IP packet, an ARP message, a connect() and its outcome in words. Times are
 * those of io.h, monotonic. */
void report_trace(struct engine *e, bool sent, uint64_t at_ns, const uint8_t *data, uint32_t len);
void report_trace_arp(struct engine *e, bool sent, uint64_t at_ns, const struct arp_msg *m);
void report_trace_connect(struct engine *e, bool sent, uint64_t at_ns, const struct addr *dst,
	uint16_t port, const char *outcome);
/* The last record. */
void report_end(struct engine *e, bool interrupted);
