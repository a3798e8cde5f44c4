/* SPDX-License-Identifier: BSD-2-Clause */
/* This machine's interfaces, addresses and routes as text. */
#include "cmd/iflist.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cmd/cmd.h"

#define RTF_UP_FLAG	 0x0001u
#define RTF_GATEWAY_FLAG 0x0002u
#define RTF_LOCAL_FLAG	 0x80000000u

static const char *kind_name(enum link_kind k)
{
	static const char *const names[] = {
		[LINK_ETHERNET] = "ethernet",
		[LINK_LOOPBACK] = "loopback",
		[LINK_L3] = "tunnel",
		[LINK_OTHER] = "other",
	};

	return names[k];
}

static void link_line(const struct net_link *l, const struct net_addr *a, struct buf *out)
{
	char ip[ADDR_TEXT_MAX], mac[MAC_TEXT_MAX], cidr[ADDR_TEXT_MAX + 8] = "-";
	struct buf name = {0};

	if (a)
		snprintf(cidr, sizeof(cidr), "%s/%u", addr_text(&a->addr, ip), a->prefix_len);
	str_term(&name, l->name, strlen(l->name));
	buf_fmt(out, "%-15s %-9s %-4s %6u %-17s %s%s\n", buf_text(&name), kind_name(l->kind),
		l->up ? "up" : "down", l->mtu,
		l->kind == LINK_ETHERNET ? mac_text(&l->mac, mac) : "-", cidr,
		a && !a->usable ? " (not usable)" : "");
	buf_free(&name);
}

void iflist_links(const struct net *n, struct buf *out)
{
	size_t n_links, n_addrs;
	const struct net_link *links = net_links(n, &n_links);
	const struct net_addr *addrs = net_addrs(n, &n_addrs);

	buf_fmt(out, "%-15s %-9s %-4s %6s %-17s %s\n", "INTERFACE", "KIND", "", "MTU", "MAC",
		"ADDRESS");
	for (size_t i = 0; i < n_links; i++) {
		bool any = false;

		for (size_t k = 0; k < n_addrs; k++) {
			if (addrs[k].ifindex != links[i].index)
				continue;
			link_line(&links[i], &addrs[k], out);
			any = true;
		}
		if (!any)
			link_line(&links[i], NULL, out);
	}
}

static void route_line(struct buf *out, const struct addr *dst, unsigned bits,
	const struct addr *gateway, const char *interface)
{
	char ip[ADDR_TEXT_MAX], cidr[ADDR_TEXT_MAX + 8];

	snprintf(cidr, sizeof(cidr), "%s/%u", addr_text(dst, ip), bits);
	buf_fmt(out, "%-44s %-15s %s\n", cidr, interface, gateway ? addr_text(gateway, ip) : "-");
}

/* A line of /proc/net/route: addresses are hexadecimal words in the memory's order. */
static void route4(const char *line, struct buf *out)
{
	unsigned dst, gateway, flags, metric, mask;
	struct addr to, via;
	char name[IF_NAMESIZE];

	if (sscanf(line, "%15s %x %x %x %*s %*s %u %x", name, &dst, &gateway, &flags, &metric,
		    &mask) != 6 ||
		!(flags & RTF_UP_FLAG))
		return;
	to = addr_v4(ntohl(dst));
	via = addr_v4(ntohl(gateway));
	route_line(out, &to, (unsigned)__builtin_popcount(mask),
		flags & RTF_GATEWAY_FLAG ? &via : NULL, name);
}

static struct addr hex_addr(const char *hex)
{
	uint8_t b[16] = {0};

	for (size_t i = 0; i < sizeof(b); i++) {
		unsigned byte = 0;

		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			break;
		b[i] = (uint8_t)byte;
	}
	return addr_from_bytes(6, b);
}

/* A line of /proc/net/ipv6_route; this machine's own addresses and multicast are left out. */
static void route6(const char *line, struct buf *out)
{
	char dst[33], gateway[33], name[IF_NAMESIZE];
	unsigned bits, flags;
	struct addr to, via;

	if (sscanf(line, "%32s %x %*s %*s %32s %*s %*s %*s %x %15s", dst, &bits, gateway, &flags,
		    name) != 5 ||
		!(flags & RTF_UP_FLAG) || (flags & RTF_LOCAL_FLAG) || strcmp(name, "lo") == 0)
		return;
	to = hex_addr(dst);
	via = hex_addr(gateway);
	if (!addr_is_multicast(&to))
		route_line(out, &to, bits, flags & RTF_GATEWAY_FLAG ? &via : NULL, name);
}

static void each_line(
	const char *path, void (*take)(const char *line, struct buf *out), struct buf *out)
{
	FILE *f = fopen(path, "re");
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		take(line, out);
	if (f)
		fclose(f);
}

void iflist_routes(struct buf *out)
{
	buf_fmt(out, "%-44s %-15s %s\n", "DESTINATION", "INTERFACE", "GATEWAY");
	each_line("/proc/net/route", route4, out);
	each_line("/proc/net/ipv6_route", route6, out);
}

void iflist_way(struct net *n, const struct addr *dst, uint32_t ifindex, struct buf *out)
{
	char to[ADDR_TEXT_MAX], src[ADDR_TEXT_MAX], hop[ADDR_TEXT_MAX];
	const struct net_link *link;
	struct net_route r;
	struct err e = {0};

	buf_fmt(out, "%s\n", addr_text(dst, to));
	if (net_route_get(n, dst, ifindex, &r, &e) < 0) {
		buf_fmt(out, "%s\n", e.text);
		return;
	}
	link = net_link_by_index(n, r.ifindex);
	for (unsigned i = 0; i < 2; i++) { /* nmap's name of it and the system's are one here */
		str_term(out, link ? link->name : "?", link ? strlen(link->name) : 1);
		buf_char(out, ' ');
	}
	buf_fmt(out, "srcaddr %s ", addr_text(&r.src, src));
	if (r.local || r.on_link)
		buf_str(out, "direct\n");
	else
		buf_fmt(out, "nexthop %s\n", addr_text(&r.next_hop, hop));
}

int cmd_iflist(void)
{
	struct err e = {0};
	struct buf b = {0};
	struct net *n;

	if (net_open(&n, &e) < 0)
		return cmd_fail(&e);
	iflist_links(n, &b);
	buf_char(&b, '\n');
	iflist_routes(&b);
	net_free(n);
	return cmd_print(&b);
}
