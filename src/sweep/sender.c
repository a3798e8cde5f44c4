/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of senders. */
#include "sweep/sender.h"

#include <string.h>

const struct sender_ops *const sweep_senders[] = {
	&sender_xdp_live, &sender_afxdp, &sender_packet, &sender_raw, &sender_sim, NULL};

const struct sender_ops *sender_by_name(const char *name)
{
	for (size_t i = 0; sweep_senders[i]; i++)
		if (strcmp(sweep_senders[i]->name, name) == 0)
			return sweep_senders[i];
	return NULL;
}
