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
import subprocess
import sys
import time

from bed import Losses, Rule, Skipped, Space, STATES, equal, main, test, until

KILLS, KILL_SECONDS = 4, 30
AUTO_SECONDS, AUTO_MOST_MISSED = 60, 0.05  # a sweep that knows no bound loses nearly all


class Ground:
    def __init__(self, bed, sonde):
        self.bed, self.sonde = bed, sonde

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
def receipts_of_shards(bed, sonde):
    """Each target is probed by exactly one shard, the receipts say so, and what was excluded is in none."""
    g = Ground(bed, sonde)
    space, losses = Space("10.1.0.0", 4096, 80, 2), Losses(bed)
    with bed.responder([Rule("10.0.0.0/8", open=500_000)], record=space) as r:
        for i in (1, 2, 3):
            p = g.sweep("-p", "80,81", "--rate", "20k", "--recheck", "off", "--seed", "7", "--shard", "%d/3" % i, "--exclude", "10.1.3.0/24",
                        "--receipt", "r%d" % i, "10.1.0.0/20")
            assert p.returncode == 0, p.stderr
        r.settled()
        seen = r.record()
    lost = sum(losses.of("r%d" % i, len(space)) for i in (1, 2, 3))
    out = range(space.index("10.1.3.0", 80), space.index("10.1.4.0", 80))
    assert not any(seen[i] for i in out), "an excluded address was probed"
    assert max(seen) == 1 and seen.count(0) - len(out) <= lost, "%d were never probed, %d lost on this machine" % (
        seen.count(0) - len(out), lost)
    whole(g, "r1", "r2", "r3")
    code, out = g.verify("r1", "r3")
    assert code == 1 and "missing: the receipt of shard 2/3" in out, out


@test
def neighbours_that_are_missing(bed, sonde):
    """Hosts on the link that do not answer ARP are sent nothing, and are in nobody's digest."""
    g = Ground(bed, sonde)
    for backend in ("packet-ring", "xdp-live"):
        with bed.responder([Rule("10.0.0.0/8", open=500_000)]):
            p = g.sweep("-p", "1-100", "--backend", backend, "--receipt", "n", "10.255.255.0/29", "10.3.0.0/28")
        assert p.returncode == 0, p.stderr
        assert sum(s["skipped"] for s in g.receipt("n")["sessions"]) > 0
        whole(g, "n")


@test
def estimate_of_misses(bed, sonde):
    """The interval holds the loss that the responder was told to make."""
    g = Ground(bed, sonde)
    for loss in (0, 0.01, 0.1):
        good = 0
        for i in range(3):
            losses = Losses(bed)
            with bed.responder([Rule("10.0.0.0/8", open=500_000, closed=500_000)], key=i + 1, loss_in=loss) as r:
                p = g.sweep("-p", "80", "--rate", "40k", "--recheck", "12.5", "--receipt", "m", "10.2.0.0/17")
            assert p.returncode == 0, p.stderr
            m = g.receipt("m")["missed"]
            assert m["known"] and m["answered_second"] > 3000, m
            good += m["low"] <= loss + losses.of("m", 1 << 17) / (1 << 17) and loss <= m["high"]
            if good == 2:
                break
        assert good == 2, "loss %g: %d of 3" % (loss, good)


@test
def rate_below_a_cap(bed, sonde):
    """It ends below what the responder can do, and next to nothing is missed, although it went faster on the way."""
    g = Ground(bed, sonde)
    space, losses = Space("10.0.0.0", 1 << 19, 80), Losses(bed)
    with bed.responder([Rule("10.0.0.0/8", open=100_000, closed=900_000)], cap=50_000, cap_burst=1000) as r:
        try:
            p = g.sweep("-p", "80", "--rate", "auto", "--backend", "packet-ring", "--receipt", "a", "-oD", "a.ndjson", "10.0.0.0/13",
                        timeout=AUTO_SECONDS)
        except subprocess.TimeoutExpired as e:
            raise Skipped("this machine is too busy: the sweep had not ended after %d s" % AUTO_SECONDS) from e
        truth = {space.target(i)[0] for i, s in enumerate(r.truths(space)) if STATES[s] == "open"}
    assert p.returncode == 0, p.stderr
    whole(g, "a")
    said, found = g.receipt("a"), opens(g.path("a.ndjson"))
    pace, missed = said["pace"], len(truth - found) / len(truth)
    lost = losses.of("a", len(space)) / len(truth) + (said["missed"]["high"] if said["missed"]["known"] else 0)
    words = "%s; %.4f %% missed, %.4f %% by its own word" % (pace, 100 * missed, 100 * lost)
    assert found <= truth
    assert float(re.match(r"([\d.]+)/s", pace).group(1)) <= 55_000 and missed < min(lost + 0.001, AUTO_MOST_MISSED), words
    return words


def opens(path):
    """The addresses with an open port in a report of NDJSON."""
    with open(path) as f:
        return {m.group(1) for m in (re.search(r'"addr(?:ess)?": ?"([0-9a-f.:]+)"', line) for line in f if re.search(r'"state": ?"open"', line)) if m}


@test
def killed_and_resumed(bed, sonde):
    """SIGKILL at random moments: the resumed run sends all that is left, and its receipt says so."""
    g = Ground(bed, sonde)
    rng, began, n, before = random.Random(3), time.monotonic(), 0, bed.attached()
    space = Space("10.8.0.0", 1 << 16, 80)
    while n < KILLS and time.monotonic() - began < KILL_SECONDS:
        for name in of_run(bed):
            os.unlink(g.path(name))
        losses = Losses(bed)
        with bed.responder([Rule("10.0.0.0/8", open=100_000)], record=space, key=n + 1) as r:
            p = bed.start([sonde, "--sweep", "-n", "-v0", "--noninteractive", "--i-have-permission", "--cooldown", "500ms", "-p", "80",
                           "--rate", "20k", "--receipt", "k", "-oD", "k.ndjson", "10.8.0.0/16"])
            time.sleep(rng.uniform(0.3, 3.5))
            p.kill()
            p.wait()
            until(lambda: bed.attached() == before, "its end at the interface", 20)
            if not os.path.exists(g.path("k.ndjson.resume")):
                continue
            n += 1
            p = bed.run([sonde, "--noninteractive", "--resume", "k.ndjson"], check=False)
            assert p.returncode == 0, p.stdout + p.stderr
            r.settled()
            seen, lost = r.record(), losses.of("k", len(space))
            truth = {space.target(i)[0] for i, x in enumerate(r.truths(space)) if STATES[x] == "open"}
        equal(opens(g.path("k.ndjson")), truth, lost, "killed and resumed")
        assert seen.count(0) <= lost, "%d targets were never probed, %d lost on this machine" % (seen.count(0), lost)
        code, out = g.verify("k")
        assert "Sent: 100 %" in out and "DIFFERS" not in out and code == 0, out
        assert of_run(bed) == ["k", "k.ndjson"], "left behind: %s" % of_run(bed)
    if not n:
        raise Skipped("this machine is too busy: no run had a checkpoint when it was killed")
    return "%d kills" % n


def of_run(bed):
    """The files of the run that is killed."""
    return sorted(name for name in os.listdir(bed.dir) if name.split(".")[0] == "k")


if __name__ == "__main__":
    sys.exit(main(__doc__))
