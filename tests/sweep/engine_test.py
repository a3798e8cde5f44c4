#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Records of a sweep equal the responder's truth, whatever sends it: engine_test.py SONDE XDPRESPONDER [NAME...]
"""
import json
import os
import sys
import time

from bed import Bed, Rule, Space, STATES

TESTS = []
SHARES = dict(open=100_000, closed=500_000, unreach=50_000, router=20_000, badack=10_000, badport=10_000, astray=10_000)
SENDERS = ("packet-ring", "af-xdp", "xdp-live")
SONDE = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "sonde"


def test(f):
    TESTS.append(f)
    return f


def swept(bed, *words):
    """The records of a sweep, by type."""
    out = bed.run([SONDE, "--sweep", "-n", "-v", "--cooldown", "1s", "--i-have-permission", "--recheck", "off", "-oD", "-", *words]).stdout
    records = [json.loads(line) for line in out.splitlines()]
    by_type = {}
    for r in records:
        by_type.setdefault(r["type"], []).append(r)
    return by_type


def found(records):
    """(address, port) by state."""
    states = {}
    for r in records.get("result", []):
        states.setdefault(r["state"], set()).add((r["addr"], r["port"]))
    return states


def truth(responder, space, name):
    code = STATES.index(name)
    return {space.target(i) for i, state in enumerate(responder.truths(space)) if state == code}


def check(bed, sender, net, space, *words):
    with bed.responder([Rule(net, "tcp", **SHARES)], record=space) as r:
        records = swept(bed, "--all-answers", "--backend", sender, *words)
        states = found(records)
        probed = r.record()
        assert min(probed) == max(probed) == 1, "each target once: %d to %d" % (min(probed), max(probed))
        assert states.get("open", set()) == truth(r, space, "open"), "%s: open ports" % sender
        assert states.get("closed", set()) == truth(r, space, "closed"), "%s: closed ports" % sender
        assert states.get("filtered", set()) == truth(r, space, "unreach") | truth(r, space, "router"), "%s: filtered ports" % sender
        said = [n["text"] for n in records["note"] if n["text"].startswith("sender ")]
        assert len(said) == 1 and said[0].startswith("sender %s " % sender), said


@test
def every_sender_one_port(bed):
    for sender in SENDERS:
        check(bed, sender, "10.1.0.0/18", Space("10.1.0.0", 16384, 80), "-p", "80", "--rate", "50k", "10.1.0.0/18")


@test
def every_sender_many_ports(bed):
    for sender in SENDERS:
        check(bed, sender, "10.2.0.0/26", Space("10.2.0.0", 64, 1, 256), "-p", "1-256", "--rate", "50k", "10.2.0.0/26")


@test
def shards_and_exclusions(bed):
    space = Space("10.3.0.0", 4096, 443)
    with bed.responder([Rule("10.3.0.0/20", "tcp", open=500_000)], record=space) as r:
        opened = set()
        for i in range(1, 4):
            records = swept(bed, "-p", "443", "--rate", "20k", "--seed", "7", "--shard", "%d/3" % i, "--exclude", "10.3.4.0/24", "10.3.0.0/20")
            part = found(records).get("open", set())
            assert not part & opened
            opened |= part
        left_out = set(range(1024, 1280))
        assert all(n == (i not in left_out) for i, n in enumerate(r.record())), "all but the exclusion, once"
        assert opened == {t for t in truth(r, space, "open") if not t[0].startswith("10.3.4.")}


@test
def kernel_sends_no_reset(bed):
    """Whatever receives: the target sees no RST but those that end half-open connections, one for each open port at most."""
    space = Space("10.4.0.0", 1024, 80)
    with bed.responder([Rule("10.4.0.0/22", "tcp", open=1_000_000)], record=space) as r:
        records = swept(bed, "-p", "80", "--rate", "10k", "10.4.0.0/22")
        assert len(found(records)["open"]) == 1024
        counters = r.settled()
        assert counters.get("rst_open", 0) == 1024, counters


def attempt(t, program):
    begun = time.monotonic()
    try:
        with Bed(program) as bed:
            t(bed)
    except Exception as e:  # pylint: disable=broad-except
        print("FAIL  %-44s %s: %s" % (t.__name__, type(e).__name__, str(e)[-1500:]), flush=True)
        return False
    print("ok    %-44s %.1f s" % (t.__name__, time.monotonic() - begun), flush=True)
    return True


def main():
    if os.geteuid() != 0:
        print("engine: skipped, needs root to make network namespaces")
        return 77
    chosen = [t for t in TESTS if not sys.argv[3:] or t.__name__ in sys.argv[3:]]
    good = [attempt(t, sys.argv[2]) for t in chosen]
    print("%d passed, %d failed, 0 skipped" % (sum(good), len(good) - sum(good)))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
