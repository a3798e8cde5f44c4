/* SPDX-License-Identifier: BSD-2-Clause */
/* The window of source ports that a sweep's probes leave from. */
#include "sweep/sport.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>

#include "scan/tech.h"

#define LAST_CHOICE	8192
#define WINDOWS		(65536 / SPORT_SPAN)
#define FEW_DESCRIPTORS 1000

/* "sl local_address ..." as in proc(5): the port is the hexadecimal number behind the first colon
 * of an address. */
static void count_sockets(const char *path, unsigned used[WINDOWS])
{
	FILE *f = fopen(path, "re");
	char line[512];
	unsigned port;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x", &port) == 1 && port < 65536)
			used[port / SPORT_SPAN]++;
	if (f)
		fclose(f);
}

/* Ports that the kernel gives to programs (ip(7), ip_local_port_range). */
static void count_ephemeral(unsigned used[WINDOWS])
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	unsigned lo, hi;

	if (f && fscanf(f, "%u %u", &lo, &hi) == 2 && lo < 65536 && hi < 65536)
		for (unsigned w = lo / SPORT_SPAN; w <= hi / SPORT_SPAN; w++)
			used[w] += SPORT_SPAN;
	if (f)
		fclose(f);
}

/* All of it against scans with state, which hold some ports in a row; with few descriptors only the
 * first, against other sweeps. */
static unsigned step(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur < FEW_DESCRIPTORS)
		return SPORT_SPAN;
	return SPORT_WINDOW;
}

/* The first window that is free, or else the first that can be held. */
static uint16_t choose(
	struct hold **out, const unsigned used[WINDOWS], bool only_free, int *rc, struct err *e)
{
	for (unsigned port = SPORT_FIRST; port >= LAST_CHOICE; port -= SPORT_SPAN) {
		if (only_free && used[port / SPORT_SPAN])
			continue;
		*rc = hold_some(out, (uint16_t)port, SPORT_SPAN, step(), e);
		if (*rc != -EADDRINUSE)
			return (uint16_t)port;
	}
	return 0;
}

int sport_hold(struct hold **out, uint16_t *first, unsigned *taken, struct err *e)
{
	static const char *const tables[] = {
		"/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"};
	unsigned used[WINDOWS] = {0};
	int rc = 0;

	for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		count_sockets(tables[i], used);
	count_ephemeral(used);
	*first = choose(out, used, true, &rc, e);
	if (!*first)
		*first = choose(out, used, false, &rc, e);
	if (!*first)
		return err_set(e, -EADDRINUSE,
			"other sweeps or programs have source ports in each window of %u that a sweep could leave from; wait for their end, or choose a port with -g",
			SPORT_SPAN);
	*taken = used[*first / SPORT_SPAN];
	return rc;
}

int sport_hold_one(struct hold **out, uint16_t port, struct err *e)
{
	int rc = hold_ports(out, port, 1, e);

	if (rc == -EADDRINUSE)
		return err_set(e, rc,
			"-g %u: another program or sweep has this port, and each would take the other's answers for its own; choose another",
			port);
	return rc;
}
