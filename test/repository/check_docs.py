#!/usr/bin/python3
"""Fails when a generated page of docs/ is missing, stale or left over.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

usage: check_docs.py GENERATED COMMITTED

GENERATED is the folder of pages that the build has just made, COMMITTED the
docs folder of the checkout. Build the target `docs` to bring it up to date.
"""

import os
import sys


def pages_below(folder):
    """The pages' texts by their path relative to `folder`."""
    pages = {}
    for below, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".md"):
                path = os.path.join(below, name)
                with open(path) as file:
                    pages[os.path.relpath(path, folder)] = file.read()
    return pages


def violations(generated, committed):
    for page, text in sorted(generated.items()):
        if page not in committed:
            yield f"docs/{page}: is missing: build the target docs and commit it"
        elif committed[page] != text:
            yield f"docs/{page}: is stale: build the target docs and commit it"
    for page, text in sorted(committed.items()):
        if page not in generated and text.startswith("<!-- Generated from "):
            yield f"docs/{page}: nothing generates it any more: remove it"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    generated = pages_below(sys.argv[1])
    if not generated:
        sys.exit(f"{sys.argv[1]}: holds no generated page")
    found = list(violations(generated, pages_below(sys.argv[2])))
    print("\n".join(found) or f"{len(generated)} generated pages are up to date")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
