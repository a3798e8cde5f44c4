# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of the lab share: how a scan is run and read, what its truth is, and the run over all tests of a file."""
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

from lab import DAEMONS, HOSTS, Lab

TESTS = []


def test(f):
    TESTS.append(f)
    return f


def ranges(text):
    for part in filter(None, (text or "").split(",")):
        a, _, b = part.partition("-")
        yield from range(int(a), int(b or a) + 1)


def read_xml(text):
    """address -> {state, reason, mac, names, ports: {(proto, number): (state, reason)}}; ports behind <extraports> included."""
    hosts = {}
    for h in ET.fromstring(text).findall("host"):
        addr = {a.get("addrtype"): a.get("addr") for a in h.findall("address")}
        ports = {}
        for p in h.findall("ports/port"):
            s = p.find("state")
            ports[p.get("protocol"), int(p.get("portid"))] = (s.get("state"), s.get("reason"))
        for x in h.findall("ports/extraports"):
            for r in x.findall("extrareasons"):
                for n in ranges(r.get("ports")):
                    ports[r.get("proto"), n] = (x.get("state"), r.get("reason"))
        st = h.find("status")
        hosts[addr.get("ipv4") or addr.get("ipv6")] = dict(
            state=st.get("state"), reason=st.get("reason"), mac=addr.get("mac"), ports=ports,
            names=[n.get("name") for n in h.findall("hostnames/hostname")])
    return hosts


class Scanner:
    def __init__(self, lab, program):
        self.lab, self.program = lab, program

    def both(self, *args, timeout=120, code=0):
        """What a run says on standard error, and its report."""
        p = self.lab.scan(self.program, *args, "-oX", "-", timeout=timeout)
        assert p.returncode == code, "%s: exit %d, wanted %d: %s" % (args, p.returncode, code, p.stderr[-500:])
        return p.stderr, read_xml(p.stdout) if p.stdout else {}

    def __call__(self, *args, timeout=120, code=0):
        return self.both(*args, timeout=timeout, code=code)[1]

    def says(self, *args, code=2):
        return self.both(*args, code=code)[0]


def by_nmap(lab, *args):
    """nmap's report of the same."""
    return Scanner(lab, "nmap")(*args)


def until(true, what, timeout=60):
    end = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < end, "waited in vain for " + what
        time.sleep(0.01)


def v4(name):
    return "10.77.3.10" if name == "far" else "10.77.0.%d" % HOSTS[name][0]


def v6(name):
    return "fd77:3::10" if name == "far" else "fd77::%d" % HOSTS[name][0]


def expect(got, addr, want, proto="tcp"):
    """want: number -> state; every port of the answer must be in it and equal."""
    ports = {n: s for (pr, n), (s, _) in got[addr]["ports"].items() if pr == proto}
    wrong = {n: (ports.get(n), want.get(n)) for n in set(ports) | set(want) if ports.get(n) != want.get(n)}
    assert not wrong, "%s: (got, want) differ: %s" % (addr, dict(sorted(wrong.items())[:12]))


def by_daemon(name, numbers, proto="tcp"):
    return {n: "open" if n in DAEMONS[name][proto] else "closed" for n in numbers}


def firewall_truth(numbers):
    """What the rules of lab.FIREWALL make of each port."""
    want = by_daemon("fw", numbers)
    for n in numbers:
        if 1000 <= n <= 1009 or 1020 <= n <= 1049:
            want[n] = "filtered"
    return want


def attempt(t, lab, sonde):
    """One test; what went wrong in words, or None."""
    begun = time.monotonic()
    try:
        t(lab, sonde)
    except Exception as e:
        return "%s: %s" % (type(e).__name__, str(e)[:900])
    print("ok    %-40s %.1f s" % (t.__name__, time.monotonic() - begun), flush=True)
    return None


def once_more(name):
    """The same test in a lab of its own, whose files and servers nothing has touched; true if it passes."""
    return subprocess.run([sys.executable] + sys.argv[:3] + [name, "--last"]).returncode == 0


def main(doc):
    """argv: SONDE RESPONDER [NAME...] [--last]; runs the file's tests in one lab; the exit code."""
    if os.geteuid() != 0:
        print("lab: needs root to make network namespaces")
        return 77
    if len(sys.argv) < 3:
        print(doc)
        return 2
    program, responder = (os.path.abspath(a) for a in sys.argv[1:3])
    last = "--last" in sys.argv
    only = [a for a in sys.argv[3:] if a != "--last"]
    passed, wrong = 0, {}
    with Lab(responder) as lab:
        sonde = Scanner(lab, program)
        for t in TESTS:
            if only and t.__name__ not in only:
                continue
            what = attempt(t, lab, sonde)
            passed += not what
            if what:
                print("%s %s: %s" % ("FAIL " if last else "again", t.__name__, what), flush=True)
                wrong[t.__name__] = what
    if last:
        return 1 if wrong else 0
    # Real packets on a shared machine: a stall is not the program's, a fault comes again.
    failed = sum(not once_more(name) for name in wrong)
    print("%d passed, %d failed, 0 skipped" % (passed + len(wrong) - failed, failed))
    return 1 if failed else 0
