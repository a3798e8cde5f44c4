/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of output formats. */
#include "out/out.h"

#include <string.h>

#include "out/formats.h"

/*
 * How a format is built. out_base.c has the put and the close that all rows share: it hands each
 * record to the format's render function, which appends the record's bytes to a body and sets the
 * tail that would complete the document if nothing more came. out_file.c writes both and takes the
 * tail back before the next record: its essay says what a killed run leaves.
 *
 * normal, xml and grepable are nmap's: ports in states that most ports share are counted, not
 * listed (collapse.c), hosts that are down are listed with -v only. json, ndjson and csv are data
 * for programs: their fields are the rows of model/field.c, and they list every port that got a
 * verdict; -v and --open decide about hosts as above.
 *
 * A sweep publishes results as they come (REC_RESULTS), millions of them, and hosts, grouped from a
 * file of results, only at its end. ndjson and csv then write a line a result (row.c), binary the
 * file that a sweep can go on with and convert reads (results_file.h), the screen some of what is
 * open (discovered.c); the others wait for the hosts.
 *
 * kiddie is normal, respelled. hex and pcapng know nothing of hosts: they hold the packets.
 */

const struct out_ops *const out_formats[] = {
	&out_normal,
	&out_xml,
	&out_grepable,
	&out_json,
	&out_ndjson,
	&out_csv,
	&out_binary,
	&out_kiddie,
	&out_hex,
	&out_pcapng,
	NULL,
};

const struct out_ops *out_format_by_name(const char *name)
{
	for (size_t i = 0; out_formats[i]; i++) {
		if (strcmp(out_formats[i]->name, name) == 0)
			return out_formats[i];
	}
	return NULL;
}
