/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Target specifications in nmap's grammar as sets of ranges, and an iterator over them; memory is
 * that of the text, never of the hosts.
 *
 * Targets come from the command line, then from the list, then from -iR: with several of them all
 * are scanned, where nmap takes the last one only. A list is read as it is needed and not kept
 * (--unique has to remember what it gave). --randomize-hosts shuffles the command line as a whole
 * and a list in portions of 65,536 specifications. -iR repeats no address before it has been
 * through all public ones.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/log.h"
#include "base/rng.h"

/* How names become addresses: resolver_forward behind a function, so that tests and this floor need
 * no network. */
struct target_lookup {
	int (*forward)(void *ctx, const char *name, unsigned family, struct addr **list,
		struct err *e); /* as resolver_forward */
	void *ctx;
};

struct target_request {
	const char *const *specs; /* from the command line, in order */
	size_t n_specs;
	const char *list_file; /* -iL: a path or "-"; NULL */
	uint64_t random;       /* -iR N hosts; 0 with random_set = for ever */
	bool random_set;
	const char *exclude;	  /* --exclude: comma list; NULL */
	const char *exclude_file; /* --excludefile; NULL */
	unsigned family;  /* 4: nmap's default; 6: -6; 0: both, each specification speaks for itself
			   */
	bool resolve_all; /* --resolve-all: every address of a name, else the first */
	bool unique;	  /* --unique: an address comes once, whatever the specifications say */
	bool randomize;	  /* --randomize-hosts: order shuffled by the keyed permutation, per run */
	struct target_lookup lookup;
	struct rng *rng;       /* for -iR and randomize, used once at opening; NULL: the kernel's */
	const struct log *log; /* names that do not resolve, warnings; the others go on */
};

struct target {
	struct addr addr;
	const char *name; /* what the user typed, when that was a name (or a short form such as
			     "10.0.0"), or NULL; borrowed until the next targets_next */
	const struct addr *others; /* further addresses of the name, not scanned; borrowed so too */
	size_t n_others;
};

struct targets;

/*
 * Parses everything. A literal specification that is malformed and is no resolvable name is logged
 * (LOG_WARN, with the specification) and skipped, as nmap does; a bad exclusion, an unreadable
 * file, -iL twice are ERR_USAGE. Excluded names: all their addresses. "10.0.0.0/8" minus exclusions
 * costs kilobytes. *out is owned.
 */
int targets_open(struct targets **out, const struct target_request *rq, struct err *e) MUST_CHECK;
void targets_free(struct targets *t);
/* The next target, 1; 0 at the end; negative code (a read error of -iL). Order: as specified,
 * ascending inside a range. */
int targets_next(struct targets *t, struct target *out, struct err *e) MUST_CHECK;
/* Addresses in all, exclusions taken off where that is known; UINT64_MAX when endless. An estimate
 * for progress, exact without overlaps. */
uint64_t targets_count(const struct targets *t);
/* A random public unicast address: IPv4 as -iR draws them, IPv6 of the blocks that IANA has given
 * to the regional registries. */
struct addr target_random(struct rng *rng, unsigned family);
/* Specifications that gave no address (bad or unresolved). */
size_t targets_failed(const struct targets *t);
