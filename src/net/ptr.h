/* SPDX-License-Identifier: BSD-2-Clause */
/* The reverse tree of DNS: the name to ask for, the name in the answer (RFC 1035, RFC 3596). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define PTR_NAME_MAX 80

/* "4.3.2.10.in-addr.arpa"; returns out. */
const char *ptr_name(const struct addr *a, char out[PTR_NAME_MAX]);
/*
 * The target of the first PTR record among the answers of a DNS message, in presentation form; NULL
 * when there is none or the message is malformed before it. Owned: ares_free_string().
 */
char *ptr_find(const uint8_t *message, size_t len);
