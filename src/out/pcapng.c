/* SPDX-License-Identifier: BSD-2-Clause */
/* Packet capture (--packet-capture): what was sent and received as pcapng, verdicts as comments. */
#include "out/formats.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "out/frame.h"
#include "out/out_base.h"
#include "out/out_text.h"
#include "out/pcapng_block.h"

/*
 * A file is one section: its header, then packets, each interface described before its first
 * packet. The tail is the statistics of the interfaces, so that the file is whole after every
 * packet.
 *
 * With a size limit the file is a ring of two: when the next packet would not fit, the file becomes
 * PATH.1, in the place of an older one, and PATH begins anew. So the newest packets are kept, at
 * least `limit` bytes of them once there were that many, at most two times `limit`.
 *
 * Outcomes of connect() have no bytes of ours and are left out.
 */

#define IFACES_MAX   64
#define SECTION_ROOM 4096 /* more than what a packet may need beside its bytes: blocks and tail */

struct iface {
	char name[IF_NAMESIZE]; /* "" = unknown */
	struct pcapng_count count;
};

struct pcapng {
	struct out base;
	char *comment;	      /* the command line; owned */
	char *old;	      /* PATH.1; owned */
	bool begun;	      /* the section has its header */
	struct iface *ifaces; /* IFACES_MAX; owned */
	uint32_t n_ifaces;
};

static struct pcapng *self(struct out *o)
{
	return (struct pcapng *)o;
}

static int remember(struct pcapng *x, const struct rec_run *run)
{
	struct buf comment = {0};

	buf_fmt(&comment, "Sonde %s: ", run->version);
	out_utf8(&comment, run->args, false); /* as the format wants it (3.5) */
	free(x->comment);
	x->comment = buf_take(&comment);
	return x->comment ? 0 : -ENOMEM;
}

static void begin_section(struct pcapng *x)
{
	if (!x->begun)
		pcapng_section(&x->base.body, "Sonde", x->comment);
	x->begun = true;
}

/* The interface's number, described when it is new; what comes beyond the table shares its last
 * entry. */
static uint32_t number_of(struct pcapng *x, const char *name)
{
	uint32_t i = 0;

	name = name ? name : "";
	while (i < x->n_ifaces && strncmp(x->ifaces[i].name, name, IF_NAMESIZE - 1) != 0)
		i++;
	if (i < x->n_ifaces)
		return i;
	if (i == IFACES_MAX)
		return i - 1;
	memset(&x->ifaces[i], 0, sizeof(x->ifaces[i]));
	strncpy(x->ifaces[i].name, name, IF_NAMESIZE - 1);
	x->n_ifaces++;
	pcapng_interface(&x->base.body, *name ? name : NULL);
	return i;
}

static void put_packet(struct pcapng *x, const struct rec_packet *p)
{
	uint32_t i = number_of(x, p->interface);
	struct pcapng_count *c = &x->ifaces[i].count;

	if (c->n++ == 0 || p->wall_ns < c->first_ns)
		c->first_ns = p->wall_ns;
	if (p->wall_ns > c->last_ns)
		c->last_ns = p->wall_ns;
	pcapng_packet(&x->base.body, i, p);
}

static int render(struct out *o, const struct rec *r)
{
	struct pcapng *x = self(o);

	if (r->kind == REC_RUN && remember(x, r->run) < 0)
		return -ENOMEM;
	begin_section(x);
	if (r->kind == REC_PACKET && r->packet->data)
		put_packet(x, r->packet);
	return 0;
}

static int tail(struct out *o)
{
	struct pcapng *x = self(o);

	for (uint32_t i = 0; i < x->n_ifaces; i++)
		pcapng_statistics(&o->tail, i, &x->ifaces[i].count);
	return 0;
}

static void fini(struct out *o)
{
	struct pcapng *x = self(o);

	free(x->comment);
	free(x->old);
	free(x->ifaces);
}

static const struct out_form form = {
	.size = sizeof(struct pcapng),
	.render = render,
	.tail = tail,
	.fini = fini,
};

static int make_room(struct pcapng *x, const struct out_conf *c, struct err *e)
{
	struct buf old = {0};

	buf_fmt(&old, "%s.1", c->path);
	x->old = buf_take(&old);
	x->ifaces = calloc(IFACES_MAX, sizeof(*x->ifaces));
	if (!x->old || !x->ifaces)
		return err_set(e, -ENOMEM, "%s: out of memory", c->path);
	if (c->limit && !x->base.file.seekable)
		return err_set(e, ERR_USAGE,
			"%s is not a regular file, so --packet-capture-limit cannot keep it small; leave that out",
			c->path);
	return 0;
}

static int pcapng_open(struct out **out, const struct out_conf *c, struct err *e)
{
	int rc = out_base_open(out, &form, c, e);

	if (rc < 0)
		return rc;
	rc = make_room(self(*out), c, e);
	if (rc < 0)
		(void)!out_base_close(*out, NULL);
	return rc;
}

/* Whether the file with this packet would grow beyond the limit. */
static bool is_full(const struct out *o, const struct rec *r)
{
	return o->conf.limit && r->kind == REC_PACKET &&
	       o->file.end + o->tail.len + r->packet->len + SECTION_ROOM > o->conf.limit;
}

static int pcapng_put(struct out *o, const struct rec *r, struct err *e)
{
	struct pcapng *x = self(o);
	int rc = 0;

	if (is_full(o, r)) {
		rc = out_file_renew(&o->file, x->old, e);
		x->begun = false;
		x->n_ifaces = 0;
	}
	return rc < 0 ? rc : out_base_put(o, r, e);
}

const struct out_ops out_pcapng = {
	.name = "pcapng",
	.option = "--packet-capture",
	.want = BUS_WANT(REC_RUN) | BUS_WANT(REC_PACKET) | BUS_WANT(REC_END),
	.open = pcapng_open,
	.put = pcapng_put,
	.close = out_base_close,
};
