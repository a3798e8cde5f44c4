# SPDX-License-Identifier: BSD-2-Clause
"""
A small network in namespaces, with the truth about it.

One switch (10.77.0.0/24, fd77::/64) joins the scanner and the hosts; three routers lead from it to "far". Nothing has a route out
of it. Real daemons listen on the hosts; nft rules make the firewall and the lossy host; "slow" is the responder, which holds
each answer for 20 ms. `with Lab(...) as lab:` builds it and takes it down again, processes first.
"""
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time

# name: last octet of its IPv4 and IPv6 address, hardware address (vendors by IEEE's blocks)
HOSTS = {
    "web": (10, "00:0c:29:10:10:10"),
    "db": (11, "00:50:56:11:11:11"),
    "fw": (19, "00:09:0f:19:19:19"),
    "lossy": (20, "00:15:5d:20:20:20"),
}
SCANNER = (2, "00:1c:42:02:02:02")
SLOW = 30       # answered by the responder after 20 ms
SILENT = 31     # answers ARP and five ports, drops the rest
DEAD = 99       # nobody

# open ports that a daemon really has, checked with ss when the lab is up
DAEMONS = {
    "web": {"tcp": [22, 80, 8080], "udp": []},
    "db": {"tcp": [53], "udp": [53]},
    "fw": {"tcp": [22, 80], "udp": []},
    "lossy": {"tcp": [22, 80], "udp": []},
    "far": {"tcp": [80], "udp": []},
}

FIREWALL = """
table inet fw {
  chain in {
    type filter hook input priority 0; policy accept;
    tcp dport 1000-1009 drop
    tcp dport 1010-1019 reject with tcp reset
    meta nfproto ipv4 tcp dport 1020-1029 reject with icmp port-unreachable
    meta nfproto ipv4 tcp dport 1030-1039 reject with icmp admin-prohibited
    meta nfproto ipv4 tcp dport 1040-1049 reject with icmp host-prohibited
    meta nfproto ipv6 tcp dport 1020-1029 reject with icmpv6 port-unreachable
    meta nfproto ipv6 tcp dport 1030-1039 reject with icmpv6 admin-prohibited
    meta nfproto ipv6 tcp dport 1040-1049 reject with icmpv6 no-route
    tcp dport 1050-1149 limit rate over 50/second burst 5 packets drop
    udp dport 2000-2009 drop
    udp dport 2010-2019 reject with icmpx admin-prohibited
  }
}
"""
LOSS = """
table inet loss {
  chain in { type filter hook input priority 0; meta l4proto tcp numgen random mod 100 < 5 drop; }
  chain out { type filter hook output priority 0; meta l4proto tcp numgen random mod 100 < 5 drop; }
}
"""


def run(*args, **kw):
    return subprocess.run(args, check=True, capture_output=True, text=True, **kw).stdout


class Lab:
    def __init__(self, responder, only=None):
        self.responder = responder
        self.prefix = "so-lab%d" % os.getpid()
        self.only = only
        self.children = []
        self.spaces = []
        self.dir = tempfile.mkdtemp(prefix="so-lab")

    # -- building ------------------------------------------------------------------------------------

    def ns(self, name):
        return "%s-%s" % (self.prefix, name)

    def ip(self, name, *args):
        run("ip", "-n", self.ns(name), *args)

    def sysctl(self, name, *settings):
        run("ip", "netns", "exec", self.ns(name), "sysctl", "-qw", *settings)

    def add_space(self, name):
        run("ip", "netns", "add", self.ns(name))
        self.spaces.append(name)
        self.sysctl(name, "net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0",
                    "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0", "net.ipv4.icmp_msgs_per_sec=100000")
        self.ip(name, "link", "set", "lo", "up")

    def port(self, name, octet, mac, address=True):
        """A cable from the switch to a namespace."""
        self.ip("sw", "link", "add", "p-" + name, "type", "veth", "peer", "name", "eth0", "netns", self.ns(name))
        self.ip("sw", "link", "set", "p-" + name, "master", "br0", "up")
        self.ip(name, "link", "set", "eth0", "address", mac)
        if address:
            self.ip(name, "addr", "add", "10.77.0.%d/24" % octet, "dev", "eth0")
            self.ip(name, "addr", "add", "fd77::%d/64" % octet, "dev", "eth0", "nodad")
        self.ip(name, "link", "set", "eth0", "up")
        if address and name != "r1":
            self.ip(name, "route", "add", "10.77.0.0/16", "via", "10.77.0.1")
            self.ip(name, "-6", "route", "add", "fd77::/16", "via", "fd77::1")

    def hop(self, a, b, n, last=2):
        """A cable between routers: 10.77.n.1 - 10.77.n.last."""
        self.ip(a, "link", "add", "south%d" % n, "type", "veth", "peer", "name", "north%d" % n, "netns", self.ns(b))
        for name, dev, octet in ((a, "south%d" % n, 1), (b, "north%d" % n, last)):
            self.ip(name, "addr", "add", "10.77.%d.%d/24" % (n, octet), "dev", dev)
            self.ip(name, "addr", "add", "fd77:%d::%d/64" % (n, octet), "dev", dev, "nodad")
            self.ip(name, "link", "set", dev, "up")

    def build(self):
        self.add_space("sw")
        self.sysctl("sw", "net.ipv6.conf.all.disable_ipv6=1")
        self.ip("sw", "link", "add", "br0", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0")
        self.ip("sw", "link", "set", "br0", "up")
        self.add_space("scan")
        self.port("scan", *SCANNER)
        for r in ("r1", "r2", "r3", "far"):
            self.add_space(r)
            self.sysctl(r, "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        self.port("r1", 1, "00:00:0c:01:01:01")
        self.hop("r1", "r2", 1)
        self.hop("r2", "r3", 2)
        self.hop("r3", "far", 3, 10)
        for name, via in (("r1", "10.77.1.2"), ("r2", "10.77.2.2")):
            self.ip(name, "route", "add", "10.77.3.0/24", "via", via)
            self.ip(name, "-6", "route", "add", "fd77:3::/64", "via", "fd77:%s::2" % via.split(".")[2])
        self.ip("r1", "route", "add", "10.77.2.0/24", "via", "10.77.1.2")
        self.ip("r2", "route", "add", "10.77.0.0/24", "via", "10.77.1.1")
        self.ip("r2", "-6", "route", "add", "fd77::/64", "via", "fd77:1::1")
        self.ip("r3", "route", "add", "10.77.0.0/23", "via", "10.77.2.1")
        self.ip("r3", "-6", "route", "add", "fd77::/64", "via", "fd77:2::1")
        self.ip("far", "route", "add", "10.77.0.0/16", "via", "10.77.3.1")
        self.ip("far", "-6", "route", "add", "fd77::/16", "via", "fd77:3::1")
        for name, (octet, mac) in HOSTS.items():
            self.add_space(name)
            self.port(name, octet, mac)
        self.add_space("slow")
        self.port("slow", 0, "00:11:32:30:30:30", address=False)
        self.nft("fw", FIREWALL)
        self.nft("lossy", LOSS)

    def nft(self, name, rules):
        run("ip", "netns", "exec", self.ns(name), "nft", "-f", "-", input=rules)

    # -- daemons -------------------------------------------------------------------------------------

    def daemon(self, name, *args):
        log = open(os.path.join(self.dir, "%s-%s.log" % (name, os.path.basename(args[0]))), "w")
        self.children.append(subprocess.Popen(
            ["ip", "netns", "exec", self.ns(name)] + list(args), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            cwd=self.dir, start_new_session=True))

    def start(self):
        key = os.path.join(self.dir, "hostkey")
        run("dropbearkey", "-t", "ed25519", "-f", key)
        hosts = os.path.join(self.dir, "hosts")
        with open(hosts, "w") as f:
            for name, (octet, _) in HOSTS.items():
                f.write("10.77.0.%d %s.lab\nfd77::%d %s.lab\n" % (octet, name, octet, name))
            f.write("10.77.3.10 far.lab\nfd77:3::10 far.lab\n")
        for name in ("web", "fw", "lossy"):
            self.daemon(name, "dropbear", "-F", "-E", "-r", key, "-p", "22", "-P", self.dir + "/%s.pid" % name)
        for name in ("web", "fw", "lossy", "far"):
            self.daemon(name, "busybox", "httpd", "-f", "-p", "[::]:80", "-h", self.dir)
        self.daemon("web", "/usr/bin/python3", "-m", "http.server", "8080", "--bind", "::", "--directory", self.dir)
        self.daemon("db", "dnsmasq", "-k", "-C", "/dev/null", "--no-resolv", "--no-hosts", "--addn-hosts=" + hosts,
                    "--user=root", "--pid-file=" + self.dir + "/dns.pid",
                    "--bind-dynamic", "--interface=eth0", "--no-dhcp-interface=eth0")
        self.daemon("slow", self.responder, "--interface", "eth0", "--delay-ms", "20", "--max-seconds", "900",
                    "--hosts", "10.77.0.%d/32" % SLOW, "--rule", "tcp,22,open", "--rule", "tcp,443,open",
                    "--hosts", "10.77.0.%d/32" % SILENT, "--rule", "tcp,0-65535,drop", "--rule", "tcp,22,open",
                    "--rule", "tcp,80,open", "--rule", "tcp,443,open", "--rule", "tcp,3306,open",
                    "--rule", "tcp,8080,open")
        for name, ports in DAEMONS.items():
            self.await_ports(name, ports)

    def listening(self, name):
        out = run("ip", "netns", "exec", self.ns(name), "ss", "-Hlntu")
        found = {"tcp": set(), "udp": set()}
        for line in out.splitlines():
            f = line.split()
            found[f[0]].add(int(f[4].rsplit(":", 1)[1]))
        return found

    def await_ports(self, name, ports):
        for _ in range(100):
            found = self.listening(name)
            if all(set(p) <= found[proto] for proto, p in ports.items()):
                return
            time.sleep(0.1)
        raise RuntimeError("%s listens on %s, not on %s; logs in %s" % (name, found, ports, self.dir))

    # -- use -----------------------------------------------------------------------------------------

    def scan(self, *args, timeout=120, input=None):
        """A command in the scanner's namespace."""
        return subprocess.run(["ip", "netns", "exec", self.ns("scan")] + list(args), capture_output=True, text=True,
                              timeout=timeout, input=input, errors="replace", cwd=self.dir)

    def __enter__(self):
        try:
            self.build()
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        for p in self.children:
            p.send_signal(signal.SIGTERM)
        for p in self.children:
            try:
                p.wait(5)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        for name in reversed(self.spaces):
            # what a test that failed has left, for a namespace lives as long as its processes
            for pid in subprocess.run(["ip", "netns", "pids", self.ns(name)], capture_output=True, text=True).stdout.split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            subprocess.run(["ip", "netns", "del", self.ns(name)], check=False)
        shutil.rmtree(self.dir, ignore_errors=True)
