/* SPDX-License-Identifier: BSD-2-Clause */
/* Facts of this machine by netlink: interfaces, addresses, neighbours (routes: route.c). */
#include "net/net.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/nl.h"
#include "net/route.h"

/*
 * Links and addresses are read once, by net_open, and stay as they were: pointers into the tables
 * are good until net_free. Machines with tens of thousands of links exist (container hosts): tables
 * grow by doubling, look-ups by index are binary.
 */
struct net {
	struct nl *nl;
	struct routes *routes;
	struct net_link *links; /* sorted by index */
	size_t n_links, cap_links;
	struct net_addr *addrs;
	size_t n_addrs, cap_addrs;
};

/*
 * Makes room for one more element; returns the table, or NULL when memory ran out (the old one
 * stays).
 */
static void *grow(void *table, size_t n, size_t *cap, size_t size)
{
	size_t want = *cap ? *cap * 2 : 16;
	void *bigger;

	if (n < *cap)
		return table;
	bigger = reallocarray(table, want, size);
	if (bigger)
		*cap = want;
	return bigger;
}

/*
 * A frame may be put on anything of type Ethernet (Wi-Fi, veth, bridges, VLANs are) as long as it
 * resolves neighbours; dummies, VRFs and layer-3 IPVLANs do not. Point-to-point devices without a
 * header take bare IP packets.
 */
static enum link_kind kind_of(unsigned type, unsigned flags)
{
	if (type == ARPHRD_LOOPBACK || flags & IFF_LOOPBACK)
		return LINK_LOOPBACK;
	if (type == ARPHRD_ETHER)
		return flags & IFF_NOARP ? LINK_OTHER : LINK_ETHERNET;
	if (type == ARPHRD_NONE || type == ARPHRD_RAWIP || type == ARPHRD_PPP)
		return LINK_L3;
	return LINK_OTHER;
}

static void read_link_attr(const struct nlattr *attr, struct net_link *l)
{
	size_t len = mnl_attr_get_payload_len(attr);

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0 && len <= sizeof(l->name))
			memcpy(l->name, mnl_attr_get_str(attr), len);
		break;
	case IFLA_MTU:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			l->mtu = mnl_attr_get_u32(attr);
		break;
	case IFLA_ADDRESS:
		if (len == sizeof(l->mac.b))
			memcpy(l->mac.b, mnl_attr_get_payload(attr), len);
		break;
	}
}

static int take_link(void *ctx, const struct nlmsghdr *h)
{
	struct net *n = ctx;
	const struct ifinfomsg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *attr;
	struct net_link *l;

	if (h->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(h) < sizeof(*m))
		return 0;
	l = grow(n->links, n->n_links, &n->cap_links, sizeof(*l));
	if (!l)
		return -ENOMEM;
	n->links = l;
	l += n->n_links++;
	*l = (struct net_link){
		.index = (uint32_t)m->ifi_index,
		.kind = kind_of(m->ifi_type, m->ifi_flags),
		.up = (m->ifi_flags & IFF_UP) && (m->ifi_flags & IFF_RUNNING),
	};
	mnl_attr_for_each(attr, h, sizeof(*m)) read_link_attr(attr, l);
	return 0;
}

static void begin_links(void *ctx)
{
	((struct net *)ctx)->n_links = 0;
}

static void begin_addrs(void *ctx)
{
	((struct net *)ctx)->n_addrs = 0;
}

/*
 * IFA_LOCAL is ours and IFA_ADDRESS the peer's on a point-to-point link; where only one is sent it
 * is ours.
 */
static void read_addr_attr(const struct nlattr *attr, struct net_addr *a, uint32_t *flags)
{
	switch (mnl_attr_get_type(attr)) {
	case IFA_LOCAL:
		a->addr = nl_addr(attr);
		break;
	case IFA_ADDRESS:
		if (!a->addr.family)
			a->addr = nl_addr(attr);
		break;
	case IFA_FLAGS:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			*flags = mnl_attr_get_u32(attr);
		break;
	}
}

static int take_addr(void *ctx, const struct nlmsghdr *h)
{
	struct net *n = ctx;
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *attr;
	struct net_addr *a;
	uint32_t flags;

	if (h->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(h) < sizeof(*m))
		return 0;
	a = grow(n->addrs, n->n_addrs, &n->cap_addrs, sizeof(*a));
	if (!a)
		return -ENOMEM;
	n->addrs = a;
	a += n->n_addrs;
	*a = (struct net_addr){.ifindex = m->ifa_index, .prefix_len = m->ifa_prefixlen};
	flags = m->ifa_flags;
	mnl_attr_for_each(attr, h, sizeof(*m)) read_addr_attr(attr, a, &flags);
	if (addr_is_linklocal(&a->addr) && a->addr.family == 6)
		a->addr.zone = a->ifindex;
	a->usable = !(flags & (IFA_F_DADFAILED | IFA_F_DEPRECATED)) &&
		    (!(flags & IFA_F_TENTATIVE) || flags & IFA_F_OPTIMISTIC);
	n->n_addrs += a->addr.family != 0;
	return 0;
}

static int by_index(const void *a, const void *b)
{
	const struct net_link *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

static int read_tables(struct net *n, struct err *e)
{
	struct nl_sink links = {begin_links, take_link, n};
	struct nl_sink addrs = {begin_addrs, take_addr, n};
	int rc = nl_dump(n->nl, RTM_GETLINK, AF_UNSPEC, &links);

	if (rc == 0)
		rc = nl_dump(n->nl, RTM_GETADDR, AF_UNSPEC, &addrs);
	if (rc < 0) {
		errno = -rc;
		return err_sys(e, "cannot read the interfaces of this machine");
	}
	if (n->n_links)
		qsort(n->links, n->n_links, sizeof(*n->links), by_index);
	return 0;
}

int net_open(struct net **out, struct err *e)
{
	struct net *n = calloc(1, sizeof(*n));
	int rc = -ENOMEM;

	*out = NULL;
	if (!n) {
		errno = ENOMEM;
		return err_sys(e, "cannot read the interfaces of this machine");
	}
	rc = nl_open(&n->nl, e);
	if (rc == 0)
		rc = read_tables(n, e);
	if (rc == 0)
		rc = routes_new(&n->routes, n->nl, n, e);
	if (rc < 0)
		net_free(n);
	else
		*out = n;
	return rc;
}

void net_free(struct net *n)
{
	if (!n)
		return;
	routes_free(n->routes);
	nl_close(n->nl);
	free(n->links);
	free(n->addrs);
	free(n);
}

const struct net_link *net_links(const struct net *n, size_t *count)
{
	*count = n->n_links;
	return n->links;
}

const struct net_addr *net_addrs(const struct net *n, size_t *count)
{
	*count = n->n_addrs;
	return n->addrs;
}

const struct net_link *net_link_by_index(const struct net *n, uint32_t ifindex)
{
	struct net_link key = {.index = ifindex};

	if (!n->n_links)
		return NULL;
	return bsearch(&key, n->links, n->n_links, sizeof(key), by_index);
}

const struct net_link *net_link_by_name(const struct net *n, const char *name)
{
	for (size_t i = 0; i < n->n_links; i++)
		if (strcmp(n->links[i].name, name) == 0)
			return &n->links[i];
	return NULL;
}

int net_route_get(struct net *n, const struct addr *dst, uint32_t ifindex, struct net_route *out,
	struct err *e)
{
	return routes_get(n->routes, dst, ifindex, out, e);
}

struct addr net_route_last(const struct net *n, const struct addr *dst)
{
	return n->routes ? routes_last(n->routes, dst) : *dst;
}

struct neigh_reply {
	bool valid;
	struct mac mac;
};

static void begin_neigh(void *ctx)
{
	*(struct neigh_reply *)ctx = (struct neigh_reply){0};
}

static int take_neigh(void *ctx, const struct nlmsghdr *h)
{
	static const unsigned known =
		NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;
	struct neigh_reply *r = ctx;
	const struct ndmsg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *attr;

	if (h->nlmsg_type != RTM_NEWNEIGH || mnl_nlmsg_get_payload_len(h) < sizeof(*m))
		return 0;
	mnl_attr_for_each(attr, h, sizeof(*m))
	{
		if (mnl_attr_get_type(attr) != NDA_LLADDR ||
			mnl_attr_get_payload_len(attr) != sizeof(r->mac.b))
			continue;
		memcpy(r->mac.b, mnl_attr_get_payload(attr), sizeof(r->mac.b));
		r->valid = (m->ndm_state & known) != 0;
	}
	return 0;
}

int net_neigh_get(struct net *n, uint32_t ifindex, const struct addr *addr, struct mac *out)
{
	struct neigh_reply r = {0};
	struct nl_sink sink = {begin_neigh, take_neigh, &r};
	uint32_t buf[64];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct ndmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	int rc;

	h->nlmsg_type = RTM_GETNEIGH;
	m->ndm_family = nl_family(addr);
	m->ndm_ifindex = (int)ifindex;
	mnl_attr_put(h, NDA_DST, addr_len(addr), addr->b);
	rc = nl_ask(n->nl, h, &sink);
	if (rc == -ENOENT)
		return 0;
	if (rc < 0)
		return rc;
	if (r.valid)
		*out = r.mac;
	return r.valid;
}

uint32_t net_own_zone(const struct net *n, const struct addr *a)
{
	size_t count;
	const struct net_addr *v = net_addrs(n, &count);

	for (size_t i = 0; i < count; i++)
		if (v[i].addr.family == a->family && !memcmp(v[i].addr.b, a->b, sizeof(a->b)))
			return v[i].ifindex;
	return 0;
}
