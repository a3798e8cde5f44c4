/* SPDX-License-Identifier: BSD-2-Clause */
/* The frames that a sweep's probes are patched from. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "bpfobj/sweep_abi.h"

/* How the probes are to look, beside the job. */
struct template_conf {
	struct mac src_mac, dst_mac; /* dst: the next hop's; used when job->l3 is not 0 */
	uint16_t vlan[2];	     /* tags (IEEE 802.1Q) when job->l3 is 18 or 22, outer first */
	uint8_t ttl;
	uint8_t tos;
	uint16_t mtu;	     /* of the path, 0 = 1500: payloads that do not fit are left out */
	const char *contact; /* for ICMP echo data, and UDP ports without a payload; NULL or "" */
};

struct templates {
	struct sweep_template *v; /* owned */
	unsigned n;
	struct sweep_port
		*ports; /* owned; job->n_ports, each with the template it is probed with */
};

/*
 * Makes the templates of job's kind, flags, options, family and source, and its job->n_ports
 * `ports` (host order; one 0 where the kind has none); fills job->crc. UDP: one template for each
 * payload that a port of the list has, and one empty (or the contact). -ENOMEM, or ERR_USAGE where
 * such a probe cannot be: ICMP timestamps in IPv6.
 */
int templates_make(struct templates *out, struct sweep_job *job, const uint16_t *ports,
	const struct template_conf *conf, struct err *e) MUST_CHECK;
void templates_free(struct templates *t);
