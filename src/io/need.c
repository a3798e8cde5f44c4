/* SPDX-License-Identifier: BSD-2-Clause */
/* What a backend needs of the user and the machine, and the remedy in words when it is not there.
 */
#include "io/need.h"

#include <cap-ng.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <string.h>
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

int need_interface(const char *name, struct err *e)
{
	if (!name || if_nametoindex(name))
		return 0;
	return err_set(e, -ENODEV, "no interface '%s'; `ip link` lists those there are", name);
}
