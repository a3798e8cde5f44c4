#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
What a sweep says of itself, against the responder that knows: proof_test.py SONDE XDPRESPONDER [NAME...]

Receipts and shards, the estimate of what was missed, --rate auto below a cap, and runs that are killed and resumed.
"""
import json
import os
import random
import re
import signal
import subprocess
import sys
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))
from bed import Bed, Rule, Space, STATES

TESTS = []
KILLS, KILLS_MIN, KILL_SECONDS = 50, 5, 30


def test(f):
    TESTS.append(f)
    return f


class Ground:
    def __init__(self, bed, sonde):
        self.bed, self.sonde = bed, os.path.abspath(sonde)

    def sweep(self, *args, **kw):
        return self.bed.run([self.sonde, "--sweep", "-n", "-v0", "--noninteractive", "--i-have-permission", "--cooldown", "1s", *args], check=False, **kw)

    def verify(self, *args):
        p = self.bed.run([self.sonde, "verify", *args], check=False)
        return p.returncode, p.stdout + p.stderr

    def path(self, name):
        return os.path.join(self.bed.dir, name)

    def receipt(self, name):
        with open(self.path(name)) as f:
            return json.load(f)


def whole(g, *names):
    code, out = g.verify(*names)
    assert code == 0 and "Sent: 100 %" in out and "Digest: agrees" in out, out


@test
def receipts_of_shards(g):
    """Each target is probed by exactly one shard, the receipts say so, and what was excluded is in none."""
    space = Space("10.1.0.0", 4096, 80, 2)
    with g.bed.responder([Rule("10.0.0.0/8", open=500_000)], record=space) as r:
        for i in (1, 2, 3):
            p = g.sweep("-p", "80,81", "--rate", "20k", "--recheck", "off", "--seed", "7", "--shard", "%d/3" % i, "--exclude", "10.1.3.0/24",
                        "--receipt", "r%d" % i, "10.1.0.0/20")
            assert p.returncode == 0, p.stderr
        r.settled()
        seen = r.record()
    out = range(space.index("10.1.3.0", 80), space.index("10.1.4.0", 80))
    assert all(n == (0 if i in out else 1) for i, n in enumerate(seen))
    whole(g, "r1", "r2", "r3")
    code, out = g.verify("r1", "r3")
    assert code == 1 and "missing: the receipt of shard 2/3" in out, out


@test
def neighbours_that_are_missing(g):
    """Hosts on the link that do not answer ARP are sent nothing, and are in nobody's digest."""
    for backend in ("packet-ring", "xdp-live"):
        with g.bed.responder([Rule("10.0.0.0/8", open=500_000)]):
            p = g.sweep("-p", "1-100", "--backend", backend, "--receipt", "n", "10.255.255.0/29", "10.3.0.0/28")
        assert p.returncode == 0, p.stderr
        assert sum(s["skipped"] for s in g.receipt("n")["sessions"]) > 0
        whole(g, "n")


@test
def estimate_of_misses(g):
    """The interval holds the loss that the responder was told to make."""
    for loss in (0, 0.01, 0.1):
        good, runs = 0, 3
        for i in range(runs):
            with g.bed.responder([Rule("10.0.0.0/8", open=500_000, closed=500_000)], key=i + 1, loss_in=loss) as r:
                p = g.sweep("-p", "80", "--rate", "40k", "--recheck", "12.5", "--receipt", "m", "10.2.0.0/17")
            assert p.returncode == 0, p.stderr
            m = g.receipt("m")["missed"]
            assert m["known"] and m["answered_second"] > 3000, m
            good += m["low"] <= loss <= m["high"]
        assert good >= runs - 1, "loss %g: %d of %d" % (loss, good, runs)


@test
def rate_below_a_cap(g):
    """It ends below what the responder can do, and next to nothing is missed, although it went faster on the way."""
    space = Space("10.0.0.0", 1 << 19, 80)
    with g.bed.responder([Rule("10.0.0.0/8", open=100_000, closed=900_000)], cap=50_000, cap_burst=1000) as r:
        p = g.sweep("-p", "80", "--rate", "auto", "--backend", "packet-ring", "--receipt", "a", "-oD", "a.ndjson", "10.0.0.0/13", timeout=120)
        truth = {space.target(i)[0] for i, s in enumerate(r.truths(space)) if STATES[s] == "open"}
    assert p.returncode == 0, p.stderr
    whole(g, "a")
    pace = g.receipt("a")["pace"]
    found = opens(g.path("a.ndjson"))
    missed = len(truth - found) / len(truth)
    print("    %s; %.4f %% missed" % (pace, 100 * missed))
    assert found <= truth
    assert float(re.match(r"([\d.]+)/s", pace).group(1)) <= 51_000 and missed < 0.001, "%s, %.4f %% missed" % (pace, 100 * missed)


def opens(path):
    """The addresses with an open port in a report of NDJSON."""
    with open(path) as f:
        return {m.group(1) for m in (re.search(r'"addr(?:ess)?": ?"([0-9a-f.:]+)"', line) for line in f if re.search(r'"state": ?"open"', line)) if m}


@test
def killed_and_resumed(g):
    """SIGKILL at random moments: the resumed run sends all that is left, and its receipt says so."""
    rng, began, n = random.Random(3), time.monotonic(), 0
    space = Space("10.8.0.0", 1 << 16, 80)
    for _ in range(4 * KILLS):
        if n == KILLS or n >= KILLS_MIN and time.monotonic() - began > KILL_SECONDS:
            break
        for name in ("k", "k.ndjson", "k.ndjson.resume", "k.ndjson.resume.sweep"):
            if os.path.exists(g.path(name)):
                os.unlink(g.path(name))
        with g.bed.responder([Rule("10.0.0.0/8", open=100_000)], record=space, key=n + 1) as r:
            p = g.bed.start([g.sonde, "--sweep", "-n", "-v0", "--noninteractive", "--i-have-permission", "--cooldown", "500ms", "-p", "80",
                             "--rate", "20k", "--receipt", "k", "-oD", "k.ndjson", "10.8.0.0/16"])
            time.sleep(rng.uniform(0.3, 3.5))
            p.kill()
            p.wait()
            links = g.bed.run(["ip", "-d", "link", "show", "swp0"]).stdout
            assert "xdp" not in links, links
            if not os.path.exists(g.path("k.ndjson.resume")):
                continue
            n += 1
            p = g.bed.run([g.sonde, "--noninteractive", "--resume", "k.ndjson"], check=False)
            assert p.returncode == 0, p.stdout + p.stderr
            r.settled()
            seen = r.record()
            truth = {space.target(i)[0] for i, x in enumerate(r.truths(space)) if STATES[x] == "open"}
        assert opens(g.path("k.ndjson")) == truth, "%d open, %d found" % (len(truth), len(opens(g.path("k.ndjson"))))
        assert all(seen), "%d targets were never probed" % seen.count(0)
        code, out = g.verify("k")
        assert "Sent: 100 %" in out and "DIFFERS" not in out and code == 0, out
        assert not os.path.exists(g.path("k.ndjson.resume.sweep"))
    print("    %d kills" % n)
    assert n >= KILLS_MIN


def main():
    if os.geteuid() != 0:
        print("proof: skipped, needs root to make network namespaces")
        return 77
    sonde, responder, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    passed = failed = 0
    with Bed(responder) as bed:
        for t in TESTS:
            if names and t.__name__ not in names:
                continue
            began = time.monotonic()
            try:
                t(Ground(bed, sonde))
                passed += 1
                print("ok %s (%d s)" % (t.__name__, time.monotonic() - began), flush=True)
            except Exception as e:
                failed += 1
                print("FAILED %s: %s: %s" % (t.__name__, type(e).__name__, str(e)[:3000]), flush=True)
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
