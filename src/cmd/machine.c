/* SPDX-License-Identifier: BSD-2-Clause */
/* What scan and doctor both find out about this machine. */
#include "cmd/machine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/caps.h"
#include "io/io.h"

static bool is_privileged(const struct opts *o)
{
	if (o->proxies || (o->backend && strcmp(o->backend, io_connect_ops.name) == 0))
		return false;
	if (o->privilege != PRIVILEGE_ASK)
		return o->privilege == PRIVILEGE_YES;
	return caps_raw();
}

/* DIR/name, "" when it is not there. */
static void data_file(const char *dir, const char *name, char path[4096])
{
	int n = snprintf(path, 4096, "%s/%s", dir, name);

	if (n >= 4096 || access(path, R_OK) < 0)
		path[0] = '\0';
}

static int find_data(struct machine *m, const struct opts *o, struct err *e)
{
	struct stat st;

	if (o->datadir) {
		if (stat(o->datadir, &st) < 0 || !S_ISDIR(st.st_mode))
			return err_set(e, ERR_USAGE, "--datadir %s: there is no such directory",
				o->datadir);
		data_file(o->datadir, "nmap-services", m->services_path);
		data_file(o->datadir, "nmap-mac-prefixes", m->oui_path);
		data_file(o->datadir, "sonde.xsl", m->xsl_path);
		if (!m->services_path[0] && !m->oui_path[0] && !m->xsl_path[0])
			log_say(m->log, LOG_WARN,
				"--datadir %s has neither nmap-services nor nmap-mac-prefixes nor sonde.xsl; "
				"using what is built in or installed",
				o->datadir);
	}
	if (!m->xsl_path[0])
		data_file(SONDE_DATADIR, "sonde.xsl", m->xsl_path);
	if (o->servicedb)
		snprintf(m->services_path, sizeof(m->services_path), "%s", o->servicedb);
	return 0;
}

static int open_services(struct machine *m, struct err *e)
{
	int rc = services_open(&m->services, m->services_path[0] ? m->services_path : NULL, e);

	if (rc < 0)
		e->code = ERR_USAGE; /* the user named the file */
	return rc;
}

static int open_resolver(struct machine *m, const struct opts *o, struct err *e)
{
	struct resolver_conf conf = {.servers = o->dns_servers, .system = o->system_dns};

	return resolver_open(&m->resolver, &conf, e);
}

int machine_open_data(
	struct machine *m, const struct opts *o, const struct log *log, struct err *e)
{
	int rc;

	memset(m, 0, sizeof(*m));
	m->log = log;
	rc = find_data(m, o, e);
	return rc < 0 ? rc : open_services(m, e);
}

int machine_open(struct machine *m, const struct opts *o, const struct log *log, struct err *e)
{
	int rc = machine_open_data(m, o, log, e);

	m->privileged = is_privileged(o);
	if (rc == 0 && (!o->list_only || o->interface || o->route_dst.n))
		rc = net_open(&m->net, e);
	return rc < 0 ? rc : open_resolver(m, o, e);
}

void machine_close(struct machine *m)
{
	if (m->resolver)
		resolver_free(m->resolver);
	if (m->services)
		services_free(m->services);
	if (m->net)
		net_free(m->net);
	if (m->oui)
		oui_free(m->oui);
	memset(m, 0, sizeof(*m));
}

struct oui *machine_oui(void *ctx)
{
	struct machine *m = ctx;
	struct err e = {0};

	if (!m->oui_tried && oui_open(&m->oui, m->oui_path[0] ? m->oui_path : NULL, &e) < 0)
		log_say(m->log, LOG_WARN, "vendor names are missing: %s", e.text);
	m->oui_tried = true;
	return m->oui;
}
