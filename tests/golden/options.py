#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every option of nmap 7.93: what nmap takes, Sonde takes; what nmap refuses, Sonde refuses with exit code 2. Services, operating
systems and scripts are refused by name. Differences are in a table here, each with its reason.

Usage: options.py SONDE SONDE-GEN OPTIONS.tsv
Each case runs in a network namespace of its own (loopback only) with a home of its own. Needs root; exit code 77 = skipped.
"""
import os
import re
import shlex
import subprocess
import sys
import tempfile

sonde, gen, tsv = (os.path.abspath(a) for a in sys.argv[1:4])
if not os.path.exists(tsv):
    print("skipped: there is no %s" % sys.argv[3])
    sys.exit(77)
if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode:
    print("skipped: no permission to make a network namespace")
    sys.exit(77)

# What is not in this version: these categories of the list, and what would need them.
LATER = {"version", "script", "os"}
LATER_TOO = {"-A"}
# Uses that nmap answers otherwise: our exit code and why.
DIFFERENT = {
    "-PE1 -sn T": (2, "nmap shrugs at the 1; Sonde takes nothing that it would ignore"),
    "--proxies socks4://127.0.0.1:1 -sT -p1 T": (1, "a proxy that cannot be reached ends the run and is named; nmap reports the host as down"),
    "-oH x -p1 T": (0, "-oH is reserved in nmap and a hex capture here"),
}
# What has no effect, as in nmap; the help must say so.
NO_EFFECT = ("-q", "--log-errors", "--deprecated-xml-osclass", "--release-memory")

rows = dict(line.split("\t") for line in subprocess.run([gen, "table", "-"], capture_output=True, text=True, check=True).stdout.splitlines())
tmp = tempfile.TemporaryDirectory()
place = tmp.name
with open(place + "/list", "w") as f:
    f.write("127.0.0.1\n")
SETUP = 'ip link set lo up; cd "$0"; exec timeout 60 "$@"'
failed = []
passed = 0


def run(text):
    text = text.replace("@LISTX", place + "/list").replace("@LIST", place + "/list").replace("@OUT", place + "/out")
    words = ["127.0.0.1" if w == "T" else w for w in shlex.split(text)]
    env = {"PATH": os.environ["PATH"], "HOME": place, "XDG_CONFIG_HOME": place, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}
    return subprocess.run(["unshare", "-n", "sh", "-c", SETUP, place, sonde] + words, capture_output=True, text=True, env=env,
                          stdin=subprocess.DEVNULL, errors="replace")


def expect(name, text, want, by_name=None):
    global passed
    p = run(text)
    lines = p.stderr.splitlines()
    why = None
    if p.returncode != want:
        why = "exit code %d, wanted %d" % (p.returncode, want)
    elif want == 2 and (len(lines) != 1 or not lines[0].startswith("sonde: ")):
        why = "wanted one line that begins with 'sonde: '"
    elif by_name and not ("(%s" % by_name in p.stderr and "not in this version" in p.stderr):
        why = "was not refused by name"
    if why:
        failed.append("%s [%s]: %s: %s" % (name, text, why, p.stderr.strip()[:300]))
    else:
        passed += 1


def names(option, aliases):
    """-v3 is the option -v with a value, and -ff is -f twice, not a name."""
    for name in [option] + [a for a in aliases.split(",") if a]:
        yield "-f" if name == "-ff" else re.sub(r"^(-[vd])(\1|\d|[vd])*$", r"\1", name) if re.match(r"-[vd]", name) else name


def codes(text, nmaps):
    return DIFFERENT[text][0] if text in DIFFERENT else 0 if nmaps == "0" else 2


def placed(option, category, absent):
    """A row that is refused has its reason in the lists above."""
    later = category in LATER or option in LATER_TOO
    if absent and not later:
        failed.append("%s: neither built nor in a list of what is not" % option)


for line in open(tsv, encoding="utf-8").read().splitlines()[1:]:
    option, aliases, arg, category, good, good_rc, _, bad, bad_rc = (line.split("\t") + [""] * 9)[:9]
    for name in names(option, aliases):
        if name not in rows:
            failed.append("%s: no row of the table has this name" % name)
    absent = rows.get(option, "yes") != "yes" and rows[option]
    placed(option, category, absent)
    if absent:
        value = {"req": " 1", "opt-attached": "", "none": "", "cluster": ""}[arg]
        for name in names(option, aliases):
            expect(name, "%s%s -sL -n T" % (name, value), 2, rows.get(name, absent))
        continue
    if good and any(rows.get(w, rows.get(re.split("=", w)[0], "yes")) != "yes" for w in good.split()):
        expect(option, good, 2)
    elif good:
        expect(option, good, codes(good, good_rc))
    if bad:
        expect(option, bad, codes(bad, bad_rc))

# What only Sonde refuses, because nothing would use it or two options contradict each other; nmap takes all but -T2.
for text in ["-%s %s T" % (no_scan, option) for no_scan in ("sn", "sL") for option in
             ("--top-ports 5", "--port-ratio 0.5", "--exclude-ports 80", "-r")] + [
        "-PS1-1399 -sn T", "-PS1-100 -PA1-100 -PU1-57 -sn T", "-sT -g 53 -p1 T", "--unprivileged -g 53 -p1 T",
        "--unprivileged -sn -g 53 T", "-T2 --min-parallelism 5 --max-parallelism 4 -p1 T",
        "--min-rate 10 --scan-delay 1ms -p1 T", "--backend packet-ring --disable-arp-ping -p1 T",
        "--backend af-xdp --disable-arp-ping -p1 T", "--backend af-xdp --send-ip -p1 T", "--backend af-xdp -sT -p1 T"]:
    expect("refused", text, 2)
for text in ["-sL --servicedb /usr/share/nmap/nmap-services T", "-sL --datadir /usr/share/nmap T", "-PS1-256 -sn T",
             "-sTU -g 53 -p1 T", "-T2 --min-parallelism 5 -p1 T", "--min-rate 10 -T2 -p1 T", "--unprivileged -PR -sn T"]:
    expect("taken", text, 0)

words = " ".join(subprocess.run([sonde, "--help"], capture_output=True, text=True, check=True).stdout.split())
for name in NO_EFFECT:
    if not re.search(re.escape(name) + " accepted for nmap's sake, has no effect here", words):
        failed.append("%s: the help does not say that it has no effect" % name)

for line in failed:
    print(line)
print("%d passed, %d failed" % (passed, len(failed)))
sys.exit(bool(failed))
