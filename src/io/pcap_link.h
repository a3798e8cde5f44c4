/* SPDX-License-Identifier: BSD-2-Clause */
/* The link headers of capture files: where the packet begins. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct pcap_link {
	uint16_t ethertype; /* host order; 0 = a frame without one (LLC, a kernel's own) */
	bool ip;	    /* IPv4 or IPv6 */
	struct mac src_mac; /* zero where the link has none */
	size_t payload;	    /* offset */
};

/* Whether files of this libpcap DLT_ value can be read. */
bool pcap_link_known(int dlt);
/* Takes the link header off, VLAN tags (802.1Q, 802.1ad) too. 0, or ERR_PARSE when it is not all
 * there. */
int pcap_link_parse(int dlt, const uint8_t *data, size_t len, struct pcap_link *out);
