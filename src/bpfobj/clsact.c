/* SPDX-License-Identifier: BSD-2-Clause */
/* A BPF program as a filter of an interface's clsact qdisc. */
#include "bpfobj/clsact.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "net/nl.h"

#define FIRST 1 /* priority; 0 leaves it to the kernel, which takes the last one free */

static struct bpf_tc_hook hook_at(uint32_t ifindex, unsigned where)
{
	return (struct bpf_tc_hook){
		.sz = sizeof(struct bpf_tc_hook), .ifindex = (int)ifindex, .attach_point = where};
}

static int filter_add(struct clsact *c, int prog, uint32_t priority)
{
	struct bpf_tc_hook hook = hook_at(c->ifindex, BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, o, .prog_fd = prog, .priority = priority);
	int rc = bpf_tc_attach(&hook, &o); /* handle 0: one that is free */

	c->handle = o.handle;
	c->priority = o.priority;
	return rc;
}

static void count_begin(void *ctx)
{
	*(unsigned *)ctx = 0;
}

static int count_one(void *ctx, const struct nlmsghdr *h)
{
	*(unsigned *)ctx += h->nlmsg_type == RTM_NEWTFILTER;
	return 0;
}

/* Whether there are filters in one direction; where that cannot be told, there are. */
static bool has_filters(struct nl *nl, uint32_t ifindex, uint32_t minor)
{
	struct {
		struct nlmsghdr h;
		struct tcmsg t;
	} req = {.h = {.nlmsg_len = sizeof(req), .nlmsg_type = RTM_GETTFILTER},
		.t = {.tcm_ifindex = (int)ifindex, .tcm_parent = TC_H_MAKE(TC_H_CLSACT, minor)}};
	unsigned n = 0;
	const struct nl_sink sink = {count_begin, count_one, &n};

	return nl_dump_by(nl, &req.h, &sink) < 0 || n > 0;
}

static bool in_use(uint32_t ifindex)
{
	struct nl *nl;
	bool yes = true;

	if (nl_open(&nl, NULL) == 0)
		yes = has_filters(nl, ifindex, TC_H_MIN_INGRESS) ||
		      has_filters(nl, ifindex, TC_H_MIN_EGRESS);
	nl_close(nl);
	return yes;
}

static void qdisc_drop(const struct clsact *c)
{
	struct bpf_tc_hook both = hook_at(c->ifindex, BPF_TC_INGRESS | BPF_TC_EGRESS);

	if (c->made && !in_use(c->ifindex))
		(void)bpf_tc_hook_destroy(&both);
}

int clsact_attach(struct clsact *c, uint32_t ifindex, int prog)
{
	struct bpf_tc_hook hook = hook_at(ifindex, BPF_TC_INGRESS);
	int rc = bpf_tc_hook_create(&hook);

	*c = (struct clsact){.ifindex = ifindex, .made = rc == 0};
	if (rc && rc != -EEXIST)
		return rc;
	rc = filter_add(c, prog, FIRST);
	if (rc) /* another kind of filter has that priority */
		rc = filter_add(c, prog, 0);
	if (rc)
		qdisc_drop(c);
	return rc;
}

void clsact_detach(const struct clsact *c)
{
	struct bpf_tc_hook hook = hook_at(c->ifindex, BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, o, .handle = c->handle, .priority = c->priority);

	(void)bpf_tc_detach(&hook, &o);
	qdisc_drop(c);
}
