# SPDX-License-Identifier: BSD-2-Clause
"""
Two namespaces, a veth between them, and behind it millions of addresses that the XDP responder answers for.

    with Bed(xdpresponder) as bed:
        with bed.responder([Rule("10.0.0.0/8", "tcp", open=10_000, closed=500_000)], record=Space("10.0.0.0", 65536, 80)) as r:
            bed.run(["sonde", ...])                 # in the scanner's namespace, interface swp0
            r.counters()["syn"], r.truth("10.1.2.3", 80), r.record()

The scanner is 10.255.255.1 and fd77:255::1, its gateway the other end of the veth, 10.255.255.2 and fd77:255::2, which the kernel there
answers ARP and ND for. There is no route out of the two. What no rule matches is left to that kernel, as is a rule with serve=False: give the address to
`bed.target_ip("addr", "add", ...)` and real daemons can listen there.

The files of tests mark theirs with @test and end in main(); what the machine lost, they take from Losses.
"""
import contextlib
import ctypes
import fcntl
import ipaddress
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

CLONE_NEWNET = 0x40000000
MASK64 = (1 << 64) - 1
PPM = 1_000_000
PROTOS = {"any": 0, "icmp": 1, "tcp": 6, "udp": 17, "icmp6": 58, "sctp": 132}
STATES = ["silent", "open", "closed", "unreach", "router", "badack", "badport", "astray", "badquote"]
SCANNER, GATEWAY = "10.255.255.1", "10.255.255.2"
SCANNER6, GATEWAY6 = "fd77:255::1", "fd77:255::2"
ROUTER, ROUTER6 = "10.254.0.1", "fd77:254::1"
LINK, PEER = "swp0", "swp1"
TESTS = []
TCX = """
import ctypes, os, socket, struct, sys
call, libc = {"x86_64": 321, "aarch64": 280}[os.uname().machine], ctypes.CDLL(None, use_errno=True)
for hook in (46, 47):
    attr = ctypes.create_string_buffer(struct.pack("II", socket.if_nametoindex(sys.argv[1]), hook), 128)
    ok = libc.syscall(call, 16, attr, 128) == 0
    print(struct.unpack_from("I", attr.raw, 24)[0] if ok else -ctypes.get_errno())
"""


class Skipped(Exception):
    """What a test lacks, in words."""


def halves(address):
    """An address as the responder knows it: two 64-bit integers, IPv4 as ::ffff:a.b.c.d."""
    a = ipaddress.ip_address(address)
    n = int(a) | (0xffff << 32 if a.version == 4 else 0)
    return n >> 64, n & MASK64


def mix64(x):
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9 & MASK64
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb & MASK64
    return x ^ (x >> 31)


def truth_hash(key, hi, lo, proto, port):
    return mix64(key ^ lo ^ (hi * 0x9e3779b97f4a7c15 & MASK64) ^ ((proto << 16 | port) * 0xd6e8feb86659fd93 & MASK64))


class Rule:
    """
    What is true of a prefix's ports: shares of the states in parts per million, the rest silent; the first rule that matches holds.
    badack, badport, astray and badquote look like answers, and are none: a scanner must count them, never record them.
    """

    def __init__(self, prefix, proto="tcp", ports="0-65535", serve=True, **shares):
        net = ipaddress.ip_network(prefix)
        self.proto, self.serve = PROTOS[proto], serve
        self.hi, self.lo = halves(net.network_address)
        mask = int(net.netmask) | (((1 << 96) - 1) << 32 if net.version == 4 else 0)
        self.mask_hi, self.mask_lo = mask >> 64, mask & MASK64
        first, _, last = str(ports).partition("-")
        self.ports = (int(first), int(last or first))
        unknown = set(shares) - set(STATES[1:])
        assert not unknown and sum(shares.values()) <= PPM, "shares of %s, in all at most %d" % (STATES[1:], PPM)
        self.upto, total = [], 0
        for name in STATES[1:]:
            total += shares.get(name, 0)
            self.upto.append((total << 32) // PPM)

    def word(self):
        return "rule=" + ",".join(str(n) for n in [self.hi, self.lo, self.mask_hi, self.mask_lo, self.proto, *self.ports, int(not self.serve), *self.upto])

    def matches(self, hi, lo, proto, port):
        return not ((hi ^ self.hi) & self.mask_hi or (lo ^ self.lo) & self.mask_lo) and self.proto in (0, proto) \
            and self.ports[0] <= port <= self.ports[1]


class Space:
    """What is recorded, a byte per target: `hosts` addresses from `base`, each with `ports` ports from `port`."""

    def __init__(self, base, hosts, port=0, ports=1):
        self.base, self.hosts, self.port, self.ports = ipaddress.ip_address(base), hosts, port, ports
        self.hi, self.lo = halves(base)

    def index(self, address, port):
        return (int(ipaddress.ip_address(address)) - int(self.base)) * self.ports + port - self.port

    def target(self, index):
        return str(self.base + index // self.ports), self.port + index % self.ports

    def __len__(self):
        return self.hosts * self.ports


class Responder:
    """A running responder. Settings are those of Bed.responder."""

    def __init__(self, bed, rules, record=None, key=1, ttl=(64, 1), window=(64240, 1), loss_in=0, loss_out=0, cap=0, cap_burst=0,
                 delay=0.0, delay_spread=0.0, copies=0, copy_spacing=0.0, flood=0, flood_ports=(1, 65535), tick=0.0, ticks=0,
                 stamp_every=64, verify=True, drop=False, quote=0):
        self.bed, self.rules, self.space, self.key = bed, rules, record, key
        self.ttl, self.window, self.delay, self.delay_spread, self.n_ticks = ttl, window, delay, delay_spread, ticks
        settings = dict(
            key=key, ttl=ttl[0], ttl_spread=ttl[1], window=window[0], window_spread=window[1],
            loss_in=int(loss_in * (2**32 - 1)), loss_out=int(loss_out * (2**32 - 1)), delay_ns=int(delay * 1e9),
            delay_spread_ns=int(delay_spread * 1e9), copies=copies, copy_spacing_ns=int(copy_spacing * 1e9), flood_pps=flood,
            flood_lo=flood_ports[0], flood_hi=flood_ports[1], flood_to=SCANNER, tick_ns=int(tick * 1e9), ticks=ticks,
            stamp_mask=stamp_every - 1, verify=int(verify), drop=int(drop), quote=quote, router4=ROUTER, router6=ROUTER6,
            mac=bed.mac(PEER), peer_mac=bed.mac(LINK))
        if cap:
            cost = round(256e9 / cap)
            settings.update(cap_cost=cost, cap_burst=cost * max(1, cap_burst or cap // 1000))
        if record:
            settings.update(record_hi=record.hi, record_lo=record.lo, record_hosts=record.hosts, record_port=record.port,
                            record_ports=record.ports)
        self.args = [bed.program, PEER] + ["%s=%s" % kv for kv in settings.items()] + [r.word() for r in rules]

    def __enter__(self):
        self.log = tempfile.TemporaryFile("w+", dir=self.bed.dir)  # a verifier that refuses says more than a pipe holds
        self.process = subprocess.Popen(["ip", "netns", "exec", self.bed.target_ns] + self.args, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.bed.children.append(self.process)
        if self.process.stdout.readline() != "ready\n":
            self.process.wait(10)
            self.log.seek(0)
            said = self.log.read()
            self.__exit__()
            raise RuntimeError("the responder did not start: " + said[-6000:])
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()
        self.bed.children.remove(self.process)

    def ask(self, *words):
        self.process.stdin.write(" ".join(str(w) for w in words) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def file(self, verb, *words):
        path = os.path.join(self.bed.dir, verb)
        said = self.ask(verb, path, *words)
        assert said == "ok", "%s: %s" % (verb, said)
        with open(path, "rb") as f:
            data = f.read()
        os.unlink(path)
        return data

    # -- what came and went

    def counters(self):
        """The counters of responder.h by name; first_ns and last_ns: CLOCK_MONOTONIC of the probes (see stamp_every)."""
        return json.loads(self.ask("counters"))

    def settled(self, quiet=0.2, limit=30):
        """The counters when nothing has come or waited for `quiet` seconds."""
        last, since, end = None, time.monotonic(), time.monotonic() + limit
        while time.monotonic() < end:
            now = self.counters()
            seen = (now["frames"], now["waiting"], now["sent_later"])
            if seen != last:
                last, since = seen, time.monotonic()
            elif time.monotonic() - since >= quiet and not now["waiting"]:
                break
            time.sleep(0.02)
        return now

    def record(self):
        """bytes: how often each target of the space was probed (255: so often or more)."""
        return self.file("record")

    def arrivals(self):
        """Probes per tick since the first one."""
        return list(struct.unpack("<%dQ" % self.n_ticks, self.file("ticks")))

    def flood(self, on):
        assert self.ask("flood", "on" if on else "off") == "ok"

    # -- what is true

    def rule_of(self, hi, lo, proto, port):
        return next((r for r in self.rules if r.matches(hi, lo, proto, port)), None)

    def hash(self, address, port, proto="tcp"):
        return truth_hash(self.key, *halves(address), PROTOS[proto], port)

    def truth(self, address, port, proto="tcp"):
        """The state's name (STATES); None where no rule is, or the kernel answers. ICMP has port 0."""
        hi, lo = halves(address)
        rule = self.rule_of(hi, lo, PROTOS[proto], port)
        if not rule or not rule.serve:
            return None
        low = truth_hash(self.key, hi, lo, PROTOS[proto], port) & 0xffffffff
        return next((STATES[i + 1] for i, upto in enumerate(rule.upto) if low < upto), "silent")

    def truths(self, space, proto="tcp"):
        """bytes: the state of each target of a space, as an index of STATES; by the responder's own arithmetic, which truth() checks."""
        return self.file("truth", space.hi, space.lo, space.hosts, PROTOS[proto], space.port, space.ports)

    def true_ttl(self, address, port, proto="tcp"):
        return self.ttl[0] - (self.hash(address, port, proto) >> 32 & 0xff) % self.ttl[1]

    def true_window(self, address, port):
        """Of a SYN-ACK."""
        return self.window[0] + (self.hash(address, port) >> 40 & 0xffff) % self.window[1]

    def true_delay(self, address, port, proto="tcp"):
        """Seconds from a probe's arrival to its answer's departure."""
        spread = int(self.delay_spread * 1e9)
        traits = self.hash(address, port, proto) >> 32
        return int(self.delay * 1e9) / 1e9 + (traits * 1000 % spread if spread else 0) / 1e9


class Bed:
    def __init__(self, program, routes=("10.0.0.0/8", "fd00::/8"), queues=None):
        self.program, self.routes, self.queues = os.path.abspath(program), routes, queues or os.cpu_count()
        self.prefix = "so-sweep%d" % os.getpid()
        self.scanner_ns, self.target_ns = self.prefix + "-scan", self.prefix + "-far"
        self.children, self.dir = [], None

    # -- building

    def __enter__(self):
        sweep_up()
        self.dir = tempfile.mkdtemp(prefix=self.prefix + "-")
        try:
            self.build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def build(self):
        for ns in (self.scanner_ns, self.target_ns):
            ip("netns", "add", ns)
            self.sysctl(ns, "net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0",
                        "net.ipv6.conf.default.router_solicitations=0", "net.ipv6.conf.default.addr_gen_mode=1")
            ip("-n", ns, "link", "set", "lo", "up")
        many = ("numtxqueues", str(self.queues), "numrxqueues", str(self.queues))
        ip("link", "add", LINK, "netns", self.scanner_ns, *many, "type", "veth", "peer", "name", PEER, "netns", self.target_ns, *many)
        for ns, dev, four, six in ((self.scanner_ns, LINK, SCANNER, SCANNER6), (self.target_ns, PEER, GATEWAY, GATEWAY6)):
            ip("-n", ns, "addr", "add", four + "/30", "dev", dev)
            ip("-n", ns, "addr", "add", six + "/64", "dev", dev, "nodad")
            self.inside(ns, lambda name=dev: set_gro(name))  # redirected and live frames need it of a peer without XDP
            ip("-n", ns, "link", "set", dev, "up")
        for route in self.routes:
            six = ":" in route
            self.scanner_ip("-6" if six else "-4", "route", "add", route, "via", GATEWAY6 if six else GATEWAY)
        for family, gateway in ((socket.AF_INET, GATEWAY), (socket.AF_INET6, GATEWAY6)):
            with self.socket(family, socket.SOCK_DGRAM) as s:
                s.sendto(b"", (gateway, 9))  # resolves the neighbour

    @staticmethod
    def sysctl(ns, *settings):
        subprocess.run(["ip", "netns", "exec", ns, "sysctl", "-qw", *settings], check=True)

    def scanner_ip(self, *words):
        ip("-n", self.scanner_ns, *words)

    def target_ip(self, *words):
        ip("-n", self.target_ns, *words)

    def mac(self, dev):
        ns = self.scanner_ns if dev == LINK else self.target_ns
        out = subprocess.run(["ip", "-n", ns, "-o", "link", "show", dev], check=True, stdout=subprocess.PIPE, text=True).stdout
        return re.search(r"link/ether ([0-9a-f:]{17})", out).group(1)

    @staticmethod
    def inside(ns, work):
        """Runs work() in a child that is in the namespace."""
        pid = os.fork()
        if not pid:
            code = 1
            try:
                enter(ns)
                work()
                code = 0
            finally:
                os._exit(code)
        if os.waitpid(pid, 0)[1]:
            raise RuntimeError("setting up namespace %s failed" % ns)

    # -- use

    def responder(self, rules, **settings):
        """
        A responder to be entered with `with`. Beside Responder's own: shares of loss in 0..1, times in seconds, cap in answers/s (cap_burst: how
        many at once, 1 ms' worth by default), copies: further copies of each answer every copy_spacing, ttl and window: (base, spread), tick
        and ticks: arrivals are counted per tick, stamp_every: a power of two, probes per reading of the clock, drop: nothing is looked at.
        """
        return Responder(self, rules, **settings)

    def command(self, args):
        return ["ip", "netns", "exec", self.scanner_ns] + list(args)

    def run(self, args, timeout=120, check=True, **kw):
        """A command in the scanner's namespace, output taken."""
        kw = {"capture_output": True, "text": True, "errors": "replace", "cwd": self.dir, **kw}
        return subprocess.run(self.command(args), timeout=timeout, check=check, **kw)

    def start(self, args, target=False, **kw):
        """A process beside, ended with the bed at the latest; in the target's namespace if so said."""
        ns = self.target_ns if target else self.scanner_ns
        self.children.append(subprocess.Popen(["ip", "netns", "exec", ns] + list(args), cwd=self.dir, **kw))
        return self.children[-1]

    def attached(self):
        """What hangs on the scanner's interface: XDP by ip, tcx programs by number, qdiscs and filters by tc."""
        xdp = re.findall(r"prog/xdp|xdp\S* +id", self.run(["ip", "-d", "link", "show", LINK]).stdout)
        tcx = self.run([sys.executable, "-c", TCX, LINK]).stdout.split()
        return xdp, tcx, [self.run(["tc", *words], check=False).stdout for words in (
            ("qdisc", "show", "dev", LINK), ("filter", "show", "dev", LINK, "ingress"), ("filter", "show", "dev", LINK, "egress"))]

    def dropped(self):
        """Frames that the kernel says it lost between the two."""
        total = 0
        for ns, dev in ((self.scanner_ns, LINK), (self.target_ns, PEER)):
            out = subprocess.run(["ip", "-n", ns, "-s", "-j", "link", "show", dev], check=True, stdout=subprocess.PIPE, text=True).stdout
            stats = json.loads(out)[0]["stats64"]
            total += stats["rx"]["dropped"] + stats["tx"]["dropped"]
        return total

    def socket(self, *args, target=False):
        """A socket of a namespace."""
        own = os.open("/proc/self/ns/net", os.O_RDONLY)
        try:
            enter(self.target_ns if target else self.scanner_ns)
            return socket.socket(*args)
        finally:
            setns(own)
            os.close(own)

    @contextlib.contextmanager
    def heartbeat(self, period=0.05):
        """
        A frame now and then that means nothing (IEEE's experimental EtherType): masscan's receiver looks at the time only when something
        came, and would wait for ever for a network that has gone silent.
        """
        done = threading.Event()
        with self.socket(socket.AF_PACKET, socket.SOCK_RAW, target=True) as s:
            s.bind((PEER, 0))
            frame = bytes.fromhex(self.mac(LINK).replace(":", "") + self.mac(PEER).replace(":", "") + "88b5") + bytes(46)

            def beat():
                while not done.wait(period):
                    s.send(frame)
            thread = threading.Thread(target=beat)
            thread.start()
            try:
                yield
            finally:
                done.set()
                thread.join()

    def __exit__(self, *_):
        for p in self.children:
            if p.poll() is None:
                p.terminate()
        for p in self.children:
            try:
                p.wait(5)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        for ns in (self.scanner_ns, self.target_ns):
            drop_space(ns)
        shutil.rmtree(self.dir, ignore_errors=True)


class Losses:
    """What this machine lost, not the program: by a run's receipt, and by the kernel's count since this was made."""
    MOST = 0.01  # of the targets; a run that loses more is at fault itself

    def __init__(self, bed):
        self.bed, self.before = bed, bed.dropped()

    def of(self, receipt, targets):
        """How many targets may lack a probe or an answer."""
        with open(os.path.join(self.bed.dir, receipt), encoding="utf-8") as f:
            r = json.load(f)
        admitted = r["tx_dropped"] + r["rejected"]["no_room"]
        lost = admitted + self.bed.dropped() - self.before
        assert lost <= self.MOST * targets, "%d of %d targets lost on this machine, %d by the receipt" % (lost, targets, admitted)
        return lost


def equal(found, truth, lost, what):
    """Nothing false, and nothing missing but what was lost."""
    false, missed = found - truth, truth - found
    assert not false and len(missed) <= lost, "%s: %d true, %d lost on this machine; missed %d %s, false %d %s" % (
        what, len(truth), lost, len(missed), sorted(missed)[:5], len(false), sorted(false)[:5])


def ip(*words):
    p = subprocess.run(["ip", *words], capture_output=True, text=True)
    if p.returncode:
        raise RuntimeError("ip %s: %s" % (" ".join(words), p.stderr.strip()))


def setns(fd):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def enter(ns):
    fd = os.open("/run/netns/" + ns, os.O_RDONLY)
    setns(fd)
    os.close(fd)


def set_gro(dev):
    """ETHTOOL_SGRO of ethtool(8), which need not be installed."""
    value = ctypes.create_string_buffer(struct.pack("=II", 0x2c, 1))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8946, struct.pack("16sP", dev.encode(), ctypes.addressof(value)))


def drop_space(ns):
    for pid in subprocess.run(["ip", "netns", "pids", ns], capture_output=True, text=True).stdout.split():
        try:
            os.kill(int(pid), signal.SIGKILL)  # a namespace lives as long as its processes
        except ProcessLookupError:
            pass
    subprocess.run(["ip", "netns", "del", ns], check=False, stderr=subprocess.DEVNULL)


def sweep_up():
    """What a bed that was killed has left behind."""
    for name in os.listdir(tempfile.gettempdir()):
        m = re.fullmatch(r"so-sweep(\d+)-\w+", name)
        if m and not os.path.exists("/proc/" + m.group(1)):
            shutil.rmtree(os.path.join(tempfile.gettempdir(), name), ignore_errors=True)
    for ns in os.listdir("/run/netns") if os.path.isdir("/run/netns") else []:
        m = re.fullmatch(r"so-sweep(\d+)-(scan|far)", ns)
        if m and not os.path.exists("/proc/" + m.group(1)):
            drop_space(ns)


# -- the run over the tests of a file

def test(f):
    TESTS.append(f)
    return f


def needs(*programs):
    for p in programs:
        if not shutil.which(p):
            raise Skipped("%s is not installed" % p)


def until(true, what, timeout=60):
    end = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < end, "waited in vain for " + what
        time.sleep(0.02)


def attempt(t, responder, programs, wrong):
    """One test in a bed of its own: "ok", "skipped" or `wrong`, which is also what is printed."""
    begun, outcome, said = time.monotonic(), "ok", None
    try:
        with Bed(responder, queues=getattr(t, "queues", None)) as bed:
            before = bed.attached()
            said = t(bed, *programs)
            after = bed.attached()
            assert before == after, "left at the interface: %s, before %s" % (after, before)
    except Skipped as e:
        outcome, said = "skipped", str(e)
    except Exception as e:  # pylint: disable=broad-except
        outcome, said = wrong, "%s: %s" % (type(e).__name__, str(e)[-1500:])
    print("%-7s %-44s %.1f s%s" % (outcome, t.__name__, time.monotonic() - begun, "; " + said if said else ""), flush=True)
    return outcome


def lacking(responder):
    """Why nothing can be tested here, or None."""
    if os.geteuid() != 0:
        return "needs root to make network namespaces"
    try:
        with Bed(responder) as bed, bed.responder([Rule("10.0.0.0/8")]):
            return None
    except (RuntimeError, OSError) as e:
        if re.search(r"not permitted|permission denied", str(e), re.I):
            return "network namespaces or BPF are not permitted: " + " ".join(str(e).split())[-200:]
        return None  # the tests will say it


def main(doc, programs=("SONDE", "XDPRESPONDER")):
    """argv: programs, XDPRESPONDER the last of them, [NAME...] [--last]; the exit code."""
    n = len(programs) + 1
    if len(sys.argv) < n:
        print(doc)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the bed is taken away
    paths = [os.path.abspath(a) for a in sys.argv[1:n]]
    last = "--last" in sys.argv
    only = [a for a in sys.argv[n:] if a != "--last"]
    why = lacking(paths[-1])
    if why:
        print("skipped: " + why)
        return 77
    outcomes = {t.__name__: attempt(t, paths[-1], paths[:-1], "FAIL" if last else "again") for t in TESTS if not only or t.__name__ in only}
    if last:
        return 1 if "FAIL" in outcomes.values() else 0
    # Real packets on a shared machine: a stall is not the program's, a fault comes again.
    again = [name for name, outcome in outcomes.items() if outcome == "again"]
    failed = sum(subprocess.run([sys.executable, *sys.argv[:n], name, "--last"]).returncode != 0 for name in again)
    skipped = list(outcomes.values()).count("skipped")
    print("%d passed, %d failed, %d skipped" % (len(outcomes) - failed - skipped, failed, skipped))
    return 1 if failed else 77 if outcomes and skipped == len(outcomes) else 0
