/* SPDX-License-Identifier: BSD-2-Clause */
/* Classes of IPv4 identification. */
#include "scan/ipid.h"

#include <stdbool.h>

/* A step of a counter between two probes; a random one is larger, 97 times of 100. */
#define STEP_MAX 2000

static uint16_t swap(uint16_t v)
{
	return (uint16_t)(v << 8 | v >> 8);
}

uint16_t ipid_distance(enum ipid_class c, uint16_t from, uint16_t to)
{
	if (c == IPID_SWAPPED)
		return (uint16_t)(swap(to) - swap(from));
	return (uint16_t)((uint16_t)(to - from) / (c == IPID_COUNTER2 ? 2 : 1));
}

/* The longest step under this class; 0 when one of them is none that a counter makes. */
static uint16_t longest(enum ipid_class c, const uint16_t *ids, size_t n)
{
	uint16_t max = 0, step;

	for (size_t i = 1; i < n; i++) {
		step = ipid_distance(c, ids[i - 1], ids[i]);
		if (step == 0 || step > STEP_MAX)
			return 0;
		max = step > max ? step : max;
	}
	return max;
}

static bool all_even(const uint16_t *ids, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if ((uint16_t)(ids[i] - ids[i - 1]) % 2)
			return false;
	return true;
}

enum ipid_class ipid_classify(const uint16_t *ids, size_t n)
{
	uint16_t plain = longest(IPID_COUNTER, ids, n), swapped = longest(IPID_SWAPPED, ids, n);
	size_t same = 1;

	while (same < n && ids[same] == ids[0])
		same++;
	if (same == n)
		return ids[0] ? IPID_CONSTANT : IPID_ZERO;
	if (swapped && (!plain || swapped < plain))
		return IPID_SWAPPED;
	if (!plain)
		return IPID_RANDOM;
	return all_even(ids, n) ? IPID_COUNTER2 : IPID_COUNTER;
}

const char *ipid_class_name(enum ipid_class c)
{
	static const char *const names[] = {
		[IPID_ZERO] = "always zero",
		[IPID_CONSTANT] = "always the same",
		[IPID_RANDOM] = "without order",
		[IPID_COUNTER] = "incremental",
		[IPID_COUNTER2] = "incremental by 2",
		[IPID_SWAPPED] = "incremental by 256 (little endian)",
	};

	return names[c];
}
