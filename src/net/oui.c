/* SPDX-License-Identifier: BSD-2-Clause */
/* Vendors of Ethernet addresses: IEEE's 24-, 28- and 36-bit blocks. */
#include "net/oui.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "net/ouifile.h"

/*
 * Some 50,000 blocks of 32,000 owners: one array sorted by prefix and length, and one text that
 * holds each name once. A look-up tries the lengths that occur, longest first, by binary search:
 * sixteen steps each.
 */
struct block {
	uint64_t key;	/* prefix << 8 | bits */
	uint32_t name;	/* offset into names */
	uint32_t order; /* the later of two equal blocks wins */
};

struct oui {
	struct block *blocks;
	size_t n, cap;
	struct buf names; /* NUL after each */
	uint32_t *slots;  /* while reading: hash table of offset + 1 into names */
	size_t n_slots, n_names;
	uint64_t lengths; /* bit n: there are blocks of n bits */
	bool from_user;
	char source[256];
};

static const char *const hwdb_paths[] = {
	"/usr/lib/udev/hwdb.d/20-OUI.hwdb",
	"/lib/udev/hwdb.d/20-OUI.hwdb",
};

static const char ieee_dir[] = "/usr/share/ieee-data";
static const char *const ieee_files[] = {"oui.txt", "mam.txt", "iab.txt", "oui36.txt"};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define FILE_MAX (64u << 20)

static uint64_t hash_name(const char *s, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a; the input is a file the user trusts */

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)s[i]) * UINT64_C(0x100000001b3);
	return h ^ h >> 32;
}

/* The slot of the name, empty when it is new. */
static uint32_t *slot_of(struct oui *o, const char *s, size_t len)
{
	size_t i = (size_t)hash_name(s, len) & (o->n_slots - 1);

	while (o->slots[i]) {
		const char *have = o->names.data + o->slots[i] - 1;

		if (strncmp(have, s, len) == 0 && have[len] == '\0')
			break;
		i = (i + 1) & (o->n_slots - 1);
	}
	return &o->slots[i];
}

static int grow_slots(struct oui *o)
{
	size_t n = o->n_slots ? o->n_slots * 2 : 1u << 16;
	uint32_t *slots = calloc(n, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	free(o->slots);
	o->slots = slots;
	o->n_slots = n;
	for (size_t at = 0; at < o->names.len; at += strlen(o->names.data + at) + 1)
		*slot_of(o, o->names.data + at, strlen(o->names.data + at)) = (uint32_t)at + 1;
	return 0;
}

/* The offset of the name, which is added when it is new. */
static int intern(struct oui *o, const char *s, size_t len, uint32_t *out)
{
	uint32_t *slot;

	len = strnlen(s, len);
	if (o->n_names * 2 >= o->n_slots && grow_slots(o) < 0)
		return -ENOMEM;
	slot = slot_of(o, s, len);
	if (!*slot) {
		*slot = (uint32_t)o->names.len + 1;
		o->n_names++;
		buf_add(&o->names, s, len);
		buf_char(&o->names, '\0');
	}
	*out = *slot - 1;
	return o->names.failed ? -ENOMEM : 0;
}

static uint64_t key_of(uint64_t prefix, unsigned bits)
{
	uint64_t mask = UINT64_C(0xffffffffffff) << (48 - bits) & UINT64_C(0xffffffffffff);

	return (prefix & mask) << 8 | bits;
}

static int take_row(void *ctx, const struct oui_row *row)
{
	struct oui *o = ctx;
	struct block *b;

	if (o->n == o->cap) {
		size_t cap = o->cap ? o->cap * 2 : 4096;

		b = reallocarray(o->blocks, cap, sizeof(*b));
		if (!b)
			return -ENOMEM;
		o->blocks = b;
		o->cap = cap;
	}
	b = &o->blocks[o->n];
	*b = (struct block){.key = key_of(row->prefix, row->bits), .order = (uint32_t)o->n};
	o->n++;
	o->lengths |= UINT64_C(1) << row->bits;
	return intern(o, row->name, row->name_len, &b->name);
}

static int read_all(int fd, struct buf *b)
{
	char chunk[65536];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		buf_add(b, chunk, (size_t)n);
		if (b->failed || b->len > FILE_MAX)
			return b->failed ? -ENOMEM : -EFBIG;
	}
	return 0;
}

/* Adds the blocks of one file. Errors name it. */
static int read_file(struct oui *o, const char *path, struct err *e)
{
	struct buf text;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -errno : 0;

	buf_init(&text);
	if (rc == 0)
		rc = read_all(fd, &text);
	if (rc < 0) {
		errno = -rc;
		err_sys(e, "cannot read the vendor file %s", path);
		goto out;
	}
	rc = oui_parse(buf_text(&text), text.len, take_row, o, e);
	if (rc == ERR_PARSE)
		err_prefix(e, "%s", path);
	else if (rc < 0)
		err_set(e, rc, "no memory for the vendor file %s", path);
out:
	buf_free(&text);
	if (fd >= 0)
		close(fd);
	return rc;
}

static void set_source(struct oui *o, const char *path)
{
	size_t len = strnlen(path, sizeof(o->source) - 1);

	memcpy(o->source, path, len);
	o->source[len] = '\0';
}

/* Files that are not there, or not for us to read, are passed over; memory that runs out is not. */
static int read_system(struct oui *o, struct err *e)
{
	char path[64];
	int rc = 0;

	for (size_t i = 0; i < COUNT(hwdb_paths) && !o->n && rc != -ENOMEM; i++) {
		rc = read_file(o, hwdb_paths[i], e);
		if (o->n)
			set_source(o, hwdb_paths[i]);
	}
	if (o->n || rc == -ENOMEM)
		return rc == -ENOMEM ? rc : 0;
	for (size_t i = 0; i < COUNT(ieee_files) && rc != -ENOMEM; i++) {
		snprintf(path, sizeof(path), "%s/%s", ieee_dir, ieee_files[i]);
		rc = read_file(o, path, e);
	}
	if (o->n)
		set_source(o, ieee_dir);
	return rc == -ENOMEM ? rc : 0;
}

static int by_key(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/*
 * Sorts, unless the file already was, and keeps the last of equal blocks; what only reading needed
 * goes.
 */
static void seal(struct oui *o)
{
	struct block *shorter;
	bool sorted = true;
	size_t n = 0;

	free(o->slots);
	o->slots = NULL;
	for (size_t i = 1; i < o->n && sorted; i++)
		sorted = by_key(&o->blocks[i - 1], &o->blocks[i]) < 0;
	if (!sorted)
		qsort(o->blocks, o->n, sizeof(*o->blocks), by_key);
	for (size_t i = 0; i < o->n; i++) {
		if (n && o->blocks[n - 1].key == o->blocks[i].key)
			n--;
		o->blocks[n++] = o->blocks[i];
	}
	o->n = n;
	shorter = n ? reallocarray(o->blocks, n, sizeof(*shorter)) : NULL;
	if (shorter)
		o->blocks = shorter;
}

int oui_open(struct oui **out, const char *user_file, struct err *e)
{
	struct err ignored;
	struct oui *o = calloc(1, sizeof(*o));
	int rc;

	*out = NULL;
	if (!o)
		return err_set(e, -ENOMEM, "no memory for the vendor table");
	buf_init(&o->names);
	if (!user_file) {
		rc = read_system(o, &ignored);
		if (rc < 0)
			err_set(e, rc, "%s", ignored.text);
	} else {
		o->from_user = true;
		rc = read_file(o, user_file, e);
		set_source(o, user_file);
		if (rc == 0 && !o->n)
			rc = err_set(e, ERR_PARSE,
				"%s has no vendors in it: lines like \"00000C Name\" "
				"or a file of udev's or the IEEE's are wanted",
				user_file);
	}
	if (rc < 0) {
		oui_free(o);
		return rc;
	}
	seal(o);
	*out = o;
	return 0;
}

void oui_free(struct oui *o)
{
	if (!o)
		return;
	free(o->blocks);
	free(o->slots);
	buf_free(&o->names);
	free(o);
}

static const struct block *find(const struct oui *o, uint64_t key)
{
	size_t low = 0, high = o->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (o->blocks[mid].key == key)
			return &o->blocks[mid];
		if (o->blocks[mid].key < key)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

const char *oui_vendor(const struct oui *o, const struct mac *m)
{
	uint64_t address = 0;

	/*
	 * Bit 1 of the first byte: given by software, not by a maker. Only a user can know better.
	 */
	if (m->b[0] & 2 && !o->from_user)
		return NULL;
	for (unsigned i = 0; i < 6; i++)
		address = address << 8 | m->b[i];
	for (unsigned bits = 48; bits > 0; bits--) {
		const struct block *b = NULL;

		if (o->lengths >> bits & 1)
			b = find(o, key_of(address, bits));
		if (b)
			return o->names.data + b->name;
	}
	return NULL;
}

unsigned oui_block(const struct oui *o, const char *part, struct mac *m)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct block *b = &o->blocks[i];

		if (!strcasestr(o->names.data + b->name, part))
			continue;
		for (unsigned k = 0; k < 6; k++)
			m->b[k] = (uint8_t)(b->key >> (8 * (6 - k)));
		return b->key & 0xff;
	}
	return 0;
}

const char *oui_source(const struct oui *o)
{
	return o->source;
}

size_t oui_count(const struct oui *o)
{
	return o->n;
}
