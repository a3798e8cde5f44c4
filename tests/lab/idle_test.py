#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
The idle scan (-sI): `idle_test.py SONDE RESPONDER [NAME...]`

The zombies are zombie.py's, one of each kind; the targets are the lab's Linux hosts with real daemons and a firewall, and one whose
answers are late. The truth is the topology; nmap's idle scan through the same zombie finds the same; captures are the target's.
"""
import os
import re
import signal
import subprocess
import sys
import time

from check import by_daemon, by_nmap, expect, main, test, until, v4
from packets import Capture

KINDS = ["seq", "by256", "random", "perhost", "zero", "constant", "busy", "slight", "storm", "silent", "deaf"]
ZOMBIE = {kind: "10.77.0.%d" % (100 + i) for i, kind in enumerate(KINDS)}
LATE = "10.77.0.140"   # open ports answer after 60 ms
NOBODY = "10.77.0.98"
PORTS = "20-25,75-85,990-1095"
NUMBERS = [*range(20, 26), *range(75, 86), *range(990, 1096)]


def build(lab):
    if "zombie" in lab.spaces:
        return
    for name, octet in (("zombie", 4), ("late", 5)):
        lab.add_space(name)
        lab.port(name, octet, "02:5b:00:00:00:0%d" % octet, address=False)
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "zombie.py")
    lab.daemon("zombie", "/usr/bin/python3", program, "eth0", "10.77.0.1", *("%s:%s" % (a, k) for k, a in ZOMBIE.items()))
    lab.daemon("late", "/usr/bin/python3", program, "eth0", "10.77.0.1", LATE + ":seq:60:80,1001,1080")
    until(lambda: len(by_nmap(lab, "-n", "-sn", ZOMBIE["seq"], LATE)) == 2, "the zombies")


def truth(name, numbers=NUMBERS):
    """What an idle scan can tell: a closed port and a dropped one look the same."""
    return {n: s if s == "open" else "closed|filtered" for n, s in by_daemon(name, numbers).items()}


def idle(lab, sonde, kind, *args, code=0):
    build(lab)
    return sonde("-n", "-sI", ZOMBIE[kind], *args, code=code)


@test
def ports_are_what_they_are(lab, sonde):
    for kind in ("seq", "by256"):
        got = idle(lab, sonde, kind, "-p", PORTS, v4("fw"))
        expect(got, v4("fw"), truth("fw"))
        reasons = {s: r for s, r in got[v4("fw")]["ports"].values()}
        assert reasons == {"open": "ipid-change", "closed|filtered": "no-ipid-change"}, reasons


@test
def several_targets_share_the_zombie(lab, sonde):
    got = idle(lab, sonde, "seq", "-p", "20-90,8070-8090", v4("web"), v4("fw"), v4("far"), v4("db"))
    numbers = [*range(20, 91), *range(8070, 8091)]
    for name in ("web", "fw", "far", "db"):
        expect(got, v4(name), truth(name, numbers))


@test
def a_slightly_busy_zombie_tells_the_truth(lab, sonde):
    expect(idle(lab, sonde, "slight", "-p", PORTS, v4("fw")), v4("fw"), truth("fw"))


@test
def late_answers_are_waited_for(lab, sonde):
    got = idle(lab, sonde, "seq", "-p", "60-100,1000-1010,1080", LATE)
    want = {n: "open" if n in (80, 1001, 1080) else "closed|filtered" for n in [*range(60, 101), *range(1000, 1011), 1080]}
    expect(got, LATE, want)


@test
def the_target_never_hears_of_us(lab, sonde):
    """Not by IP, not by ARP; all SYNs come in the zombie's name."""
    build(lab)
    lab.ip("scan", "neigh", "flush", "all")
    with Capture(lab, "fw") as c:
        expect(idle(lab, sonde, "seq", "-p", PORTS, v4("fw")), v4("fw"), truth("fw"))
    ours = c.lines("src host 10.77.0.2 or src host fd77::2")
    assert not ours, ours[:3]
    assert len(c.lines("arp and arp[14:4] == 0 and dst host %s" % v4("fw"))) >= 1, "the ARP probe is not in the capture"
    syns = c.lines("tcp[tcpflags] == tcp-syn and dst host " + v4("fw"))
    assert len(syns) > len(NUMBERS), len(syns)
    assert all(ZOMBIE["seq"] in s for s in syns)


@test
def nmap_finds_the_same(lab, sonde):
    args = ["-n", "-Pn", "-sI", ZOMBIE["seq"], "-p", "20-25,75-85,1000-1030", v4("fw")]
    build(lab)
    theirs = by_nmap(lab, *args)[v4("fw")]["ports"]
    ours = sonde(*args)[v4("fw")]["ports"]
    assert ours == theirs, set(ours.items()) ^ set(theirs.items())


@test
def unfit_zombies_are_refused(lab, sonde):
    build(lab)
    why = {"random": "without order", "zero": "always zero", "constant": "always the same", "perhost": "a counter for each host",
           "busy": "is not fit.* busy", "silent": "answers no SYN-ACK", "storm": "has become busy", "deaf": "has stopped answering"}
    for kind, text in why.items():
        p = lab.scan(sonde.program, "-n", "-sI", ZOMBIE[kind], "-p", PORTS, v4("fw"))
        said = [s for s in p.stderr.splitlines() if s.startswith("sonde: ")]
        assert p.returncode == 2 and len(said) == 1 and re.search(text, said[0]), (kind, p.returncode, p.stderr)
        wrong = [s for s in re.findall(r"^(\d+)/tcp +open ", p.stdout, re.M) if s not in ("22", "80")]
        assert not wrong and "closed|filtered" not in p.stdout, (kind, p.stdout)
    for host, text in ((NOBODY, "does not answer ARP"), ("10.77.0.2", "is this machine")):
        p = lab.scan(sonde.program, "-n", "-sI", host, "-p", "80", v4("fw"))
        assert p.returncode == 2 and text in p.stderr, (host, p.returncode, p.stderr)


@test
def a_zombie_has_a_port(lab, sonde):
    """Another port than 80 is asked at, and only there."""
    build(lab)
    with Capture(lab, "zombie") as c:
        expect(sonde("-n", "-sI", ZOMBIE["seq"] + ":8081", "-p", "20-25", v4("fw")), v4("fw"), truth("fw", range(20, 26)))
    asked = c.lines("src host 10.77.0.2 and tcp and dst host " + ZOMBIE["seq"])
    assert asked and all(".8081: Flags [S.]" in s for s in asked), asked[:3]


@test
def ends_in_order(lab, sonde):
    """A host's time-out and an interruption leave what was found, and no verdict that was not reached."""
    build(lab)
    got = idle(lab, sonde, "seq", "--host-timeout", "900ms", "-p", "1-5000", v4("fw"))
    assert all(s != "closed|filtered" for s, _ in got.get(v4("fw"), {"ports": {}})["ports"].values())
    p = subprocess.Popen(["ip", "netns", "exec", lab.ns("scan"), sonde.program, "-n", "-sI", ZOMBIE["seq"], "-T2", "-p", "1-5000",
                          v4("fw"), "-oX", "-"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    time.sleep(1.5)
    p.send_signal(signal.SIGINT)
    out, _ = p.communicate(timeout=60)
    assert p.returncode == 130 and 'exit="error"' in out or "interrupted" in out, (p.returncode, out[-300:])


if __name__ == "__main__":
    sys.exit(main(__doc__))
