/* SPDX-License-Identifier: BSD-2-Clause */
/* SipHash-2-4 (Aumasson, Bernstein 2012): a keyed hash for cookies and tables fed by strangers. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k0, k1;
};

/* The hash of `len` bytes; the same on machines of either byte order. */
uint64_t hash_sip(const struct hash_key *k, const void *data, size_t len);
