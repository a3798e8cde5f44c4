/* SPDX-License-Identifier: BSD-2-Clause */
/* Two network namespaces joined by veth, for the conformance suite; they vanish with the process.
 */
#include "lab.h"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

bool lab_run(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	return system(command) == 0;
}

static int listen_all(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, off = 0;
	struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons(LAB_OPEN)};

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 4096)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The child: says on `tell` that its namespace stands, then stays until it is killed. */
static void live_as_peer(int tell)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNET) || !lab_run("ip link set lo up") || listen_all() < 0)
		_exit(1);
	/* Answers of the peer's kernel are the truth here: none may be held back. */
	(void)!lab_run(
		"echo 0 > /proc/sys/net/ipv4/icmp_ratelimit; echo 0 > /proc/sys/net/ipv6/icmp/ratelimit");
	(void)!lab_run("echo 10000 > /proc/sys/net/ipv4/icmp_msgs_per_sec; true 2>/dev/null");
	if (write(tell, "1", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static bool start_peer(struct lab *l)
{
	int ends[2];
	char c;
	bool ok;

	if (pipe(ends))
		return false;
	l->peer = fork();
	if (!l->peer) {
		close(ends[0]);
		live_as_peer(ends[1]);
	}
	close(ends[1]);
	ok = l->peer > 0 && read(ends[0], &c, 1) == 1;
	close(ends[0]);
	return ok;
}

static int open_ns(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

void lab_enter(const struct lab *l, bool peer)
{
	if (setns(peer ? l->ns_peer : l->ns_self, CLONE_NEWNET)) {
		perror("setns");
		abort();
	}
}

void lab_link(const struct lab *l, bool up)
{
	if (!up) {
		(void)!lab_run("ip link set " LAB_LINK " down");
		return;
	}
	(void)!lab_run("ip link set " LAB_LINK " up && ip addr replace 10.99.0.1/24 dev " LAB_LINK
		       " && ip addr replace fd99::1/64 dev " LAB_LINK " nodad");
}

static bool join(struct lab *l)
{
	bool ok;

	if (!lab_run(
		    "ip link set lo up && ip link add " LAB_LINK
		    " address 02:00:00:00:00:01 numtxqueues 2 numrxqueues 2 type veth peer name " LAB_PEER_LINK
		    " address 02:00:00:00:00:02 numtxqueues 2 numrxqueues 2 netns %d",
		    (int)l->peer))
		return false;
	lab_link(l, true);
	lab_enter(l, true);
	ok = lab_run("ip addr add 10.99.0.2/24 dev " LAB_PEER_LINK
		     " && ip addr add fd99::2/64 dev " LAB_PEER_LINK
		     " nodad && ip link set " LAB_PEER_LINK " up");
	lab_enter(l, false);
	return ok;
}

bool lab_up(struct lab *l)
{
	memset(l, 0, sizeof(*l));
	l->ns_self = l->ns_peer = l->listener = -1;
	if (geteuid() || unshare(CLONE_NEWNET) || !start_peer(l))
		return false;
	l->ns_self = open_ns(getpid());
	l->ns_peer = open_ns(l->peer);
	if (l->ns_self < 0 || l->ns_peer < 0 || !join(l))
		return false;
	l->listener = listen_all();
	l->self4 = addr_v4(0x0a630001);
	l->peer4 = addr_v4(0x0a630002);
	addr_parse("fd99::1", &l->self6);
	addr_parse("fd99::2", &l->peer6);
	l->self_mac = (struct mac){{2, 0, 0, 0, 0, 1}};
	l->peer_mac = (struct mac){{2, 0, 0, 0, 0, 2}};
	l->ifindex = if_nametoindex(LAB_LINK);
	return l->listener >= 0 && l->ifindex;
}

void lab_down(struct lab *l)
{
	if (l->peer > 0) {
		kill(l->peer, SIGKILL);
		waitpid(l->peer, NULL, 0);
	}
	close(l->ns_self);
	close(l->ns_peer);
	close(l->listener);
}
