"""The one-definition rule for types, which no compiler or linker checks.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

Two types of one name end up in one program sooner or later; the linker then
keeps one's inline functions, those of its vectors for instance, for both.
"""

import re

# Strings come before comments, which they may hold the beginning of.
NOT_CODE = re.compile(
    r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/|^\s*#[^\n]*', re.S | re.M
)
NAMESPACE = re.compile(r"\bnamespace\s*([\w:]*)\s*$")
TYPE = re.compile(r"\b(?:struct|class|union|enum)\s+(\w+)(?:\s+final)?(?:\s*:[^:].*)?\s*$", re.S)


def definitions(text):
    """Yields the full names of the types that C++ source `text` defines for all
    of a program: of those at a namespace's level, none of which has no name."""
    scopes = []  # a namespace's name, or None for what other braces enclose
    head = ""
    for part in re.split(r"([{};])", NOT_CODE.sub(" ", text)):
        if part == "{":
            namespace = NAMESPACE.search(head)
            defined = TYPE.search(head)
            if defined and all(scopes):
                yield "::".join(scopes + [defined[1]])
            scopes.append(namespace[1] if namespace else None)
        elif part == "}" and scopes:
            scopes.pop()
        head = part


def violations(texts):
    """Yields a message for every type that two of `texts`, by path, define."""
    first = {}
    for path, text in texts.items():
        for name in definitions(text):
            if first.setdefault(name, path) != path:
                yield f"{path}: defines '{name}', as {first[name]} does"
