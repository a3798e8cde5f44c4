#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
When packets leave, by captures on the target's side, and hosts that limit their answers, by their kernel's own limit. Ceilings,
least distances and pauses are judged; that a busy machine was late is not.

	pace_test.py SONDE RESPONDER [NAME...]
"""
import sys

from check import by_nmap, expect, main, test, v4, v6
from lab import SCANNER
from packets import Capture

# to closed ports, and what asks by ARP: the kernel answers such requests, but asks and sends nothing there itself
OURS = "ether src %s and (arp[6:2] = 1 or tcp)" % SCANNER[1]
LATE = 0.005  # a capture stamps a packet by so much after it left when a soft interrupt waits


def too_many(at, rate, span):
    """By how much any stretch of `span` seconds or more exceeds rate * its length + 1."""
    least, start, worst = float("inf"), 0, 0
    for i, t in enumerate(at):
        while t - at[start] >= span:
            least = min(least, start - rate * at[start])
            start += 1
        worst = max(worst, i + 1 - rate * t - least - 1)
    return worst


@test
def ceiling(lab, sonde):
    """Of one host, and of all hosts together."""
    for rate, ports, names in ((50, "10001-10200", ["web"]), (2000, "10001-18000", ["web"]), (500, "10001-10400", ["web", "db", "fw"])):
        with Capture(lab, "sw", OURS, "br0") as c:
            sonde("-n", "-T5", "-r", "-p", ports, "--max-rate", str(rate), *map(v4, names))
        at = [p.at for p in c.packets]
        over = too_many(at, rate, 0.1)
        assert over <= rate * LATE, "%g/s: %.2f packets too many" % (rate, over)
        # what is lost while the scanner does not run cannot be made up for within the ceiling
        stalled = sum(max(0, b - a - 1 / rate - 0.0004) for a, b in zip(at, at[1:]))
        mean = (len(at) - 1) / (at[-1] - at[0] - stalled)
        assert mean > 0.9 * rate, "%g/s: the mean is %g/s, stalled %.3f s" % (rate, mean, stalled)


@test
def stealthy(lab, sonde):
    """16 packets 10 ms apart +-60 %, a second, again; 5 s between targets; the request for the address counts."""
    with Capture(lab, "sw", OURS, "br0") as c:
        sonde("-n", "--stealth", "stealthy", "--max-retries", "0", "-p10001-10031", v4("web"), v4("fw"))
    gaps = [b.at - a.at for a, b in zip(c.packets, c.packets[1:])]
    pauses = [(i, g) for i, g in enumerate(gaps) if g > 0.5]
    assert [i for i, _ in pauses] == [15, 31, 47], "pauses are not after 16, 32 and 48 packets: %s" % pauses
    assert all(g >= least for (_, g), least in zip(pauses, (1, 5, 1))), "too short: %s" % pauses
    short = [g for g in gaps if g < 0.004 - LATE / 10]
    assert len(gaps) == 63 and not short, "%d gaps, below 4 ms: %s" % (len(gaps), short)


@test
def a_refusal_a_second(lab, sonde):
    """Linux' own limit: six at once and one a second. Every closed port is found, and what is dropped is not taken for it."""
    want = {n: "closed" if n < 2000 else "open|filtered" for n in range(1990, 2010)}
    lab.sysctl("fw", "net.ipv4.icmp_ratelimit=1000", "net.ipv6.icmp.ratelimit=1000")
    try:
        expect(sonde("-n", "-sU", "-p1990-2009", v4("fw")), v4("fw"), want, "udp")
        expect(sonde("-n", "-6", "-sU", "-p1990-2009", v6("fw")), v6("fw"), want, "udp")
    finally:
        lab.sysctl("fw", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0")


@test
def refusals_more_often(lab, sonde):
    for ms in (100, 10):
        lab.sysctl("web", "net.ipv4.icmp_ratelimit=%d" % ms)
        try:
            expect(sonde("-n", "-sU", "-p1-40", v4("web")), v4("web"), {n: "closed" for n in range(1, 41)}, "udp")
        finally:
            lab.sysctl("web", "net.ipv4.icmp_ratelimit=0")


@test
def defeat_as_nmap_does(lab, sonde):
    """Which states silence has, of ports that a firewall drops and of open, closed and refused ones."""
    for args in (("-sU", "--defeat-icmp-ratelimit", "-p1998-2012"), ("-sS", "--defeat-rst-ratelimit", "-p22,80,81,1000-1012")):
        ours, theirs = (scan("-n", *args, v4("fw"))[v4("fw")]["ports"] for scan in (sonde, lambda *x: by_nmap(lab, *x)))
        assert ours == theirs, "%s: (ours, nmap's) differ: %s" % (
            " ".join(args), {k: (ours.get(k), theirs.get(k)) for k in theirs if ours.get(k) != theirs[k]})


if __name__ == "__main__":
    sys.exit(main(__doc__))
