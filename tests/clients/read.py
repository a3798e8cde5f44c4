# SPDX-License-Identifier: BSD-2-Clause
"""read.py SAMPLE: other people's programs read every format of every invented run."""
import csv
import io
import json
import os
import sys

from common import FORMATS, PACKET_FORMATS, Report, need, sample, scratch, skip
from readers import READERS

SCENARIOS = ("scan", "brief", "route", "list", "ping", "empty", "down", "interrupted", "hostile", "big", "sweep")
OPTIONS = ((), ("v", "v", "d"), ("open", "reason"), ("style", "trace", "v"))
EVIL = b"<script>alert(\"1\")</script>&amp;]]>"


def read_all(program, r):
    for scenario in SCENARIOS:
        for fmt in FORMATS + PACKET_FORMATS:
            for options in OPTIONS if scenario != "big" else OPTIONS[:1]:
                data = sample(program, scenario, fmt, *options)
                for reader in READERS[fmt]:
                    wrong = reader(data)
                    r.check(wrong is None, f"{scenario} {fmt} {options} {reader.__name__}: {wrong}")


def hostile_survives(program, r):
    """What is legal in a format comes back unchanged; what is not cannot break it."""
    from libnmap.parser import NmapParser

    doc = json.loads(sample(program, "hostile", "json"))
    names = [h["name"] for h in doc["hosts"]]
    r.check("\x1b]0;owned\x07\x1b[2J" in names, "JSON keeps control characters, escaped")
    r.check("two\nlines\r\n\ttab" in names, "JSON keeps newlines, escaped")
    r.check("\ufffd\ufffd bad \ufffd(" in names, "JSON replaces invalid UTF-8")
    report = NmapParser.parse_fromstring(sample(program, "hostile", "xml").decode())
    r.check(EVIL.decode() in [h.vendor for h in report.hosts], "XML keeps markup as text")
    r.check(len(report.hosts) == 9, "XML has all hosts")
    rows = list(csv.DictReader(io.StringIO(sample(program, "hostile", "csv").decode(), newline="")))
    r.check("'=cmd|'/c calc'!A1" in [x["host_name"] for x in rows], "CSV disarms formulas")
    r.check('-->,"quoted",/slash/' in [x["service"].lstrip("'") for x in rows], "CSV keeps quotes and commas")
    r.check(not any(v[:1] in ("=", "+", "-", "@") for x in rows for v in x.values()), "no CSV cell is a formula")
    screen = sample(program, "hostile", "normal", "screen").decode()
    r.check(not any(c in screen for c in "\x1b\x9b\u202e\uffff"), "the screen gets no escape sequence")


def killed_is_complete(program, r):
    """A run that dies without a word leaves whole documents that say so."""
    with scratch() as d:
        for fmt in FORMATS:
            data = sample(program, "killed", fmt, path=os.path.join(d, "out." + fmt))
            for reader in READERS[fmt]:
                wrong = reader(data)
                r.check(wrong is None, f"killed {fmt} {reader.__name__}: {wrong}")
            if fmt in ("xml", "json", "normal", "grepable"):
                r.check(b"interrupted" in data, f"killed {fmt} says interrupted")
            r.check(b"10.77.0.10" in data and b"10.77.0.11" in data, f"killed {fmt} has the hosts")


def appended(program, r):
    with scratch() as d:
        for fmt in FORMATS:
            path = os.path.join(d, "out." + fmt)
            once = sample(program, "scan", fmt, path=path)
            twice = sample(program, "brief", fmt, "append", path=path)
            r.check(twice.startswith(once) and len(twice) > len(once), f"append {fmt}: the old part is untouched")
        table = sample(program, "brief", "csv", "append", path=os.path.join(d, "new.csv"))
        both = sample(program, "brief", "csv", "append", path=os.path.join(d, "new.csv"))
        r.check(both.count(b"host_addr") == 1 and both.startswith(table), "append csv: one heading")
        again = sample(program, "list", "xml", path=os.path.join(d, "out.xml"))
        r.check(again.count(b"<?xml") == 1, "without append the old file is replaced")


def stream_equals_file(program, r):
    with scratch() as d:
        for fmt in FORMATS:
            path = os.path.join(d, "out")
            r.check(sample(program, "scan", fmt, path=path) == sample(program, "scan", fmt), f"{fmt}: file equals pipe")


def main():
    need("xmllint"), need("ndiff"), need("xsltproc")
    try:
        import libnmap  # noqa: F401
    except ImportError:
        skip("python3-libnmap is not installed")
    r = Report()
    for part in (read_all, hostile_survives, killed_is_complete, appended, stream_equals_file):
        part(sys.argv[1], r)
    r.finish()


main()
