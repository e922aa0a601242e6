#!/usr/bin/python3
"""Builds a copy of examples/custom_pass out of the tree and runs its test.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

usage: custom_pass_test.py SOURCE_DIR BUILD_DIR
"""

import os
import shutil
import subprocess
import sys
import tempfile


def main():
    source, build = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "source")
        copied_build = os.path.join(folder, "build")
        shutil.copytree(os.path.join(source, "examples", "custom_pass"), copy)
        locations = [f"-DWINDROW_DIR={source}", f"-DWINDROW_BUILD_DIR={build}"]
        for command in (
            ["cmake", "-G", "Ninja", "-S", copy, "-B", copied_build, *locations],
            ["cmake", "--build", copied_build],
            ["ctest", "--test-dir", copied_build, "--output-on-failure", "--no-tests=error"],
        ):
            if subprocess.run(command).returncode != 0:
                sys.exit(f"failed: {' '.join(command)}")


if __name__ == "__main__":
    main()
