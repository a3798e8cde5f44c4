# SPDX-License-Identifier: BSD-2-Clause
"""convert.py RESULTS SONDE: results of a sweep in every format, read by Python's csv, json and struct and by nmap's readers.

RESULTS invents result i by a function that is written here a second time: that is the truth. Filters and choices of fields are made a second
time in Python over rows made by it. Ends with "N checks, N failed".
"""
import csv
import io
import ipaddress
import json
import os
import random
import struct
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

from common import Report, need, scratch
from readers import READERS

START = 1795215600 * 10**9
PORTS = (22, 25, 53, 80, 443, 3389, 8080, 49152)
CHECKS = (None, "speaks", "acked", "silent", "reset", "failed")
M = 2**64 - 1
FIELDS = ("addr proto port state reason reason_ttl reason_ip rtt_ns rtt_source at window mss wscale sack timestamps check").split()


def mix(i):
    z = (i + 1) * 0x9E3779B97F4A7C15 & M
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & M
    z = (z ^ z >> 27) * 0x94D049BB133111EB & M
    return z ^ z >> 31


def address(x, options):
    low = x & (0xFF if "repeats" in options else 0xFFFFFF)
    return str(ipaddress.IPv6Address((0x20010DB8 << 96) + low) if "v6" in options else ipaddress.IPv4Address(0x0A000000 + low))


def when(ns):
    s, rest = divmod(ns, 10**9)
    hms = s - 1795215600
    return "2026-11-20T23:%02d:%02d.%09dZ" % (hms // 60, hms % 60, rest)


def truth(i, options=()):
    """Row i: the fields that are known."""
    x = mix(i)
    y = mix(x)
    is_open = y % 4 != 0
    row = {"addr": address(x, options), "proto": "tcp", "port": PORTS[x >> 40 & 7], "at": START + i * 1000 + (x >> 50)}
    row["reason_ttl"] = 32 + (y >> 8) % 200 & 255
    if y >> 16 & 1:
        row |= {"rtt_ns": 50000 + (y >> 20) % 100000000, "rtt_source": "xdp"}
    if "icmp" in options and x % 16 == 0:
        return row | {"state": "filtered", "reason": "admin-prohibited", "reason_ip": address(x >> 3, options)}  # from a router
    row |= {"state": "open" if is_open else "closed", "reason": "syn-ack" if is_open else "reset", "window": y >> 32 & 0xFFFF}
    if is_open:
        bits = y >> 48 & 15
        row |= {"sack": bool(bits & 4), "timestamps": bool(bits & 8)}
        row |= ({"mss": 1460} if bits & 1 else {}) | ({"wscale": 7} if bits & 2 else {})
        if CHECKS[(y >> 52) % 6]:
            row["check"] = CHECKS[(y >> 52) % 6]
    return row


def as_text(name, value):
    if value is None:
        return ""
    return when(value) if name == "at" else str(value).lower() if isinstance(value, bool) else str(value)


def read_ndjson(data):
    return [json.loads(line) for line in data.decode().splitlines()]


def checksum(h, data):
    for (w,) in struct.iter_unpack("<Q", data):
        h = (h ^ w) * 0x9E3779B97F4A7C15 & M
        h ^= h >> 32
    return h


def read_binary(data):
    """(head's texts, rows, whether it ended): by the layout that results_code.h describes."""
    magic, version, size, start = struct.unpack_from("<8sIIQ", data)
    assert (magic, version, start) == (b"SondeRes", 1, START) and checksum(0, data[:size - 8]) == struct.unpack_from("<Q", data, size - 8)[0]
    texts = data[32:size - 8].split(b"\0")
    rows, ended, at = [], False, size
    while at < len(data):
        magic, kind, slot, _, n, results, base, check = struct.unpack_from("<4sBBHIIQQ", data, at)
        body = data[at + 32:at + 32 + n * slot]
        assert magic == b"SnRB" and checksum(checksum(0, body), data[at:at + 24]) == check
        at += 32 + n * slot
        ended = kind == ord("E")
        if ended:
            continue
        before = len(rows)
        slots = iter(struct.iter_unpack("<4s" if kind == 4 else "<20s", b"".join(body[i:i + slot - 20] for i in range(0, len(body), slot))))
        rests = iter(struct.unpack_from("<IIHHHB5s", body, i + slot - 20) for i in range(0, len(body), slot))
        for (raw,), (rtt, bits, port, window, mss, ttl, arrival) in zip(slots, rests):
            row = {"addr": str(ipaddress.ip_address(raw[:16])), "proto": ("ip", "tcp", "udp", "sctp", "icmp", "icmpv6")[bits & 7], "port": port,
                   "state": bits >> 3 & 7, "rtt_ns": rtt, "options": bits >> 12 & 15, "wscale": bits >> 16 & 15, "check": CHECKS[bits >> 6 & 7],
                   "window": window, "mss": mss, "reason_ttl": ttl, "at": base + int.from_bytes(arrival, "little")}
            if bits >> 27 & 1:
                row["reason_ip"] = str(ipaddress.ip_address(next(slots)[0][:16]))
                next(rests)
            rows.append(row)
        assert len(rows) - before == results
    return texts, rows, ended


def same_binary(got, want):
    """The numbers of a slot against the words of a row."""
    states = {1: "open", 2: "closed", 3: "filtered"}
    for a, b in zip(got, want, strict=True):
        for name in ("addr", "proto", "port", "at"):
            if a[name] != b[name]:
                return f"{name}: {a} {b}"
        for name in ("rtt_ns", "mss", "reason_ttl"):
            if a[name] != b.get(name, 0):
                return f"{name}: {a} {b}"
        if states[a["state"]] != b["state"] or a["check"] != b.get("check") or a.get("reason_ip") != b.get("reason_ip"):
            return f"{a} {b}"
    return None


# ---- a second implementation of --where ------------------------------------------------------------------------------------------


def random_test(rng):
    """(text, function of a row)"""
    compare = {"=": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
               ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}
    kind = rng.randrange(8)
    sign = rng.choice(list(compare))
    test = compare[sign]
    if kind == 0:
        name, value = rng.choice((("port", rng.choice(PORTS)), ("reason_ttl", rng.randrange(256)), ("window", rng.randrange(65536)), ("mss", 1460)))
        return f"{name} {sign} {value}", lambda r: name in r and test(r[name], value)
    if kind == 1:
        unit, factor = rng.choice((("ns", 1), ("us", 10**3), ("ms", 10**6)))
        value = rng.randrange(1, 10**8) // factor + 1
        text = rng.choice((f"rtt_{unit} {sign} {value}", f"rtt {sign} {value}{unit}"))
        return text, lambda r: "rtt_ns" in r and test(r["rtt_ns"], value * factor)
    if kind == 2:
        name, words = rng.choice((("state", ("open", "closed", "filtered")), ("reason", ("syn-ack", "reset")), ("check", CHECKS[1:])))
        value = rng.choice(words)
        equal = rng.random() < 0.5
        quote = rng.choice(("", "'", '"'))
        return f"{name}{'=' if equal else '!='}{quote}{value}{quote}", lambda r: name in r and (r[name] == value) == equal
    if kind == 3:
        chosen = rng.sample(PORTS, rng.randrange(1, 5))
        low = rng.randrange(1000)
        inside = rng.random() < 0.5
        return (f"port {'' if inside else 'not '}in ({', '.join(map(str, chosen))},{low}-{low + 500})",
                lambda r: (r["port"] in chosen or low <= r["port"] <= low + 500) == inside)
    if kind == 4:
        net = ipaddress.ip_network((0x0A000000 + rng.randrange(2**24), rng.randrange(8, 14)), strict=False)
        inside = rng.random() < 0.5
        return f"addr {'' if inside else 'NOT '}in {net}", lambda r: (ipaddress.ip_address(r["addr"]) in net) == inside
    if kind == 5:
        name = rng.choice(("rtt_ns", "rtt", "rtt_ms", "mss", "wscale", "reason_ip", "check"))
        field = "rtt_ns" if name.startswith("rtt") else name
        return f"has {name}", lambda r: field in r
    if kind == 6:
        ns = START + rng.randrange(3 * 10**6)
        return f"at {sign} {when(ns)}", lambda r: test(r["at"], ns)
    name = rng.choice(("sack", "timestamps"))
    want = rng.choice((None, True, False))
    return name if want is None else f"{name} = {str(want).lower()}", lambda r: r.get(name) is (True if want is None else want)


def random_filter(rng, depth=3):
    """Text with as few parentheses as precedence allows at random, and its meaning."""
    what = rng.randrange(4) if depth else 3
    if what == 3:
        return random_test(rng)
    a, f = random_filter(rng, depth - 1)
    if what == 2:
        return f"not ({a})", lambda r: not f(r)
    b, g = random_filter(rng, depth - 1)
    if what == 1:
        return f"({a}) and ({b})", lambda r: f(r) and g(r)
    return rng.choice((f"({a}) or ({b})", f"({a}) OR {b}" if " or " not in b.lower() and " and " not in b.lower() else f"({a}) or ({b})")), \
        lambda r: f(r) or g(r)


# ---- the tests -------------------------------------------------------------------------------------------------------------------


class Tools:
    def __init__(self, results, sonde, d):
        self.results, self.sonde, self.d = results, sonde, d

    def make(self, fmt, n, *options):
        path = os.path.join(self.d, "made." + fmt)
        subprocess.run([self.results, fmt, path, str(n), *options], check=True, capture_output=True)
        with open(path, "rb") as f:
            return path, f.read()

    def run(self, *args):
        return subprocess.run([self.sonde, "convert", *args], capture_output=True, env={"PATH": os.environ["PATH"], "TZ": "UTC", "HOME": self.d})

    def convert(self, path, option, *args):
        p = self.run(path, option, "-", *args)
        assert p.returncode == 0, p.stderr
        return p.stdout


def check_rows(r, what, data, want):
    """NDJSON and CSV say of each row what the truth says, in the same order."""
    rows = [x for x in read_ndjson(data) if x["type"] == "result"]
    full = [{"type": "result"} | {k: when(w[k]) if k == "at" else w[k] for k in FIELDS if k in w} for w in want]
    r.check(rows == full, f"{what}: NDJSON, {len(rows)} of {len(full)} rows" + next((f"\n{a}\n{b}" for a, b in zip(rows, full) if a != b), ""))


def check_csv(r, what, data, want):
    table = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))
    r.check(table[0] == FIELDS, f"{what}: CSV heading {table[0]}")
    r.check(table[1:] == [[as_text(k, w.get(k)) for k in FIELDS] for w in want], f"{what}: CSV rows")


def formats(r, t):
    for options in ((), ("v6",), ("icmp",), ("v6", "icmp", "batch=7"), ("repeats", "batch=1000")):
        n = 3000
        want = [truth(i, options) for i in range(n)]
        for fmt in ("spool", "binary"):
            path, data = t.make(fmt, n, *options)
            texts, rows, ended = read_binary(data)
            r.check(ended and b"sonde --sweep 10.0.0.0/8" in texts, f"{fmt} {options}: head and end")
            wrong = same_binary(rows, want)
            r.check(wrong is None, f"{fmt} {options}: {wrong}")
        check_rows(r, f"live {options}", t.make("ndjson", n, *options)[1], want)
        check_csv(r, f"live {options}", t.make("csv", n, *options)[1], want)
        path, data = t.make("spool", n, *options)
        check_rows(r, f"converted {options}", t.convert(path, "-oD"), want)
        check_csv(r, f"converted {options}", t.convert(path, "-oC"), want)
        again = read_binary(t.convert(path, "-oB"))
        r.check(same_binary(again[1], want) is None and again[2], f"{options}: -oB of -oB")


def group(want):
    """{address: {port: last state}} in the order of answers."""
    hosts = {}
    for w in sorted(want, key=lambda w: w["at"]):
        hosts.setdefault(w["addr"], {})[w["port"]] = w["state"]
    return hosts


def reports(r, t):
    for options in ((), ("repeats",), ("v6", "repeats", "icmp"), ("icmp",)):
        n = 2000
        want = group(truth(i, options) for i in range(n))
        path, _ = t.make("spool", n, *options)
        for fmt, option in (("xml", "-oX"), ("grepable", "-oG"), ("json", "-oJ"), ("normal", "-oN"), ("csv", "-oC"), ("ndjson", "-oD")):
            data = t.convert(path, option)
            for reader in READERS[fmt]:
                wrong = reader(data)
                r.check(wrong is None, f"{options} {fmt} {reader.__name__}: {wrong}")
        xml = ET.fromstring(t.convert(path, "-oX", "-d3"))
        got = [(h.find("address").get("addr"), {int(p.get("portid")): p.find("state").get("state") for p in h.iter("port")}) for h in xml.iter("host")]
        r.check(dict(got) == want, f"{options}: XML hosts and ports")
        r.check([a for a, _ in got] == sorted(want, key=ipaddress.ip_address), f"{options}: hosts in the order of addresses")
        r.check(all(list(p) == sorted(p) for _, p in got), f"{options}: ports in order")
        doc = json.loads(t.convert(path, "-oJ"))
        got = {h["addr"]: {p["port"]: p["state"] for p in h["ports"]} for h in doc["hosts"]}
        r.check(got == want, f"{options}: JSON hosts and ports")
        r.check(doc["end"]["hosts_up"] == len(want) and not doc["end"]["interrupted"], f"{options}: the end")
        names = {p["port"]: p.get("service") for h in doc["hosts"] for p in h["ports"]}
        r.check(names[22] == "ssh" and names[443] == "https", f"{options}: names of services {names}")
        open_only = json.loads(t.convert(path, "-oJ", "--open"))
        r.check({p["state"] for h in open_only["hosts"] for p in h["ports"]} == {"open"}, f"{options}: --open")


def filters(r, t, seed):
    rng = random.Random(seed)
    rows = [truth(i, ("icmp",)) for i in range(1500)]
    path, _ = t.make("spool", len(rows), "icmp")
    kinds = {True: 0, False: 0}
    for _ in range(250):
        text, f = random_filter(rng)
        p = t.run(path, "-oC", "-", "--where", text, "--fields", "addr,port,at")
        got = [(a, int(b), c) for a, b, c in list(csv.reader(io.StringIO(p.stdout.decode(), newline="")))[1:]] if p.returncode == 0 else p.stderr
        want = [(w["addr"], w["port"], when(w["at"])) for w in rows if f(w)]
        kinds[0 < len(want) < len(rows)] += 1
        r.check(got == want, f"--where {text}: {len(got)} rows, not {len(want)}")
    r.check(kinds[True] > 100, f"filters that tell something: {kinds}")
    text = "state = open and rtt_ms < 5"
    data = t.make("ndjson", len(rows), "icmp", "where=" + text)[1]
    keep = [w for w in rows if w["state"] == "open" and w.get("rtt_ns", 10**9) < 5 * 10**6]
    check_rows(r, "live filter", data, keep)
    got = json.loads(t.convert(path, "-oJ", "--where", text))
    r.check({h["addr"] for h in got["hosts"]} == {w["addr"] for w in keep}, "a filter before grouping")


def fields(r, t):
    path, _ = t.make("spool", 500)
    rows = [truth(i) for i in range(500)]
    p = t.convert(path, "-oC", "--fields", "port,rtt_us,rtt_ms,rtt_s,addr")
    table = list(csv.reader(io.StringIO(p.decode(), newline="")))

    def unit(w, digits):
        return "%d.%0*d" % (w["rtt_ns"] // 10**digits, digits, w["rtt_ns"] % 10**digits) if "rtt_ns" in w else ""

    r.check(table == [["port", "rtt_us", "rtt_ms", "rtt_s", "addr"]] + [[str(w["port"]), unit(w, 3), unit(w, 6), unit(w, 9), w["addr"]] for w in rows],
            "--fields with units")
    got = [{k: v for k, v in x.items() if k != "type"} for x in read_ndjson(t.convert(path, "-oD", "--fields", "state,mss")) if x["type"] == "result"]
    r.check(got == [{k: w[k] for k in ("state", "mss") if k in w} for w in rows], "--fields of NDJSON")


def torn(r, t):
    """Cut anywhere: what is whole is read, and both the warning and the report say that something is missing."""
    path, data = t.make("spool", 5000, "cut")
    want = [truth(i) for i in range(5000)]
    doc = json.loads(t.convert(path, "-oJ"))
    r.check(doc["end"]["interrupted"] and doc["end"]["hosts_up"] == len(group(want)), "a run that was killed")
    for size in random.Random(1).sample(range(200, len(data)), 25):
        with open(path, "wb") as f:
            f.write(data[:size])
        p = t.run(path, "-oC", "-", "--fields", "addr,port")
        if p.returncode:
            r.check(size < 300 and b"no file of results" in p.stderr, f"cut at {size}: {p.stderr!r}")
            continue
        got = p.stdout.decode().split("\r\n")[1:-1]
        r.check(got == ["%s,%d" % (w["addr"], w["port"]) for w in want[:len(got)]], f"cut at {size}: other rows")
        r.check(len(got) >= (size - 400) // 24 - 4, f"cut at {size}: {len(got)} rows")
        r.check(b"was cut while it was written" in p.stderr, f"cut at {size}: not said")


def damaged(r, t):
    """A byte is wrong in the middle: its block is left out, which is said and is no success."""
    path, data = t.make("spool", 5000, "damaged")
    with open(path, "wb") as f:
        f.write(data[:len(data) // 2] + bytes((data[len(data) // 2] ^ 1,)) + data[len(data) // 2 + 1:])
    for fmt in ("-oC", "-oN"):
        p = t.run(path, fmt, "-")
        r.check(p.returncode == 1 and b"checksums are wrong" in p.stderr and p.stdout, f"damaged, {fmt}: exit {p.returncode}, {p.stderr!r}")


def killed(r, t):
    """SIGKILL while it writes: all results of the puts that had returned are there, nothing else is."""
    rng = random.Random(2)
    for fmt, batch in (("spool", 1), ("spool", 100), ("binary", 7), ("binary", 4096), ("csv", 100), ("ndjson", 33)):
        path = os.path.join(t.d, f"killed.{fmt}.{batch}")
        p = subprocess.Popen([t.results, fmt, path, "100000000", f"batch={batch}"], stderr=subprocess.DEVNULL)
        while not os.path.exists(path) or os.path.getsize(path) < 300000:
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.02))
        p.kill()
        p.wait()
        if fmt in ("spool", "binary"):
            data = t.convert(path, "-oC", "--fields", "addr,port,at")
        else:
            with open(path, "rb") as f:
                data = f.read()
        lines = data.decode().split("\n")[1:-1]
        if fmt == "ndjson":
            got = [(x["addr"], x["port"], x["at"]) for x in map(json.loads, lines)]
        else:
            cells = [line.rstrip("\r").split(",") for line in lines]
            got = [(c[0], int(c[2]), c[9]) if fmt == "csv" else (c[0], int(c[1]), c[2]) for c in cells]
        r.check(len(got) > batch, f"killed {fmt} {batch}: {len(got)} rows")
        some = sorted({0, len(got) - 1, *(rng.randrange(len(got)) for _ in range(1000))})
        rows = [truth(i) for i in some]
        r.check([got[i] for i in some] == [(w["addr"], w["port"], when(w["at"])) for w in rows], f"killed {fmt} {batch}: other rows")


def screen(r, t):
    """A pipe gets every open port, a terminal some a second and the number of the others."""
    n = 20000
    opened = ["Discovered open port %d/tcp on %s" % (w["port"], w["addr"]) for w in map(truth, range(n)) if w["state"] == "open"]
    p = subprocess.run([t.results, "normal", "-", str(n), "screen"], capture_output=True, text=True)
    r.check([x for x in p.stdout.splitlines() if x.startswith("Disc")] == opened, "a pipe gets all")
    ours, theirs = os.openpty()
    p = subprocess.Popen([t.results, "normal", "-", str(n), "screen"], stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    text = b""
    try:
        while piece := os.read(ours, 65536):
            text += piece
    except OSError:  # the end of a terminal
        pass
    p.wait()
    os.close(ours)
    lines = [x for x in text.decode().splitlines() if x.startswith(("Disc", "..."))]
    r.check(lines[:25] == opened[:25] and lines[25:] == [f"... and {len(opened) - 25} more; all of them are in output files (-oC, -oB)"],
            f"a terminal: {lines[24:]}")


def refusals(r, t):
    path, _ = t.make("spool", 10)
    os.symlink(path, path + ".link")
    for args, code, words in (
        ((), 2, "no file to convert"), ((path, path), 2, "one file"), ((path, "-p", "80"), 2, "-p"), ((path, "-sS"), 2, "-s"),
        ((path, "-oH", "-"), 2, "packets"), ((path, "--packet-capture", "x"), 2, "packets"), (("/dev/null",), 2, "regular file"),
        (("/nonexistent",), 2, "/nonexistent"), ((sys.argv[0],), 2, "no file of results"), ((path, "-oC", path + ".link"), 2, "write over"),
        ((path, "-oX", "/dev/full"), 1, "/dev/full"), ((path, "-oC", "/dev/full"), 1, "/dev/full"), ((path, "-oB", "/dev/full"), 1, "/dev/full"),
        ((path, "-oC", "-", "--fields", "addr,service"), 2, "--fields: there is no field \"service\""),
        ((path, "-oC", "-", "--where", "state = opn"), 2, "--where: column 9: "), ((path, "--fields", "addr"), 2, "--fields is about"),
        ((path, "-oJ", "-", "--fields", "addr"), 2, "--fields"), ((path, "-oC", "/nonexistent/x"), 2, "/nonexistent/x"),
    ):
        p = t.run(*args)
        r.check(p.returncode == code and words in p.stderr.decode() and p.stderr.count(b"\n") == 1, f"{args}: exit {p.returncode}, {p.stderr!r}")
    r.check(read_binary(open(path, "rb").read())[2], "the file that was read is as it was")
    p = t.run(path)
    r.check(p.returncode == 0 and p.stdout.startswith(b"# Sonde ") and b"scan report for 10." in p.stdout, "without a format: the normal report")
    base = os.path.join(t.d, "all")
    p = t.run(path, "-oA", base, "-oD", base + ".ndjson")
    r.check(p.returncode == 0 and not p.stdout and all(os.path.getsize(base + s) for s in (".nmap", ".xml", ".gnmap", ".ndjson")), f"-oA: {p}")
    _, one = t.make("binary", 10)
    copy = os.path.join(t.d, "copy")
    for _ in range(2):
        r.check(t.run(path, "-oB", copy, "--append-output").returncode == 0, "--append-output")
    r.check(len(read_binary(open(copy, "rb").read())[1]) == 20, "--append-output adds results")
    empty, _ = t.make("spool", 0)
    for option in ("-oN", "-oX", "-oG", "-oJ", "-oD", "-oC", "-oB"):
        r.check(t.run(empty, option, "-").returncode == 0, f"no results, {option}")


def main():
    for program in ("xmllint", "xsltproc", "ndiff"):
        need(program)
    r = Report()
    with scratch() as d:
        t = Tools(sys.argv[1], os.path.abspath(sys.argv[2]), d)
        formats(r, t)
        reports(r, t)
        seed = random.randrange(2**32)
        before = r.bad
        filters(r, t, seed)
        if r.bad != before:
            print(f"seed of the filters: {seed}")
        fields(r, t)
        torn(r, t)
        damaged(r, t)
        killed(r, t)
        screen(r, t)
        refusals(r, t)
    r.finish()


main()
