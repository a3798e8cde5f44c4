/* SPDX-License-Identifier: BSD-2-Clause */
/* What a running sweep has sent so far. */
#include "sweep/sent.h"

#include <errno.h>
#include <stdlib.h>

static int add_spans(
	struct receipt_pieces *out, const struct sweep_span *v, size_t n, uint32_t times)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = receipt_pieces_add(out,
			&(struct receipt_piece){v[i].from, v[i].to, v[i].stride, v[i].mark, times});
	return rc;
}

int sent_so_far(struct sweep *s, struct receipt_pieces *out)
{
	const struct sweep_span *pushed;
	size_t n = sweep_pushed(s, &pushed), room = 4 * SWEEP_SENDERS, left;
	struct sweep_span *todo = NULL;
	int rc;

	do {
		free(todo);
		room *= 2;
		todo = calloc(room, sizeof(*todo));
		if (!todo)
			return -ENOMEM;
		left = sweep_todo(s, todo, room);
	} while (left > room);
	rc = add_spans(out, pushed, n, 1);
	if (rc == 0)
		rc = add_spans(out, todo, left, (uint32_t)-1);
	free(todo);
	return rc < 0 ? rc : receipt_pieces_merge(out);
}

int sent_less(struct receipt_pieces *a, const struct receipt_pieces *b)
{
	int rc = 0;

	for (size_t i = 0; i < b->n && rc == 0; i++) {
		struct receipt_piece x = b->v[i];

		x.times = -x.times;
		rc = receipt_pieces_add(a, &x);
	}
	return rc < 0 ? rc : receipt_pieces_merge(a);
}
