#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
What a sweep leaves of a TCP transfer over the same interface.

    bulk.py [-s SECONDS] [-n RUNS] XDPRESPONDER COMMAND [ARG...]

runs the command in the scanner's namespace of a bed, beside a transfer from there to the gateway, and prints the speed without and with
it and the ratio. The responder answers for 10.0.0.0/9: one in a hundred open, the rest silent. MAC in an argument is the gateway's.
A machine with two cores shares them between the transfer, the sweep and the responder: then the ratio is of cores, not of the link.
"""
import argparse
import mmap
import os
import signal
import socket
import statistics
import struct
import subprocess
import sys
import time

from bed import GATEWAY, LINK, PEER, Bed, Rule

PORT, CHUNK = 5001, 1 << 18


class Bulk:
    """A transfer that goes on while the block runs, and its speed."""

    def __init__(self, bed):
        self.bed, self.pids = bed, []
        self.count = mmap.mmap(-1, 8)

    def child(self, work):
        pid = os.fork()
        if pid:
            self.pids.append(pid)
            return
        try:
            for s in (signal.SIGTERM, signal.SIGINT):
                signal.signal(s, signal.SIG_DFL)
            work()
        finally:
            os._exit(0)

    def __enter__(self):
        server = self.bed.socket(socket.AF_INET, socket.SOCK_STREAM, target=True)
        server.bind((GATEWAY, PORT))
        server.listen()
        self.child(lambda: self.take(server))
        client = self.bed.socket(socket.AF_INET, socket.SOCK_STREAM)
        client.connect((GATEWAY, PORT))
        self.child(lambda: self.give(client))
        server.close()
        client.close()
        time.sleep(0.3)
        return self

    @staticmethod
    def give(client):
        data = bytes(CHUNK)
        while True:
            client.sendall(data)

    def take(self, server):
        conn, total, room = server.accept()[0], 0, bytearray(CHUNK)
        while n := conn.recv_into(room):
            total += n
            self.count[:] = struct.pack("Q", total)

    def bytes(self):
        return struct.unpack("Q", self.count[:])[0]

    def speed(self, seconds, until=None):
        """Bits a second over so many seconds, or until until() holds."""
        began, first = time.monotonic(), self.bytes()
        while time.monotonic() < began + seconds and not (until and until()):
            time.sleep(0.01)
        return (self.bytes() - first) * 8 / (time.monotonic() - began)

    def __exit__(self, *_):
        for pid in self.pids:
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)


def beside(bed, command, seconds=3, runs=3):
    """(bits/s alone, bits/s beside the command, ratio), medians; the two are taken in turns. The command is ended after `seconds`."""
    alone, shared = [], []
    with Bulk(bed) as bulk:
        for _ in range(runs):
            alone.append(bulk.speed(seconds))
            p = bed.start(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.3)
            shared.append(bulk.speed(seconds, lambda: p.poll() is not None))
            p.terminate()
            p.wait()
            bed.children.remove(p)
    pairs = [b / a for a, b in zip(alone, shared)]
    return statistics.median(alone), statistics.median(shared), statistics.median(pairs)


def main():
    p = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    p.add_argument("program", help="xdpresponder")
    p.add_argument("-s", "--seconds", type=float, default=3)
    p.add_argument("-n", "--runs", type=int, default=3)
    p.add_argument("command", nargs=argparse.REMAINDER)
    o = p.parse_args()
    if not o.command:
        p.error("a command to run beside the transfer is wanted")
    with Bed(o.program) as bed, bed.responder([Rule("10.0.0.0/9", open=10_000)], verify=False) as r:
        alone, shared, ratio = beside(bed, [w.replace("MAC", bed.mac(PEER)) for w in o.command], o.seconds, o.runs)
        print("%s: alone %.3g Gb/s, beside %.3g Gb/s, ratio %.3f; %d probes came" % (LINK, alone / 1e9, shared / 1e9, ratio, r.counters()["syn"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
