#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
The sweep by its less usual ways: data checks, IPv6, neighbours, loopback, the receiver in user space, several senders, two sweeps at once,
the choice of the engine: paths_test.py SONDE XDPRESPONDER [NAME...]
"""
import contextlib
import csv
import io
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time

from bed import LINK, PEER, Rule, Space, STATES, main, test

SENDERS = ("packet-ring", "af-xdp", "xdp-live")
SONDE = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "sonde"


def narrow(f):
    """On an interface with one queue."""
    f.queues = 1
    return f


def words(*more, cooldown="300ms"):
    return [SONDE, "--sweep", "-n", "-v", "--cooldown", cooldown, "--i-have-permission", "--recheck", "off", "-oD", "-", *more]


def by_type(text):
    records = {"result": [], "note": []}
    for line in text.splitlines():
        r = json.loads(line)
        records.setdefault(r["type"], []).append(r)
    return records


def run(bed, args, **kw):
    """A command in the scanner's namespace; says what it said when it fails."""
    done = bed.run(args, check=False, **kw)
    assert done.returncode == 0, "%s: %d: %s %s" % (args[1:], done.returncode, done.stderr[-600:], done.stdout[-600:])
    return done


def swept(bed, *more, **kw):
    """The records of a sweep, by type."""
    return by_type(run(bed, words(*more, **kw)).stdout)


def receipt(bed, *more, before=(), **kw):
    """The records of a sweep and its receipt."""
    path = os.path.join(bed.dir, "receipt%d" % time.monotonic_ns())
    records = by_type(run(bed, [*before, *words(*more, "--receipt", path, **kw)]).stdout)
    with open(path, encoding="utf-8") as f:
        return records, json.load(f)


def found(records, state="open"):
    return {(r["addr"], r["port"]) for r in records["result"] if r["state"] == state}


def notes(records):
    return [n["text"] for n in records["note"]]


def said(records, piece):
    assert any(piece in text for text in notes(records)), "nobody said '%s': %s" % (piece, notes(records))


def truth(responder, space, name, proto="tcp"):
    code = STATES.index(name)
    return {space.target(i) for i, state in enumerate(responder.truths(space, proto)) if state == code}


def same(got, want, what):
    assert got == want, "%s: %d too many %s, %d missing %s" % (
        what, len(got - want), sorted(got - want)[:4], len(want - got), sorted(want - got)[:4])


def once(responder, what):
    probed = responder.record()
    assert min(probed) == max(probed) == 1, "%s: targets probed %d to %d times" % (what, min(probed), max(probed))


def kernel_resets(bed):
    """TCP's OutRsts of the scanner's namespace."""
    lines = [line.split() for line in bed.run(["cat", "/proc/net/snmp"]).stdout.splitlines() if line.startswith("Tcp:")]
    return int(dict(zip(*lines))["OutRsts"])


# ---- data checks

class Daemon:
    """Listens in the target's namespace; `serve` gets each connection."""

    def __init__(self, bed, address, port, serve=None):
        self.socket = bed.socket(socket.AF_INET, socket.SOCK_STREAM, target=True)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((address, port))
        self.socket.listen(128)
        self.serve, self.held = serve, []
        if serve:
            threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        with contextlib.suppress(OSError):
            while True:
                c = self.socket.accept()[0]
                self.held.append(c)
                self.serve(c)

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def greet(c):
    c.sendall(b"220 ready\r\n")


def abort(c):
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    c.close()


def close_after(c):
    c.settimeout(20)
    c.recv(64)
    c.close()


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Tarpit:
    """Answers each SYN for a port of 10.8.0.0/16 with SYN-ACK and nothing else with anything, as middleboxes do."""

    def __init__(self, bed, port):
        self.tap = bed.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800), target=True)
        self.tap.bind((PEER, 0x0800))
        self.port, self.stopped = port, False
        self.tap.settimeout(0.1)
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        while not self.stopped:
            try:
                frame = self.tap.recv(2048)
            except TimeoutError:
                continue
            except OSError:
                return
            if len(frame) < 54 or frame[23] != 6 or frame[30:32] != bytes((10, 8)) or frame[47] != 2 or frame[33] < 2 or frame[36:38] != struct.pack("!H", self.port):
                continue
            seq = struct.unpack_from("!I", frame, 38)[0]
            ends = frame[30:34] + frame[26:30]
            tcp = struct.pack("!HHIIBBHHH", self.port, *struct.unpack_from("!H", frame, 34), 7, (seq + 1) % 2**32, 0x50, 0x12, 1000, 0, 0)
            tcp = tcp[:16] + struct.pack("!H", checksum(ends + struct.pack("!HH", 6, 20) + tcp)) + tcp[18:]
            ip = struct.pack("!BBHHHBBH", 0x45, 0, 40, 0, 0x4000, 64, 6, 0) + ends
            ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
            self.tap.send(frame[6:12] + frame[:6] + b"\x08\0" + ip + tcp)

    def close(self):
        self.stopped = True
        self.thread.join()
        self.tap.close()


@test
def data_checks(bed, _):
    """Each outcome against what brings it about, by -oD and by -oC; the responder, like a listener, resets what is no SYN."""
    bed.target_ip("addr", "add", "10.8.0.1/32", "dev", "lo")
    daemons = [Daemon(bed, "10.8.0.1", port, serve) for port, serve in ((21, greet), (22, None), (23, abort), (25, close_after))]
    tarpit = Tarpit(bed, 24)
    rules = [Rule("10.8.0.1/32", "tcp", ports="20-26", serve=False), Rule("10.8.0.0/28", "tcp", ports="24", serve=False),
             Rule("10.8.0.0/28", "tcp", ports="20-20", open=1_000_000)]
    want = {("10.8.0.%d" % i, 20): "reset" for i in range(16) if i != 1}
    want.update({("10.8.0.%d" % i, 24): "silent" for i in range(2, 16)})
    want.update({("10.8.0.1", 21): "speaks", ("10.8.0.1", 22): "acked", ("10.8.0.1", 23): "reset", ("10.8.0.1", 25): "acked"})
    with bed.responder(rules):
        records = swept(bed, "-sT", "-p", "20-26", "--rate", "1000", "10.8.0.0/28")
        got = {(r["addr"], r["port"]): r.get("check") for r in records["result"]}
        assert got == want, "-oD: %s" % sorted(set(got.items()) ^ set(want.items()))
        text = run(bed, [SONDE if w == SONDE else "-oC" if w == "-oD" else w for w in words("-sT", "-p", "20-26", "10.8.0.0/28")]).stdout
        rows = list(csv.DictReader(io.StringIO("\n".join(line for line in text.splitlines() if not line.startswith("#")))))
        got = {(r["addr"], int(r["port"])): r["check"] for r in rows if r.get("state") == "open"}
        assert got == want, "-oC: %s" % sorted(set(got.items()) ^ set(want.items()))
    for d in (*daemons, tarpit):
        d.close()


@test
def data_checks_with_few_descriptors(bed, _):
    """More open ports than connections at once: the senders wait, and each port is checked all the same."""
    bed.target_ip("route", "add", "local", "10.9.0.0/16", "dev", "lo")
    with bed.responder([Rule("10.9.0.0/16", "tcp", serve=False)]):
        daemon = Daemon(bed, "0.0.0.0", 80, greet)
        args = words("-sT", "-p", "80", "--rate", "20k", "--all-answers", "10.9.0.0/21")
        done = run(bed, ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh", *args])
        records = by_type(done.stdout)
        got = {r["addr"]: r.get("check") for r in records["result"] if r["state"] == "open"}
        assert len(got) == 2048 and len(records["result"]) == 2048, (len(got), len(records["result"]))
        wrong = {a: c for a, c in got.items() if c != "speaks"}
        assert not wrong, "%d of 2048: %s; %s" % (len(wrong), list(wrong.items())[:4], notes(records))
        daemon.close()


# ---- IPv6, and neighbours

@test
def six_by_every_sender(bed, _):
    rule = Rule("fd01::/112", "tcp", open=100_000, closed=300_000, unreach=50_000)
    pings = Rule("fd01::/112", "icmp6", open=300_000)
    udp = Rule("fd01::/112", "udp", open=200_000, closed=200_000)
    for sender in SENDERS:
        space = Space("fd01::", 1024, 443)
        with bed.responder([rule], record=space) as r:
            records = swept(bed, "-6", "--all-answers", "-p", "443", "--backend", sender, "--rate", "20k", "fd01::/118")
            said(records, "sender %s " % sender)
            for state, names in (("open", ["open"]), ("closed", ["closed"]), ("filtered", ["unreach"])):
                same(found(records, state), set().union(*(truth(r, space, n) for n in names)), "%s -sS: %s" % (sender, state))
            once(r, sender)
        space = Space("fd01::", 1024, 53)
        with bed.responder([udp], record=space) as r:
            records = swept(bed, "-6", "-sU", "--all-answers", "-p", "53", "--backend", sender, "--rate", "20k", "fd01::/118")
            same(found(records), truth(r, space, "open", "udp"), "%s -sU: open" % sender)
            same(found(records, "closed"), truth(r, space, "closed", "udp"), "%s -sU: closed" % sender)
            once(r, sender)
        space = Space("fd01::", 1024)
        with bed.responder([pings], record=space) as r:
            records = swept(bed, "-6", "-sn", "-PE", "--backend", sender, "--rate", "20k", "fd01::/118")
            got = {(x["addr"], 0) for x in records["result"]}
            same(got, truth(r, space, "open", "icmp6"), "%s -sn -PE" % sender)
            once(r, sender)


def neighbours(bed, sender, six):
    net, alive = ("fd77:255::%x00/121", 0x7) if six else ("10.77.%d.0/25", 8)
    mine = ("fd77:255::%x", 0x701) if six else ("10.77.8.%d", 1)
    hosts = [mine[0] % (mine[1] + 8 * i) for i in range(12)]
    spec = net % alive
    records, proof = receipt(bed, *(["-6"] if six else []), "--all-answers", "-p", "80,81", "--backend", sender, "--rate", "5k", spec)
    same(found(records), {(h, 80) for h in hosts}, "%s %s: open" % (sender, spec))
    same(found(records, "closed"), {(h, 81) for h in hosts}, "%s %s: closed" % (sender, spec))
    said(records, "12 neighbours are there")
    said(records, "those that do not answer are not probed")
    session = proof["sessions"][0]
    assert session["sent"] == 24 and session["skipped"] == 232, session


@test
def neighbours_on_the_link(bed, _):
    """Kernel addresses of the peer: those that are not there are asked for, and not probed."""
    bed.scanner_ip("addr", "add", "10.77.11.1/22", "dev", LINK)
    for i in range(12):
        bed.target_ip("addr", "add", "10.77.8.%d/22" % (1 + 8 * i), "dev", PEER)
        bed.target_ip("addr", "add", "fd77:255::%x/64" % (0x701 + 8 * i), "dev", PEER, "nodad")
    four = bed.socket(socket.AF_INET6, socket.SOCK_STREAM, target=True)
    four.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    four.bind(("::", 80))
    four.listen(128)
    with bed.responder([Rule("10.255.255.2/32", "tcp", serve=False)]):
        for sender in SENDERS:
            neighbours(bed, sender, False)
            neighbours(bed, sender, True)
    four.close()


# ---- without link headers

@test
def loopback(bed, _):
    s = bed.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.bind(("127.0.0.9", 8080))
    s.listen(16)
    every = bed.socket(socket.AF_INET, socket.SOCK_STREAM)
    every.bind(("0.0.0.0", 8081))
    every.listen(16)
    before = kernel_resets(bed)
    records = swept(bed, "-p", "8079-8082", "127.0.0.0/24")
    want = {("127.0.0.9", 8080)} | {("127.0.0.%d" % i, 8081) for i in range(256)}
    want -= {("127.0.0.0", 8081), ("127.0.0.255", 8081)}
    got = found(records)
    same(got - {("127.0.0.0", 8081), ("127.0.0.255", 8081)}, want, "open")
    said(records, "sender raw (the targets are this machine itself")
    # Resets are the listener's side of it: one for each closed port, none of ours for a SYN-ACK.
    closed = 4 * 256 - len(got)
    assert kernel_resets(bed) - before <= closed, "the kernel reset what the sweep found open: %d, closed %d" % (
        kernel_resets(bed) - before, closed)
    # A listener forgets half-open connections that were reset: nothing is left in SYN-RECV.
    left = bed.run(["ss", "-Htn", "state", "syn-recv"]).stdout.splitlines()
    assert not left, left[:4]
    s.close()
    every.close()


# ---- the receiver in user space

@contextlib.contextmanager
def other_xdp(bed):
    """A program of somebody else on the scanner's interface."""
    source = os.path.join(bed.dir, "pass.c")
    with open(source, "w", encoding="ascii") as f:
        f.write('__attribute__((section("xdp"), used)) int pass_all(void *ctx) { return 2; }\nchar l[] __attribute__((section("license"))) = "GPL";\n')
    subprocess.run(["clang", "-target", "bpf", "-O2", "-g", "-c", source, "-o", source + ".o"], check=True)
    bed.scanner_ip("link", "set", "dev", LINK, "xdp", "obj", source + ".o", "sec", "xdp")
    try:
        yield
    finally:
        bed.scanner_ip("link", "set", "dev", LINK, "xdp", "off")


def twin(bed, senders, claimed, before=()):
    space = Space("10.4.0.0", 1024, 80)
    rule = Rule("10.4.0.0/22", "tcp", open=400_000, closed=300_000, unreach=50_000)
    for sender in senders:
        with bed.responder([rule], record=space) as r:
            resets = kernel_resets(bed)
            records, proof = receipt(bed, "--all-answers", "-p", "80", "--rate", "10k", "--backend", sender, "10.4.0.0/22", before=before)
            resets = kernel_resets(bed) - resets
            said(records, "receiver packet-ring")
            said(records, "receiver in XDP not used")
            for state, name in (("open", "open"), ("closed", "closed"), ("filtered", "unreach")):
                same(found(records, state), truth(r, space, name), "%s: %s" % (sender, state))
            once(r, sender)
            opened = len(truth(r, space, "open"))
            counters = r.settled()
            assert counters.get("rst_open", 0) == opened, "%s: %d half-open connections were reset, %d are open" % (
                sender, counters.get("rst_open", 0), opened)
            if claimed:
                assert resets == 0, "%s: the kernel sent %d RSTs" % (sender, resets)
                assert proof["resets"] == opened, proof
            else:
                assert resets == opened, "%s: kernel RSTs %d, %d are open" % (sender, resets, opened)
                said(records, "this machine's own stack sees the answers")


@test
def receiver_in_user_space(bed, _):
    with other_xdp(bed):
        twin(bed, ("packet-ring", "af-xdp"), True)
        said_no = bed.run(words("-p", "80", "--backend", "xdp-live", "10.4.0.0/24"), check=False)
        assert said_no.returncode and "another XDP program" in said_no.stderr + said_no.stdout, said_no


@test
def receiver_without_bpf(bed, _):
    """Without the right to load programs the sweep goes on and says what follows from it."""
    drop = ["setpriv", "--bounding-set", "-bpf,-sys_admin,-perfmon", "--inh-caps", "-bpf,-sys_admin,-perfmon", "--"]
    twin(bed, ("packet-ring",), False, before=drop)


# ---- several senders, several sweeps

@test
def several_senders(bed, _):
    rule = Rule("10.6.0.0/19", "tcp", open=100_000)
    for sender in SENDERS:
        space = Space("10.6.0.0", 8192, 80)
        with bed.responder([rule], record=space) as r:
            records = swept(bed, "-p", "80", "--rate", "50k", "--sender-threads", "2", "--backend", sender, "10.6.0.0/19")
            once(r, sender)
            same(found(records), truth(r, space, "open"), sender)


@narrow
@test
def more_senders_than_queues(bed, _):
    """On an interface of one queue the second sender of af-xdp shares the first one's."""
    space = Space("10.6.0.0", 4096, 80)
    with bed.responder([Rule("10.6.0.0/20", "tcp", open=100_000)], record=space) as r:
        records = swept(bed, "-p", "80", "--rate", "50k", "--sender-threads", "2", "--backend", "af-xdp", "10.6.0.0/20")
        once(r, "af-xdp")
        same(found(records), truth(r, space, "open"), "af-xdp")


@test
def two_sweeps_at_once(bed, _):
    """Each has source ports of its own, whoever has the interface's XDP; both are right, and neither meets the other's answers."""
    one, two = Space("10.7.0.0", 4096, 80), Space("10.7.64.0", 4096, 80)
    with bed.responder([Rule("10.7.0.0/16", "tcp", open=500_000)]) as r:
        path = os.path.join(bed.dir, "first")
        args = words("-p", "80", "--rate", "2000", "--receipt", path, "10.7.0.0/20")
        first = bed.start(args, stdout=subprocess.PIPE, text=True)
        begun = first.stdout.readline()
        while '"sender ' not in begun:
            begun = first.stdout.readline()
            assert begun, "the first sweep has ended"
        second, proof = receipt(bed, "-p", "80", "--rate", "10000", "10.7.64.0/20")
        records = by_type(first.communicate(timeout=60)[0])
        same(found(records), truth(r, one, "open"), "the first")
        same(found(second), truth(r, two, "open"), "the second")
        with open(path, encoding="utf-8") as f:
            for name, x in (("first", json.load(f)), ("second", proof)):
                assert not any(x["rejected"].values()), "%s: %s" % (name, x["rejected"])


# ---- which engine

@test
def choice_of_the_engine(bed, _):
    dry = [SONDE, "-n", "-v", "-oD", "-", "-Pn"]
    leave = "--i-have-permission"
    with bed.responder([Rule("10.0.0.0/8", "tcp", closed=1_000_000)]) as r:
        few = by_type(run(bed, [*dry, "-p", "80", "10.20.0.0/30"]).stdout)
        assert not any(t.startswith("sender ") for t in notes(few)), notes(few)
        asked = by_type(run(bed, [*dry, "--sweep", leave, "--cooldown", "300ms", "-p", "80", "10.20.0.0/30"]).stdout)
        said(asked, "this is a sweep, as --sweep says")
        many = by_type(run(bed, [*dry, leave, "--cooldown", "300ms", "--recheck", "off", "--rate", "1000000", "-p", "80", "10.32.0.0/11"]).stdout)
        said(many, "2097152 addresses with 1 ports are many")
        assert many["end"][0]["probes_sent"] == 1 << 21, many["end"]
        small = r.counters()["syn"]
        with open(os.path.join(bed.dir, "said"), "w+", encoding="utf-8") as err:
            process = bed.start([*dry, "--no-sweep", "-p", "80", "10.32.0.0/11"], stdout=subprocess.DEVNULL, stderr=err)
            while r.counters()["syn"] == small:
                assert process.poll() is None, "the stateful scan has ended"
                time.sleep(0.05)
            process.terminate()
            process.wait(20)
            err.seek(0)
            text = err.read()
            assert "sweep" not in text, text
        fragments = bed.start([*dry, "-f", "-p", "80", "10.32.0.0/11"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        line = fragments.stderr.readline()
        fragments.terminate()
        fragments.communicate(timeout=20)
        assert "stateful scan, though large enough for a sweep: -f does not go with --sweep" in line, line
        wrong = bed.run([*dry, leave, "-p", "80", "10.20.0.0/30"], check=False)
        assert wrong.returncode and "is about sweeps, and this is a stateful scan" in wrong.stderr, wrong


if __name__ == "__main__":
    sys.exit(main(__doc__))
