"""What tests of whole networks share: tools, a cluster, the shared folder's models.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import csv
import os
import subprocess
import sys

import numpy as np

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SHARED = os.environ.get("WINDROW_SHARED", os.path.join(ROOT, "..", "shared"))
SPEEDS = (1.0, 0.6, 0.8)
SUM_TOLERANCE = 1e-5  # against one device, where devices add partial sums
TOOL_SECONDS = 400


def run_tool(name, *arguments):
    """What a tool prints; exits if it fails."""
    path = os.path.join(os.environ["WINDROW_BIN"], name)
    done = subprocess.run([path, *arguments], capture_output=True, text=True,
                          timeout=TOOL_SECONDS)
    if done.returncode != 0:
        sys.exit(f"{name} {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def write_cluster(folder):
    """The file of a cluster of three unequal devices."""
    path = os.path.join(folder, "cluster.yaml")
    with open(path, "w") as file:
        file.write("devices:\n")
        for number, speed in enumerate(SPEEDS):
            file.write(f"  - {{name: press-{number}, speed: {speed}, "
                       f"address: 'localhost:{7801 + number}'}}\n")
    return path


def has_trained_models():
    return os.path.isdir(os.path.join(SHARED, "models"))


def read_answers(model):
    """The image files and the logits that ONNX Runtime gives for them."""
    with open(os.path.join(SHARED, "models", f"{model}.logits.csv")) as file:
        rows = list(csv.reader(file))[1:]
    files = [os.path.join(SHARED, row[0]) for row in rows]
    return files, np.array([[float(text) for text in row[2:]] for row in rows])
