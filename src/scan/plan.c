/* SPDX-License-Identifier: BSD-2-Clause */
/* The plan's defaults and nmap's timing templates. */
#include "scan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* clang-format off */
/* Facts of nmap 7.93's manual, section "Timing and performance"; parallelism 1 = one probe at a time. */
static const struct plan_timing templates[] = {
	/*            min RTO             max RTO             initial RTO         retries */
	{ .template_no = 0, .min_rto_ns = 100 * NS_PER_MS, .max_rto_ns = 300 * NS_PER_S, .initial_rto_ns = 300 * NS_PER_S,
	  .max_retries = 10, .scan_delay_ns = 300 * NS_PER_S, .max_parallelism = 1,
	  .max_scan_delay_tcp_ns = 300 * NS_PER_S, .max_scan_delay_udp_ns = 300 * NS_PER_S },
	{ .template_no = 1, .min_rto_ns = 100 * NS_PER_MS, .max_rto_ns = 15 * NS_PER_S, .initial_rto_ns = 15 * NS_PER_S,
	  .max_retries = 10, .scan_delay_ns = 15 * NS_PER_S, .max_parallelism = 1,
	  .max_scan_delay_tcp_ns = 15 * NS_PER_S, .max_scan_delay_udp_ns = 15 * NS_PER_S },
	{ .template_no = 2, .min_rto_ns = 100 * NS_PER_MS, .max_rto_ns = 10 * NS_PER_S, .initial_rto_ns = NS_PER_S,
	  .max_retries = 10, .scan_delay_ns = 400 * NS_PER_MS, .max_parallelism = 1,
	  .max_scan_delay_tcp_ns = NS_PER_S, .max_scan_delay_udp_ns = NS_PER_S },
	{ .template_no = 3, .min_rto_ns = 100 * NS_PER_MS, .max_rto_ns = 10 * NS_PER_S, .initial_rto_ns = NS_PER_S,
	  .max_retries = 10, .max_scan_delay_tcp_ns = NS_PER_S, .max_scan_delay_udp_ns = NS_PER_S },
	{ .template_no = 4, .min_rto_ns = 100 * NS_PER_MS, .max_rto_ns = 1250 * NS_PER_MS, .initial_rto_ns = 500 * NS_PER_MS,
	  .max_retries = 6, .max_scan_delay_tcp_ns = 10 * NS_PER_MS, .max_scan_delay_udp_ns = NS_PER_S },
	{ .template_no = 5, .min_rto_ns = 50 * NS_PER_MS, .max_rto_ns = 300 * NS_PER_MS, .initial_rto_ns = 250 * NS_PER_MS,
	  .max_retries = 2, .max_scan_delay_tcp_ns = 5 * NS_PER_MS, .max_scan_delay_udp_ns = NS_PER_S,
	  .host_timeout_ns = 900 * NS_PER_S },
};
/* clang-format on */

void plan_stealth(struct plan *p, int n)
{
	/* clang-format off */
	static const struct plan_stealth profiles[] = {
		{ .batch = 256, .delay_ns = 500 * NS_PER_US, .jitter = 0.1 },
		{ .batch = 64, .delay_ns = 2 * NS_PER_MS, .jitter = 0.3 },
		{ .batch = 16, .delay_ns = 10 * NS_PER_MS, .jitter = 0.6,
		  .batch_pause_ns = NS_PER_S, .target_pause_ns = 5 * NS_PER_S },
		{ .batch = 4, .delay_ns = 50 * NS_PER_MS, .jitter = 0.8,
		  .batch_pause_ns = 3 * NS_PER_S, .target_pause_ns = 30 * NS_PER_S },
	};
	/* clang-format on */

	p->stealth = (struct plan_stealth){0};
	if (n >= 0 && n < (int)(sizeof(profiles) / sizeof(profiles[0])))
		p->stealth = profiles[n];
}

void plan_template(struct plan *p, int n)
{
	p->timing = templates[n < 0 ? 0 : n > 5 ? 5 : n];
}

void plan_init(struct plan *p)
{
	memset(p, 0, sizeof(*p));
	plan_template(p, 3);
	plan_sweep_init(&p->sweep);
	p->ports_wanted = true;
	p->reverse_dns = true;
	p->family = 4;
}

void plan_free(struct plan *p)
{
	port_set_free(&p->ports);
	port_list_free(&p->ping_syn);
	port_list_free(&p->ping_ack);
	port_list_free(&p->ping_udp);
	port_list_free(&p->ping_sctp);
	port_list_free(&p->ping_proto);
	free(p->wire.data);
}
