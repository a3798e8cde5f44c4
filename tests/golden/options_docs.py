#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The option table equals its documents: every row is in the manual page, the help and the completions, and they name no other option.

Usage: options_docs.py SONDE-GEN SONDE MAN BASH ZSH FISH
"""
import re
import shutil
import subprocess
import sys
import tempfile

gen, sonde, man, bash, zsh, fish = sys.argv[1:7]
failed = []


def out(*args):
    return subprocess.run(args, capture_output=True, text=True, check=True).stdout


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def same(what, have, want):
    for name in sorted(want - have):
        failed.append("%s: %s is missing" % (what, name))
    for name in sorted(have - want):
        failed.append("%s: %s is not in the table" % (what, name))


rows = dict(line.split("\t") for line in out(gen, "table", "-").splitlines())
every = set(rows)
built = {name for name, state in rows.items() if state == "yes"}

# The manual page: the names in bold after each .TP of the option section.
text = read(man)
section = text[text.index(".SH OPTIONS"):text.index(".SH TARGETS")]
tagged = re.findall(r"^\.TP\n(.*)$", section, re.M)
same("manual page", {n.replace("\\-", "-") for line in tagged for n in re.findall(r"\\fB(\\-.*?)\\fR", line)}, every)
if "@" in re.sub(r"\S+@\S+", "", section):
    failed.append("manual page: a placeholder was left")

# Help: two blanks before a row that is built; the first names of the others in the last paragraph.
text = out(sonde, "--help")
body, absent = text.split("Known by name, refused", 1)
listed = set()
for line in body.splitlines():
    if re.match(r"  -", line):
        usage = re.split(r"  +", line.strip())[0]
        listed |= {re.sub(r"[ \[].*", "", word) for word in usage.split(", ")}
same("help", listed, built)
words = set(re.findall(r"(?<!\S)--?[A-Za-z0-9][\w-]*", absent))
for name in words - every:
    failed.append("help: %s is not in the table" % name)
for line in text.splitlines():
    if len(line) > 100:
        failed.append("help: a line of %d characters: %s" % (len(line), line))

# Completions: bash's word list by running it, the others by their syntax.
script = 'source "$1"; COMP_WORDS=(sonde -); COMP_CWORD=1; _sonde; printf "%s\\n" "${COMPREPLY[@]}"'
same("bash completion", set(out("bash", "-c", script, "-", bash).split()), built)
script = 'source "$1"; COMP_WORDS=(sonde d); COMP_CWORD=1; _sonde; printf "%s\\n" "${COMPREPLY[@]}"'
if "doctor" not in out("bash", "-c", script, "-", bash).split():
    failed.append("bash completion: the command doctor is not offered")
same("zsh completion", {n for n in re.findall(r"^\t\t'\*(-[^\[]*?)-?\[", read(zsh), re.M)}, built)
found = set()
for kind, name in re.findall(r"^complete -c sonde -(l|o|s) (\S+) -d", read(fish), re.M):
    found.add(("--" if kind == "l" else "-") + name)
same("fish completion", found, built)

# Other people's parsers, where they are installed.
for tool, args in (("zsh", ["zsh", "-n", zsh]), ("fish", ["fish", "--no-execute", fish]), ("mandoc", ["mandoc", "-T", "lint", "-W", "error", man])):
    if not shutil.which(tool):
        print("%s is not installed: not checked with it" % tool)
        continue
    with tempfile.TemporaryDirectory() as home:
        run = subprocess.run(args, capture_output=True, text=True, env={"HOME": home, "PATH": "/usr/bin:/bin"})
    if run.returncode:
        failed.append("%s: %s" % (tool, (run.stdout + run.stderr).strip()))

for line in failed:
    print(line)
print("%d rows' names, %d failures" % (len(every), len(failed)))
sys.exit(bool(failed))
