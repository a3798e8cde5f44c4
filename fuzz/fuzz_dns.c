/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a DNS message: every question and record, and what stands in their data. */
#include <stdlib.h>
#include <string.h>

#include "pkt/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct dns_msg *m, const struct dns_rr *rr)
{
	static char name[DNS_NAME_TEXT];
	static struct dns_srv srv;
	const uint8_t *text;
	struct rd r = rr->data;
	struct addr a;
	size_t len;

	if (dns_rr_name(m, rr, name) && strlen(name) >= sizeof(name))
		abort();
	(void)dns_rr_srv(m, rr, &srv);
	(void)dns_rr_addr(rr, &a);
	while (dns_txt_next(&r, &text, &len))
		if (text + len > rr->data.p + rr->data.left)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dns_question q;
	static struct dns_rr rr;
	struct dns_msg m;
	struct dns_hdr h;

	if (!dns_open(&m, data, size, &h))
		return 0;
	while (dns_question_next(&m, &q))
		if (strlen(q.name) >= sizeof(q.name))
			abort();
	while (dns_rr_next(&m, &rr))
		look_at(&m, &rr);
	return 0;
}
