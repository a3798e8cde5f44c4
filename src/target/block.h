/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One specification as numbers: a range, or four sets of octets; counted and indexed without being
 * expanded.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

/* An address as a number, IPv4 in the low 32 bits. */
typedef unsigned __int128 u128;

/* An address as a number and back; IPv4 in the low 32 bits. */
u128 block_number(const struct addr *a);
struct addr block_addr(unsigned family, u128 number, uint32_t zone);

/* What each octet may be: ascending members, and how many of them lie below a value. */
struct octets {
	uint16_t n[4];
	uint8_t member[4][256];
	uint16_t below[4][257];
};

/* A set of octet values while it is read. */
struct octet_bits {
	bool has[4][256];
};

struct block {
	uint8_t family; /* 4 or 6 */
	uint32_t zone;
	u128 first, last;      /* smallest and largest member */
	struct octets *octets; /* owned; NULL: every number of first..last is a member */
	u128 count;	       /* members; all of IPv6 counts one less */
};

/* Frees what the block owns. */
void block_fini(struct block *b);
/* a's prefix of `bits` bits. */
void block_from_prefix(struct block *b, const struct addr *a, unsigned bits);
/* The addresses from first to last, of one family; first <= last. */
void block_from_span(struct block *b, const struct addr *first, const struct addr *last);
/*
 * The octet sets, each network of `bits` bits that has a member taken whole. False when memory ran
 * out; else *b is owned.
 */
bool block_from_octets(struct block *b, struct octet_bits *o, unsigned bits);
/* The index-th member in ascending order; index < count. */
u128 block_at(const struct block *b, u128 index);
/* How many members are smaller than `number`; at most count. */
u128 block_rank(const struct block *b, u128 number);
bool block_contains(const struct block *b, u128 number);
