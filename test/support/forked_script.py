"""Runs Python scripts without a start of Python for each.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

numpy and onnx take longer to load than a script of the tests takes to run. They
are loaded here once, and each script runs in a fork that has them.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile

import numpy  # noqa: F401, loaded for the scripts
import onnx  # noqa: F401
import onnx.numpy_helper  # noqa: F401


def _become(path, arguments, folder, output):
    os.dup2(output.fileno(), 1)
    os.chdir(folder)
    sys.argv = [path, *arguments]
    sys.path[0] = os.path.dirname(path)
    runpy.run_path(path, run_name="__main__")


def run_script(path, *arguments, folder=".", timeout=120):
    """What the script prints on stdout; its stderr is this process's. Raises
    subprocess's errors when it fails, and when it takes over `timeout` seconds."""
    path = os.path.abspath(path)
    with tempfile.TemporaryFile("w+") as output:
        child = multiprocessing.get_context("fork").Process(
            target=_become, args=(path, arguments, folder, output))
        child.start()
        child.join(timeout)
        if child.is_alive():
            child.kill()
            child.join()
            raise subprocess.TimeoutExpired((path, *arguments), timeout)
        output.seek(0)
        if child.exitcode != 0:
            raise subprocess.CalledProcessError(
                child.exitcode, (path, *arguments), output.read())
        return output.read()
