/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sends one frame many times by live frames (BPF_F_TEST_XDP_LIVE_FRAMES) and says what that took.
 *
 *	livelimit INTERFACE DESTINATION-MAC COUNT BATCH
 *
 * prints one line: frames, seconds in the call, seconds of CPU.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "livelimit.skel.h"

/* A SYN of 10.255.255.1 to 10.0.0.1 port 80; sums are of no account to a peer that drops. */
static const unsigned char syn[] = {8, 0, 0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 255, 255,
	1, 10, 0, 0, 1, 0x80, 0, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 4, 0};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
	       (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static int fail(const char *what)
{
	fprintf(stderr, "livelimit: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	struct livelimit_bpf *b = livelimit_bpf__open();
	unsigned char frame[64] = {0}, *mac;
	struct xdp_md md = {.data_end = 56};
	double wall, busy;
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame, .data_size_in = 56, .ctx_in = &md,
		.ctx_size_in = sizeof(md), .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	if (argc != 5 || !b)
		return fail("usage: livelimit INTERFACE DESTINATION-MAC COUNT BATCH");
	mac = (unsigned char *)b->rodata->frame;
	if (sscanf(argv[2], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3,
		    mac + 4, mac + 5) != 6)
		return fail(argv[2]);
	memcpy(mac + 12, syn, sizeof(syn));
	*(unsigned *)&b->rodata->ifindex = if_nametoindex(argv[1]);
	o.repeat = atoi(argv[3]);
	o.batch_size = (unsigned)atoi(argv[4]);
	if (!b->rodata->ifindex || livelimit_bpf__load(b))
		return fail(argv[1]);
	wall = now();
	busy = cpu();
	if (bpf_prog_test_run_opts(bpf_program__fd(b->progs.send_one), &o))
		return fail("live frames");
	printf("%llu %.6f %.6f\n", (unsigned long long)b->bss->made, now() - wall, cpu() - busy);
	livelimit_bpf__destroy(b);
	return 0;
}
