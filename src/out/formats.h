/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows of the table in out.c, each made by the file of its name. */
#pragma once

#include "out/out.h"

extern const struct out_ops out_normal, out_kiddie, out_xml, out_grepable, out_json, out_ndjson,
	out_csv;
extern const struct out_ops out_binary;
extern const struct out_ops out_hex, out_pcapng;
