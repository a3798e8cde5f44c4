/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: filters and lists of fields. What is taken can be evaluated, also of nothing; what
 * is refused is refused with its column. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/where.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void filter(enum column_rows rows, const char *text)
{
	static const struct rec_result nothing;
	static const struct rec_host host;
	struct rec_result some = {.addr = addr_v4(0x7f000001),
		.port = {.number = 80,
			.proto = PROTO_TCP,
			.state = PORT_OPEN,
			.reason = REASON_SYN_ACK,
			.rtt_ns = 5,
			.service = "http"},
		.at_wall_ns = 1};
	struct where *w = NULL;
	struct err e = {0};

	if (where_parse(&w, rows, text, &e) < 0) {
		if (strncmp(e.text, "column ", 7) != 0 || e.code != ERR_USAGE)
			abort();
		return;
	}
	if (rows == COLUMN_RESULTS) {
		where_match(w, &nothing, NULL);
		where_match(w, &some, NULL);
	} else {
		where_match(w, &some.port, &host);
	}
	where_free(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct columns c;
	struct err e = {0};

	if (!text)
		return 0;
	filter(COLUMN_RESULTS, text);
	filter(COLUMN_PORTS, text);
	if (columns_parse(&c, COLUMN_PORTS, text, &e) < 0 && !e.text[0])
		abort();
	free(text);
	return 0;
}
