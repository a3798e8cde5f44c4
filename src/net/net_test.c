/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces and routes in a network namespace of our own, beside what iproute2 says there. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "net/net.h"

/*
 * Two wires to a second namespace that never answers, a tun without a reader and a bridge without
 * ports. Nothing is ever sent: only tables are asked. Routes of every kind, two of them in the way
 * of others.
 */
static const char *const topology[] = {
	"link set lo up",
	"link add va0 type veth peer name va1",
	"link add vb0 type veth peer name vb1",
	"tuntap add t0 mode tun",
	"link add br0 type bridge",
	"link set va0 addrgenmode none",
	"link set vb0 addrgenmode none",
	"link set va0 address 02:00:00:00:0a:00 mtu 9000",
	"addr add 10.1.0.1/16 dev va0",
	"addr add 10.1.0.5/16 dev va0",
	"addr add 192.168.7.1/24 dev va0",
	"addr add 10.2.0.1/24 dev vb0",
	"addr add 10.9.0.1 peer 10.9.0.2 dev t0",
	"addr add 172.16.0.1/12 dev br0",
	"addr add 2001:db8:1::1/64 dev va0 nodad",
	"addr add 2001:db8:ffff::1/48 dev va0 nodad",
	"addr add fd00:1::1/64 dev va0 nodad",
	"addr add fe80::a/64 dev va0 nodad",
	"addr add fd00:2::1/64 dev vb0 nodad",
	"addr add fe80::b/64 dev vb0 nodad",
	"link set va1 up",
	"link set vb1 up",
	"link set va0 up",
	"link set vb0 up",
	"link set t0 up",
	"link set br0 up",
	"route add default via 10.1.255.254",
	"route add 10.1.128.0/17 via 10.2.0.254",
	"route add 10.1.200.7/32 via 10.2.0.253",
	"route add blackhole 10.66.0.0/16",
	"route add unreachable 10.67.0.0/16",
	"route add prohibit 10.68.0.0/16",
	"route add throw 10.69.0.0/16",
	"route add 198.18.0.0/15 nexthop via 10.1.255.254 nexthop via 10.2.0.254",
	"route add local 198.51.100.0/24 dev lo",
	"route add 192.0.2.0/24 via inet6 fe80::2 dev vb0",
	"route add 100.64.0.0/10 via 10.2.0.254 mtu 1300",
	"route add 10.77.0.0/16 dev va0 src 10.1.0.5",
	"route add default via 10.2.0.254 table 100",
	"rule add to 203.0.113.0/24 lookup 100",
	"-6 route add default via fe80::1 dev va0",
	"-6 route add 2001:db8:2::/48 via fd00:2::fe",
	"-6 route add blackhole 2001:db8:66::/48",
	"-6 route add unreachable 2001:db8:67::/48",
	"-6 route add prohibit 2001:db8:68::/48",
	"-6 route add 2001:db8:69::/48 nexthop via fe80::1 dev va0 nexthop via fe80::2 dev vb0",
	"-6 route add default via fd00:2::fd table 100",
	"-6 rule add to 2001:db8:203::/48 lookup 100",
	"neigh add 10.1.0.9 lladdr 02:00:00:00:00:09 dev va0 nud permanent",
	"neigh add fd00:2::9 lladdr 02:00:00:00:00:0c dev vb0 nud stale",
	"neigh add 10.1.0.10 lladdr 02:00:00:00:00:0a dev va0 nud failed",
};

/* Prefixes from which destinations are drawn. */
/* clang-format off */
static const struct {
	const char *addr;
	unsigned bits;
} pools[] = {
	{ "10.1.0.0", 16 },	   { "10.1.0.0", 29 },	    { "10.1.200.0", 28 },
	{ "10.2.0.0", 23 },	   { "192.168.7.0", 24 },   { "10.9.0.0", 30 },
	{ "172.16.0.0", 12 },	   { "127.0.0.0", 29 },	    { "10.64.0.0", 13 },
	{ "198.16.0.0", 13 },	   { "198.51.100.0", 23 },  { "192.0.2.0", 23 },
	{ "100.64.0.0", 9 },	   { "203.0.113.0", 23 },   { "8.0.0.0", 6 },
	{ "10.77.0.0", 16 },	   { "2001:db8:1::", 126 }, { "2001:db8:1::", 60 },
	{ "fd00:1::", 62 },	   { "fd00:2::", 124 },	    { "2001:db8:2::", 44 },
	{ "2001:db8:60::", 44 },   { "2001:db8:203::", 47 }, { "2000::", 3 },
	{ "2001:db8:fff0::", 44 }, { "2001:db8::", 32 },    { "::1", 127 },
	{ "fec0::", 10 },	   { "2002::", 16 },
};
/* clang-format on */

#define N_POOLS (sizeof(pools) / sizeof(*pools))

static int ip(const char *args)
{
	char line[256];

	snprintf(line, sizeof(line), "ip %s", args);
	return system(line);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* As root, or as anybody where user namespaces are allowed. */
static bool enter_namespace(void)
{
	char map[64];
	unsigned uid = geteuid();

	if (unshare(CLONE_NEWNET) == 0)
		return true;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return false;
	snprintf(map, sizeof(map), "0 %u 1", uid);
	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/uid_map", map);
	return true;
}

static int build(void **state)
{
	for (size_t i = 0; i < sizeof(topology) / sizeof(*topology); i++) {
		if (ip(topology[i]) == 0)
			continue;
		print_error("ip %s failed\n", topology[i]);
		return -1;
	}
	return 0;
}

static struct net *open_net(void)
{
	struct net *n;
	struct err e = {0};

	if (net_open(&n, &e) < 0)
		fail_msg("%s", e.text);
	return n;
}

static struct addr parse(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static uint32_t index_of(const struct net *n, const char *name)
{
	const struct net_link *l = net_link_by_name(n, name);

	assert_non_null(l);
	return l->index;
}

static struct addr draw(struct rng *r, struct addr a, unsigned bits)
{
	for (unsigned i = bits; i < 8 * addr_len(&a); i++)
		if (rng_u64(r) & 1)
			a.b[i / 8] ^= (uint8_t)(0x80 >> i % 8);
	return a;
}

/* What `ip -j route get` printed, or the errors it printed instead. */
struct truth {
	json_t *json; /* NULL: refused */
	char error[256];
};

static struct truth ask_ip(const struct addr *dst, const char *more)
{
	char line[256], text[ADDR_TEXT_MAX], out[4096];
	struct truth t = {0};
	json_t *list;
	size_t len;
	FILE *f;

	snprintf(line, sizeof(line), "ip -j route get %s %s 2>&1", addr_text(dst, text), more);
	f = popen(line, "re");
	assert_non_null(f);
	len = fread(out, 1, sizeof(out) - 1, f);
	out[len] = '\0';
	pclose(f);
	list = json_loads(out, JSON_DISABLE_EOF_CHECK, NULL);
	if (list)
		t.json = json_incref(json_array_get(list, 0));
	json_decref(list);
	snprintf(t.error, sizeof(t.error), "%.255s", out);
	return t;
}

static const char *field(const struct truth *t, const char *name)
{
	const char *s = json_string_value(json_object_get(t->json, name));

	return s ? s : "";
}

static const char *gateway_of(const struct truth *t)
{
	const char *via =
		json_string_value(json_object_get(json_object_get(t->json, "via"), "host"));

	return via ? via : field(t, "gateway");
}

static void same_refusal(const struct truth *t, const struct err *e)
{
	static const struct {
		const char *theirs, *ours;
	} words[] = {
		{"Network is unreachable", "no entry"},
		{"No route to host", "says that it is unreachable"},
		{"Permission denied", "prohibits"},
		{"Invalid argument", "blackhole"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (!strstr(t->error, words[i].theirs))
			continue;
		if (!strstr(e->text, words[i].ours))
			fail_msg("ip: %s; ours: %s", t->error, e->text);
		return;
	}
	fail_msg("ip refused with: %s; ours: %s", t->error, e->text);
}

/* The text without its zone: ip prints link-local addresses bare. */
static const char *bare_text(struct addr a, char buf[ADDR_TEXT_MAX])
{
	a.zone = 0;
	return addr_text(&a, buf);
}

static void same_route(const struct net *n, const struct addr *dst, const struct truth *t,
	const struct net_route *r)
{
	char text[ADDR_TEXT_MAX];
	bool local = strcmp(field(t, "type"), "local") == 0;
	const char *gateway = gateway_of(t);

	addr_text(dst, text);
	if (r->local != local)
		fail_msg("%s: local %d, ip says %d", text, r->local, local);
	if (local) {
		assert_int_equal(r->kind, LINK_LOOPBACK);
		assert_int_equal(r->ifindex, index_of(n, "lo"));
	} else if (r->ifindex != index_of(n, field(t, "dev"))) {
		fail_msg("%s: interface %u, ip says %s", text, r->ifindex, field(t, "dev"));
	}
	assert_int_equal(r->on_link, *gateway == '\0');
	assert_string_equal(bare_text(r->src, text), field(t, "prefsrc"));
	assert_string_equal(
		bare_text(r->next_hop, text), *gateway ? gateway : bare_text(*dst, text));
}

static void compare(struct net *n, const struct addr *dst, const char *oif)
{
	char more[64] = "";
	struct net_route r = {0};
	struct err e = {0};
	struct truth t;
	int rc;

	if (oif)
		snprintf(more, sizeof(more), "oif %s", oif);
	t = ask_ip(dst, more);
	rc = net_route_get(n, dst, oif ? index_of(n, oif) : 0, &r, &e);
	if (rc < 0 && t.json)
		fail_msg("refused: %s", e.text);
	if (rc < 0) {
		assert_int_equal(rc, ERR_NOROUTE);
		same_refusal(&t, &e);
	} else if (!t.json) {
		fail_msg("ip: %s", t.error);
	} else {
		same_route(n, dst, &t, &r);
	}
	json_decref(t.json);
}

/*
 * Each pool again and again, in an order that makes the cache answer before and after its
 * neighbours.
 */
static void compare_pools(unsigned rounds, const char *oif)
{
	struct net *n = open_net();
	struct rng r;

	rng_seed(&r, 77);
	for (unsigned i = 0; i < rounds * N_POOLS; i++) {
		size_t p = rng_below(&r, N_POOLS);
		struct addr dst = draw(&r, parse(pools[p].addr), pools[p].bits);

		compare(n, &dst, oif);
	}
	net_free(n);
}

static void test_as_ip_says(void **state)
{
	compare_pools(24, NULL);
}

static void test_as_ip_says_forced(void **state)
{
	compare_pools(5, "va0");
	compare_pools(5, "vb0");
	compare_pools(3, "t0");
}

static void test_edges(void **state)
{
	/* clang-format off */
	static const char *const edges[] = {
		"0.0.0.0",	"255.255.255.255", "224.0.0.1",	      "239.1.2.3",     "240.0.0.1",
		"10.1.0.0",	"10.1.255.255",	   "10.1.127.255",    "10.1.128.0",    "10.1.200.6",
		"10.1.200.7",	"10.1.200.8",	   "127.0.0.1",	      "127.255.255.255",
		"10.2.0.255",	"10.9.0.2",	   "126.255.255.255", "10.9.0.1",      "10.1.0.1",
		"10.1.0.5",	"ff0e::1",	   "::1",	      "::2",	       "128.0.0.0",
		"2001:db8:1::1",
		"2001:db8:1::",	"fd00:2::1",	   "ffff::1",	      "fe80::a",       "fd00:2::fe",
	};
	/* clang-format on */
	struct net *n = open_net();

	for (unsigned twice = 0; twice < 2; twice++) {
		for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++) {
			struct addr dst = parse(edges[i]);

			compare(n, &dst, NULL);
		}
	}
	net_free(n);
}

static void check_link(const struct net *n, const char *name, enum link_kind kind, uint32_t mtu)
{
	const struct net_link *l = net_link_by_name(n, name);

	assert_non_null(l);
	assert_int_equal(l->kind, kind);
	assert_int_equal(l->mtu, mtu);
	assert_int_equal(l->index, if_nametoindex(name));
	assert_ptr_equal(net_link_by_index(n, l->index), l);
}

static void test_links(void **state)
{
	struct net *n = open_net();
	char text[MAC_TEXT_MAX];

	check_link(n, "lo", LINK_LOOPBACK, 65536);
	check_link(n, "va0", LINK_ETHERNET, 9000);
	check_link(n, "br0", LINK_ETHERNET, 1500);
	check_link(n, "t0", LINK_L3, 1500);
	assert_true(net_link_by_name(n, "va0")->up);
	assert_true(net_link_by_name(n, "lo")->up);
	assert_false(net_link_by_name(n, "t0")->up); /* up, but nobody has it open: no carrier */
	assert_string_equal(mac_text(&net_link_by_name(n, "va0")->mac, text), "02:00:00:00:0A:00");
	assert_null(net_link_by_name(n, "none"));
	assert_null(net_link_by_index(n, 9999));
	net_free(n);
}

static void test_addrs(void **state)
{
	struct net *n = open_net();
	struct addr peered = parse("10.9.0.1"), v6 = parse("2001:db8:ffff::1");
	unsigned found = 0;
	size_t count;
	const struct net_addr *a = net_addrs(n, &count);

	for (size_t i = 0; i < count; i++) {
		if (addr_eq(&a[i].addr, &peered)) {
			assert_int_equal(a[i].ifindex, index_of(n, "t0"));
			assert_int_equal(a[i].prefix_len, 32);
			found++;
		}
		if (addr_eq(&a[i].addr, &v6)) {
			assert_int_equal(a[i].prefix_len, 48);
			assert_true(a[i].usable);
			found++;
		}
	}
	assert_int_equal(found, 2);
	net_free(n);
}

static struct net_route route(struct net *n, const char *dst, uint32_t ifindex)
{
	struct addr a = parse(dst);
	struct net_route r;
	struct err e = {0};

	if (net_route_get(n, &a, ifindex, &r, &e) < 0)
		fail_msg("%s", e.text);
	return r;
}

static void test_fields(void **state)
{
	struct net *n = open_net();
	struct net_route r = route(n, "10.1.7.7", 0);
	char text[MAC_TEXT_MAX];

	assert_int_equal(r.kind, LINK_ETHERNET);
	assert_int_equal(r.mtu, 9000);
	assert_string_equal(mac_text(&r.src_mac, text), "02:00:00:00:0A:00");
	assert_int_equal(route(n, "100.64.3.3", 0).mtu, 1300);
	assert_int_equal(route(n, "127.0.0.1", 0).mtu, 65536);
	assert_int_equal(route(n, "10.9.0.2", 0).kind, LINK_L3);
	assert_int_equal(route(n, "192.0.2.1", 0).next_hop.family, 6);
	net_free(n);
}

static void test_zones(void **state)
{
	struct net *n = open_net();
	struct net_route r = route(n, "fe80::1234%vb0", 0);
	struct addr bare = parse("fe80::1234"), zoned = parse("fe80::1234%vb0");
	struct err e = {0};
	char text[ADDR_TEXT_MAX];

	assert_int_equal(r.ifindex, index_of(n, "vb0"));
	assert_true(r.on_link);
	assert_string_equal(addr_text(&r.src, text), "fe80::b%vb0");
	assert_string_equal(addr_text(&r.next_hop, text), "fe80::1234%vb0");
	r = route(n, "fe80::1234%va0", 0);
	assert_string_equal(addr_text(&r.src, text), "fe80::a%va0");
	r = route(n, "fe80::1234", index_of(n, "va0"));
	assert_string_equal(addr_text(&r.next_hop, text), "fe80::1234%va0");
	r = route(n, "2a00::1", 0);
	assert_string_equal(addr_text(&r.next_hop, text), "fe80::1%va0");
	assert_int_equal(net_route_get(n, &bare, 0, &r, &e), ERR_NOROUTE);
	assert_non_null(strstr(e.text, "several interfaces"));
	assert_int_equal(net_route_get(n, &zoned, index_of(n, "va0"), &r, &e), ERR_NOROUTE);
	assert_int_equal(net_route_get(n, &bare, 4242, &r, &e), ERR_NOROUTE);
	net_free(n);
}

static void test_neighbours(void **state)
{
	struct net *n = open_net();
	struct addr there = parse("10.1.0.9"), v6 = parse("fd00:2::9"), failed = parse("10.1.0.10");
	struct addr none = parse("10.1.0.11");
	struct mac m;
	char text[MAC_TEXT_MAX];

	assert_int_equal(net_neigh_get(n, index_of(n, "va0"), &there, &m), 1);
	assert_string_equal(mac_text(&m, text), "02:00:00:00:00:09");
	assert_int_equal(net_neigh_get(n, index_of(n, "vb0"), &v6, &m), 1);
	assert_string_equal(mac_text(&m, text), "02:00:00:00:00:0C");
	assert_int_equal(net_neigh_get(n, index_of(n, "va0"), &failed, &m), 0);
	assert_int_equal(net_neigh_get(n, index_of(n, "va0"), &none, &m), 0);
	assert_int_equal(net_neigh_get(n, index_of(n, "vb0"), &there, &m), 0);
	assert_true(net_neigh_get(n, 4242, &there, &m) < 0);
	net_free(n);
}

/*
 * Seen by connect(2), which asks a second time with the source: the truth is what getsockname and
 * the tables say together.
 */
static void test_source_rules(void **state)
{
	struct net *n;
	struct net_route r;
	char text[ADDR_TEXT_MAX];

	assert_int_equal(ip("rule add from 10.2.0.1 lookup 101"), 0);
	assert_int_equal(ip("route add default via 10.2.0.77 table 101"), 0);
	n = open_net();
	r = route(n, "8.8.8.8", 0);
	assert_string_equal(addr_text(&r.next_hop, text), "10.1.255.254");
	r = route(n, "203.0.113.9",
		0); /* table 100 chooses vb0 and so its address, table 101 then the gateway */
	assert_string_equal(addr_text(&r.src, text), "10.2.0.1");
	assert_string_equal(addr_text(&r.next_hop, text), "10.2.0.77");
	r = route(n, "8.8.8.8", index_of(n, "vb0"));
	assert_string_equal(addr_text(&r.next_hop, text), "10.2.0.77");
	net_free(n);
	assert_int_equal(ip("rule del from 10.2.0.1 lookup 101"), 0);
}

static void test_no_default(void **state)
{
	struct net *n;
	struct addr v4 = parse("8.8.8.8"), v6 = parse("2a00::1");
	struct net_route r;
	struct err e = {0};

	assert_int_equal(ip("route del default"), 0);
	assert_int_equal(ip("-6 route del default"), 0);
	assert_int_equal(ip("link add vc0 type veth peer name vc1"), 0);
	assert_int_equal(ip("link set vc0 up"), 0);
	assert_int_equal(ip("route add 10.88.0.0/16 dev t0"), 0);
	n = open_net();
	assert_int_equal(net_route_get(n, &v4, 0, &r, &e), ERR_NOROUTE);
	assert_non_null(strstr(e.text, "8.8.8.8"));
	assert_non_null(strstr(e.text, "no default route"));
	assert_int_equal(net_route_get(n, &v6, 0, &r, &e), ERR_NOROUTE);
	assert_int_equal(net_route_get(n, &v4, 0, &r, NULL), ERR_NOROUTE);
	assert_true(route(n, "10.1.0.77", 0).on_link);
	net_free(n);
}

static void time_run(struct net *n, const char *what, uint32_t first)
{
	uint64_t start = clock_now(clock_real());
	struct net_route r;

	for (uint32_t i = 0; i < 65536; i++) {
		struct addr a = addr_v4(first + i);

		assert_int_equal(net_route_get(n, &a, 0, &r, NULL), 0);
	}
	print_message("65,536 destinations %s: %.2f ms\n", what,
		(double)(clock_now(clock_real()) - start) / 1e6);
}

static void test_time_printed(void **state)
{
	struct net *n = open_net();

	time_run(n, "on one wire and behind a gateway of another", 0x0a010000);
	time_run(n, "behind the default gateway", 0x08000000);
	time_run(n, "of this machine (127.0.0.0/16)", 0x7f000000);
	net_free(n);
}

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),	     cmocka_unit_test(test_addrs),
		cmocka_unit_test(test_as_ip_says),   cmocka_unit_test(test_as_ip_says_forced),
		cmocka_unit_test(test_edges),	     cmocka_unit_test(test_fields),
		cmocka_unit_test(test_zones),	     cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_source_rules), cmocka_unit_test(test_time_printed),
		cmocka_unit_test(test_no_default),
	};
	/* clang-format on */

	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	if (access("/usr/sbin/ip", X_OK) != 0 && access("/sbin/ip", X_OK) != 0 &&
		access("/usr/bin/ip", X_OK) != 0) {
		fprintf(stderr, "skipped: iproute2 is not installed\n");
		return 77;
	}
	if (!enter_namespace()) {
		fprintf(stderr, "skipped: no network namespace to be had here\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, build, NULL);
}
