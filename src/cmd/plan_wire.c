/* SPDX-License-Identifier: BSD-2-Clause */
/* From options to what raw probes look like on the wire. */
#include "cmd/plan_wire.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/rng.h"
#include "base/str.h"
#include "pkt/ipproto.h"
#include "target/target.h"

#define FRAGMENT_STEP 8	   /* bytes of payload for each -f */
#define FRAGMENT_MIN6 24   /* RFC 8200 4.5: the first one has the whole transport header */
#define DATA_MAX      1400 /* with the longest headers they make a packet of 1,500 bytes */

struct made {
	struct plan *p;
	const struct opts *o;
	const struct plan_world *w;
	struct rng rng;
};

/* ---- addresses ------------------------------------------------------------------------------ */

/* An address of the run's family that a packet may come from, by number or by name. */
static int source_address(
	const struct made *m, const char *what, const char *text, struct addr *a, struct err *e)
{
	const struct target_lookup *l = &m->w->lookup;
	static const uint8_t none[16];
	struct addr *list = NULL;
	int rc = addr_parse(text, a);

	if (rc < 0 && l->forward) {
		rc = l->forward(l->ctx, text, m->p->family, &list, e);
		if (rc > 0)
			*a = list[0];
		free(list);
		if (rc <= 0)
			return err_set(
				e, ERR_USAGE, "%s %.80s: no address has that name", what, text);
	} else if (rc < 0) {
		return err_set(e, ERR_USAGE, "%s %.80s: not an address", what, text);
	}
	if (a->family != m->p->family)
		return err_set(e, ERR_USAGE, "%s %.80s is no IPv%u address, as the targets' are",
			what, text, m->p->family);
	if (addr_is_multicast(a) || memcmp(a->b, none, sizeof(none)) == 0)
		return err_set(
			e, ERR_USAGE, "%s %.80s: no packet may come from that address", what, text);
	return 0;
}

static int add_random_decoys(struct made *m, const char *word, struct err *e)
{
	struct plan_wire *x = &m->p->wire;
	uint64_t n = 1;

	if (word[3] && (word[3] != ':' || str_u64(word + 4, 1, DECOYS_MAX, &n) < 0))
		return err_set(e, ERR_USAGE, "-D %.40s: write RND:N with N from 1 to %d", word,
			DECOYS_MAX);
	for (; n && x->n_decoys < DECOYS_MAX; n--)
		x->decoys[x->n_decoys++] = target_random(&m->rng, m->p->family);
	return n ? err_set(e, ERR_USAGE, "-D: more than %d decoys", DECOYS_MAX) : 0;
}

static int add_decoy(struct made *m, const char *word, bool *has_me, struct err *e)
{
	struct plan_wire *x = &m->p->wire;
	int rc;

	if (strcasecmp(word, "ME") == 0) {
		if (*has_me)
			return err_set(e, ERR_USAGE, "-D: ME can stand there only once");
		*has_me = true;
		x->me = x->n_decoys;
		return 0;
	}
	if (strncasecmp(word, "RND", 3) == 0 && (!word[3] || word[3] == ':'))
		return add_random_decoys(m, word, e);
	if (!*word)
		return err_set(e, ERR_USAGE, "-D: a decoy is missing between commas");
	if (x->n_decoys == DECOYS_MAX)
		return err_set(e, ERR_USAGE, "-D: more than %d decoys", DECOYS_MAX);
	rc = source_address(m, "-D", word, &x->decoys[x->n_decoys], e);
	x->n_decoys += rc == 0;
	return rc;
}

static int make_decoys(struct made *m, struct err *e)
{
	char *list = m->o->decoys ? strdup(m->o->decoys) : NULL;
	char *next = list;
	bool has_me = false;
	int rc = 0;

	if (!m->o->decoys)
		return 0;
	if (!list)
		return err_set(e, -ENOMEM, "out of memory");
	for (char *word; rc == 0 && (word = strsep(&next, ","));)
		rc = add_decoy(m, word, &has_me, e);
	free(list);
	if (!has_me)
		m->p->wire.me = (unsigned)rng_below(&m->rng, m->p->wire.n_decoys + 1);
	return rc;
}

static bool is_ours(const struct net *net, const struct addr *a)
{
	size_t n = 0;
	const struct net_addr *v = net ? net_addrs(net, &n) : NULL;

	for (size_t i = 0; i < n; i++)
		if (memcmp(v[i].addr.b, a->b, sizeof(a->b)) == 0)
			return true;
	return false;
}

static int make_source(struct made *m, struct err *e)
{
	struct addr *a = &m->p->wire.source;
	int rc = m->o->source ? source_address(m, "-S", m->o->source, a, e) : 0;
	char text[ADDR_TEXT_MAX];

	if (!m->o->source || rc < 0)
		return rc;
	if (!is_ours(m->w->net, a) && !addr_is_loopback(a))
		log_say(m->w->log, LOG_WARN,
			"answers go to %s, which is no address of this machine: what does not come by here looks filtered, and without -Pn hosts look down",
			addr_text(a, text));
	return 0;
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The byte of two digits, -1 when they are none. */
static int hex_byte(const char *s)
{
	int high = hex_digit(s[0]), low = high < 0 ? -1 : hex_digit(s[1]);

	return low < 0 ? -1 : high << 4 | low;
}

/* A prefix of a hardware address, bytes with or without something between them; its length, or -1.
 */
static int mac_bytes(const char *s, struct mac *mac)
{
	int n = 0, byte;

	while (*s) {
		s += n && strchr(":-.", *s);
		byte = hex_byte(s);
		if (byte < 0 || n == 6)
			return -1;
		mac->b[n++] = (uint8_t)byte;
		s += 2;
	}
	return n;
}

static int vendor_block(const struct made *m, const char *name, struct mac *mac, struct err *e)
{
	const struct oui *table = m->w->oui ? m->w->oui(m->w->oui_ctx) : NULL;
	unsigned bits = table ? oui_block(table, name, mac) : 0;

	if (!bits)
		err_set(e, ERR_USAGE,
			"--spoof-mac %.40s: neither 0, nor hexadecimal bytes as in 00:0c:29, nor a part of a vendor's name in %s",
			name, table && oui_count(table) ? oui_source(table) : "any list here");
	return (int)bits;
}

/* Chance completes what is not given. */
static int make_mac(struct made *m, struct err *e)
{
	struct plan_wire *x = &m->p->wire;
	const char *text = m->o->spoof_mac;
	char shown[MAC_TEXT_MAX];
	uint64_t chance = rng_u64(&m->rng);
	struct mac given = {{0}};
	int bits;

	if (!text)
		return 0;
	if (strcmp(text, "0") == 0) {
		given.b[0] = 2 | (chance & 0xfc); /* administered locally, no group */
		bits = 8;
	} else {
		bits = 8 * mac_bytes(text, &given);
	}
	if (bits < 0)
		bits = vendor_block(m, text, &given, e);
	if (bits <= 0)
		return ERR_USAGE;
	if (given.b[0] & 1)
		return err_set(e, ERR_USAGE,
			"--spoof-mac %.40s is the address of a group, from which no frame may come",
			text);
	for (int i = 0; i < 6; i++) {
		int chosen = bits > 8 * i ? bits - 8 * i : 0; /* bits of this byte */

		x->mac.b[i] = given.b[i] | (chosen < 8 ? chance >> 8 * i & 0xff >> chosen : 0);
	}
	x->has_mac = true;
	log_say(m->w->log, LOG_INFO, "frames leave from %s", mac_text(&x->mac, shown));
	return 0;
}

/* "0xAABB", "AABB" or "\xAA\xBB". */
static int put_hex(struct plan_wire *x, const char *text)
{
	bool each = strncmp(text, "\\x", 2) == 0;
	int byte;

	text += strncasecmp(text, "0x", 2) == 0 ? 2 : 0;
	do {
		if (each && strncmp(text, "\\x", 2) != 0)
			return ERR_PARSE;
		text += each ? 2 : 0;
		byte = hex_byte(text);
		if (byte < 0 || x->data_len == DATA_MAX)
			return ERR_PARSE;
		x->data[x->data_len++] = (uint8_t)byte;
		text += 2;
	} while (*text);
	return 0;
}

static int make_data(struct made *m, struct err *e)
{
	const struct opts *o = m->o;
	struct plan_wire *x = &m->p->wire;

	if (!o->data && !o->data_string && o->data_length == OPT_UNSET)
		return 0;
	x->data = malloc(DATA_MAX);
	if (!x->data)
		return err_set(e, -ENOMEM, "out of memory");
	if (o->data && put_hex(x, o->data) < 0)
		return err_set(e, ERR_USAGE,
			"--data %.40s: not 1 to %d bytes in hexadecimal, as in 0xAABB, AABB or \\xAA\\xBB",
			o->data, DATA_MAX);
	if (o->data_string) {
		x->data_len = strlen(o->data_string);
		if (x->data_len > DATA_MAX)
			return err_set(e, ERR_USAGE,
				"--data-string: %zu bytes are more than the %d that fit a packet",
				x->data_len, DATA_MAX);
		memcpy(x->data, o->data_string, x->data_len);
	}
	if (o->data_length != OPT_UNSET)
		x->data_len = o->data_length;
	for (size_t i = 0; o->data_length != OPT_UNSET && i < x->data_len; i++)
		x->data[i] = (uint8_t)rng_u64(&m->rng);
	return 0;
}

/* ---- fields --------------------------------------------------------------------------------- */

static int make_fragments(struct made *m, struct err *e)
{
	const struct opts *o = m->o;
	unsigned mtu =
		o->mtu != OPT_UNSET ? (unsigned)o->mtu : FRAGMENT_STEP * (unsigned)o->fragments;

	if (mtu % 8)
		return err_set(e, ERR_USAGE,
			"--mtu %u: fragments are cut at multiples of 8 bytes (RFC 791 3.2)", mtu);
	if (mtu && mtu < FRAGMENT_MIN6 && m->p->family == 6)
		return err_set(e, ERR_USAGE,
			"%s with -6: the first fragment must hold the whole TCP header (RFC 8200 4.5), "
			"and hosts drop those of %u bytes; use --mtu %d or more",
			o->fragments ? "-f" : "--mtu", mtu, FRAGMENT_MIN6);
	m->p->wire.mtu = (uint16_t)mtu;
	return 0;
}

static int make_ip_options(struct made *m, struct err *e)
{
	const char *text = m->o->ip_options;

	if (!text)
		return 0;
	if (m->p->family == 6)
		return err_set(e, ERR_USAGE, "--ip-options are IPv4's; leave them or -6 out");
	if (ipopt_parse(text, &m->p->wire.ip_options, e) < 0) {
		err_prefix(e, "--ip-options %.60s", text);
		return ERR_USAGE;
	}
	return 0;
}

static bool has_number(const struct port_list *l, uint16_t number)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (l->ports[i] == number)
			return true;
	return false;
}

static int make_sums(struct made *m, struct err *e)
{
	const struct plan *p = m->p;
	bool sctp = p->ports.of[PORTS_SCTP].n || p->ping_sctp.n ||
		    has_number(&p->ports.of[PORTS_IP], IP_SCTP) ||
		    has_number(&p->ping_proto, IP_SCTP);

	m->p->wire.badsum = m->o->badsum;
	m->p->wire.adler32 = m->o->adler32;
	if (m->o->adler32 && !sctp)
		return err_set(e, ERR_USAGE,
			"--adler32 is a checksum of SCTP, which this scan does not send; use -sY, -sZ or -PY, or leave it out");
	return 0;
}

int plan_wire(struct plan *p, const struct opts *o, const struct plan_world *w, struct err *e)
{
	static int (*const steps[])(struct made *, struct err *) = {make_fragments, make_decoys,
		make_source, make_mac, make_data, make_ip_options, make_sums};
	struct made m = {.p = p, .o = o, .w = w};
	int rc = 0;

	rng_seed(&m.rng, ~p->seed); /* not the engine's own sequence */
	p->wire.ttl_set = o->ttl != OPT_UNSET;
	p->wire.ttl = p->wire.ttl_set ? (uint8_t)o->ttl : 0;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && rc == 0; i++)
		rc = steps[i](&m, e);
	return rc;
}
