#!/usr/bin/python3
"""Plants violations and expects check_sources.py to report each of them.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import os
import subprocess
import sys
import tempfile
import unittest

import check_sources

HEADER = """//===- {name} - planted -===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
"""


class CheckSourcesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name

    def plant(self, path, text, header=True):
        """Writes a file below the root, with a correct header for its name."""
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w") as file:
            if header:
                file.write(HEADER.format(name=os.path.basename(path)))
            file.write(text)

    def found(self):
        return list(check_sources.violations(self.root))

    def assert_include(self, folder, directive, message):
        """Expects `message`, or no violation when it is None."""
        name = "planted.td" if directive.startswith("include") else "planted.cpp"
        path = f"{folder}/{name}"
        self.plant(path, directive + "\n")
        expected = [f"{path}:8: {message}"] if message else []
        self.assertEqual(self.found(), expected)
        os.remove(os.path.join(self.root, path))

    def test_include_rules_reject(self):
        for folder, header, module in [
            ("runtime/base", "mlir/IR/Value.h", "mlir"),
            ("runtime/base", "llvm/ADT/STLExtras.h", "mlir"),
            ("runtime/base", "somewhere/onnx_pb.h", None),
            ("runtime/base", "runtime/artifact/bundle.h", "runtime/artifact"),
            ("runtime/artifact", "runtime/kernels/convolution.h", "runtime/kernels"),
            ("runtime/artifact", "xnnpack.h", "xnnpack"),
            ("runtime/transport", "runtime/artifact/bundle.h", "runtime/artifact"),
            ("runtime/transport", "windrow/session.h", "runtime/include"),
            ("runtime/kernels", "runtime/transport/transport.h", "runtime/transport"),
            ("runtime/kernels", "asio.hpp", "asio"),
            ("runtime/executor", "onnx/onnx_pb.h", "onnx"),
            ("runtime/executor", "google/protobuf/message.h", "protobuf"),
            ("runtime/tools", "compiler/driver/Driver.h", "compiler/driver"),
            ("runtime/tools", "passes/Analysis/RowWindows.h", "passes/Analysis"),
            ("runtime/include/windrow", "runtime/base/checksum.h", "runtime/base"),
            ("dialects/Nn", "passes/Analysis/RowWindows.h", "passes/Analysis"),
            ("dialects/Nn", "runtime/artifact/bundle.h", "runtime/artifact"),
            ("passes/Partition", "compiler/importer/Importer.h", "compiler/importer"),
            ("passes/Partition", "onnx/onnx_pb.h", "onnx"),
            ("compiler/serializer", "runtime/executor/executor.h", "runtime/executor"),
            ("compiler/serializer", "xnnpack.h", "xnnpack"),
            ("examples/c_api", "runtime/executor/executor.h", "runtime/executor"),
        ]:
            owner = "/".join(folder.split("/")[: 2 if folder.startswith("runtime") else 1])
            message = f"{owner} must not include '{header}' ({module})"
            if module is None:
                message = (
                    f"'{header}' must be written from the source root or belong to a "
                    "known library"
                )
            with self.subTest(folder=folder, header=header):
                self.assert_include(folder, f'#include "{header}"', message)
                self.assert_include(folder, f"#  include <{header}>", message)

    def test_include_rules_reject_in_tablegen(self):
        self.assert_include(
            "dialects/Nn",
            'include "passes/Transforms/Passes.td"',
            "dialects must not include 'passes/Transforms/Passes.td' (passes/Transforms)",
        )

    def test_include_rules_accept(self):
        for folder, directive in [
            ("runtime/base", "#include <vector>"),
            ("runtime/base", "#include <sys/mman.h>"),
            ("runtime/base", "#include <unistd.h>"),
            ("runtime/base", '#include "windrow/status.h"'),
            ("runtime/executor", '#include "runtime/kernels/convolution.h"'),
            ("runtime/executor", '#include "windrow/session.h"'),
            ("compiler/serializer", '#include "runtime/artifact/bundle_generated.h"'),
            ("compiler/importer", "#include <onnx/onnx_pb.h>"),
            ("passes/Partition", '#include "dialects/Nn/Nn.h"'),
            ("dialects/Nn", 'include "mlir/IR/OpBase.td"'),
            ("examples/custom_pass", '#include "dialects/Nn/Nn.h"'),
            ("examples/custom_pass", '#include "Passes.h.inc"'),
            ("test/unit", '#include "compiler/importer/Importer.h"'),
            ("benchmarks/kernel", "#include <xnnpack.h>"),
        ]:
            with self.subTest(folder=folder, directive=directive):
                self.assert_include(folder, directive, None)

    def test_neighbour_must_be_named_from_the_source_root(self):
        self.assert_include(
            "runtime/base",
            '#include "../base/checksum.h"',
            "'../base/checksum.h' must be written from the source root or belong to "
            "a known library",
        )

    def test_new_top_level_folder_has_no_rule(self):
        self.plant("somewhere/planted.h", "")
        self.assertEqual(
            self.found(), ["somewhere/planted.h: no include rule holds for this folder"]
        )

    def test_a_type_has_one_definition(self):
        self.plant(
            "passes/Analysis/Plan.h",
            "namespace windrow {\nstruct Step final : Base {\n  struct Part { int x; };\n};\n"
            "template <typename Value> class Box {};\nenum class Mode { Rows };\n}\n",
        )
        self.plant(
            "runtime/base/plan.cpp",
            "namespace windrow {\nclass Step {\n  struct Part {};\n};\n"
            "template <typename Value>\nclass Box {};\nenum class Mode { Rows };\n}\n",
        )
        message = "runtime/base/plan.cpp: defines 'windrow::{}', as passes/Analysis/Plan.h does"
        self.assertEqual(self.found(), [message.format(name) for name in ("Step", "Box", "Mode")])

    def test_types_of_one_name_that_never_meet(self):
        for path, text in [
            ("runtime/base/declared.cpp", "class Step;\nStep *next(struct Step *step);"),
            ("runtime/base/first.cpp", "namespace {\nstruct Step {};\n}"),
            ("runtime/base/local.cpp", "void run() {\n  struct Step {};\n}"),
            ("runtime/base/member.cpp", "struct Plan {\n  struct Step {};\n};"),
            ("runtime/base/other.cpp", "namespace other {\nstruct Step {};\n}"),
            ("runtime/base/text.cpp", "// struct Step {};\nauto *text = \"struct Step {\";"),
            ("runtime/base/whole.cpp", "struct Step {};"),
        ]:
            self.plant(path, text + "\n")
        self.assertEqual(self.found(), [])

    def test_licence_header(self):
        self.plant("runtime/base/bare.h", "int x;\n", header=False)
        self.plant("cmake/bare.sh", "#!/bin/sh\n", header=False)
        self.plant("test/bare", "#!/bin/sh\n", header=False)
        licence, spdx = check_sources.LICENCE
        self.assertEqual(
            self.found(),
            [
                f"cmake/bare.sh: the header must say '{licence}'",
                f"cmake/bare.sh: the header must say '{spdx}'",
                f"runtime/base/bare.h: the header must say '{licence}'",
                f"runtime/base/bare.h: the header must say '{spdx}'",
                "runtime/base/bare.h:1: the first line must begin with '//===- bare.h '",
                f"test/bare: the header must say '{licence}'",
                f"test/bare: the header must say '{spdx}'",
            ],
        )

    def test_header_names_its_file(self):
        text = HEADER.format(name="another.h")
        self.plant("runtime/base/one.h", text, header=False)
        self.assertEqual(
            self.found(),
            ["runtime/base/one.h:1: the first line must begin with '//===- one.h '"],
        )

    def test_text_ends_with_a_newline(self):
        self.plant("docs/page.md", "a line", header=False)
        self.assertEqual(self.found(), ["docs/page.md: must end with a newline"])

    def test_paths_and_hosts_of_one_machine(self):
        # Put together here, so that this file keeps the rule itself.
        folder = "/" + "root/models"
        host = "deb." + "debian.org"
        self.plant("docs/page.md", f"one\nsee {folder} or {host}\n", header=False)
        self.assertEqual(
            self.found(),
            [
                "docs/page.md:2: names one machine's '/" + "root/m'",
                f"docs/page.md:2: names one machine's '{host}'",
            ],
        )

    def test_relative_and_general_paths_are_fine(self):
        self.plant("docs/page.md", "../work/x ${HOME}/root/x /usr/lib/x\n", header=False)
        self.assertEqual(self.found(), [])

    def test_program_fails_on_a_violation(self):
        self.plant("runtime/base/planted.cpp", '#include "mlir/IR/Value.h"\n')
        run = subprocess.run(
            [sys.executable, check_sources.__file__, self.root],
            capture_output=True,
            text=True,
        )
        self.assertEqual(run.returncode, 1)
        self.assertIn("must not include 'mlir/IR/Value.h'", run.stdout)


if __name__ == "__main__":
    unittest.main()
