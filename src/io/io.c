/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of backends. */
#include "io/io.h"

#include <string.h>

const struct io_ops *const io_backends[] = {
	&io_packet_ops,
	&io_raw_ops,
	&io_connect_ops,
	&io_pcap_ops,
	&io_sim_ops,
	NULL,
};

const struct io_ops *io_backend_by_name(const char *name)
{
	for (const struct io_ops *const *o = io_backends; *o; o++)
		if (!strcmp((*o)->name, name))
			return *o;
	return NULL;
}
