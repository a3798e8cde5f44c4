/* SPDX-License-Identifier: BSD-2-Clause */
/* The permutation over the whole of 2^32, proven by a bitmap: bijection [BITS [SHARDS]]. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "target/perm.h"

/* Shard by shard, the last first; 1 and a line when a value comes twice or not at all. */
static int prove(uint64_t *met, uint64_t n, uint64_t key, unsigned shards)
{
	struct perm p;

	perm_init(&p, n, key);
	for (unsigned s = shards; s-- > 0;) {
		uint64_t end = (uint64_t)((unsigned __int128)n * (s + 1) / shards);

		for (uint64_t i = (uint64_t)((unsigned __int128)n * s / shards); i < end; i++) {
			uint64_t v = perm_at(&p, i), bit = UINT64_C(1) << v % 64;

			if (v >= n || met[v / 64] & bit) {
				printf("index %llu gives %llu, which is %s\n",
					(unsigned long long)i, (unsigned long long)v,
					v >= n ? "too large" : "there already");
				return 1;
			}
			met[v / 64] |= bit;
		}
	}
	for (uint64_t v = 0; v < n; v++) {
		if (met[v / 64] >> v % 64 & 1)
			continue;
		printf("no index gives %llu\n", (unsigned long long)v);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	unsigned bits = argc > 1 ? (unsigned)atoi(argv[1]) : 32;
	unsigned shards = argc > 2 ? (unsigned)atoi(argv[2]) : 64;
	uint64_t n, *met;
	clock_t began = clock();

	if (bits < 1 || bits > 40 || shards < 1 || shards > 65536) {
		fprintf(stderr,
			"usage: bijection [BITS [SHARDS]], at most 40 bits and 65,536 shards\n");
		return 2;
	}
	n = UINT64_C(1) << bits;
	met = calloc(n / 64 + 1, sizeof(*met));
	if (!met) {
		fprintf(stderr, "no memory for a bitmap of 2^%u\n", bits);
		return 2;
	}
	if (prove(met, n, 7, shards))
		return 1;
	printf("2^%u: every value once, in %u shards; %.1f ns an index\n", bits, shards,
		1e9 * (double)(clock() - began) / CLOCKS_PER_SEC / (double)n);
	free(met);
	return 0;
}
