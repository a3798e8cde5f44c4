/* SPDX-License-Identifier: BSD-2-Clause */
/* One routing netlink socket: consistent dumps and single questions (libmnl underneath). */
#include "net/nl.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/*
 * A message carries the request's sequence number back, so an answer to an abandoned request is
 * never taken for ours. After a failure in the middle of a conversation the socket is dropped and
 * the next request opens another: what is left in its queue goes with it.
 */

/* The kernel makes dump messages as large as the reader's buffer lets it, up to 32 kB. */
#define RECV_SIZE 65536
/*
 * A machine on which interfaces come and go all the time never gives a quiet dump: the last one is
 * then taken as it is.
 */
#define DUMP_TRIES 8

struct nl {
	struct mnl_socket *sock;
	uint32_t port;
	uint32_t seq;
	uint32_t buf[RECV_SIZE / sizeof(uint32_t)];
};

struct relay {
	const struct nl_sink *sink;
	bool changed; /* the table changed while it was read */
	int code;
};

static void disconnect(struct nl *n)
{
	if (n->sock)
		mnl_socket_close(n->sock);
	n->sock = NULL;
}

static int connect_kernel(struct nl *n)
{
	int rc = 0;

	n->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!n->sock || mnl_socket_bind(n->sock, 0, MNL_SOCKET_AUTOPID) < 0)
		rc = -errno;
	if (rc < 0)
		disconnect(n);
	else
		n->port = mnl_socket_get_portid(n->sock);
	return rc;
}

int nl_open(struct nl **out, struct err *e)
{
	struct nl *n = calloc(1, sizeof(*n));
	int rc = n ? connect_kernel(n) : -ENOMEM;

	*out = NULL;
	if (rc < 0) {
		nl_close(n);
		errno = -rc;
		return err_sys(e, "cannot open a netlink socket to read interfaces and routes");
	}
	*out = n;
	return 0;
}

void nl_close(struct nl *n)
{
	if (!n)
		return;
	disconnect(n);
	free(n);
}

static int relay_message(const struct nlmsghdr *h, void *ctx)
{
	struct relay *r = ctx;

	r->code = r->sink->each(r->sink->ctx, h);
	return r->code < 0 ? MNL_CB_ERROR : MNL_CB_OK;
}

/*
 * libmnl ends the run with EINTR at a message that says so; the flag is taken off and remembered,
 * so that the rest is read.
 */
static void note_changes(struct relay *r, void *data, size_t len)
{
	struct nlmsghdr *h = data;
	int left = (int)len;

	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		r->changed |= (h->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
		h->nlmsg_flags &= (uint16_t)~NLM_F_DUMP_INTR;
	}
}

/* One datagram of the answer: 1 more to come, 0 finished, negative code. */
static int receive_some(struct nl *n, struct relay *r)
{
	ssize_t len;
	int rc;

	do
		len = mnl_socket_recvfrom(n->sock, n->buf, sizeof(n->buf));
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return -errno;
	note_changes(r, n->buf, (size_t)len);
	rc = mnl_cb_run(n->buf, (size_t)len, n->seq, n->port, relay_message, r);
	if (rc >= 0)
		return rc > 0;
	return r->code < 0 ? r->code : -errno;
}

static int send_request(struct nl *n, struct nlmsghdr *req)
{
	int rc = n->sock ? 0 : connect_kernel(n);

	if (rc < 0)
		return rc;
	req->nlmsg_seq = ++n->seq;
	return mnl_socket_sendto(n->sock, req, req->nlmsg_len) < 0 ? -errno : 0;
}

/*
 * The reader's buffer ran over, or another message than the answer was waiting: a new socket makes
 * it good.
 */
static bool is_stale(int rc)
{
	return rc == -ENOBUFS || rc == -EPROTO || rc == -ESRCH;
}

static int dump_once(struct nl *n, struct nlmsghdr *req, struct relay *r)
{
	int rc = send_request(n, req);

	r->sink->begin(r->sink->ctx);
	if (rc < 0)
		return rc;
	do
		rc = receive_some(n, r);
	while (rc > 0);
	return rc;
}

/*
 * The header behind struct nlmsghdr differs by kind; all begin with the family, and the rest is
 * zero.
 */
static struct nlmsghdr *dump_request(void *buf, uint16_t type, uint8_t family)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = type;
	if (type == RTM_GETLINK) {
		struct ifinfomsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

		m->ifi_family = family;
		mnl_attr_put_u32(h, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	} else {
		struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

		m->rtm_family = family;
	}
	return h;
}

int nl_dump(struct nl *n, uint16_t type, uint8_t family, const struct nl_sink *sink)
{
	uint32_t buf[64];

	return nl_dump_by(n, dump_request(buf, type, family), sink);
}

int nl_dump_by(struct nl *n, struct nlmsghdr *req, const struct nl_sink *sink)
{
	int rc = 0;

	req->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	for (unsigned i = 0; i < DUMP_TRIES; i++) {
		struct relay r = {.sink = sink};

		rc = dump_once(n, req, &r);
		if (rc == 0 && !r.changed)
			return 0;
		if (rc < 0)
			disconnect(n); /* the rest of the answer goes with the socket */
		if (rc < 0 && !is_stale(rc))
			break;
	}
	return rc;
}

static int ask_once(struct nl *n, struct nlmsghdr *req, struct relay *r)
{
	int rc = send_request(n, req);

	if (rc == 0)
		rc = receive_some(n, r);
	return rc > 0 ? 0 : rc;
}

int nl_ask(struct nl *n, struct nlmsghdr *req, const struct nl_sink *sink)
{
	struct relay r = {.sink = sink};
	int rc;

	req->nlmsg_flags = NLM_F_REQUEST;
	sink->begin(sink->ctx);
	rc = ask_once(n, req, &r);
	if (!is_stale(rc))
		return rc;
	disconnect(n);
	r = (struct relay){.sink = sink};
	return ask_once(n, req, &r);
}

uint8_t nl_family(const struct addr *a)
{
	switch (a->family) {
	case 4:
		return AF_INET;
	case 6:
		return AF_INET6;
	default:
		return AF_UNSPEC;
	}
}

struct addr nl_addr(const struct nlattr *attr)
{
	switch (mnl_attr_get_payload_len(attr)) {
	case 4:
		return addr_from_bytes(4, mnl_attr_get_payload(attr));
	case 16:
		return addr_from_bytes(6, mnl_attr_get_payload(attr));
	default:
		return (struct addr){0};
	}
}
