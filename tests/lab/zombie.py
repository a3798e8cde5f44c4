# SPDX-License-Identifier: BSD-2-Clause
"""
Hosts whose IP identification is of a chosen kind, on one interface: `zombie.py IFACE GATEWAY ADDRESS:KIND[:DELAY_MS[:PORT,...]] ...`

Each answers ARP, refuses with RST what belongs to no connection (RFC 9293 3.10.7.1), and answers SYN on its open ports (80 unless
given) with SYN-ACK, DELAY_MS later. Its neighbours are found by ARP, as a host does it, never from the frames of others.

KIND: seq (one counter for all), by256 (one counter, its bytes the wrong way round), random, perhost (a counter for each peer), zero,
constant, busy (500 a second more), slight (4 a second more), storm (quiet for its first 40 packets, then 2,000 a second more),
silent (answers nothing but ARP), deaf (answers its first 40 packets, no more). Neighbours are those of the same /24.
"""
import heapq
import random
import select
import socket
import struct
import sys
import time

from packets import checksum

FIN, SYN, RST, ACK = 1, 2, 4, 16
NOISE = {"busy": 500, "slight": 4, "storm": 2000}


class Host:
    def __init__(self, spec, stack):
        f = spec.split(":")
        self.ip, self.kind, self.stack = socket.inet_aton(f[0]), f[1], stack
        self.delay = float(f[2]) / 1000 if len(f) > 2 and f[2] else 0
        self.open = set(map(int, f[3].split(","))) if len(f) > 3 else {80}
        self.mac = b"\x02\x5a" + self.ip
        self.count, self.per, self.sent = random.randrange(65536), {}, 0
        self.noise_at = time.monotonic()

    def ip_id(self, peer):
        k, now = self.kind, time.monotonic()
        self.sent += 1
        if k in ("zero", "random", "constant"):
            return {"zero": 0, "constant": 4711}.get(k, random.randrange(65536))
        if k == "perhost":
            self.per[peer] = (self.per.get(peer, random.randrange(65536)) + 1) & 0xffff
            return self.per[peer]
        if k in NOISE and (k != "storm" or self.sent > 40):
            while self.noise_at < now:  # other people's packets, at random moments
                self.noise_at += random.expovariate(NOISE[k])
                self.count += 1
        else:
            self.noise_at = now
        self.count = (self.count + 1) & 0xffff
        return self.count if k != "by256" else (self.count & 255) << 8 | self.count >> 8

    def segment(self, peer, sport, dport, seq, ack, flags):
        tcp = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 8192 if flags & SYN else 0, 0, 0)
        pseudo = self.ip + peer + struct.pack("!BBH", 0, 6, len(tcp))
        tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), self.ip_id(peer), 0, 64, 6, 0, self.ip, peer)
        return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + tcp

    def answer(self, peer, tcp):
        sport, dport, seq, ack = struct.unpack("!HHII", tcp[:12])
        flags = tcp[13]
        if flags & RST or self.kind == "silent" or (self.kind == "deaf" and self.sent >= 40):
            return
        if flags & ACK:
            reply = (dport, sport, ack, 0, RST)
        elif flags & SYN and dport in self.open:
            reply = (dport, sport, random.getrandbits(32), seq + 1 & 0xffffffff, SYN | ACK)
        else:
            reply = (dport, sport, 0, seq + bool(flags & (SYN | FIN)) & 0xffffffff, RST | ACK)
        self.stack.later(self.delay, lambda: self.stack.send(self, peer, self.segment(peer, *reply)))


class Stack:
    def __init__(self, iface, gateway, specs):
        self.gateway = socket.inet_aton(gateway)
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.sock.bind((iface, 0))
        self.sock.setsockopt(263, 1, struct.pack("iHH8s", socket.if_nametoindex(iface), 1, 0, b""))  # promiscuous
        self.hosts = {h.ip: h for h in (Host(s, self) for s in specs)}
        self.neighbours, self.waiting, self.timers, self.n = {}, {}, [], 0

    def later(self, delay, call):
        if not delay:
            return call()
        self.n += 1
        heapq.heappush(self.timers, (time.monotonic() + delay, self.n, call))

    def arp(self, host, op, mac, ip):
        self.sock.send((mac if op == 2 else b"\xff" * 6) + host.mac + struct.pack("!HHHBBH", 0x806, 1, 0x800, 6, 4, op) +
                       host.mac + host.ip + (mac if op == 2 else bytes(6)) + ip)

    def send(self, host, peer, packet):
        peer = peer if peer[:3] == host.ip[:3] else self.gateway
        mac = self.neighbours.get((host.ip, peer))
        if mac:
            self.sock.send(mac + host.mac + b"\x08\0" + packet)
        else:
            self.waiting.setdefault((host.ip, peer), []).append(packet)
            self.arp(host, 1, None, peer)

    def learn(self, host, ip, mac):
        self.neighbours[host.ip, ip] = mac
        for packet in self.waiting.pop((host.ip, ip), []):
            self.sock.send(mac + host.mac + b"\x08\0" + packet)

    def on_arp(self, a):
        op, mac, ip, target = struct.unpack("!H6s4s6x4s", a[6:28])
        host = self.hosts.get(target)
        if not host:
            return
        if ip != bytes(4):
            self.learn(host, ip, mac)
        if op == 1:
            self.arp(host, 2, mac, ip)

    def on_frame(self, f):
        kind = struct.unpack("!H", f[12:14])[0]
        if kind == 0x806:
            self.on_arp(f[14:])
        elif kind == 0x800 and f[23] == 6 and not struct.unpack("!H", f[20:22])[0] & 0x3fff:  # no fragments
            host = self.hosts.get(f[30:34])
            if host and f[:6] == host.mac:
                host.answer(f[26:30], f[14 + (f[14] & 15) * 4:])

    def run(self):
        while True:
            wait = self.timers[0][0] - time.monotonic() if self.timers else 10
            if select.select([self.sock], [], [], max(wait, 0))[0]:
                frame, where = self.sock.recvfrom(2048)
                if where[2] != socket.PACKET_OUTGOING:
                    self.on_frame(frame)
            while self.timers and self.timers[0][0] <= time.monotonic():
                heapq.heappop(self.timers)[2]()


if __name__ == "__main__":
    Stack(sys.argv[1], sys.argv[2], sys.argv[3:]).run()
