#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""trace_test.py SONDE RESPONDER [NAME...] - traces routes through the lab and compares them with its topology, and with nmap's.

Sixteen more addresses on "far" lie behind the same three routers; the routers themselves count the errors that they send.
"""
import json
import os
import re
import signal
import sys
import xml.etree.ElementTree as ET

from check import main, test, until, v4, v6
from lab import SLOW, run

ROUTERS = ("r1", "r2", "r3")
WAY4 = ["10.77.0.1", "10.77.1.2", "10.77.2.2"]
WAY6 = ["fd77::1", "fd77:1::2", "fd77:2::2"]
MANY4 = ["10.77.3.%d" % i for i in range(20, 36)]
MANY6 = ["fd77:3::%x" % i for i in range(20, 36)]
DELAYED = "10.77.3.50"  # the responder behind the routers, 20 ms
TIME_EXCEEDED = {4: "icmp type time-exceeded", 6: "icmpv6 type time-exceeded"}


def traces(text):
    """address -> (attributes of <trace>, [(ttl, address, rtt, name)])"""
    found = {}
    for h in ET.fromstring(text).findall("host"):
        t = h.find("trace")
        if t is not None:
            found[h.find("address").get("addr")] = (t.attrib, [
                (int(p.get("ttl")), p.get("ipaddr"), float(p.get("rtt")), p.get("host")) for p in t.findall("hop")])
    return found


def trace(lab, program, *args, code=0):
    p = lab.scan(program, "--traceroute", *args, "-oX", "-")
    assert p.returncode == code, "exit %d: %s" % (p.returncode, p.stderr[-500:])
    return traces(p.stdout)


def check_way(got, target, way):
    hops = got[target][1]
    want = [(i + 1, a) for i, a in enumerate(way + [target]) if a]
    assert [h[:2] for h in hops] == want, "%s: %s, not %s" % (target, hops, want)
    assert all(h[2] >= 0 for h in hops), hops


def rules(lab, name, text):
    lab.nft(name, text)
    return lambda: run("ip", "netns", "exec", lab.ns(name), "nft", "delete", "table", "inet", text.split()[2])


def count_errors(lab, family):
    """Starts counting; what it returns says how many each router has sent."""
    undo = [rules(lab, r, "table inet count {\nchain out { type filter hook output priority 0; %s counter; }\n}\n"
                  % TIME_EXCEEDED[family]) for r in ROUTERS]

    def result():
        n = []
        for r, u in zip(ROUTERS, undo):
            text = run("ip", "netns", "exec", lab.ns(r), "nft", "list", "table", "inet", "count")
            n.append(int(re.search(r"packets (\d+)", text)[1]))
            u()
        return n

    return result


@test
def more_hosts_behind_the_routers(lab, sonde):
    for a4, a6 in zip(MANY4, MANY6):
        lab.ip("far", "addr", "add", a4 + "/24", "dev", "north3")
        lab.ip("far", "addr", "add", a6 + "/64", "dev", "north3", "nodad")
    lab.daemon("far", lab.responder, "--interface", "north3", "--delay-ms", "20", "--max-seconds", "900",
               "--hosts", DELAYED + "/32", "--rule", "tcp,22,open")


@test
def every_kind_of_probe(lab, sonde):
    for family, target, way in (("-4", v4("far"), WAY4), ("-6", v6("far"), WAY6)):
        icmp = {"proto": "icmp" if family == "-4" else "icmpv6"}
        for args, want in ((["-p80"], {"proto": "tcp", "port": "80"}), (["-sT", "-p81"], {"proto": "tcp", "port": "81"}),
                           (["-sU", "-p81"], {"proto": "udp", "port": "81"}), (["-sn"], icmp),
                           (["-sn", "-PA80"], {"proto": "tcp", "port": "80"}),
                           (["-p80", "-g", "53"], {"proto": "tcp", "port": "80"}), (["-sU", "-p81", "-g", "53"], icmp),
                           (["-p80", "--backend", "raw"], {"proto": "tcp", "port": "80"})):
            got = trace(lab, sonde.program, "-n", family, *args, target)
            check_way(got, target, way)
            assert got[target][0] == want, (args, got[target][0])


@test
def the_same_as_nmap(lab, sonde):
    routers4, routers6 = WAY4 + ["10.77.1.1", "10.77.2.1"], WAY6[:2] + ["fd77:1::1"]
    for family, targets in (("-4", [v4("far"), v4("web")] + routers4 + MANY4), ("-6", [v6("far"), v6("web")] + routers6 + MANY6)):
        for args in (["-p80,81"], ["-sn", "-PE"]):
            ours, theirs = (trace(lab, program, "-n", family, *args, *targets) for program in (sonde.program, "nmap"))
            assert set(ours) == set(targets), set(targets) - set(ours)
            for t in targets:
                a, b = ([h[:2] for h in x[t][1]] for x in (ours, theirs))
                assert a == b, "%s: %s, nmap: %s" % (t, a, b)
                # nmap has no word for ICMPv6 there; it may have chosen the other port
                same = ours[t][0] == theirs[t][0] or ours[t][0] == {"proto": "icmpv6"} or "port" in ours[t][0]
                assert same, (t, ours[t][0], theirs[t][0])


@test
def shared_routers_are_asked_once(lab, sonde):
    # the last router is where ways may meet: each host asks for it; nobody asks again for what lies before it
    for family, targets, way in ((4, MANY4, WAY4), (6, MANY6, WAY6)):
        sent = count_errors(lab, family)
        got = trace(lab, sonde.program, "-n", "-%d" % family, "-sn", "-PE", *targets)
        n = sent()
        for t in targets:
            check_way(got, t, way)
        assert n == [1, 1, len(targets)], "errors sent by each router: %s" % n


@test
def silent_router(lab, sonde):
    undo = rules(lab, "r2", "table inet silent {\nchain out { type filter hook output priority 0; %s drop; %s drop; }\n}\n"
                 % (TIME_EXCEEDED[4], TIME_EXCEEDED[6]))
    try:
        for family, targets, way in (("-4", MANY4[:4], WAY4), ("-6", MANY6[:4], WAY6)):
            got = trace(lab, sonde.program, "-n", family, "-p80", *targets)
            for t in targets:
                check_way(got, t, [way[0], None, way[2]])
        path = os.path.join(lab.dir, "silent.json")
        text = lab.scan(sonde.program, "-n", "-p80", "--traceroute", MANY4[0], "-oJ", path).stdout
        assert re.search(r"^2   \.\.\.$", text, re.M), text
        with open(path) as f:
            hops = json.load(f)["hosts"][0]["trace"]["hops"]
        assert [h.get("addr") for h in hops] == [WAY4[0], None, WAY4[2], MANY4[0]], hops
        assert all(h["rtt_ns"] > 0 and h["rtt_source"] == "kernel" for h in hops if "addr" in h), hops
    finally:
        undo()


@test
def router_that_limits_its_errors(lab, sonde):
    # Linux lets six out at once, then one a second
    lab.sysctl("r3", "net.ipv4.icmp_ratelimit=1000")
    try:
        got = trace(lab, sonde.program, "-n", "-sn", "-PE", *MANY4[:9])
    finally:
        lab.sysctl("r3", "net.ipv4.icmp_ratelimit=0")
    for t in MANY4[:9]:
        check_way(got, t, WAY4)


@test
def round_trips_contain_the_delay(lab, sonde):
    near = "10.77.0.%d" % SLOW
    got = trace(lab, sonde.program, "-n", "-p22", near, DELAYED)
    check_way(got, near, [])
    check_way(got, DELAYED, WAY4)
    for t in near, DELAYED:
        assert got[t][1][-1][2] >= 20, got[t]


@test
def refused_on_the_way(lab, sonde):
    # nobody has that address: the last router says so, and is a hop only once
    target = "10.77.3.77"
    p = lab.scan(sonde.program, "-n", "-Pn", "-p81", "--traceroute", target, "-oJ", "-")
    t = json.loads(p.stdout)["hosts"][0]["trace"]
    assert [h.get("addr") for h in t["hops"]] == WAY4 and not t["complete"], t


@test
def names_of_routers(lab, sonde):
    with open(os.path.join(lab.dir, "hosts"), "a") as f:
        f.write("10.77.1.2 r2.lab\n")
    for p in lab.children:
        if "dnsmasq" in p.args:
            p.send_signal(signal.SIGHUP)
    until(lambda: "r2.lab" in lab.scan(sonde.program, "-sL", "--dns-servers", v4("db"), "10.77.1.2").stdout, "the new name")
    got = trace(lab, sonde.program, "-p80", "--dns-servers", v4("db"), v4("far"), MANY4[0])
    assert [h[3] for h in got[v4("far")][1]] == [None, "r2.lab", None, "far.lab"], got
    assert [h[3] for h in got[MANY4[0]][1]] == [None, "r2.lab", None, None], got
    got = trace(lab, sonde.program, "-n", "-p80", v4("far"))
    assert not any(h[3] for h in got[v4("far")][1]), got


@test
def refused_without_raw_packets(lab, sonde):
    for args in (["-sL"], ["--unprivileged"], ["--backend", "connect", "-sT"]):
        assert "--traceroute" in sonde.says("-n", "--traceroute", *args, v4("far"))


if __name__ == "__main__":
    sys.exit(main(__doc__))
