/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's filter in front of a receive ring, made for one scan's source ports. */
#pragma once

#include <linux/filter.h>
#include <stdint.h>

#include "io/io.h"

#define FILTER_MAX 48

/*
 * Writes a classic BPF program for a SOCK_DGRAM packet socket (offset 0 = network header) and
 * returns its length. It passes ARP, ICMP, ICMPv6, and TCP, UDP and SCTP whose destination port
 * (host order) lies in [port_lo, port_hi]; both 0 = all ports; all other IP protocols or none of
 * them, by c->all_protocols. Later IPv4 fragments and what we sent ourselves are dropped; IPv6
 * packets with extension headers pass, for a classic filter cannot walk them.
 */
unsigned filter_make(struct sock_filter out[FILTER_MAX], const struct io_conf *c);
