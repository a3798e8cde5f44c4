#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""resume_test.py SONDE RESPONDER [NAME...] - scans that die and are resumed.

The truth is an uninterrupted run's records and what the firewalls of the targets counted. Needs root; skipped (77) without.
"""
import json
import os
import random
import re
import signal
import subprocess
import sys
import time

from check import main, read_xml, test, until, v4, v6
from lab import DEAD

KILLS = 50
WINDOW = 16  # --max-parallelism: probes that may be under way
TARGETS = [v4("web"), v4("db"), v4("fw"), "10.77.0.%d" % DEAD]
QUICK = ["-n", "-sSU", "-p", "T:1-120,1000-1049,U:40-60,2000-2019", "--max-parallelism", str(WINDOW)]
SCAN = QUICK + ["--max-rate", "1200"]
COUNT = """
table inet count {
  set seen { type inet_proto . inet_service; flags dynamic; size 65535; counter; }
  chain in {
    type filter hook prerouting priority -300;
    tcp flags & (syn|ack) == syn update @seen { meta l4proto . th dport }
    meta l4proto udp update @seen { meta l4proto . th dport }
  }
}
"""
FORMATS = {"-oN": "nmap", "-oX": "xml", "-oG": "gnmap", "-oJ": "json"}


class Trial:
    """A directory of its own, scans in it, and the probes that came to the hosts meanwhile."""
    n = 0

    def __init__(self, lab, sonde):
        Trial.n += 1
        self.lab, self.program = lab, sonde.program
        self.dir = os.path.join(lab.dir, "resume%d" % Trial.n)
        os.mkdir(self.dir)
        for name in ("web", "db", "fw"):
            lab.nft(name, "add table inet count\ndelete table inet count\n" + COUNT)

    def path(self, name):
        return os.path.join(self.dir, name)

    def read(self, name):
        with open(self.path(name), errors="replace") as f:
            return f.read()

    def start(self, *args, program=None):
        return subprocess.Popen(["ip", "netns", "exec", self.lab.ns("scan"), program or self.program, *args], cwd=self.dir,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def run(self, *args, code=0):
        p = self.start(*args)
        said = p.communicate(timeout=60)[1]
        assert p.returncode == code, "exit %d, wanted %d: %s: %s" % (p.returncode, code, args, said)
        return said

    def size(self, name):
        return os.path.getsize(self.path(name)) if os.path.exists(self.path(name)) else 0

    def kill(self, after, *args, how=signal.SIGKILL, begun=None, size=1):
        """`after` seconds from the start, or from when a file has `size` bytes."""
        p = self.start(*args)
        if begun:
            until(lambda: self.size(begun) >= size or p.poll() is not None, begun)
        time.sleep(after)
        p.send_signal(how)
        return p.communicate(timeout=60)[1]

    def counts(self, name):
        """(protocol, port) -> probes that came to a host."""
        out = self.lab_nft(name, "-j", "list", "set", "inet", "count", "seen")
        seen = {}
        for item in json.loads(out)["nftables"]:
            for e in item.get("set", {}).get("elem", []):
                proto, port = e["elem"]["val"]["concat"]
                seen[{6: "tcp", 17: "udp"}.get(proto, proto), port] = e["elem"]["counter"]["packets"]
        return seen

    def lab_nft(self, name, *args):
        return subprocess.run(["ip", "netns", "exec", self.lab.ns(name), "nft", *args], check=True, capture_output=True, text=True).stdout


def outputs(base="out"):
    return [w for option, suffix in FORMATS.items() for w in (option, "%s.%s" % (base, suffix))]


def plain(text):
    """A report without dates and times."""
    text = re.sub(r"^# .*$", "#", text, flags=re.M)
    text = re.sub(r" \([0-9.]+m?s latency\)", "", text)
    text = re.sub(r" +[0-9.]+[num]?s$", "", text, flags=re.M)  # of the column of round trips, whose width differs too
    text = re.sub(r"^Probed by .*\n", "", text, flags=re.M)  # not of a host whose last probe was the earlier run's
    return re.sub(r" +", " ", text)


def records(t):
    """What the files of a trial say, by format."""
    hosts = {}
    for h in json.loads(t.read("out.json"))["hosts"]:
        hosts[h["addr"]] = (h["state"], h["reason"], [(p["proto"], p["port"], p["state"], p["reason"], p.get("reason_ttl")) for p in h["ports"]])
    return dict(nmap=plain(t.read("out.nmap")), gnmap=plain(t.read("out.gnmap")), xml=read_xml(t.read("out.xml")), json=hosts)


def check_sent(t, deaths):
    """Where every port answers, what came twice was under way at a death, or a busy machine was late with an answer."""
    for name in ("web", "db"):
        twice = sum(n - 1 for n in t.counts(name).values())
        assert twice <= WINDOW * (deaths + 1), "%s: %d probes were sent again after %d deaths" % (name, twice, deaths)


def die(t, rng, want, stats):
    """One trial: the scan is killed, now and then its resumption as well; then it ends."""
    deaths = 1
    # from when it is under way, but for a few that die as they begin
    begun = "out.nmap.resume" if rng.random() < 0.8 else None
    t.kill(rng.uniform(0.01, 0.6), *SCAN, *outputs(), "-v", *TARGETS, begun=begun)
    if not os.path.exists(t.path("out.nmap.resume")):
        stats["early or late"] += 1
        return deaths
    name = "out.nmap" if rng.random() < 0.7 else "out.nmap.resume"
    while rng.random() < 0.5 and os.path.exists(t.path("out.nmap.resume")):
        t.kill(rng.uniform(0.01, 0.4), "--resume", name)
        deaths += 1
    p = t.start("--resume", name)
    said = p.communicate(timeout=60)[1]
    if p.returncode == 2 and ("before it had begun" in said or "complete" in said or not os.path.exists(t.path(name))):
        stats["early or late"] += 1
        return deaths
    assert p.returncode == 0, "exit %d: %s" % (p.returncode, said)
    got = records(t)
    for fmt in want:
        assert got[fmt] == want[fmt], "%s: got %s\nwanted %s" % (fmt, str(got[fmt])[:300], str(want[fmt])[:300])
    assert not os.path.exists(t.path("out.nmap.resume"))
    check_sent(t, deaths)
    stats["resumed"] += 1
    return deaths


@test
def killed_at_any_moment(lab, sonde):
    whole = Trial(lab, sonde)
    whole.run(*QUICK, *outputs(), "-v", *TARGETS)
    want = records(whole)
    assert len(want["json"]) == len(want["xml"]) == 4 and len(want["xml"][v4("web")]["ports"]) == 211
    rng = random.Random(3)
    stats = {"resumed": 0, "early or late": 0}
    deaths = 0
    while deaths < KILLS:
        deaths += die(Trial(lab, sonde), rng, want, stats)
    print("      %d deaths: %s" % (deaths, stats))
    assert stats["resumed"] > stats["early or late"], stats


@test
def nothing_recorded_is_lost(lab, sonde):
    """The daemons' host becomes silent between death and resumption: what was known stays known."""
    t = Trial(lab, sonde)
    t.kill(0.1, "-n", "-p", "1-200", "--max-rate", "200", "--max-parallelism", str(WINDOW), "--max-retries", "1", *outputs(), v4("web"), begun="out.nmap.resume")
    before = t.counts("web")
    lab.nft("web", "table inet gone {\nchain in { type filter hook input priority 0; policy drop; }\n}\n")
    try:
        t.run("--resume", "out.nmap")
    finally:
        lab.nft("web", "delete table inet gone\n")
    ports = read_xml(t.read("out.xml"))[v4("web")]["ports"]
    kept = sum(reason in ("syn-ack", "reset") for _, reason in ports.values())
    assert len(ports) == 200 and len(before) - WINDOW <= kept < 200, (len(before), kept, len(ports))


@test
def six_and_connect(lab, sonde):
    for args in (["-6", "-sS"], ["-6", "-sT"], ["-sT", "-Pn"], ["-sn"]):
        target = v6("web") if "-6" in args else v4("web")
        ports = [] if "-sn" in args else ["-p", "1-300"]
        whole, t = Trial(lab, sonde), Trial(lab, sonde)
        whole.run("-n", *args, *ports, *outputs(), target)
        t.kill(0.1, "-n", *args, *ports, "--max-rate", "600", *outputs(), target, begun="out.nmap.resume")
        if os.path.exists(t.path("out.nmap.resume")):
            t.run("--resume", "out.nmap")
        assert records(t) == records(whole), args


@test
def interrupted_by_the_user(lab, sonde):
    whole = Trial(lab, sonde)
    whole.run(*QUICK, *outputs(), *TARGETS)
    t = Trial(lab, sonde)
    for args in (SCAN + outputs() + TARGETS, ["--resume", "out.nmap", "--noninteractive"]):
        said = t.kill(0.25, *args, how=signal.SIGINT, begun="out.nmap.resume")
        assert said.count("resume with: sonde --resume ") == 1, said
    command = re.search("resume with: sonde (.*)", said).group(1).split()
    t.run(*command)
    assert records(t) == records(whole)
    check_sent(t, 2)


@test
def elsewhere_and_again(lab, sonde):
    """Names are those of the directory it ran in; %-names are those of its start."""
    t = Trial(lab, sonde)
    os.mkdir(t.path("sub"))
    t.kill(0.2, *SCAN, "-oX", "%T.xml", "--checkpoint", "keep", *TARGETS, begun="keep")
    names = [n for n in os.listdir(t.dir) if n.endswith(".xml")]
    p = subprocess.run(["ip", "netns", "exec", lab.ns("scan"), sonde.program, "--resume", "../keep"], cwd=t.path("sub"), capture_output=True, text=True)
    assert p.returncode == 0, p.stderr
    assert names == [n for n in os.listdir(t.dir) if n.endswith(".xml")] and len(read_xml(t.read(names[0]))) == 3
    said = t.run("--resume", "keep", code=2)
    assert "this run is complete; nothing to resume" in said, said


@test
def begins_with_its_first_part(lab, sonde):
    t = Trial(lab, sonde)
    t.kill(0.1, *SCAN, "-oX", "a.xml", *TARGETS, begun="a.xml.resume")
    start = int(re.search(r'<nmaprun[^>]* start="(\d+)"', t.read("a.xml")).group(1))
    time.sleep(2)
    t.run("--resume", "a.xml")
    text = t.read("a.xml")
    assert int(re.search(r'<nmaprun[^>]* start="(\d+)"', text).group(1)) == start
    end, elapsed = re.search(r'<finished time="(\d+)".*?elapsed="([\d.]+)"', text).groups()
    assert float(elapsed) >= 2 and abs(int(end) - start - float(elapsed)) <= 1, (start, end, elapsed)


@test
def names_are_one_scan_s(lab, sonde):
    """No other run touches what a run writes, or reads, whether or not it keeps a checkpoint."""
    t = Trial(lab, sonde)
    with open(t.path("list"), "w") as f:
        f.write(v4("web") + "\n")
    for args in (["-oN", "list"], ["-oX", "./list"], ["--checkpoint", "list"]):
        said = t.run(*QUICK, "-iL", "list", *args, code=2)
        assert "-iL reads this file" in said and t.read("list") == v4("web") + "\n", said
    running = t.start(*QUICK, "--max-rate", "50", "-oN", "busy", *TARGETS)
    until(lambda: t.size("busy"), "a report")
    for args in ([], ["--no-checkpoint"]):
        said = t.run(*QUICK, "-oN", "busy", "-oX", "other", *args, v4("web"), code=2)
        assert said.startswith("sonde: another scan is writing busy;"), said
    assert sorted(os.listdir(t.dir)) == ["busy", "busy.resume", "list"]
    running.send_signal(signal.SIGINT)
    assert running.communicate()[1].startswith("resume with: "), "the first scan goes on"


@test
def random_hosts_are_the_same(lab, sonde):
    t = Trial(lab, sonde)
    t.kill(0, "-n", "-sL", "-iR", "50000", "-oG", "out", begun="out", size=1000)
    before = re.findall(r"^Host: (\S+) ", t.read("out"), re.M)
    assert 0 < len(before) < 50000, len(before)
    t.run("--resume", "out")
    after = re.findall(r"^Host: (\S+) ", t.read("out"), re.M)
    assert len(after) == len(set(after)) == 50000 and set(before) <= set(after)


@test
def captures_go_on(lab, sonde):
    """Packets cannot be replayed: what was captured stays in front of what comes."""
    t = Trial(lab, sonde)
    t.kill(0, *SCAN, "-oN", "out", "-oH", "hex", "--packet-capture", "pcap", *TARGETS, begun="pcap", size=9000)
    before = {name: open(t.path(name), "rb").read() for name in ("hex", "pcap")}
    t.run("--resume", "out")
    for name, old in before.items():
        new = open(t.path(name), "rb").read()
        assert len(old) > 1000 and new.startswith(old) and len(new) > len(old), (name, len(old), len(new))


@test
def appended_output(lab, sonde):
    t = Trial(lab, sonde)
    with open(t.path("out.nmap"), "w") as f:
        f.write("what was there\n")
    t.kill(0.2, *SCAN, "-oN", "out.nmap", "--append-output", *TARGETS, begun="out.nmap.resume")
    t.run("--resume", "out.nmap")
    text = t.read("out.nmap")
    assert text.startswith("what was there\n# Sonde") and text.count("scan initiated") == 1 and text.count("scan report for") == 3, text


@test
def refused(lab, sonde):
    t = Trial(lab, sonde)
    with open(t.path("list"), "w") as f:
        f.write("10.77.0.10\n10.77.0.11\n")
    t.kill(0.1, *SCAN, "-oN", "a", "-iL", "list", begun="a.resume")
    with open(t.path("list"), "a") as f:
        f.write("10.77.0.19\n")
    t.run(*QUICK, "-oN", "done", "--no-checkpoint", v4("web"))
    t.kill(0.1, *SCAN, "-oX", "first.xml", "-oN", "second", *TARGETS, begun="first.xml.resume")
    with open(t.path("old"), "wb") as f:
        with open(t.path("a.resume"), "rb") as a:
            f.write(a.read().replace(b"checkpoint 1", b"checkpoint 0", 1))
    running = t.start(*QUICK, "--max-rate", "50", "-oN", "busy", *TARGETS)
    until(lambda: t.size("busy.resume"), "the checkpoint of a run")
    for args, why in ((["a"], "has been changed"), (["done"], "nothing to resume"), (["list"], "this is no checkpoint"), (["none"], "No such file"),
                      (["old"], "another format"), (["second"], "say --resume first.xml.resume"), (["busy"], "has not ended"), (["a", "-v"], "leave out -v"), (["a", v4("web")], "leave out 10.77.0.10")):
        said = t.run("--resume", *args, code=2)
        assert why in said and said.count("\n") == 1, (args, said)
    running.kill()
    running.communicate()
    said = t.run(*QUICK, "--checkpoint", "c", "-iL", "-", code=2)
    assert "standard input" in said, said


def begin_nmap(t, kind, *targets):
    """nmap, killed behind its first host."""
    p = t.start("-n", "-sS", "-p1-200", "--max-hostgroup", "1", "--max-rate", "400", kind, "theirs", *targets, program="nmap")
    while not os.path.exists(t.path("theirs")) or "22/" not in t.read("theirs"):
        assert p.poll() is None, p.stderr.read()
        time.sleep(0.05)
    time.sleep(0.1)
    p.kill()
    p.communicate()


@test
def what_nmap_began(lab, sonde):
    for kind, pattern in (("-oN", r"scan report for (\S+)"), ("-oG", r"Host: (\S+) .*Ports: ")):
        t = Trial(lab, sonde)
        begin_nmap(t, kind, *TARGETS[:3])
        web = t.counts("web")
        said = t.kill(0.3, "--resume", "theirs", how=signal.SIGINT)
        assert "resume with: sonde --resume %s" % t.path("theirs") in said, said
        t.run("--resume", "theirs")
        text = t.read("theirs")
        assert sorted(set(re.findall(pattern, text))) == sorted(TARGETS[:3]), text
        assert text.startswith("# Nmap") and "# Sonde done" in text, text
        assert t.counts("web") == web, "the first host was scanned again"
        said = t.run("--resume", "theirs", code=2)
        assert "nothing to resume" in said, said


if __name__ == "__main__":
    sys.exit(main(__doc__))
