/* SPDX-License-Identifier: BSD-2-Clause */
/* From an answer back to the index of its probe. */
#include "sweep/place.h"

#include <errno.h>
#include <stdlib.h>

#define NONE UINT32_MAX

int place_init(struct place *p, const struct sweep_facts *f)
{
	*p = (struct place){.job = f->job, .space = f->space};
	p->port_at = malloc(SWEEP_PORTS_MAX * sizeof(*p->port_at));
	if (!p->port_at)
		return -ENOMEM;
	for (uint32_t i = 0; i < SWEEP_PORTS_MAX; i++)
		p->port_at[i] = NONE;
	for (uint32_t i = 0; i < f->job->n_ports; i++)
		p->port_at[f->ports[i].port] = i;
	return 0;
}

void place_free(struct place *p)
{
	free(p->port_at);
	*p = (struct place){0};
}

uint64_t place_of(const struct place *p, const struct sweep_hit *hit)
{
	struct addr a = addr_from_bytes(p->job->family, hit->addr);
	uint64_t host = space_index_of(p->space, &a);
	uint32_t port = p->port_at[hit->port];

	if (host == UINT64_MAX || port == NONE)
		return UINT64_MAX;
	return perm_index(&p->job->perm, host * p->job->n_ports + port);
}
