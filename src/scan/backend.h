/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's choice of backend, for doctor and reports. */
#pragma once

#include "net/net.h"

/*
 * Name of the backend that carries raw probes along this route: "packet-ring" behind Ethernet,
 * "raw" to this machine itself and over links without Ethernet headers. Static text.
 */
const char *scan_backend_for(const struct net_route *r);
