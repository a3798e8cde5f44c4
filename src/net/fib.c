/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions to the kernel's routing: the way to one destination, and where answers may change. */
#include "net/fib.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_addrlabel.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "net/cells.h"
#include "net/nl.h"

/*
 * IPv6 chooses among source addresses by the scope of the destination (RFC 6724, rule 2), which no
 * table shows.
 */
static const struct {
	uint8_t first[2];
	uint8_t bits;
} scopes_v6[] = {
	{{0xfe, 0x80}, 10}, /* link-local */
	{{0xfe, 0xc0}, 10}, /* site-local, deprecated by RFC 3879 and still known to kernels */
	{{0xff, 0x00}, 8},  /* multicast */
};

static void read_via(const struct nlattr *attr, struct fib_reply *r)
{
	const struct rtvia *via = mnl_attr_get_payload(attr);
	size_t len = mnl_attr_get_payload_len(attr);

	if (len == sizeof(*via) + 16 && via->rtvia_family == AF_INET6)
		r->gateway = addr_from_bytes(6, via->rtvia_addr);
	else if (len == sizeof(*via) + 4 && via->rtvia_family == AF_INET)
		r->gateway = addr_from_bytes(4, via->rtvia_addr);
}

static void read_metrics(const struct nlattr *nest, struct fib_reply *r)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
	{
		if (mnl_attr_get_type(attr) == RTAX_MTU &&
			mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			r->mtu = mnl_attr_get_u32(attr);
	}
}

static void read_route_attr(const struct nlattr *attr, struct fib_reply *r)
{
	switch (mnl_attr_get_type(attr)) {
	case RTA_OIF:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			r->oif = mnl_attr_get_u32(attr);
		break;
	case RTA_GATEWAY:
		r->gateway = nl_addr(attr);
		break;
	case RTA_VIA:
		read_via(attr, r);
		break;
	case RTA_PREFSRC:
		r->src = nl_addr(attr);
		break;
	case RTA_METRICS:
		read_metrics(attr, r);
		break;
	case RTA_ENCAP:
		r->encap = true;
		break;
	case RTA_MULTIPATH:
	case RTA_NH_ID: /* a next-hop object may be a group, and may be changed under the route */
		r->multipath = true;
		break;
	}
}

static void begin_reply(void *ctx)
{
	*(struct fib_reply *)ctx = (struct fib_reply){0};
}

static int take_reply(void *ctx, const struct nlmsghdr *h)
{
	struct fib_reply *r = ctx;
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *attr;

	if (h->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(h) < sizeof(*m))
		return 0;
	r->type = m->rtm_type;
	mnl_attr_for_each(attr, h, sizeof(*m)) read_route_attr(attr, r);
	return 0;
}

int fib_ask(struct nl *nl, const struct fib_query *q, struct fib_reply *out)
{
	struct nl_sink sink = {begin_reply, take_reply, out};
	uint32_t buf[64];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	h->nlmsg_type = RTM_GETROUTE;
	m->rtm_family = nl_family(&q->dst);
	m->rtm_dst_len = (uint8_t)(8 * addr_len(&q->dst));
	m->rtm_flags = q->matched ? RTM_F_FIB_MATCH : 0;
	mnl_attr_put(h, RTA_DST, addr_len(&q->dst), q->dst.b);
	if (q->src.family) {
		m->rtm_src_len = (uint8_t)(8 * addr_len(&q->src));
		mnl_attr_put(h, RTA_SRC, addr_len(&q->src), q->src.b);
	}
	if (q->oif)
		mnl_attr_put_u32(h, RTA_OIF, q->oif);
	return nl_ask(nl, h, &sink);
}

struct cutter {
	struct cells *cells;
	bool src_rules;
};

/* Cells cut twice are cells all the same: a dump begun again takes nothing back. */
static void begin_cut(void *ctx)
{
	(void)ctx;
}

static int cut_at(struct cutter *c, const struct nlattr *attr, unsigned bits)
{
	struct addr prefix = nl_addr(attr);

	if (!prefix.family || bits > 8 * addr_len(&prefix))
		return 0;
	return cells_add(c->cells, &prefix, bits);
}

/*
 * Routes, rules and labels all have a header with the prefix length and then one attribute with the
 * prefix.
 */
static int cut_by(struct cutter *c, const struct nlmsghdr *h, uint16_t prefix_attr, unsigned bits)
{
	const struct nlattr *attr;
	int rc = 0;

	mnl_attr_for_each(attr, h, sizeof(struct rtmsg))
	{
		if (mnl_attr_get_type(attr) == prefix_attr && rc == 0)
			rc = cut_at(c, attr, bits);
	}
	return rc;
}

_Static_assert(
	sizeof(struct rtmsg) == sizeof(struct fib_rule_hdr), "cut_by skips one header for all");
_Static_assert(
	sizeof(struct rtmsg) == sizeof(struct ifaddrlblmsg), "cut_by skips one header for all");

static int take_cut(void *ctx, const struct nlmsghdr *h)
{
	struct cutter *c = ctx;
	const struct rtmsg *route = mnl_nlmsg_get_payload(h);
	const struct fib_rule_hdr *rule = mnl_nlmsg_get_payload(h);
	const struct ifaddrlblmsg *label = mnl_nlmsg_get_payload(h);

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*route))
		return 0;
	switch (h->nlmsg_type) {
	case RTM_NEWROUTE:
		return cut_by(c, h, RTA_DST, route->rtm_dst_len);
	case RTM_NEWRULE:
		c->src_rules |= rule->src_len != 0;
		return cut_by(c, h, FRA_DST, rule->dst_len);
	case RTM_NEWADDRLABEL:
		return cut_by(c, h, IFAL_ADDRESS, label->ifal_prefixlen);
	default:
		return 0;
	}
}

static int cut_scopes(struct cells *cells)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof(scopes_v6) / sizeof(*scopes_v6) && rc == 0; i++) {
		struct addr a = {.family = 6};

		memcpy(a.b, scopes_v6[i].first, sizeof(scopes_v6[i].first));
		rc = cells_add(cells, &a, scopes_v6[i].bits);
	}
	return rc;
}

int fib_cut(struct nl *nl, unsigned family, struct cells *cells, bool *src_rules)
{
	uint8_t af = family == 4 ? AF_INET : AF_INET6;
	struct cutter c = {.cells = cells};
	struct nl_sink sink = {begin_cut, take_cut, &c};
	int rc = nl_dump(nl, RTM_GETROUTE, af, &sink);

	if (rc == 0)
		rc = nl_dump(nl, RTM_GETRULE, af, &sink);
	if (rc == -EOPNOTSUPP) /* a kernel without policy rules */
		rc = 0;
	if (rc == 0 && family == 6)
		rc = nl_dump(nl, RTM_GETADDRLABEL, af, &sink);
	if (rc == 0 && family == 6)
		rc = cut_scopes(cells);
	*src_rules = c.src_rules;
	return rc;
}
