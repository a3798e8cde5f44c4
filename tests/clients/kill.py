# SPDX-License-Identifier: BSD-2-Clause
"""kill.py SAMPLE: SIGKILL at random moments leaves files that parse.

out_file.c says what is guaranteed: a kill that lands inside the one write of a record may cut it at a page boundary. The
writer here does nothing but write, so that is hit now and then, often with records of 100 kB. Then every record before
the cut must be whole; and of short records only few may be cut.
"""
import json
import os
import random
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

from common import Report, scratch

ROUNDS = 25  # of each case
CASES = (("endless", "xml"), ("endless", "json"), ("endless-long", "xml"), ("endless-long", "json"))


def parses(fmt, data):
    try:
        ET.fromstring(data) if fmt == "xml" else json.loads(data)
    except (ET.ParseError, ValueError):
        return False
    return True


def salvaged(fmt, data):
    """The document without the record that was cut."""
    if fmt == "xml":
        return data[: data.rindex(b"</host>\n")] + b"</host></nmaprun>"
    lines = data.split(b"\n")
    whole = [line for line in lines[1:] if line.startswith(b"{") and parses(fmt, line.rstrip(b","))]
    started = [line for line in lines[1:] if line.startswith(b"{")]
    return b"[" + b",".join(line.rstrip(b",") for line in whole) + b"]" if len(started) - len(whole) <= 1 else b"more than one"


def run_and_kill(program, scenario, fmt, path, rng):
    p = subprocess.Popen([program, scenario, fmt, path])
    while not (os.path.exists(path) and os.path.getsize(path)):
        time.sleep(0.001)
    time.sleep(rng.uniform(0.001, 0.04))
    p.kill()
    p.wait()
    with open(path, "rb") as f:
        return f.read()


def kill_case(program, scenario, fmt, r):
    rng = random.Random(scenario + fmt)
    host = b"<host " if fmt == "xml" else b'{"addr"'
    cut = hosts = 0
    with scratch() as d:
        for i in range(ROUNDS):
            data = run_and_kill(program, scenario, fmt, os.path.join(d, str(i)), rng)
            hosts += data.count(host)
            if parses(fmt, data):
                continue
            cut += 1
            r.check(parses(fmt, salvaged(fmt, data)), f"{scenario} {fmt}: records before the cut are whole")
    print(f"{scenario} {fmt}: {ROUNDS} kills, {hosts} hosts written, {cut} documents cut")
    r.check(hosts > 0, f"{scenario} {fmt}: the writer was at work")
    if scenario == "endless":
        r.check(cut * 5 <= ROUNDS, f"{scenario} {fmt}: {cut} of {ROUNDS} documents are cut")


def main():
    r = Report()
    for scenario, fmt in CASES:
        kill_case(sys.argv[1], scenario, fmt, r)
    r.finish()


main()
