/* SPDX-License-Identifier: BSD-2-Clause */
/* The window of source ports that a sweep's probes leave from. Private to src/sweep. */
#pragma once

#include <stdint.h>

#define SPORT_SPAN 4096 /* ports of the window */

/*
 * A window, aligned to its size, in which no socket of this machine has a port and from which the
 * kernel gives none to programs: the first of 61440, 57344, ... Returns its first port; 61440 with
 * *taken ports in use when there is no better one.
 */
uint16_t sport_window(unsigned *taken);
