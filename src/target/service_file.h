/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A services table read from a file in nmap-services' format (--servicedb, --datadir). Private to
 * this folder.
 */
#pragma once

#include "target/services.h"

struct service_file {
	struct service_table table; /* refers to the members below, all owned */
	struct service_name *names[PORT_CLASSES];
	uint16_t *ranked[PORT_CLASSES];
	double *ratios[PORT_CLASSES];
	uint32_t *known[PORT_CLASSES];
	char *pool;
};

/*
 * Lines "name port/protocol [frequency] [# comment]"; the frequency is a decimal number in [0, 1)
 * or a fraction "n/m". Lines of other protocols are passed over, the first line of a port counts.
 * ERR_USAGE with file and line, -ENOMEM. *out starts zeroed and can be finished either way. IP
 * protocols are those of the compiled-in table.
 */
int service_file_read(struct service_file *out, const char *path, struct err *e) MUST_CHECK;
void service_file_fini(struct service_file *f);
