#!/usr/bin/python3
"""Gives summarize_tests.py the reports of made-up runs.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import os
import subprocess
import sys
import tempfile
import unittest

SUMMARIZE = os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "../support/summarize_tests.py"
)

PASSED = '<testcase name="A.Passed" status="run"/>'
FAILED = (
    '<testcase name="A.Failed" status="fail"><failure message=""/>'
    "<system-out>expected 1</system-out></testcase>"
)
SKIPPED = (
    '<testcase name="A.Skipped" status="notrun"><skipped message="SKIP_REGEX"/>'
    "<system-out>a_test.cpp:7: Skipped\nno shared folder\n</system-out></testcase>"
)
NOT_BUILT = '<testcase name="B_NOT_BUILT" status="notrun"><skipped message="no file"/></testcase>'
LIT_PASSED = '<testcase name="lit.Passes" status="run"/>'
LIT_FAILED = (
    '<testcase name="lit.Passes" status="fail"><failure message=""/>'
    "<system-out>lit broke</system-out></testcase>"
)


class SummarizeTestsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def report(self, name, *cases):
        with open(os.path.join(self.folder, name), "w") as file:
            file.write(f"<testsuite>{''.join(cases)}</testsuite>")

    def run_summary(self):
        command = [sys.executable, SUMMARIZE, self.folder]
        run = subprocess.run(command, capture_output=True, text=True)
        return run.returncode, run.stdout

    def test_all_passed(self):
        self.report("ctest.xml", PASSED, PASSED)
        self.assertEqual(self.run_summary(), (0, "2 passed, 0 failed\n"))

    def test_failure_shows_its_output(self):
        self.report("ctest.xml", PASSED, FAILED)
        self.assertEqual(
            self.run_summary(),
            (1, "failed: A.Failed\n    expected 1\n1 passed, 1 failed\n"),
        )

    def test_skip_is_named_and_not_counted(self):
        self.report("ctest.xml", PASSED, SKIPPED)
        self.assertEqual(
            self.run_summary(),
            (0, "skipped: A.Skipped: no shared folder\n1 passed, 0 failed\n"),
        )

    def test_program_that_was_not_built_fails(self):
        self.report("ctest.xml", PASSED, NOT_BUILT)
        self.assertEqual(
            self.run_summary(),
            (1, "failed: B_NOT_BUILT\n    no file\n1 passed, 1 failed\n"),
        )

    def test_test_whose_program_is_missing_fails(self):
        missing = NOT_BUILT.replace("B_NOT_BUILT", "custom").replace(
            "no file", "Unable to find executable")
        self.report("ctest.xml", PASSED, missing)
        self.assertEqual(
            self.run_summary(),
            (1, "failed: custom\n    Unable to find executable\n1 passed, 1 failed\n"),
        )

    def test_lit_suite_counts_its_own_tests(self):
        self.report("ctest.xml", PASSED, LIT_FAILED)
        self.report(
            "lit.Passes.xml",
            '<testcase classname="Windrow.Passes/Fold" name="a.mlir"/>',
            '<testcase classname="Windrow.Passes/Fold" name="b.mlir">'
            "<failure>no match</failure></testcase>",
            '<testcase classname="Windrow.Passes/Fold" name="c.mlir">'
            '<skipped message="Missing required feature(s): shared-data"/></testcase>',
        )
        self.assertEqual(
            self.run_summary(),
            (
                1,
                "skipped: Passes/Fold/c.mlir: Missing required feature(s): shared-data\n"
                "failed: Passes/Fold/b.mlir\n    no match\n2 passed, 1 failed\n",
            ),
        )

    def test_lit_that_breaks_is_a_failure(self):
        self.report("ctest.xml", PASSED, LIT_FAILED)
        self.assertEqual(
            self.run_summary(),
            (1, "failed: lit.Passes\n    lit broke\n1 passed, 1 failed\n"),
        )

    def test_lit_that_reports_nothing_is_a_failure(self):
        self.report("ctest.xml", PASSED, LIT_PASSED)
        self.assertEqual(self.run_summary()[0], 1)

    def test_lit_suite_that_the_filter_leaves_out_does_not_count(self):
        unmatched = ('<testcase name="lit.Passes" status="run"><system-out>error: filter did '
                     "not match any tests (of 41 discovered).</system-out></testcase>")
        self.report("ctest.xml", PASSED, unmatched)
        self.assertEqual(self.run_summary(), (0, "1 passed, 0 failed\n"))
        self.report("ctest.xml", unmatched)
        self.assertEqual(self.run_summary(), (1, "no test ran\n0 passed, 0 failed\n"))

    def test_no_report_is_a_failure(self):
        with open(os.path.join(self.folder, "ctest.log"), "w") as file:
            file.write("ctest broke\n")
        self.assertEqual(
            self.run_summary(),
            (1, "failed: ctest\n    ctest broke\n0 passed, 1 failed\n"),
        )

    def test_no_test_is_a_failure(self):
        self.report("ctest.xml")
        self.assertEqual(self.run_summary(), (1, "no test ran\n0 passed, 0 failed\n"))


if __name__ == "__main__":
    unittest.main()
