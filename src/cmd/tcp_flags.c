/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP flags as --scanflags takes them. */
#include "cmd/tcp_flags.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "pkt/view.h"

/* clang-format off */
static const struct {
	const char *name;
	uint8_t flags;
} names[] = {
	{ "URG", TCP_URG }, { "ACK", TCP_ACK }, { "PSH", TCP_PSH }, { "RST", TCP_RST },
	{ "SYN", TCP_SYN }, { "FIN", TCP_FIN }, { "ECE", TCP_ECE }, { "CWR", TCP_CWR },
	{ "ALL", 0xff },    { "NONE", 0 },
};
/* clang-format on */

/* The name that `text` begins with: its length, 0 = none. */
static size_t take_name(const char *text, uint8_t *flags)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len = strlen(names[i].name);

		if (strncasecmp(text, names[i].name, len) != 0)
			continue;
		*flags |= names[i].flags;
		return len;
	}
	return 0;
}

static bool take_number(const char *text, uint8_t *flags)
{
	char *end;
	bool hex = text[0] == '0' && tolower((unsigned char)text[1]) == 'x';
	unsigned long v;

	if (!isdigit((unsigned char)*text))
		return false;
	v = strtoul(text, &end, hex ? 16 : 10);
	*flags = (uint8_t)v;
	return !*end && v <= UINT8_MAX;
}

static bool take_names(const char *text, uint8_t *flags)
{
	size_t len, n = 0;

	for (;; text += len, n++) {
		text += strspn(text, ", +|-_/");
		len = take_name(text, flags);
		if (!len)
			return !*text && n;
	}
}

int tcp_flags_parse(const char *text, uint8_t *flags, struct err *e)
{
	*flags = 0;
	if (take_number(text, flags) || take_names(text, flags))
		return 0;
	return err_set(e, ERR_USAGE,
		"--scanflags %.40s: neither a number from 0 to 255 nor flags; as in SYNFIN or 0x12, of URG ACK PSH RST SYN FIN ECE CWR ALL NONE",
		text);
}
