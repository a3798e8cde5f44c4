/* SPDX-License-Identifier: BSD-2-Clause */
/* What scan and doctor both find out about this machine before they begin. */
#pragma once

#include <stdbool.h>

#include "base/log.h"
#include "cmd/opts.h"
#include "net/net.h"
#include "net/oui.h"
#include "net/resolve.h"
#include "target/ports.h"

struct machine {
	bool privileged; /* raw packets may be sent */
	struct net *net; /* NULL when only names are listed */
	struct services *services;
	struct resolver *resolver;
	struct oui *oui;			  /* NULL until machine_oui */
	char services_path[4096], oui_path[4096]; /* the user's own files, "" = none */
	char xsl_path[4096]; /* Sonde's stylesheet: the user's, else as installed; "" = none */
	bool oui_tried;
	const struct log *log;
};

/* Opens what the options need; always to be closed. `log` is borrowed. ERR_USAGE when an option's
 * file or server is no good. */
int machine_open(
	struct machine *m, const struct opts *o, const struct log *log, struct err *e) MUST_CHECK;
/* The same for what needs files of data only, and no network. */
int machine_open_data(
	struct machine *m, const struct opts *o, const struct log *log, struct err *e) MUST_CHECK;
void machine_close(struct machine *m);
/* Vendors, read at the first call; NULL when that failed, which the log was told. ctx is the
 * machine. */
struct oui *machine_oui(void *ctx);
