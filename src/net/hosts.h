/* SPDX-License-Identifier: BSD-2-Clause */
/* The hosts file, read once: names of addresses (hosts(5)). */
#pragma once

#include "base/addr.h"

struct hosts;

/*
 * Reads the file; one that is not there or not readable is an empty one. NULL when memory ran out.
 * Owned: hosts_free.
 */
struct hosts *hosts_read(const char *path);
void hosts_free(struct hosts *h);
/*
 * The first name of the first line with this address, borrowed; NULL when there is none. An entry
 * without a zone fits every zone.
 */
const char *hosts_name(const struct hosts *h, const struct addr *a);
