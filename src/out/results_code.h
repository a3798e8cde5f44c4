/* SPDX-License-Identifier: BSD-2-Clause */
/* Results of a sweep as bytes and back: the format of -oB and of the spool of a sweep. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/rec.h"

/*
 * All numbers are little-endian. A file is a head and blocks; each begins at a multiple of 8.
 *
 *	head    0 magic "SondeRes"     8 version (u32: 1)    12 length of the head (u32)
 *	       16 start of the run, ns since 1970            24 verbose, debug, privileged (u8), 5 x
 *0 32 texts: name NUL value NUL, ..., zeros up to a multiple of 8
 *	       .. checksum (u64) of all before it
 *	block   0 magic "SnRB"          4 kind: 4, 6 or 'E'   5 size of a slot   6 0
 *	        8 slots (u32)          12 results (u32)      16 time base, ns since 1970 (u64)
 *	       24 checksum (u64): of the slots, then of these first 24 bytes
 *	       32 slots
 *	slot    0 address: 4 bytes, or 16 and the zone (u32); then, counted from there:
 *	        0 RTT (u32): ns; with the highest bit set us
 *	        4 bits (u32): 0-2 protocol (ip tcp udp sctp icmp icmpv6), 3-5 state, 6-8 check, 9-11
 *	          source of the RTT, 12-15 TCP options, 16-19 window scale, 20-26 reason, 27 more
 *	        8 port (u16)           10 window (u16)       12 MSS (u16)
 *	       14 TTL (u8)             15 time of arrival (5 bytes): ns since the block's time base,
 *	                                  0 = unknown
 *
 * So a result has 24 bytes with IPv4 and 40 with IPv6. The slot of an answer by another than the
 * target has the bit "more" and is followed by a slot of which only the address means something:
 * who answered. A block 'E' is written when the run is complete: 8 numbers (end, elapsed, hosts up,
 * hosts down, hosts, probes, replies, bits: 0 interrupted, 1 hosts up and down were not counted)
 *and the text of the error. What a sweep covered is not in it: the receipt has that.
 *
 * The checksum takes words of 8 bytes: h = (h ^ word) * 0x9e3779b97f4a7c15; h ^= h >> 32, beginning
 * with 0. It tells damage, not forgery.
 */
#define RESULTS_VERSION	   1
#define RESULTS_HEAD_MAX   (1u << 24)
#define RESULTS_BLOCK_HEAD ((size_t)32)
#define RESULTS_SLOTS_MAX  2048 /* of a block */
#define RESULTS_BLOCK_MAX  (RESULTS_BLOCK_HEAD + RESULTS_SLOTS_MAX * 40)
#define RESULTS_FIXED_HEAD 32

struct results_head {
	struct rec_run run; /* its texts and list are borrowed */
	const char *plan;   /* what the sweep keeps of its plan (seed, shard, exclusions ...), or
			       NULL; a text of any form */
};

/* Appends a head. */
void results_put_head(struct buf *b, const struct results_head *h);
/* The length of a head by its first RESULTS_FIXED_HEAD bytes; 0: this is none. *version is that of
 * the format. */
size_t results_head_size(const uint8_t *data, uint32_t *version);
#define RESULTS_INFO_MAX 8
/*
 * Takes a head of that length apart; texts are borrowed from data, the list `info` of at most
 * RESULTS_INFO_MAX is put into *info. 0 or ERR_PARSE.
 */
int results_get_head(struct results_head *h, struct rec_scaninfo info[RESULTS_INFO_MAX],
	uint8_t *data, size_t len) MUST_CHECK;

/* The block that is being filled; zeroed at the start. */
struct results_block {
	struct buf slots;
	uint8_t family; /* 0: empty */
	uint32_t n_slots, n_results;
	uint64_t base_ns, hash; /* hash of the slots */
};

/* Frees; the block is empty again. */
void results_block_free(struct results_block *k);
/* Adds a result; a block that is full, or not of its kind, is first appended to *full. */
void results_block_add(struct results_block *k, const struct rec_result *r, struct buf *full);
/* Appends the block as it is, unless it is empty; it can still be filled. */
void results_block_write(const struct results_block *k, struct buf *b);
/* Appends the block as it is, and empties it. */
void results_block_seal(struct results_block *k, struct buf *b);
/* Appends the block that ends a run. */
void results_put_end(struct buf *b, const struct rec_end *end);

/* What a block says of itself. */
struct results_block_info {
	uint8_t kind; /* 4, 6 or 'E' */
	uint8_t slot; /* bytes */
	uint32_t n_slots, n_results;
	uint64_t base_ns, hash;
	size_t size; /* bytes of the block, its head included */
};

/* Reads the RESULTS_BLOCK_HEAD bytes; false: no block begins here. */
bool results_block_head(struct results_block_info *k, const uint8_t *data);
/* Whether the checksum of the whole block is right. */
bool results_block_good(const struct results_block_info *k, const uint8_t *data);
/*
 * Reads the results in a block's slots: n whole slots, *at the next one. False at the end of them,
 * and where a slot cannot be.
 */
bool results_block_next(const struct results_block_info *k, const uint8_t *slots, uint32_t n,
	uint32_t *at, struct rec_result *r);
/* Reads the block 'E' whose text, len bytes of slots, is borrowed. */
void results_get_end(struct rec_end *end, const uint8_t *slots, size_t len);
