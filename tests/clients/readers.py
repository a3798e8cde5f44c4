# SPDX-License-Identifier: BSD-2-Clause
"""Other people's readers: each function takes the bytes of a document and returns None, or what is wrong with it."""
import csv
import io
import json
import os
import re
import subprocess

from common import DTD, scratch

XSL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data", "sonde.xsl")
STATE = r"(?:open|closed|filtered|unfiltered|open\|filtered|closed\|filtered)"
PREFIX = r"Host: [0-9a-fA-F.:]+(?:%\w+)? \([^()\t]*\)\t"
PROTOCOL = rf"\d+/{STATE}/[^/,\t]*/"
PORT = rf"\d+/{STATE}/(?:tcp|udp|sctp)/[^/,\t]*/[^/,\t]*/[^/,\t]*/[^/,\t]*/"
GREPABLE = re.compile(
    r"# .*"
    rf"|{PREFIX}Status: (?:Up|Down|Unknown|Timeout|Interrupted)"
    rf"|{PREFIX}(?:Protocols: (?:{PROTOCOL}(?:, {PROTOCOL})*)?|Ports: (?:{PORT}(?:, {PORT})*)?)(?:\tIgnored State: {STATE} \(\d+\))?"
)


def dtd(data):
    p = subprocess.run(["xmllint", "--noout", "--dtdvalid", DTD, "-"], input=data, capture_output=True)
    return None if p.returncode == 0 else p.stderr.decode(errors="replace")


def page(data):
    """Our stylesheet makes a page of it: HTML by xmllint, and no element of what the network said."""
    p = subprocess.run(["xsltproc", "--nonet", XSL, "-"], input=data, capture_output=True)
    if p.returncode or p.stderr:
        return p.stderr.decode(errors="replace")
    if re.search(rb"<(script|\?)", p.stdout):
        return "foreign text became an element"
    q = subprocess.run(["xmllint", "--html", "--noout", "-"], input=p.stdout, capture_output=True)
    if q.returncode or q.stderr:
        return q.stderr.decode(errors="replace")
    missing = set(re.findall(rb'<address addr="([^"]*)"', data)) - set(re.findall(rb"[0-9A-Fa-f.:]+", p.stdout))
    return f"not on the page: {missing}" if missing else None


def libnmap(data):
    from libnmap.parser import NmapParser, NmapParserException

    try:
        report = NmapParser.parse_fromstring(data.decode("utf-8"))
        for host in report.hosts:
            host.get_ports(), host.get_open_ports(), host.hostnames, host.mac, host.vendor, repr(host)
        report.summary, report.elapsed, report.hosts_total, report.commandline
    except (NmapParserException, KeyError, ValueError, AttributeError) as e:
        return repr(e)
    return None


def ndiff(data):
    """A document does not differ from itself."""
    with scratch() as d:
        path = os.path.join(d, "a.xml")
        with open(path, "wb") as f:
            f.write(data)
        p = subprocess.run(["ndiff", path, path], capture_output=True)
    return None if p.returncode == 0 else f"exit {p.returncode}: {p.stdout!r} {p.stderr!r}"


def grepable(data):
    for line in data.decode("utf-8").split("\n")[:-1]:
        if not GREPABLE.fullmatch(line):
            return repr(line)
    return None if data.endswith(b"\n") else "no newline at the end"


def json_document(data):
    try:
        doc = json.loads(data.decode("utf-8"))
    except ValueError as e:
        return str(e)
    missing = {"scanner", "version", "args", "start", "scaninfo", "hosts", "notes", "end"} - doc.keys()
    return f"no {missing}" if missing else None


def ndjson(data):
    for line in data.decode("utf-8").split("\n")[:-1]:
        try:
            if next(iter(json.loads(line))) != "type":
                return "type is not first: " + line[:80]
        except ValueError as e:
            return f"{e}: {line[:80]}"
    return None


def csv_table(data):
    text = data.decode("utf-8")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    if any(len(r) != len(rows[0]) for r in rows):
        return "rows of different length"
    if text.count("\r\n") != len(rows) or text.count("\n") != len(rows):
        return "a line is not a record"
    return None


def plain(data):
    bad = re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", data)
    return f"control character at {bad.start()}" if bad else None


def packets_of(path):
    """The frames of a capture, by tshark; and what it does not like about the file."""
    p = subprocess.run(["tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.len", "-e", "frame.comment"], capture_output=True)
    return p.stdout.splitlines(), p.stderr.decode(errors="replace") if p.returncode else None


def hexadecimal(data):
    """text2pcap finds as many packets as there are lines of direction and time."""
    with scratch() as d:
        path = os.path.join(d, "a.hex")
        with open(path, "wb") as f:
            f.write(data)
        p = subprocess.run(["text2pcap", "-D", "-t", "ISO", path, path + ".pcapng"], capture_output=True)
        if p.returncode:
            return p.stderr.decode(errors="replace")
        found, wrong = packets_of(path + ".pcapng")
    want = len(re.findall(rb"^[IO] ", data, re.M))
    return wrong or (None if len(found) == want else f"{len(found)} packets, not {want}")


def capture(data):
    if not data:
        return "empty"
    with scratch() as d:
        path = os.path.join(d, "a.pcapng")
        with open(path, "wb") as f:
            f.write(data)
        return packets_of(path)[1]


READERS = {
    "hex": (plain, hexadecimal),
    "pcapng": (capture,),
    "normal": (plain,),
    "kiddie": (plain,),
    "xml": (plain, dtd, page, libnmap, ndiff),
    "grepable": (plain, grepable),
    "json": (plain, json_document),
    "ndjson": (plain, ndjson),
    "csv": (lambda data: plain(data.replace(b"\r\n", b"\n")), csv_table),
}
