#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
`sonde verify` beside a second implementation of all that a receipt rests on: the permutation, the hashes, the file.

Usage: verify.py SONDE. Receipts are made here, with known holes, overlaps and lies; Sonde has to find them.
"""
import ipaddress
import os
import random
import re
import subprocess
import sys
import tempfile

M64 = (1 << 64) - 1


def rotl(x, n):
    return (x << n | x >> (64 - n)) & M64


class Xoshiro:
    """xoshiro256** seeded by splitmix64 (Blackman, Vigna)."""

    def __init__(self, seed):
        self.s = []
        for _ in range(4):
            seed = (seed + 0x9e3779b97f4a7c15) & M64
            z = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9 & M64
            z = (z ^ z >> 27) * 0x94d049bb133111eb & M64
            self.s.append(z ^ z >> 31)

    def next(self):
        s = self.s
        out = rotl(s[1] * 5 & M64, 7) * 9 & M64
        t = s[1] << 17 & M64
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotl(s[3], 45)
        return out


def mix(z):
    z = (z ^ z >> 33) * 0xff51afd7ed558ccd & M64
    z = (z ^ z >> 29) * 0xc4ceb9fe1a85ec53 & M64
    return z ^ z >> 32


class Perm:
    """The keyed order of 0 .. n-1: four Feistel steps over uneven halves, walked until below n."""

    def __init__(self, n, key):
        self.n, self.bits = n, 1
        while self.bits < 32 and 1 << 2 * self.bits < n:
            self.bits += 1
        self.rows = ((n - 1) >> self.bits) + 1
        self.keys = [mix((key + (i + 1) * 0x9e3779b97f4a7c15) & M64) for i in range(4)]

    def once(self, x):
        mask = (1 << self.bits) - 1
        left, right = x & mask, x >> self.bits
        for step in range(4):
            if step % 2 == 0:
                left ^= mix((right + self.keys[step]) & M64) & mask
            else:
                right = (right + ((mix((left + self.keys[step]) & M64) >> 32) * self.rows >> 32)) % self.rows
        return right << self.bits | left

    def at(self, i):
        x = self.once(i)
        while x >= self.n:
            x = self.once(x)
        return x


def sip(k0, k1, words, last, rounds):
    """SipHash of whole words and a last one (length and rest of the bytes)."""
    v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]

    def turn():
        v[0] = (v[0] + v[1]) & M64
        v[1] = rotl(v[1], 13) ^ v[0]
        v[0] = rotl(v[0], 32)
        v[2] = (v[2] + v[3]) & M64
        v[3] = rotl(v[3], 16) ^ v[2]
        v[0] = (v[0] + v[3]) & M64
        v[3] = rotl(v[3], 21) ^ v[0]
        v[2] = (v[2] + v[1]) & M64
        v[1] = rotl(v[1], 17) ^ v[2]
        v[2] = rotl(v[2], 32)

    for w in list(words) + [last]:
        v[3] ^= w
        for _ in range(rounds[0]):
            turn()
        v[0] ^= w
    v[2] ^= 0xff
    for _ in range(rounds[1]):
        turn()
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def sip24(k0, k1, data):
    whole = len(data) // 8 * 8
    words = [int.from_bytes(data[i:i + 8], "little") for i in range(0, whole, 8)]
    return sip(k0, k1, words, len(data) % 256 << 56 | int.from_bytes(data[whole:], "little"), (2, 4))


class Plan:
    """A small sweep, and all that can be computed of it."""

    def __init__(self, ranges, ports, seed, shards=1, sample=(15, 3), kind=("tcp", 0, 2)):
        self.ranges = [(ipaddress.ip_address(str(a)), ipaddress.ip_address(str(b))) for a, b in ranges]
        self.family = self.ranges[0][0].version
        self.hosts = [int(a) + i for a, b in self.ranges for i in range(int(b) - int(a) + 1)]
        self.ports, self.seed, self.shards, self.sample, self.kind = ports, seed, shards, sample, kind
        self.total = len(self.hosts) * len(ports)
        self.perm = Perm(self.total, Xoshiro(seed).next())

    def target(self, index):
        v = self.perm.at(index)
        return self.hosts[v // len(self.ports)], self.ports[v % len(self.ports)]

    def text(self, index):
        host, port = self.target(index)
        return ("[%s]:%d" if self.family == 6 else "%s:%d") % (ipaddress.ip_address(host) if self.family == 4 else
                                                              ipaddress.IPv6Address(host), port)

    def hash(self, index, mark, keys):
        host, port = self.target(index)
        what = self.kind[1] << 51 | mark << 48 | port << 32
        if self.family == 4:  # 7 bytes, and 23
            return sip(keys[0], keys[1], [], 7 << 56 | what | host, (1, 3))
        return sip(keys[0], keys[1], [host & M64, host >> 64], 23 << 56 | what, (1, 3))

    def set_digest(self):
        """SipHash-1-3 keyed by family and count, of each range's first index and address; the length is their number."""
        words, index = [], 0
        for a, b in self.ranges:
            words += [index, int(a) >> 64, int(a) & M64]
            index += int(b) - int(a) + 1
        return sip(self.family, len(self.hosts), words, len(self.ranges) << 56 & M64, (1, 3))

    def fingerprint(self):
        text = "sonde sweep 1 family %d kind %d flags %d hosts %d set %016x seed %d passes 1 shards %d sample %d %d ports" % (
            self.family, self.kind[1], self.kind[2], len(self.hosts), self.set_digest(), self.seed, self.shards, *self.sample)
        text = (text + "".join(" %d" % p for p in self.ports)).encode()
        return "%016x%016x" % (sip24(0x736f6e6465207377, 0x65657020706c616e, text),
                               sip24(0x706c616e20737765, 0x657020736f6e6465, text))


def digest(plan, pieces, keys):
    total = 0
    for a, b in pieces:
        for i in range(a, b):
            total += plan.hash(i, 1 if i & plan.sample[0] == plan.sample[1] else 0, keys)
    return total & M64


def write(path, plan, shard, pieces, lie=0, recheck=(), complete=True):
    """A receipt as Sonde writes them; `lie` is added to the digest."""
    keys = (random.getrandbits(64), random.getrandbits(64))
    total = digest(plan, pieces, keys) + lie + sum(plan.hash(i, 2, keys) for i in recheck)
    rows = ['{"mark": "plain", "from": %d, "to": %d, "stride": 1, "times": 1}' % p for p in pieces]
    rows += ['{"mark": "recheck", "from": %d, "to": %d, "stride": %d, "times": 1}' % (i, i + 1, plan.sample[0] + 1) for i in recheck]
    sent = sum(b - a for a, b in pieces) + len(recheck)
    lines = ['{"sonde_receipt": 1,', '"plan": "a test", "plan_hash": "%s",' % plan.fingerprint(),
             '"technique": "syn", "kind": "%s", "tcp_flags": %d,' % (plan.kind[0], plan.kind[2]),
             '"family": %d, "addresses": %d, "address_set": "%016x",' % (plan.family, len(plan.hosts), plan.set_digest()),
             '"ranges": [%s],' % ",".join('"%s-%s"' % r for r in plan.ranges),
             '"ports": [%s],' % ",".join(map(str, plan.ports)),
             '"seed": "%d", "probes": %d, "passes": 1, "sample_mask": %d, "sample_at": %d,' % (plan.seed, plan.total, *plan.sample),
             '"shards": %d, "shard": [%d], "complete": %s,' % (plan.shards, shard + 1, "true" if complete else "false"),
             '"sessions": [{"start_ns": 1, "end_ns": 2, "key": ["%016x", "%016x"], "digest": "%016x", "sent": %d, "skipped": 0,' % (
                 *keys, total & M64, sent),
             '"intervals": [%s], "canaries": []}],' % ",\n".join(rows), '"skipped_hosts": [],',
             '"frames": 0, "answers": {"syn_ack": 0, "rst": 0, "data": 0, "init_ack": 0, "abort": 0, "reply": 0, "icmp_error": 0},',
             '"rejected": {"bad_cookie": 0, "bad_flags": 0, "bad_time": 0, "bad_form": 0, "duplicate": 0, "no_room": 0},',
             '"resets": 0, "tx_sent": 0, "tx_dropped": 0, "sender": "x", "receiver": "y", "rate_asked": 0, "rate_reached": 0,',
             '"pace": "", "missed": {"known": false, "sampled": 0, "answered_first": 0, "answered_second": 0, "second_only": 0,',
             '"spread": 1.0},']
    body = "\n".join(lines).encode() + b"\n"
    total = 0
    for line in body.split(b"\n")[:-1]:
        total = sip24(total, 0x7265636569707431, line + b"\n")
    with open(path, "wb") as f:
        f.write(body + b'"checksum": "%016x"}\n' % total)


class Tests:
    def __init__(self, sonde, folder):
        self.sonde, self.folder, self.passed, self.failed = sonde, folder, 0, 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *args):
        p = subprocess.run([self.sonde, "verify", *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        return p.returncode, p.stdout.decode()

    def check(self, what, good, said=""):
        self.passed += bool(good)
        self.failed += not good
        if not good:
            print("FAILED: %s\n%s" % (what, said))

    def whole(self, name, plan):
        path = self.path("whole")
        write(path, plan, 0, [(0, plan.total)], recheck=[i for i in range(plan.total) if i & plan.sample[0] == plan.sample[1]][:20])
        code, out = self.run(path)
        self.check(name, code == 0 and "Sent: 100 %\n" in out and "Digest: agrees, " in out, out)
        write(path, plan, 0, [(0, plan.total)], lie=1)
        code, out = self.run(path)
        self.check(name + ", wrong digest", code == 1 and "Digest: DIFFERS" in out, out)
        code, out = self.run("--quick", path)
        self.check(name + ", wrong digest, quick", code == 0 and "not computed" in out, out)

    def holes(self, plan, rng):
        """Random shards with random parts left out or sent by two: the exact intervals and targets."""
        cuts = sorted(rng.sample(range(1, plan.total), 6))
        edges = [0] + cuts + [plan.total]
        parts = list(zip(edges, edges[1:]))
        hole = rng.randrange(len(parts))
        twice = rng.choice([i for i in range(len(parts)) if i != hole])
        shard = [[], []]
        for i, p in enumerate(parts):
            if i != hole:
                shard[i % 2].append(p)
            if i == twice:
                shard[1 - i % 2].append(p)
        for i in range(2):
            write(self.path("s%d" % i), plan, i, sorted(shard[i]))
        code, out = self.run("--all", self.path("s0"), self.path("s1"))
        got = [(int(a), int(b) + 1) for a, b in re.findall(r"hole: index (\d+)-(\d+)", out)]
        over = [(int(a), int(b) + 1) for a, b in re.findall(r"overlap: index (\d+)-(\d+)", out)]
        self.check("holes", code == 1 and got == [parts[hole]] and over == [parts[twice]], out)
        self.check("digests of shards with holes", "Digest: agrees" in out, out)
        code, out = self.run("--list", self.path("s0"), self.path("s1"))
        want = sorted(plan.text(i) for i in range(*parts[hole]))
        self.check("list of the targets of a hole", code == 1 and sorted(out.split()) == want, out[:500])

    def shards(self, plan):
        n, names = plan.shards, []
        for i in range(n):
            names.append(self.path("shard%d" % i))
            write(names[-1], plan, i, [(plan.total * i // n, plan.total * (i + 1) // n)])
        code, out = self.run(*names)
        self.check("%d shards" % n, code == 0 and "Sent: 100 %\n" in out, out)
        code, out = self.run(*names[1:])
        self.check("a shard missing", code == 1 and "missing: the receipt of shard 1/%d" % n in out and
                   "hole: index 0-%d" % (plan.total // n - 1) in out, out)
        code, out = self.run("--merge", self.path("merged"), *names)
        self.check("merging", code == 0, out)
        code, out = self.run(self.path("merged"))
        self.check("the merged receipt", code == 0 and "Sent: 100 %\n" in out and "Digest: agrees" in out, out)
        before = open(names[0], "rb").read()
        for to, link in ((self.path("merged"), "link"), (names[0], "first")):
            if not os.path.islink(self.path(link)):
                os.symlink(to, self.path(link))
        for target in (names[0], self.path("first")):
            code, out = self.run("--merge", target, *names)
            self.check("--merge into what is read", code == 2 and "write over" in out and open(names[0], "rb").read() == before, out)
        os.truncate(self.path("merged"), 0)
        self.run("--merge", self.path("link"), *names)
        self.check("--merge through a link", os.path.islink(self.path("link")) and self.run(self.path("merged"))[0] == 0, "")
        for args, words in ((("/dev/zero",), "no receipt"), ((self.folder,), "directory"), (("--quick", "--threads", "2", names[0]), "--threads"),
                            (("--list", "--all", names[0]), "--all"), (("--bogus",), "sonde verify --help")):
            code, out = self.run(*args)
            self.check(f"verify {args}", code in (1, 2) and words in out, out)
        self.check("verify --help", "Known by name" not in self.run("--help")[1], "")
        code, out = self.run(names[0], self.path("merged"))
        self.check("a shard twice", code == 1 and "overlap: index 0-" in out, out)

    def refusals(self, plan, other):
        a, b = self.path("a"), self.path("b")
        write(a, plan, 0, [(0, plan.total)])
        write(b, other, 0, [(0, other.total)])
        code, out = self.run(a, b)
        self.check("two plans", code == 2 and "do not agree in the seed" in out, out)
        with open(a, "rb") as f:
            data = f.read()
        for what, damaged in (("cut", data[:-30]), ("edited", data.replace(b'"times": 1', b'"times": 2')), ("empty", b""),
                              ("not a receipt", b"{}\n")):
            with open(b, "wb") as f:
                f.write(damaged)
            code, out = self.run(b)
            self.check("a receipt that is " + what, code == 2 and out.startswith("sonde: ") and out.count("\n") == 1, out)
        code, out = self.run()
        self.check("no receipt", code == 2, out)
        code, out = self.run(self.path("absent"))
        self.check("an absent receipt", code == 1 and "No such file" in out, out)
        write(a, plan, 0, [(0, plan.total)], complete=False)
        code, out = self.run(a)
        self.check("a run that did not end", code == 1, out)


def main():
    rng = random.Random(5)
    random.seed(6)
    small = Plan([("10.0.0.0", "10.0.0.255")], [80], 1)
    odd = Plan([("10.0.0.3", "10.0.0.17"), ("10.0.1.0", "10.0.1.200"), ("192.0.2.7", "192.0.2.7")], [22, 80, 443, 8080, 65535], 2 ** 64 - 1)
    six = Plan([("fd00::fff0", "fd00::1:f"), ("fd00:0:0:1:ffff:ffff:ffff:fffe", "fd00:0:0:2::3")], [443, 53], 77)
    udp = Plan([("10.9.0.0", "10.9.0.99")], [53, 123], 5, kind=("udp", 1, 0), sample=(0, 1))
    with tempfile.TemporaryDirectory() as folder:
        t = Tests(sys.argv[1], folder)
        for name, plan in (("256 addresses", small), ("odd ranges and ports", odd), ("IPv6", six), ("UDP without a sample", udp)):
            t.whole(name, plan)
        for _ in range(10):
            t.holes(Plan(odd.ranges, odd.ports, rng.getrandbits(64), shards=2), rng)
        t.holes(Plan(six.ranges, six.ports, 78, shards=2), rng)
        for n in (2, 3, 7):
            t.shards(Plan([("10.0.0.0", "10.0.0.99")], [80, 81, 82], 9, shards=n))
        t.refusals(small, Plan([("10.0.0.0", "10.0.0.255")], [80], 2))
    print("%d passed, %d failed, 0 skipped" % (t.passed, t.failed))
    return 1 if t.failed else 0


if __name__ == "__main__":
    sys.exit(main())
