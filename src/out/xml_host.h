/* SPDX-License-Identifier: BSD-2-Clause */
/* The host element of nmap's XML. */
#pragma once

#include "model/rec.h"
#include "out/out.h"
#include "out/xml_writer.h"

/* Writes <host>...</host> and a newline. */
void xml_host(struct xml_writer *w, const struct rec_host *h, const struct out_conf *conf);
