#!/usr/bin/python3
#===- streams_test.py - First layers computed as the image arrives ---------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Compiles thin versions of known architectures for three devices, puts the first
layers of the plans into pieces of rows by hand, runs the plans on this machine,
and compares: the answers must be the same bits.
"""

import os
import re
import subprocess
import sys
import tempfile

import numpy as np

from trained_models import ROOT, run_tool, write_cluster

GENERATE = os.path.join(ROOT, "benchmarks", "models", "generate.py")
ARCHITECTURES = ("vgg11", "resnet18", "mobilenet_v2", "googlenet")
LAYERS, PIECES = 6, 4
# Of the planner's own stream.
IN_PIECES = re.compile(r" in \d+ pieces")
LAYOUT = re.compile(r"#cluster\.layout<(\w+), \[[^]]*\](?:, \[[^]]*\])?(?=>)")


def put_in_pieces(plan):
    """The text of `plan`, which has no pieces, with its first layers, up to LAYERS, in
    PIECES pieces."""
    stream = []
    for layout in list(LAYOUT.finditer(plan))[:LAYERS]:
        if layout[1] != "rows":
            break
        stream.append(layout)
    if len(stream) < 3:
        sys.exit(f"must begin with three layers by rows, got {len(stream)}")
    for layout in reversed(stream):
        plan = f"{plan[:layout.end()]} in {PIECES} pieces{plan[layout.end():]}"
    return plan


def check_model(name, folder):
    model = os.path.join(folder, f"{name}.onnx")
    subprocess.run([sys.executable, GENERATE, name, f"--out={model}", "--channels-divisor=8",
                    "--classes=10", "--input-shape=1,3,160,80"], check=True,
                   stdout=subprocess.DEVNULL)
    text = os.path.join(folder, f"{name}.mlir")
    run_tool("windrow-compile", model, f"--cluster={write_cluster(folder)}",
             "--strategy=even", "--compile-to=plan", "--print-weights", "-o", text)
    image = os.path.join(folder, "image.npy")
    np.save(image, np.random.default_rng(7).standard_normal((1, 3, 160, 80), np.float32))
    with open(text) as file:
        whole = IN_PIECES.sub("", file.read())
    outputs = []
    for plan in (whole, put_in_pieces(whole)):
        with open(text, "w") as file:
            file.write(plan)
        bundles = os.path.join(folder, f"{name}-{len(outputs)}")
        run_tool("windrow-compile", text, "-o", bundles)
        output = os.path.join(folder, "output.npy")
        run_tool("windrow-run", bundles, image, "--local", f"--save-output={output}")
        outputs.append(np.load(output))
    return np.array_equal(*outputs)


def main():
    faults = 0
    for name in ARCHITECTURES:
        with tempfile.TemporaryDirectory(prefix="windrow-") as folder:
            if not check_model(name, folder):
                print(f"{name}: other bits in pieces of rows than without")
                faults += 1
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
