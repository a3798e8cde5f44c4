/* SPDX-License-Identifier: BSD-2-Clause */
/* Which frames are claimed, run in the kernel; what attaching leaves behind, by tc's own word. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "bpfobj/claim.h"

#define LO  61000
#define HI  61046
#define U32 "u32 match ip dport 9 0xffff classid 1:1"

static bool have_bpf;

/* A frame under construction. */
struct frame {
	uint8_t b[256];
	size_t len;
};

static void put(struct frame *f, const void *p, size_t n)
{
	memcpy(f->b + f->len, p, n);
	f->len += n;
}

static void put16(struct frame *f, unsigned v)
{
	put(f, (const uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

/* What a case varies; 0 is an ordinary TCP segment from 10.0.0.9 or fd00::9 to us. */
struct how {
	const char *name;
	unsigned family, proto, dport, sport; /* 0: 4, TCP, LO, 80 */
	unsigned tags, options, ext, n_ext;
	unsigned offset;     /* of an IPv4 fragment, or of that of IPv6 when ext is 44 */
	bool stranger, self; /* to another address; from our own */
	unsigned cut;	     /* bytes left of the transport header, 0 = 20 */
	bool claimed;
};

/* clang-format off */
static const struct how cases[] = {
	{.name = "TCP", .claimed = true},
	{.name = "UDP", .proto = 17, .claimed = true},
	{.name = "SCTP", .proto = 132, .claimed = true},
	{.name = "ICMP", .proto = 1},
	{.name = "last port", .dport = HI, .claimed = true},
	{.name = "below", .dport = LO - 1},
	{.name = "above", .dport = HI + 1},
	{.name = "from the window", .dport = 80, .sport = LO},
	{.name = "another's address", .stranger = true},
	{.name = "ourselves", .self = true, .claimed = true},
	{.name = "ourselves, window to window", .self = true, .sport = HI},
	{.name = "a stranger's port in the window", .sport = HI, .claimed = true},
	{.name = "one tag", .tags = 1, .claimed = true},
	{.name = "two tags", .tags = 2, .claimed = true},
	{.name = "three tags", .tags = 3},
	{.name = "40 bytes of options", .options = 40, .claimed = true},
	{.name = "options and tags", .options = 4, .tags = 2, .claimed = true},
	{.name = "later fragment", .offset = 8},
	{.name = "far fragment", .offset = 8 * 256},
	{.name = "only ports", .cut = 4, .claimed = true},
	{.name = "no ports", .cut = 3},
	{.name = "6 TCP", .family = 6, .claimed = true},
	{.name = "6 UDP", .family = 6, .proto = 17, .claimed = true},
	{.name = "6 SCTP", .family = 6, .proto = 132, .claimed = true},
	{.name = "6 ICMP", .family = 6, .proto = 58},
	{.name = "6 above", .family = 6, .dport = HI + 1},
	{.name = "6 another's", .family = 6, .stranger = true},
	{.name = "6 ourselves, window to window", .family = 6, .self = true, .sport = HI},
	{.name = "6 tags", .family = 6, .tags = 2, .claimed = true},
	{.name = "6 hop-by-hop", .family = 6, .ext = 0, .n_ext = 1, .claimed = true},
	{.name = "6 routing", .family = 6, .ext = 43, .n_ext = 1, .claimed = true},
	{.name = "6 authentication", .family = 6, .ext = 51, .n_ext = 1, .claimed = true},
	{.name = "6 seven options", .family = 6, .ext = 60, .n_ext = 7, .claimed = true},
	{.name = "6 nine options", .family = 6, .ext = 60, .n_ext = 9},
	{.name = "6 first fragment", .family = 6, .ext = 44, .n_ext = 1, .claimed = true},
	{.name = "6 later fragment", .family = 6, .ext = 44, .n_ext = 1, .offset = 8},
	{.name = "6 encrypted", .family = 6, .proto = 50},
};
/* clang-format on */

static const uint8_t us4[] = {10, 0, 0, 1}, peer4[] = {10, 0, 0, 9}, other4[] = {10, 0, 0, 2};
static const uint8_t us6[16] = {0xfd, [15] = 1}, peer6[16] = {0xfd, [15] = 9},
		     other6[16] = {0xfd, [15] = 2};

static void put_ip4(struct frame *f, const struct how *h, unsigned proto)
{
	uint8_t ip[60] = {(uint8_t)(0x40 | (20 + h->options) / 4), [3] = 60, [8] = 64};

	ip[6] = (uint8_t)(h->offset / 8 >> 8);
	ip[7] = (uint8_t)(h->offset / 8);
	ip[9] = (uint8_t)proto;
	memcpy(ip + 12, h->self ? us4 : peer4, 4);
	memcpy(ip + 16, h->stranger ? other4 : us4, 4);
	memset(ip + 20, 1, h->options);
	put(f, ip, 20 + h->options);
}

static void put_ip6(struct frame *f, const struct how *h, unsigned proto)
{
	uint8_t ip[40] = {0x60, [7] = 64};

	ip[6] = (uint8_t)(h->n_ext ? h->ext : proto);
	memcpy(ip + 8, h->self ? us6 : peer6, 16);
	memcpy(ip + 24, h->stranger ? other6 : us6, 16);
	put(f, ip, sizeof(ip));
	for (unsigned i = 1; i <= h->n_ext; i++) {
		/* 16 bytes long, but for the fragment header's 8; lengths in 4 or 8 bytes */
		uint8_t x[16] = {(uint8_t)(i < h->n_ext ? h->ext : proto), h->ext == 51	  ? 2
									   : h->ext == 44 ? 0
											  : 1};

		if (h->ext == 44)
			x[3] = (uint8_t)h->offset;
		put(f, x, h->ext == 44 ? 8 : 16);
	}
}

static struct frame frame_of(const struct how *h)
{
	struct frame f = {.len = 12};
	uint8_t l4[20] = {0};
	unsigned proto = h->proto ? h->proto : 6, sport = h->sport ? h->sport : 80,
		 dport = h->dport ? h->dport : LO;

	f.b[5] = 1;
	for (unsigned i = 0; i < h->tags; i++) {
		put16(&f, i ? 0x8100 : 0x88a8);
		put16(&f, 7);
	}
	put16(&f, h->family == 6 ? 0x86dd : 0x0800);
	if (h->family == 6)
		put_ip6(&f, h, proto);
	else
		put_ip4(&f, h, proto);
	l4[0] = (uint8_t)(sport >> 8), l4[1] = (uint8_t)sport;
	l4[2] = (uint8_t)(dport >> 8), l4[3] = (uint8_t)dport;
	put(&f, l4, h->cut ? h->cut : sizeof(l4));
	return f;
}

static const struct addr *self(unsigned family)
{
	static struct addr v4, v6;

	v4 = addr_from_bytes(4, us4);
	v6 = addr_from_bytes(6, us6);
	return family == 6 ? &v6 : &v4;
}

/* Claims for both addresses on an interface, if the kernel takes it. */
static int claimed(struct claim *c, uint32_t ifindex, struct err *e)
{
	int rc;

	claim_begin(c, ifindex, self(4));
	rc = claim_wait(c, e);
	claim_begin(c, ifindex, self(6));
	return rc ? rc : claim_wait(c, e);
}

static struct claim *made(enum claim_how how)
{
	struct claim *c;

	if (!have_bpf)
		skip();
	assert_int_equal(claim_new(&c, LO, HI, NULL), 0);
	claim_only_by(c, how);
	return c;
}

static struct claim *on_loopback(void)
{
	struct claim *c = made(CLAIM_NOT);
	struct err e = {0};

	if (claimed(c, 1, &e) < 0)
		fail_msg("%s", e.text);
	claim_renew(c, clock_now(clock_real()));
	return c;
}

static void only_our_answers(void **state)
{
	struct claim *c = on_loopback();

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct frame f = frame_of(&cases[i]);
		int got = claim_try(c, f.b, f.len);

		if (got != cases[i].claimed)
			fail_msg("%s: %d", cases[i].name, got);
	}
	claim_free(c);
}

/* As after the end of the process that renewed it. */
static void a_lease_that_is_over(void **state)
{
	struct claim *c = on_loopback();
	struct frame f = frame_of(&cases[0]);
	uint64_t now = clock_now(clock_real());

	assert_int_equal(claim_try(c, f.b, f.len), 1);
	claim_renew(c, now - CLAIM_LEASE_NS - 1);
	assert_int_equal(claim_try(c, f.b, f.len), 0);
	claim_renew(c, now + CLAIM_LEASE_NS);
	assert_int_equal(claim_try(c, f.b, f.len), 1);
	claim_free(c);
}

/* Whatever bytes come: an answer, never a fault; cut short anywhere, nothing is claimed wrongly. */
static void cut_anywhere(void **state)
{
	struct claim *c = on_loopback();
	const struct how h = {.family = 6, .ext = 60, .n_ext = 2};
	struct frame f = frame_of(&h);

	for (size_t len = 15; len < f.len; len++) {
		int got = claim_try(c, f.b, len);

		if (got == -EINVAL) /* shorter than the kernel takes */
			continue;
		assert_int_equal(got, len >= f.len - 16);
	}
	claim_free(c);
}

static void run(const char *command)
{
	if (system(command))
		fail_msg("failed: %s", command);
}

/* BPF_PROG_QUERY of BPF_TCX_INGRESS (46), which tools of this age do not show. */
static unsigned tcx_programs(uint32_t ifindex)
{
	union bpf_attr attr = {0};

	attr.query.target_fd = ifindex;
	attr.query.attach_type = 46;
	return syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof(attr)) ? 0 : attr.query.prog_cnt;
}

/* What tc and the kernel say of an interface's filters; for comparison only. */
static void listing(char text[4096])
{
	FILE *p =
		popen("tc qdisc show dev c0; tc filter show dev c0 ingress; tc filter show dev c0 "
		      "egress",
			"r");
	size_t n = p ? fread(text, 1, 4000, p) : 0;

	snprintf(text + n, 4096 - n, "tcx: %u\n", tcx_programs(if_nametoindex("c0")));
	if (p)
		pclose(p);
}

static uint32_t wire_up(const char *setup)
{
	run("ip link del c0 2>/dev/null; ip link add c0 type veth peer name c1 && ip link set c0 up");
	if (setup)
		run(setup);
	return if_nametoindex("c0");
}

static void attach_and_leave(enum claim_how how, const char *setup)
{
	struct claim *c = made(how);
	struct err e = {0};
	char before[4096], during[4096], after[4096];
	uint32_t at = wire_up(setup);

	listing(before);
	if (claimed(c, at, &e) == -EINVAL && how == CLAIM_TCX) {
		claim_free(c);
		skip(); /* before Linux 6.6 */
	}
	assert_string_equal(e.text, "");
	assert_int_equal(claim_covers(c, at, self(4)), how);
	assert_int_equal(claim_covers(c, at, self(6)), how);
	assert_int_equal(claim_covers(c, at + 1, self(4)), CLAIM_NOT);
	assert_false(claim_begin(c, at, self(4))); /* a second time */
	listing(during);
	claim_stop(c);
	claim_free(c);
	listing(after);
	assert_string_not_equal(before, during);
	assert_string_equal(before, after);
}

static void tcx_leaves_nothing(void **state)
{
	attach_and_leave(CLAIM_TCX, NULL);
}

static void clsact_leaves_nothing(void **state)
{
	attach_and_leave(CLAIM_CLSACT, NULL);
}

static void others_filters_stay(void **state)
{
	static const char *const there[] = {
		"tc qdisc add dev c0 clsact",
		"tc qdisc add dev c0 ingress",
		"tc qdisc add dev c0 clsact && tc filter add dev c0 ingress protocol ip prio 1 " U32,
		"tc qdisc add dev c0 clsact && tc filter add dev c0 egress protocol ip prio 7 " U32,
		"tc qdisc add dev c0 ingress && tc filter add dev c0 ingress protocol all prio 1 " U32,
	};

	for (size_t i = 0; i < sizeof(there) / sizeof(*there); i++) {
		attach_and_leave(CLAIM_CLSACT, there[i]);
		attach_and_leave(CLAIM_TCX, there[i]);
	}
}

/* Somebody puts a filter into the qdisc that we made, another claim: it stays, and so the qdisc. */
static void our_qdisc_is_left_to_others(void **state)
{
	struct claim *c = made(CLAIM_CLSACT), *other = made(CLAIM_CLSACT);
	struct err e = {0};
	char before[4096], after[4096];
	uint32_t at = wire_up(NULL);

	listing(before);
	assert_int_equal(claimed(c, at, &e), 0);
	assert_int_equal(claimed(other, at, &e), 0);
	claim_free(c);
	listing(after);
	assert_non_null(strstr(after, "clsact"));
	assert_non_null(strstr(after, "claim"));
	claim_free(other);
	run("tc qdisc del dev c0 clsact"); /* whoever is not its maker leaves it */
	listing(after);
	assert_string_equal(before, after);
}

static void no_such_interface(void **state)
{
	struct claim *c = made(CLAIM_NOT);
	struct addr none = {0};
	struct err e = {0};

	assert_true(claimed(c, 4711, &e) < 0);
	assert_true(e.text[0]);
	assert_int_equal(claim_covers(c, 4711, self(4)), CLAIM_NOT);
	assert_int_equal(claim_wait(c, &e), 0); /* it is said once */
	assert_int_equal(claim_covers(NULL, 1, &none), CLAIM_NOT);
	claim_free(c);
	claim_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_our_answers),
		cmocka_unit_test(a_lease_that_is_over),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(tcx_leaves_nothing),
		cmocka_unit_test(clsact_leaves_nothing),
		cmocka_unit_test(others_filters_stay),
		cmocka_unit_test(our_qdisc_is_left_to_others),
		cmocka_unit_test(no_such_interface),
	};
	struct claim *c = NULL;
	struct err e = {0};

	have_bpf = unshare(CLONE_NEWNET) == 0 && claim_new(&c, LO, HI, &e) == 0 &&
		   claimed(c, 1, &e) == 0;
	claim_free(c);
	if (!have_bpf)
		print_message("skipped: %s\n", e.code ? e.text : "no network namespace of our own");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
