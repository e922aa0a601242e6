#!/usr/bin/python3
#===- import_refused.py - Import files that have to be refused -------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Imports every case of generate.py that is expected to be an error from FOLDER,
and prints what is said about it, without the folder's name.

usage: import_refused.py FOLDER
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import generate  # noqa: E402, registers the cases
from onnx_model import CASES  # noqa: E402


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    for name in (case.name for case in CASES.values() if case.expected == "error"):
        output = os.path.join(folder, f"{name}.mlir")
        result = subprocess.run(
            ["windrow-translate", "--import-onnx",
             os.path.join(folder, f"{name}.onnx"), "-o", output],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        text = result.stdout.replace(folder + os.sep, "")
        print(text, end="")
        if result.returncode != 1 or text.count("error:") != 1:
            sys.exit(f"{name}: must be refused with one error and exit status 1, "
                     f"got exit status {result.returncode}")
        if os.path.exists(output):
            sys.exit(f"{name}: must leave no output file")


if __name__ == "__main__":
    main()
