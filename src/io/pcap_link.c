/* SPDX-License-Identifier: BSD-2-Clause */
/* The link headers of capture files: where the packet begins. */
#include "io/pcap_link.h"

#include <pcap/dlt.h>
#include <string.h>

#include "base/err.h"
#include "pkt/rd.h"

/* clang-format off */
/*
 * Layouts as tcpdump.org/linktypes.html gives them:
 *
 *   Ethernet         dst 6 | src 6 | EtherType 2 [| TCI 2 | EtherType 2]...
 *   SLL              packet type 2 | ARPHRD 2 | address length 2 | address 8 | protocol 2
 *   SLL2             protocol 2 | reserved 2 | ifindex 4 | ARPHRD 2 | packet type 1
 *                    | address length 1 | address 8
 *   NULL, LOOP       address family 4, in the writer's byte order (NULL) or big-endian (LOOP)
 *   RAW, IPV4, IPV6  nothing
 *
 * EtherTypes below 0x600 are lengths: an LLC frame, which has no EtherType of its own.
 */
/* clang-format on */
enum {
	TYPE_IP4 = 0x0800,
	TYPE_IP6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	TYPE_QINQ = 0x88a8,
	TYPE_QINQ_OLD = 0x9100,
	TYPE_MIN = 0x0600
};

typedef void (*link_fn)(struct rd *r, struct pcap_link *out);

static void ether(struct rd *r, struct pcap_link *out)
{
	rd_skip(r, 6);
	rd_copy(r, out->src_mac.b, 6);
	out->ethertype = rd_u16be(r);
}

static void sll(struct rd *r, struct pcap_link *out)
{
	const uint8_t *addr;

	rd_skip(r, 4);
	if (rd_u16be(r) == sizeof(out->src_mac.b) && (addr = rd_bytes(r, 8)))
		memcpy(out->src_mac.b, addr, sizeof(out->src_mac.b));
	else
		rd_skip(r, 8);
	out->ethertype = rd_u16be(r);
}

static void sll2(struct rd *r, struct pcap_link *out)
{
	const uint8_t *addr;

	out->ethertype = rd_u16be(r);
	rd_skip(r, 9);
	if (rd_u8(r) == sizeof(out->src_mac.b) && (addr = rd_bytes(r, 8)))
		memcpy(out->src_mac.b, addr, sizeof(out->src_mac.b));
	else
		rd_skip(r, 8);
}

/* What it is is told by the first nibble, which the caller looks at; the family in front differs
 * from system to system (24, 28, 30). */
static void family(struct rd *r, struct pcap_link *out)
{
	rd_skip(r, 4);
}

static void nothing(struct rd *r, struct pcap_link *out)
{
}

/* clang-format off */
static const struct {
	int dlt;
	bool by_nibble; /* no EtherType: the IP version says */
	link_fn fn;
} links[] = {
	{ DLT_EN10MB,	  false, ether },
	{ DLT_LINUX_SLL,  false, sll },
	{ DLT_LINUX_SLL2, false, sll2 },
	{ DLT_NULL,	  true,  family },
	{ DLT_LOOP,	  true,  family },
	{ DLT_RAW,	  true,  nothing },
	{ DLT_IPV4,	  true,  nothing },
	{ DLT_IPV6,	  true,  nothing },
};
/* clang-format on */

static bool is_vlan(uint16_t type)
{
	return type == TYPE_VLAN || type == TYPE_QINQ || type == TYPE_QINQ_OLD;
}

static int link_row(int dlt)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].dlt == dlt)
			return (int)i;
	return -1;
}

bool pcap_link_known(int dlt)
{
	return link_row(dlt) >= 0;
}

static uint16_t type_by_nibble(struct rd r)
{
	unsigned version = rd_u8(&r) >> 4;

	return version == 4 ? TYPE_IP4 : version == 6 ? TYPE_IP6 : 0;
}

int pcap_link_parse(int dlt, const uint8_t *data, size_t len, struct pcap_link *out)
{
	struct rd r = rd_init(data, len);
	int row = link_row(dlt);

	memset(out, 0, sizeof(*out));
	if (row < 0)
		return ERR_UNSUPPORTED;
	links[row].fn(&r, out);
	while (r.ok && is_vlan(out->ethertype)) {
		rd_skip(&r, 2);
		out->ethertype = rd_u16be(&r);
	}
	if (!r.ok)
		return ERR_PARSE;
	if (links[row].by_nibble)
		out->ethertype = type_by_nibble(r);
	if (out->ethertype < TYPE_MIN)
		out->ethertype = 0;
	out->ip = out->ethertype == TYPE_IP4 || out->ethertype == TYPE_IP6;
	out->payload = len - rd_left(&r);
	return 0;
}
