/* SPDX-License-Identifier: BSD-2-Clause */
/* What --exclude and --excludefile leave out. */
#pragma once

#include "base/err.h"
#include "target/range.h"
#include "target/spec.h"
#include "target/target.h"

/*
 * Adds rq->exclude, a list with commas, and rq->exclude_file to *out and seals it. The file has one
 * exclusion a word: addresses, names, networks (zmap's blocklists), ranges from one address to
 * another, and lines "range = ..." or "exclude = ..." (masscan's). ERR_USAGE, with file and line.
 */
int exclude_read(struct addr_set *out, const struct target_request *rq, const struct spec_rules *r,
	struct err *e) MUST_CHECK;
