/* SPDX-License-Identifier: BSD-2-Clause */
/* ARP for IPv4 over Ethernet (RFC 826). */
#pragma once

#include "base/addr.h"
#include "pkt/rd.h"
#include "pkt/wr.h"

enum arp_op { ARP_REQUEST = 1, ARP_REPLY = 2 };

struct arp_msg {
	uint16_t op;
	struct mac src_mac, dst_mac;
	struct addr src_ip, dst_ip; /* IPv4 */
};

/* Reads the payload of EtherType 0x0806; false: cut off, or not IPv4 over 6-byte addresses. */
bool arp_read(struct rd *r, struct arp_msg *m);
void arp_write(struct wr *w, const struct arp_msg *m);
