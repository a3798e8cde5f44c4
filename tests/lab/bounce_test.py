#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""bounce_test.py SONDE RESPONDER [NAME...] - FTP bounce scans through real FTP servers, beside the truth of the lab and beside nmap -b.

The servers run on "db": vsftpd that takes any PORT and one that takes its client's only, pyftpdlib with and without ports below 1024, and
a small one of ours for what no real one does. Of what a server cannot tell (a host that refuses by ICMP) nothing is asked here.
Needs root; skipped (77) without.
"""
import os
import re
import signal
import subprocess
import sys
import time

from check import by_daemon, by_nmap, expect, main, read_xml, test, until, v4, v6
from lab import SCANNER
from packets import Capture

PROMISCUOUS, STRICT, ANY, NO_LOW, OURS = 2121, 2122, 2123, 2124, 2130   # and above, for ours

VSFTPD = """
listen=NO
listen_ipv6=YES
listen_port=%d
background=NO
anonymous_enable=YES
anon_root=%s
secure_chroot_dir=%s
port_promiscuous=%s
seccomp_sandbox=NO
"""
PYFTPD = """
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
FTPHandler.authorizer = DummyAuthorizer()
FTPHandler.authorizer.add_anonymous(sys.argv[2])
FTPHandler.permit_foreign_addresses = True
FTPHandler.permit_privileged_ports = sys.argv[3] == "low"
FTPServer(("::", int(sys.argv[1])), FTPHandler).serve_forever()
"""
# A server with knobs: "eprt" knows no PORT, "leave" ends the connection after each LIST, "drop" in the log-in of all but the first,
# "rude" refuses in red, "no22" refuses one port, "late" announces the data before it connects, "text" is none at all.
OWN = """
import socket, sys, threading
knob, logins = sys.argv[2], 0
def say(f, text):
    f.write(text.encode() + b"\\r\\n"); f.flush()
def taken(f, to):
    say(f, "550 not that one" if knob == "no22" and to[1] == 22 else "200 ok")
def serve(s):
    global logins
    f = s.makefile("rwb"); to = None; logins += 1
    say(f, "SSH-2.0-none" if knob == "text" else "220-several lines\\r\\n  221 is none\\r\\n220 \x1b[31mready")
    for line in f:
        word, _, rest = line.decode().strip().partition(" ")
        if knob == "drop" and logins > 1: break
        if word == "USER": say(f, "331 who")
        elif word == "PASS": say(f, "530 \\x1b[31mnever" if knob == "rude" else "230 in")
        elif word == "PORT" and knob != "eprt":
            n = rest.split(","); to = ".".join(n[:4]), int(n[4]) * 256 + int(n[5]); taken(f, to)
        elif word == "EPRT": n = rest.split("|"); to = n[2], int(n[3]); taken(f, to)
        elif word == "LIST":
            if knob == "late": say(f, "150 here it comes")
            try:
                d = socket.create_connection(to, 10)
                if knob != "late": say(f, "150 here it comes")
                d.close(); say(f, "226 sent")
            except OSError as e: say(f, "425 %s" % e.strerror)
            if knob in ("leave", "drop"): break
        else: say(f, "500 what")
    f.close(); s.shutdown(2); s.close()
l = socket.socket(socket.AF_INET6); l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
l.bind(("::", int(sys.argv[1]))); l.listen(50)
while True: threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
"""
KNOBS = ["plain", "eprt", "leave", "drop", "rude", "no22", "late", "text"]


def ours(knob):
    return OURS + KNOBS.index(knob)


def servers(lab):
    """Starts them once."""
    if hasattr(lab, "ftp"):
        return
    lab.ftp = os.path.join(lab.dir, "ftp")
    os.chmod(lab.dir, 0o755)
    os.makedirs(lab.ftp + "/empty")
    for port, yes in ((PROMISCUOUS, "YES"), (STRICT, "NO")):
        conf = "%s/vsftpd%d.conf" % (lab.dir, port)
        with open(conf, "w") as f:
            f.write(VSFTPD % (port, lab.ftp, lab.ftp + "/empty", yes))
        lab.daemon("db", "vsftpd", conf)
    for port, low in ((ANY, "low"), (NO_LOW, "no")):
        lab.daemon("db", "/usr/bin/python3", "-c", PYFTPD, str(port), lab.ftp, low)
    for knob in KNOBS:
        lab.daemon("db", "/usr/bin/python3", "-c", OWN, str(ours(knob)), knob)
    lab.await_ports("db", {"tcp": [PROMISCUOUS, STRICT, ANY, NO_LOW] + [ours(k) for k in KNOBS], "udp": []})


def bounce(lab, sonde, port, *args, server=None, code=0):
    servers(lab)
    return sonde("-n", "-Pn", "-b", "%s:%d" % (server or v4("db"), port), *args, code=code)


def says(lab, sonde, port, *args, code=1):
    """What a run says on standard error, and its report."""
    servers(lab)
    return sonde.both("-n", "-Pn", "-b", "%s:%d" % (v4("db"), port), *args, code=code)


TRUTH = {22: "open", 23: "closed", 80: "open", 1005: "filtered", 1012: "closed", 2000: "closed"}
FW = ["-p", ",".join(map(str, TRUTH))]


@test
def ipv4_by_port(lab, sonde):
    expect(bounce(lab, sonde, ANY, *FW, v4("fw")), v4("fw"), TRUTH)
    expect(bounce(lab, sonde, ours("plain"), *FW, v4("fw")), v4("fw"), TRUTH)


@test
def ipv6_by_eprt(lab, sonde):
    expect(bounce(lab, sonde, ANY, "-6", *FW, v6("fw"), server="[%s]" % v6("db")), v6("fw"), TRUTH)


@test
def ipv4_by_eprt_where_port_is_unknown(lab, sonde):
    expect(bounce(lab, sonde, ours("eprt"), *FW, v4("fw")), v4("fw"), TRUTH)


@test
def data_announced_before_the_connection(lab, sonde):
    got = bounce(lab, sonde, ours("late"), *FW, v4("fw"))
    expect(got, v4("fw"), {**TRUTH, 1005: "open|filtered"})   # the server has not said which


@test
def several_targets_with_discovery(lab, sonde):
    servers(lab)
    got = sonde("-n", "-b", "me:x@%s:%d" % (v4("db"), ours("plain")), "-p", "22,53,80", *map(v4, ("web", "fw", "far")))
    for name in ("web", "fw", "far"):
        expect(got, v4(name), by_daemon(name, [22, 53, 80]))


@test
def as_nmap(lab, sonde):
    ports = ["-p", "8080-8083", v4("web")]
    got = bounce(lab, sonde, PROMISCUOUS, *ports)
    nmap = by_nmap(lab, "-n", "-Pn", "-b", "%s:%d" % (v4("db"), PROMISCUOUS), *ports)
    expect(got, v4("web"), {n: s for (_, n), (s, _) in nmap[v4("web")]["ports"].items()})
    expect(got, v4("web"), by_daemon("web", range(8080, 8084)))


@test
def ports_below_1024_are_not_called_closed(lab, sonde):
    for port, words in ((NO_LOW, "PORT against the privileged port"), (PROMISCUOUS, "500 OOPS: Illegal port request")):
        text, got = says(lab, sonde, port, "-p", "22,23,80,8080,8081", v4("web"), code=0)
        assert got[v4("web")]["ports"] == {
            ("tcp", 22): ("filtered", "proxy-refused"), ("tcp", 23): ("filtered", "proxy-refused"),
            ("tcp", 80): ("filtered", "proxy-refused"), ("tcp", 8080): ("open", "syn-ack"),
            ("tcp", 8081): ("closed", "conn-refused")}, got
        assert text.count(words) == 1, text


@test
def refusals_end_the_run(lab, sonde):
    text, got = says(lab, sonde, STRICT, "-p", "22,8080", v4("web"))
    assert text.count('refuses to bounce ("500 Illegal PORT command.")') == 1, text
    assert not got[v4("web")]["ports"], got
    for port, words, *args in ((STRICT, "500 Illegal PORT command.", v4("web")), (NO_LOW, "501 PORT against the privileged port", v4("web")),
                               (PROMISCUOUS, "500 OOPS: Illegal port request", v4("web")), (STRICT, "500 Illegal EPRT command.", "-6", v6("web"))):
        text, got = says(lab, sonde, port, "-p", "22,53,80,81", *args)
        assert text.count('refuses to bounce ("%s' % words) == 1 and "will not try" not in text, text
        assert not got[args[-1]]["ports"], got
    text, _ = says(lab, sonde, ours("rude"), "-p", "8080", v4("web"))
    assert 'refuses the log-in ("530 \\x1B[31mnever")' in text and "\x1b" not in text, text
    text, _ = says(lab, sonde, ours("text"), "-p", "8080", v4("web"))
    assert "does not speak FTP" in text, text
    text, _ = says(lab, sonde, 9, "-p", "8080", v4("web"))
    assert "cannot be reached (Connection refused)" in text, text


@test
def refusals_are_held_back_until_one_port_is_tried(lab, sonde):
    text, got = says(lab, sonde, ours("no22"), "-r", "-p", "22,23,80", v4("web"), code=0)
    assert got[v4("web")]["ports"] == {("tcp", 22): ("filtered", "proxy-refused"), ("tcp", 23): ("closed", "conn-refused"),
                                       ("tcp", 80): ("open", "syn-ack")}, got
    assert text.count("not 22 for one (\"550 not that one\")") == 1, text


@test
def a_dead_session_says_nothing_of_a_port(lab, sonde):
    got = bounce(lab, sonde, PROMISCUOUS, "-p", "1000-1145,22", v4("web"))[v4("web")]["ports"]
    assert got == {("tcp", n): ("filtered", "proxy-refused") if n < 1024 else ("closed", "conn-refused")
                   for n in [22, *range(1000, 1146)]}, {k: v for k, v in got.items() if k[1] > 1023 and v[0] != "closed"}


@test
def broken_connections(lab, sonde):
    expect(bounce(lab, sonde, ours("leave"), "-p", "8078-8082", v4("web")), v4("web"), by_daemon("web", range(8078, 8083)))
    text, got = says(lab, sonde, ours("drop"), "-p", "8080-8082", v4("web"))
    assert "closed the connection" in text and len(got[v4("web")]["ports"]) == 1, (text, got)


@test
def the_target_sees_the_server_only(lab, sonde):
    servers(lab)
    with Capture(lab, "web", "tcp[tcpflags] & (tcp-syn | tcp-ack) == tcp-syn") as c:
        bounce(lab, sonde, ANY, "-p", "22,80,8080,8081", v4("web"))
    seen = [(p.src, p.dport) for p in c.packets]
    assert set(seen) == {(v4("db"), n) for n in (22, 80, 8080, 8081)}, seen


@test
def with_pn_no_packet_of_ours_reaches_the_target(lab, sonde):
    servers(lab)
    for discovers in (False, True):
        with Capture(lab, "web", "ether src " + SCANNER[1]) as c:
            for six, target, server in (([], v4("web"), v4("db")), (["-6"], v6("web"), "[%s]" % v6("db"))):
                got = sonde("-n", *([] if discovers else ["-Pn"]), *six, "-b", "%s:%d" % (server, ANY), "-p", "8080,8081", target)
                expect(got, target, by_daemon("web", [8080, 8081]))
                assert discovers or (got[target]["reason"], got[target]["mac"]) == ("user-set", None), got
        for target in (v4("web"), v6("web")):   # as the one who is sent to, or asked for
            seen = [x for x in c.lines() if re.search(r"(> |who-has |who has )%s\b" % re.escape(target), x)]
            assert bool(seen) == discovers, (discovers, target, seen)


@test
def it_says_what_it_does(lab, sonde):
    servers(lab)
    login = "me:hush@%s:%d" % (v4("db"), ours("plain"))
    args = [sonde.program, "-n", "-Pn", "-b", login, "-p", "8080,8081", v4("web")]
    for more, said in ((["-v"], 1), (["-d"], 1), ([], 0)):
        p = lab.scan(*args, *more)
        assert p.stderr.count("logged in to FTP server %s:%d as me (\"220 \\x1B[31mready\")" % (v4("db"), ours("plain"))) == said, p.stderr
        assert "\x1b" not in p.stderr + p.stdout, p.stderr
    for more in ("-d", "--packet-trace"):
        p = lab.scan(*args, more)
        lines = p.stderr if more == "-d" else p.stdout
        for words in ("-> 220 ", "<- USER me", "<- PASS ***", "-> 230 in", "<- PORT 10,77,0,10,31,144", "<- LIST", "-> 226 sent"):
            assert words in lines, (more, words, lines)
        assert "hush" not in p.stdout + p.stderr, p


@test
def passwords_are_in_the_checkpoint_only(lab, sonde):
    servers(lab)
    where = os.path.join(lab.dir, "secret")
    base, check = where + "/a", where + "/a.nmap.resume"
    os.mkdir(where)
    login = "me:hush@%s:%d" % (v4("db"), ours("plain"))
    p = subprocess.Popen(["ip", "netns", "exec", lab.ns("scan"), sonde.program, "-n", "-Pn", "-b", login, "--scan-delay", "300ms",
                          "-p", "8076-8085", v4("web"), "-v", "-oA", base, "-oJ", base + ".json", "-oH", base + ".hex"],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until(lambda: os.path.exists(check) and b"bounce" in open(check, "rb").read(), "a verdict")
    p.send_signal(signal.SIGINT)
    said = "".join(p.communicate(timeout=20))
    assert p.returncode == 130 and "hush" not in said, (p.returncode, said)
    assert os.stat(check).st_mode & 0o777 == 0o600
    plain = {}
    for resumed in (False, True):
        for name in sorted(set(os.listdir(where)) - {"a.nmap.resume"}):
            with open(os.path.join(where, name)) as f:
                plain[name] = f.read()
            assert "hush" not in plain[name] and "me:***@" in plain[name], (name, plain[name])
        assert len(plain) == 5, plain.keys()
        if not resumed:
            torn = plain["a.nmap"]
            p = lab.scan(sonde.program, "--resume", check)
            assert p.returncode == 0 and "hush" not in p.stdout + p.stderr, p
    expect(read_xml(plain["a.xml"]), v4("web"), by_daemon("web", range(8076, 8086)))
    with open(base + ".nmap", "w") as f:
        f.write(torn)
    p = lab.scan(sonde.program, "--resume", base + ".nmap")
    assert p.returncode == 2 and "the password of -b is not in a report" in p.stderr, p
    with open(base + ".nmap") as f:
        assert f.read() == torn


@test
def a_resumed_scan_knows_that_the_server_bounces(lab, sonde):
    servers(lab)
    said, report = os.path.join(lab.dir, "low.said"), os.path.join(lab.dir, "low.xml")
    p = subprocess.Popen(["ip", "netns", "exec", lab.ns("scan"), sonde.program, "-n", "-Pn", "-b", "%s:%d" % (v4("db"), NO_LOW), "-d",
                          "--scan-delay", "2s", "-p", "22,23,8080", v4("web"), "-oX", report], stdout=subprocess.DEVNULL, stderr=open(said, "w"))
    until(lambda: "-> 226 " in open(said).read(), "an open port")
    p.send_signal(signal.SIGINT)
    assert p.wait(timeout=20) == 130
    p = lab.scan(sonde.program, "--resume", report)
    assert p.returncode == 0, p
    with open(report) as f:
        expect(read_xml(f.read()), v4("web"), {22: "filtered", 23: "filtered", 8080: "open"})


@test
def limits_are_kept(lab, sonde):
    begun = time.monotonic()
    bounce(lab, sonde, ANY, "--scan-delay", "300ms", "-p", "8080-8085", v4("web"))
    assert time.monotonic() - begun >= 1.5
    got = bounce(lab, sonde, ANY, "--host-timeout", "2s", "-p", "1000-1009", v4("fw"))
    assert len(got[v4("fw")]["ports"]) < 10, got


@test
def interruption_keeps_what_is_known(lab, sonde):
    servers(lab)
    said = lab.dir + "/said"
    p = subprocess.Popen(["ip", "netns", "exec", lab.ns("scan"), sonde.program, "-n", "-Pn", "-b", "%s:%d" % (v4("db"), ANY),
                          "-r", "-p", "22,80,1000-1009", v4("fw"), "-oX", "-", "-d"], stdout=subprocess.PIPE, stderr=open(said, "w"), text=True)
    until(lambda: open(said).read().count("-> 226 ") == 2, "two open ports")
    p.send_signal(signal.SIGINT)
    out, _ = p.communicate(timeout=60)
    assert p.returncode == 130, p.returncode
    got = read_xml(out)[v4("fw")]["ports"]
    assert got["tcp", 22][0] == got["tcp", 80][0] == "open" and len(got) < 12, got


@test
def misuse(lab, sonde):
    for args, words in ((["-b", "h:x"], "no port"), (["-sS", "-b", v4("db")], "exclude"),
                        (["-sU", "-b", v4("db")], "another technique"), (["-Pn", "--traceroute", "-b", v4("db")], "-b with -Pn"), (["-sn", "-b", v4("db")], "-b"),
                        (["-g", "53", "-b", v4("db")], "-g"), (["-b", v4("db"), "--min-rate", "5"], "--min-rate")):
        text = sonde.says(*args, v4("web"))
        assert words in text, (args, text)


if __name__ == "__main__":
    sys.exit(main(__doc__))
