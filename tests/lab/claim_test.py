#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""claim_test.py SONDE RESPONDER [NAME...] - the kernel does not answer for us.

Who sent a RST is told in two ways that Sonde has no hand in: the kernel's own counters, and the TTL, which is 64 for the kernel and
what --ttl says for Sonde. Needs root; skipped (77) without.
"""
import os
import re
import signal
import socket
import subprocess
import sys
import time

from check import main, test, until, v4, v6
from packets import Capture

OURS = {4: "10.77.0.2", 6: "fd77::2"}
WEB = {4: v4("web"), 6: v6("web")}
DB = {4: v4("db"), 6: v6("db")}
BACKENDS = (("--backend", "packet-ring"), ("--backend", "raw"))
TTL = 77
MARK = ("--ttl", str(TTL))
SYN, RST = 2, 4
SPORTS = (61000, 65536)     # what source ports are drawn from
UNPRIVILEGED = "-bpf,-net_admin,-sys_admin,-perfmon"

# Says how many programs are at the tcx ingress of eth0 (BPF_PROG_QUERY, of which Debian 12's bpftool knows nothing).
TCX = """
import ctypes, socket, struct, sys
attr = ctypes.create_string_buffer(struct.pack("II", socket.if_nametoindex(sys.argv[1]), 46), 128)
ok = ctypes.CDLL(None, use_errno=True).syscall(321, 16, attr, 128) == 0
print(struct.unpack_from("I", attr.raw, 24)[0] if ok else -ctypes.get_errno())
"""


def family(n):
    return ("-6",) if n == 6 else ()


def everywhere():
    for n in (4, 6):
        for backend in BACKENDS:
            yield n, family(n) + backend


def python(lab, space, code, *args):
    """A Python of a namespace of the lab that talks with us."""
    return subprocess.Popen(["ip", "netns", "exec", lab.ns(space), "/usr/bin/python3", "-c", code] + [str(a) for a in args],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def attached(lab, interface="eth0"):
    """What hangs on the scanner's interface: tcx programs by number, qdiscs and filters by tc."""
    tcx = int(python(lab, "scan", TCX, interface).communicate()[0])
    tc = [lab.scan("tc", *what).stdout for what in (
        ("qdisc", "show", "dev", interface), ("filter", "show", "dev", interface, "ingress"),
        ("filter", "show", "dev", interface, "egress"))]
    return tcx, tc


def kernel_sent(lab):
    """(RSTs, ICMP errors) that the scanner's kernel has sent by its own count."""
    def number(path, name, at=None):
        lines = [x.split() for x in lab.scan("cat", path).stdout.splitlines()]
        if at is None:
            return sum(int(x[1]) for x in lines if x[0] == name)
        head, values = [x for x in lines if x[0] == at]
        return int(values[head.index(name)])
    return (number("/proc/net/snmp", "OutRsts", "Tcp:"),
            number("/proc/net/snmp", "OutDestUnreachs", "Icmp:") + number("/proc/net/snmp6", "Icmp6OutDestUnreachs"))


def resets(capture, dst, src=None):
    return [p for p in capture.to(dst, 6) if not p.fragment and p.flags & RST and src in (None, p.src)]


def ports_of(got, addr, state="open"):
    return sorted(n for (_, n), (s, _) in got[addr]["ports"].items() if s == state)


@test
def one_reset_of_ours_an_open_port(lab, sonde):
    for n, how in everywhere():
        before = kernel_sent(lab)
        with Capture(lab, "web") as there, Capture(lab, "scan", name="here.pcap") as here:
            got = sonde("-n", "-Pn", "-p20-120,8080", *MARK, *how, WEB[n])
        assert kernel_sent(lab) == before, (n, how, before, kernel_sent(lab))
        assert ports_of(got, WEB[n]) == [22, 80, 8080], got
        for capture in (here, there):
            asked = {(p.sport, p.body[8:12]) for p in capture.to(OURS[n], 6) if p.flags & SYN}
            seen = resets(capture, WEB[n], OURS[n])
            assert sorted(p.dport for p in seen) == [22, 80, 8080], (n, how, [p.dport for p in seen])
            assert {(p.dport, p.body[4:8]) for p in seen} == asked, "not what was acknowledged"
            assert {(p.flags, p.ttl, p.window, len(p.body)) for p in seen} == {(RST, TTL, 0, 20)}
            assert all(p.transport_ok() and p.header_ok for p in seen)


@test
def half_open_connections_are_freed(lab, sonde):
    for n, how in everywhere():
        sonde("-n", "-Pn", "-p22,80,8080", *how, WEB[n])
        left = subprocess.run(["ip", "netns", "exec", lab.ns("web"), "ss", "-Htn", "state", "syn-recv"], capture_output=True, text=True)
        assert not left.stdout.strip(), left.stdout


@test
def probes_of_discovery_and_tracing(lab, sonde):
    for n in (4, 6):
        before = kernel_sent(lab)
        with Capture(lab, "web") as c:
            got = sonde("-n", "-sn", "-PS80", "--disable-arp-ping", *MARK, *family(n), WEB[n])
        assert got[WEB[n]]["state"] == "up"
        assert [(p.dport, p.ttl) for p in resets(c, WEB[n])] == [(80, TTL)]
        with Capture(lab, "scan") as c:
            sonde("-n", "-Pn", "-p80", "--traceroute", *family(n), v4("far") if n == 4 else v6("far"))
        answers = [p for p in c.to(OURS[n], 6) if p.flags & SYN]
        assert answers and len(resets(c, answers[0].src)) == len(answers), (len(answers), len(resets(c, answers[0].src)))
        assert kernel_sent(lab) == before


@test
def answers_to_datagrams_are_not_refused(lab, sonde):
    for n, how in everywhere():
        before = kernel_sent(lab)
        with Capture(lab, "scan") as c:
            got = sonde("-n", "-Pn", "-sU", "-p53", *how, DB[n])
        assert got[DB[n]]["ports"]["udp", 53][0] == "open", got
        assert [p for p in c.to(OURS[n], 17) if p.sport == 53], "no answer"
        assert kernel_sent(lab) == before


@test
def disguises_are_for_probes(lab, sonde):
    for extra in (("-D", "10.77.0.50,10.77.0.51,ME"), ("--mtu", "8"), ("--badsum", "-PE"), ("--data-length", "30"),
                  ("--spoof-mac", "00:0c:29:ab:cd:ef")):
        before = kernel_sent(lab)
        with Capture(lab, "web") as c:
            got = sonde("-n", "-Pn", "-p80,81", *MARK, *extra, WEB[4])
        want = [] if "--badsum" in extra else [(OURS[4], 80, False, True)]
        assert ports_of(got, WEB[4]) == [80] * len(want), got
        seen = [(p.src, p.dport, p.fragment, p.transport_ok()) for p in resets(c, WEB[4]) if p.ttl == TTL]
        assert seen == want, (extra, seen)
        assert "--spoof-mac" not in extra or {p.eth_src for p in resets(c, WEB[4])} == {extra[1]}
        assert len({p.frag_id for p in c.to(WEB[4], 6) if p.fragment}) == (2 if "--mtu" in extra else 0), "more than the two SYNs in pieces"
        assert kernel_sent(lab) == before


@test
def resets_keep_to_the_rate(lab, sonde):
    with Capture(lab, "web") as c:
        sonde("-n", "-Pn", "-p22,80,8080,81-117", "--max-rate", "50", *MARK, WEB[4])
    at = [p.at for p in c.to(WEB[4], 6) if p.ttl == TTL]
    opened = [p for p in c.to(OURS[4], 6) if p.flags & (SYN | RST) == SYN]
    assert len(at) >= 43 and len(resets(c, WEB[4])) == len(opened) >= 3, (len(at), len(opened))
    for i, t in enumerate(at):
        assert len([x for x in at[i:] if x < t + 0.2]) <= 50 * 0.2 + 3, "a burst"


@test
def loopback(lab, sonde):
    listener = python(lab, "scan", "import socket, sys; s = socket.create_server(('', 5555)); print('up', flush=True); sys.stdin.read()")
    try:
        listener.stdout.readline()
        for target, n in (("127.0.0.1", 4), (OURS[4], 4)):
            with Capture(lab, "scan", interface="lo") as c:
                got = sonde("-n", "-Pn", "-p5550-5560", *MARK, target)
            assert ports_of(got, target) == [5555] and len(ports_of(got, target, "closed")) == 10, got
            seen = [(p.dport, p.ttl) for p in resets(c, target) if p.sport >= SPORTS[0]]
            assert seen == [(5555, TTL)], seen
            got = sonde("-n", "-Pn", "-p61000-65535", target, timeout=200)  # our own window is among them
            assert len(ports_of(got, target, "closed")) == 4536, got[target]["ports"]
        got = sonde("-n", "-Pn", "-sU", "--max-retries", "1", "-p61000-65535", "127.0.0.1", timeout=200)
        assert len(ports_of(got, "127.0.0.1", "closed")) == 4536
    finally:
        listener.communicate()


TUN = """
import fcntl, os, struct, subprocess, sys
f = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(f, 0x400454ca, struct.pack("16sH", b"tun0", 0x1001))    # TUNSETIFF: IFF_TUN, IFF_NO_PI
subprocess.run("ip addr add 10.78.0.1 peer 10.78.0.2 dev tun0 && ip link set tun0 up", shell=True, check=True)
print("up", flush=True)
def checksum(b):
    s = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return struct.pack("!H", ~s & 0xffff)
while True:
    p = os.read(f, 2000)
    if p[0] != 0x45 or p[9] != 6:
        continue
    sport, dport, seq = struct.unpack("!HHI", p[20:28])
    print(p[33], p[8], dport, flush=True)
    if p[33] != 2:
        continue
    t = struct.pack("!HHIIBBHHH", dport, sport, 99, (seq + 1) & 0xffffffff, 0x50, 0x12 if dport == 80 else 0x14, 1000, 0, 0)
    t = t[:16] + checksum(p[16:20] + p[12:16] + struct.pack("!HH", 6, 20) + t) + t[18:]
    i = struct.pack("!BBHHHBBH", 0x45, 0, 40, 1, 0, 64, 6, 0) + p[16:20] + p[12:16]
    os.write(f, i[:10] + checksum(i) + i[12:] + t)
"""


@test
def links_without_headers(lab, sonde):
    """A tun whose other end, here, answers SYNs."""
    tun = python(lab, "scan", TUN)
    try:
        assert tun.stdout.readline() == "up\n"
        before = kernel_sent(lab)
        got = sonde("-n", "-Pn", "-p79-81", *MARK, "10.78.0.2")
        assert ports_of(got, "10.78.0.2") == [80] and kernel_sent(lab) == before, (got, kernel_sent(lab), before)
        time.sleep(0.2)
    finally:
        tun.kill()
        seen = [tuple(map(int, x.split())) for x in tun.communicate()[0].splitlines()]
    assert [x for x in seen if x[0] & RST] == [(RST, TTL, 80)], seen


TALK = """
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=20)
print(s.getsockname()[1], flush=True)
count = 0
for line in sys.stdin:
    for _ in range(50):
        s.sendall(b"x" * 1000)
        got = 0
        while got < 1000:
            part = s.recv(1000 - got)
            assert part, "closed"
            got += len(part)
        count += 1
    print(count, flush=True)
"""
ECHO = """
import socket, sys, threading
s = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)
print("up", flush=True)
def serve(c):
    while (d := c.recv(65536)):
        c.sendall(d)
while True:
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
"""


@test
def other_connections_run_on(lab, sonde):
    """From and to the target, to a listener among the ports that ours are drawn from."""
    served = python(lab, "web", ECHO, 7007)
    ours = python(lab, "scan", ECHO, 61023)
    talks = []
    try:
        for p in (served, ours):
            p.stdout.readline()
        for n in (4, 6):
            talks += [python(lab, "scan", TALK, WEB[n], 7007), python(lab, "web", TALK, OURS[n], 61023)]
        for p in talks:
            assert p.stdout.readline(), "no connection"
        scan = subprocess.Popen(["ip", "netns", "exec", lab.ns("scan"), sonde.program, "-n", "-Pn", "-p-", "--max-rate", "40000", WEB[4]],
                                stdout=subprocess.PIPE, text=True)
        rounds = 0
        while scan.poll() is None:
            rounds += 1
            for p in talks:
                p.stdin.write("go\n")
                p.stdin.flush()
                assert p.stdout.readline().strip() == str(50 * rounds), "a connection broke"
        assert rounds > 2 and " open " in scan.stdout.read()
    finally:
        for p in talks:
            p.communicate()
        for p in (served, ours):
            p.kill()
            p.communicate()


@test
def listeners_keep_their_ports(lab, sonde):
    """With a listener every 40 ports below 64000 the window must be above."""
    many = python(lab, "scan", "import socket, sys; s = [socket.create_server(('', p)) for p in range(61000, 64000, 40)]; "
                  "s += [socket.socket(socket.AF_INET, socket.SOCK_DGRAM)]; s[-1].bind(('', 64020)); print('up', flush=True); sys.stdin.read()")
    try:
        many.stdout.readline()
        for _ in range(8):
            before = kernel_sent(lab)
            with Capture(lab, "web") as c:
                sonde("-n", "-Pn", "-p80,81", WEB[4])
            sports = {p.sport for p in c.to(WEB[4], 6)}
            assert min(sports) > 63960 - 40 and 64020 not in sports and kernel_sent(lab) == before, sports
            base = min(sports)
            assert not base <= 64020 < base + 47, "the window has another's port"
    finally:
        many.communicate()


@test
def a_port_of_the_users_choice(lab, sonde):
    before = kernel_sent(lab)
    said, got = sonde.both("-n", "-v", "-Pn", "-g", "53", "-p80,81", WEB[4])
    assert kernel_sent(lab) == before and ports_of(got, WEB[4]) == [80] and "own stack" not in said, said
    server = python(lab, "scan", "import socket, sys; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', 53)); "
                    "print('up', flush=True); sys.stdin.read()")
    try:
        server.stdout.readline()
        said, got = sonde.both("-n", "-v", "-Pn", "-g", "53", "-p80,81", WEB[4])
        assert ports_of(got, WEB[4]) == [80] and "source port 53" in said, said
        assert kernel_sent(lab)[0] >= before[0] + 1, "the kernel's RST is missing"
    finally:
        server.communicate()


@test
def two_at_once(lab, sonde):
    before = kernel_sent(lab)
    with Capture(lab, "scan") as c:
        runs = [subprocess.Popen(["ip", "netns", "exec", lab.ns("scan"), sonde.program, "-n", "-Pn", "-d", "-p1-3000", "--max-rate", "4000",
                                  WEB[4]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(2)]
        said = [p.communicate(timeout=60)[0] for p in runs]
    windows = [[int(x) for x in re.search(r"answers to ports (\d+)-(\d+) claimed by tcx", s).groups()] for s in said]
    assert windows[0][1] < windows[1][0] or windows[1][1] < windows[0][0], windows
    for s in said:
        assert re.search(r"^22/tcp +open", s, re.M) and re.search(r"^80/tcp +open", s, re.M), s
    assert kernel_sent(lab) == before
    assert len(resets(c, WEB[4])) == 4
    assert attached(lab)[0] == 0


@test
def nothing_is_left_after_kill(lab, sonde):
    before = attached(lab)
    for how in (signal.SIGKILL, signal.SIGINT, signal.SIGKILL):
        p = subprocess.Popen(["ip", "netns", "exec", lab.ns("scan"), sonde.program, "-n", "-Pn", "-p-", "--max-rate", "500", WEB[4]],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until(lambda: attached(lab) != before, "the program at the interface", 20)
            assert attached(lab) == (before[0] + 1, before[1])
        finally:
            p.send_signal(how)
            p.wait()
        until(lambda: attached(lab) == before, "its end", 5)


@test
def without_permission_as_before(lab, sonde):
    for n, how in everywhere():
        before = kernel_sent(lab)
        p = lab.scan("setpriv", "--bounding-set", UNPRIVILEGED, sonde.program, "-n", "-v", "-Pn", "-p22,80,81", *how, WEB[n])
        assert p.returncode == 0 and re.search(r"^22/tcp +open", p.stdout, re.M) and re.search(r"^81/tcp +closed", p.stdout, re.M), p.stdout
        assert "own stack" in p.stderr and "cap_bpf" in p.stderr, p.stderr
        assert kernel_sent(lab)[0] >= before[0] + 2, "this test cannot see the kernel's RSTs"
    p = lab.scan("setpriv", "--bounding-set", UNPRIVILEGED, sonde.program, "-n", "-Pn", "-p80", WEB[4])
    assert p.stderr == "", p.stderr


@test
def doctor_says_so(lab, sonde):
    said = lab.scan(sonde.program, "doctor").stdout
    assert re.search(r"^  own answers +claimed by tcx", said, re.M), said
    said = lab.scan("setpriv", "--bounding-set", UNPRIVILEGED, sonde.program, "doctor").stdout
    assert re.search(r"^  own answers +not claimed, because .*setcap", said, re.M), said
    assert attached(lab, "lo")[0] == 0


if __name__ == "__main__":
    sys.exit(main(__doc__))
