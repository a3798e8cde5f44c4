/* SPDX-License-Identifier: BSD-2-Clause */
/* The spelling of script kiddies. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Respells text in place, letter for letter, so that lines and columns stay. A word with a digit,
 * or with a colon before its end, is left alone: addresses, ports, times and versions stay true.
 * The same seed and text give the same spelling.
 */
void kiddie_spell(char *text, size_t len, uint64_t seed);
