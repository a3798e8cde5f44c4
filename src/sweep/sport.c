/* SPDX-License-Identifier: BSD-2-Clause */
/* The window of source ports that a sweep's probes leave from. */
#include "sweep/sport.h"

#include <stdbool.h>
#include <stdio.h>

#define FIRST_CHOICE 61440
#define LAST_CHOICE  8192
#define WINDOWS	     (65536 / SPORT_SPAN)

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

uint16_t sport_window(unsigned *taken)
{
	static const char *const tables[] = {
		"/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"};
	unsigned used[WINDOWS] = {0};

	for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		count_sockets(tables[i], used);
	count_ephemeral(used);
	for (unsigned port = FIRST_CHOICE; port >= LAST_CHOICE; port -= SPORT_SPAN) {
		*taken = used[port / SPORT_SPAN];
		if (*taken == 0)
			return (uint16_t)port;
	}
	*taken = used[FIRST_CHOICE / SPORT_SPAN];
	return FIRST_CHOICE;
}
