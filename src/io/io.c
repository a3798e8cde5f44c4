/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of backends. */
#include "io/io.h"

#include <string.h>

const struct io_ops *const io_backends[] = {
	&io_packet_ops,
	&io_raw_ops,
	&io_afxdp_ops,
	&io_connect_ops,
	&io_proxy_ops,
	&io_pcap_ops,
	&io_sim_ops,
	NULL,
};

const struct io_ops *io_backend_by_name(const char *name)
{
	for (const struct io_ops *const *o = io_backends; *o; o++)
		if (!strcmp((*o)->name, name))
			return *o;
	return NULL;
}

int io_send(struct io *io, struct io_tx *v, unsigned n, struct err *e)
{
	return io->ops->send(io, v, n, e);
}

int io_recv(struct io *io, struct io_rx *v, unsigned n, struct err *e)
{
	return io->ops->recv(io, v, n, e);
}

int io_wait(struct io *io, uint64_t timeout_ns)
{
	return io->ops->wait(io, timeout_ns);
}

void io_cancel(struct io *io, uint64_t id)
{
	if (io->ops->cancel)
		io->ops->cancel(io, id);
}

void io_describe(struct io *io, struct buf *b)
{
	if (io->ops->describe)
		io->ops->describe(io, b);
}

void io_close(struct io *io)
{
	if (io)
		io->ops->close(io);
}
