#!/usr/bin/python3
"""Names failed and skipped tests and counts all of a finished test run.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

usage: summarize_tests.py FOLDER

FOLDER holds ctest.xml, which CTest wrote, and for each lit suite that CTest ran
as one test a file of its own (lit.Dialect.xml), whose tests are counted instead
of the suite. The last line is "N passed, M failed"; the exit status is 0 when
something passed and nothing failed.
"""

import os
import sys
import xml.etree.ElementTree as ElementTree

NO_MATCH = "filter did not match any tests"


class Summary:
    """The outcomes of all tests, by name."""

    def __init__(self):
        self.passed = 0
        self.failures = []  # (name, output)
        self.skips = []  # (name, reason)

    def add_case(self, name, case):
        """Adds one JUnit test case, of CTest's or of lit's form."""
        failure = case.find("failure")
        skip = case.find("skipped")
        output = case.findtext("system-out") or ""
        if failure is not None:
            self.failures.append((name, output or failure.text or ""))
        elif skip is not None and (
                name.endswith("_NOT_BUILT")
                or skip.get("message", "") == "Unable to find executable"):
            self.failures.append((name, skip.get("message", "")))
        elif skip is not None:
            self.skips.append((name, skip_reason(output) or skip.get("message", "")))
        else:
            self.passed += 1

    def add_lit_suite(self, suite, path):
        """Adds the tests of one lit suite; `suite` is CTest's view of it."""
        failed_before = len(self.failures)
        if not os.path.exists(path):
            # What lit says where `test/run --filter` names none of the suite.
            ran_nothing = NO_MATCH in (suite.findtext("system-out") or "")
            if suite.find("failure") is None and not ran_nothing:
                self.failures.append((suite.get("name"), f"lit wrote no {path}"))
        else:
            for case in ElementTree.parse(path).iter("testcase"):
                # lit's class name is "Windrow.Dialect/Nn".
                suite_folder = case.get("classname").partition(".")[2]
                self.add_case(f"{suite_folder}/{case.get('name')}", case)
        suite_failed = suite.find("failure") is not None
        if suite_failed and len(self.failures) == failed_before:
            self.add_case(suite.get("name"), suite)


def skip_reason(output):
    """The line of a test's output that says why it was skipped, or ''."""
    lines = [line.strip() for line in output.splitlines()]
    for index, line in enumerate(lines):
        # GoogleTest prints "file:line: Skipped" and then the reason.
        if line.endswith(": Skipped") and index + 1 < len(lines):
            return lines[index + 1]
    return next((line for line in reversed(lines) if "skip" in line.lower()), "")


def summarize(folder):
    summary = Summary()
    report = os.path.join(folder, "ctest.xml")
    if not os.path.exists(report):
        log = os.path.join(folder, "ctest.log")
        text = open(log).read() if os.path.exists(log) else ""
        summary.failures.append(("ctest", text or "ctest wrote no report"))
        return summary
    for case in ElementTree.parse(report).iter("testcase"):
        name = case.get("name")
        if name.startswith("lit."):
            summary.add_lit_suite(case, os.path.join(folder, name + ".xml"))
        else:
            summary.add_case(name, case)
    return summary


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    summary = summarize(sys.argv[1])
    for name, reason in sorted(summary.skips):
        print(f"skipped: {name}: {reason or 'no reason given'}")
    for name, output in sorted(summary.failures):
        print(f"failed: {name}")
        for line in output.strip().splitlines()[-60:]:
            print(f"    {line}")
    if summary.passed + len(summary.failures) == 0:
        print("no test ran")
    print(f"{summary.passed} passed, {len(summary.failures)} failed")
    sys.exit(0 if summary.passed and not summary.failures else 1)


if __name__ == "__main__":
    main()
