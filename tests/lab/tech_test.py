#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""tech_test.py SONDE RESPONDER [NAME...] - each technique and each discovery probe against the truth of the lab, and beside nmap.

The truth: RFC 9293 for Linux and its firewall (lab.FIREWALL), answerer.py for what Linux is not, libusrsctp for SCTP, the
rules below for IP protocols. Where nmap does otherwise and is wrong, the test says why. Needs root; skipped (77) without.
"""
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import answerer
from check import by_nmap, expect, main, test, v4, v6
from lab import DAEMONS
from packets import Capture

OLD = (41, "00:1c:b3:41:41:41")     # answerer.py
SCTP = (42, "00:1c:b3:42:42:42")    # libusrsctp's discard server, which drops what is closed
PROTO = (43, "00:1c:b3:43:43:43")   # rules for IP protocols
USRSCTP = "/usr/lib/usrsctp/discard_server"
FW_PORTS = "20-25,80,1000-1049"
FW_NUMBERS = [*range(20, 26), 80, *range(1000, 1050)]
PROTO_RULES = """
table inet proto {
  chain in {
    type filter hook input priority 0; policy accept;
    meta l4proto { 50, 70-79 } drop
    meta nfproto ipv4 meta l4proto { 80-84 } reject with icmp admin-prohibited
    meta nfproto ipv4 meta l4proto { 85-86 } reject with icmp host-prohibited
    meta nfproto ipv4 meta l4proto 87 reject with icmp port-unreachable
    meta nfproto ipv6 meta l4proto { 80-84 } reject with icmpv6 admin-prohibited
    meta nfproto ipv6 meta l4proto { 85-86 } reject with icmpv6 no-route
    meta nfproto ipv6 meta l4proto 87 reject with icmpv6 port-unreachable
  }
}
"""
# what the kernel knows depends on its configuration: compared with nmap only
KERNEL = {2, 4, 41, 47, 51, 94, 103, 108, 115, 132, 135, 136}


def addr(host, family):
    return "10.77.0.%d" % host[0] if family == 4 else "fd77::%d" % host[0]


def of(name, family):
    return v4(name) if family == 4 else v6(name)


def options(family):
    return ("-n", "-6") if family == 6 else ("-n",)


@test
def hosts_of_our_own(lab, sonde):
    for name, host in (("old", OLD), ("sctp", SCTP), ("proto", PROTO)):
        lab.add_space(name)
        lab.port(name, *host)
    lab.nft("old", answerer.RULES)
    lab.nft("proto", PROTO_RULES)
    lab.daemon("old", "/usr/bin/python3", answerer.__file__, "eth0")
    lab.daemon("sctp", USRSCTP)
    for name, host in (("old", OLD), ("sctp", SCTP)):     # until they answer
        for _ in range(50):
            got = sonde("-n", "-sY", "-p9", addr(host, 4))[addr(host, 4)]["ports"]
            if got["sctp", 9][0] == "open":
                break
            time.sleep(0.1)
        assert got["sctp", 9] == ("open", "init-ack"), (name, got)


# ---- TCP ---------------------------------------------------------------------------------------------

# technique: an open port of Linux, a closed one, silence (ICMP errors are filtered for all)
TCP = {
    "-sS": ("open", "closed", "filtered"),
    "-sN": ("open|filtered", "closed", "open|filtered"),
    "-sF": ("open|filtered", "closed", "open|filtered"),
    "-sX": ("open|filtered", "closed", "open|filtered"),
    "-sM": ("closed", "closed", "open|filtered"),       # RFC 9293 3.10.7.2: a listener resets an ACK
    "-sA": ("unfiltered", "unfiltered", "filtered"),
    "-sW": ("closed", "closed", "filtered"),            # Linux leaves no window
}


def tcp_truth(tech, numbers):
    opened, closed, silent = TCP[tech]
    want = {}
    for n in numbers:
        if 1000 <= n <= 1009:
            want[n] = silent
        elif 1020 <= n <= 1049:
            want[n] = "filtered"
        else:
            want[n] = opened if n in DAEMONS["fw"]["tcp"] else closed
    return want


@test
def tcp_techniques(lab, sonde):
    for tech in TCP:
        for family in (4, 6):
            got = sonde(*options(family), tech, "-p", FW_PORTS, of("fw", family))
            expect(got, of("fw", family), tcp_truth(tech, FW_NUMBERS))


@test
def tcp_through_routers(lab, sonde):
    for tech in TCP:
        opened, closed, _ = TCP[tech]
        for family in (4, 6):
            got = sonde(*options(family), tech, "-p79-81", of("far", family))
            expect(got, of("far", family), {79: closed, 80: opened, 81: closed})


# nft's ways to refuse, and nmap's words for them
REJECTS = {
    4: {"net-unreachable": "net-unreach", "host-unreachable": "host-unreach", "port-unreachable": "port-unreach",
        "net-prohibited": "net-prohibited", "host-prohibited": "host-prohibited", "admin-prohibited": "admin-prohibited",
        "prot-unreachable": "proto-unreach"},
    6: {"no-route": "no-route", "admin-prohibited": "admin-prohibited", "addr-unreachable": "host-unreach",
        "port-unreachable": "port-unreach", "policy-fail": "admin-prohibited", "reject-route": "reject-route"},
}


@test
def each_kind_of_reject(lab, sonde):
    for family, kinds in REJECTS.items():
        icmp = "icmp" if family == 4 else "icmpv6"
        rules = "".join("meta nfproto ipv%d th dport %d reject with %s type %s;" % (family, 300 + i, icmp, kind)
                        for i, kind in enumerate(kinds))
        lab.nft("proto", "table inet kinds { chain input { type filter hook input priority 0; %s }; }" % rules)
        want = {300 + i: ("filtered", reason) for i, reason in enumerate(kinds.values())}
        for tech in (*TCP, "-sY", "-sZ"):
            proto = "tcp" if tech in TCP else "sctp"
            args = (*options(family), tech, "-p300-%d" % max(want), addr(PROTO, family))
            got = sonde(*args)[args[-1]]["ports"]
            assert got == {(proto, n): v for n, v in want.items()}, (tech, got)
            if tech in ("-sA", "-sY"):
                theirs = ports_by_nmap(lab, args)
                assert theirs == got, (tech, theirs)
        lab.nft("proto", "delete table inet kinds")


@test
def this_machine(lab, sonde):
    """Over the loopback interface our probes come in as well, and some go to the ports that they leave from."""
    for tech in TCP:
        for address in ("127.0.0.1", "::1"):
            got = sonde(*options(6 if ":" in address else 4), tech, "-p61000-65535", address)
            expect(got, address, dict.fromkeys(range(61000, 65536), TCP[tech][1]))
    got = sonde("-n", "-sO", "-p1,6,17,200-254", "127.0.0.1")
    expect(got, "127.0.0.1", dict.fromkeys(range(200, 255), "closed") | dict.fromkeys((1, 6, 17), "open"), "ip")


@test
def limited_resets(lab, sonde):
    """Fifty answers a second, and more silence than answers at first: still every port is what it is."""
    for tech, family in (("-sF", 4), ("-sA", 6)):
        got = sonde(*options(family), tech, "-p1050-1149", of("fw", family))
        expect(got, of("fw", family), dict.fromkeys(range(1050, 1150), TCP[tech][1]))


@test
def windows(lab, sonde):
    want = {n: "open" if n in answerer.TCP_OPEN else "closed" for n in range(20, 90)}
    for family in (4, 6):
        expect(sonde(*options(family), "-sW", "-p20-89", addr(OLD, family)), addr(OLD, family), want)


@test
def scan_flags(lab, sonde):
    """The flags change, the meaning stays: a FIN scan takes no notice of the SYN-ACK that its SYN brings, as with nmap."""
    for flags, tech, want in (("SYN", "-sF", {79: "closed", 80: "open|filtered"}),
                              ("0x12", "-sS", {79: "closed", 80: "closed"}),
                              ("fin,psh", "-sN", {79: "closed", 80: "open|filtered"}),
                              ("urgackpshfin", "-sA", {79: "unfiltered", 80: "unfiltered"}),
                              ("ALL", "-sF", {79: "open|filtered", 80: "open|filtered"})):
        got = sonde("-n", tech, "--scanflags", flags, "-p79,80", v4("web"))
        expect(got, v4("web"), want)


@test
def syn_is_a_linux_client_s(lab, sonde):
    """Beside the SYN of this kernel's connect(), both taken on the target."""
    # the default, of which the window scale 7 comes; this machine's may be larger
    lab.sysctl("scan", "net.ipv4.tcp_rmem=4096 131072 6291456")
    for family in (4, 6):
        with Capture(lab, "web", "tcp or ip6") as c:
            sonde(*options(family), "-sS", "-p80-90", of("web", family))
            sonde(*options(family), "-sT", "-Pn", "-p80", of("web", family))
        syns = [p for p in c.to(of("web", family), 6) if p.flags == 2]
        clocks = [struct.unpack("!I", value[:4])[0] for p in syns[:-1] for kind, value in p.tcp_options if kind == 8]
        assert len(syns) >= 12 and len(clocks) == len(syns) - 1 and clocks == sorted(clocks), clocks
        # a host does not change from packet to packet: all of a run are as the kernel's, the last
        shapes = {(p.ttl, p.version == 4 and p.df, p.window, tuple((k, v if k != 8 else None) for k, v in p.tcp_options)) for p in syns}
        assert len(shapes) == 1, shapes


# ---- SCTP --------------------------------------------------------------------------------------------

@test
def sctp_techniques(lab, sonde):
    numbers = [*range(7, 12), *range(78, 82), *range(98, 112)]
    for family in (4, 6):
        for tech, opened, silent in (("-sY", "open", "filtered"), ("-sZ", "open|filtered", "open|filtered")):
            want = {n: silent if n in answerer.SCTP_SILENT else opened if n in answerer.SCTP_OPEN else "closed" for n in numbers}
            got = sonde(*options(family), tech, "-p", ",".join(map(str, numbers)), addr(OLD, family))
            expect(got, addr(OLD, family), want, "sctp")
            got = sonde(*options(family), tech, "-p7-10", addr(SCTP, family))
            expect(got, addr(SCTP, family), {7: silent, 8: silent, 9: opened, 10: silent}, "sctp")
        lab.nft("sctp", """table inet barrier { chain input { type filter hook input priority -5;
            sctp dport 200 reject with icmpx admin-prohibited; sctp dport 201 reject with icmpx port-unreachable;
            sctp dport 202 reject with icmpx host-unreachable; }; }""")
        got = sonde(*options(family), "-sY", "-p200-202", addr(SCTP, family))
        expect(got, addr(SCTP, family), dict.fromkeys(range(200, 203), "filtered"), "sctp")
        lab.nft("sctp", "delete table inet barrier")


@test
def no_sctp_at_all(lab, sonde):
    """A kernel without SCTP says so: the way to SCTP is barred, whatever the port."""
    got = sonde("-n", "-sY", "-p9,80", v4("web"))[v4("web")]["ports"]
    assert set(got.values()) == {("filtered", "proto-unreach")}, got


# ---- IP protocols ------------------------------------------------------------------------------------

@test
def protocols(lab, sonde):
    for family in (4, 6):
        want = dict.fromkeys(range(256), "closed")
        want.update(dict.fromkeys([50, *range(70, 80)], "open|filtered"))
        want.update(dict.fromkeys(range(80, 87), "filtered"))
        want.update({6: "open", 17: "open", 87: "open", 1 if family == 4 else 58: "open"})
        if family == 6:     # headers without a body: dropped, but a fragment header is answered
            want.update({0: "open|filtered", 43: "open|filtered", 44: "open", 59: "open|filtered", 60: "open|filtered"})
            # nft's reject says nothing about an IPv6 packet that ends with its header (nf_reject_ipv6.c)
            want.update(dict.fromkeys(range(80, 88), "open|filtered"))
        got = sonde(*options(family), "-sO", addr(PROTO, family))
        ports = got[addr(PROTO, family)]["ports"]
        for n in KERNEL:
            want.pop(n, None)
            ports.pop(("ip", n))
        expect(got, addr(PROTO, family), want, "ip")
        assert ports["ip", 6][1] == "proto-response" and ports["ip", 17][1] == "port-unreach", ports


@test
def protocols_from_a_router(lab, sonde):
    """Protocol unreachable closes only when the target says it."""
    lab.nft("r3", """table ip barrier { chain forward { type filter hook forward priority 0;
        ip protocol 99 reject with icmp prot-unreachable; }; }""")
    try:
        got = sonde("-n", "-sO", "-p98,99", v4("far"))[v4("far")]["ports"]
        assert got == {("ip", 98): ("closed", "proto-unreach"), ("ip", 99): ("filtered", "proto-unreach")}, got
    finally:
        lab.nft("r3", "delete table ip barrier")


@test
def techniques_together(lab, sonde):
    got = sonde("-n", "-sF", "-sUY", "-p", "T:22,U:53,S:9,S:10", addr(OLD, 4))[addr(OLD, 4)]["ports"]
    assert got == {("tcp", 22): ("closed", "reset"), ("udp", 53): ("closed", "port-unreach"), ("sctp", 9): ("open", "init-ack"),
                   ("sctp", 10): ("closed", "abort")}, got


# ---- beside nmap -------------------------------------------------------------------------------------

def ports_by_nmap(lab, args):
    # nmap names no protocol in <extrareasons> of -sO, against its own DTD
    return {("ip" if proto == "n/a" else proto, n): s for (proto, n), s in by_nmap(lab, *args)[args[-1]]["ports"].items()}


@test
def as_nmap_sees_it(lab, sonde):
    # a host at a time, for each has only so many ICMP errors a second to give
    runs = [[], [], [], []]
    for family in (4, 6):
        each = [[(tech, "-p", FW_PORTS, of("fw", family)) for tech in TCP if tech != "-sS"],
                [("-sW", "-p20-89", addr(OLD, family)), ("-sY", "-p7-11,98-103", addr(OLD, family)),
                 ("-sZ", "-p7-11,98-103", addr(OLD, family))],
                [("-sY", "-p7-10", addr(SCTP, family))], [("-sO", addr(PROTO, family))]]
        for host, some in zip(runs, each):
            host += [(*options(family), *args) for args in some]
    with ThreadPoolExecutor(4) as pool:
        theirs = list(pool.map(lambda some: [ports_by_nmap(lab, args) for args in some], runs))
    for args, b in zip(sum(runs, []), sum(theirs, [])):
        a = sonde(*args)[args[-1]]["ports"]
        if "-sO" in args and "-6" not in args:  # nmap: open by whatever ICMP error about another protocol came first
            assert (a.pop(("ip", 1)), b.pop(("ip", 1))[0]) == (("open", "echo-reply"), "open")
        wrong = {k: (a.get(k), b.get(k)) for k in set(a) | set(b) if a.get(k) != b.get(k)}
        assert not wrong, "%s: (ours, nmap's) differ: %s" % (args, dict(sorted(wrong.items())[:8]))


# ---- discovery ---------------------------------------------------------------------------------------

# what the host beyond three routers answers to, the probe, and why it is then up, by family
KINDS = (
    ("icmp type echo-request", "-PE", "echo-reply", 4),
    ("icmp type timestamp-request", "-PP", "timestamp-reply", 4),
    ("tcp flags & (syn | ack) == syn", "-PS81", "reset", 4),
    ("tcp flags & (syn | ack) == syn", "-PS80", "syn-ack", 4),
    ("tcp flags & (syn | ack) == ack", "-PA81", "reset", 4),
    ("meta l4proto udp", "-PU40125", "port-unreach", 4),
    ("meta l4proto sctp", "-PY80", "proto-unreach", 4),
    ("ip protocol 4", "-PO4", "proto-unreach", 4),
    ("icmpv6 type echo-request", "-PE", "echo-reply", 6),
    ("tcp flags & (syn | ack) == syn", "-PS81", "reset", 6),
    ("tcp flags & (syn | ack) == ack", "-PA81", "reset", 6),
    ("meta l4proto udp", "-PU40125", "port-unreach", 6),
    ("meta l4proto sctp", "-PY80", "param-problem", 6),
    ("meta l4proto 4", "-PO4", "param-problem", 6),
)


def answers_only(lab, rule):
    lab.nft("far", """table inet only {
      chain in { type filter hook input priority 0; policy drop;
        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept; %s accept; }; }""" % rule)


@test
def each_probe_alone(lab, sonde):
    for rule, probe, reason, family in KINDS:
        target = of("far", family)
        others = [p for r, p, _, f in KINDS if f == family and r != rule and p != "-PS80"]
        answers_only(lab, rule)
        try:
            got = sonde(*options(family), "-sn", probe, target)[target]
            assert (got["state"], got["reason"]) == ("up", reason), (probe, family, got)
            got = sonde(*options(family), "-sn", "--max-rtt-timeout", "300ms", "-v", *others, target)[target]
            assert got["state"] == "down", (rule, family, got)
            if family == 4 or probe not in ("-PY80", "-PO4"):
                # nmap takes a parameter problem from the target itself for no answer at all
                theirs = by_nmap(lab, *options(family), "-sn", probe, target)[target]
                assert (theirs["state"], theirs["reason"]) == ("up", reason), (probe, family, theirs)
        finally:
            lab.nft("far", "delete table inet only")


@test
def sctp_and_mask_of_old_hosts(lab, sonde):
    """Neighbours, asked as if they were far."""
    for probe, reason in (("-PY9", "init-ack"), ("-PY10", "abort"), ("-PM", "addressmask-reply"), ("-PB81", None)):
        got = sonde("-n", "-sn", "--disable-arp-ping", probe, addr(OLD, 4))[addr(OLD, 4)]
        assert got["state"] == "up" and (not reason or got["reason"] == reason), (probe, got)
    got = sonde("-n", "-6", "-sn", "--disable-arp-ping", "-PY10", addr(OLD, 6))[addr(OLD, 6)]
    assert (got["state"], got["reason"]) == ("up", "abort"), got


@test
def resets_that_do_not_count(lab, sonde):
    for args, up in ((("-PS81",), True), (("-PS81", "--discovery-ignore-rst"), False), (("-PA81", "--discovery-ignore-rst"), False),
                     (("-PS80", "--discovery-ignore-rst"), True), (("-PS81", "-PE", "--discovery-ignore-rst"), True)):
        for family in (4, 6):
            target = of("far", family)
            got = sonde(*options(family), "-sn", "-v", *args, target)
            assert (got[target]["state"] == "up") == up, (args, got)
    got = sonde("-n", "-sn", "-v", "--unprivileged", "-PS81", "--discovery-ignore-rst", v4("far"))
    assert got[v4("far")]["state"] == "down", got


@test
def protocol_ping_by_default(lab, sonde):
    for family in (4, 6):
        target = of("far", family)
        got = sonde(*options(family), "-sn", "-PO", target)[target]
        assert got["state"] == "up", got


if __name__ == "__main__":
    sys.exit(main(__doc__))
