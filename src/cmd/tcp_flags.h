/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP flags as --scanflags takes them. */
#pragma once

#include <stdint.h>

#include "base/err.h"

/*
 * Reads a number from 0 to 255 (decimal, or hexadecimal after 0x), or names - URG ACK PSH RST SYN
 * FIN ECE CWR, ALL, NONE - in letters of either case, glued together or apart. *flags: TCP_ bits.
 * ERR_USAGE for anything else.
 */
int tcp_flags_parse(const char *text, uint8_t *flags, struct err *e) MUST_CHECK;
