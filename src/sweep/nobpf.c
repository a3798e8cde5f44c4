/* SPDX-License-Identifier: BSD-2-Clause */
/* Stands in for the kernel's half until that lands: weak, so that it gives way to it. */
#include "bpfobj/sweep_bpf.h"

#define WEAK __attribute__((weak))

WEAK int sweep_bpf_probe(bool live, struct err *e)
{
	return err_set(e, ERR_UNSUPPORTED, "it is not built in");
}

WEAK int sweep_bpf_open(struct sweep_bpf **out, const struct sweep_bpf_conf *c, struct err *e)
{
	return err_set(e, ERR_UNSUPPORTED, "it is not built in");
}

WEAK int sweep_bpf_attach(struct sweep_bpf *b, const char **how, struct err *e)
{
	return err_set(e, ERR_UNSUPPORTED, "it is not built in");
}

WEAK int sweep_bpf_path(struct sweep_bpf *b, const struct addr *next_hop, struct err *e)
{
	return err_set(e, ERR_UNSUPPORTED, "it is not built in");
}

WEAK struct sweep_ctl *sweep_bpf_ctl(struct sweep_bpf *b, unsigned sender)
{
	return 0;
}

WEAK int sweep_bpf_transmit(struct sweep_bpf *b, unsigned sender, struct err *e)
{
	return err_set(e, ERR_UNSUPPORTED, "it is not built in");
}

WEAK int sweep_bpf_poll(struct sweep_bpf *b, struct sweep_hit *v, unsigned n, int timeout_ms)
{
	return 0;
}

WEAK void sweep_bpf_counts(struct sweep_bpf *b, struct sweep_counts *out)
{
}

WEAK void sweep_bpf_close(struct sweep_bpf *b)
{
}
