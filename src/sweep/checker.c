/* SPDX-License-Identifier: BSD-2-Clause */
/* Open ports on their way through the data check. */
#include "sweep/checker.h"

#include <errno.h>
#include <stdlib.h>

#define WAIT_MAX    65536 /* room for what answers come in after the senders were stopped */
#define WAIT_BEHIND 1024

int checker_open(struct checker *c, struct clock *clock, const char *interface, struct err *e)
{
	struct datacheck_conf conf = {.clock = clock, .interface = interface};

	*c = (struct checker){.cap = WAIT_MAX};
	c->wait = malloc(c->cap * sizeof(*c->wait));
	if (!c->wait)
		return err_set(e, -ENOMEM, "out of memory for the ports to be checked");
	return datacheck_open(&c->d, &conf, e);
}

bool checker_put(struct checker *c, const struct rec_result *r)
{
	if (c->n == c->cap) {
		c->unchecked++;
		return false;
	}
	c->wait[(c->head + c->n++) % c->cap] = *r;
	return true;
}

/* Makes connections of what waits. What cannot be begun stays until sockets are free again; with
 * none in use it never will be: true, and the port is *failed. */
static bool begin(struct checker *c, struct rec_result *failed)
{
	bool hopeless = false;

	while (c->n && !hopeless && !datacheck_full(c->d)) {
		struct rec_result *r = &c->wait[c->head];

		if (datacheck_add(c->d, r) < 0) {
			if (datacheck_busy(c->d))
				return false;
			hopeless = true;
			*failed = *r;
			failed->check = CHECK_FAILED;
		}
		c->head = (c->head + 1) % c->cap;
		c->n--;
	}
	return hopeless;
}

unsigned checker_poll(struct checker *c, struct rec_result *v, unsigned n)
{
	unsigned got;

	if (!c->d || n == 0)
		return 0;
	got = begin(c, v);
	return got + datacheck_poll(c->d, v + got, n - got, 0);
}

bool checker_take(struct checker *c, struct rec_result *r)
{
	if (c->n == 0)
		return false;
	*r = c->wait[c->head];
	c->head = (c->head + 1) % c->cap;
	c->n--;
	c->unchecked++;
	return true;
}

bool checker_behind(const struct checker *c)
{
	return c->n > WAIT_BEHIND;
}

bool checker_idle(const struct checker *c)
{
	return !c->d || (c->n == 0 && datacheck_busy(c->d) == 0);
}

void checker_close(struct checker *c)
{
	datacheck_close(c->d);
	free(c->wait);
	*c = (struct checker){0};
}
