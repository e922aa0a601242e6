#!/usr/bin/python3
"""Vector kernels of our own on a 64-bit ARM processor, emulated.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

Builds test/unit/vector_kernels.cpp and the kernels it checks with a cross
compiler, and runs them as a Cortex-A72, that of a Raspberry Pi 4. Of other
libraries only headers are used, which are the same for all processors.
Arguments: the source folder and the build folder.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

COMPILER = "aarch64-linux-gnu-g++-12"
EMULATOR = "qemu-aarch64"
KERNELS = ("add_clamped", "interleave_planes", "matrix_vector", "winograd_products",
           "winograd_transforms")
LIBRARIES = ("hwy", "flatbuffers", "tl")


def main():
    source, build = (pathlib.Path(argument) for argument in sys.argv[1:3])
    for program, package in ((COMPILER, "g++-12-aarch64-linux-gnu"), (EMULATOR, "qemu-user")):
        if not shutil.which(program):
            print(f"{program} is not installed (Debian: {package})")
            sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        headers = pathlib.Path(folder, "headers")
        headers.mkdir()
        for library in LIBRARIES:
            (headers / library).symlink_to(f"/usr/include/{library}")
        program = pathlib.Path(folder, "vector_kernels")
        subprocess.run(
            [COMPILER, "-O2", "-std=c++20", "-static", "-ffp-contract=off",
             "-DHWY_COMPILE_ONLY_STATIC", f"-I{source}", f"-I{source}/runtime/include",
             f"-I{build}", f"-I{headers}", source / "test/unit/vector_kernels.cpp",
             *(source / f"runtime/kernels/{kernel}.cpp" for kernel in KERNELS), "-o", program],
            check=True)
        result = subprocess.run([EMULATOR, "-cpu", "cortex-a72", program], check=False)
    sys.exit(result.returncode)


if __name__ == "__main__":
    main()
