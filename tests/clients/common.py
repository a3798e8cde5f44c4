# SPDX-License-Identifier: BSD-2-Clause
"""What the client tests share: running the sample writer, skipping, reporting."""
import os
import shutil
import subprocess
import sys
import tempfile

SKIP = 77
DTD = "/usr/share/nmap/nmap.dtd"
FORMATS = ("normal", "kiddie", "xml", "grepable", "json", "ndjson", "csv")
PACKET_FORMATS = ("hex", "pcapng")

os.environ["TZ"] = "UTC"
os.environ["LC_ALL"] = "C.UTF-8"


def skip(why):
    print("skipped:", why)
    sys.exit(SKIP)


def need(program):
    return shutil.which(program) or skip(program + " is not installed")


def sample(program, scenario, fmt, *options, path="-", check=True):
    """The bytes that the writer makes of a scenario."""
    p = subprocess.run([program, scenario, fmt, path, *options], capture_output=True)
    if check and p.returncode != 0:
        raise AssertionError(f"{scenario} {fmt} {options}: exit {p.returncode}: {p.stderr.decode(errors='replace')}")
    if path == "-":
        return p.stdout
    with open(path, "rb") as f:
        return f.read()


def scratch():
    return tempfile.TemporaryDirectory(prefix="sonde-clients-")


class Report:
    """Counts checks; the exit code says whether all were good."""

    def __init__(self):
        self.n = 0
        self.bad = 0

    def check(self, ok, what):
        self.n += 1
        if not ok:
            self.bad += 1
            print("FAIL:", what)
        return ok

    def finish(self):
        print(f"{self.n} checks, {self.bad} failed")
        sys.exit(1 if self.bad or self.n == 0 else 0)
