/* SPDX-License-Identifier: BSD-2-Clause */
/* Route tracing (--traceroute), a driver of hosts in STAGE_TRACE. Private to src/scan. */
#pragma once

struct scan_driver;

extern const struct scan_driver trace_driver;
