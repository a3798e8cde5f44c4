# SPDX-License-Identifier: BSD-2-Clause
"""What the gates (check-*) share: finding files, cleaning C source, reporting, and proving on bad trees that they can fail."""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def files(root, folders, suffixes):
    """Paths relative to root of the files under `folders` with one of the suffixes, sorted."""
    found = []
    for folder in folders:
        for where, dirs, names in os.walk(os.path.join(root, folder)):
            dirs[:] = [d for d in dirs if not d.startswith(".")]
            found += [os.path.relpath(os.path.join(where, n), root) for n in names if n.endswith(suffixes)]
    return sorted(found)


def project_files(root):
    """What git tracks or would track; without git, everything that is not built or hidden."""
    try:
        out = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z"], capture_output=True, check=True)
        paths = [p for p in out.stdout.decode().split("\0") if p]
    except (OSError, subprocess.CalledProcessError):
        paths = []
        for where, dirs, names in os.walk(root):
            dirs[:] = [d for d in dirs if d not in (".git", "__pycache__") and not d.startswith("build")]
            paths += [os.path.relpath(os.path.join(where, n), root) for n in names]
    return sorted(p for p in set(paths) if os.path.isfile(os.path.join(root, p)))


_TOKEN = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S)


def strip_c(text, keep_comments=False):
    """The source with comments blanked and literals emptied; every newline stays where it was."""
    def blank(m):
        t = m.group(0)
        if t[0] == "/":
            return t if keep_comments else " " + "\n" * t.count("\n")
        return t[0] + t[0]
    return _TOKEN.sub(blank, text)


def strip_preprocessor(text):
    """Blanks directives with their continuation lines."""
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.M)


def self_test(check, good, bad):
    """`good`: {path: text} that must pass. `bad`: (name, {path: text or None}, words a violation must contain): changes to it that must fail."""
    wrong = 0
    for name, change, words in [("the good tree", {}, None)] + bad:
        with tempfile.TemporaryDirectory(prefix="sonde-gate-") as root:
            tree = {p: t for p, t in {**good, **change}.items() if t is not None}
            for path, text in tree.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)) or root, exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as f:
                    f.write(text)
            said = check(root)
        ok = not said if words is None else any(words in s for s in said)
        wrong += not ok
        print("%s: %s%s" % ("ok" if ok else "NOT OK", name, "" if ok else " -> %r" % said))
    return 1 if wrong else 0


def main(name, check, good, bad, summary=None):
    """Runs the check on the project, or its self-test; returns the exit code."""
    args = sys.argv[1:]
    if args == ["--self-test"]:
        return self_test(check, good, bad)
    if len(args) > 1 or args[:1] == ["--help"] or (args and args[0].startswith("-")):
        print("usage: %s [ROOT | --self-test]" % name)
        return 0 if args[:1] == ["--help"] else 2
    root = args[0] if args else ROOT
    said = check(root)
    for line in said:
        print(line)
    print("%s: %s" % (name, "%d violation(s)" % len(said) if said else "clean%s" % (": " + summary(root) if summary else "")))
    return 1 if said else 0
