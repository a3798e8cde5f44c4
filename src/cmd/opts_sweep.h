/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the rows of sweeps land; a part of struct opts. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Texts are as given, NULL = not said; sweep_plan.h gives them their meaning. */
struct opts_sweep {
	int wish; /* enum sweep_wish */
	const char *rate, *bandwidth;
	double max_host_rate, max_net_rate; /* 0 = not said */
	const char *shard, *seed;
	int probe_options; /* enum probe_options */
	bool no_probe_time, all_answers;
	uint64_t probes, sender_threads, dedup; /* or OPT_UNSET */
	uint64_t cooldown;			/* ns or OPT_UNSET */
	const char *receipt, *recheck;
	const char *scope, *contact;
	bool permission; /* --i-have-permission */
	bool skip_cdn;
	const char *cdn_only, *cdn_except, *cdn_file;
};
