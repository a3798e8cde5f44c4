#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Sweeps whose probes and answers stay in the kernel find what the rules say, reset what they opened, and leave nothing behind when killed:
kernel_path.py SONDE XDPRESPONDER [NAME...]
"""
import re
import signal
import subprocess
import sys
import time

from bed import Losses, Rule, Space, main, test, until

FOUND = re.compile(r"^Discovered open port (\d+)/(\w+) on (\S+)$", re.M)
MIXED = dict(open=20_000, closed=300_000, unreach=50_000, router=50_000, badack=20_000, badport=20_000, astray=20_000, badquote=20_000)


def sonde(program, *words):
    return [program, "--sweep", "-n", "-v", "--i-have-permission", "--rate", "2M", "--cooldown", "3s", "--receipt", "receipt", *words]


def wants(said, words):
    """The kernel's half it was, not what stands in for it."""
    assert "sender xdp-live" in said and "receiver xdp" in said, "not sent by live frames: %s\n%s" % (words, said[:2000])


def find(bed, program, proto, space, *words):
    losses = Losses(bed)
    with bed.responder([Rule("10.0.0.0/8", proto, **MIXED), Rule("fd00::/8", proto, **MIXED)]) as r:
        said = bed.run(sonde(program, *words), capture_output=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
        wants(said, words)
        found = FOUND.findall(said)
        truth = {(str(port), proto, addr) for addr, port in (space.target(i) for i in range(len(space))) if r.truth(addr, port, proto) == "open"}
        assert len(found) == len(set(found)), "recorded twice: %d" % (len(found) - len(set(found)))
        lost = losses.of("receipt", len(space))
        missed, false = truth - set(found), set(found) - truth
        # a datagram proves itself by 9 bits of its port: of those from a wrong port or host one in 512 passes (src/sweep/proof.h)
        few = len(space) * 0.04 / 512 * 3 if proto == "udp" else 0
        assert len(missed) <= lost and len(false) <= few, "%d found, %d true, %d lost; missed %s, false %s" % (
            len(found), len(truth), lost, sorted(missed)[:5], sorted(false)[:5])
        n = r.settled()
        assert n["bad_sum"] == 0, "%d probes with wrong checksums" % n["bad_sum"]
        return n, len(truth), lost


@test
def tcp_ipv4(bed, program):
    n, truth, lost = find(bed, program, "tcp", Space("10.1.0.0", 65536, 80), "-p80", "10.1.0.0/16")
    assert n["rst_open"] >= truth - lost and n["rst_other"] == 0, "resets: %d of open ports, %d others" % (n["rst_open"], n["rst_other"])
    return "%d open, %d resets" % (truth, n["rst_open"])


@test
def tcp_ipv4_ports(bed, program):
    _, truth, _ = find(bed, program, "tcp", Space("10.2.0.0", 256, 1, 1000), "-p1-1000", "10.2.0.0/24")
    return "%d open" % truth


@test
def tcp_ipv6(bed, program):
    _, truth, _ = find(bed, program, "tcp", Space("fd00:1::", 65536, 443), "-6", "-p443", "fd00:1::/112")
    return "%d open" % truth


@test
def udp_payloads_of_many_lengths(bed, program):
    # the responder answers no datagram beyond 512 bytes, as those of QUIC to ports 80 and 443
    _, truth, _ = find(bed, program, "udp", Space("10.3.0.0", 1024, 100, 100), "-sU", "-p100-199", "10.3.0.0/22")
    return "%d open" % truth


@test
def sctp(bed, program):
    _, truth, _ = find(bed, program, "sctp", Space("10.4.0.0", 65536, 7), "-sY", "-p7", "10.4.0.0/16")
    return "%d open" % truth


@test
def sigkill_leaves_nothing(bed, program):
    with bed.responder([Rule("10.0.0.0/8", "tcp", **MIXED)]):
        before = bed.attached()
        for after in (0.1, 1):
            p = bed.start(sonde(program, "-p1-65535", "10.5.0.0/16"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                until(lambda: bed.attached()[0] != before[0], "the program at the interface", 20)
                time.sleep(after)
            finally:
                p.send_signal(signal.SIGKILL)
                p.wait()
            until(lambda: bed.attached() == before, "its end at the interface", 20)
    return "twice"


if __name__ == "__main__":
    sys.exit(main(__doc__))
