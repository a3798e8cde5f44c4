# SPDX-License-Identifier: BSD-2-Clause
"""golden.py SAMPLE DIRECTORY [--write]: the bytes of invented runs equal the reviewed files, byte by byte."""
import difflib
import os
import sys

from common import Report, sample

CASES = [
    ("scan", "normal"), ("scan", "normal", "screen", "v"), ("scan", "normal", "screen", "reason", "trace"),
    ("scan", "normal", "open"), ("brief", "normal", "v", "v", "d"),
    ("list", "normal", "screen"), ("ping", "normal", "screen"), ("ping", "normal", "screen", "v", "v"),
    ("empty", "normal", "screen"), ("down", "normal", "screen"), ("interrupted", "normal", "screen"),
    ("interrupted", "normal"), ("hostile", "normal"),
    ("scan", "xml"), ("scan", "xml", "open", "v", "style"), ("list", "xml"), ("ping", "xml", "v"), ("interrupted", "xml"),
    ("hostile", "xml"),
    ("scan", "grepable"), ("scan", "grepable", "v"), ("scan", "grepable", "open"), ("list", "grepable"),
    ("ping", "grepable", "v"), ("interrupted", "grepable"), ("hostile", "grepable"),
    ("brief", "json"), ("hostile", "json"), ("brief", "ndjson"), ("brief", "csv"), ("hostile", "csv"), ("scan", "csv", "open"),
    ("route", "normal"), ("route", "xml"), ("route", "grepable"), ("route", "json"), ("route", "ndjson"),
    ("sweep", "normal"), ("sweep", "normal", "screen", "v"), ("sweep", "xml"), ("sweep", "grepable"), ("sweep", "json"),
    ("sweep", "ndjson"), ("sweep", "csv"),
]  # fmt: skip


def main():
    program, directory = sys.argv[1:3]
    write = sys.argv[3:] == ["--write"]
    r = Report()
    for scenario, fmt, *options in CASES:
        path = os.path.join(directory, ".".join(["-".join([scenario, *options]), fmt]))
        got = sample(program, scenario, fmt, *options)
        if write:
            with open(path, "wb") as f:
                f.write(got)
        with open(path, "rb") as f:
            want = f.read()
        if not r.check(got == want, path):
            a, b = (x.decode(errors="backslashreplace").splitlines() for x in (want, got))
            print("\n".join(difflib.unified_diff(a, b, "golden", "got", lineterm="")))
    r.finish()


main()
