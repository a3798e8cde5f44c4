/* SPDX-License-Identifier: BSD-2-Clause */
/* From options to a plan: how hosts are discovered. */
#include "cmd/plan_ping.h"

#include <stddef.h>

/* Discovery that takes a list, and where the list is in options and plan. */
/* clang-format off */
static const struct list {
	const char *option;
	unsigned bit; /* PING_ */
	enum port_class ports;
	size_t spec, list;
} lists[] = {
	{ "-PS", PING_SYN,   PORTS_TCP,  offsetof(struct opts, ping_syn),   offsetof(struct plan, ping_syn) },
	{ "-PA", PING_ACK,   PORTS_TCP,  offsetof(struct opts, ping_ack),   offsetof(struct plan, ping_ack) },
	{ "-PB", PING_ACK,   PORTS_TCP,  offsetof(struct opts, ping_mixed), offsetof(struct plan, ping_ack) },
	{ "-PU", PING_UDP,   PORTS_UDP,  offsetof(struct opts, ping_udp),   offsetof(struct plan, ping_udp) },
	{ "-PY", PING_SCTP,  PORTS_SCTP, offsetof(struct opts, ping_sctp),  offsetof(struct plan, ping_sctp) },
	{ "-PO", PING_PROTO, PORTS_IP,   offsetof(struct opts, ping_proto), offsetof(struct plan, ping_proto) },
};
/* Discovery without a list. */
static const struct {
	const char *option;
	unsigned bit;
	bool v4_only;
} plain[] = {
	{ "-PE", PING_ECHO,   false },
	{ "-PP", PING_TSTAMP, true },
	{ "-PM", PING_MASK,   true },
	{ "-PR", PING_ARP,    false },
};
/* clang-format on */

#define N_LISTS (sizeof(lists) / sizeof(lists[0]))
#define N_PLAIN (sizeof(plain) / sizeof(plain[0]))

static const char *spec_of(const struct opts *o, const struct list *l)
{
	return *(const char *const *)(const void *)((const char *)o + l->spec);
}

static struct port_list *list_of(struct plan *p, const struct list *l)
{
	return (void *)((char *)p + l->list);
}

/* -PO alone: ICMP, IGMP and IP in IP, as nmap; of IPv6 ICMPv6, and either IP in it. */
static const char *protocols(const struct opts *o, const char *spec)
{
	if (*spec)
		return spec;
	return o->family == 6 ? "58,4,41" : "1,2,4";
}

static int read_lists(
	struct plan *p, const struct opts *o, const struct plan_world *w, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < N_LISTS && rc == 0; i++) {
		const char *spec = spec_of(o, &lists[i]);

		if (!spec)
			continue;
		if (lists[i].ports == PORTS_IP)
			spec = protocols(o, spec);
		rc = port_list_parse(list_of(p, &lists[i]), spec, lists[i].ports, w->services, e);
		p->ping |= lists[i].bit;
	}
	if (rc < 0)
		return err_prefix(e, "ports to discover by");
	if (o->ping_mixed) /* nmap's, undocumented: its default without the SYN */
		p->ping |= PING_ECHO | PING_TSTAMP;
	return 0;
}

/* Without privilege all there is is connect(): nmap's pair of ports, or the lists asked for. */
static int by_connect(
	struct plan *p, const struct opts *o, const struct plan_world *w, struct err *e)
{
	const char *lost = NULL;
	unsigned kept = PING_SYN | PING_ACK;

	for (size_t i = 0; i < N_LISTS && !lost; i++)
		if (spec_of(o, &lists[i]) && !(lists[i].bit & kept))
			lost = lists[i].option;
	for (size_t i = 0; i < N_PLAIN && !lost; i++)
		if (o->ping & plain[i].bit)
			lost = plain[i].option;
	if (lost && !o->list_only)
		log_say(w->log, LOG_WARN,
			"%s needs permission for raw packets; discovering by TCP connect instead",
			lost);
	p->ping = PING_CONNECT | (p->ping & PING_ARP);
	if (p->ping_syn.n || p->ping_ack.n)
		return 0;
	return port_list_parse(&p->ping_syn, "80,443", PORTS_TCP, w->services, e);
}

/* nmap's default: echo, SYN to 443, ACK to 80, timestamp. */
static int by_default(struct plan *p, const struct plan_world *w, struct err *e)
{
	int rc = port_list_parse(&p->ping_syn, "443", PORTS_TCP, w->services, e);

	p->ping |= PING_ECHO | PING_SYN | PING_ACK | PING_TSTAMP;
	return rc < 0 ? rc : port_list_parse(&p->ping_ack, "80", PORTS_TCP, w->services, e);
}

static int check_n_pings(const struct plan *p, struct err *e)
{
	uint64_t n = (uint64_t)p->ping_syn.n + p->ping_ack.n + p->ping_udp.n + p->ping_sctp.n +
		     p->ping_proto.n + ((p->ping & PING_ECHO) != 0) +
		     ((p->ping & PING_TSTAMP) != 0) + ((p->ping & PING_MASK) != 0);

	if ((p->ping & PING_NONE) || n <= PINGS_MAX)
		return 0;
	return err_set(e, ERR_USAGE,
		"%llu probes to discover a host are more than the %d there may be; "
		"name fewer ports with -PS, -PA, -PU, -PY and -PO, or scan those ports by -Pn -p",
		(unsigned long long)n, PINGS_MAX);
}

static int check_family(const struct opts *o, struct err *e)
{
	for (size_t i = 0; o->family == 6 && i < N_PLAIN; i++)
		if (plain[i].v4_only && (o->ping & plain[i].bit))
			return err_set(e, ERR_USAGE,
				"%s asks by an ICMP message that IPv6 does not have; with -6 use -PE, -PS or -PA",
				plain[i].option);
	return 0;
}

static int check_ignore_rst(const struct plan *p, const struct opts *o, struct err *e)
{
	if (!o->ignore_rst || o->list_only || (p->ping & (PING_SYN | PING_ACK | PING_CONNECT)))
		return 0;
	return err_set(e, ERR_USAGE,
		"--discovery-ignore-rst is about answers to -PS and -PA, and neither is sent; leave it out or add one");
}

/* Our address is to be shown to no target, not even by ARP. */
static int by_zombie(struct plan *p, const struct opts *o, struct err *e)
{
	unsigned asked = (p->ping | o->ping) & ~(unsigned)PING_NONE;

	p->ping = PING_NONE;
	if (asked)
		return err_set(e, ERR_USAGE,
			"-sI takes every target as up, as discovery (-PS, -PE and the like) would show our address to it; leave out one");
	return check_ignore_rst(p, o, e);
}

int plan_ping(struct plan *p, const struct opts *o, const struct plan_world *w, struct err *e)
{
	/* with -b -Pn no target is to hear from us, not even by ARP */
	bool unheard = p->bounce && (o->ping & PING_NONE);
	unsigned arp = o->no_arp || unheard ? 0 : PING_ARP;
	int rc;

	p->ignore_rst = o->ignore_rst;
	p->ping = (o->ping & ~(unsigned)PING_ARP);
	rc = read_lists(p, o, w, e);
	if (rc == 0)
		rc = check_family(o, e);
	if (rc < 0)
		return rc;
	if (p->zombie)
		return by_zombie(p, o, e);
	if (o->ping & PING_NONE)
		p->ping = PING_NONE;
	else if (!w->privileged)
		rc = by_connect(p, o, w, e);
	else if (!p->ping)
		rc = by_default(p, w, e);
	if (rc == 0)
		rc = check_ignore_rst(p, o, e);
	p->ping |= arp;
	return rc < 0 ? rc : check_n_pings(p, e);
}
