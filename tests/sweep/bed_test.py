#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
The responder tells the truth: bed_test.py XDPRESPONDER [NAME...]

Shown by what masscan and zmap find, by probes made here byte by byte, and by tcpdump, which knows nothing of either.
"""
import ipaddress
import os
import re
import select
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))
from bed import GATEWAY, GATEWAY6, LINK, PEER, ROUTER, ROUTER6, SCANNER, SCANNER6, PROTOS, Rule, Space, STATES, main, needs, test
from packets import Packet, checksum, crc32c

MIXED = dict(open=250_000, closed=250_000, unreach=100_000, router=100_000, badack=50_000, badport=50_000, astray=50_000, badquote=50_000)
EVERYWHERE = [Rule(net, proto, **MIXED) for net in ("10.0.0.0/9", "fd00::/9") for proto in ("tcp", "udp", "sctp")] + [
    Rule("10.0.0.0/9", "icmp", **MIXED), Rule("fd00::/9", "icmp6", **MIXED)]
LINUX = bytes.fromhex("020405b40402080a1122334400000000" "01030307")
FIN, SYN, RST, ACK, XMAS = 1, 2, 4, 16, 41


class Prober:
    """Sends probes and takes what comes back, in the scanner's namespace."""

    def __init__(self, bed):
        self.bed = bed
        self.link = [bytes.fromhex(bed.mac(d).replace(":", "")) for d in (PEER, LINK)]
        self.raw = bed.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.raw.bind((LINK, 3))
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)

    def send(self, to, proto, body, sum_at):
        src, dst = (ipaddress.ip_address(a).packed for a in (SCANNER6 if ":" in to else SCANNER, to))
        if proto == 132:
            body = body[:8] + struct.pack("<I", crc32c(body)) + body[12:]
        else:
            pseudo = b"" if proto == 1 else src + dst + struct.pack("!II", len(body), proto)
            body = body[:sum_at] + struct.pack("!H", checksum(pseudo + body)) + body[sum_at + 2:]
        if ":" in to:
            packet = b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(body), proto, 61) + src + dst + body
        else:
            head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 7, 0, 61, proto, 0) + src + dst
            packet = b"\x08\x00" + head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body
        self.raw.send(b"".join(self.link) + packet)
        return packet[2:]

    def tcp(self, to, port, flags, options=b"", seq=1000, ack=0):
        return self.send(to, 6, struct.pack("!HHIIBBHHH", 40000, port, seq, ack, 0x50 + (len(options) << 2), flags, 1024, 0, 0) + options, 16)

    def udp(self, to, port, payload=b"hello"):
        return self.send(to, 17, struct.pack("!HHHH", 40000, port, 8 + len(payload), 0) + payload, 6)

    def sctp(self, to, port):
        return self.send(to, 132, struct.pack("!HHIIBBHIIHHI", 40000, port, 0, 0, 1, 0, 20, 0x01020304, 65535, 1, 1, 9), 8)

    def icmp(self, to, kind=None, more=b"abcdefgh"):
        kind = kind or (128 if ":" in to else 8)
        return self.send(to, 58 if ":" in to else 1, struct.pack("!BBHHH", kind, 0, 0, 40000, 5) + more, 2)

    def take(self, quiet=0.3, enough=1 << 30):
        """All that comes until nothing has for `quiet` seconds, without what we sent."""
        got = []
        while len(got) < enough and select.select([self.raw], [], [], quiet)[0]:
            frame, (_, _, direction, _, _) = self.raw.recvfrom(2048)
            if direction != 4 and frame[12:14] in (b"\x08\x00", b"\x86\xdd"):
                p = Packet(frame, time.monotonic())
                if p.src not in (GATEWAY, GATEWAY6) and not p.src.startswith(("fe80:", "::")):  # the kernel there
                    got.append(p)
        return got

    def ask(self, send, *args):
        probe = send(*args)
        got = self.take(0.03, 1)
        return probe, got[0] if got else None


def targets(family, n=150):
    return [str(ipaddress.ip_address(("10.1.%d.%d" if family == 4 else "fd01::%x:%x") % (i, 7 * i % 250))) for i in range(n)]


def beside(address):
    a = ipaddress.ip_address(address)
    return str(type(a)(int(a) ^ 0x100))


def check_frame(p):
    assert p.header_ok and p.transport_ok(), "a checksum of %s is wrong" % p.frame.hex()


def check_error(r, to, state, probe, p):
    """The error is of the right kind and place, and quotes what was sent."""
    six = ":" in to
    kind, code = (1 if six else 3), ((1 if six else 13) if state == "router" else (4 if six else 3))
    assert p.body[:2] == bytes([kind, code]), "%s: ICMP %d/%d" % (to, p.body[0], p.body[1])
    assert p.src == (to if state != "router" else ROUTER6 if six else ROUTER), "%s: error from %s" % (to, p.src)
    assert (p.body[8:] == probe) == (state != "badquote"), "%s, %s: the quote" % (to, state)


def each_truth(bed, family, proto, send, good):
    """Sends to some targets of each truth; `good`(to, state, packet) checks what an open or closed one answers, None where nothing came."""
    seen = set()
    with bed.responder(EVERYWHERE, key=5, ttl=(64, 9), record=Space("10.1.0.0", 1, 1)) as r:
        prober = Prober(bed)
        for to in targets(family):
            name, port = proto, 443 if proto not in ("icmp", "icmp6") else 0
            state = r.truth(to, port, name)
            seen.add(state)
            probe, p = prober.ask(send(prober), to, *([port] if port else []))
            if state == "silent":
                assert p is None, "%s is silent and answered" % to
                continue
            if p is None:
                good(to, state, p)
                continue
            check_frame(p)
            assert p.dst in (SCANNER, SCANNER6) and p.ttl == r.true_ttl(to, port, name), "%s: TTL %d" % (to, p.ttl)
            if state in ("unreach", "router", "badquote"):
                check_error(r, to, state, probe, p)
                continue
            assert p.src == (beside(to) if state == "astray" else to), "%s, %s: from %s" % (to, state, p.src)
            good(to, state, p)
        assert not prober.take() and r.counters()["bad_sum"] == 0
    assert len(seen) == len(STATES), "only %s were tried" % seen


def tcp_answer(to, state, p):
    ack, = struct.unpack("!I", p.body[8:12])
    if state == "closed":
        assert p.flags == RST | ACK and p.seq == 0 and ack == 1001
        return
    assert p.flags == SYN | ACK and (ack == 1001) == (state != "badack") and (p.sport == 443) == (state != "badport")
    kinds = [k for k, _ in p.tcp_options]
    assert kinds == [2, 4, 8, 1, 3], "options %s" % kinds
    assert dict(p.tcp_options)[8][4:] == bytes.fromhex("11223344"), "the timestamp is not echoed"


@test
def syn_probes_get_what_is_true(bed):
    for family in (4, 6):
        each_truth(bed, family, "tcp", lambda pr: lambda to, port: pr.tcp(to, port, SYN, LINUX), tcp_answer)


def udp_answer(to, state, p):
    if state == "closed":
        assert p.proto in (1, 58) and p.body[1] == (3 if p.proto == 1 else 4)
        return
    assert (p.dport == 40000) == (state != "badack") and (p.sport == 443) == (state != "badport") and p.payload == b"hello"


@test
def udp_probes_get_what_is_true(bed):
    for family in (4, 6):
        each_truth(bed, family, "udp", lambda pr: pr.udp, udp_answer)


def sctp_answer(to, state, p):
    assert p.body[12] == (6 if state == "closed" else 2) and (p.body[4:8] == b"\1\2\3\4") == (state != "badack")
    assert struct.unpack("!H", p.body[14:16])[0] == len(p.body) - 12


@test
def sctp_probes_get_what_is_true(bed):
    for family in (4, 6):
        each_truth(bed, family, "sctp", lambda pr: pr.sctp, sctp_answer)


def echo_answer(to, state, p):
    assert p.body[0] in (0, 129) and p.body[8:16] == b"abcdefgh" and (p.body[4:8] == struct.pack("!HH", 40000, 5)) == (state != "badack")


@test
def echo_requests_get_what_is_true(bed):
    for family in (4, 6):
        each_truth(bed, family, "icmp" if family == 4 else "icmp6", lambda pr: pr.icmp, echo_answer)


@test
def timestamp_requests_are_answered_with_the_time(bed):
    with bed.responder([Rule("10.0.0.0/9", "icmp", open=1_000_000)]):
        prober = Prober(bed)
        _, p = prober.ask(prober.icmp, "10.1.2.3", 13, struct.pack("!III", 77, 0, 0))
        check_frame(p)
        ours, got, sent = struct.unpack("!III", p.body[8:20])
        assert p.body[0] == 14 and ours == 77 and got == sent
        assert abs(time.time() * 1000 % 86400000 - got) < 5000, "not the time of day"


@test
def other_flags_are_answered_as_rfc_9293_says(bed):
    with bed.responder([Rule("10.0.0.0/9", "tcp", "80", open=1_000_000), Rule("10.0.0.0/9", "tcp", closed=1_000_000)]) as r:
        prober = Prober(bed)
        for flags, port, want in [
                (FIN, 80, None), (FIN, 81, (RST | ACK, 0, 1001)), (0, 80, None), (0, 81, (RST | ACK, 0, 1000)),
                (XMAS, 80, None), (XMAS, 81, (RST | ACK, 0, 1001)), (ACK, 80, (RST, 2000, 0)), (ACK, 81, (RST, 2000, 0)),
                (FIN | ACK, 80, (RST, 2000, 0)), (RST, 80, None), (RST, 81, None), (SYN | FIN, 81, (RST | ACK, 0, 1002))]:
            _, p = prober.ask(prober.tcp, "10.0.0.9", port, flags, b"", 1000, 2000 if flags & ACK else 0)
            got = p and (p.flags, p.seq, struct.unpack("!I", p.body[8:12])[0])
            assert got == want, "flags %#x to port %d: %s, not %s" % (flags, port, got, want)
        c = r.counters()
        assert (c["rst_open"], c["rst_other"], c["ack"]) == (1, 1, 3), c


@test
def what_a_syn_offers_is_granted(bed):
    with bed.responder([Rule("10.0.0.0/9", "tcp", open=1_000_000)], window=(1000, 50000)) as r:
        prober = Prober(bed)
        for options, want in [(b"", [2]), (bytes.fromhex("020405b4"), [2]), (LINUX, [2, 4, 8, 1, 3]),
                              (bytes.fromhex("020405b40103030801010402"), [2, 1, 1, 4, 1, 3]),
                              (bytes.fromhex("0101080a0000000900000000"), [2, 1, 1, 8, 1, 1, 1, 1])]:
            _, p = prober.ask(prober.tcp, "10.3.2.1", 7, SYN, options)
            check_frame(p)
            got = [k for k, _ in p.tcp_options]
            assert sorted(got) == sorted(want), "%s was answered with %s" % (options.hex(), got)
            assert p.window == r.true_window("10.3.2.1", 7)


@test
def a_wrong_checksum_is_dropped(bed):
    with bed.responder([Rule("10.0.0.0/9", "tcp", open=1_000_000)]) as r:
        prober = Prober(bed)
        packet = prober.tcp("10.0.0.1", 80, SYN)
        prober.take()
        prober.raw.send(b"".join(prober.link) + b"\x08\x00" + packet[:30] + b"\xff" + packet[31:])
        assert not prober.take() and r.counters()["bad_sum"] == 1


@test
def tcpdump_finds_no_fault(bed):
    needs("tcpdump", "tshark")
    pcap = os.path.join(bed.dir, "all.pcap")
    shares = dict(open=400_000, closed=300_000, unreach=150_000, router=150_000)  # a quote that was changed is a fault
    with bed.responder([Rule(net, "any", **shares) for net in ("10.0.0.0/9", "fd00::/9")], key=3):
        dump = bed.start(["tcpdump", "-U", "-i", LINK, "-Q", "in", "-w", pcap, "-Z", "root", "--immediate-mode", "-s", "2000"], stderr=subprocess.PIPE, text=True)
        while "listening" not in dump.stderr.readline():
            pass
        prober = Prober(bed)
        for to in targets(4, 40) + targets(6, 40):
            prober.tcp(to, 80, SYN, LINUX)
            prober.udp(to, 53, b"\0\1\1\0\0\1\0\0\0\0\0\0\0\0\1\0\1")
            prober.sctp(to, 80)
            prober.icmp(to)
        n = len(prober.take())
        dump.terminate()
        dump.wait()
        dump.stderr.close()
    said = subprocess.run(["tcpdump", "-nvvr", pcap], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    assert n > 150 and said.count(" > ") >= n * 0.95 and not re.search(r"\bbad\b|incorrect|wrong", said), \
        re.findall(r".*(?:bad|incorrect|wrong).*", said)[:3] or "%d answers, tcpdump saw %d" % (n, said.count(" > "))
    tshark = subprocess.run(["tshark", "-r", pcap, "-o", "sctp.checksum:CRC 32c", "-Y", "sctp", "-T", "fields", "-e", "sctp.checksum.status"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.split()
    assert tshark and all(set(s.split(",")) <= {"1", "Good"} for s in tshark if "," not in s), tshark[:5]


# -- against scanners that others made

def masscan(bed, *args):
    needs("masscan")
    out = os.path.join(bed.dir, "masscan")
    with bed.heartbeat():
        bed.run(["masscan", "-e", LINK, "--router-mac", bed.mac(PEER), "--wait", "2", "-oL", out, *args], stdin=subprocess.DEVNULL)
    with open(out) as f:
        return {(s[3], int(s[2])) for s in map(str.split, f) if s and s[0] == "open"}


def zmap(bed, port, *args):
    needs("zmap")
    out, none = os.path.join(bed.dir, "zmap"), os.path.join(bed.dir, "none")
    open(none, "w").close()
    bed.run(["zmap", "-i", LINK, "-G", bed.mac(PEER), "-b", none, "-q", "-c", "2", "-p", str(port), "-o", out, *args])
    with open(out) as f:
        return {(s.strip(), port) for s in f if s[0].isdigit()}


@test
def zmap_finds_what_is_open(bed):
    space = Space("10.0.0.0", 4096, 80)
    with bed.responder([Rule("10.0.0.0/20", "tcp", **MIXED)], key=11, record=space) as r:
        found = zmap(bed, 80, "-r", "4000", "10.0.0.0/20")
        states = r.truths(space)
        c = r.settled()
        assert set(r.record()) == {1} and c["distinct"] == 4096 and not c["repeated"] and not c["outside"], c
    assert [STATES[s] for s in states[:64]] == [r.truth(*space.target(i)) for i in range(64)]
    want = {space.target(i) for i, s in enumerate(states) if STATES[s] == "open"}
    # zmap's cookie is of address and source port: it takes what comes from the port beside for an answer when it acknowledges rightly
    # and on a busy machine its own receiver drops some
    assert len(want - found) <= len(want) / 100 and len(want) > 900, "%d of %d" % (len(found & want), len(want))
    assert all(r.truth(*t) in ("open", "badport") for t in found - want), [r.truth(*t) for t in found - want][:9]


@test
def masscan_finds_nothing_that_is_not_open(bed):
    space = Space("10.0.0.0", 256, 1, 8)
    with bed.responder([Rule("10.0.0.0/20", "tcp", open=250_000, closed=500_000)], key=12, record=space) as r:
        found = masscan(bed, "10.0.0.0/24", "-p1-8", "--rate", "1000")
        assert set(r.record()) == {1}
    want = {space.target(i) for i in range(len(space)) if r.truth(*space.target(i)) == "open"}
    # it loses answers in short runs, whoever gives them
    assert found <= want and len(found) > len(want) / 4, "%d of %d, %d wrong" % (len(found & want), len(want), len(found - want))


# -- misbehaviour

def between(n, p, total):
    """Six standard deviations of a binomial."""
    return abs(n - p * total) <= 6 * (total * p * (1 - p)) ** 0.5


@test
def losses_are_of_the_share_asked_for(bed):
    with bed.responder([Rule("10.0.0.0/9", "tcp", open=1_000_000)], loss_in=0.1, loss_out=0.2) as r:
        prober = Prober(bed)
        for i in range(5000):
            prober.tcp("10.0.0.1", i, SYN)
        got, c = prober.take(), r.counters()
    assert c["syn"] == 5000 and between(c["lost_in"], 0.1, 5000) and between(c["lost_out"], 0.2, 5000 - c["lost_in"]), c
    assert len(got) == 5000 - c["lost_in"] - c["lost_out"], "%d came of %s" % (len(got), c)


@test
def the_cap_is_exact_over_time(bed):
    with bed.responder([Rule("10.0.0.0/9", "tcp", open=1_000_000)], cap=1000, cap_burst=5, stamp_every=1) as r:
        prober, end = Prober(bed), time.monotonic() + 1
        while time.monotonic() < end:
            prober.tcp("10.0.0.1", 80, SYN)
        c = r.counters()
    seconds = (c["last_ns"] - c["first_ns"]) / 1e9
    passed = c["synack"] - c["lost_cap"]
    # we may stall, and ask for less than there is: more than that it must never be
    assert c["lost_cap"] > 100 and 0.1 * 1000 * seconds < passed <= 1000 * seconds + 6, "%d in %f s" % (passed, seconds)


@test
def answers_wait_as_long_as_they_are_to(bed):
    with bed.responder([Rule("10.0.0.0/9", "tcp", open=1_000_000)], delay=0.1, delay_spread=0.2) as r:
        prober, sent = Prober(bed), {}
        for i in range(1, 200):
            sent[i] = time.monotonic()
            prober.tcp("10.0.0.%d" % i, 80, SYN)
        got = prober.take(0.5)
    assert len(got) == 199
    waits = [(p.at - sent[int(p.src.split(".")[3])], r.true_delay(p.src, 80)) for p in got]
    assert all(wait >= true for wait, true in waits), "some came early"
    assert 0.1 <= min(true for _, true in waits) < 0.13 and 0.27 < max(true for _, true in waits) < 0.3
    assert sorted(got, key=lambda p: r.true_delay(p.src, 80))[-1].src == got[-1].src or len(got) > 1


@test
def copies_come_as_often_as_asked(bed):
    with bed.responder([Rule("10.0.0.0/9", "tcp", open=1_000_000)], copies=2, copy_spacing=0.1) as r:
        prober, begun = Prober(bed), time.monotonic()
        for i in range(50):
            prober.tcp("10.0.0.1", 80 + i, SYN)
        got = prober.take()
        assert len(got) == 150 and len({p.frame for p in got}) == 50 and r.counters()["sent_later"] == 150
        assert got[-1].at - begun >= 0.2


@test
def a_flood_is_well_made_and_for_our_ports(bed):
    with bed.responder([Rule("10.0.0.0/9", "tcp", open=1_000_000)], flood=2000, flood_ports=(40000, 40099)) as r:
        prober = Prober(bed)
        r.flood(True)
        time.sleep(0.5)
        r.flood(False)
        got = [p for p in prober.take() if p.dst == SCANNER and p.src != GATEWAY]
        n = r.counters()["flood"]
    assert n > 50 and len(got) >= n, "%d of %d" % (len(got), n)
    for p in got:
        check_frame(p)
        assert 40000 <= p.dport <= 40099 and p.flags in (SYN | ACK, RST | ACK)


@test
def what_is_not_ours_is_the_kernels(bed):
    with bed.responder([Rule("10.0.0.7/32", serve=False), Rule("10.0.0.0/9", "tcp", open=1_000_000)], record=Space("10.0.0.0", 8, 80), tick=0.05, ticks=100) as r:
        bed.target_ip("addr", "add", "10.0.0.7/32", "dev", "lo")
        with bed.socket(socket.AF_INET, socket.SOCK_STREAM, target=True) as server, bed.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
            server.bind(("10.0.0.7", 80))
            server.listen()
            client.settimeout(5)
            client.connect(("10.0.0.7", 80))
        prober = Prober(bed)
        for to in ("10.0.0.1", "10.0.0.1", "10.0.0.3", "10.200.0.1"):
            prober.tcp(to, 80, SYN)
        assert list(r.record()) == [0, 2, 0, 1, 0, 0, 0, 0]
        c = r.counters()
        assert (c["distinct"], c["repeated"], c["outside"], c["unserved"]) == (2, 1, 0, 1) and sum(r.arrivals()) == 3, c
        bed.target_ip("addr", "del", "10.0.0.7/32", "dev", "lo")


if __name__ == "__main__":
    sys.exit(main(__doc__, ["XDPRESPONDER"]))
