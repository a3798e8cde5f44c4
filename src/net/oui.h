/* SPDX-License-Identifier: BSD-2-Clause */
/* Vendors of Ethernet addresses: IEEE's 24-, 28- and 36-bit blocks. */
#pragma once

#include <stddef.h>

#include "base/addr.h"
#include "base/err.h"

struct oui;

/*
 * Reads the first that is there: `user_file` (if not NULL; its absence is an error), udev's
 * 20-OUI.hwdb, ieee-data's oui.txt, mam and oui36. User files: the hwdb format, IEEE's text,
 * nmap-mac-prefixes, manuf or "PREFIX<tab>NAME" lines; told apart by content. *out is owned.
 * ERR_PARSE with file and line when a user file is none of these; -errno when it cannot be read.
 * When nothing is found *out is an empty table and 0 is returned: look-ups give NULL.
 */
int oui_open(struct oui **out, const char *user_file, struct err *e) MUST_CHECK;
void oui_free(struct oui *o);
/*
 * The vendor of the longest block that holds the address, borrowed; NULL when unknown or, unless a
 * user file names it, locally administered.
 */
const char *oui_vendor(const struct oui *o, const struct mac *m);
/* The first block of a vendor whose name contains `part` in any case: its length in bits, with the
 * other bits of *m zero; 0 when there is none. */
unsigned oui_block(const struct oui *o, const char *part, struct mac *m);
/* Where the data came from and how many blocks it has ("" and 0 when empty). */
const char *oui_source(const struct oui *o);
size_t oui_count(const struct oui *o);
