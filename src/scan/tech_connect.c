/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP connect(): the technique that needs no privilege. The kernel makes the packets; io_connect
 * brings the outcome. */
#include "scan/tech.h"

const struct scan_tech tech_connect = {
	.name = "connect",
	.title = "Connect scan",
	.scaninfo = "connect",
	.letter = 'T',
	.proto = PROTO_TCP,
	.ports = PORTS_TCP,
	.carrier = IO_TX_CONNECT,
	.silence = PORT_FILTERED,
};
