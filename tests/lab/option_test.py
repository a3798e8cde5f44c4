#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""option_test.py SONDE RESPONDER [NAME...] - options that are easily accepted without effect, by what they change on the wire and in reports.

The truth is tcpdump's and tshark's view of the target's side, and nmap's answer. Needs root; skipped (77) without.
"""
import os
import re
import sys
import xml.etree.ElementTree as ET

from check import by_nmap, main, test, v4
from lab import DEAD, run
from packets import Capture

MAC = "00:1c:42:02:02:03"   # of the scanner's second cable


def second_cable(lab):
    """From the scanner to "web" directly: 10.78.0.2 - 10.78.0.10."""
    lab.ip("scan", "link", "add", "eth1", "address", MAC, "type", "veth", "peer", "name", "eth1", "netns", lab.ns("web"))
    for name, octet in (("scan", 2), ("web", 10)):
        lab.ip(name, "addr", "add", "10.78.0.%d/24" % octet, "dev", "eth1")
        lab.ip(name, "link", "set", "eth1", "up")


def asked(capture):
    """(hardware address, source address) of what was sent to be answered."""
    return {(p.eth_src, p.src) for p in capture.packets if p.proto == 6 and p.flags == 2}


@test
def interface_and_source(lab, sonde):
    """Each network is asked by its own interface, from its own address; -e has the last word."""
    second_cable(lab)
    with Capture(lab, "web", "tcp or arp", "eth1") as c:
        got = sonde("-n", "-p80", "10.78.0.0/28")["10.78.0.10"]
    assert got["reason"] == "arp-response" and got["ports"]["tcp", 80][0] == "open", got
    assert asked(c) == {(MAC, "10.78.0.2")}, asked(c)
    for how in ((), ("--backend", "raw")):
        with Capture(lab, "web", "tcp or arp", "eth1") as c, Capture(lab, "web", "tcp", name="eth0.pcap") as other:
            sonde("-n", "-Pn", "-p80", "-e", "eth1", *how, v4("web"))
        assert {mac for mac, _ in asked(c)} == {MAC} and not asked(other), (how, asked(c), asked(other))
    assert "no such interface" in sonde.says("-e", "eth7", v4("web"))


@test
def order_of_ports(lab, sonde):
    for option, ascending in ((("-r",), True), ((), False)):
        with Capture(lab, "web") as c:
            sonde("-n", "-Pn", "-p2000-2099", *option, v4("web"))
        order = [p.dport for p in c.to(v4("web"), 6) if p.flags == 2]
        assert sorted(order) == list(range(2000, 2100)) and (order == sorted(order)) == ascending, (option, order)


@test
def questions_for_names(lab, sonde):
    targets = (v4("web"), "10.77.0.%d" % DEAD)
    for options, wanted in (((), {"10"}), (("-R",), {"10", str(DEAD)}), (("-n",), set()), (("-n", "-R"), set())):
        with Capture(lab, "db", "udp dst port 53") as c:
            sonde("-sn", "--dns-servers", v4("db"), *options, *targets)
        names = set(re.findall(r"PTR\? (\d+)\.0\.77\.10\.in-addr", "\n".join(c.lines())))
        assert names == wanted, (options, names)
    for scan in (sonde, lambda *args: by_nmap(lab, *args)):     # of /etc/hosts
        assert scan("-sn", "--system-dns", "127.0.0.1")["127.0.0.1"]["names"] == ["localhost"]


@test
def each_protocol_has_its_own_frequent_ports(lab, sonde):
    """By nmap's table, so that its lists can be compared."""
    for options in (("-F",), ("--top-ports", "30"), ("--port-ratio", "0.05"), ("-p", "T:1-9,http*,U:53,[160-170],S:9", "-sY")):
        lines = []
        for program, data in ((sonde.program, ("--datadir", "/usr/share/nmap")), ("nmap", ())):
            p = lab.scan(program, "-n", "-Pn", "-v", "-sSU", "--max-retries", "0", *data, *options, "-oG", "-", v4("web"))
            lines.append(re.search("^# *Ports scanned: .*", p.stdout, re.M)[0])
        assert lines[0] == lines[1] and "UDP(0" not in lines[0], lines


@test
def services_of_a_file(lab, sonde):
    path = os.path.join(lab.dir, "services")
    with open(path, "w") as f:
        f.write("door\t22/tcp\t0.9\nhatch\t8080/tcp\t0.1\n")
    root = ET.fromstring(lab.scan(sonde.program, "-n", "--servicedb", path, "-oX", "-", v4("web")).stdout)
    ports = [(int(p.get("portid")), p.find("state").get("state"), p.find("service").get("name")) for p in root.iter("port")]
    assert ports == [(22, "open", "door"), (8080, "open", "hatch")], ports


@test
def payloads_by_port(lab, sonde):
    """Dissectors of others take each for what the port speaks, and find nothing malformed."""
    want = {53: "dns", 123: "ntp", 161: "snmp", 500: "isakmp", 1900: "ssdp", 5353: "mdns"}
    with Capture(lab, "web") as c:
        sonde("-n", "-Pn", "-sU", "-p", ",".join(map(str, [*want, 9])), v4("web"))
    seen = {}
    for line in run("tshark", "-n", "-r", c.file, "-Y", "udp and ip.dst == " + v4("web"), "-T", "fields", "-e", "udp.dstport",
                    "-e", "frame.protocols").splitlines():
        port, protocols = line.split("\t")
        seen.setdefault(int(port), set()).update(protocols.split(":"))
    assert set(seen) == {*want, 9} and all(seen[n] >= {name} and "_ws.malformed" not in seen[n] for n, name in want.items()), seen
    assert {p.payload for p in c.to(v4("web"), 17, 9)} == {b""}


if __name__ == "__main__":
    sys.exit(main(__doc__))
