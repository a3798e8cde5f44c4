/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port specifications and services tables. The first byte chooses: what is scanned, and whether the
 * text is -p, --exclude-ports, a list of a discovery option, or a services file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "target/ports.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_list(const struct port_list *l, enum port_class c, const struct services *s)
{
	char *text = port_list_text(l);
	uint16_t *ranked = port_list_by_rank(l, c, s);

	if (!text || !ranked)
		abort();
	for (uint32_t i = 1; i < l->n; i++)
		if (l->ports[i] <= l->ports[i - 1])
			abort();
	/* what is printed reads back as the same list */
	if (l->n && l->n < 5000) {
		struct port_list again;

		if (port_list_parse(&again, text, c, s, NULL) < 0 || again.n != l->n ||
			memcmp(again.ports, l->ports, l->n * sizeof(*l->ports)) != 0)
			abort();
		port_list_free(&again);
	}
	free(text);
	free(ranked);
}

static void try_request(const char *text, uint8_t how, const struct services *s)
{
	struct port_request rq = { .ratio = -1, .classes = how & 15, .services = s };
	struct port_set set;

	if (how & 32)
		rq.exclude = text;
	else
		rq.spec = text;
	rq.top = how & 64 ? 10 : 0;
	if (port_set_build(&set, &rq, NULL) < 0)
		return;
	for (unsigned c = 0; c < PORT_CLASSES; c++)
		check_list(&set.of[c], (enum port_class)c, s);
	port_set_free(&set);
}

static void try_list(const char *text, uint8_t how, const struct services *s)
{
	enum port_class c = (enum port_class)(how & 3);
	struct port_list l;

	if (port_list_parse(&l, text, c, s, NULL) < 0)
		return;
	check_list(&l, c, s);
	port_list_free(&l);
}

static void try_file(const uint8_t *data, size_t size)
{
	char path[] = "/tmp/fuzz_ports.XXXXXX";
	struct services *s = NULL;
	int fd = mkstemp(path);
	struct err e = { 0 };

	if (fd < 0)
		abort();
	if (write(fd, data, size) == (ssize_t)size && services_open(&s, path, &e) == 0) {
		struct port_request rq = { .ratio = 0, .classes = 7, .services = s };
		struct port_set set;

		if (port_set_build(&set, &rq, NULL) == 0)
			port_set_free(&set);
		services_free(s);
	}
	close(fd);
	unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct services *s;
	char *text;

	if (!s && services_open(&s, NULL, NULL) < 0)
		abort();
	if (size == 0 || size > 2000)
		return 0;
	if (data[0] == 0xff) {
		try_file(data + 1, size - 1);
		return 0;
	}
	text = strndup((const char *)data + 1, size - 1);
	if (!text)
		abort();
	if (data[0] & 128)
		try_list(text, data[0], s);
	else
		try_request(text, data[0], s);
	free(text);
	return 0;
}
