# SPDX-License-Identifier: BSD-2-Clause
"""Captures taken in a namespace of the lab, and a decoder of their bytes that shares nothing with Sonde's."""
import functools
import ipaddress
import os
import signal
import struct
import subprocess
import time
import zlib


def ones_sum(data):
    """RFC 1071: 0xffff over data that holds its own checksum."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def checksum(data):
    return ~ones_sum(data) & 0xffff


def crc32c(data):
    """RFC 9260 appendix A, bit by bit."""
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


class Packet:
    """An Ethernet frame of a capture: headers as attributes, `body` behind the IP header."""

    def __init__(self, frame, at):
        self.at = at
        self.frame = frame
        self.eth_dst, self.eth_src = (":".join("%02x" % b for b in frame[i:i + 6]) for i in (0, 6))
        self.ethertype = struct.unpack("!H", frame[12:14])[0]
        self.ip = frame[14:]
        self.version, self.proto, self.src, self.frag_id, self.offset, self.more = 0, None, None, None, 0, False
        if self.ethertype == 0x0800:
            self.ipv4()
        elif self.ethertype == 0x86dd:
            self.ipv6()
        elif self.ethertype == 0x0806:
            self.arp_sender = (":".join("%02x" % b for b in self.ip[8:14]), str(ipaddress.ip_address(self.ip[14:18])))
            self.arp_op = struct.unpack("!H", self.ip[6:8])[0]
        self.ports()

    def ipv4(self):
        head, self.tos, total, self.id, flags, self.ttl, self.proto = struct.unpack("!BBHHHBB", self.ip[:10])
        self.version, self.head = 4, (head & 15) * 4
        self.src, self.dst = (str(ipaddress.ip_address(self.ip[i:i + 4])) for i in (12, 16))
        self.options = self.ip[20:self.head]
        self.frag_id, self.offset, self.more, self.df = self.id, (flags & 0x1fff) * 8, bool(flags & 0x2000), bool(flags & 0x4000)
        self.header_ok = ones_sum(self.ip[:self.head]) == 0xffff
        self.body = self.ip[self.head:total]

    def ipv6(self):
        length, self.proto, self.ttl = struct.unpack("!HBB", self.ip[4:8])
        self.version, self.head, self.header_ok = 6, 40, True
        self.src, self.dst = (str(ipaddress.ip_address(self.ip[i:i + 16])) for i in (8, 24))
        self.body = self.ip[40:40 + length]
        if self.proto == 44:
            self.proto, _, field, self.frag_id = struct.unpack("!BBHI", self.body[:8])
            self.offset, self.more = field & 0xfff8, bool(field & 1)
            self.body = self.body[8:]

    def ports(self):
        self.sport = self.dport = None
        if self.proto in (6, 17, 132) and not self.offset and len(self.body) >= 4:
            self.sport, self.dport = struct.unpack("!HH", self.body[:4])

    @property
    def fragment(self):
        return self.more or self.offset > 0

    @property
    def seq(self):
        return struct.unpack("!I", self.body[4:8])[0]

    @property
    def flags(self):
        return self.body[13]

    @property
    def window(self):
        return struct.unpack("!H", self.body[14:16])[0]

    @property
    def tcp_options(self):
        """[(kind, value)], without what pads them."""
        raw, found = self.body[20:(self.body[12] >> 4) * 4], []
        while raw and raw[0]:
            size = 1 if raw[0] == 1 else raw[1]
            found.append((raw[0], raw[2:size]))
            raw = raw[size:]
        return found

    @property
    def payload(self):
        """Behind the transport header."""
        return self.body[(self.body[12] >> 4) * 4 if self.proto == 6 else 8:]

    def transport_ok(self, dst=None):
        """Whether the transport checksum is right; `dst` where a source route hides the destination."""
        if self.proto == 132:
            return struct.unpack("<I", self.body[8:12])[0] == crc32c(self.body[:8] + b"\0\0\0\0" + self.body[12:])
        pseudo = b""
        if self.proto != 1:
            a, b = (ipaddress.ip_address(x).packed for x in (self.src, dst or self.dst))
            pseudo = a + b + struct.pack("!II", len(self.body), self.proto)
        return ones_sum(pseudo + self.body) == 0xffff

    def adler_ok(self):
        return struct.unpack("!I", self.body[8:12])[0] == zlib.adler32(self.body[:8] + b"\0\0\0\0" + self.body[12:])


def reassemble(fragments):
    """The packet that the fragments of one identification are, by their offsets; all must be there."""
    parts = sorted(fragments, key=lambda p: p.offset)
    body = b""
    for p in parts:
        assert p.offset == len(body), "offset %d after %d bytes" % (p.offset, len(body))
        assert p.more == (p is not parts[-1]), "more fragments wrongly set at %d" % p.offset
        body += p.body
    whole = Packet(parts[0].frame, parts[0].at)
    whole.body, whole.more = body, False
    whole.ports()
    return whole


class Capture:
    """What passes an interface of a namespace while the block runs, or of it what tcpdump's expression says."""

    def __init__(self, lab, space, what="", interface="eth0", name="capture.pcap"):
        self.file = os.path.join(lab.dir, name)
        self.command = ["ip", "netns", "exec", lab.ns(space), "tcpdump", "-i", interface, "-U", "--immediate-mode", "-B", "16384",
                        "--time-stamp-precision=nano", "-Z", "root", "-w", self.file, what]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while "listening on" not in self.process.stderr.readline():
            assert self.process.poll() is None, "tcpdump ended"
        return self

    def __exit__(self, failed, *_):
        time.sleep(0.3)     # what was sent last
        self.process.send_signal(signal.SIGTERM)
        said = self.process.communicate(timeout=20)[1]
        assert failed or "\n0 packets dropped by kernel" in said, said

    @functools.cached_property
    def packets(self):
        """In order; not of the interface "any", whose frames are others."""
        with open(self.file, "rb") as f:
            data = f.read()
        packets, at = [], 24
        while at + 16 <= len(data):
            sec, nsec, have, _ = struct.unpack("<IIII", data[at:at + 16])
            packets.append(Packet(data[at + 16:at + 16 + have], sec + nsec / 1e9))
            at += 16 + have
        return packets

    def lines(self, what=""):
        """The same in tcpdump's words."""
        return subprocess.run(["tcpdump", "-nr", self.file, what], capture_output=True, text=True, check=True).stdout.splitlines()

    def to(self, dst, proto=None, dport=None):
        """Packets to an address."""
        return [p for p in self.packets if p.version and p.dst == dst and proto in (None, p.proto)
                and dport in (None, p.dport)]
