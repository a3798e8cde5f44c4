/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Receipts as files: JSON, written line by line (a million ranges cost no memory), the last line a
 * checksum over all lines before it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "sweep/receipt.h"

#define BEGIN	 "{\"sonde_receipt\": 1,\n"
#define CHECKSUM "\"checksum\": \""
#define PER_LINE 8 /* ranges and ports */
#define FILE_MAX ((size_t)1 << 30)

static const char *const kind_names[SWEEP_KINDS] = {
	[SWEEP_TCP] = "tcp",
	[SWEEP_UDP] = "udp",
	[SWEEP_SCTP_INIT] = "sctp-init",
	[SWEEP_ECHO] = "icmp-echo",
	[SWEEP_TSTAMP] = "icmp-timestamp",
};

static const char *const answer_names[SWEEP_ANSWERS] = {
	[SWEEP_SYNACK] = "syn_ack",
	[SWEEP_RST] = "rst",
	[SWEEP_DATA] = "data",
	[SWEEP_INIT_ACK] = "init_ack",
	[SWEEP_ABORT] = "abort",
	[SWEEP_REPLY] = "reply",
	[SWEEP_ERROR] = "icmp_error",
};

static const char *const reject_names[SWEEP_REJECTS] = {
	[SWEEP_BAD_COOKIE] = "bad_cookie",
	[SWEEP_BAD_FLAGS] = "bad_flags",
	[SWEEP_BAD_TIME] = "bad_time",
	[SWEEP_BAD_FORM] = "bad_form",
	[SWEEP_DUPLICATE] = "duplicate",
	[SWEEP_NO_ROOM] = "no_room",
};

static const char *const mark_names[SWEEP_MARKS] = {
	"plain", "sampled", "recheck", "canary", "pass-a", "pass-b", "pass-c", "pass-d"};

static uint64_t chain(uint64_t sum, const char *line, size_t len)
{
	struct hash_key key = {sum, UINT64_C(0x7265636569707431)};

	return hash_sip(&key, line, len);
}

/* ---- writing -------------------------------------------------------------------------------- */

struct writer {
	FILE *f;
	struct buf line; /* complete when it is put */
	uint64_t sum;
};

/* Ends the line. */
static void put(struct writer *w)
{
	buf_char(&w->line, '\n');
	w->sum = chain(w->sum, buf_text(&w->line), w->line.len);
	fwrite(buf_text(&w->line), 1, w->line.len, w->f);
	buf_clear(&w->line);
}

static void put_text(struct writer *w, const char *name, const char *text)
{
	json_t *j = json_string(text);
	char *s = j ? json_dumps(j, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) : NULL;

	buf_fmt(&w->line, "\"%s\": %s", name, s ? s : "\"\"");
	free(s);
	json_decref(j);
}

static void put_time(struct writer *w, const char *name, uint64_t wall_ns)
{
	time_t s = (time_t)(wall_ns / NS_PER_S);
	struct tm tm;
	char text[32] = "";

	if (gmtime_r(&s, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_fmt(&w->line, "\"%s\": \"%s\", \"%s_ns\": %" PRIu64, name, text, name, wall_ns);
}

static void put_ranges(struct writer *w, const struct receipt *r)
{
	buf_str(&w->line, "\"ranges\": [");
	for (uint32_t i = 0; i < r->space.view.n_rows; i++) {
		char from[ADDR_TEXT_MAX], to[ADDR_TEXT_MAX];
		struct addr a, b;

		if (i % PER_LINE == 0)
			put(w);
		space_range(&r->space, i, &a, &b);
		a.zone = b.zone = 0; /* numbers of interfaces are this machine's own */
		buf_fmt(&w->line, "%s\"%s-%s\"", i ? "," : "", addr_text(&a, from),
			addr_text(&b, to));
	}
	buf_str(&w->line, "],");
	put(w);
}

static void put_plan(struct writer *w, const struct receipt *r)
{
	char hash[RECEIPT_HASH_MAX];

	put_text(w, "plan", r->words);
	buf_char(&w->line, ',');
	put(w);
	buf_fmt(&w->line, "\"plan_hash\": \"%s\",", receipt_plan_hash(r, hash));
	put(w);
	put_text(w, "technique", r->technique);
	buf_fmt(&w->line, ", \"kind\": \"%s\", \"tcp_flags\": %u,", kind_names[r->kind],
		r->tcp_flags);
	put(w);
	buf_fmt(&w->line,
		"\"family\": %u, \"addresses\": %" PRIu64 ", \"address_set\": \"%016" PRIx64 "\",",
		r->family, r->hosts, r->space_digest);
	put(w);
	if (r->space.view.n_rows && !r->checkpoint)
		put_ranges(w, r);
	buf_str(&w->line, "\"ports\": [");
	for (uint32_t i = 0; i < r->n_ports; i++) {
		buf_fmt(&w->line, "%s%u", i ? "," : "", r->ports[i].port);
		if (i % (2 * PER_LINE) == 2 * PER_LINE - 1)
			put(w);
	}
	buf_str(&w->line, "],");
	put(w);
	buf_fmt(&w->line,
		"\"seed\": \"%" PRIu64 "\", \"probes\": %" PRIu64
		", \"passes\": %u, \"sample_mask\": %" PRIu64 ", \"sample_at\": %" PRIu64 ",",
		r->seed, r->hosts * r->n_ports, r->passes, r->sample_mask, r->sample_at);
	put(w);
}

static void put_pieces(struct writer *w, const char *name, const struct receipt_pieces *p)
{
	buf_fmt(&w->line, "\"%s\": [", name);
	for (size_t i = 0; i < p->n; i++) {
		const struct receipt_piece *x = &p->v[i];

		put(w);
		buf_fmt(&w->line,
			"%s{\"mark\": \"%s\", \"from\": %" PRIu64 ", \"to\": %" PRIu64
			", \"stride\": %" PRIu64 ", \"times\": %u}",
			i ? "," : "", mark_names[x->mark], x->from, x->to, x->stride, x->times);
	}
	buf_char(&w->line, ']');
}

static void put_session(struct writer *w, const struct receipt_session *s, bool last)
{
	buf_char(&w->line, '{');
	put_time(w, "start", s->start_wall_ns);
	buf_char(&w->line, ',');
	put(w);
	put_time(w, "end", s->end_wall_ns);
	buf_char(&w->line, ',');
	put(w);
	buf_fmt(&w->line, "\"key\": [\"%016" PRIx64 "\", \"%016" PRIx64 "\"], ", s->key0, s->key1);
	if (s->digest_known)
		buf_fmt(&w->line, "\"digest\": \"%016" PRIx64 "\", ", s->digest);
	else
		buf_str(&w->line, "\"digest\": null, ");
	buf_fmt(&w->line, "\"sent\": %" PRIu64 ", \"skipped\": %" PRIu64 ",", s->sent, s->skipped);
	put(w);
	put_pieces(w, "intervals", &s->sent_of);
	buf_char(&w->line, ',');
	put(w);
	put_pieces(w, "canaries", &s->canaries);
	buf_str(&w->line, last ? "}" : "},");
	put(w);
}

static void put_done(struct writer *w, const struct receipt *r)
{
	buf_fmt(&w->line, "\"shards\": %u, \"shard\": [", r->n_shards);
	for (uint32_t i = 0; i < r->n_here; i++)
		buf_fmt(&w->line, "%s%u", i ? "," : "", r->shards[i] + 1);
	buf_str(&w->line, "], ");
	buf_fmt(&w->line, "\"complete\": %s,", r->complete ? "true" : "false");
	put(w);
	buf_str(&w->line, "\"sessions\": [");
	put(w);
	for (size_t i = 0; i < r->n_sessions; i++)
		put_session(w, &r->sessions[i], i + 1 == r->n_sessions);
	buf_str(&w->line, "], \"skipped_hosts\": [");
	for (size_t i = 0; i < r->n_skipped; i++) {
		if (i % PER_LINE == 0)
			put(w);
		buf_fmt(&w->line, "%s[%" PRIu64 ",%" PRIu64 "]", i ? "," : "", r->skipped[i].from,
			r->skipped[i].to);
	}
	buf_str(&w->line, "],");
	put(w);
	if (!r->checkpoint)
		return;
	put_pieces(w, "again", &r->again);
	buf_fmt(&w->line, ", \"results\": %" PRIu64 ",", r->results);
	put(w);
}

static void put_back(struct writer *w, const struct receipt *r)
{
	const struct sweep_counts *c = &r->counts;
	const struct recheck_estimate *m = &r->missed;

	buf_fmt(&w->line, "\"frames\": %" PRIu64 ", \"answers\": {", c->frames);
	for (unsigned i = 0; i < SWEEP_ANSWERS; i++)
		buf_fmt(&w->line, "%s\"%s\": %" PRIu64, i ? ", " : "", answer_names[i],
			c->answers[i]);
	buf_str(&w->line, "},");
	put(w);
	buf_str(&w->line, "\"rejected\": {");
	for (unsigned i = 0; i < SWEEP_REJECTS; i++)
		buf_fmt(&w->line, "%s\"%s\": %" PRIu64, i ? ", " : "", reject_names[i],
			c->rejects[i]);
	buf_str(&w->line, "},");
	put(w);
	buf_fmt(&w->line,
		"\"resets\": %" PRIu64 ", \"tx_sent\": %" PRIu64 ", \"tx_dropped\": %" PRIu64 ",",
		c->resets, c->tx_sent, c->tx_dropped);
	put(w);
	put_text(w, "sender", r->sender);
	buf_str(&w->line, ", ");
	put_text(w, "receiver", r->receiver);
	buf_char(&w->line, ',');
	put(w);
	buf_fmt(&w->line, "\"rate_asked\": %.3f, \"rate_reached\": %.3f, ", r->rate_asked,
		r->rate_reached);
	put_text(w, "pace", r->pace);
	buf_char(&w->line, ',');
	put(w);
	buf_fmt(&w->line,
		"\"missed\": {\"known\": %s, \"rate\": %.9f, \"low\": %.9f, \"high\": %.9f, \"confidence\": %.2f,",
		m->known ? "true" : "false", m->rate, m->low, m->high, RECHECK_CONFIDENCE);
	put(w);
	buf_fmt(&w->line,
		"\"sampled\": %" PRIu64 ", \"answered_first\": %" PRIu64
		", \"answered_second\": %" PRIu64 ", \"second_only\": %" PRIu64
		", \"spread\": %.6f},",
		m->sampled, m->first, m->second, m->missed, m->spread);
	put(w);
}

static int write_all(const struct receipt *r, FILE *f)
{
	struct writer w = {.f = f};
	bool failed;

	w.sum = chain(0, BEGIN, strlen(BEGIN));
	fputs(BEGIN, f);
	put_plan(&w, r);
	put_done(&w, r);
	put_back(&w, r);
	fprintf(f, CHECKSUM "%016" PRIx64 "\"}\n", w.sum);
	failed = w.line.failed;
	buf_free(&w.line);
	if (failed)
		return -ENOMEM;
	if (fflush(f) != 0)
		return -errno;
	/* a pipe has no disk */
	return fsync(fileno(f)) < 0 && errno != EINVAL && errno != EROFS ? -errno : 0;
}

/* The new name is on the disk, too. File systems that cannot tell are believed. */
static void sync_directory(const char *path)
{
	char *copy = strdup(path);
	int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		(void)!fsync(fd);
		close(fd);
	}
	free(copy);
}

/* A device or a pipe is written to; a file of that name beside it would take its place. */
static int write_through(const struct receipt *r, const char *path, struct err *e)
{
	FILE *f = fopen(path, "we");
	int rc = f ? write_all(r, f) : -errno;

	if (f && fclose(f) != 0 && rc == 0)
		rc = -errno;
	return rc < 0 ? err_set(e, rc, "cannot write %s: %s", path, strerror(-rc)) : 0;
}

int receipt_write(const struct receipt *r, const char *path, struct err *e)
{
	struct stat st;
	struct buf beside = {0};
	char target[PATH_MAX];
	int fd, rc = 0;
	FILE *f;

	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) /* the link stays */
		path = realpath(path, target) ? target : path;
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return write_through(r, path, e);
	buf_fmt(&beside, "%s.new", path);
	fd = open(buf_text(&beside), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY,
		r->checkpoint ? 0600 : 0644);
	f = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (!f) {
		rc = err_sys(e, "cannot write %s", buf_text(&beside));
		if (fd >= 0)
			close(fd);
		goto out;
	}
	rc = write_all(r, f);
	if (fclose(f) != 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(buf_text(&beside), path) < 0)
		rc = -errno;
	if (rc < 0) {
		err_set(e, rc, "cannot write %s: %s", path, strerror(-rc));
		(void)!unlink(buf_text(&beside));
	} else {
		sync_directory(path);
	}
out:
	buf_free(&beside);
	return rc;
}

/* ---- reading -------------------------------------------------------------------------------- */

struct reader {
	const char *path;
	const char *wrong; /* the first member that is missing or cannot be */
};

static const json_t *member(struct reader *rd, const json_t *j, const char *name)
{
	const json_t *m = json_object_get(j, name);

	if (!m && !rd->wrong)
		rd->wrong = name;
	return m;
}

static uint64_t number(struct reader *rd, const json_t *j, const char *name, uint64_t max)
{
	const json_t *m = member(rd, j, name);
	json_int_t v = json_integer_value(m);

	if ((!json_is_integer(m) || v < 0 || (uint64_t)v > max) && !rd->wrong)
		rd->wrong = name;
	return rd->wrong ? 0 : (uint64_t)v;
}

static double real(struct reader *rd, const json_t *j, const char *name)
{
	const json_t *m = member(rd, j, name);

	if (!json_is_number(m) && !rd->wrong)
		rd->wrong = name;
	return json_number_value(m);
}

static bool flag(struct reader *rd, const json_t *j, const char *name)
{
	const json_t *m = member(rd, j, name);

	if (!json_is_boolean(m) && !rd->wrong)
		rd->wrong = name;
	return json_is_true(m);
}

static const char *text(struct reader *rd, const json_t *j, const char *name)
{
	const char *s = json_string_value(member(rd, j, name));

	if (!s && !rd->wrong)
		rd->wrong = name;
	return s ? s : "";
}

static void copy_text(struct reader *rd, const json_t *j, const char *name, char *out, size_t size)
{
	snprintf(out, size, "%s", text(rd, j, name));
}

/* Digits of `base` and nothing else. */
static uint64_t digits(struct reader *rd, const char *s, int base, const char *name)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(s, &end, base);
	if ((!*s || *end || errno || *s == '-') && !rd->wrong)
		rd->wrong = name;
	return v;
}

static unsigned word(
	struct reader *rd, const json_t *j, const char *name, const char *const *words, unsigned n)
{
	const char *s = text(rd, j, name);

	for (unsigned i = 0; i < n; i++)
		if (strcmp(words[i], s) == 0)
			return i;
	if (!rd->wrong)
		rd->wrong = name;
	return 0;
}

/* An array of at most `max` elements, or NULL. */
static const json_t *list(
	struct reader *rd, const json_t *j, const char *name, size_t max, size_t *n)
{
	const json_t *m = member(rd, j, name);

	*n = json_array_size(m);
	if ((!json_is_array(m) || *n > max) && !rd->wrong)
		rd->wrong = name;
	if (rd->wrong)
		*n = 0;
	return m;
}

static void *room(struct reader *rd, size_t n, size_t size)
{
	void *v = calloc(n + 1, size);

	if (!v && !rd->wrong)
		rd->wrong = "memory";
	return v;
}

static void read_ports(struct reader *rd, const json_t *j, struct receipt *r)
{
	size_t n;
	const json_t *m = list(rd, j, "ports", SWEEP_PORTS_MAX, &n);

	r->ports = room(rd, n, sizeof(*r->ports));
	if (n == 0 && !rd->wrong)
		rd->wrong = "ports";
	for (size_t i = 0; i < n && !rd->wrong; i++) {
		json_int_t v = json_integer_value(json_array_get(m, i));

		if (v < 0 || v > UINT16_MAX)
			rd->wrong = "ports";
		else
			r->ports[i].port = (uint16_t)v;
	}
	r->n_ports = (uint32_t)n;
}

static bool read_range(const char *s, unsigned family, struct range *out)
{
	char from[ADDR_TEXT_MAX];
	const char *dash = s ? strchr(s, '-') : NULL;
	struct addr a, b;

	if (!dash || dash - s >= ADDR_TEXT_MAX)
		return false;
	memcpy(from, s, (size_t)(dash - s));
	from[dash - s] = '\0';
	if (addr_parse(from, &a) < 0 || addr_parse(dash + 1, &b) < 0 || a.family != family ||
		b.family != family)
		return false;
	out->first = block_number(&a);
	out->last = block_number(&b);
	return out->first <= out->last;
}

static void read_ranges(struct reader *rd, const json_t *j, struct receipt *r)
{
	struct range_set set = {0};
	struct err e = {0};
	size_t n;
	const json_t *m;

	if (!json_object_get(j, "ranges")) /* a checkpoint */
		return;
	m = list(rd, j, "ranges", SPACE_ROWS_MAX, &n);
	for (size_t i = 0; i < n && !rd->wrong; i++) {
		struct range x;

		if (!read_range(json_string_value(json_array_get(m, i)), r->family, &x) ||
			range_set_add(&set, x.first, x.last) < 0)
			rd->wrong = "ranges";
	}
	range_set_seal(&set);
	if (!rd->wrong && space_of_ranges(&r->space, r->family, &set, &e) < 0)
		rd->wrong = "ranges";
	range_set_free(&set);
	r->space_owned = !rd->wrong;
	if (!rd->wrong &&
		(r->space.view.count != r->hosts || space_digest(&r->space) != r->space_digest))
		rd->wrong = "address_set";
}

static void read_plan(struct reader *rd, const json_t *j, struct receipt *r)
{
	char hash[RECEIPT_HASH_MAX];

	copy_text(rd, j, "plan", r->words, sizeof(r->words));
	copy_text(rd, j, "technique", r->technique, sizeof(r->technique));
	r->kind = (uint8_t)word(rd, j, "kind", kind_names, SWEEP_KINDS);
	r->tcp_flags = (uint8_t)number(rd, j, "tcp_flags", UINT8_MAX);
	r->family = (uint8_t)number(rd, j, "family", 6);
	if (r->family != 4 && r->family != 6 && !rd->wrong)
		rd->wrong = "family";
	r->hosts = number(rd, j, "addresses", SPACE_COUNT_MAX);
	r->space_digest = digits(rd, text(rd, j, "address_set"), 16, "address_set");
	read_ports(rd, j, r);
	r->seed = digits(rd, text(rd, j, "seed"), 10, "seed");
	r->passes = (uint32_t)number(rd, j, "passes", UINT16_MAX);
	r->sample_mask = number(rd, j, "sample_mask", INT64_MAX);
	r->sample_at = number(rd, j, "sample_at", INT64_MAX);
	r->n_shards = (uint32_t)number(rd, j, "shards", UINT32_MAX);
	if (rd->wrong)
		return;
	if (r->hosts == 0 || r->hosts > PERM_MAX / r->n_ports)
		rd->wrong = "addresses";
	else if (!r->n_shards || !r->passes)
		rd->wrong = r->passes ? "shards" : "passes";
	else if (number(rd, j, "probes", INT64_MAX) != r->hosts * r->n_ports)
		rd->wrong = "probes";
	else if (strcmp(text(rd, j, "plan_hash"), receipt_plan_hash(r, hash)) != 0)
		rd->wrong = "plan_hash";
	else
		read_ranges(rd, j, r);
}

static void read_pieces(struct reader *rd, const json_t *j, const char *name, uint64_t total,
	struct receipt_pieces *out)
{
	size_t n;
	const json_t *m = list(rd, j, name, SIZE_MAX / 2, &n);

	for (size_t i = 0; i < n && !rd->wrong; i++) {
		const json_t *x = json_array_get(m, i);
		struct receipt_piece p = {.from = number(rd, x, "from", total),
			.to = number(rd, x, "to", total),
			.stride = number(rd, x, "stride", INT64_MAX),
			.mark = word(rd, x, "mark", mark_names, SWEEP_MARKS),
			.times = (uint32_t)number(rd, x, "times", INT32_MAX)};

		bool pass = p.mark == SWEEP_PLAIN || p.mark >= SWEEP_PASS;

		if (!rd->wrong &&
			(p.from >= p.to || !p.stride || !p.times || (pass && p.stride > 1)))
			rd->wrong = name;
		if (!rd->wrong && receipt_pieces_add(out, &p) < 0)
			rd->wrong = "memory";
	}
}

static void read_session(
	struct reader *rd, const json_t *j, uint64_t total, struct receipt_session *s)
{
	const json_t *key = member(rd, j, "key"), *digest = member(rd, j, "digest");
	const char *k0 = json_string_value(json_array_get(key, 0));
	const char *k1 = json_string_value(json_array_get(key, 1));

	s->start_wall_ns = number(rd, j, "start_ns", INT64_MAX);
	s->end_wall_ns = number(rd, j, "end_ns", INT64_MAX);
	s->key0 = digits(rd, k0 ? k0 : "", 16, "key");
	s->key1 = digits(rd, k1 ? k1 : "", 16, "key");
	s->digest_known = !json_is_null(digest);
	if (s->digest_known)
		s->digest = digits(rd, text(rd, j, "digest"), 16, "digest");
	s->sent = number(rd, j, "sent", INT64_MAX);
	s->skipped = number(rd, j, "skipped", INT64_MAX);
	read_pieces(rd, j, "intervals", total, &s->sent_of);
	read_pieces(rd, j, "canaries", total, &s->canaries);
}

static void read_skipped(struct reader *rd, const json_t *j, struct receipt *r)
{
	uint64_t last = 0;
	size_t n;
	const json_t *m = list(rd, j, "skipped_hosts", SPACE_ROWS_MAX, &n);

	r->skipped = room(rd, n, sizeof(*r->skipped));
	for (size_t i = 0; i < n && !rd->wrong; i++) {
		const json_t *x = json_array_get(m, i);
		json_int_t from = json_integer_value(json_array_get(x, 0));
		json_int_t to = json_integer_value(json_array_get(x, 1));

		if (from < 0 || to <= from || (uint64_t)from < last || (uint64_t)to > r->hosts)
			rd->wrong = "skipped_hosts";
		else
			r->skipped[i] = (struct receipt_interval){(uint64_t)from, (uint64_t)to};
		last = (uint64_t)to;
	}
	r->n_skipped = n;
}

static void read_done(struct reader *rd, const json_t *j, struct receipt *r)
{
	uint64_t total = r->hosts * r->n_ports;
	size_t n;
	const json_t *m = list(rd, j, "shard", RECEIPT_SHARDS, &n);

	r->shards = room(rd, n, sizeof(*r->shards));
	for (size_t i = 0; i < n && !rd->wrong; i++) {
		json_int_t v = json_integer_value(json_array_get(m, i));

		if (v < 1 || v > r->n_shards)
			rd->wrong = "shard";
		else
			r->shards[i] = (uint32_t)v - 1;
	}
	r->n_here = (uint32_t)n;
	r->complete = flag(rd, j, "complete");
	m = list(rd, j, "sessions", RECEIPT_SESSIONS, &n);
	r->sessions = room(rd, n, sizeof(*r->sessions));
	for (size_t i = 0; i < n && !rd->wrong; i++, r->n_sessions++)
		read_session(rd, json_array_get(m, i), total, &r->sessions[i]);
	read_skipped(rd, j, r);
	r->checkpoint = json_object_get(j, "again") != NULL;
	if (r->checkpoint) {
		read_pieces(rd, j, "again", total, &r->again);
		r->results = number(rd, j, "results", INT64_MAX);
	}
}

static void read_back(struct reader *rd, const json_t *j, struct receipt *r)
{
	const json_t *m = member(rd, j, "answers");
	struct recheck_estimate *k = &r->missed;

	r->counts.frames = number(rd, j, "frames", INT64_MAX);
	for (unsigned i = 0; i < SWEEP_ANSWERS; i++)
		r->counts.answers[i] = number(rd, m, answer_names[i], INT64_MAX);
	m = member(rd, j, "rejected");
	for (unsigned i = 0; i < SWEEP_REJECTS; i++)
		r->counts.rejects[i] = number(rd, m, reject_names[i], INT64_MAX);
	r->counts.resets = number(rd, j, "resets", INT64_MAX);
	r->counts.tx_sent = number(rd, j, "tx_sent", INT64_MAX);
	r->counts.tx_dropped = number(rd, j, "tx_dropped", INT64_MAX);
	copy_text(rd, j, "sender", r->sender, sizeof(r->sender));
	copy_text(rd, j, "receiver", r->receiver, sizeof(r->receiver));
	copy_text(rd, j, "pace", r->pace, sizeof(r->pace));
	r->rate_asked = real(rd, j, "rate_asked");
	r->rate_reached = real(rd, j, "rate_reached");
	m = member(rd, j, "missed");
	k->sampled = number(rd, m, "sampled", INT64_MAX);
	k->first = number(rd, m, "answered_first", INT64_MAX);
	k->second = number(rd, m, "answered_second", INT64_MAX);
	k->missed = number(rd, m, "second_only", k->second);
	k->both = k->second - k->missed;
	k->spread = real(rd, m, "spread");
	if (!(k->spread >= 1) && !rd->wrong)
		rd->wrong = "spread";
	recheck_interval(k);
}

/* What begins as no receipt is read no further: it may be a device without an end. */
static bool looks_right(const struct buf *b)
{
	size_t n = b->len < strlen(BEGIN) ? b->len : strlen(BEGIN);

	return n == 0 || memcmp(b->data, BEGIN, n) == 0;
}

/* The whole file; owned. */
static char *load(const char *path, size_t *len, struct err *e)
{
	struct buf b = {0};
	char block[65536];
	FILE *f = fopen(path, "re");
	const char *why;
	size_t n;

	if (!f) {
		err_sys(e, "cannot read %s", path);
		return NULL;
	}
	while (looks_right(&b) && b.len < FILE_MAX && (n = fread(block, 1, sizeof(block), f)) > 0)
		buf_add(&b, block, n);
	why = ferror(f)		  ? strerror(errno)
	      : b.failed	  ? "out of memory"
	      : b.len >= FILE_MAX ? "it is too large for a receipt"
				  : NULL;
	fclose(f);
	if (why) {
		buf_free(&b);
		err_set(e, -EIO, "cannot read %s: %s", path, why);
		return NULL;
	}
	*len = b.len;
	return b.len ? buf_take(&b) : strdup("");
}

/* Whether the checksum line is the last and fits what is before it. */
static int check(const char *s, size_t len, const char *path, struct err *e)
{
	uint64_t sum = 0;
	const char *end = s + len, *line = s, *next;
	char want[64];

	if (len < strlen(BEGIN) || memcmp(s, BEGIN, strlen(BEGIN)) != 0)
		return err_set(
			e, ERR_USAGE, "%s: this is no receipt of this version of Sonde", path);
	for (; (next = memchr(line, '\n', (size_t)(end - line))); line = next + 1) {
		if (strncmp(line, CHECKSUM, strlen(CHECKSUM)) == 0)
			break;
		sum = chain(sum, line, (size_t)(next + 1 - line));
	}
	if (!next)
		return err_set(e, ERR_USAGE,
			"%s: the file is cut off: its end, with the checksum, is missing", path);
	snprintf(want, sizeof(want), CHECKSUM "%016" PRIx64 "\"}\n", sum);
	if ((size_t)(end - line) != strlen(want) || memcmp(line, want, strlen(want)) != 0)
		return err_set(e, ERR_USAGE,
			"%s: the checksum does not fit: the file was damaged or edited", path);
	return 0;
}

int receipt_read(struct receipt *r, const char *path, struct err *e)
{
	struct reader rd = {.path = path};
	json_error_t je;
	json_t *j = NULL;
	size_t len = 0;
	char *s = load(path, &len, e);
	int rc;

	memset(r, 0, sizeof(*r));
	if (!s)
		return e && e->code ? e->code : -EIO;
	rc = check(s, len, path, e);
	if (rc == 0 && !(j = json_loadb(s, len, JSON_REJECT_DUPLICATES, &je)))
		rc = err_set(e, ERR_USAGE, "%s:%d: %s", path, je.line, je.text);
	free(s);
	if (rc == 0)
		read_plan(&rd, j, r);
	if (rc == 0 && !rd.wrong)
		read_done(&rd, j, r);
	if (rc == 0 && !rd.wrong)
		read_back(&rd, j, r);
	json_decref(j);
	if (rc == 0 && rd.wrong)
		rc = err_set(e, ERR_USAGE,
			"%s: \"%s\" is missing, or says what cannot be: the file was edited", path,
			rd.wrong);
	if (rc < 0)
		receipt_free(r);
	return rc;
}

bool receipt_is(const char *path)
{
	char head[sizeof(BEGIN)] = "";
	FILE *f = fopen(path, "re");
	bool is = f && fgets(head, sizeof(head), f) && strcmp(head, BEGIN) == 0;

	if (f)
		fclose(f);
	return is;
}
