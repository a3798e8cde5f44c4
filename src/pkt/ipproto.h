/* SPDX-License-Identifier: BSD-2-Clause */
/* The registered numbers that Sonde acts on: EtherTypes (IEEE RA) and IP protocols (IANA), as two
 * enums that must not mix. */
#pragma once

enum eth_type {
	ETH_IPV4 = 0x0800,
	ETH_ARP = 0x0806,
	ETH_VLAN = 0x8100, /* 802.1Q customer tag */
	ETH_IPV6 = 0x86dd,
	ETH_QINQ = 0x88a8,     /* 802.1ad service tag */
	ETH_QINQ_OLD = 0x9100, /* service tag as it was before 802.1ad */
};

enum ip_proto {
	IP_HOPOPTS = 0,
	IP_ICMP = 1,
	IP_IGMP = 2,
	IP_TCP = 6,
	IP_UDP = 17,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_AH = 51,
	IP_ICMPV6 = 58,
	IP_NONE = 59,
	IP_DSTOPTS = 60,
	IP_SCTP = 132,
};
