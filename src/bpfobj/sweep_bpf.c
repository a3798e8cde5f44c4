/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads, feeds, runs and reads the programs of bpf/sweep_xdp.bpf.c. */
#include "bpfobj/sweep_bpf.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/be.h"
#include "pkt/build.h"
#include "sweep_xdp.skel.h"

#define RING_BYTES (16u << 20)
#define BATCH	   16 /* frames that a live run hands to the driver at once: a veth's ring has 256 */
#define TICK_NS	   1000000
#define PATH_TRIES 4
#define PATH_TICKS 250 /* of TICK_NS, after each */

/*
 * A live run goes on until its number of frames is made, and each takes some 25 ms to return: so
 * there is one long run a sender. It ends early by a signal only; the watcher, a thread that looks
 * at the control blocks each millisecond while somebody transmits, sends it.
 */
struct sender {
	pthread_t thread;
	bool running; /* under the lock */
};

struct sweep_bpf {
	struct sweep_xdp_bpf *skel;
	struct sweep_job job;
	uint32_t frame_len;
	unsigned n_senders;
	uint8_t link[SWEEP_LINK_MAX]; /* the link header of the probes */
	int link_fd;
	struct ring_buffer *ring;
	struct harvest *harvest; /* of the poll under way */
	pthread_mutex_t lock;
	pthread_t watcher;
	bool watching, closing;
	struct sender senders[SWEEP_SENDERS];
};

/* What a poll has taken so far. */
struct harvest {
	struct sweep_hit *v;
	unsigned n, got;
};

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = TICK_NS}, NULL);
}

/* libbpf says on stderr what we say in our errors. */
static int silent(enum libbpf_print_level level, const char *fmt, va_list args)
{
	return 0;
}

/* Of the ring; a negative answer ends the consuming behind this one. */
static int take_one(void *handle, void *data, size_t size)
{
	struct harvest *h = ((struct sweep_bpf *)handle)->harvest;

	memcpy(&h->v[h->got++], data, sizeof(*h->v));
	return h->got == h->n ? -ENOSPC : 0;
}

/* ---- what the system allows ---- */

static const char HOW_ELSE[] =
	"run as root, give the program the capabilities (setcap "
	"cap_net_raw,cap_net_admin,cap_bpf,cap_perfmon+ep), or choose another --backend";

/* Effective capabilities of this thread, bit 1 << number (capabilities(7)); 0 when unknown. */
static uint64_t capabilities(void)
{
	char line[128];
	uint64_t caps = 0;
	FILE *f = fopen("/proc/thread-self/status", "re");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "CapEff:", 7))
			caps = strtoull(line + 7, NULL, 16);
	if (f)
		fclose(f);
	return caps;
}

static int check_capabilities(struct err *e)
{
	static const struct {
		unsigned number;
		const char *name;
	} needed[] = {{12, "CAP_NET_ADMIN"}, {39, "CAP_BPF"}, {38, "CAP_PERFMON"}};
	uint64_t caps = capabilities();

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!(caps >> needed[i].number & 1) &&
			!(needed[i].number != 12 && caps >> 21 & 1)) /* CAP_SYS_ADMIN has both */
			return err_set(e, -EPERM,
				"probes and answers in the kernel: %s is missing; %s",
				needed[i].name, HOW_ELSE);
	return 0;
}

/* One live run of `fd` with this frame; of an interface, or of none (0). 0 or -errno. */
static int run_live(int fd, const void *frame, uint32_t len, uint32_t ifindex, uint32_t repeat)
{
	struct xdp_md md = {.data_end = len, .ingress_ifindex = ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len,
		.repeat = (int)repeat, .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);

	if (ifindex) {
		opts.ctx_in = &md;
		opts.ctx_size_in = sizeof(md);
	}
	return bpf_prog_test_run_opts(fd, &opts) ? -errno : 0;
}

/* A program of two instructions that drops all, and one run of it. */
static int check_kernel(bool live, struct err *e)
{
	static const struct bpf_insn drop[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_DROP},
		{.code = BPF_JMP | BPF_EXIT}};
	static const uint8_t frame[64];
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "sonde_probe", "GPL", drop, 2, NULL), err = 0;

	if (fd < 0 && errno == EPERM)
		return err_set(e, -EPERM,
			"probes and answers in the kernel: loading a program is refused "
			"(lockdown, container or kernel.unprivileged_bpf_disabled?); %s",
			HOW_ELSE);
	if (fd < 0)
		return err_sys(e, "probes and answers in the kernel: this kernel takes no XDP "
				  "program (CONFIG_BPF_SYSCALL); choose another --backend");
	if (live)
		err = run_live(fd, frame, sizeof(frame), 0, 1);
	close(fd);
	if (err)
		return err_set(e, ERR_UNSUPPORTED,
			"xdp-live: this kernel has no live frames (%s); they came with Linux 5.18: "
			"choose another --backend",
			strerror(-err));
	return 0;
}

int sweep_bpf_probe(bool live, struct err *e)
{
	int err = check_capabilities(e);

	libbpf_set_print(silent);
	return err ? err : check_kernel(live, e);
}

/* ---- loading ---- */

static uint32_t round_up_8(uint32_t n)
{
	return (n + 7) & ~7u;
}

static uint32_t power_of_two(size_t n)
{
	uint32_t p = 1;

	while (p < n)
		p *= 2;
	return p;
}

static void size_map(struct bpf_map *map, uint64_t n)
{
	bpf_map__set_max_entries(map, n ? (uint32_t)n : 1);
}

static void size_maps(struct sweep_xdp_bpf *s, const struct sweep_bpf_conf *c)
{
	const struct sweep_job *job = c->job;
	size_t row = job->family == 6 ? sizeof(struct space_row6) : sizeof(struct space_row4);
	uint32_t ring = c->ring_bytes ? power_of_two(c->ring_bytes) : RING_BYTES;
	uint32_t buckets = power_of_two((c->dedup + 3) / 4);

	bpf_map__set_value_size(s->maps.rows_table, (uint32_t)row);
	size_map(s->maps.rows_table, job->space.n_rows);
	size_map(s->maps.hints_table, (uint64_t)job->space.n_buckets + 1);
	size_map(s->maps.ports_table, job->n_ports);
	size_map(s->maps.tmpls_table, c->n_tmpls);
	size_map(s->maps.neighbours_table, job->per_host_mac ? job->space.count : 1);
	size_map(s->maps.met_table, buckets);
	size_map(s->maps.hits, ring);
	s->rodata->met_mask = buckets - 1;
	s->rodata->met_on = c->dedup != 0;
	s->rodata->ring_half = ring / 2;
}

/* All frames of a run come in buffers of one length; the copying goes by 8 bytes. */
static uint32_t buffer_len(const struct sweep_bpf_conf *c)
{
	uint32_t longest = 0;

	for (unsigned i = 0; i < c->n_tmpls; i++)
		if (c->tmpls[i].len > longest)
			longest = c->tmpls[i].len;
	return round_up_8(longest + 1); /* longer than any: see sweep_xdp.bpf.c */
}

static struct sweep_xdp_bpf *open_object(
	const struct sweep_bpf_conf *c, uint32_t frame_len, bool count_sent)
{
	struct sweep_xdp_bpf *s = sweep_xdp_bpf__open();
	int why;

	if (!s)
		return NULL;
	s->rodata->job = *c->job;
	s->rodata->only = c->tmpls[0];
	s->rodata->only_port = c->ports[0];
	s->rodata->n_tmpls = c->n_tmpls;
	s->rodata->frame_len = frame_len;
	size_maps(s, c);
	bpf_program__set_autoload(s->progs.sweep_send, c->senders > 0);
	bpf_program__set_autoload(s->progs.sweep_sent, count_sent);
	if (sweep_xdp_bpf__load(s) == 0)
		return s;
	why = errno;
	sweep_xdp_bpf__destroy(s);
	errno = why;
	return NULL;
}

/* Elements of `size` bytes from `from` into the map, which takes a multiple of 8 for each. */
static int fill(struct bpf_map *map, const void *from, size_t size, size_t n)
{
	size_t step = round_up_8((uint32_t)size), page = (size_t)sysconf(_SC_PAGESIZE);
	size_t len = (step * n + page - 1) / page * page;
	uint8_t *to;

	if (!n)
		return 0;
	to = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	if (to == MAP_FAILED)
		return -errno;
	for (size_t i = 0; i < n; i++)
		memcpy(to + i * step, (const uint8_t *)from + i * size, size);
	munmap(to, len);
	return 0;
}

static int fill_maps(struct sweep_bpf *b, const struct sweep_bpf_conf *c)
{
	const struct sweep_job *j = c->job;
	const struct space_view *v = &j->space;
	int err;

	if (j->family == 6)
		err = fill(b->skel->maps.rows_table, c->rows->v6, sizeof(*c->rows->v6), v->n_rows);
	else
		err = fill(b->skel->maps.rows_table, c->rows->v4, sizeof(*c->rows->v4), v->n_rows);
	if (!err)
		err = fill(b->skel->maps.hints_table, c->rows->hint, 4, (size_t)v->n_buckets + 1);
	if (!err)
		err = fill(b->skel->maps.ports_table, c->ports, sizeof(*c->ports), j->n_ports);
	if (!err)
		err = fill(b->skel->maps.tmpls_table, c->tmpls, sizeof(*c->tmpls), c->n_tmpls);
	if (!err && j->per_host_mac)
		err = fill(b->skel->maps.neighbours_table, c->neighbours, sizeof(*c->neighbours),
			v->count);
	return err;
}

static void on_signal(int sig)
{
}

int sweep_bpf_open(struct sweep_bpf **out, const struct sweep_bpf_conf *c, struct err *e)
{
	struct sigaction wake = {.sa_handler = on_signal};
	struct sweep_bpf *b = calloc(1, sizeof(*b));
	int err;

	*out = NULL;
	if (!b || c->senders > SWEEP_SENDERS || !c->n_tmpls) {
		free(b);
		return err_set(e, b ? -EINVAL : -ENOMEM, "sweep in the kernel: %s",
			b ? "too many senders, or no template" : "out of memory");
	}
	libbpf_set_print(silent);
	b->job = *c->job;
	b->link_fd = -1;
	b->n_senders = c->senders;
	b->frame_len = buffer_len(c);
	memcpy(b->link, c->tmpls[0].data, c->job->l3);
	pthread_mutex_init(&b->lock, NULL);
	b->skel = open_object(c, b->frame_len, c->senders > 0);
	if (!b->skel && c->senders) /* no CAP_PERFMON or BTF: the driver's word is not to be had */
		b->skel = open_object(c, b->frame_len, false);
	err = b->skel ? fill_maps(b, c) : -errno;
	if (!err)
		b->ring = ring_buffer__new(bpf_map__fd(b->skel->maps.hits), take_one, b, NULL);
	if (!err && !b->ring)
		err = -errno;
	if (err) {
		err_set(e, err,
			"sweep in the kernel: loading the programs failed: %s; choose "
			"another --backend",
			strerror(-err));
		sweep_bpf_close(b);
		return err;
	}
	if (bpf_program__autoload(b->skel->progs.sweep_sent))
		b->skel->links.sweep_sent = bpf_program__attach(b->skel->progs.sweep_sent);
	sigaction(SIGURG, &wake, NULL);
	*out = b;
	return 0;
}

/* ---- the receiver's place ---- */

static int attach_as(struct sweep_bpf *b, uint32_t flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);

	b->link_fd = bpf_link_create(
		bpf_program__fd(b->skel->progs.sweep_receive), (int)b->job.ifindex, BPF_XDP, &opts);
	return b->link_fd < 0 ? -errno : 0;
}

int sweep_bpf_attach(struct sweep_bpf *b, const char **how, struct err *e)
{
	int err = attach_as(b, XDP_FLAGS_DRV_MODE);

	*how = "native";
	if (err && err != -EBUSY && err != -EEXIST) {
		err = attach_as(b, XDP_FLAGS_SKB_MODE);
		*how = "generic";
	}
	if (err == -EBUSY || err == -EEXIST)
		return err_set(e, -EBUSY,
			"interface %u: another XDP program is there; take it off (ip link set dev "
			"NAME xdp off) or choose another --backend",
			b->job.ifindex);
	if (err)
		return err_set(e, err,
			"interface %u: the XDP program cannot be attached: %s; choose another "
			"--backend",
			b->job.ifindex, strerror(-err));
	return 0;
}

/* A question for the next hop's link address, with the probes' tags; its length. */
static uint32_t make_question(const struct sweep_bpf *b, const struct addr *hop, uint8_t frame[128])
{
	uint32_t l3 = b->job.l3;
	uint8_t src[16];
	struct addr from;
	struct mac mac;
	size_t len;

	for (int i = 0; i < 8; i++) {
		src[i] = (uint8_t)(b->job.src_hi >> (56 - 8 * i));
		src[8 + i] = (uint8_t)(b->job.src_lo >> (56 - 8 * i));
	}
	memcpy(frame, b->link, l3);
	memcpy(mac.b, b->link + 6, 6);
	if (b->job.family == 4) {
		from = addr_v4((uint32_t)b->job.src_lo);
		memset(frame, 0xff, 6);
		be_put16(frame + l3 - 2, 0x0806);
		len = build_arp(frame + l3, 128 - l3, &mac, &from, hop);
	} else {
		from = addr_from_bytes(6, src);
		len = build_nd_solicit(frame + l3, 128 - l3, &mac, &from, hop);
		frame[0] = frame[1] = 0x33; /* RFC 2464 7: the group's last four bytes */
		memcpy(frame + 2, frame + l3 + 36, 4);
	}
	memset(frame + l3 + len, 0, 128 - l3 - len);
	return len ? (uint32_t)(l3 + len) : 0;
}

static uint64_t number(const uint8_t *b)
{
	return (uint64_t)be_get32(b) << 32 | be_get32(b + 4);
}

int sweep_bpf_path(struct sweep_bpf *b, const struct addr *next_hop, struct err *e)
{
	volatile struct sweep_path *path = &b->skel->bss->path;
	char text[ADDR_TEXT_MAX];
	uint8_t frame[128];
	uint32_t len = 0;
	int err = 0;

	if (b->job.l3 && next_hop->family == b->job.family)
		len = make_question(b, next_hop, frame);
	if (!len)
		return err_set(e, -EINVAL, "xdp-live: no way to ask for the next hop here");
	path->hi = next_hop->family == 6 ? number(next_hop->b) : 0;
	path->lo = next_hop->family == 6 ? number(next_hop->b + 8) : be_get32(next_hop->b);
	path->seen = 0;
	path->wait = 1;
	for (int try = 0; try < PATH_TRIES && !path->seen && !err; try++) {
		err = run_live(bpf_program__fd(b->skel->progs.sweep_echo), frame,
			len < 60 ? 60 : len, b->job.ifindex, 1);
		for (int i = 0; i < PATH_TICKS && !path->seen && !err; i++)
			nap();
	}
	path->wait = 0;
	if (err)
		return err_set(e, err, "xdp-live: sending failed: %s", strerror(-err));
	if (!path->seen)
		return err_set(e, -ENETUNREACH,
			"xdp-live: %s does not answer frames that are sent this way (on a veth the "
			"other end needs GRO or an XDP program): choose another --backend",
			addr_text(next_hop, text));
	return 0;
}

void sweep_bpf_pass_synacks(struct sweep_bpf *b)
{
	b->skel->bss->path.pass = 1;
}

/* ---- sending ---- */

struct sweep_ctl *sweep_bpf_ctl(struct sweep_bpf *b, unsigned sender)
{
	return sender < SWEEP_SENDERS ? &b->skel->bss->ctls[sender] : NULL;
}

static bool is_done(const volatile struct sweep_ctl *c)
{
	return c->stop || c->next >= c->end;
}

/* Until closing: ends the live runs that have nothing to send any more. */
static void *watch(void *arg)
{
	struct sweep_bpf *b = arg;
	bool closing = false;

	while (!closing) {
		nap();
		pthread_mutex_lock(&b->lock);
		for (unsigned i = 0; i < b->n_senders; i++)
			if (b->senders[i].running && is_done(&b->skel->bss->ctls[i]))
				pthread_kill(b->senders[i].thread, SIGURG);
		closing = b->closing;
		pthread_mutex_unlock(&b->lock);
	}
	return NULL;
}

/* Lets the watcher's signal through to this thread, or not; returns how it was. */
static sigset_t let_through(int how, const sigset_t *set)
{
	sigset_t only, before;

	sigemptyset(&only);
	sigaddset(&only, SIGURG);
	pthread_sigmask(how, set ? set : &only, &before);
	return before;
}

/* Notes who sends; the first one starts the watcher. */
static int enter(struct sweep_bpf *b, unsigned sender)
{
	int err = 0;

	pthread_mutex_lock(&b->lock);
	if (!b->watching)
		err = -pthread_create(&b->watcher, NULL, watch, b);
	if (!err) {
		b->watching = true;
		b->senders[sender] = (struct sender){pthread_self(), true};
	}
	pthread_mutex_unlock(&b->lock);
	return err;
}

static void leave(struct sweep_bpf *b, unsigned sender)
{
	pthread_mutex_lock(&b->lock);
	b->senders[sender].running = false;
	pthread_mutex_unlock(&b->lock);
}

/* Without a pace each turn makes a probe, so a run can end by itself. */
static uint32_t turns(const volatile struct sweep_ctl *c)
{
	uint64_t left = (c->end - c->next + c->stride - 1) / c->stride;

	return c->gap_q8 || left > INT32_MAX ? INT32_MAX : (uint32_t)left;
}

/* The sender's number where the program on this CPU looks for it; -EINVAL: not bound to one. */
static int claim_cpu(struct sweep_bpf *b, unsigned sender)
{
	cpu_set_t set;
	int cpu = sched_getcpu();

	if (cpu < 0 || cpu >= SWEEP_CPUS || sched_getaffinity(0, sizeof(set), &set) ||
		CPU_COUNT(&set) != 1)
		return -EINVAL;
	b->skel->bss->sender_of[cpu] = (uint8_t)sender;
	return 0;
}

int sweep_bpf_transmit(struct sweep_bpf *b, unsigned sender, struct err *e)
{
	struct sweep_ctl *c = sweep_bpf_ctl(b, sender);
	uint8_t frame[SWEEP_FRAME_MAX + 8] = {0};
	struct timespec now;
	sigset_t before;
	int err = sender < b->n_senders ? claim_cpu(b, sender) : -EINVAL;

	if (err)
		return err_set(
			e, err, "xdp-live: sender %u is unknown or not bound to one CPU", sender);
	clock_gettime(CLOCK_MONOTONIC, &now);
	c->stamp_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	c->due_q8 = c->stamp_ns << 8;
	err = enter(b, sender);
	if (err)
		return err_set(e, err, "xdp-live: no thread to be had: %s", strerror(-err));
	before = let_through(SIG_UNBLOCK, NULL);
	while (!err && !is_done(c)) {
		err = run_live(bpf_program__fd(b->skel->progs.sweep_send), frame, b->frame_len,
			b->job.ifindex, turns(c));
		if (err == -EINTR && is_done(c))
			err = 0;
	}
	let_through(SIG_SETMASK, &before);
	leave(b, sender);
	if (err)
		return err_set(e, err, "xdp-live: sending on interface %u ended: %s",
			b->job.ifindex, strerror(-err));
	return 0;
}

int sweep_bpf_frame(struct sweep_bpf *b, unsigned sender, uint8_t *frame, struct err *e)
{
	uint8_t in[SWEEP_FRAME_MAX + 8] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in, .data_size_in = b->frame_len,
		.data_out = frame, .data_size_out = SWEEP_FRAME_MAX, .repeat = 1);
	int err = claim_cpu(b, sender);

	if (!err && bpf_prog_test_run_opts(bpf_program__fd(b->skel->progs.sweep_send), &opts))
		err = -errno;
	if (err)
		return err_set(e, err, "making a frame in the kernel: %s", strerror(-err));
	return opts.retval == XDP_TX ? (int)opts.data_size_out : 0;
}

/* ---- receiving ---- */

int sweep_bpf_poll(struct sweep_bpf *b, struct sweep_hit *v, unsigned n, int timeout_ms)
{
	struct harvest h = {v, n, 0};

	b->harvest = &h;
	for (int ms = 0; n && !h.got && ms <= timeout_ms; ms++) {
		if (ms)
			nap();
		ring_buffer__consume(b->ring);
	}
	return (int)h.got;
}

/* A CPU's element begins with its counters; more may follow. */
void sweep_bpf_counts(struct sweep_bpf *b, struct sweep_counts *add)
{
	int cpus = libbpf_num_possible_cpus(), fd = bpf_map__fd(b->skel->maps.desks);
	size_t step = round_up_8(bpf_map__value_size(b->skel->maps.desks));
	uint8_t *all = calloc(cpus > 0 ? (size_t)cpus : 1, step);
	uint64_t *sum = (uint64_t *)add, count;
	uint32_t key = 0;

	for (int i = 0; all && i < cpus && (i || !bpf_map_lookup_elem(fd, &key, all)); i++)
		for (size_t w = 0; w < sizeof(*add) / 8; w++) {
			memcpy(&count, all + (size_t)i * step + w * 8, 8);
			sum[w] += count;
		}
	free(all);
}

void sweep_bpf_close(struct sweep_bpf *b)
{
	if (!b)
		return;
	pthread_mutex_lock(&b->lock);
	b->closing = true;
	pthread_mutex_unlock(&b->lock);
	if (b->watching)
		pthread_join(b->watcher, NULL);
	if (b->link_fd >= 0)
		close(b->link_fd);
	ring_buffer__free(b->ring);
	sweep_xdp_bpf__destroy(b->skel);
	pthread_mutex_destroy(&b->lock);
	free(b);
}
