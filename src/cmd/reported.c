/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a report says has been scanned.
 *
 *	# Nmap 7.93 scan initiated DATE as: COMMAND
 *	Nmap scan report for NAME (ADDRESS)		-oN: a host, until the next, "#" or the end
 *	Host: ADDRESS (NAME)	Status: Up		-oG: likewise, by lines of one address
 *	# Nmap done at DATE ...
 *
 * A host counts as finished when something else follows its report, or when that is whole: ended by
 * an empty line (-oN) or with its ports (-oG). A host that our report calls interrupted does not. A
 * file may hold several runs: the last counts, together with those before it that it resumes.
 */
#include "cmd/reported.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MARK_RUN    " scan initiated "
#define MARK_ARGS   " as: "
#define MARK_DONE   " done at "
#define MARK_HOST   " scan report for "
#define MARK_HOST_G "Host: "

int reported_init(struct reported *r)
{
	memset(r, 0, sizeof(*r));
	r->past = past_new();
	return r->past ? 0 : -ENOMEM;
}

void reported_free(struct reported *r)
{
	past_free(r->past);
	free(r->command);
}

/* The report of the host in work is over. */
static int host_over(struct reported *r)
{
	struct addr a = r->addr;

	r->addr.family = 0;
	return a.family && !r->partial ? past_add(r->past, &a, r->state) : 0;
}

static void host_begins(struct reported *r, const struct addr *a, enum host_state state)
{
	r->addr = *a;
	r->state = state;
	r->partial = r->whole = false;
	r->keep = r->at;
}

/* "# Nmap 7.93 scan initiated Sat ... as: nmap -p80 10.0.0.0/24" */
static int run_line(struct reported *r, const char *args)
{
	bool same = r->command && !r->complete && strcmp(r->command, args) == 0;

	r->complete = false;
	if (same)
		return 0;
	past_free(r->past);
	free(r->command);
	r->past = past_new();
	r->command = strdup(args);
	return r->past && r->command ? 0 : -ENOMEM;
}

static int comment(struct reported *r, const char *line)
{
	const char *args = strstr(line, MARK_RUN) ? strstr(line, MARK_ARGS) : NULL;
	int rc = host_over(r);

	if (rc == 0 && args)
		rc = run_line(r, args + strlen(MARK_ARGS));
	else if (strstr(line, MARK_DONE))
		r->complete = true;
	return rc;
}

/* "10.0.0.1", "name (10.0.0.1)", either with " [host down, ...]" behind it. */
static bool address(const char *text, struct addr *a)
{
	char one[ADDR_TEXT_MAX];
	const char *end = strstr(text, " [host"), *from;
	size_t len;

	if (!end)
		end = text + strlen(text);
	for (from = end; from > text && from[-1] != '(' && from[-1] != ' '; from--)
		;
	len = (size_t)(end - from);
	if (from > text && from[-1] == '(' && len && from[len - 1] == ')')
		len--;
	if (len >= sizeof(one))
		return false;
	memcpy(one, from, len);
	one[len] = '\0';
	return addr_parse(one, a) == 0;
}

static int normal_host(struct reported *r, const char *text)
{
	bool down = strstr(text, " [host down") != NULL;
	struct addr a;
	int rc = host_over(r);

	if (rc < 0 || !address(text, &a))
		return rc;
	host_begins(r, &a, down ? HOST_DOWN : HOST_UP);
	r->whole = down;
	return 0;
}

static int grepable_host(struct reported *r, const char *text)
{
	char one[ADDR_TEXT_MAX];
	size_t len = strcspn(text, " ");
	struct addr a;
	int rc = 0;

	if (len >= sizeof(one))
		return 0;
	memcpy(one, text, len);
	one[len] = '\0';
	if (addr_parse(one, &a) < 0)
		return 0;
	if (!addr_eq(&a, &r->addr)) {
		rc = host_over(r);
		host_begins(r, &a, strstr(text, "Status: Down") ? HOST_DOWN : HOST_UP);
	}
	r->partial |= strstr(text, "Status: Interrupted") != NULL;
	r->whole =
		r->state == HOST_DOWN || strstr(text, "\tPorts: ") || strstr(text, "\tProtocols: ");
	return rc;
}

static int classify(struct reported *r, const char *line)
{
	const char *blank = strchr(line, ' ');

	if (line[0] == '#')
		return comment(r, line);
	if (strncmp(line, MARK_HOST_G, strlen(MARK_HOST_G)) == 0)
		return grepable_host(r, line + strlen(MARK_HOST_G));
	if (blank && strncmp(blank, MARK_HOST, strlen(MARK_HOST)) == 0)
		return normal_host(r, blank + strlen(MARK_HOST));
	if (strncmp(line, "Interrupted: ", strlen("Interrupted: ")) == 0)
		r->partial = true;
	r->whole = line[0] == '\0';
	return 0;
}

int reported_line(struct reported *r, const char *line, size_t len)
{
	char *text;
	int rc = 0;

	if (len && line[len - 1] == '\n') {
		text = strndup(line, len - 1);
		rc = text ? classify(r, text) : -ENOMEM;
		free(text);
	} else {
		r->whole = false; /* a line that is torn says nothing */
	}
	r->at += len;
	if (!r->addr.family && len && line[len - 1] == '\n')
		r->keep = r->at;
	return rc;
}

int reported_end(struct reported *r)
{
	if (r->addr.family && !r->whole)
		return 0; /* r->keep is where its report begins */
	r->keep = r->addr.family ? r->at : r->keep;
	return host_over(r);
}
