#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""output_test.py SONDE RESPONDER [NAME...] - what the packet outputs say, beside what tcpdump saw on the target's side.

The truth of packets is tcpdump's capture on the wire, read by tshark and editcap; of routes, nmap's own answer. Needs root;
skipped (77) without.
"""
import collections
import os
import re
import signal
import struct
import subprocess
import sys
import time

from check import main, test, until, v4, v6
from lab import SCANNER, run
from packets import Capture

OURS = bytes.fromhex(SCANNER[1].replace(":", ""))
XSL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data")


def read_pcap(path):
    """(time in ns, frame) of a classic capture file with nanoseconds."""
    data = open(path, "rb").read()
    assert data[:4] in (b"\x4d\x3c\xb2\xa1",), data[:4]
    at, frames = 24, []
    while at + 16 <= len(data):
        s, ns, n, _ = struct.unpack("<IIII", data[at:at + 16])
        frames.append((s * 10**9 + ns, data[at + 16:at + 16 + n]))
        at += 16 + n
    return frames


def packets(path):
    """(time in ns, direction, frame, comment, interface) of a pcapng file, by editcap and tshark."""
    run("editcap", "-F", "nsecpcap", path, path + ".pcap")
    frames = read_pcap(path + ".pcap")
    text = run("tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=/t", "-e", "frame.packet_flags_direction",
               "-e", "frame.comment", "-e", "frame.interface_name")
    rows = [line.split("\t") for line in text.splitlines()]
    assert len(rows) == len(frames), (len(rows), len(frames))
    return [(t, int(d, 0), f, c, i) for (t, f), (d, c, i) in zip(frames, rows)]


def by_kernel(frame):
    """What the kernels of both sides send between them beside our scan: resets, ARP and neighbour discovery."""
    kind = frame[12:14]
    if kind == b"\x08\x06":
        return True
    if kind == b"\x08\x00":
        return frame[23] == 6 and frame[14 + (frame[14] & 15) * 4 + 13] == 4
    return frame[20] == 58 and frame[54] in (133, 134, 135, 136, 143) or frame[20] == 6 and frame[54 + 13] == 4 or frame[20] == 0


def scan(lab, sonde, *args, code=0):
    p = lab.scan(sonde.program, "-n", "--config", "/dev/null", *args)
    assert p.returncode == code, (p.returncode, p.stderr[-500:])
    return p


def compare(lab, sonde, addr, *args):
    """A scan with every packet output; its capture equals the wire's. Returns the capture."""
    path, hexed = lab.dir + "/c.pcapng", lab.dir + "/c.hex"
    with Capture(lab, "web", "ether host " + SCANNER[1]) as wire:
        p = scan(lab, sonde, "--packet-capture", path, "-oH", hexed, "--packet-trace", *args, addr)
    got = packets(path)
    assert got, "nothing was captured"
    for way in (1, 2):
        ours = collections.Counter(f for _, d, f, _, _ in got if d == way)
        theirs = collections.Counter(p.frame for p in wire.packets if (p.frame[6:12] == OURS) == (way == 2))
        assert not ours - theirs, "in the capture, not on the wire: %r" % next(iter(ours - theirs))
        rest = [f.hex() for f in theirs - ours if not by_kernel(f)]
        assert not rest, "on the wire, not in the capture (way %d): %s" % (way, rest[:3])
        assert ours, "nothing in direction %d" % way
    assert {i for *_, i in got} == {"eth0"}
    at = {p.frame: p.at for p in wire.packets}
    for t, _, frame, _, _ in got:  # of one clock; how close is no matter of this test
        assert abs(t / 1e9 - at[frame]) < 2, (t, at[frame])
    run("text2pcap", "-D", "-t", "ISO", hexed, hexed + ".pcapng")
    again = packets(hexed + ".pcapng")
    assert [x[:3] for x in again] == [x[:3] for x in got], "the hex capture is another one"
    traced(p.stdout, got)
    return got


def traced(text, got):
    """--packet-trace: a line a packet, in the same order, at the same times, with the direction and addresses."""
    lines = re.findall(r"^(SENT|RCVD) \((\d+\.\d{4})s\) (.*)$", text, re.M)
    assert len(lines) == len(got), (len(lines), len(got))
    first = got[0][0] / 1e9 - float(lines[0][1])
    for (way, at, words), (t, d, frame, _, _) in zip(lines, got):
        assert way == {1: "RCVD", 2: "SENT"}[d], (way, d)
        assert abs(t / 1e9 - first - float(at)) < 0.001, (at, t)
        if frame[12:14] == b"\x08\x00":
            dst, ihl = ".".join(map(str, frame[30:34])), (frame[14] & 15) * 4
            assert dst in words, (dst, words)
            if frame[23] == 6:
                assert ":%d" % struct.unpack(">H", frame[14 + ihl + 2:14 + ihl + 4]) in words, words
        elif frame[12:14] == b"\x08\x06":
            assert words.startswith("ARP who-has " if d == 2 else "ARP reply "), words


@test
def ipv4_equals_the_wire(lab, sonde):
    got = compare(lab, sonde, v4("web"), "-p20-90,1000-1100")
    comments = [c for _, d, _, c, _ in got if d == 1]
    assert "22/tcp open (syn-ack)" in comments and "23/tcp closed (reset)" in comments and "host up (arp-response)" in comments
    assert len([c for c in comments if re.match(r"\d+/tcp (open|closed) ", c)]) == 172
    assert not [c for _, d, _, c, _ in got if d == 2 and c]


@test
def ipv6_equals_the_wire(lab, sonde):
    got = compare(lab, sonde, v6("web"), "-6", "-p20-90")
    assert "80/tcp open (syn-ack)" in [c for *_, c, _ in got]


@test
def udp_equals_the_wire(lab, sonde):
    got = compare(lab, sonde, v4("web"), "-sU", "-p53,161,500")
    assert any(c.startswith("161/udp closed (port-unreach") for *_, c, _ in got)


@test
def connect_scans_are_told(lab, sonde):
    path = lab.dir + "/connect.hex"
    scan(lab, sonde, "-sT", "-p22,23", "--unprivileged", "-oH", path, v4("web"))
    lines = [x for x in open(path).read().splitlines() if x and not x.startswith("# Packets")]
    assert all(x.startswith("#") for x in lines), lines
    assert any(re.search(r"CONN TCP 10\.77\.0\.10:22 => connected = 22/tcp open", x) for x in lines), lines
    p = scan(lab, sonde, "-sT", "-p22", "--unprivileged", "--packet-capture", path + ".x", v4("web"), code=2)
    assert "--packet-capture needs raw packets" in p.stderr
    p = scan(lab, sonde, "-sT", "-p22", "--packet-capture", path + ".x", v4("web"))
    assert "are not in the packet capture" in p.stderr


@test
def what_cannot_leave_is_not_shown(lab, sonde):
    """A firewall of our own refuses the probes: they were never sent."""
    rules = "table inet t { chain o { type filter hook output priority 0; tcp dport 81 drop; }; }"
    subprocess.run(["ip", "netns", "exec", lab.ns("scan"), "nft", "-f", "-"], input=rules, text=True, check=True)
    try:
        p = scan(lab, sonde, "--backend", "raw", "-p80,81", "-Pn", "--max-retries", "0", "--packet-trace", v4("web"))
    finally:
        run("ip", "netns", "exec", lab.ns("scan"), "nft", "delete", "table", "inet", "t")
    assert re.search(r"SENT .*:80 ", p.stdout) and not re.search(r"SENT .*:81 ", p.stdout), p.stdout
    assert "could not be sent" in p.stderr


@test
def killed_captures_are_whole(lab, sonde):
    for n in range(12):
        path = "%s/killed%d.pcapng" % (lab.dir, n)
        p = subprocess.Popen(["ip", "netns", "exec", lab.ns("scan"), sonde.program, "-n", "-p-", "--max-rate", "5000", "--packet-capture",
                              path, v4("web")], stdout=subprocess.DEVNULL)
        until(lambda: os.path.exists(path) and os.path.getsize(path) > 1000, "packets in " + path)
        time.sleep(n * 0.02)
        p.kill()
        assert p.wait() == -signal.SIGKILL
        r = subprocess.run(["capinfos", "-c", "-M", path], capture_output=True, text=True)
        assert r.returncode == 0 and not r.stderr, r.stderr
        r = subprocess.run(["tcpdump", "-n", "-r", path], capture_output=True, text=True)
        assert r.returncode == 0 and "truncated" not in r.stderr, r.stderr


@test
def the_ring_keeps_the_newest(lab, sonde):
    path, whole = lab.dir + "/ring.pcapng", lab.dir + "/whole.pcapng"
    scan(lab, sonde, "-p1-3000", "--packet-capture", path, "--packet-capture-limit", "128k", "-oH", whole, v4("web"))
    assert os.path.getsize(path) <= 128 << 10 and 100 << 10 < os.path.getsize(path + ".1") <= 128 << 10
    run("text2pcap", "-D", "-t", "ISO", whole, whole + ".pcapng")
    every = [x[:4] for x in packets(whole + ".pcapng")]
    kept = packets(path + ".1") + packets(path)
    assert len(kept) < len(every) and [x[:3] for x in kept] == [x[:3] for x in every[-len(kept):]]


@test
def statistics_count_the_packets(lab, sonde):
    path = lab.dir + "/count.pcapng"
    scan(lab, sonde, "-p1-100", "--packet-capture", path, v4("web"))
    data, at, stats, n = open(path, "rb").read(), 0, [], 0
    while at < len(data):
        kind, size = struct.unpack("<II", data[at:at + 8])
        n += kind == 6
        if kind == 5:
            stats.append(data[at:at + size])
        at += size
    assert len(stats) == 1 and kind == 5, "one statistics block, at the end"
    assert struct.unpack("<Q", stats[0][48:56])[0] == n > 200
    info = run("capinfos", "-M", path)
    assert re.search(r"Number of packets = %d" % n, info) and "Ethernet" in info and "nanosecond" in info.lower(), info


@test
def leet_is_the_normal_report(lab, sonde):
    plain, leet = lab.dir + "/plain", lab.dir + "/leet"
    scan(lab, sonde, "-p20-30", "-oN", plain, "-oS", leet, v4("web"))
    back = str.maketrans("@43!10$5z7+", "aaeiiosss" "tt")
    a, b = open(plain).read(), open(leet).read()
    assert a != b and len(a) == len(b) and "10.77.0.10" in b and "22/tcp" in b
    for x, y in zip(re.split(r"[ \n]", a), re.split(r"[ \n]", b)):
        assert x == y or x.lower().translate(back) == y.lower().translate(back), (x, y)


@test
def routes_as_nmap_prints_them(lab, sonde):
    for addr, flag in ((v4("web"), "-4"), (v4("far"), "-4"), ("127.0.0.1", "-4"), (v6("web"), "-6"), (v6("far"), "-6")):
        ours = scan(lab, sonde, flag, "--route-dst", addr).stdout
        theirs = lab.scan("nmap", "-n", flag, "--route-dst", addr).stdout
        assert ours.strip() and ours in theirs, (ours, theirs)
    p = scan(lab, sonde, "--route-dst", v4("far"), "-p22", v4("web"))
    assert "nexthop 10.77.0.1\n" in p.stdout and "22/tcp" in p.stdout


@test
def reports_become_pages(lab, sonde):
    """The stylesheet by the instruction in the report itself; nmap's reports, with scripts and route, do as well."""
    path = lab.dir + "/page.xml"
    scan(lab, sonde, "-p1-100", "--datadir", XSL, "-oX", path, v4("web"), v4("db"), "10.77.0.99")
    html = run("xsltproc", "--nonet", path)
    for text in ("10.77.0.10", "22/tcp", "ssh", "syn-ack", "Not shown: ", "2 hosts up"):
        assert text in html, text
    assert "<?xml-stylesheet" not in html and "<script" not in html
    lab.scan("nmap", "-n", "--traceroute", "--script", "banner", "-p22,80", "--no-stylesheet", "-oX", path, v4("far"))
    theirs = subprocess.run(["xsltproc", "--nonet", XSL + "/sonde.xsl", path], capture_output=True, text=True, check=True).stdout
    assert "10.77.1.2" in theirs and "<h3>Way by " in theirs, theirs[-2000:]
    for page in (html, theirs):
        r = subprocess.run(["xmllint", "--html", "--noout", "-"], input=page, capture_output=True, text=True)
        assert r.returncode == 0 and not r.stderr, r.stderr


def port_fields(text):
    """address -> [number, state and protocol] of its line of ports; names are each one's own."""
    found = re.finditer(r"^Host: (\S+) .*\t(Ports|Protocols): ([^\t\n]*)", text, re.M)
    return {m[1]: [field.split("/")[:3 if m[2] == "Ports" else 2] for field in m[3].split(", ")] for m in found}


@test
def grepable_states_as_nmap(lab, sonde):
    """Each port with its own state, as nmap writes it, under both names of the format."""
    for option, args, states in (("-oG", ["-p22,23,80,1000-1005,1010,1020"], {"open", "closed", "filtered"}),
                                 ("-oM", ["-sA", "-p22,1000"], {"unfiltered", "filtered"}),
                                 ("-oG", ["-sU", "-p53,2000,2010"], {"open|filtered", "filtered", "closed"}),
                                 ("-oG", ["-sO", "-p6,17,200"], {"open", "closed"})):
        seen = []
        for program in (sonde.program, "nmap"):
            path = lab.dir + "/grepable"
            assert lab.scan(program, "-n", *args, option, path, v4("fw")).returncode == 0
            with open(path) as f:
                seen.append(port_fields(f.read()))
        assert seen[0] == seen[1] and {x[1] for x in seen[0][v4("fw")]} == states, (option, args, seen)


@test
def open_only_as_nmap(lab, sonde):
    """--open leaves out the same hosts: one has the port open, one closed, one is not there."""
    targets, seen = (v4("web"), v4("db"), "10.77.0.99"), {}
    for program in (sonde.program, "nmap"):
        base = lab.dir + "/open"
        p = lab.scan(program, "-n", "--open", "-p22", "-oA", base, *targets)
        assert p.returncode == 0, p.stderr
        seen[program] = [sorted(set(re.findall(r"10\.77\.0\.(?:10|11|99)\b", re.sub(r"(?ms)^(#|<!--|<nmaprun).*?$|<hosthint>.*?</hosthint>", "", open(
            base + end).read())))) for end in (".nmap", ".xml", ".gnmap")]
    assert seen["nmap"] == [[v4("web")]] * 3 and seen[sonde.program] == seen["nmap"], seen
    for option in ("-oS", "-oJ", "-oD", "-oC"):
        scan(lab, sonde, "--open", "-p22", option, base, *targets)
        text = open(base).read().replace(" ".join(targets), "")
        assert v4("web") in text and v4("db") not in text and "10.77.0.99" not in text, option


@test
def each_failed_output_is_said(lab, sonde):
    """Files that may not grow (ulimit -f) end no scan, are named each once, and leave no empty checkpoint."""
    place = lab.dir + "/small"
    os.mkdir(place)
    for blocks, failing in ((0, ("a", "b", "c")), (1, ("b",))):
        p = lab.scan("sh", "-c", 'cd %s; ulimit -f %d; exec "$0" "$@"' % (place, blocks), sonde.program, "-n", "--config", "/dev/null", "-p1-200", "-oN", "a", "-oH", "b",
                     "-oG", "c", v4("web"))
        said = [line for line in p.stderr.splitlines() if line.startswith("sonde: cannot write to ") and "checkpoint" not in line]
        assert p.returncode == 1 and said == ["sonde: cannot write to %s: File too large" % name for name in failing], (p.returncode, p.stderr)
        assert v4("web") in p.stdout
        assert os.path.exists(place + "/a.resume") == (blocks > 0)


@test
def closed_descriptors_are_no_files(lab, sonde):
    path = lab.dir + "/closed"
    p = lab.scan("sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', sonde.program, "-n", "--config", "/dev/null", "-p22", "-vv", "-oX", path, v4("web"), "none.invalid")
    assert p.returncode == 0 and not p.stdout + p.stderr, p
    text = open(path).read()
    assert text.startswith("<?xml") and text.endswith("</nmaprun>\n"), text


@test
def progress_counts_hosts_up(lab, sonde):
    """As nmap: when they are found."""
    p = scan(lab, sonde, "-p1-60", "--max-rate", "60", "--stats-every", "200ms", v4("web"))
    assert re.search(r"0 hosts completed \(1 up\)", p.stdout), p.stdout


if __name__ == "__main__":
    sys.exit(main(__doc__))
