#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Records of a sweep equal the responder's truth, whatever sends it: engine_test.py SONDE XDPRESPONDER [NAME...]
"""
import json
import sys

from bed import Losses, Rule, Space, STATES, equal, main, test

SHARES = dict(open=100_000, closed=500_000, unreach=50_000, router=20_000, badack=10_000, badport=10_000, astray=10_000)
SENDERS = ("packet-ring", "af-xdp", "xdp-live")


def swept(bed, sonde, *words):
    """The records of a sweep, by type; its receipt is the file "receipt"."""
    out = bed.run([sonde, "--sweep", "-n", "-v", "--cooldown", "1s", "--i-have-permission", "--recheck", "off", "--receipt", "receipt", "-oD", "-", *words]).stdout
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


def check(bed, sonde, sender, net, space, *words):
    losses = Losses(bed)
    with bed.responder([Rule(net, "tcp", **SHARES)], record=space) as r:
        records = swept(bed, sonde, "--all-answers", "--backend", sender, *words)
        r.settled()
        states, probed, lost = found(records), r.record(), losses.of("receipt", len(space))
        assert max(probed) == 1 and probed.count(0) <= lost, "each target once: up to %d, %d never, %d lost" % (
            max(probed), probed.count(0), lost)
        for state, names in (("open", ["open"]), ("closed", ["closed"]), ("filtered", ["unreach", "router"])):
            true = set().union(*(truth(r, space, name) for name in names))
            equal(states.get(state, set()), true, lost, "%s: %s ports" % (sender, state))
        said = [n["text"] for n in records["note"] if n["text"].startswith("sender ")]
        assert len(said) == 1 and said[0].startswith("sender %s " % sender), said


@test
def every_sender_one_port(bed, sonde):
    for sender in SENDERS:
        check(bed, sonde, sender, "10.1.0.0/18", Space("10.1.0.0", 16384, 80), "-p", "80", "--rate", "50k", "10.1.0.0/18")


@test
def every_sender_many_ports(bed, sonde):
    for sender in SENDERS:
        check(bed, sonde, sender, "10.2.0.0/26", Space("10.2.0.0", 64, 1, 256), "-p", "1-256", "--rate", "50k", "10.2.0.0/26")


@test
def shards_and_exclusions(bed, sonde):
    space = Space("10.3.0.0", 4096, 443)
    with bed.responder([Rule("10.3.0.0/20", "tcp", open=500_000)], record=space) as r:
        opened, lost = set(), 0
        for i in range(1, 4):
            losses = Losses(bed)
            records = swept(bed, sonde, "-p", "443", "--rate", "20k", "--seed", "7", "--shard", "%d/3" % i, "--exclude", "10.3.4.0/24", "10.3.0.0/20")
            lost += losses.of("receipt", len(space))
            part = found(records).get("open", set())
            assert not part & opened
            opened |= part
        r.settled()
        probed, left_out = r.record(), range(space.index("10.3.4.0", 443), space.index("10.3.5.0", 443))
        assert not any(probed[i] for i in left_out), "the exclusion was probed"
        assert max(probed) == 1 and probed.count(0) - len(left_out) <= lost, "all others, once"
        equal(opened, {t for t in truth(r, space, "open") if not t[0].startswith("10.3.4.")}, lost, "three shards")


@test
def kernel_sends_no_reset(bed, sonde):
    """Whatever receives: the target sees no RST but those that end half-open connections, one for each open port at most."""
    space = Space("10.4.0.0", 1024, 80)
    losses = Losses(bed)
    with bed.responder([Rule("10.4.0.0/22", "tcp", open=1_000_000)], record=space) as r:
        records = swept(bed, sonde, "-p", "80", "--rate", "10k", "10.4.0.0/22")
        counters, lost = r.settled(), losses.of("receipt", len(space))
        equal(found(records)["open"], truth(r, space, "open"), lost, "open ports")
        assert 1024 - lost <= counters["rst_open"] <= 1024 and not counters["rst_other"], counters


if __name__ == "__main__":
    sys.exit(main(__doc__))
