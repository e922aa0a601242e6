#!/usr/bin/python3
"""Holds the rules that every file of the repository keeps.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

usage: check_sources.py [ROOT]

Checks the include rules (include_rules.py), that no two sources define a type
of one name (type_names.py), that sources carry the licence header with their own
name, that text files end with a newline, and that none names a path or a host of
one machine. Prints one line for each violation; the exit status is 1 when there
is any.
"""

import os
import re
import subprocess
import sys

import include_rules
import type_names

LICENCE = (
    "Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.",
    "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception",
)
C_LIKE = (".h", ".cpp", ".c", ".td")
SCRIPTS = (".py", ".sh", ".cmake", ".fbs", ".proto", "CMakeLists.txt")
SKIPPED_FOLDERS = re.compile(r"^(\.git|\.cache|build[^/]*)/|(^|/)__pycache__/")

MACHINE_PATH = re.compile(r"(?<![\w./*}-])/(work|root|home|farm|tmp|mnt|Users)/\w")
MACHINE_HOST = re.compile(r"\b(deb|security|snapshot)\.debian\.org|\bregistry\.npmjs")


def files_below(root):
    """Paths, relative to `root`, of the files that belong to the repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, check=True)
        paths = listed.stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        # Neither git nor its metadata comes with an unpacked archive.
        paths = (
            os.path.relpath(os.path.join(folder, name), root)
            for folder, _, names in os.walk(root)
            for name in names
        )
    return sorted(
        path
        for path in paths
        if path
        and not SKIPPED_FOLDERS.search(path)
        and os.path.isfile(os.path.join(root, path))
    )


def licence_violations(path, text):
    name = os.path.basename(path)
    is_script = path.endswith(SCRIPTS) or text.startswith("#!")
    if not path.endswith(C_LIKE) and not is_script:
        return
    # A comment may be wrapped.
    head = " ".join(line.strip("/#* ") for line in text.splitlines()[:16])
    for sentence in LICENCE:
        if sentence not in re.sub(r"\s+", " ", head):
            yield f"{path}: the header must say '{sentence}'"
    if path.endswith(C_LIKE) and not text.startswith(f"//===- {name} "):
        yield f"{path}:1: the first line must begin with '//===- {name} '"


def text_violations(path, text):
    if text and not text.endswith("\n"):
        yield f"{path}: must end with a newline"
    for number, line in enumerate(text.splitlines(), 1):
        for pattern in (MACHINE_PATH, MACHINE_HOST):
            match = pattern.search(line)
            if match:
                yield f"{path}:{number}: names one machine's '{match[0]}'"


def violations(root):
    """Yields a message for every violation below `root`."""
    sources = {}
    for path in files_below(root):
        with open(os.path.join(root, path), "rb") as file:
            content = file.read()
        if b"\0" in content or path.endswith((".onnx", ".npy")):
            continue
        text = content.decode(errors="replace")
        yield from licence_violations(path, text)
        yield from text_violations(path, text)
        if path.endswith(C_LIKE):
            yield from include_rules.violations(path, text)
        if path.endswith((".h", ".cpp")):
            sources[path] = text
    yield from type_names.violations(sources)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "..", "..")
    found = list(violations(os.path.normpath(root)))
    print("\n".join(found) or "every file keeps the rules")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
