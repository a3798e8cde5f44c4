/* SPDX-License-Identifier: BSD-2-Clause */
/* Loading and attaching the program that keeps answers from the local stack. */
#include "bpfobj/claim.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpfobj/clsact.h"
#include "claim.skel.h"

/* Of Linux 6.6, which is younger than the headers this is built with (bpf_attach_type, flags). */
#define TCX_INGRESS  46
#define ATTACH_FIRST (1u << 3) /* BPF_F_BEFORE, before nobody in particular */

#define KEY_LEN	 16
#define RENEW_NS UINT64_C(1000000000)

/* An interface that was attached to, or that refused. */
struct hook {
	uint32_t ifindex;
	enum claim_how how;
	int link; /* CLAIM_TCX */
	struct clsact clsact;
};

/* An address of ours that was asked for. */
struct own {
	struct addr addr;
	bool claimed; /* the program knows it */
};

/*
 * Between claim_begin and claim_wait, and after claim_stop, everything but `thread` is the
 * thread's.
 */
struct claim {
	uint16_t lo, hi;
	enum claim_how only;
	struct claim_bpf *bpf; /* NULL: not loaded */
	struct hook *hooks;
	struct own *owns;
	size_t n_hooks, n_owns;
	uint64_t renewed_ns;
	uint32_t next_ifindex; /* what was begun */
	struct addr next_self;
	struct err refused; /* the first time since it was told */
	pthread_t thread;
	bool running;
};

static int refused(int code, struct err *e)
{
	if (code == -EPERM || code == -EACCES)
		return err_set(e, code,
			"the kernel does not let this user attach BPF programs; run as root or once: "
			"sudo setcap cap_net_raw,cap_net_admin,cap_bpf+ep $(command -v sonde)");
	if (code == -ENOSYS)
		return err_set(e, code, "this kernel is built without BPF (CONFIG_BPF_SYSCALL)");
	return err_set(e, code, "the kernel refuses the BPF program: %s", strerror(-code));
}

int claim_new(struct claim **out, uint16_t lo, uint16_t hi, struct err *e)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return err_set(e, -ENOMEM, "out of memory");
	(*out)->lo = lo;
	(*out)->hi = hi;
	return 0;
}

static int load(struct claim *c)
{
	int rc;

	if (c->bpf)
		return 0;
	libbpf_set_print(NULL); /* what goes wrong is said by us */
	c->bpf = claim_bpf__open();
	if (!c->bpf)
		return -errno;
	c->bpf->rodata->claim_lo = c->lo;
	c->bpf->rodata->claim_hi = c->hi;
	rc = claim_bpf__load(c->bpf);
	if (rc) {
		claim_bpf__destroy(c->bpf);
		c->bpf = NULL;
	}
	return rc;
}

/* The program's map has room for so many. */
static int add_address(struct claim *c, const struct addr *a)
{
	uint8_t key[KEY_LEN] = {[10] = 0xff, [11] = 0xff}, one = 1;

	if (a->family == 4)
		memcpy(key + 12, a->b, 4);
	else
		memcpy(key, a->b, sizeof(key));
	return bpf_map__update_elem(
		c->bpf->maps.claim_addrs, key, sizeof(key), &one, sizeof(one), BPF_ANY);
}

/* libbpf 1.1 knows nothing of tcx: the system call itself. */
static int tcx_attach(struct hook *h, int prog)
{
	union bpf_attr attr = {0};

	attr.link_create.prog_fd = (uint32_t)prog;
	attr.link_create.target_ifindex = h->ifindex;
	attr.link_create.attach_type = TCX_INGRESS;
	attr.link_create.flags = ATTACH_FIRST;
	h->link = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
	if (h->link < 0)
		return -errno;
	h->how = CLAIM_TCX;
	return 0;
}

static int attach(struct claim *c, struct hook *h)
{
	int prog = bpf_program__fd(c->bpf->progs.claim), rc = -EINVAL;

	if (c->only != CLAIM_CLSACT)
		rc = tcx_attach(h, prog);
	if (rc && c->only != CLAIM_TCX) {
		rc = clsact_attach(&h->clsact, h->ifindex, prog);
		if (rc == 0)
			h->how = CLAIM_CLSACT;
	}
	return rc;
}

static struct hook *hook_of(const struct claim *c, uint32_t ifindex)
{
	for (size_t i = 0; i < c->n_hooks; i++)
		if (c->hooks[i].ifindex == ifindex)
			return &c->hooks[i];
	return NULL;
}

static const struct own *own_of(const struct claim *c, const struct addr *a)
{
	for (size_t i = 0; i < c->n_owns; i++)
		if (c->owns[i].addr.family == a->family &&
			memcmp(c->owns[i].addr.b, a->b, sizeof(a->b)) == 0)
			return &c->owns[i];
	return NULL;
}

/* One more element; what is refused is kept as well, so that it is not asked for again. */
static void *grow(void **v, size_t n, size_t size)
{
	void *more = realloc(*v, (n + 1) * size);

	if (more)
		*v = more;
	return more;
}

static int claim_next(struct claim *c)
{
	struct hook *h = hook_of(c, c->next_ifindex);
	int rc = load(c);

	if (!own_of(c, &c->next_self)) {
		if (!grow((void **)&c->owns, c->n_owns, sizeof(*c->owns)))
			return -ENOMEM;
		if (rc == 0)
			rc = add_address(c, &c->next_self);
		c->owns[c->n_owns++] = (struct own){c->next_self, rc == 0};
	}
	if (h)
		return rc;
	if (!grow((void **)&c->hooks, c->n_hooks, sizeof(*c->hooks)))
		return -ENOMEM;
	h = &c->hooks[c->n_hooks++];
	*h = (struct hook){.ifindex = c->next_ifindex};
	return rc ? rc : attach(c, h);
}

static void *begin_thread(void *ctx)
{
	struct claim *c = ctx;
	int rc = claim_next(c);

	if (rc && !c->refused.code)
		refused(rc, &c->refused);
	return NULL;
}

static void join(struct claim *c)
{
	if (c->running)
		pthread_join(c->thread, NULL);
	c->running = false;
}

/* Without a thread to be had it takes as long as it takes. */
static void start(struct claim *c, void *(*work)(void *))
{
	join(c);
	c->running = pthread_create(&c->thread, NULL, work, c) == 0;
	if (!c->running)
		work(c);
}

bool claim_begin(struct claim *c, uint32_t ifindex, const struct addr *self)
{
	join(c);
	if (hook_of(c, ifindex) && own_of(c, self))
		return false;
	c->next_ifindex = ifindex;
	c->next_self = *self;
	start(c, begin_thread);
	return true;
}

int claim_wait(struct claim *c, struct err *e)
{
	struct err first;

	join(c);
	first = c->refused;
	c->refused = (struct err){0};
	return first.code ? err_set(e, first.code, "%s", first.text) : 0;
}

void claim_renew(struct claim *c, uint64_t now_ns)
{
	uint64_t until = now_ns + CLAIM_LEASE_NS;
	uint32_t first = 0;

	if (!c || c->running || !c->bpf || now_ns - c->renewed_ns < RENEW_NS)
		return;
	c->renewed_ns = now_ns;
	(void)bpf_map__update_elem(
		c->bpf->maps.claim_until, &first, sizeof(first), &until, sizeof(until), BPF_ANY);
}

enum claim_how claim_covers(const struct claim *c, uint32_t ifindex, const struct addr *self)
{
	const struct hook *h = c ? hook_of(c, ifindex) : NULL;
	const struct own *own = h ? own_of(c, self) : NULL;

	return own && own->claimed ? h->how : CLAIM_NOT;
}

const char *claim_how_name(enum claim_how how)
{
	static const char *const names[] = {
		[CLAIM_NOT] = "not", [CLAIM_TCX] = "tcx", [CLAIM_CLSACT] = "clsact"};

	return names[how];
}

static void *stop_thread(void *ctx)
{
	struct claim *c = ctx;

	for (size_t i = 0; i < c->n_hooks; i++) {
		struct hook *h = &c->hooks[i];

		if (h->how == CLAIM_TCX)
			close(h->link);
		else if (h->how == CLAIM_CLSACT)
			clsact_detach(&h->clsact);
	}
	c->n_hooks = 0;
	claim_bpf__destroy(c->bpf);
	c->bpf = NULL;
	return NULL;
}

void claim_stop(struct claim *c)
{
	if (c)
		start(c, stop_thread);
}

void claim_free(struct claim *c)
{
	if (!c)
		return;
	join(c);
	stop_thread(c); /* what claim_stop has left */
	free(c->hooks);
	free(c->owns);
	free(c);
}

void claim_only_by(struct claim *c, enum claim_how how)
{
	c->only = how;
}

int claim_try(const struct claim *c, const uint8_t *frame, size_t len)
{
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame, .data_size_in = (uint32_t)len);
	int rc = bpf_prog_test_run_opts(bpf_program__fd(c->bpf->progs.claim), &o);

	if (rc)
		return rc;
	return (int)o.retval != -1;
}
