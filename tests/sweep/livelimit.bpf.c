/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The least a sender by live frames can do: the same minimum-size SYN, again and again. */
#include <linux/bpf.h>

#include <stdint.h>

#include <bpf/bpf_helpers.h>

const volatile uint32_t ifindex;
const volatile uint8_t frame[56];
uint64_t made;

SEC("xdp")
int send_one(struct xdp_md *ctx)
{
	uint64_t *to = (void *)(long)ctx->data;
	const volatile uint64_t *from = (const volatile uint64_t *)frame;

	if ((void *)(to + 7) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	for (int i = 0; i < 7; i++)
		to[i] = from[i];
	made++;
	return bpf_redirect(ifindex, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
