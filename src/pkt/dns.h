/* SPDX-License-Identifier: BSD-2-Clause */
/* DNS messages (RFC 1035, 2782, 3596): queries out, answers in. */
#pragma once

#include "base/addr.h"
#include "pkt/rd.h"
#include "pkt/wr.h"

#define DNS_HDR		 12
#define DNS_NAME_TEXT	 1020 /* a name of 255 bytes with every byte escaped as \DDD, and NUL */
#define DNS_REVERSE_TEXT 80   /* the longest name of dns_reverse_name, and NUL */

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33
};
enum dns_class { DNS_IN = 1, DNS_CH = 3 };
enum dns_flag {
	DNS_QR = 0x8000,
	DNS_AA = 0x0400,
	DNS_TC = 0x0200,
	DNS_RD = 0x0100,
	DNS_RA = 0x0080,
	DNS_RCODE = 0x000f
};
enum dns_section { DNS_QUESTION, DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL };

struct dns_hdr {
	uint16_t id, flags; /* DNS_ flags; flags & DNS_RCODE is the response code */
	uint16_t n[4];	    /* entries in each section, as claimed */
};

/* A message being read: `all` stays, because names point back into it. */
struct dns_msg {
	struct rd all, at;
	uint16_t left[4]; /* entries not yet read */
};

struct dns_question {
	char name[DNS_NAME_TEXT];
	uint16_t type, class;
};

struct dns_rr {
	char name[DNS_NAME_TEXT];
	enum dns_section section;
	uint16_t type, class; /* as received: mDNS sets the top bit of class (RFC 6762 10.2) */
	uint32_t ttl;	      /* seconds */
	struct rd data;	      /* rdata, borrowed */
};

struct dns_srv {
	uint16_t priority, weight, port;
	char target[DNS_NAME_TEXT];
};

/* Reads the header of a whole message and sets *m up for the entries. False: cut off. */
bool dns_open(struct dns_msg *m, const void *data, size_t len, struct dns_hdr *h);
/* The next question; false when all were read or the message is malformed (then m->at.ok is false).
 */
bool dns_question_next(struct dns_msg *m, struct dns_question *q);
/* The next record of answer, authority and additional section; questions not yet read are passed
 * over. False: as above. */
bool dns_rr_next(struct dns_msg *m, struct dns_rr *rr);
/* The name in the data of a PTR, CNAME or NS record, as text. */
bool dns_rr_name(const struct dns_msg *m, const struct dns_rr *rr, char text[DNS_NAME_TEXT]);
/* The address of an A or AAAA record of class IN. */
bool dns_rr_addr(const struct dns_rr *rr, struct addr *out);
bool dns_rr_srv(const struct dns_msg *m, const struct dns_rr *rr, struct dns_srv *srv);
/* The next string of a TXT record, from a copy of rr->data; borrowed bytes, any bytes. False at the
 * end or at a length beyond it (then r->ok is false). */
bool dns_txt_next(struct rd *r, const uint8_t **text, size_t *len);
/*
 * Reads a name at the cursor: dotted text without the final dot ("." for the root), dots and
 * unprintable bytes inside labels as \DDD (RFC 1035 5.1). A compression pointer must point before
 * the place where the labels it ends began, so every chain ends (RFC 1035 4.1.4: a prior
 * occurrence). False: cut off, longer than 255 bytes, a label type that does not exist, or a
 * pointer that does not go back.
 */
bool dns_name_read(const struct dns_msg *m, struct rd *r, char text[DNS_NAME_TEXT]);
/* Writes dotted text (no escapes) as labels; a label that is empty or longer than 63, or a name
 * longer than 255 bytes, fails w. "" and "." are the root. */
void dns_name_write(struct wr *w, const char *name);
/* A query with one question and recursion desired; returns its length, 0 when it does not fit or
 * the name is not one. */
size_t dns_query(uint8_t *buf, size_t cap, uint16_t id, const char *name, enum dns_type type);
/* The name that holds the PTR record of an address (RFC 1035 3.5, RFC 3596 2.5); returns text. */
const char *dns_reverse_name(const struct addr *a, char text[DNS_REVERSE_TEXT]);
