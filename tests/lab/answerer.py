#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
answerer.py INTERFACE - the host that Linux is not: an old TCP whose resets carry the window of a listener, SCTP by
RFC 9260, and ICMP address masks by RFC 950. It looks at frames and answers where they came from; the kernel of its namespace
does ARP and neighbour discovery and must drop what is answered here (RULES).
"""
import socket
import struct
import sys

from packets import checksum, crc32c

RULES = """
table inet quiet {
  chain in {
    type filter hook input priority 0; policy accept;
    meta l4proto { tcp, sctp } drop
    icmp type address-mask-request drop
  }
}
"""
TCP_OPEN = (22, 80)
SCTP_OPEN = (9, 80)
SCTP_SILENT = range(100, 110)   # a firewall's
WINDOW = 4096
INIT, INIT_ACK, ABORT, COOKIE_ECHO = 1, 2, 6, 10
FIN, SYN, RST, ACK = 1, 2, 4, 16


def tcp(seg, pseudo):
    """RFC 9293 3.10.7.1: the reset."""
    sport, dport, seq, ack, offset, flags = struct.unpack("!HHIIBB", seg[:14])
    if flags & RST:
        return None
    size = len(seg) - (offset >> 4) * 4 + bool(flags & SYN) + bool(flags & FIN)
    window = WINDOW if dport in TCP_OPEN else 0
    if flags & ACK:
        fields = (dport, sport, ack, 0, 0x50, RST, window, 0, 0)
    else:
        fields = (dport, sport, 0, (seq + size) & 0xffffffff, 0x50, RST | ACK, window, 0, 0)
    out = struct.pack("!HHIIBBHHH", *fields)
    return out[:16] + struct.pack("!H", checksum(pseudo(6, len(out)) + out)) + out[18:]


def sctp(seg):
    """RFC 9260 5.1, 5.1.5, 8.4."""
    sport, dport, vtag = struct.unpack("!HHI", seg[:8])
    kind = seg[12]
    if seg[8:12] != struct.pack("<I", crc32c(seg[:8] + bytes(4) + seg[12:])) or dport in SCTP_SILENT:
        return None
    if kind == INIT:
        vtag, = struct.unpack("!I", seg[16:20])
        chunk = struct.pack("!BBHIIHHIHH4s", INIT_ACK, 0, 28, 0x1234, 65536, 10, 10, 1, 7, 8, b"okay")
    if kind == INIT and dport not in SCTP_OPEN:
        chunk = struct.pack("!BBH", ABORT, 0, 4)
    elif kind != INIT and (kind != COOKIE_ECHO or dport in SCTP_OPEN):
        return None     # a cookie that was never given out
    elif kind == COOKIE_ECHO:
        chunk = struct.pack("!BBH", ABORT, 1, 4)
    head = struct.pack("!HHI", dport, sport, vtag)
    return head + struct.pack("<I", crc32c(head + bytes(4) + chunk)) + chunk


def mask(seg):
    out = struct.pack("!BBH", 18, 0, 0) + seg[4:8] + b"\xff\xff\xff\0"
    return out[:2] + struct.pack("!H", checksum(out)) + out[4:]


def answer(proto, seg, pseudo):
    if proto == 6 and len(seg) >= 20:
        return tcp(seg, pseudo)
    if proto == 132 and len(seg) >= 16:
        return sctp(seg)
    if proto == 1 and len(seg) >= 12 and seg[0] == 17:
        return mask(seg)
    return None


def ipv4(p):
    size, total = (p[0] & 15) * 4, struct.unpack("!H", p[2:4])[0]
    src, dst = p[12:16], p[16:20]
    out = answer(p[9], p[size:total], lambda proto, n: dst + src + struct.pack("!BBH", 0, proto, n))
    if not out:
        return None
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(out), 0, 0, 64, p[9], 0, dst, src)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + out


def ipv6(p):
    size, = struct.unpack("!H", p[4:6])
    src, dst = p[8:24], p[24:40]
    out = answer(p[6], p[40:40 + size], lambda proto, n: dst + src + struct.pack("!II", n, proto))
    if not out:
        return None
    return struct.pack("!IHBB16s16s", 6 << 28, len(out), p[6], 64, dst, src) + out


def main():
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((sys.argv[1], 3))
    while True:
        frame, where = s.recvfrom(65535)
        kind = frame[12:14]
        if where[2] != socket.PACKET_HOST or kind not in (b"\x08\0", b"\x86\xdd"):
            continue
        out = ipv4(frame[14:]) if kind == b"\x08\0" else ipv6(frame[14:])
        if out:
            s.send(frame[6:12] + frame[:6] + kind + out)


if __name__ == "__main__":
    main()
