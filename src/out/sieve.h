/* SPDX-License-Identifier: BSD-2-Clause */
/* --where between the bus and the outputs: lets results, ports and their hosts pass, or not. */
#pragma once

#include "model/rec.h"
#include "model/where.h"

struct sieve {
	const struct where *where;  /* borrowed; NULL: all pass */
	bool hosts;		    /* of COLUMN_PORTS: it is about REC_HOST and REC_FOUND;
				       otherwise of COLUMN_RESULTS, about REC_RESULTS */
	struct rec_result *results; /* owned, as the rest */
	struct rec_port *ports;
	size_t max_results, max_ports;
	struct rec_results batch;
	struct rec_host host;
};

/*
 * What passes of the record: 1 and *out, which is valid until the next call; 0: nothing does; or
 * -ENOMEM. A host of which no port passes does not, either. Other kinds of records always pass.
 */
int sieve_put(struct sieve *s, const struct rec *in, struct rec *out, struct err *e) MUST_CHECK;
void sieve_free(struct sieve *s);
