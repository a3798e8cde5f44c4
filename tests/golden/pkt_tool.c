/* SPDX-License-Identifier: BSD-2-Clause */
/* For the golden tests of src/pkt: captures to lines, and built packets to captures, so that tshark
 * can be asked about both. */
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pkt/build.h"
#include "pkt/demux.h"
#include "pkt/ip.h"
#include "pkt/ipproto.h"
#include "pkt/payload.h"
#include "pkt/view.h"

static void print_addr(const char *name, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	if (a->family)
		printf("\t%s=%s", name, addr_text(a, text));
}

static void print_l4(const char *at, const struct pkt_l4 *l4)
{
	printf("\t%sproto=%u", at, l4->proto);
	if (l4->has_ports)
		printf("\t%ssport=%u\t%sdport=%u", at, l4->sport, at, l4->dport);
	if (l4->has_seq)
		printf("\t%sseq=%" PRIu32, at, l4->seq);
	if (l4->has_tcp)
		printf("\t%sack=%" PRIu32 "\t%sflags=%u\t%swindow=%u", at, l4->ack, at, l4->flags,
			at, l4->window);
	if (l4->has_icmp)
		printf("\t%stype=%u\t%scode=%u\t%sicmp_id=%u\t%sicmp_seq=%u", at, l4->type, at,
			l4->code, at, l4->icmp_id, at, l4->icmp_seq);
	if (l4->has_sctp)
		printf("\t%svtag=%" PRIu32 "\t%schunk=%u", at, l4->vtag, at, l4->chunk);
	printf("\t%spayload=%zu", at, l4->payload_len);
}

/* The options as numbers, by the codecs that pkt_view stands on. */
static void print_options(const uint8_t *data, size_t len)
{
	struct rd r = rd_init(data, len);
	struct ip_hdr ip;
	struct tcp_hdr h;
	struct tcp_opts o;

	if (!ip_read(&r, &ip) || ip.proto != IP_TCP || ip.frag_offset || !tcp_read(&r, &h))
		return;
	tcp_opts_read(h.options, h.hdr_len - TCP_MIN, &o);
	if (o.has_mss)
		printf("\tmss=%u", o.mss);
	if (o.has_ws)
		printf("\tws=%u", o.ws);
	if (o.sack_ok)
		printf("\tsack_ok=1");
	if (o.n_sack)
		printf("\tn_sack=%u", o.n_sack);
	if (o.has_ts)
		printf("\tts_val=%" PRIu32 "\tts_ecr=%" PRIu32, o.ts_val, o.ts_ecr);
	if (o.has_md5)
		printf("\tmd5=1");
	if (o.broken)
		printf("\toptbroken=1");
}

static void print_view(unsigned frame, const uint8_t *data, size_t len)
{
	struct pkt_view v;
	int rc = pkt_view(data, len, &v);

	printf("%u\trc=%d", frame, rc);
	print_addr("src", &v.src);
	print_addr("dst", &v.dst);
	printf("\tttl=%u\tip_id=%u\ttos=%u\tfragment=%d\tmf=%d\toffset=%u", v.ttl, v.ip_id, v.tos,
		v.fragment, v.more_fragments, v.frag_offset);
	print_l4("", &v.l4);
	if (!rc)
		print_options(data, len);
	if (v.has_quote) {
		print_addr("q_src", &v.quote_src);
		print_addr("q_dst", &v.quote_dst);
		printf("\tq_ttl=%u", v.quote_ttl);
		print_l4("q_", &v.quote);
	}
	printf("\tcsum=%d\n", pkt_view_checksum(data, len));
}

/* Every length of every packet, in a heap block of just that size so that a sanitizer sees one byte
 * too many. */
static void cut_all(const uint8_t *data, size_t len)
{
	char text[300];

	for (size_t n = 0; n <= len && n <= 256; n++) {
		uint8_t *copy = malloc(n ? n : 1);
		struct pkt_view v;

		if (!copy)
			exit(1);
		memcpy(copy, data, n);
		(void)pkt_view(copy, n, &v);
		(void)pkt_view_checksum(copy, n);
		(void)pkt_describe(copy, n, text, sizeof(text));
		free(copy);
	}
}

/* The IP packet of a frame by link type; false where there is none. */
static bool ip_of(int link, const uint8_t **data, size_t *len)
{
	struct rd r = rd_init(*data, *len);
	struct eth_hdr h;

	if (link == DLT_EN10MB) {
		if (!eth_read(&r, &h) || (h.type != ETH_IPV4 && h.type != ETH_IPV6))
			return false;
	} else if (link == DLT_LINUX_SLL) {
		rd_skip(&r, 14);
		h.type = rd_u16be(&r);
		if (h.type != ETH_IPV4 && h.type != ETH_IPV6)
			return false;
	} else if (link != DLT_RAW && link != DLT_IPV4 && link != DLT_IPV6) {
		return false;
	}
	*data = r.p;
	*len = r.left;
	return r.ok && r.left;
}

struct sink {
	pcap_dumper_t *file;
	unsigned n;
};

/* What is done with each frame of a capture. */
typedef void (*frame_fn)(struct sink *s, int link, const uint8_t *data, size_t len);

/* The packet goes on into one raw-IP capture, so that tshark is started once for all files. */
static void merge_frame(struct sink *s, int link, const uint8_t *data, size_t len)
{
	struct pcap_pkthdr h = {.ts = {.tv_sec = 1700000000}};

	if (!ip_of(link, &data, &len) || len > 65535)
		return;
	h.caplen = h.len = (bpf_u_int32)len;
	pcap_dump((u_char *)s->file, &h, data);
	s->n++;
	print_view(s->n, data, len);
}

static void cut_frame(struct sink *s, int link, const uint8_t *data, size_t len)
{
	if (ip_of(link, &data, &len))
		cut_all(data, len);
}

static void print_rr(const struct dns_msg *m, const struct dns_rr *rr)
{
	static char name[DNS_NAME_TEXT];
	static struct dns_srv srv;
	char text[ADDR_TEXT_MAX];
	struct addr a;

	printf("\t%s=%s", rr->type == DNS_SRV ? "srv_owner" : "rr", rr->name);
	if (dns_rr_addr(rr, &a))
		printf("\taddr=%s", addr_text(&a, text));
	if (dns_rr_name(m, rr, name))
		printf("\t%s=%s",
			rr->type == DNS_PTR  ? "ptr"
			: rr->type == DNS_NS ? "ns"
					     : "cname",
			name);
	if (dns_rr_srv(m, rr, &srv))
		printf("\tsrv=%s\tsrv_port=%u", srv.target, srv.port);
}

static void dns_frame(struct sink *s, int link, const uint8_t *data, size_t len)
{
	static struct dns_question q;
	static struct dns_rr rr;
	struct pkt_layer layers[DEMUX_LAYERS_MAX];
	struct rd rest = rd_init(data, len);
	struct dns_msg m;
	struct dns_hdr h;
	size_t n =
		demux_walk(demux_name(len && data[0] >> 4 == 6 ? "ipv6" : "ipv4"), &rest, layers);
	const struct pkt_layer *last = n ? &layers[n - 1] : NULL;

	s->n++;
	if (!last || strcmp(last->codec->name, "dns") != 0)
		return;
	dns_open(&m, last->at, (size_t)(rest.p - last->at) + rest.left, &h);
	printf("%u\tid=%u\tflags=%u", s->n, h.id, h.flags);
	while (dns_question_next(&m, &q))
		printf("\tq=%s\tqtype=%u", q.name, q.type);
	while (dns_rr_next(&m, &rr))
		print_rr(&m, &rr);
	printf("\tok=%d\n", m.at.ok);
}

static void eth_frame(struct sink *s, int link, const uint8_t *data, size_t len)
{
	struct rd r = rd_init(data, len);
	struct eth_hdr h;
	bool ok = eth_read(&r, &h);

	s->n++;
	printf("%u\tok=%d\ttype=%u\tllc=%u", s->n, ok, h.type, h.llc_len);
	for (unsigned i = 0; i < h.n_tags; i++)
		printf("\tvlan%u=%u", i, eth_vlan(&h, i));
	printf("\n");
}

static void read_capture(struct sink *s, const char *path, frame_fn fn)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(path, why);
	struct pcap_pkthdr *h;
	const uint8_t *data;

	if (!p) {
		fprintf(stderr, "%s\n", why);
		return;
	}
	while (pcap_next_ex(p, &h, &data) == 1)
		fn(s, pcap_datalink(p), data, h->caplen);
	pcap_close(p);
}

static int read_captures(char **paths, frame_fn fn, const char *merged)
{
	pcap_t *p = pcap_open_dead(DLT_RAW, 65535);
	struct sink s = {.file = p && merged ? pcap_dump_open(p, merged) : NULL};

	if (merged && !s.file)
		return 1;
	for (; *paths; paths++) {
		printf("file\t%u\t%s\n", s.n + 1, *paths);
		read_capture(&s, *paths, fn);
	}
	if (s.file)
		pcap_dump_close(s.file);
	if (p)
		pcap_close(p);
	return 0;
}

/* An Ethernet frame around a packet of length n; 0 means that it could not be built. */
static void put(struct sink *s, uint16_t type, const uint8_t *packet, size_t n)
{
	uint8_t frame[1600];
	struct wr w = wr_init(frame, sizeof(frame));
	struct eth_hdr eth = {
		.dst = {{2, 0, 0, 0, 0, 2}}, .src = {{2, 0, 0, 0, 0, 1}}, .type = type};
	struct pcap_pkthdr h = {.ts = {.tv_sec = 1700000000 + s->n}};

	eth_write(&w, &eth);
	wr_bytes(&w, packet, n);
	if (!n || !w.ok) {
		fprintf(stderr, "packet %u could not be built\n", s->n);
		exit(1);
	}
	h.caplen = h.len = (bpf_u_int32)w.len;
	pcap_dump((u_char *)s->file, &h, frame);
	s->n++;
}

static struct build_ip ends(unsigned family)
{
	struct build_ip ip = {.ttl = 57, .tos = 0x10, .id = 0x1234, .df = true};

	(void)addr_parse(family == 4 ? "10.1.2.3" : "2001:db8::1", &ip.src);
	(void)addr_parse(family == 4 ? "10.1.2.4" : "2001:db8::2:3", &ip.dst);
	return ip;
}

static void put_tcp(struct sink *s, struct build_ip *ip, uint16_t type)
{
	uint8_t options[TCP_OPTIONS_MAX], buf[PKT_BUILD_MAX], data[64];
	struct wr o = wr_init(options, sizeof(options));
	struct build_tcp t = {.sport = 40000,
		.dport = 80,
		.seq = 0xfffffffe,
		.ack = 0x01020304,
		.window = 1024,
		.options = options,
		.payload = data};

	memset(data, 'x', sizeof(data));
	tcp_opt_write(&o, TCP_OPT_MSS, "\x05\xb4", 2);
	tcp_opt_write(&o, TCP_OPT_SACK_OK, NULL, 0);
	tcp_opt_write(&o, TCP_OPT_TS, "\x00\x00\x00\x01\x00\x00\x00\x02", 8);
	tcp_opt_write(&o, TCP_OPT_WS, "\x07", 1);
	tcp_opt_pad(&o, 0);
	for (unsigned flags = 0; flags < 256; flags += 17) {
		t.flags = (uint8_t)flags;
		t.options_len = flags & 1 ? (uint8_t)wr_len(&o) : 0;
		t.payload_len = flags % 7;
		put(s, type, buf, build_tcp(buf, sizeof(buf), ip, &t));
	}
}

static void put_sctp(struct sink *s, const struct build_ip *ip, const uint8_t *data, size_t len)
{
	uint16_t type = ip->src.family == 4 ? ETH_IPV4 : ETH_IPV6;
	struct build_sctp p = {40000, 36412, SCTP_INIT, 0xdeadbeef, data, len};
	uint8_t buf[PKT_BUILD_MAX];

	put(s, type, buf, build_sctp(buf, sizeof(buf), ip, &p));
	p.chunk = SCTP_COOKIE_ECHO;
	put(s, type, buf, build_sctp(buf, sizeof(buf), ip, &p));
}

static void put_family(struct sink *s, unsigned family)
{
	static const uint8_t route[4] = {0x94, 0x04, 0, 0}; /* router alert, RFC 2113 */
	struct build_ip ip = ends(family);
	uint16_t type = family == 4 ? ETH_IPV4 : ETH_IPV6;
	uint8_t buf[PKT_BUILD_MAX], data[64];

	memset(data, 0xa5, sizeof(data));
	put_tcp(s, &ip, type);
	ip.options = route;
	ip.options_len = sizeof(route);
	for (size_t len = 0; len < 6; len++) {
		put(s, type, buf, build_udp(buf, sizeof(buf), &ip, &(struct build_udp){40000, 9, data, len}));
		put(s, type, buf, build_echo(buf, sizeof(buf), &ip, &(struct build_echo){77, (uint16_t)len, data, len}));
		put_sctp(s, &ip, len ? data : NULL, len);
	}
}

static void put_zero_sum(struct sink *s)
{
	struct build_ip ip = ends(4);
	uint8_t buf[PKT_BUILD_MAX], data[2] = {0};
	size_t n = build_udp(buf, sizeof(buf), &ip, &(struct build_udp){40000, 9, data, 2});

	/* the payload that makes the sum 0: the checksum over a zero payload itself; RFC 768 sends
	 * it as ffff */
	memcpy(data, buf + 26, 2);
	n = build_udp(buf, sizeof(buf), &ip, &(struct build_udp){40000, 9, data, 2});
	put(s, ETH_IPV4, buf, n);
}

static void put_probes(struct sink *s)
{
	struct build_ip ip4 = ends(4), ip6 = ends(6);
	struct mac mac = {{2, 0, 0, 0, 0, 1}};
	uint8_t buf[PKT_BUILD_MAX];

	put_family(s, 4);
	put_family(s, 6);
	put_zero_sum(s);
	put(s, ETH_IPV4, buf, build_timestamp(buf, sizeof(buf), &ip4, 77, 3));
	put(s, ETH_IPV4, buf, build_mask(buf, sizeof(buf), &ip4, 77, 3));
	put(s, ETH_IPV4, buf, build_igmp_query(buf, sizeof(buf), &ip4, NULL, 0));
	put(s, ETH_ARP, buf, build_arp(buf, sizeof(buf), &mac, &ip4.src, &ip4.dst));
	put(s, ETH_IPV6, buf, build_nd_solicit(buf, sizeof(buf), &mac, &ip6.src, &ip6.dst));
}

static void put_payloads(struct sink *s)
{
	struct build_ip ip = ends(4);
	uint8_t buf[PKT_BUILD_MAX];
	uint16_t port;

	for (unsigned n = 0; (port = payload_port_at(n)) != 0; n++) {
		for (unsigned v = 0; v < payload_count(port); v++) {
			size_t len;
			const uint8_t *data = payload_for(port, v, &len);

			put(s, ETH_IPV4, buf,
				build_udp(buf, sizeof(buf), &ip, &(struct build_udp){(uint16_t)(41000 + s->n), port, data, len}));
		}
	}
}

static int write_capture(const char *path, void (*fill)(struct sink *s))
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	struct sink s = {.file = p ? pcap_dump_open(p, path) : NULL};

	if (!s.file)
		return 1;
	fill(&s);
	pcap_dump_close(s.file);
	pcap_close(p);
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc >= 3 ? argv[1] : "";

	if (!strcmp(verb, "merge"))
		return read_captures(argv + 3, merge_frame, argv[2]);
	if (!strcmp(verb, "cut"))
		return read_captures(argv + 2, cut_frame, NULL);
	if (!strcmp(verb, "eth"))
		return read_captures(argv + 2, eth_frame, NULL);
	if (!strcmp(verb, "dns"))
		return read_captures(argv + 2, dns_frame, NULL);
	if (!strcmp(verb, "probes"))
		return write_capture(argv[2], put_probes);
	if (!strcmp(verb, "payloads"))
		return write_capture(argv[2], put_payloads);
	fprintf(stderr, "usage: pkt_tool merge OUT.pcap IN... | cut IN... | eth IN... | dns MERGED"
			" | probes OUT.pcap | payloads OUT.pcap\n");
	return 2;
}
