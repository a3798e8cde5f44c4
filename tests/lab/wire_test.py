#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""wire_test.py SONDE RESPONDER [NAME...] - what probes look like on the wire, captured on the target's side, byte by byte.

The captures are read by packets.py, which knows nothing of Sonde. Needs root; skipped (77) without.
"""
import ipaddress
import re
import sys

from check import main, test, v4, v6
from lab import HOSTS, SCANNER
from packets import Capture, reassemble

OURS = {4: "10.77.0.2", 6: "fd77::2"}
WEB = {4: v4("web"), 6: v6("web")}
DB = {4: v4("db"), 6: v6("db")}
GHOST = {4: "10.77.0.77", 6: "fd77::77"}    # nobody's
MAC = SCANNER[1]
BACKENDS = (("--backend", "packet-ring"), ("--backend", "raw"), ("--backend", "af-xdp"))
SYN, RST = 2, 4


def family(n):
    return ("-6",) if n == 6 else ()


def everywhere():
    """Both families over both backends."""
    for n in (4, 6):
        for backend in BACKENDS:
            yield n, family(n) + backend


def state(got, addr, port, proto="tcp"):
    return got[addr]["ports"][proto, port][0]


def probes(capture, dst, dport, proto=6):
    """Packets to that port: of TCP only the SYNs, not what kernels say afterwards."""
    return [p for p in capture.to(dst, proto, dport) if proto != 6 or p.flags & SYN]


@test
def decoys_in_order(lab, sonde):
    for n, how in everywhere():
        decoys = ["10.77.0.50", DB[4]] if n == 4 else ["fd77::50", DB[6]]
        with Capture(lab, "web") as c:
            got = sonde("-n", "-Pn", "-p80,81", "-D", "%s,ME,%s,%s" % (decoys[0], WEB[n], decoys[1]), *how, WEB[n])
        assert state(got, WEB[n], 80) == "open" and state(got, WEB[n], 81) == "closed", got
        for port in (80, 81):
            seen = probes(c, WEB[n], port)
            assert [p.src for p in seen] == [decoys[0], OURS[n], decoys[1]], (n, how, [p.src for p in seen])
            assert len({(p.ttl, p.seq, p.sport, p.flags, p.body[18:]) for p in seen}) == 1, "fields differ"
            assert all(p.header_ok and p.transport_ok() for p in seen), "a checksum is wrong"
            assert n == 6 or len({p.id for p in seen}) == 3, "identifications are shared"
            assert {p.eth_src for p in seen} == {MAC}


@test
def decoys_are_left_out_where_they_are_targets(lab, sonde):
    for n, how in everywhere():
        for name, target, other in (("web", WEB[n], DB[n]), ("db", DB[n], WEB[n])):
            with Capture(lab, name) as c:
                sonde("-n", "-p80", "-D", "%s,%s,ME" % (WEB[n], DB[n]), *how, WEB[n], DB[n])
            sources = [p.src for p in probes(c, target, 80)]
            assert set(sources) == {other, OURS[n]} and sources[:2] == [other, OURS[n]], (name, sources)


@test
def decoys_ping_too(lab, sonde):
    for n in (4, 6):
        decoy = "10.77.0.50" if n == 4 else "fd77::50"
        with Capture(lab, "web") as c:
            got = sonde("-n", "-sn", "-PE", "-PS80", "-PA81", "-D", decoy + ",ME", "--disable-arp-ping", *family(n), WEB[n])
        assert got[WEB[n]]["state"] == "up", got
        echo = [p for p in c.to(WEB[n], 1 if n == 4 else 58) if p.body[0] == (8 if n == 4 else 128)]
        for seen in (echo, probes(c, WEB[n], 80)):
            assert [p.src for p in seen] == [decoy, OURS[n]], [p.src for p in seen]
            assert all(p.transport_ok() for p in seen)
    with Capture(lab, "web") as c:  # ARP and ND ask in our own name only
        sonde("-n", "-sn", "-D", "RND:3", WEB[4])
    asked = [p.arp_sender for p in c.packets if p.ethertype == 0x0806 and p.arp_op == 1 and p.eth_src == MAC]
    assert set(asked) == {(MAC, OURS[4])}, asked


@test
def decoys_trace_too(lab, sonde):
    with Capture(lab, "r1") as c:
        sonde("-n", "-Pn", "-p80", "--traceroute", "-D", "10.77.0.50,ME", v4("far"))
    by_ttl = {}
    for p in probes(c, v4("far"), 80):
        if p.ttl < 10:
            by_ttl.setdefault((p.ttl, p.seq, p.sport), []).append(p.src)
    assert len(by_ttl) >= 3 and set(map(tuple, by_ttl.values())) == {("10.77.0.50", OURS[4])}, by_ttl


@test
def random_decoys_are_public(lab, sonde):
    for n in (4, 6):
        with Capture(lab, "web") as c:
            sonde("-n", "-Pn", "-p80", "-D", "RND:20", *family(n), WEB[n])
        seen = probes(c, WEB[n], 80)
        assert len(seen) == 21 and len({p.src for p in seen}) == 21 and OURS[n] in {p.src for p in seen}
        assert all(p.transport_ok() for p in seen)
        for p in seen:
            a = ipaddress.ip_address(p.src)
            assert p.src == OURS[n] or a.is_global and not a.is_multicast, p.src


@test
def spoofed_source(lab, sonde):
    for n, how in everywhere():
        with Capture(lab, "web") as c:
            sonde("-n", "-Pn", "-p80", "--max-retries", "0", "-S", GHOST[n], "-e", "eth0", *how, WEB[n])
        seen = probes(c, WEB[n], 80)
        assert seen and {p.src for p in seen} == {GHOST[n]}, (n, how, [p.src for p in seen])
        assert all(p.transport_ok() for p in seen)
        if "raw" in how:    # where the kernel asks for the neighbour
            continue
        # questions to all: the kernel's own, about neighbours of earlier scans, go to one; it also reports groups and asks for routers
        asked = [p for p in c.packets if p.eth_src == MAC and int(p.eth_dst[:2], 16) & 1 and
                 (p.ethertype == 0x0806 if n == 4 else p.proto == 58 and p.body[0] == 135)]
        assert asked, "nobody was asked for"
        assert {p.arp_sender if n == 4 else p.src for p in asked} == {(MAC, GHOST[4]) if n == 4 else GHOST[6]}


@test
def spoofed_mac(lab, sonde):
    mac = "00:0c:29:ab:cd:ef"
    for n in (4, 6):
        with Capture(lab, "web") as c:
            got = sonde("-n", "-p80,81", "--spoof-mac", mac, *family(n), WEB[n])
        assert got[WEB[n]]["state"] == "up"
        assert state(got, WEB[n], 80) == "open" and state(got, WEB[n], 81) == "closed", got
        sent = {p.eth_src for p in c.to(WEB[n]) if p.src == OURS[n]}
        assert sent == {mac}, sent
        asked = [p for p in c.packets if p.ethertype == 0x0806 and p.arp_op == 1 and p.eth_src == mac]
        assert n == 6 or {p.arp_sender for p in asked} == {(mac, OURS[4])}, [p.arp_sender for p in asked]
        answers = [p for p in c.packets if p.version and p.src == WEB[n] and p.dst == OURS[n]]
        assert answers and {p.eth_dst for p in answers} == {mac}
    for text, prefix in (("00:00:0c", ("00:00:0c",)), ("0", ("",))):
        with Capture(lab, "web") as c:
            got = sonde("-n", "-p80", "--spoof-mac", text, WEB[4])
        assert state(got, WEB[4], 80) == "open"
        (source,) = {p.eth_src for p in probes(c, WEB[4], 80)}
        assert source.startswith(prefix) and source != MAC and not int(source[:2], 16) & 1, source
    with Capture(lab, "web") as c:
        sonde("-n", "-p80", "--spoof-mac", "vmware", WEB[4])
    (source,) = {p.eth_src for p in probes(c, WEB[4], 80)}
    assert source[:8] in ("00:0c:29", "00:50:56", "00:05:69", "00:1c:14"), source


@test
def spoofed_mac_by_af_xdp(lab, sonde):
    mac = "00:0c:29:ab:cd:ef"
    with Capture(lab, "web") as c:
        got = sonde("-n", "-p80,81", "--spoof-mac", mac, "--backend", "af-xdp", WEB[4])
    assert state(got, WEB[4], 80) == "open" and state(got, WEB[4], 81) == "closed", got
    assert {p.eth_src for p in c.to(WEB[4]) if p.src == OURS[4]} == {mac}


@test
def spoofed_mac_behind_a_router(lab, sonde):
    mac = "02:11:22:33:44:55"
    with Capture(lab, "r1") as c:
        got = sonde("-n", "-p80", "--spoof-mac", mac, v4("far"))
    assert state(got, v4("far"), 80) == "open"
    assert {p.eth_src for p in c.to(v4("far"))} == {mac}


def check_fragments(seen, size, what):
    """Fragments of one probe: their sizes, and what they are together."""
    whole = reassemble(seen)
    assert len(seen) > 1, what
    assert all(len(p.body) == size for p in seen if p.more) and len(seen[-1].body) <= size, [len(p.body) for p in seen]
    assert [p.offset for p in seen] == [size * i for i in range(len(seen))], what
    assert all(p.header_ok for p in seen), what
    assert whole.transport_ok(), "%s: the whole has a wrong checksum" % (what,)
    assert whole.version == 6 or whole.id and not seen[0].df, what
    return whole


def by_id(packets):
    groups = {}
    for p in packets:
        groups.setdefault((p.src, p.frag_id), []).append(p)
    return list(groups.values())


@test
def fragments(lab, sonde):
    for option, size in ((("-f",), 8), (("-ff",), 16), (("--mtu", "16"), 16)):
        for backend in BACKENDS:
            with Capture(lab, "web") as c:
                got = sonde("-n", "-Pn", "-p80,81", *option, *backend, WEB[4])
            assert state(got, WEB[4], 80) == "open" and state(got, WEB[4], 81) == "closed", (option, backend, got)
            groups = by_id([p for p in c.to(WEB[4], 6) if p.fragment])
            ports = sorted(check_fragments(g, size, (option, backend)).dport for g in groups)
            assert ports == [80, 81], ports


@test
def fragments_of_udp(lab, sonde):
    for n, how in everywhere():
        with Capture(lab, "db") as c:
            got = sonde("-n", "-sU", "-p53,161", "--mtu", "24", *how, DB[n])
        assert state(got, DB[n], 53, "udp") == "open" and state(got, DB[n], 161, "udp") == "closed", (how, got)
        groups = by_id([p for p in c.to(DB[n], 17) if p.fragment])
        assert 161 in [check_fragments(g, 24, how).dport for g in groups], how


@test
def fragments_of_decoys(lab, sonde):
    with Capture(lab, "web") as c:
        got = sonde("-n", "-Pn", "-p80", "-f", "-D", "10.77.0.50,ME", WEB[4])
    assert state(got, WEB[4], 80) == "open"
    groups = by_id([p for p in c.to(WEB[4], 6) if p.fragment])
    assert [g[0].src for g in groups] == ["10.77.0.50", OURS[4]]
    for g in groups:
        check_fragments(g, 8, "decoys")


@test
def ip_options(lab, sonde):
    want = {"R": b"\x01\x07\x27\x04" + bytes(36), "T": b"\x44\x28\x05\x00" + bytes(36), "U": b"\x44\x24\x05\x01" + bytes(32),
            r"\x01*3\x94\x04\0*2": b"\x01\x01\x01\x94\x04\0\0\0"}
    for text, raw in want.items():
        for backend in BACKENDS:
            with Capture(lab, "web") as c:
                got = sonde("-n", "-Pn", "-p80,81", "--ip-options", text, *backend, WEB[4])
            for port in (80, 81):
                seen = probes(c, WEB[4], port)
                assert seen and all(p.options == raw and p.header_ok and p.transport_ok() for p in seen), (text, backend, port)
            assert state(got, WEB[4], 80) == "open" and state(got, WEB[4], 81) == "closed", (text, got)


@test
def options_in_fragments(lab, sonde):
    # RFC 791: router alert (148) has its copy bit, record route (7) has not
    with Capture(lab, "web") as c:
        sonde("-n", "-Pn", "-p80", "-f", "--ip-options", r"\x94\x04\0\0\x07\x07\x04\0*4\x01", WEB[4])
    (group,) = by_id([p for p in c.to(WEB[4], 6) if p.fragment])[:1]
    assert group[0].options == b"\x94\x04\0\0\x07\x07\x04\0\0\0\0\x01"
    assert {p.options for p in group[1:]} == {b"\x94\x04\0\0"}, [p.options for p in group]
    assert reassemble(group).transport_ok()


@test
def source_route(lab, sonde):
    # RFC 791 3.1: to the first hop; the list holds the others and ends with the target
    for backend in BACKENDS:
        with Capture(lab, "db") as c:
            sonde("-n", "-Pn", "-p80", "--max-retries", "0", "--ip-options", "L %s 10.77.0.19" % DB[4], *backend, WEB[4])
        seen = probes(c, DB[4], 80)
        raw = b"\x01\x83\x0b\x04" + ipaddress.ip_address("10.77.0.19").packed + ipaddress.ip_address(WEB[4]).packed
        assert seen and all(p.options == raw and p.transport_ok(WEB[4]) for p in seen), backend
        assert {p.eth_dst for p in seen} == {HOSTS["db"][1]}


@test
def ttl(lab, sonde):
    for n, how in everywhere():
        with Capture(lab, "web") as c:
            sonde("-n", "-Pn", "-sSU", "-pT:80,U:161", "--ttl", "77", *how, WEB[n])
        sent = probes(c, WEB[n], 80) + c.to(WEB[n], 17, 161)
        assert {p.proto for p in sent} == {6, 17} and {p.ttl for p in sent} == {77}, (n, how)
    with Capture(lab, "r1") as c:
        got = sonde("-n", "-Pn", "-p80", "--max-retries", "0", "--ttl", "1", v4("far"))
    assert {p.ttl for p in probes(c, v4("far"), 80)} == {1}
    assert got[v4("far")]["ports"]["tcp", 80] == ("filtered", "time-exceeded"), got


@test
def bad_checksums(lab, sonde):
    for n, how in everywhere():
        with Capture(lab, "web") as c:
            got = sonde("-n", "-Pn", "-sSU", "-pT:80,U:161", "--max-retries", "0", "--badsum", *how, WEB[n])
        sent = probes(c, WEB[n], 80) + c.to(WEB[n], 17, 161)
        assert {p.proto for p in sent} == {6, 17}, (n, how)
        assert all(p.header_ok and not p.transport_ok() for p in sent), "a checksum is right"
        ours = {p.sport for p in sent}      # earlier scans left connections half open, which are still answered
        assert not [p for p in c.packets if p.version and p.src == WEB[n] and p.dport in ours], "the target answered"
        assert state(got, WEB[n], 80) == "filtered" and state(got, WEB[n], 161, "udp") == "open|filtered"


@test
def source_port(lab, sonde):
    for n, how in everywhere():
        with Capture(lab, "web") as c:
            got = sonde("-n", "-PS81", "-PA82", "-PU83", "-sSU", "-pT:80,U:161", "-g", "53", *how, WEB[n])
        assert state(got, WEB[n], 80) == "open" and state(got, WEB[n], 161, "udp") == "closed", got
        sent = [p for port in (80, 81, 82) for p in c.to(WEB[n], 6, port) if not p.flags & RST] + c.to(WEB[n], 17)
        assert {p.proto for p in sent} == {6, 17} and {p.sport for p in sent} == {53}, {p.sport for p in sent}


@test
def data(lab, sonde):
    for n, how in everywhere():
        for option, want in ((("--data", "0xdeadbeef"), b"\xde\xad\xbe\xef"), (("--data-string", r"a\x41"), rb"a\x41")):
            with Capture(lab, "web") as c:
                got = sonde("-n", "-Pn", "-sSU", "-pT:80,U:4000", *option, *how, WEB[n])
            assert state(got, WEB[n], 80) == "open" and state(got, WEB[n], 4000, "udp") == "closed", got
            sent = probes(c, WEB[n], 80) + c.to(WEB[n], 17, 4000)
            assert {p.proto for p in sent} == {6, 17} and {p.payload for p in sent} == {want}, [p.payload for p in sent]
            assert all(p.transport_ok() for p in sent)
    with Capture(lab, "web") as c:
        sonde("-n", "-Pn", "-p80,81", "--data-length", "40", WEB[4])
    (bytes_,) = {p.payload for port in (80, 81) for p in probes(c, WEB[4], port)}
    assert len(bytes_) == 40 and len(set(bytes_)) > 10


@test
def data_in_ipv6_fragments(lab, sonde):
    for backend in BACKENDS:
        with Capture(lab, "web") as c:
            got = sonde("-n", "-Pn", "-6", "-p80,81", "--mtu", "24", "--data-length", "60", *backend, WEB[6])
        assert state(got, WEB[6], 80) == "open" and state(got, WEB[6], 81) == "closed", (backend, got)
        groups = by_id([p for p in c.to(WEB[6], 6) if p.fragment])
        assert sorted(check_fragments(g, 24, backend).dport for g in groups) == [80, 81]


@test
def old_sctp_checksum(lab, sonde):
    for n, how in everywhere():
        for option in ((), ("--adler32",), ("--adler32", "--badsum")):
            with Capture(lab, "web") as c:
                sonde("-n", "-Pn", "-sY", "-p80", "--max-retries", "0", *option, *how, WEB[n])
            sent = c.to(WEB[n], 132, 80)
            assert sent and all(p.transport_ok() == (not option) for p in sent), (n, how, option)
            assert all(p.adler_ok() == (option == ("--adler32",)) for p in sent), (n, how, option)


def looks(packets):
    """What an option is about, without what nmap and Sonde do differently on purpose (TCP options, TTL, numbers)."""
    first = packets[0]
    whole = reassemble([p for p in packets if (p.src, p.frag_id) == (first.src, first.frag_id)]) if first.fragment else first
    return dict(sources=[p.src for p in packets if not p.offset], mac=first.eth_src, options=first.options,
                fragment=len(first.body) if first.more else None, payload=whole.payload, sum=whole.transport_ok(),
                sport=whole.sport)


@test
def as_nmap_does(lab, sonde):
    """The same option, the same bytes as nmap 7.93 sends."""
    lines = {"-f": "fragment", "-ff": "fragment", "--mtu 16": "fragment", "-D 10.77.0.50,ME,10.77.0.51": "sources",
             "-g 53": "sport", "--data 0xdeadbeef": "payload",
             r"--data-string a\x41": "payload", "--ip-options R": "options", "--ip-options T": "options",
             "--ip-options U": "options", r"--ip-options \x01*3\x07": "options", "--badsum": "sum",
             "--spoof-mac 00:0c:29:ab:cd:ef": "mac"}
    for line, what in lines.items():
        seen = []
        for program in (sonde.program, "nmap"):
            with Capture(lab, "web") as c:
                lab.scan(program, "-n", "-Pn", "-p80", "--max-retries", "0", *line.split(), WEB[4])
            syn = [p for p in c.to(WEB[4], 6) if p.src != DB[4] and (p.offset or len(p.body) < 14 or p.flags & SYN)]
            assert syn, (line, program)
            seen.append(looks(syn)[what])
        assert seen[0] == seen[1], (line, seen)


@test
def frames_or_packets(lab, sonde):
    for option, backend in (("--send-eth", "packet-ring"), ("--send-ip", "raw")):
        p = lab.scan(sonde.program, "-n", "-v", "-p80", option, WEB[4])
        assert backend in p.stdout and "80/tcp" in p.stdout, p.stdout


@test
def refused(lab, sonde):
    """Exit 2 and a line that names the option: what could have no effect is not taken."""
    lines = ["-sT -f", "-sT --mtu 8", "-sT -D ME,10.77.0.9", "-sT -S 10.77.0.9", "-sT --spoof-mac 0", "-sT --ttl 9",
             "-sT --badsum", "-sT --data 00", "-sT --data-string x", "-sT --data-length 1", "-sT --ip-options R",
             "-sT -g 53", "-sT --send-eth", "--unprivileged --ttl 9", "--unprivileged -D RND", "-6 --ip-options R",
             "-6 -f", "-6 --mtu 16", "--mtu 7", "-D ME,ME", "-D 1.2.3.4,,ME", "-D RND:200", "-D fd77::1",
             "-S nosuch.invalid", "--ttl 256", "--spoof-mac zzzzqq", "--ip-options Q", "--data xyz", "--data 0",
             "--data 00 --data-string a", "--data-length 70000", "--adler32", "--spoof-mac 0 --send-ip"]
    for line in lines:
        text = sonde.says("-n", "-p80", *line.split(), v6("web") if "-6" in line else v4("web"))
        option = [word for word in line.split() if re.match("--?[a-zA-Z]", word) and word not in ("-sT", "--unprivileged")][0]
        assert re.search(r"(^|[ (])%s\b" % option, text) and text.count("\n") == 1, (line, text)


if __name__ == "__main__":
    sys.exit(main(__doc__))
