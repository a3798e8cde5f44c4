/* SPDX-License-Identifier: BSD-2-Clause */
/* The hosts file, read once: names of addresses (hosts(5)). */
#include "net/hosts.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * c-ares reads the file anew for each question; with lists of a hundred thousand blocked names in
 * it, as people have them, and one question a host, that would stop a scan. Here it is one pass and
 * a sorted array.
 */
struct host {
	struct addr addr;
	uint32_t line;
	char *name;
};

struct hosts {
	struct host *list; /* sorted by address, then line */
	size_t n, cap;
};

static int add_host(struct hosts *h, const struct addr *a, uint32_t line, const char *name)
{
	if (h->n == h->cap) {
		size_t cap = h->cap ? h->cap * 2 : 32;
		struct host *list = reallocarray(h->list, cap, sizeof(*list));

		if (!list)
			return -ENOMEM;
		h->list = list;
		h->cap = cap;
	}
	h->list[h->n] = (struct host){*a, line, strdup(name)};
	if (!h->list[h->n].name)
		return -ENOMEM;
	h->n++;
	return 0;
}

static int take_line(struct hosts *h, char *text, uint32_t line)
{
	static const char blanks[] = " \t\r\n";
	struct addr a;
	char *rest, *address, *name;

	text[strcspn(text, "#")] = '\0';
	address = strtok_r(text, blanks, &rest);
	name = strtok_r(NULL, blanks, &rest);
	if (!address || !name || addr_parse(address, &a) != 0)
		return 0;
	return add_host(h, &a, line, name);
}

static int by_addr(const void *a, const void *b)
{
	const struct host *x = a, *y = b;
	int order = addr_cmp(&x->addr, &y->addr);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

struct hosts *hosts_read(const char *path)
{
	struct hosts *h = calloc(1, sizeof(*h));
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	uint32_t line = 0;
	int rc = h ? 0 : -ENOMEM;

	while (rc == 0 && f && getline(&text, &size, f) >= 0)
		rc = take_line(h, text, line++);
	free(text);
	if (f)
		fclose(f);
	if (rc < 0) {
		hosts_free(h);
		return NULL;
	}
	if (h->n)
		qsort(h->list, h->n, sizeof(*h->list), by_addr);
	return h;
}

void hosts_free(struct hosts *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->n; i++)
		free(h->list[i].name);
	free(h->list);
	free(h);
}

/* The first of equal addresses. */
static const struct host *find(const struct hosts *h, const struct addr *a)
{
	size_t low = 0, high = h->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (addr_cmp(&h->list[mid].addr, a) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < h->n && addr_eq(&h->list[low].addr, a) ? &h->list[low] : NULL;
}

const char *hosts_name(const struct hosts *h, const struct addr *a)
{
	const struct host *found = find(h, a);
	struct addr bare = *a;

	bare.zone = 0;
	if (!found && a->zone)
		found = find(h, &bare);
	return found ? found->name : NULL;
}
