#!/usr/bin/python3
"""Plants stale, missing and left-over pages and expects check_docs.py to see them.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import unittest

import check_docs

PAGE = "<!-- Generated from dialects/Nn/NnOps.td by the target `docs`: do not edit. -->\n"


class CheckDocsTest(unittest.TestCase):
    def found(self, generated, committed):
        return list(check_docs.violations(generated, committed))

    def test_equal_pages_pass(self):
        self.assertEqual(self.found({"a.md": PAGE}, {"a.md": PAGE}), [])

    def test_written_pages_are_free(self):
        self.assertEqual(self.found({"a.md": PAGE}, {"a.md": PAGE, "b.md": "# By hand\n"}), [])

    def test_stale_page(self):
        self.assertEqual(
            self.found({"a.md": PAGE + "new\n"}, {"a.md": PAGE}),
            ["docs/a.md: is stale: build the target docs and commit it"],
        )

    def test_missing_page(self):
        self.assertEqual(
            self.found({"a.md": PAGE}, {}),
            ["docs/a.md: is missing: build the target docs and commit it"],
        )

    def test_left_over_page(self):
        self.assertEqual(
            self.found({}, {"a.md": PAGE}),
            ["docs/a.md: nothing generates it any more: remove it"],
        )


if __name__ == "__main__":
    unittest.main()
