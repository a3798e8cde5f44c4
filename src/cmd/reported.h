/* SPDX-License-Identifier: BSD-2-Clause */
/* What an unfinished -oN or -oG report, ours or nmap's, says has been scanned. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "model/word.h"
#include "store/past.h"

struct reported {
	struct past *past; /* the hosts that were finished; owned until it is taken (set NULL) */
	char *command; /* the command line as it stands there; owned, NULL = this is no report */
	bool complete; /* the run ended by itself */
	uint64_t keep; /* bytes of the file without a last host that is torn */
	/* the reading: */
	uint64_t at;
	struct addr addr; /* of the host whose report goes on; family 0 = none */
	enum host_state state;
	bool partial; /* it says that it was interrupted */
	bool whole;   /* nothing that belongs to it is missing, if the file ends here */
};

/* 0 or -ENOMEM. reported_free in any case. */
int reported_init(struct reported *r) MUST_CHECK;
void reported_free(struct reported *r);
/* The next line, its newline included; only the last one may lack it. 0 or -ENOMEM. */
int reported_line(struct reported *r, const char *line, size_t len) MUST_CHECK;
/* The file ends. 0 or -ENOMEM. */
int reported_end(struct reported *r) MUST_CHECK;
