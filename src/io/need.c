/* SPDX-License-Identifier: BSD-2-Clause */
/* What a backend needs of the user and the machine, and the remedy in words when it is not there.
 */
#include "io/need.h"

#include <cap-ng.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room is left in struct err's line for the words around the path. */
#define PATH_SHOWN 300

static const char *own_path(char buf[PATH_SHOWN])
{
	ssize_t n = readlink("/proc/self/exe", buf, PATH_SHOWN - 1);

	if (n <= 0 || n >= PATH_SHOWN - 1)
		return "PATH";
	buf[n] = '\0';
	return buf;
}

int need_net_raw(const char *what, struct err *e)
{
	char path[PATH_SHOWN];

	if (capng_get_caps_process())
		return err_set(e, -EPERM,
			"%s: cannot read this process' capabilities; is /proc mounted?", what);
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_RAW))
		return 0;
	return err_set(e, -EPERM,
		"%s needs the capability CAP_NET_RAW, which this user does not have; "
		"run as root or once: sudo setcap cap_net_raw+ep %s",
		what, own_path(path));
}

/*
 * Asks for a type of packet socket that does not exist: the kernel looks at family and permission
 * first and so answers the question without making a socket, whose closing would take a grace
 * period (8 ms and more).
 */
int need_packet_sockets(const char *what, struct err *e)
{
	int fd = socket(AF_PACKET, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		return close(fd), 0;
	if (errno == ESOCKTNOSUPPORT)
		return 0;
	if (errno == EAFNOSUPPORT)
		return err_set(e, -errno,
			"%s: this kernel has no packet sockets; load the module af_packet", what);
	if (errno == EPERM || errno == EACCES)
		return err_set(e, -errno,
			"%s: the kernel refuses packet sockets although the capability is there; "
			"a container, user namespace or security module forbids them",
			what);
	return err_sys(e, "%s: cannot open a packet socket", what);
}

/* Memory for the kernel counts against the limit unless the user is above it (CAP_IPC_LOCK). */
static int need_locked(const char *what, size_t bytes, struct err *e)
{
	struct rlimit limit;

	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_IPC_LOCK) ||
		getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur >= bytes)
		return 0;
	return err_set(e, -ENOBUFS,
		"%s needs %zu KiB of locked memory for each interface, and this user may lock %llu; "
		"run ulimit -l %zu first (as root: raise the hard limit), or use --backend packet-ring",
		what, bytes / 1024, (unsigned long long)limit.rlim_cur / 1024, bytes / 1024);
}

int need_af_xdp(const char *what, size_t bytes, struct err *e)
{
	/* As above: a type that does not exist asks without making a socket. */
	int fd = socket(AF_XDP, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	if (fd >= 0 || errno == ESOCKTNOSUPPORT)
		return need_locked(what, bytes, e);
	if (errno == EAFNOSUPPORT)
		return err_set(e, -errno,
			"%s: this kernel has no AF_XDP sockets (Linux 5.3 and CONFIG_XDP_SOCKETS); "
			"use --backend packet-ring",
			what);
	if (errno == EPERM || errno == EACCES)
		return err_set(e, -errno,
			"%s: the kernel refuses AF_XDP sockets although the capability is there; "
			"a container, user namespace or security module forbids them",
			what);
	return err_sys(e, "%s: cannot open an AF_XDP socket", what);
}

int need_interface(const char *name, struct err *e)
{
	if (!name || if_nametoindex(name))
		return 0;
	return err_set(e, -ENODEV, "no interface '%s'; `ip link` lists those there are", name);
}

/* Type and hardware address of an interface. */
static int ask_hardware(const char *name, struct ifreq *r, struct err *e)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

	if (fd < 0)
		return err_sys(e, "cannot open a socket");
	memset(r, 0, sizeof(*r));
	strncpy(r->ifr_name, name, sizeof(r->ifr_name) - 1);
	rc = ioctl(fd, SIOCGIFHWADDR, r) ? err_sys(e, "cannot examine %s", name) : 0;
	close(fd);
	return rc;
}

int need_mac(const char *name, struct mac *out, struct err *e)
{
	struct ifreq r;
	int rc = ask_hardware(name, &r, e);

	if (!rc)
		memcpy(out->b, r.ifr_hwaddr.sa_data, sizeof(out->b));
	return rc;
}

int need_ethernet(const char *name, struct err *e)
{
	struct ifreq r;
	int rc = name ? ask_hardware(name, &r, e) : 0;

	if (rc || !name || r.ifr_hwaddr.sa_family == ARPHRD_ETHER)
		return rc;
	if (r.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK)
		return err_set(e, -EOPNOTSUPP,
			"%s is loopback, where the kernel discards frames for 127/8; use --backend raw",
			name);
	return err_set(e, -EOPNOTSUPP,
		"%s is a link without Ethernet headers (type %u); use --backend raw", name,
		r.ifr_hwaddr.sa_family);
}
