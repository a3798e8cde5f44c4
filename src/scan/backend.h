/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's choice of backend, for doctor and reports. */
#pragma once

#include <stdbool.h>

#include "net/net.h"

/*
 * Name of the backend that carries raw probes along this route: "packet-ring" behind Ethernet,
 * "raw" to this machine itself and over links without Ethernet headers. Static text.
 */
const char *scan_backend_for(const struct net_route *r);
/* Whether the backend of this name puts frames of our own on the link, so that it needs the
 * hardware addresses of neighbours: packet-ring, af-xdp. NULL: no. */
bool scan_frames_by(const char *backend);
