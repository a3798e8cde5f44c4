#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""lab_test.py SONDE RESPONDER [NAME...] - scans the lab and compares every port with the truth of its topology.

The truth is what the lab was built from: daemons (checked with ss), firewall rules, routes. Needs root; skipped (77) without.
"""
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

from check import by_daemon, by_nmap, expect, firewall_truth, main, read_xml, test, v4, v6
from lab import DAEMONS, DEAD, HOSTS, SCANNER, SILENT, SLOW

NEAR = list(range(1, 1025)) + [8080]


@test
def daemons_are_there(lab, sonde):
    for name, ports in DAEMONS.items():
        found = lab.listening(name)
        for proto in ports:
            assert set(ports[proto]) <= found[proto], (name, proto, found)


@test
def syn_scan_ipv4(lab, sonde):
    for name in ("web", "db"):
        expect(sonde("-n", "-sS", "-p1-1024,8080", v4(name)), v4(name), by_daemon(name, NEAR))


@test
def syn_scan_ipv6(lab, sonde):
    for name in ("web", "db"):
        expect(sonde("-n", "-6", "-sS", "-p1-1024,8080", v6(name)), v6(name), by_daemon(name, NEAR))


@test
def all_ports(lab, sonde):
    expect(sonde("-n", "-p-", v4("web")), v4("web"), by_daemon("web", range(1, 65536)))


@test
def connect_scan(lab, sonde):
    expect(sonde("-n", "-sT", "-p1-1024,8080", v4("web")), v4("web"), by_daemon("web", NEAR))
    expect(sonde("-n", "-6", "-sT", "-p1-1024,8080", v6("web")), v6("web"), by_daemon("web", NEAR))


@test
def raw_backend_gives_the_same(lab, sonde):
    a = sonde("-n", "-p1-1024,8080", v4("web"))
    b = sonde("-n", "-p1-1024,8080", "--backend", "raw", v4("web"))
    assert a[v4("web")]["ports"] == b[v4("web")]["ports"]


@test
def af_xdp_backend_gives_the_same(lab, sonde):
    for family, addr in (("-4", v4), ("-6", v6)):
        for name, ports in (("web", "-p-"), ("fw", "-p1-1059")):
            by = [sonde("-n", family, ports, "--backend", b, addr(name)) for b in ("packet-ring", "af-xdp")]
            assert by[0] == by[1] and len(by[0][addr(name)]["ports"]) > 1000, (name, family)
    got = sonde("-n", "-sU", "-p50-79,161", "--backend", "af-xdp", v4("db"))
    expect(got, v4("db"), by_daemon("db", list(range(50, 80)) + [161], "udp"), "udp")
    expect(sonde("-n", "-p75-85", "--backend", "af-xdp", v4("far")), v4("far"), by_daemon("far", range(75, 86)))
    p = lab.scan(sonde.program, "-n", "-v", "-p80", "--backend", "af-xdp", v4("web"))
    assert "Probed by af-xdp" in p.stdout and "80/tcp" in p.stdout, p.stdout


@test
def af_xdp_says_what_it_cannot(lab, sonde):
    text = sonde.says("-n", "-p80", "--backend", "af-xdp", "127.0.0.1", code=0)
    assert "backend af-xdp cannot reach this target" in text, text
    text = sonde.says("-n", "-p80", "--backend", "af-xdp", "--disable-arp-ping", v4("web"))
    assert "--backend af-xdp" in text and "hardware addresses" in text, text
    p = lab.scan(sonde.program, "doctor", "--backend", "af-xdp", v4("web"))
    assert "copy mode on queue 0 of eth0" in p.stdout and "usable: frames by AF_XDP" in p.stdout, p.stdout
    p = lab.scan(sonde.program, "doctor", "--backend", "af-xdp", "127.0.0.1")
    assert "lo is loopback" in p.stdout, p.stdout


@test
def udp_scan(lab, sonde):
    numbers = list(range(50, 80)) + [161]
    for flag, addr in (("-4", v4("db")), ("-6", v6("db"))):
        got = sonde("-n", "-sU", flag, "-p50-79,161", addr)
        expect(got, addr, by_daemon("db", numbers, "udp"), "udp")
    assert got[addr]["ports"]["udp", 53] == ("open", "udp-response")


@test
def udp_firewall(lab, sonde):
    want = {n: "open|filtered" if n <= 2009 else "filtered" if n <= 2019 else "closed" for n in range(2000, 2031)}
    expect(sonde("-n", "-sU", "-p2000-2030", v4("fw")), v4("fw"), want, "udp")
    expect(sonde("-n", "-6", "-sU", "-p2000-2030", v6("fw")), v6("fw"), want, "udp")


@test
def tcp_and_udp_in_one_run(lab, sonde):
    got = sonde("-n", "-sSU", "-pT:20-90,U:50-70", v4("db"))
    expect(got, v4("db"), by_daemon("db", range(20, 91)))
    expect(got, v4("db"), by_daemon("db", range(50, 71), "udp"), "udp")


@test
def firewall_states_and_reasons(lab, sonde):
    numbers = list(range(1, 1060))
    for addr, flag, icmp in ((v4("fw"), "-4", ("port-unreach", "admin-prohibited", "host-prohibited")),
                             (v6("fw"), "-6", ("port-unreach", "admin-prohibited", "no-route"))):
        got = sonde("-n", flag, "-p1-1059", addr)
        expect(got, addr, firewall_truth(numbers))
        ports = got[addr]["ports"]
        for first, reason in ((1000, "no-response"), (1010, "reset"), (1020, icmp[0]), (1030, icmp[1]), (1040, icmp[2])):
            for n in range(first, first + 10):
                assert ports["tcp", n][1].rstrip("s").rstrip("e") == reason.rstrip("s").rstrip("e"), (addr, n, ports["tcp", n])


@test
def connect_through_the_firewall(lab, sonde):
    # connect() tells a port unreachable as a refusal (ECONNREFUSED, RFC 1122 4.2.3.9): closed, as for nmap
    want = firewall_truth(list(range(1, 1050)))
    want.update({n: "closed" for n in range(1020, 1030)})
    expect(sonde("-n", "-sT", "-p1-1049", v4("fw")), v4("fw"), want)
    expect(sonde("-n", "-6", "-sT", "-p1-1049", v6("fw")), v6("fw"), want)


@test
def rate_limited_resets_are_closed(lab, sonde):
    got = sonde("-n", "-p1050-1149", v4("fw"))
    expect(got, v4("fw"), {n: "closed" for n in range(1050, 1150)})
    # among ports that answer at once, and impatient
    got = sonde("-n", "-T4", "-p1-1149", v4("fw"))
    expect(got, v4("fw"), firewall_truth(list(range(1, 1150))))


@test
def lossy_host(lab, sonde):
    expect(sonde("-n", "-p1-1024,8080", v4("lossy")), v4("lossy"), by_daemon("lossy", NEAR))


@test
def behind_three_routers(lab, sonde):
    expect(sonde("-n", "-p1-1024", v4("far")), v4("far"), by_daemon("far", range(1, 1025)))
    expect(sonde("-n", "-6", "-p1-1024", v6("far")), v6("far"), by_daemon("far", range(1, 1025)))


@test
def twenty_milliseconds(lab, sonde):
    addr = "10.77.0.%d" % SLOW
    expect(sonde("-n", "-T4", "-p1-1024", addr), addr, {n: "open" if n in (22, 443) else "closed" for n in range(1, 1025)})
    p = lab.scan(sonde.program, "-n", "-p22", "-oJ", "-", addr)
    rtt = int(re.search(r'"rtt_ns": ?(\d+)', p.stdout).group(1))
    assert rtt >= 20_000_000, "an answer held for 20 ms came after %d ns" % rtt


@test
def silent_host(lab, sonde):
    addr = "10.77.0.%d" % SILENT
    some = (22, 80, 443, 3306, 8080)
    got = sonde("-n", "-T4", "-p-", addr)
    expect(got, addr, {n: "open" if n in some else "filtered" for n in range(1, 65536)})


@test
def discovery_on_link(lab, sonde):
    got = sonde("-n", "-sn", "10.77.0.0/24")
    up = {a for a, h in got.items() if h["state"] == "up"}
    want = {v4(n) for n in HOSTS} | {"10.77.0.1", "10.77.0.%d" % SCANNER[0], "10.77.0.%d" % SLOW, "10.77.0.%d" % SILENT}
    assert up == want, (up ^ want)
    for name, (_, mac) in HOSTS.items():
        assert got[v4(name)]["mac"].lower() == mac, (name, got[v4(name)]["mac"])
        assert got[v4(name)]["reason"] == "arp-response"


@test
def discovery_ipv6_neighbours(lab, sonde):
    got = sonde("-n", "-6", "-sn", *[v6(n) for n in HOSTS], "fd77::%x" % DEAD)
    assert {a for a, h in got.items() if h["state"] == "up"} == {v6(n) for n in HOSTS}
    for name in HOSTS:
        assert got[v6(name)]["reason"] == "nd-response" and got[v6(name)]["mac"], got[v6(name)]


@test
def discovery_off_link(lab, sonde):
    got = sonde("-n", "-sn", "10.77.3.0/28")
    assert {a for a, h in got.items() if h["state"] == "up"} == {"10.77.3.1", "10.77.3.10"}, got
    for flag in ("-PE", "-PS80", "-PA80", "-PP"):
        got = sonde("-n", "-sn", flag, "10.77.3.10")
        assert got["10.77.3.10"]["state"] == "up", flag


@test
def dead_host_does_not_stop_the_others(lab, sonde):
    got = sonde("-n", "-p80", "10.77.0.%d" % DEAD, v4("web"))
    assert got[v4("web")]["ports"]["tcp", 80][0] == "open"
    assert got.get("10.77.0.%d" % DEAD, {}).get("state", "down") == "down"


@test
def reverse_names(lab, sonde):
    got = sonde("-sn", "--dns-servers", v4("db"), v4("web"), "10.77.3.10")
    assert got[v4("web")]["names"] == ["web.lab"], got[v4("web")]["names"]
    assert got["10.77.3.10"]["names"] == ["far.lab"]


@test
def unprivileged_connects_and_says_so(lab, sonde):
    p = lab.scan("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sonde.program, "-n", "-p20-100",
                 "-oX", "-", v4("web"))
    assert p.returncode == 0, p.stderr
    assert "setcap" in p.stderr and "connect" in p.stderr.lower(), p.stderr
    expect(read_xml(p.stdout), v4("web"), by_daemon("web", range(20, 101)))
    p = lab.scan("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sonde.program, "-sS", "-p80", v4("web"))
    assert p.returncode == 2 and "setcap" in p.stderr, (p.returncode, p.stderr)


@test
def local_addresses(lab, sonde):
    for addr in ("127.0.0.1", "10.77.0.%d" % SCANNER[0]):
        got = sonde("-n", "-p1-100", addr)
        expect(got, addr, {n: "closed" for n in range(1, 101)})
    got = sonde("-n", "-6", "-p1-100", "::1")
    expect(got, "::1", {n: "closed" for n in range(1, 101)})


@test
def as_nmap_sees_it(lab, sonde):
    """nmap and Sonde, one after the other, on hosts whose rules are deterministic."""
    args = ["-n", "-p1-1049", v4("web"), v4("fw"), v4("db"), "10.77.3.10"]
    ours = sonde(*args)
    theirs = by_nmap(lab, *args)
    for addr in theirs:
        a = {k: s for k, (s, _) in ours[addr]["ports"].items()}
        b = {k: s for k, (s, _) in theirs[addr]["ports"].items()}
        assert a == b, (addr, sorted(set(a.items()) ^ set(b.items()))[:10])
        assert ours[addr]["reason"] == theirs[addr]["reason"], (addr, ours[addr]["reason"], theirs[addr]["reason"])


@test
def host_timeout_keeps_what_was_learnt(lab, sonde):
    p = lab.scan(sonde.program, "-n", "-Pn", "-p22,80,1-60000", "--scan-delay", "20ms", "--host-timeout", "1500ms",
                 "-oJ", "-", "10.77.0.%d" % SILENT)
    assert p.returncode == 0 and '"timed_out": true' in p.stdout.replace('":true', '": true'), p.stdout[:300]
    assert '"open"' in p.stdout, "what was found before the time-out is lost"


@test
def interrupted_run_is_valid(lab, sonde):
    out = os.path.join(lab.dir, "int.xml")
    p = subprocess.Popen(["ip", "netns", "exec", lab.ns("scan"), sonde.program, "-n", "-Pn", "--scan-delay", "10ms",
                          "-p-", "-oX", out, v4("web"), "10.77.0.%d" % SILENT],
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    time.sleep(2)
    p.send_signal(2)
    p.wait(60)
    assert p.returncode == 130, p.returncode
    root = ET.parse(out).getroot()
    assert "interrupt" in ET.tostring(root.find("runstats")).decode()
    assert len(root.findall("host")) == 2, "hosts in work were lost"


@test
def firewall_of_this_machine(lab, sonde):
    lab.nft("scan", "table inet deny {\n chain o {\n  type filter hook output priority 0;\n"
            "  ip daddr %s tcp dport 1-90 drop\n }\n}\n" % v4("web"))
    try:
        p = lab.scan(sonde.program, "-n", "-p22,80,8080", "--backend", "raw", "-oX", "-", v4("web"))
        got = read_xml(p.stdout)
        assert got[v4("web")]["ports"]["tcp", 8080][0] == "open"
        assert got[v4("web")]["ports"]["tcp", 80][0] == "filtered"
        assert "firewall" in p.stderr, p.stderr
    finally:
        lab.nft("scan", "delete table inet deny")


@test
def interface_goes_down(lab, sonde):
    out = os.path.join(lab.dir, "down.xml")
    p = subprocess.Popen(["ip", "netns", "exec", lab.ns("scan"), sonde.program, "-n", "--scan-delay", "5ms", "-p-",
                          "-oX", out, v4("web")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(1.5)
    lab.ip("scan", "link", "set", "eth0", "down")
    try:
        _, err = p.communicate(timeout=60)
        assert p.returncode == 1 and err.strip(), (p.returncode, err)
        ET.parse(out)
    finally:
        p.kill()
        lab.ip("scan", "link", "set", "eth0", "up")
        lab.ip("scan", "-6", "addr", "replace", "fd77::%d/64" % SCANNER[0], "dev", "eth0", "nodad")
        lab.ip("scan", "route", "replace", "10.77.0.0/16", "via", "10.77.0.1")
        lab.ip("scan", "-6", "route", "replace", "fd77::/16", "via", "fd77::1")


if __name__ == "__main__":
    sys.exit(main(__doc__))
