/* SPDX-License-Identifier: BSD-2-Clause */
/* The option table: every option of nmap 7.93 and our own, one row each. */
#include <stddef.h>

#include "cmd/opts.h"
#include "scan/plan.h"

enum group {
	G_TARGET,
	G_DISCOVERY,
	G_TECHNIQUE,
	G_PORTS,
	G_TIMING,
	G_PACKETS,
	G_OUTPUT,
	G_GENERAL,
	G_SERVICE,
	G_SCRIPT,
	G_OS,
	GROUPS
};

/* Rows that exclude each other. */
enum excl { X_NONE, X_FAMILY, X_TCP, X_SCTP, X_PORTS, X_ARP, X_ACK, X_STYLE };

static const char *const groups[GROUPS] = {
	[G_TARGET] = "Targets",
	[G_DISCOVERY] = "Host discovery and names",
	[G_TECHNIQUE] = "Scan techniques",
	[G_PORTS] = "Ports",
	[G_TIMING] = "Timing and rate",
	[G_PACKETS] = "Packets and the way they take",
	[G_OUTPUT] = "Output",
	[G_GENERAL] = "General",
	[G_SERVICE] = "Services and versions",
	[G_SCRIPT] = "Scripts",
	[G_OS] = "Operating systems",
};

#define TO(member) .lands = offsetof(struct opts, member)
/* A row known by name only; V when it would take a value, G when a glued one. */
#define LACK(grp, what)	     OPT_NO_ARG, .group = (grp), .help = what, .absent = what
#define LACK_V(grp, m, what) OPT_ARG, .meta = (m), .group = (grp), .help = what, .absent = what
#define LACK_G(grp, m, what)                                                                       \
	OPT_ARG_GLUED, .meta = (m), .group = (grp), .help = what, .absent = what
#define TIME_ROW(m) OPT_ARG, OPT_TIME, "TIME", TO(m)
#define BIG	    4294967295.0
#define TECH_ROW(bit, x)                                                                           \
	OPT_NO_ARG, OPT_BITS, NULL, TO(techniques), .value = (bit), .flags = OPT_CLUSTER,          \
		.excl = (x), .group = G_TECHNIQUE

/* clang-format off */
static const struct opt_row opt_rows[] = {
	/* ---- targets ---- */
	{ { "-iL" }, OPT_ARG, OPT_TEXT, "FILE", TO(input_list), .flags = OPT_ONCE | OPT_FILE, .group = G_TARGET,
	  .help = "read targets from FILE (\"-\": standard input) and add them to those of the command line" },
	{ { "-iR" }, OPT_ARG, OPT_UINT, "N", TO(random), .max = BIG, .group = G_TARGET,
	  .help = "N random public IPv4 addresses; 0 never ends" },
	{ { "--exclude" }, OPT_ARG, OPT_TEXT, "LIST", TO(exclude), .group = G_TARGET,
	  .help = "targets to leave out, separated by commas" },
	{ { "--excludefile" }, OPT_ARG, OPT_TEXT, "FILE", TO(exclude_file), .flags = OPT_FILE, .group = G_TARGET,
	  .help = "read targets to leave out from FILE" },
	{ { "-4" }, OPT_NO_ARG, OPT_CONST, NULL, TO(family), .value = 4, .excl = X_FAMILY, .group = G_TARGET,
	  .help = "IPv4 (what is done without -6)" },
	{ { "-6" }, OPT_NO_ARG, OPT_CONST, NULL, TO(family), .value = 6, .excl = X_FAMILY, .group = G_TARGET,
	  .help = "IPv6" },
	{ { "--resolve-all" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(resolve_all), .group = G_TARGET,
	  .help = "scan every address of a name, not only the first" },
	{ { "--unique" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(unique), .group = G_TARGET,
	  .help = "scan each address once, however often it was named" },
	{ { "--randomize-hosts", "--rH", "-rH" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(randomize), .group = G_TARGET,
	  .help = "scan the hosts in random order" },

	/* ---- discovery ---- */
	{ { "-sL" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(list_only), .flags = OPT_CLUSTER, .group = G_DISCOVERY,
	  .help = "only list the targets, send them nothing; not with options about ports" },
	{ { "-sn", "-sP" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(no_ports), .flags = OPT_CLUSTER, .group = G_DISCOVERY,
	  .help = "only find out which hosts are up; not with options about ports" },
	{ { "-Pn", "-P0", "-PN", "-PD" }, OPT_NO_ARG, OPT_BITS, NULL, TO(ping), .value = PING_NONE, .group = G_DISCOVERY,
	  .help = "take every host as up" },
	{ { "-PS" }, OPT_ARG_GLUED, OPT_TEXT, "PORTS", TO(ping_syn), .def = "80", .flags = OPT_ONCE, .group = G_DISCOVERY,
	  .help = "discover by TCP SYN to these ports; at most 256 probes a host in all" },
	{ { "-PA", "-PT" }, OPT_ARG_GLUED, OPT_TEXT, "PORTS", TO(ping_ack), .def = "80", .flags = OPT_ONCE, .excl = X_ACK,
	  .group = G_DISCOVERY, .help = "discover by TCP ACK to these ports" },
	{ { "-PU" }, OPT_ARG_GLUED, OPT_TEXT, "PORTS", TO(ping_udp), .def = "40125", .flags = OPT_ONCE,
	  .group = G_DISCOVERY, .help = "discover by UDP to these ports" },
	{ { "-PE", "-PI", "-P" }, OPT_NO_ARG, OPT_BITS, NULL, TO(ping), .value = PING_ECHO, .group = G_DISCOVERY,
	  .help = "discover by ICMP echo request" },
	{ { "-PP" }, OPT_NO_ARG, OPT_BITS, NULL, TO(ping), .value = PING_TSTAMP, .group = G_DISCOVERY,
	  .help = "discover by ICMP timestamp request" },
	{ { "-PR" }, OPT_NO_ARG, OPT_BITS, NULL, TO(ping), .value = PING_ARP, .excl = X_ARP, .group = G_DISCOVERY,
	  .help = "discover neighbours by ARP or IPv6 neighbour discovery (what is done unless --disable-arp-ping)" },
	{ { "--disable-arp-ping" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(no_arp), .excl = X_ARP, .group = G_DISCOVERY,
	  .help = "treat neighbours like distant hosts: an answer to ARP does not count; not with --backend packet-ring" },
	{ { "-PY" }, OPT_ARG_GLUED, OPT_TEXT, "PORTS", TO(ping_sctp), .def = "80", .flags = OPT_ONCE,
	  .group = G_DISCOVERY, .help = "discover by SCTP INIT to these ports" },
	{ { "-PM" }, OPT_NO_ARG, OPT_BITS, NULL, TO(ping), .value = PING_MASK, .group = G_DISCOVERY,
	  .help = "discover by ICMP address mask request" },
	{ { "-PO" }, OPT_ARG_GLUED, OPT_TEXT, "PROTOCOLS", TO(ping_proto), .def = "", .flags = OPT_ONCE,
	  .group = G_DISCOVERY,
	  .help = "discover by these IP protocols, by number or name (default: 1,2,4; with -6: 58,4,41)" },
	{ { "-PB" }, OPT_ARG_GLUED, OPT_TEXT, "PORTS", TO(ping_mixed), .def = "80", .flags = OPT_ONCE, .excl = X_ACK,
	  .group = G_DISCOVERY, .help = "discover by -PE, -PP and -PA to these ports" },
	{ { "--discovery-ignore-rst" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(ignore_rst), .group = G_DISCOVERY,
	  .help = "a RST in answer to -PS or -PA does not say that a host is up: some firewalls send it for all" },
	{ { "--traceroute" }, LACK(G_DISCOVERY, "route tracing") },
	{ { "-n" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(no_dns), .group = G_DISCOVERY,
	  .help = "never ask for the names of addresses; stronger than -R" },
	{ { "-R" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(dns_all), .group = G_DISCOVERY,
	  .help = "ask for the names of hosts that are down, too" },
	{ { "--system-dns" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(system_dns), .group = G_DISCOVERY,
	  .help = "ask for names the way other programs do (nsswitch), not DNS servers directly" },
	{ { "--dns-servers" }, OPT_ARG, OPT_TEXT, "LIST", TO(dns_servers), .group = G_DISCOVERY,
	  .help = "DNS servers to ask, separated by commas, instead of the system's" },
	{ { "--route-dst" }, OPT_ARG, OPT_ADD, "ADDRESS", TO(route_dst), .flags = OPT_NO_CONF, .group = G_DISCOVERY,
	  .help = "print the route to ADDRESS, as nmap does, then go on; see also sonde doctor ADDRESS" },

	/* ---- techniques ---- */
	{ { "-sS" }, OPT_NO_ARG, OPT_BITS, NULL, TO(techniques), .value = TECH_SYN, .flags = OPT_CLUSTER, .excl = X_TCP,
	  .group = G_TECHNIQUE, .help = "TCP SYN scan (what is done with privilege)" },
	{ { "-sT" }, OPT_NO_ARG, OPT_BITS, NULL, TO(techniques), .value = TECH_CONNECT, .flags = OPT_CLUSTER, .excl = X_TCP,
	  .group = G_TECHNIQUE, .help = "TCP connect scan (what is done without privilege)" },
	{ { "-sU" }, OPT_NO_ARG, OPT_BITS, NULL, TO(techniques), .value = TECH_UDP, .flags = OPT_CLUSTER,
	  .group = G_TECHNIQUE, .help = "UDP scan; goes together with a TCP and an SCTP one, as in -sSUY" },
	{ { "-sN" }, TECH_ROW(TECH_NULL, X_TCP), .help = "TCP null scan: no flag; finds closed ports" },
	{ { "-sF" }, TECH_ROW(TECH_FIN, X_TCP), .help = "TCP FIN scan: finds closed ports" },
	{ { "-sX" }, TECH_ROW(TECH_XMAS, X_TCP), .help = "TCP Xmas scan: FIN, PSH and URG; finds closed ports" },
	{ { "-sM" }, TECH_ROW(TECH_MAIMON, X_TCP), .help = "TCP Maimon scan: FIN and ACK; finds closed ports" },
	{ { "-sA" }, TECH_ROW(TECH_ACK, X_TCP), .help = "TCP ACK scan: finds ports that no firewall filters" },
	{ { "-sW" }, TECH_ROW(TECH_WINDOW, X_TCP),
	  .help = "TCP window scan: as -sA; tells open ports where RSTs carry a window" },
	{ { "-sY" }, TECH_ROW(TECH_SCTP_INIT, X_SCTP), .help = "SCTP INIT scan" },
	{ { "-sZ" }, TECH_ROW(TECH_SCTP_COOKIE, X_SCTP), .help = "SCTP COOKIE-ECHO scan: finds closed ports" },
	{ { "-sO" }, TECH_ROW(TECH_PROTO, X_NONE), .help = "IP protocol scan: -p chooses from 0-255; goes alone" },
	{ { "-sI" }, LACK_V(G_TECHNIQUE, "ZOMBIE", "idle scan") },
	{ { "-b" }, OPT_ARG, OPT_TEXT, "[USER[:PASSWORD]@]SERVER[:PORT]", TO(bounce), .flags = OPT_ONCE, .excl = X_TCP,
	  .group = G_TECHNIQUE, .help = "FTP bounce scan: let this server connect to the ports" },
	{ { "--scanflags" }, OPT_ARG, OPT_TEXT, "FLAGS", TO(scan_flags), .group = G_TECHNIQUE,
	  .help = "flags of a raw TCP scan's probes: SYNFIN, 0x12 or 18; the technique says what answers mean" },

	/* ---- ports ---- */
	{ { "-p", "--ports" }, OPT_ARG, OPT_TEXT, "PORTS", TO(ports), .flags = OPT_ONCE, .excl = X_PORTS, .group = G_PORTS,
	  .help = "ports to scan: 22,80-90,T:443,U:53,http*,[1-1024],- (default: the 1,000 most frequent)" },
	{ { "--exclude-ports" }, OPT_ARG, OPT_TEXT, "PORTS", TO(exclude_ports), .flags = OPT_ONCE, .group = G_PORTS,
	  .help = "ports to leave out" },
	{ { "-F" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(fast), .excl = X_PORTS, .group = G_PORTS,
	  .help = "the 100 most frequent ports" },
	{ { "-r" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(sequential), .group = G_PORTS,
	  .help = "scan ports in ascending order, not at random" },
	{ { "--top-ports" }, OPT_ARG, OPT_UINT, "N", TO(top_ports), .min = 1, .max = 65535, .group = G_PORTS,
	  .help = "the N most frequent ports (with -p: of those)" },
	{ { "--port-ratio" }, OPT_ARG, OPT_REAL, "RATIO", TO(port_ratio), .max = 1, .flags = OPT_BELOW, .group = G_PORTS,
	  .help = "ports more frequent than RATIO" },

	/* ---- timing ---- */
	{ { "-T", "--timing" }, OPT_ARG, OPT_CHOICE, "TEMPLATE", TO(timing), .def = "3",
	  .choices = "paranoid|sneaky|polite|normal|aggressive|insane", .group = G_TIMING,
	  .help = "timing template, by name or as 0 to 5: higher is faster" },
	{ { "--min-hostgroup" }, OPT_ARG, OPT_UINT, "N", TO(min_hostgroup), .max = BIG, .group = G_TIMING,
	  .help = "hosts to have in work at once, at least" },
	{ { "--max-hostgroup" }, OPT_ARG, OPT_UINT, "N", TO(max_hostgroup), .min = 1, .max = BIG, .group = G_TIMING,
	  .help = "hosts to have in work at once, at most" },
	{ { "--min-parallelism" }, OPT_ARG, OPT_UINT, "N", TO(min_parallelism), .min = 1, .max = 65535, .group = G_TIMING,
	  .help = "probes under way at once, at least; more than 1 lifts the one at a time of -T0 to -T2" },
	{ { "--max-parallelism", "-M" }, OPT_ARG, OPT_UINT, "N", TO(max_parallelism), .min = 1, .max = 65535,
	  .group = G_TIMING, .help = "probes under way at once, at most" },
	{ { "--min-rtt-timeout" }, TIME_ROW(min_rtt), .flags = OPT_ABOVE, .bare_max = 50, .group = G_TIMING,
	  .help = "shortest time to wait for the answer to a probe" },
	{ { "--max-rtt-timeout", "--timeout" }, TIME_ROW(max_rtt), .min = 0.005, .bare_max = 50, .group = G_TIMING,
	  .help = "longest time to wait for the answer to a probe" },
	{ { "--initial-rtt-timeout" }, TIME_ROW(initial_rtt), .flags = OPT_ABOVE, .bare_max = 50, .group = G_TIMING,
	  .help = "time to wait before any answer was seen" },
	{ { "--max-retries" }, OPT_ARG, OPT_UINT, "N", TO(max_retries), .max = 1000, .group = G_TIMING,
	  .help = "how often to repeat an unanswered probe" },
	{ { "--host-timeout" }, TIME_ROW(host_timeout), .bare_max = 10000, .group = G_TIMING,
	  .help = "give up on a host after this time and report what was learnt; 0: never" },
	{ { "--scan-delay" }, TIME_ROW(scan_delay), .bare_max = 100, .group = G_TIMING,
	  .help = "pause between two probes to one host; not together with --min-rate" },
	{ { "--max-scan-delay" }, TIME_ROW(max_scan_delay), .bare_max = 100, .group = G_TIMING,
	  .help = "longest such pause that Sonde may choose by itself" },
	{ { "--min-rate" }, OPT_ARG, OPT_REAL, "N", TO(min_rate), .max = 1e9, .flags = OPT_ABOVE, .group = G_TIMING,
	  .help = "packets a second, at least, whatever the pauses of -T0 to -T2; not together with --scan-delay" },
	{ { "--max-rate" }, OPT_ARG, OPT_REAL, "N", TO(max_rate), .max = 1e9, .flags = OPT_ABOVE, .group = G_TIMING,
	  .help = "packets a second, at most" },
	{ { "--stealth" }, OPT_ARG, OPT_CHOICE, "PROFILE", TO(stealth),
	  .choices = "aggressive|normal|stealthy|paranoid", .group = G_TIMING,
	  .help = "one packet after another, target by target: aggressive 0.5 ms apart +-10 %, normal 2 ms +-30 %, stealthy "
		  "10 ms +-60 % with 1 s after each 16 and 5 s between targets, paranoid 50 ms +-80 %, 3 s after each 4, 30 s; "
		  "slower bounds still hold" },
	{ { "--defeat-rst-ratelimit" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(defeat_rst), .group = G_TIMING,
	  .help = "do not slow down for a host that limits its resets: closed TCP ports may be called filtered" },
	{ { "--defeat-icmp-ratelimit" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(defeat_icmp), .group = G_TIMING,
	  .help = "do not slow down for a host that limits its ICMP errors: silent UDP ports are called closed|filtered" },
	{ { "--nsock-engine" }, OPT_ARG, OPT_TEXT, "ENGINE", TO(nsock_engine), .choices = "epoll|poll|select", .group = G_TIMING,
	  .help = "nmap's choice of event loop; Sonde always waits by epoll and ppoll, and with -v says so" },
	{ { "--nogcc" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(no_group_window), .group = G_TIMING,
	  .help = "no congestion control for all hosts together, only for each; --max-parallelism still holds" },

	/* ---- packets ---- */
	{ { "-e", "--interface" }, OPT_ARG, OPT_TEXT, "IFACE", TO(interface), .group = G_PACKETS,
	  .help = "send and receive on this interface" },
	{ { "-g", "--source-port" }, OPT_ARG, OPT_UINT, "PORT", TO(source_port), .min = 1, .max = 65535, .group = G_PACKETS,
	  .help = "source port of raw probes; not with connect scans" },
	{ { "--backend" }, OPT_ARG, OPT_TEXT, "NAME", TO(backend), .choices = "packet-ring|raw|connect", .group = G_PACKETS,
	  .help = "the way to the wire, instead of the one that fits the route (see sonde doctor)" },
	{ { "--privileged" }, OPT_NO_ARG, OPT_CONST, NULL, TO(privilege), .value = PRIVILEGE_YES, .group = G_PACKETS,
	  .help = "take it that raw packets are permitted" },
	{ { "--unprivileged" }, OPT_NO_ARG, OPT_CONST, NULL, TO(privilege), .value = PRIVILEGE_NO, .group = G_PACKETS,
	  .help = "behave as without permission for raw packets" },
	{ { "-f", "-ff" }, LACK(G_PACKETS, "fragmented probes") },
	{ { "--mtu" }, LACK_V(G_PACKETS, "BYTES", "fragmented probes") },
	{ { "-D" }, LACK_V(G_PACKETS, "DECOYS", "decoys") },
	{ { "-S" }, LACK_V(G_PACKETS, "ADDRESS", "a source address of one's own; say -e IFACE to choose an interface") },
	{ { "--proxies", "--proxy" }, OPT_ARG, OPT_TEXT, "URLS", TO(proxies), .flags = OPT_ONCE, .group = G_PACKETS,
	  .help = "connect through this chain of proxies, separated by commas: http://, socks4://, socks4a:// or socks5://, then [USER:PASSWORD@]ADDRESS:PORT; TCP connect only, and no name is looked up" },
	{ { "--data" }, LACK_V(G_PACKETS, "HEX", "data of one's own in probes") },
	{ { "--data-string" }, LACK_V(G_PACKETS, "TEXT", "data of one's own in probes") },
	{ { "--data-length" }, LACK_V(G_PACKETS, "N", "random data in probes") },
	{ { "--ip-options" }, LACK_V(G_PACKETS, "OPTIONS", "IP options in probes") },
	{ { "--ttl" }, LACK_V(G_PACKETS, "N", "a TTL of one's own") },
	{ { "--spoof-mac" }, LACK_V(G_PACKETS, "MAC", "a hardware address of one's own") },
	{ { "--badsum" }, LACK(G_PACKETS, "wrong checksums") },
	{ { "--adler32" }, LACK(G_PACKETS, "SCTP's old checksum") },
	{ { "--send-eth" }, LACK(G_PACKETS, "sending frames whatever the route; say --backend packet-ring") },
	{ { "--send-ip" }, LACK(G_PACKETS, "sending by the IP layer whatever the route; say --backend raw") },

	/* ---- output ---- */
	{ { "-oN", "-o", "--output" }, OPT_ARG, OPT_ADD, "FILE", TO(outputs), .value = OUTPUT_NORMAL, .flags = OPT_FILE,
	  .group = G_OUTPUT, .help = "write the normal report to FILE (\"-\": standard output)" },
	{ { "-oX" }, OPT_ARG, OPT_ADD, "FILE", TO(outputs), .value = OUTPUT_XML, .flags = OPT_FILE, .group = G_OUTPUT,
	  .help = "write nmap's XML" },
	{ { "-oG", "-oM", "-m" }, OPT_ARG, OPT_ADD, "FILE", TO(outputs), .value = OUTPUT_GREPABLE, .flags = OPT_FILE,
	  .group = G_OUTPUT, .help = "write one line a host, for grep" },
	{ { "-oJ" }, OPT_ARG, OPT_ADD, "FILE", TO(outputs), .value = OUTPUT_JSON, .flags = OPT_FILE, .group = G_OUTPUT,
	  .help = "write one JSON document" },
	{ { "-oD" }, OPT_ARG, OPT_ADD, "FILE", TO(outputs), .value = OUTPUT_NDJSON, .flags = OPT_FILE, .group = G_OUTPUT,
	  .help = "write one JSON object a line, as things are found" },
	{ { "-oC" }, OPT_ARG, OPT_ADD, "FILE", TO(outputs), .value = OUTPUT_CSV, .flags = OPT_FILE, .group = G_OUTPUT,
	  .help = "write comma-separated values, one line a port" },
	{ { "-oA" }, OPT_ARG, OPT_ADD, "BASE", TO(outputs), .value = OUTPUT_ALL, .flags = OPT_FILE | OPT_NO_STDIO,
	  .group = G_OUTPUT, .help = "write BASE.nmap, BASE.xml and BASE.gnmap" },
	{ { "-oS" }, OPT_ARG, OPT_ADD, "FILE", TO(outputs), .value = OUTPUT_KIDDIE, .flags = OPT_FILE, .group = G_OUTPUT,
	  .help = "write the normal report in script kiddies' spelling" },
	{ { "-oH" }, OPT_ARG, OPT_ADD, "FILE", TO(outputs), .value = OUTPUT_HEX, .flags = OPT_FILE, .group = G_OUTPUT,
	  .help = "write every packet sent and received in words and hexadecimal, with its time" },
	{ { "--packet-capture" }, OPT_ARG, OPT_ADD, "FILE", TO(outputs), .value = OUTPUT_CAPTURE, .flags = OPT_FILE,
	  .group = G_OUTPUT, .help = "write every packet sent and received as pcapng, with the verdicts" },
	{ { "--packet-capture-limit" }, OPT_ARG, OPT_SIZE, "SIZE", TO(capture_limit), .min = 128 << 10, .max = 1e15,
	  .group = G_OUTPUT, .help = "begin the capture file anew at SIZE and keep the one before as FILE.1" },
	{ { "-v", "--verbose" }, OPT_ARG_GLUED, OPT_LEVEL, "LEVEL", TO(verbose), .group = G_OUTPUT,
	  .help = "say more (-vv, -v3: more still; -v0: print no report on standard output)" },
	{ { "-d", "--debug" }, OPT_ARG_GLUED, OPT_LEVEL, "LEVEL", TO(debug), .group = G_OUTPUT,
	  .help = "say what happens inside (-dd, -d3: more still); each counts as a -v, too" },
	{ { "--reason" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(reason), .group = G_OUTPUT,
	  .help = "say why each port and host has its state" },
	{ { "--open" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(open_only), .group = G_OUTPUT,
	  .help = "show open ports only, and hosts that have one" },
	{ { "--packet-trace" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(packet_trace), .group = G_OUTPUT,
	  .help = "show every packet sent and received" },
	{ { "--stats-every" }, OPT_ARG, OPT_TIME, "TIME", TO(stats_every), .flags = OPT_ABOVE, .group = G_OUTPUT,
	  .help = "print a line of progress in this interval" },
	{ { "--append-output" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(append), .group = G_OUTPUT,
	  .help = "add to output files instead of replacing them" },
	{ { "--noninteractive" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(noninteractive), .group = G_OUTPUT,
	  .help = "take no notice of the keyboard" },
	{ { "--stylesheet" }, OPT_ARG, OPT_TEXT, "URL", TO(stylesheet), .excl = X_STYLE, .group = G_OUTPUT,
	  .help = "XSL stylesheet that the XML output refers to, a path or URL (without: Sonde's own, where installed)" },
	{ { "--webxml" }, OPT_NO_ARG, OPT_CONST, NULL, TO(xml_style), .value = XML_STYLE_WEB, .excl = X_STYLE, .group = G_OUTPUT,
	  .help = "refer to nmap.org's stylesheet" },
	{ { "--no-stylesheet" }, OPT_NO_ARG, OPT_CONST, NULL, TO(xml_style), .value = XML_STYLE_NONE, .excl = X_STYLE, .group = G_OUTPUT,
	  .help = "refer to no stylesheet" },
	{ { "--resume" }, LACK_V(G_OUTPUT, "FILE", "resuming a scan") },
	{ { "--log-errors" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(no_effect), .group = G_OUTPUT,
	  .help = "accepted for nmap's sake, has no effect here: errors are always in the normal output file" },
	{ { "--deprecated-xml-osclass" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(no_effect), .group = G_OUTPUT,
	  .help = "accepted for nmap's sake, has no effect here: there are no OS matches yet" },

	/* ---- general ---- */
	{ { "--iflist" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(iflist), .flags = OPT_NO_CONF, .group = G_GENERAL,
	  .help = "show this machine's interfaces and routes, and stop" },
	{ { "--datadir" }, OPT_ARG, OPT_TEXT, "DIR", TO(datadir), .group = G_GENERAL,
	  .help = "look for nmap-services, nmap-mac-prefixes and sonde.xsl in DIR first" },
	{ { "--servicedb" }, OPT_ARG, OPT_TEXT, "FILE", TO(servicedb), .flags = OPT_FILE, .group = G_GENERAL,
	  .help = "take port names and frequencies from FILE, in nmap-services' format; implies -F" },
	{ { "--config" }, OPT_ARG, OPT_TEXT, "FILE", TO(config), .flags = OPT_NO_CONF | OPT_ONCE, .group = G_GENERAL,
	  .help = "read this configuration file and no other" },
	{ { "--release-memory" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(no_effect), .group = G_GENERAL,
	  .help = "accepted for nmap's sake, has no effect here: all memory is always freed before the end" },
	{ { "-V", "--version" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(version), .flags = OPT_NO_CONF, .group = G_GENERAL,
	  .help = "print the version" },
	{ { "-h", "--help" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(help), .flags = OPT_NO_CONF, .group = G_GENERAL,
	  .help = "print this list" },
	{ { "-A" }, LACK(G_GENERAL, "services, OS and scripts at once, which are not built; --traceroute alone is") },
	{ { "--thc" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(thc), .flags = OPT_NO_CONF, .group = G_GENERAL,
	  .help = "a joke, and nothing else" },
	{ { "-q" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(no_effect), .group = G_GENERAL,
	  .help = "accepted for nmap's sake, has no effect here" },
	{ { "-I" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(ident), .group = G_GENERAL,
	  .help = "ident scan, which nmap gave up: warned about and ignored, as there" },

	/* ---- services, scripts, operating systems ---- */
	{ { "-sV", "-sR" }, LACK(G_SERVICE, "service detection"), .flags = OPT_CLUSTER },
	{ { "--allports" }, LACK(G_SERVICE, "service detection") },
	{ { "--version-intensity" }, LACK_V(G_SERVICE, "LEVEL", "service detection") },
	{ { "--version-light" }, LACK(G_SERVICE, "service detection") },
	{ { "--version-all" }, LACK(G_SERVICE, "service detection") },
	{ { "--version-trace" }, LACK(G_SERVICE, "service detection") },
	{ { "--versiondb" }, LACK_V(G_SERVICE, "FILE", "service detection") },
	{ { "-sC" }, LACK(G_SCRIPT, "scripts"), .flags = OPT_CLUSTER },
	{ { "--script" }, LACK_V(G_SCRIPT, "SCRIPTS", "scripts") },
	{ { "--script-args" }, LACK_V(G_SCRIPT, "ARGS", "scripts") },
	{ { "--script-args-file" }, LACK_V(G_SCRIPT, "FILE", "scripts") },
	{ { "--script-trace" }, LACK(G_SCRIPT, "scripts") },
	{ { "--script-updatedb" }, LACK(G_SCRIPT, "scripts") },
	{ { "--script-help" }, LACK_V(G_SCRIPT, "SCRIPTS", "scripts") },
	{ { "--script-timeout" }, LACK_V(G_SCRIPT, "TIME", "scripts") },
	{ { "-O" }, LACK_G(G_OS, "VERSION", "OS detection") },
	{ { "--osscan-limit" }, LACK(G_OS, "OS detection") },
	{ { "--osscan-guess", "--fuzzy" }, LACK(G_OS, "OS detection") },
	{ { "--max-os-tries" }, LACK_V(G_OS, "N", "OS detection") },
};
/* clang-format on */

/* Of discovery, techniques and packets, connections need these only. */
bool opts_beyond_proxies(const struct opt_row *r)
{
	static const size_t members[] = {
		offsetof(struct opts, list_only),
		offsetof(struct opts, no_ports),
		offsetof(struct opts, no_dns),
		offsetof(struct opts, ping_syn),
		offsetof(struct opts, ping_ack),
		offsetof(struct opts, interface),
		offsetof(struct opts, proxies),
	};

	if (r->group != G_DISCOVERY && r->group != G_TECHNIQUE && r->group != G_PACKETS)
		return false;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (r->lands == members[i])
			return false;
	return !(r->lands == offsetof(struct opts, ping) && r->value == PING_NONE) &&
	       !(r->lands == offsetof(struct opts, techniques) && r->value == TECH_CONNECT) &&
	       !(r->lands == offsetof(struct opts, privilege) && r->value == PRIVILEGE_NO);
}

const struct opt_table scan_opts = {
	.rows = opt_rows,
	.n_rows = sizeof(opt_rows) / sizeof(opt_rows[0]),
	.groups = groups,
	.n_groups = GROUPS,
};
