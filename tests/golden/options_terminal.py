#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The terminal: a key shows progress, ^Z and ^C leave the terminal as it was, exit codes of signals, files completed.

Usage: options_terminal.py SONDE
The scan is of loopback addresses in a network namespace, slow on purpose. Nothing here depends on how fast it is: each
step waits for what it expects, at most a minute. Needs root; exit code 77 = skipped.
"""
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time
import xml.dom.minidom

sonde = os.path.abspath(sys.argv[1])
if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode:
    print("skipped: no permission to make a network namespace")
    sys.exit(77)

place = tempfile.TemporaryDirectory()
path = place.name + "/scan.xml"
targets = ["127.0.0.%d" % n for n in range(1, 100)]
SETUP = 'ip link set lo up; exec "$0" -n -p 80 --max-rate 3 --config /dev/null "$@"'


class Scan:
    """Sonde on a terminal of its own."""

    def __init__(self, *options):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.execvp("unshare", ["unshare", "-n", "sh", "-c", SETUP, sonde] + list(options) + targets)
        self.seen = b""

    def single_keys(self):
        return not termios.tcgetattr(self.fd)[3] & termios.ICANON

    def state(self):
        with open("/proc/%d/stat" % self.pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0]

    def until(self, what, true):
        end = time.monotonic() + 60
        while not true():
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    self.seen += os.read(self.fd, 65536)
                except OSError:
                    break
            if time.monotonic() > end:
                break
        if not true():
            os.kill(self.pid, signal.SIGKILL)
            sys.exit("waited in vain: %s; seen: %r" % (what, self.seen[-1500:]))

    def type(self, key):
        os.write(self.fd, key)

    def end(self):
        """Reads to the end; the exit code."""
        while True:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                break
            if not data:
                break
            self.seen += data
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def check(what, ok):
    print("%s: %s" % ("ok" if ok else "FAILED", what))
    global failed
    failed |= not ok


def after(s, key, words):
    """Types a key; what the terminal shows from the answer to it on."""
    s.type(key)
    s.until("an answer to %r" % key, lambda: words in s.seen)
    at = s.seen.index(words)
    s.seen = s.seen[at + len(words):]


failed = False

s = Scan("-oX", path)
s.until("single-key mode", s.single_keys)
s.until("the progress line", lambda: b"\r\x1b[KSYN scan" in s.seen)
s.type(b"x")
s.until("status after a key", lambda: b"Stats: " in s.seen)
s.type(b"?")
s.until("the list of keys", lambda: b"sonde: keys: " in s.seen)
s.type(b"\x1a")
s.until("to be stopped by ^Z", lambda: s.state() == "T")
check("^Z gives the terminal back", not s.single_keys())
os.kill(s.pid, signal.SIGCONT)
s.until("single-key mode after SIGCONT", s.single_keys)
s.type(b"\x03")
code = s.end()
check("^C: exit code 130 (%d)" % code, code == 130)
check("^C: the report says so", b"interrupted" in s.seen)
text = open(path).read()
check("^C: the file is well-formed and says so", xml.dom.minidom.parseString(text) and "interrupted" in text)

# nmap's keys, each with what it changes from then on: in the report on the screen and in the file.
s = Scan("-oN", path)
s.until("single-key mode", s.single_keys)
s.until("a report", lambda: b"scan report" in s.seen)
after(s, b"p", b"sonde: packet tracing is now on\r\n")
s.until("packets", lambda: b"SENT (" in s.seen)
after(s, b"P", b"sonde: packet tracing is now off\r\n")
s.until("two more reports", lambda: s.seen.count(b"scan report") > 2)
check("P: no packet is shown any more", b"SENT (" not in s.seen)
check("there is no word of the backend yet", b"Probed by" not in s.seen)
after(s, b"v", b"sonde: verbosity is now 1\r\n")
s.until("more words of a host", lambda: b"Probed by raw" in s.seen)
after(s, b"v", b"sonde: verbosity is now 2\r\n")
after(s, b"d", b"sonde: debugging is now 1\r\n")
s.until("debugging words of a host", lambda: b"Final times for host" in s.seen)
after(s, b"D", b"sonde: debugging is now 0\r\n")
after(s, b"V", b"sonde: verbosity is now 1\r\n")
after(s, b"V", b"sonde: verbosity is now 0\r\n")
after(s, b"V", b"sonde: verbosity is now 0\r\n")
s.until("two more reports", lambda: s.seen.count(b"scan report") > 2)
check("V and D: fewer words again", b"Probed by" not in s.seen and b"Final times" not in s.seen)
s.type(b"\x03")
s.end()
text = open(path).read()
check("the file followed the keys", "SENT (" in text and "Probed by raw" in text and "Final times for host" in text)

s = Scan("--noninteractive", "-oX", path)
s.until("a report", lambda: b"scan report" in s.seen)
check("--noninteractive leaves the keyboard alone", not s.single_keys())
os.kill(s.pid, signal.SIGTERM)
code = s.end()
check("SIGTERM: exit code 143 (%d)" % code, code == 143)

# Targets are typed: the terminal stays as it is, ^D ends them.
targets, all_targets = [], targets
s = Scan("-v", "-iL", "-")
s.type(b"127.0.0.200\n\x04")
code = s.end()
targets = all_targets
check("-iL - reads the terminal to ^D (%d)" % code, code == 0 and b"scan report for 127.0.0.200" in s.seen)

# In a pipe there is no progress line, and --stats-every still speaks.
p = subprocess.Popen(["unshare", "-n", "sh", "-c", SETUP, sonde, "--stats-every", "100ms"] + targets, stdout=subprocess.PIPE,
                     stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
for line in p.stdout:
    if line.startswith(b"Stats: "):
        break
p.send_signal(signal.SIGINT)
rest, err = p.communicate()
check("in a pipe: --stats-every prints, exit code 130, nothing on standard error (%r)" % err, p.returncode == 130 and err == b"")
sys.exit(failed)
