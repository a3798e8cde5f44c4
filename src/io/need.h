/* SPDX-License-Identifier: BSD-2-Clause */
/* What a backend needs of the user and the machine, and the remedy in words when it is not there.
 */
#pragma once

#include <stddef.h>

#include "base/addr.h"
#include "base/err.h"

/* CAP_NET_RAW in effect: 0, or -EPERM with the setcap line for this very executable. `what` names
 * the backend. */
int need_net_raw(const char *what, struct err *e) MUST_CHECK;
/* The kernel has packet sockets and lets this process have one: 0, or -errno with text. None is
 * made. */
int need_packet_sockets(const char *what, struct err *e) MUST_CHECK;
/* The kernel has AF_XDP, lets this process have a socket and lock `bytes` of memory for it: 0, or
 * -errno with text. */
int need_af_xdp(const char *what, size_t bytes, struct err *e) MUST_CHECK;
/* The interface is there; NULL is always fine. -ENODEV with text. */
int need_interface(const char *name, struct err *e) MUST_CHECK;
/* The hardware address of an Ethernet interface: 0, or -errno with text. */
int need_mac(const char *name, struct mac *out, struct err *e) MUST_CHECK;
/* Its frames have Ethernet headers, and it is not loopback; NULL is always fine. -EOPNOTSUPP with
 * text. */
int need_ethernet(const char *name, struct err *e) MUST_CHECK;
