/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an earlier run learnt.
 *
 * A checkpoint is read twice, a frame at a time: at first into a table by address, which keeps of a
 * finished host only how often it was finished and as what, and of an unfinished one its verdicts,
 * in a table by technique and port; then once more to publish the finished hosts again. So memory
 * goes with the hosts, and with the ports of those only that were in work when the run ended.
 */
#include "store/past.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"

#define TECHS_MAX 8
#define TECH_NAME 16
#define FIRST_CAP 64 /* of tables; a power of two */

/* The verdict of a port. */
struct known {
	uint64_t rtt_ns;
	uint16_t port;
	uint8_t tech;			    /* index in past.techs */
	uint8_t state;			    /* PORT_UNKNOWN: an empty place of the table */
	uint8_t reason, ttl, rtt_src, from; /* from: as rec_port.from */
};

/* A host that was in work. */
struct begun {
	struct rec_verdict self; /* of the host; port.state HOST_UNKNOWN = none */
	struct known *v;
	uint32_t n, cap;
	struct addr from[REC_FROM_MAX];
	uint8_t n_from;
};

struct entry {
	struct addr addr;		     /* family 0: an empty place of the table */
	uint32_t finished[HOST_SKIPPED + 1]; /* how often as what, not yet asked for */
	struct begun *begun;		     /* owned; NULL = nothing is known */
};

struct past {
	struct journal *journal; /* borrowed; NULL: hosts came by past_add */
	uint8_t *frame;		 /* the one in work */
	size_t frame_cap;
	uint8_t *first; /* the start frame's bytes */
	struct frame start;
	uint64_t end;
	bool complete;
	struct {
		char name[TECH_NAME];
		uint8_t proto;
	} techs[TECHS_MAX];
	unsigned n_techs;
	struct entry *v;
	size_t n, cap;
};

/* ---- tables --------------------------------------------------------------------------------- */

/* A link-local address may be asked for without its zone. */
static bool same(const struct addr *kept, struct addr asked)
{
	if (!asked.zone)
		asked.zone = kept->zone;
	return addr_eq(kept, &asked);
}

/* The place of an address: its entry, or an empty one. */
static struct entry *place(const struct past *p, const struct addr *a)
{
	const struct hash_key key = {p->start.start.seed, 0};
	size_t i = hash_sip(&key, a->b, sizeof(a->b)) & (p->cap - 1);

	while (p->v[i].addr.family && !same(&p->v[i].addr, *a))
		i = (i + 1) & (p->cap - 1);
	return &p->v[i];
}

static bool grow(struct past *p)
{
	struct past bigger = *p;

	bigger.cap = p->cap ? 2 * p->cap : FIRST_CAP;
	bigger.v = calloc(bigger.cap, sizeof(*bigger.v));
	if (!bigger.v)
		return false;
	for (size_t i = 0; i < p->cap; i++)
		if (p->v[i].addr.family)
			*place(&bigger, &p->v[i].addr) = p->v[i];
	free(p->v);
	p->v = bigger.v;
	p->cap = bigger.cap;
	return true;
}

static struct entry *find(const struct past *p, const struct addr *a)
{
	struct entry *t = p->cap ? place(p, a) : NULL;

	return t && t->addr.family ? t : NULL;
}

static struct entry *find_or_add(struct past *p, const struct addr *a)
{
	struct entry *t;

	if (p->n * 4 >= p->cap * 3 && !grow(p))
		return NULL;
	t = place(p, a);
	if (!t->addr.family) {
		t->addr = *a;
		p->n++;
	}
	return t;
}

static struct known *known_place(struct known *v, uint32_t cap, unsigned tech, uint16_t port)
{
	/* Knuth's multiplicative hash: ports come in runs */
	uint32_t i = (((uint32_t)tech << 16 | port) * UINT32_C(2654435769)) & (cap - 1);

	while (v[i].state != PORT_UNKNOWN && (v[i].port != port || v[i].tech != tech))
		i = (i + 1) & (cap - 1);
	return &v[i];
}

static bool known_grow(struct begun *b)
{
	uint32_t cap = b->cap ? 2 * b->cap : FIRST_CAP;
	struct known *v = calloc(cap, sizeof(*v));

	if (!v)
		return false;
	for (uint32_t i = 0; i < b->cap; i++)
		if (b->v[i].state != PORT_UNKNOWN)
			*known_place(v, cap, b->v[i].tech, b->v[i].port) = b->v[i];
	free(b->v);
	b->v = v;
	b->cap = cap;
	return true;
}

/* The index of a technique's name, -1 when it is none. */
static int tech_index(const struct past *p, const char *name)
{
	for (unsigned i = 0; i < p->n_techs; i++)
		if (strcmp(p->techs[i].name, name) == 0)
			return (int)i;
	return -1;
}

static int tech_add(struct past *p, const char *name, uint8_t proto)
{
	if (p->n_techs == TECHS_MAX || strlen(name) >= TECH_NAME)
		return ERR_PARSE;
	strcpy(p->techs[p->n_techs].name, name);
	p->techs[p->n_techs].proto = proto;
	return (int)p->n_techs++;
}

static uint8_t from_add(struct begun *b, const struct addr *a)
{
	if (!a->family)
		return 0;
	for (uint8_t i = 0; i < b->n_from; i++)
		if (addr_eq(&b->from[i], a))
			return i + 1;
	if (b->n_from == REC_FROM_MAX)
		return 0;
	b->from[b->n_from++] = *a;
	return b->n_from;
}

static void begun_free(struct begun *b)
{
	if (b)
		free(b->v);
	free(b);
}

/* ---- what the frames say -------------------------------------------------------------------- */

static int add_port(struct past *p, struct begun *b, const struct rec_verdict *v)
{
	int tech = tech_index(p, v->tech);
	struct known *k;

	if (tech < 0)
		tech = tech_add(p, v->tech, v->port.proto);
	if (tech < 0 || v->port.state == PORT_UNKNOWN)
		return ERR_PARSE;
	if (b->n * 4 >= b->cap * 3 && !known_grow(b))
		return -ENOMEM;
	k = known_place(b->v, b->cap, (unsigned)tech, v->port.number);
	b->n += k->state == PORT_UNKNOWN;
	*k = (struct known){v->port.rtt_ns, v->port.number, (uint8_t)tech, v->port.state,
		v->port.reason, v->port.ttl, v->port.rtt_src, from_add(b, &v->from)};
	return 0;
}

static int add_verdict(struct past *p, const struct rec_verdict *v)
{
	struct entry *t = v->addr.family ? find_or_add(p, &v->addr) : NULL;

	if (!t)
		return v->addr.family ? -ENOMEM : ERR_PARSE;
	if (!t->begun && !(t->begun = calloc(1, sizeof(*t->begun))))
		return -ENOMEM;
	if (v->tech)
		return add_port(p, t->begun, v);
	if (v->port.state > HOST_SKIPPED)
		return ERR_PARSE;
	t->begun->self = *v;
	return 0;
}

int past_add(struct past *p, const struct addr *a, enum host_state state)
{
	struct entry *t = find_or_add(p, a);

	if (!t)
		return -ENOMEM;
	begun_free(t->begun);
	t->begun = NULL;
	t->finished[state == HOST_UNKNOWN ? HOST_SKIPPED
					  : state]++; /* neither counts as up or down */
	return 0;
}

static int add_frame(struct past *p, const struct frame *f)
{
	int rc = 0;

	if (f->kind == FRAME_HOST)
		return f->host.addr.family ? past_add(p, &f->host.addr, f->host.state) : ERR_PARSE;
	for (size_t i = 0; f->kind == FRAME_VERDICTS && i < f->verdicts.n && rc == 0; i++)
		rc = add_verdict(p, &f->verdicts.v[i]);
	p->complete = f->kind == FRAME_END;
	return f->kind == FRAME_START ? ERR_PARSE : rc;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* The next frame of the file, in p->frame; its length, 0 at the end or where it is torn, -ENOMEM.
 */
static int next_frame(struct past *p, FILE *in, struct frame *f)
{
	uint8_t head[FRAME_HEAD], *bigger;
	size_t len;
	int rc;

	memset(f, 0, sizeof(*f));
	if (fread(head, 1, sizeof(head), in) != sizeof(head) || !(len = frame_body(head)))
		return 0;
	if (FRAME_HEAD + len > p->frame_cap) {
		bigger = realloc(p->frame, FRAME_HEAD + len);
		if (!bigger)
			return -ENOMEM;
		p->frame = bigger;
		p->frame_cap = FRAME_HEAD + len;
	}
	memcpy(p->frame, head, sizeof(head));
	if (fread(p->frame + FRAME_HEAD, 1, len, in) != len)
		return 0;
	rc = frame_read(f, p->frame, FRAME_HEAD + len);
	if (rc == 0)
		return (int)(FRAME_HEAD + len);
	frame_free(f);
	return rc == ERR_PARSE ? 0 : rc;
}

/* A stream from the beginning of the checkpoint, or NULL with errno. */
static FILE *rewound(const struct past *p)
{
	int fd = dup(p->journal->fd);
	FILE *in = fd < 0 ? NULL : fdopen(fd, "r");

	if (in)
		rewind(in);
	else if (fd >= 0)
		close(fd);
	return in;
}

static int read_start(struct past *p, FILE *in, const char *path, struct err *e)
{
	char magic[sizeof(FRAME_MAGIC FRAME_VERSION)] = "";
	size_t named = strlen(FRAME_MAGIC);
	const char *version;

	if (!fgets(magic, sizeof(magic), in) || strncmp(magic, FRAME_MAGIC, named) != 0)
		return err_set(e, ERR_USAGE, "%s: this is no checkpoint", path);
	if (strcmp(magic + named, FRAME_VERSION) != 0)
		return err_set(e, ERR_USAGE,
			"%s: this is a checkpoint of another format; resume it with the version of Sonde that wrote it",
			path);
	if (next_frame(p, in, &p->start) <= 0 || p->start.kind != FRAME_START)
		return err_set(e, ERR_USAGE,
			"%s: the run was killed before it had begun; scan again", path);
	p->first = p->frame; /* the texts of the start lie there */
	p->frame = NULL;
	p->end = strlen(magic) + p->frame_cap;
	p->frame_cap = 0;
	version = p->start.start.version;
	if (strcmp(version, SONDE_VERSION) != 0)
		return err_set(e, ERR_USAGE,
			"%s: Sonde %s wrote this checkpoint, and only that version can resume it",
			path, version);
	return 0;
}

static int read_all(struct past *p, FILE *in, const char *path, struct err *e)
{
	int rc = read_start(p, in, path, e), n;
	struct frame f;

	if (rc < 0)
		return rc;
	while ((n = next_frame(p, in, &f)) > 0 && (rc = add_frame(p, &f)) == 0) {
		p->end += (uint64_t)n;
		frame_free(&f);
	}
	frame_free(&f);
	if (n == -ENOMEM || rc == -ENOMEM)
		return err_set(e, -ENOMEM, "%s: out of memory", path);
	if (rc < 0)
		return err_set(e, ERR_USAGE, "%s: this checkpoint contradicts itself", path);
	return ferror(in) ? err_sys(e, "cannot read %s", path) : 0;
}

int past_read(struct past *p, struct journal *j, struct err *e)
{
	const char *path = j->path;
	FILE *in;
	int rc;

	p->journal = j;
	in = rewound(p);
	if (!in)
		return err_sys(e, "cannot read %s", path);
	rc = read_all(p, in, path, e);
	fclose(in);
	return rc;
}

struct past *past_new(void)
{
	return calloc(1, sizeof(struct past));
}

void past_free(struct past *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->cap; i++)
		begun_free(p->v[i].begun);
	free(p->v);
	frame_free(&p->start);
	free(p->first);
	free(p->frame);
	free(p);
}

/* ---- asked ---------------------------------------------------------------------------------- */

const struct frame_start *past_start(const struct past *p)
{
	return &p->start.start;
}

bool past_complete(const struct past *p)
{
	return p->complete;
}

uint64_t past_end(const struct past *p)
{
	return p->end;
}

/* Its open ports were found first, then the host was finished. */
static void publish(struct bus *bus, const struct rec_host *h)
{
	for (size_t i = 0; i < h->n_ports; i++) {
		struct rec_found found = {.addr = h->addr, .port = &h->ports[i]};

		if (h->ports[i].state == PORT_OPEN)
			bus_publish(bus, &(struct rec){.kind = REC_FOUND, .found = &found});
	}
	bus_publish(bus, &(struct rec){.kind = REC_HOST, .host = h});
}

int past_replay(void *ctx, struct bus *bus, struct err *e)
{
	struct past *p = ctx;
	struct frame f;
	FILE *in = p->journal ? rewound(p) : NULL;
	uint64_t at = strlen(FRAME_MAGIC FRAME_VERSION);
	int n;

	if (!p->journal)
		return 0;
	if (!in)
		return err_sys(e, "cannot read %s", p->journal->path);
	fseek(in, (long)at, SEEK_SET);
	p->journal->shut = true;
	for (; at < p->end && (n = next_frame(p, in, &f)) > 0; at += (uint64_t)n) {
		if (f.kind == FRAME_HOST)
			publish(bus, &f.host);
		frame_free(&f);
	}
	p->journal->shut = false;
	fclose(in);
	if (at < p->end)
		return err_set(e, -EIO, "%s: it cannot be read to its end once more",
			p->journal->path);
	return 0;
}

enum host_state past_finished(void *ctx, const struct addr *a)
{
	struct entry *t = find(ctx, a);

	for (enum host_state s = HOST_UP; t && s <= HOST_SKIPPED; s++) {
		if (t->finished[s]) {
			t->finished[s]--;
			return s;
		}
	}
	return HOST_UNKNOWN;
}

bool past_host(void *ctx, const struct addr *a, struct rec_verdict *out)
{
	struct entry *t = find(ctx, a);

	if (!t || !t->begun || t->begun->self.port.state == HOST_UNKNOWN)
		return false;
	*out = t->begun->self;
	return true;
}

bool past_port(
	void *ctx, const struct addr *a, const char *tech, uint16_t port, struct rec_verdict *out)
{
	struct past *p = ctx;
	struct entry *t = find(p, a);
	int i = t && t->begun && t->begun->n ? tech_index(p, tech) : -1;
	const struct known *k;

	if (i < 0)
		return false;
	k = known_place(t->begun->v, t->begun->cap, (unsigned)i, port);
	if (k->state == PORT_UNKNOWN)
		return false;
	*out = (struct rec_verdict){.addr = *a,
		.tech = p->techs[i].name,
		.port = {.number = port,
			.proto = p->techs[i].proto,
			.state = k->state,
			.reason = k->reason,
			.ttl = k->ttl,
			.rtt_src = k->rtt_src,
			.rtt_ns = k->rtt_ns}};
	if (k->from)
		out->from = t->begun->from[k->from - 1];
	return true;
}
