#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""proxy_test.py SONDE RESPONDER [NAME...] - scans through real proxies and chains of them, beside the truth of the lab.

On "db": microsocks (SOCKS5, with and without a password), Dante (SOCKS4, 4a, 5; port 23 forbidden), squid and tinyproxy (HTTP CONNECT; with
a password; port 23 forbidden). On "far", behind three routers, one more Dante and one more squid, for chains. A small one of ours answers
with the code that is the port's number. Captures on the scanner's side show that nothing passes the first proxy by.
Needs root; skipped (77) without.
"""
import os
import subprocess
import sys
import time

from check import by_daemon, expect, main, read_xml, test, until, v4, v6
from lab import DAEMONS
from packets import Capture

MICRO, MICRO_LOGIN, DANTE, SQUID, TINY, OURS = 1080, 1082, 1081, 3128, 8888, 4000

DANTE_CONF = """
internal: %s port = %d
external: %s
socksmethod: none
clientmethod: none
client pass { from: 0/0 to: 0/0 }
client pass { from: ::/0 to: ::/0 }
socks block { from: 0/0 to: 0/0 port = 23 }
socks block { from: ::/0 to: ::/0 port = 23 }
socks pass { from: 0/0 to: 0/0 }
socks pass { from: ::/0 to: ::/0 }
"""
SQUID_CONF = """
http_port %d
acl telnet port 23
http_access deny telnet
http_access allow all
cache deny all
access_log none
cache_log %s/squid.log
pid_filename none
netdb_filename none
pinger_enable off
coredump_dir %s
shutdown_lifetime 1 seconds
"""
TINY_CONF = """
Port %d
Timeout 60
MaxClients 200
BasicAuth me pass
"""
# Answers by the port asked for: SOCKS5 and SOCKS4 reply codes, HTTP statuses; 900 and up are a header without end. SOCKS4 by version.
OWN = """
import socket, struct, sys, threading
def read(s, n):
    b = b""
    while len(b) < n:
        got = s.recv(n - len(b))
        if not got: raise EOFError
        b += got
    return b
def serve(s):
    try:
        first = read(s, 1)
        if first == b"\\5":
            read(s, ord(read(s, 1))); s.sendall(b"\\5\\0")
            head = read(s, 4); read(s, 16 if head[3] == 4 else 4)
            code = struct.unpack(">H", read(s, 2))[0]
            s.sendall(bytes([5, code, 0, 1]) + bytes(6))
        elif first == b"\\4":
            code = struct.unpack(">xH", read(s, 3))[0]
            s.sendall(bytes([0, code]) + bytes(6))
        else:
            head = first
            while b"\\r\\n\\r\\n" not in head: head += read(s, 1)
            code = int(head.split(b" ")[1].rsplit(b":", 1)[1])
            s.sendall(b"HTTP/1.1 %d x\\r\\n" % (200 if code >= 900 else code))
            while code >= 900: s.sendall(b"X-Flood: again\\r\\n" * 1000)
            s.sendall(b"\\r\\n")
        s.recv(1)
    except (EOFError, OSError): pass
    s.close()
l = socket.socket(); l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
l.bind(("0.0.0.0", int(sys.argv[1]))); l.listen(200)
while True: threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
"""


def conf(lab, name, text):
    path = os.path.join(lab.dir, name)
    with open(path, "w") as f:
        f.write(text)
    return path


def proxies(lab):
    """Starts them once."""
    if hasattr(lab, "proxies"):
        return
    lab.proxies = True
    os.chmod(lab.dir, 0o777)    # squid and tinyproxy leave root behind
    squid = ["squid", "-N", "-f", conf(lab, "squid.conf", SQUID_CONF % (SQUID, lab.dir, lab.dir))]
    for name, link in (("db", "eth0"), ("far", "north3")):
        lab.daemon(name, *squid)
        lab.daemon(name, "danted", "-f", conf(lab, "danted-%s.conf" % name, DANTE_CONF % (link, DANTE, link)))
    lab.daemon("db", "microsocks", "-i", "::", "-p", str(MICRO))
    lab.daemon("db", "microsocks", "-i", "::", "-p", str(MICRO_LOGIN), "-u", "me", "-P", "p@ss")
    lab.daemon("db", "tinyproxy", "-d", "-c", conf(lab, "tiny.conf", TINY_CONF % TINY))
    lab.daemon("db", "/usr/bin/python3", "-c", OWN, str(OURS))
    lab.await_ports("db", {"tcp": [MICRO, MICRO_LOGIN, DANTE, SQUID, TINY, OURS], "udp": []})
    lab.await_ports("far", {"tcp": [DANTE, SQUID], "udp": []})


def url(scheme, port, name="db", user="", version=4):
    return "%s://%s%s:%d" % (scheme, user, v4(name) if version == 4 else "[%s]" % v6(name), port)


def through(lab, sonde, chain, *args, code=0):
    proxies(lab)
    return sonde("--proxies", chain, *args, code=code)


def says(lab, sonde, chain, *args, code=1):
    """What a run that fails says."""
    proxies(lab)
    return sonde.says("--proxies", chain, *args, code=code)


PORTS = ["-Pn", "-p", "22,23,80,1005,1012"]
TOLD = {22: "open", 23: "closed", 80: "open", 1005: "filtered", 1012: "closed"}    # by SOCKS5, which has words for it
UNTOLD = {n: "closed|filtered" if s == "closed" else s for n, s in TOLD.items()}


def both(lab, sonde, want, scheme, port, user=""):
    expect(through(lab, sonde, url(scheme, port, user=user), *PORTS, v4("fw")), v4("fw"), want)
    expect(through(lab, sonde, url(scheme, port, user=user), "-6", *PORTS, v6("fw")), v6("fw"), want)
    expect(through(lab, sonde, url(scheme, port, user=user, version=6), "-6", *PORTS, v6("fw")), v6("fw"), want)


@test
def socks5(lab, sonde):
    both(lab, sonde, TOLD, "socks5", MICRO)
    both(lab, sonde, TOLD, "socks5", MICRO_LOGIN, "me:p%40ss@")
    both(lab, sonde, {**TOLD, 23: "filtered"}, "socks5", DANTE)


@test
def socks4(lab, sonde):
    for scheme in ("socks4", "socks4a"):
        expect(through(lab, sonde, url(scheme, DANTE), *PORTS, v4("fw")), v4("fw"), UNTOLD)


@test
def http_connect(lab, sonde):
    both(lab, sonde, {**UNTOLD, 23: "filtered"}, "http", SQUID)
    both(lab, sonde, UNTOLD, "http", TINY, "me:pass@")


@test
def every_answer_has_its_verdict(lab, sonde):
    cannot_tell = ("closed|filtered", "proxy-refused")
    s5 = {1: cannot_tell, 2: ("filtered", "admin-prohibited"), 3: ("filtered", "net-unreach"), 4: ("filtered", "host-unreach"),
          5: ("closed", "conn-refused"), 6: ("filtered", "time-exceeded"), 7: cannot_tell, 8: cannot_tell, 255: cannot_tell}
    http = {200: ("open", "syn-ack"), 204: ("open", "syn-ack"), 403: ("filtered", "admin-prohibited"), 500: cannot_tell,
            502: cannot_tell, 503: cannot_tell, 504: cannot_tell}
    s4 = {90: ("open", "syn-ack"), 91: cannot_tell}
    for scheme, want in (("socks5", s5), ("http", http), ("socks4", s4), ("socks4a", s4)):
        got = through(lab, sonde, url(scheme, OURS), "-Pn", "-p", ",".join(map(str, want)), "192.0.2.1")
        assert got["192.0.2.1"]["ports"] == {("tcp", n): w for n, w in want.items()}, (scheme, got)


@test
def chains(lab, sonde):
    two = url("socks5", MICRO_LOGIN, user="me:p%40ss@") + "," + url("http", SQUID, "far")
    three = url("http", TINY, user="me:pass@") + "," + url("socks4", DANTE, "far") + "," + url("socks5", DANTE)
    expect(through(lab, sonde, two, "-Pn", "-p", "22,23,80,1012", v4("fw")),
           v4("fw"), {22: "open", 23: "filtered", 80: "open", 1012: "closed|filtered"})
    expect(through(lab, sonde, three, "-Pn", "-p", "22,23,80,1012", v4("fw")),
           v4("fw"), {22: "open", 23: "filtered", 80: "open", 1012: "closed"})


@test
def discovery_and_where_the_scanner_has_no_way(lab, sonde):
    got = through(lab, sonde, url("socks5", MICRO), "-p", "22,53", "10.77.0.8/29", "10.77.0.19", "127.0.0.1")
    assert sorted(a for a in got if got[a]["state"] == "up") == sorted(["10.77.0.10", "10.77.0.11", "10.77.0.19", "127.0.0.1"]), got
    expect(got, "127.0.0.1", by_daemon("db", [22, 53]))     # the proxy's own, not ours
    expect(got, v4("web"), by_daemon("web", [22, 53]))
    got = through(lab, sonde, url("http", SQUID), "-sn", "-PS80,443", v4("web"))
    assert got[v4("web")]["reason"] == "syn-ack", got


# What leaves the scanner, ARP and ND aside; inbound is what is to one of its addresses.
LEAVES = "not arp and not icmp6 and not ip6 multicast and not dst host 10.77.0.2 and not dst host fd77::2"


def heard(capture):
    """Who was sent something: addresses with ports, in tcpdump's words."""
    return {line.split(" > ")[1].split(": ")[0] for line in capture.lines() if ": " in line and " > " in line}


@test
def only_the_first_proxy_hears_from_us(lab, sonde):
    proxies(lab)
    two = url("socks5", MICRO) + "," + url("http", SQUID, "far")
    with Capture(lab, "scan", LEAVES, "any") as wire:
        for args in (["-p", "22,80", v4("fw")], ["-Pn", "-p", "22,80", v4("web")], ["-sn", v4("web")], ["-v", "-p80", "web.lab", v4("web")]):
            sonde("--proxies", two, *args)
        sonde("--proxies", url("socks5", MICRO, version=6), "-6", "-p", "22,80", v6("web"))
    assert heard(wire) == {"%s.%d" % (v4("db"), MICRO), "%s.%d" % (v6("db"), MICRO)}, heard(wire)


@test
def names_are_not_looked_up(lab, sonde):
    proxies(lab)
    with Capture(lab, "scan", LEAVES, "any") as wire:
        for args in ([url("socks5", MICRO), "web.lab"], ["socks5://db.lab:1080", v4("web")], [url("socks5", MICRO), "--exclude", "web.lab", v4("web")]):
            text = says(lab, sonde, args[0], "-p80", *args[1:], code=2)
            assert "outside the chain" in text and "address" in text, text
    assert not heard(wire), heard(wire)


@test
def failing_proxies_are_named(lab, sonde):
    proxies(lab)
    fw = [*PORTS, v4("fw")]
    for chain, words in ((url("socks5", 9), "cannot be reached (Connection refused)"),
                         ("socks5://10.77.0.99:1080", "does not answer in time"),
                         (url("socks5", MICRO_LOGIN), "does not let us in"),
                         (url("socks5", MICRO_LOGIN, user="me:wrong@"), "does not let us in"),
                         (url("http", TINY), "does not let us in"),
                         (url("http", TINY, user="me:wrong@"), "does not let us in"),
                         (url("socks5", SQUID), "does not"),
                         (url("http", MICRO), "without an answer"),
                         (url("socks4", MICRO), "without an answer"),
                         ("http://%s:22" % v4("web"), "does not speak this protocol"),
                         ("http://%s:8080" % v4("web"), "does not speak this protocol"),
                         (url("socks5", MICRO) + "," + url("http", 9), "cannot be reached by the one before it"),
                         (url("socks5", MICRO) + ",socks5://10.77.0.99:1080", "socks5://10.77.0.99:1080 does not answer in time")):
        text = says(lab, sonde, chain, *fw)
        bad = chain.split(",")[-1]
        assert words in text and bad.split("@")[-1].split("://")[-1] in text and "wrong" not in text, (chain, text)
    assert "does not speak" in says(lab, sonde, url("http", OURS), "-Pn", "-p", "900", v4("fw"))


@test
def a_proxy_that_goes_away_is_no_verdict(lab, sonde):
    proxies(lab)
    p = subprocess.Popen(["ip", "netns", "exec", lab.ns("db"), "microsocks", "-p", "1999"], stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
    lab.await_ports("db", {"tcp": [1999], "udp": []})
    trace = lab.dir + "/trace"
    scan = subprocess.Popen(["ip", "netns", "exec", lab.ns("scan"), sonde.program, "--proxies", url("socks5", 1999), "-Pn", "-p-",
                             "--max-rate", "1000", v4("web"), "-oX", "-", "--packet-trace", "-oN", trace], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until(lambda: os.path.exists(trace) and open(trace).read().count("CONN ") > 200, "connections")
    p.kill()
    p.wait()
    out, text = scan.communicate(timeout=60)
    assert scan.returncode == 1 and url("socks5", 1999) in text, (scan.returncode, text)
    # A "general failure" is the proxy's own word (it ran short of something) and is reported as such; no other verdict may be wrong.
    ports = {n: s for (_, n), s in read_xml(out)[v4("web")]["ports"].items() if s != ("closed|filtered", "proxy-refused")}
    assert len(ports) > 100
    wrong = {n: s for n, s in ports.items() if s[0] != ("open" if n in DAEMONS["web"]["tcp"] else "closed")}
    assert not wrong, wrong


@test
def what_cannot_go_through_is_refused(lab, sonde):
    proxies(lab)
    for args in (["-sS"], ["-sU"], ["-sTU"], ["-PE"], ["-PP"], ["-PU53"], ["-PR"], ["-R"], ["--system-dns"], ["--dns-servers", v4("db")],
                 ["-g", "53"], ["-b", v4("db")], ["--backend", "raw"], ["--privileged"], ["--disable-arp-ping"]):
        text = says(lab, sonde, url("socks5", MICRO), *args, v4("web"), code=2)
        assert "cannot go through proxies" in text or "not built" in text, (args, text)
    assert "IPv4 only" in says(lab, sonde, url("socks4", DANTE), "-6", v6("web"), code=2)
    assert '"foo"' in says(lab, sonde, "foo://x", v4("web"), code=2)


if __name__ == "__main__":
    sys.exit(main(__doc__))
