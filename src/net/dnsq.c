/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions to DNS servers by c-ares. */
#include "net/dnsq.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/str.h"
#include "net/ptr.h"
#include "net/resolve.h"

#define MAX_SERVERS 16u

struct dnsq {
	ares_channel channel;
	struct pollfd *fds; /* c-ares tells of each socket what it waits for */
	size_t n_fds, cap_fds;
	uint64_t limit_ns; /* of a blocking look-up */
};

struct ptr_question {
	dnsq_fn fn;
	void *ctx;
};

struct forward {
	struct addr_list *out;
	unsigned family;
	int status;
	int rc;
	bool done;
};

static void watch(struct dnsq *d, int fd, short events)
{
	size_t i = 0;

	while (i < d->n_fds && d->fds[i].fd != fd)
		i++;
	if (!events) {
		if (i < d->n_fds)
			d->fds[i] = d->fds[--d->n_fds];
		return;
	}
	if (i == d->cap_fds) {
		size_t cap = d->cap_fds ? d->cap_fds * 2 : 8;
		struct pollfd *fds = reallocarray(d->fds, cap, sizeof(*fds));

		if (!fds)
			return; /* its questions then time out */
		d->fds = fds;
		d->cap_fds = cap;
	}
	d->fds[i] = (struct pollfd){.fd = fd, .events = events};
	d->n_fds += i == d->n_fds;
}

static void on_socket(void *ctx, ares_socket_t fd, int readable, int writable)
{
	watch(ctx, fd, (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0)));
}

/*
 * "10.0.0.1", "10.0.0.1:53", "fd00::1", "[fd00::1]", "[fd00::1]:53"; a port of 0 = the usual one.
 */
static int parse_server(const char *text, size_t len, struct ares_addr_port_node *out)
{
	char copy[ADDR_TEXT_MAX + 8], *host = copy, *port = NULL, *end;
	struct addr a;
	uint64_t number = 0;

	if (len >= sizeof(copy))
		return ERR_PARSE;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (copy[0] == '[') {
		host++;
		end = strchr(host, ']');
		if (!end || (end[1] && end[1] != ':'))
			return ERR_PARSE;
		port = end[1] ? end + 2 : NULL;
		*end = '\0';
	} else if (strchr(copy, ':') && strchr(copy, ':') == strrchr(copy, ':')) {
		port = strchr(copy, ':') + 1;
		port[-1] = '\0';
	}
	if (addr_parse(host, &a) != 0 || a.zone || (copy[0] == '[' && a.family != 6))
		return ERR_PARSE;
	if (port && str_u64(port, 1, 65535, &number) != 0)
		return ERR_PARSE;
	*out = (struct ares_addr_port_node){.family = a.family == 4 ? AF_INET : AF_INET6,
		.udp_port = (int)number,
		.tcp_port = (int)number};
	memcpy(&out->addr, a.b, addr_len(&a));
	return 0;
}

/* The list is given to c-ares, which copies it. */
static int set_servers(struct dnsq *d, const char *text, struct err *e)
{
	struct ares_addr_port_node *nodes = calloc(MAX_SERVERS, sizeof(*nodes));
	size_t n = 0;
	int rc = nodes ? 0 : -ENOMEM;

	for (const char *at = text; rc == 0; n++) {
		size_t len;

		at += strspn(at, " ");
		len = strcspn(at, ",");
		while (len && at[len - 1] == ' ')
			len--;
		rc = n < MAX_SERVERS ? parse_server(at, len, &nodes[n]) : ERR_PARSE;
		if (rc < 0)
			err_set(e, ERR_USAGE,
				"DNS server \"%.*s\" is not an address, with or without a port, or "
				"is more than the %uth: write 10.0.0.1, 10.0.0.1:53, fd00::1 or "
				"[fd00::1]:53",
				(int)len, at, MAX_SERVERS);
		if (n && rc == 0)
			nodes[n - 1].next = &nodes[n];
		at += len + strspn(at + len, " ");
		if (*at == '\0')
			break;
		at += *at == ',';
	}
	if (rc == 0 && ares_set_servers_ports(d->channel, nodes) != ARES_SUCCESS)
		rc = -ENOMEM;
	if (rc == -ENOMEM)
		err_set(e, rc, "no memory for the list of DNS servers");
	free(nodes);
	return rc == ERR_PARSE ? ERR_USAGE : rc;
}

static unsigned count_servers(struct dnsq *d)
{
	struct ares_addr_port_node *list = NULL;
	unsigned n = 0;

	if (ares_get_servers_ports(d->channel, &list) != ARES_SUCCESS)
		return 1;
	for (const struct ares_addr_port_node *s = list; s; s = s->next)
		n++;
	ares_free_data(list);
	return n ? n : 1;
}

static int init_channel(struct dnsq *d, const struct resolver_conf *c, struct err *e)
{
	char lookups[] = "fb"; /* the hosts file, then DNS */
	uint64_t timeout_ns = c->timeout_ns ? c->timeout_ns : 2 * NS_PER_S;
	struct ares_options o = {
		.timeout = (int)((timeout_ns + NS_PER_MS - 1) / NS_PER_MS),
		.tries = c->tries ? (int)c->tries : 2,
		.lookups = lookups,
		.flags = ARES_FLAG_IGNTC, /* what a cut answer has is enough for a name; TCP to a
					     server that refuses it would end every query on its way
					   */
		.sock_state_cb = on_socket,
		.sock_state_cb_data = d,
	};
	int status = ares_init_options(&d->channel, &o,
		ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
			ARES_OPT_SOCK_STATE_CB);
	int rc = 0;

	if (status != ARES_SUCCESS) {
		d->channel = NULL;
		return err_set(e, -EIO, "cannot prepare for DNS: %s", ares_strerror(status));
	}
	if (c->servers)
		rc = set_servers(d, c->servers, e);
	d->limit_ns = timeout_ns * (unsigned)o.tries * count_servers(d);
	return rc;
}

int dnsq_open(struct dnsq **out, const struct resolver_conf *c, struct err *e)
{
	struct dnsq *d = calloc(1, sizeof(*d));
	int rc;

	*out = NULL;
	if (!d || ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		free(d);
		return err_set(e, -ENOMEM, "no memory to prepare for DNS");
	}
	rc = init_channel(d, c, e);
	if (rc < 0)
		dnsq_close(d);
	else
		*out = d;
	return rc;
}

void dnsq_close(struct dnsq *d)
{
	if (!d)
		return;
	if (d->channel)
		ares_destroy(d->channel);
	ares_library_cleanup();
	free(d->fds);
	free(d);
}

static void on_ptr(void *ctx, int status, int timeouts, unsigned char *answer, int len)
{
	struct ptr_question *q = ctx;
	char *name = NULL;

	if (status == ARES_SUCCESS && len > 0)
		name = ptr_find(answer, (size_t)len);
	q->fn(q->ctx, name);
	ares_free_string(name);
	free(q);
}

void dnsq_ptr(struct dnsq *d, const struct addr *a, dnsq_fn fn, void *ctx)
{
	char name[PTR_NAME_MAX];
	struct ptr_question *q = malloc(sizeof(*q));

	if (!q) {
		fn(ctx, NULL);
		return;
	}
	*q = (struct ptr_question){fn, ctx};
	ares_query(d->channel, ptr_name(a, name), ns_c_in, ns_t_ptr, on_ptr, q);
}

static struct addr addr_of(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof(in));
		return addr_from_bytes(4, (const uint8_t *)&in.sin_addr);
	}
	if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof(in6));
		return addr_from_bytes(6, (const uint8_t *)&in6.sin6_addr);
	}
	return (struct addr){0};
}

static void on_addresses(void *ctx, int status, int timeouts, struct ares_addrinfo *answer)
{
	struct forward *f = ctx;

	f->status = status;
	f->done = true;
	for (struct ares_addrinfo_node *n = answer ? answer->nodes : NULL; n && f->rc == 0;
		n = n->ai_next) {
		struct addr a = addr_of(n->ai_addr);

		f->rc = addr_list_add(f->out, f->family, &a);
	}
	ares_freeaddrinfo(answer);
}

static int wait_for(struct dnsq *d, struct forward *f)
{
	uint64_t end = clock_now(clock_real()) + d->limit_ns;

	while (!f->done) {
		uint64_t now = clock_now(clock_real()), wait_ns = dnsq_timeout_ns(d);

		if (now >= end) {
			ares_cancel(d->channel);
			f->status = ARES_ETIMEOUT;
			break;
		}
		wait_ns = wait_ns < end - now ? wait_ns : end - now;
		if (poll(d->fds, (nfds_t)d->n_fds, (int)(wait_ns / NS_PER_MS) + 1) < 0 &&
			errno != EINTR)
			return -errno;
		dnsq_step(d);
	}
	return 0;
}

static const char *why(int status)
{
	switch (status) {
	case ARES_ENOTFOUND:
		return "there is no such name";
	case ARES_ENODATA:
		return "the name has no address of this kind";
	case ARES_ETIMEOUT:
		return "no DNS server answered in time";
	case ARES_ECONNREFUSED: /* c-ares 1.18 also calls SERVFAIL and REFUSED of every server so */
		return "no DNS server can be reached, or all of them failed or refused";
	case ARES_ESERVFAIL:
		return "the DNS server failed (SERVFAIL)";
	case ARES_EREFUSED:
		return "the DNS server refused";
	default:
		return ares_strerror(status);
	}
}

int dnsq_forward(
	struct dnsq *d, const char *name, unsigned family, struct addr_list *out, struct err *e)
{
	struct ares_addrinfo_hints hints = {
		.ai_flags = ARES_AI_NOSORT,
		.ai_family = family == 4   ? AF_INET
			     : family == 6 ? AF_INET6
					   : AF_UNSPEC,
	};
	struct forward f = {.out = out, .family = family};
	int rc;

	ares_getaddrinfo(d->channel, name, NULL, &hints, on_addresses, &f);
	rc = wait_for(d, &f);
	if (!f.done)
		ares_cancel(d->channel);
	if (rc < 0 || f.rc < 0) {
		errno = rc < 0 ? -rc : -f.rc;
		return err_sys(e, "cannot resolve \"%s\"", name);
	}
	if (f.status == ARES_SUCCESS && out->n == 0)
		f.status = ARES_ENODATA;
	if (f.status != ARES_SUCCESS)
		return err_set(e, ERR_RESOLVE, "cannot resolve \"%s\": %s", name, why(f.status));
	return 0;
}

size_t dnsq_fds(const struct dnsq *d, struct pollfd *fds, size_t max)
{
	size_t n = d->n_fds < max ? d->n_fds : max;

	if (n)
		memcpy(fds, d->fds, n * sizeof(*fds));
	return n;
}

uint64_t dnsq_timeout_ns(const struct dnsq *d)
{
	struct timeval tv;

	if (!ares_timeout(d->channel, NULL, &tv))
		return UINT64_MAX;
	return (uint64_t)tv.tv_sec * NS_PER_S + (uint64_t)tv.tv_usec * NS_PER_US;
}

/* c-ares has one UDP and perhaps one TCP socket a server, and a few more while it replaces one. */
#define MAX_SOCKETS (4 * MAX_SERVERS)

/*
 * Sockets may be opened and closed by what one of them brings: each is looked up again before it is
 * served.
 */
static void serve(struct dnsq *d, int fd)
{
	struct pollfd p = {.fd = -1};

	for (size_t i = 0; i < d->n_fds; i++)
		if (d->fds[i].fd == fd)
			p = d->fds[i];
	if (p.fd < 0 || poll(&p, 1, 0) <= 0)
		return;
	ares_process_fd(d->channel, p.revents & ~POLLOUT ? fd : ARES_SOCKET_BAD,
		p.revents & POLLOUT ? fd : ARES_SOCKET_BAD);
}

void dnsq_step(struct dnsq *d)
{
	int fds[MAX_SOCKETS];
	size_t n = 0;

	for (; n < d->n_fds && n < MAX_SOCKETS; n++)
		fds[n] = d->fds[n].fd;
	for (size_t i = 0; i < n; i++)
		serve(d, fds[i]);
	ares_process_fd(d->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}
