/* SPDX-License-Identifier: BSD-2-Clause */
/* The grammar of one target or exclusion: text to blocks. */
#pragma once

#include <stddef.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/log.h"
#include "target/block.h"
#include "target/range.h"
#include "target/target.h"
#include "target/words.h"

/*
 * A name (or a short form of an address) and what it stands for: first the addresses that are
 * scanned, then the others.
 */
struct spec_name {
	char *text;	    /* owned, as typed, without the prefix length */
	struct addr *addrs; /* owned */
	size_t n_scanned, n_addrs;
};

struct spec_block {
	struct block block;
	const struct spec_name *name; /* borrowed from the set, or NULL */
};

/* Blocks in the order of their specifications, and the names they came from. */
struct spec_set {
	struct spec_block *v; /* owned */
	size_t n, cap;
	struct spec_name **names; /* owned */
	size_t n_names, cap_names;
};

/* How to read. */
struct spec_rules {
	unsigned family;  /* 4, 6, or 0 for both */
	bool resolve_all; /* every address of a name */
	struct target_lookup lookup;
	const struct log *log;	   /* guesses are said here; may be NULL */
	const struct words *words; /* the list in hand, for messages; else NULL */
};

/* Keys of masscan's configuration that name targets, for words_open. */
extern const char *const target_keys[];

/* Those of the request, outside a list. */
struct spec_rules spec_rules_of(const struct target_request *rq);

void spec_set_clear(struct spec_set *s); /* empties, keeps memory */
void spec_set_free(struct spec_set *s);
/*
 * Appends the blocks of a target specification. ERR_USAGE, ERR_RESOLVE: it gives no address, the
 * text says why; the set is as before. -ENOMEM.
 */
int spec_target(struct spec_set *out, const char *text, const struct spec_rules *r,
	struct err *e) MUST_CHECK;
/* As spec_target, but a specification that gives nothing is said (with file and line) and counted;
 * only lack of memory is an error. */
int spec_or_skip(struct spec_set *out, const char *text, const struct spec_rules *r, size_t *failed,
	struct err *e) MUST_CHECK;
/* As words_next of a list opened with target_keys; other settings are said, counted and skipped. */
int spec_word(struct words *w, char word[WORD_MAX], const struct spec_rules *r, size_t *failed,
	struct err *e) MUST_CHECK;
/*
 * Adds one exclusion: the same grammar, but a number is first of all an address in inet_aton's
 * sense (10.0.0.010 is 10.0.0.8), a prefix length too long is an error, literals of the other
 * family are taken without a word, and a name stands for all its addresses. ERR_USAGE, -ENOMEM.
 * Seal the set before reading it.
 */
int spec_exclusion(struct addr_set *out, const char *text, const struct spec_rules *r,
	struct err *e) MUST_CHECK;
