#!/usr/bin/python3
"""Known architectures, imported and cleaned up: what is left, and that it is right.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

usage: network_cleanup_test.py [NETWORK...]

Each network has an eighth of its channels and random weights. Its operations
after nn-cleanup are counted, and what the reference interpreter computes for a
random image is compared with the graph as it was imported.
"""

import collections
import os
import re
import subprocess
import sys
import tempfile

import numpy as np

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
GENERATOR = os.path.join(ROOT, "benchmarks", "models", "generate.py")
TOLERANCE = 1e-5  # of the largest result
IMAGE_SHAPE = (1, 3, 64, 64)
# Nothing of what an importer puts in between may be left, for any network.
REMOVED = ("transpose", "clamp", "pad", "slice")
OTHER_FORM = ("--activations=decomposed", "--head=reshape", "--global-pool=reduce-mean")

# Operations that are left, apart from constants, and how many clamp their result
# themselves.
LEFT = {
    "vgg16": dict(conv_2d=13, max_pool_2d=5, reshape=1, fully_connected=3, clamps=15),
    "vgg16_bn": dict(conv_2d=13, max_pool_2d=5, reshape=1, fully_connected=3, clamps=15),
    # Every batch norm stands between a ReLU and a padded convolution or a pool.
    "vgg16_relu_bn": dict(
        conv_2d=13, scale_shift=13, max_pool_2d=5, reshape=1, fully_connected=3, clamps=15
    ),
    "resnet18": dict(
        conv_2d=20, add=8, max_pool_2d=1, global_avg_pool=1, reshape=1, fully_connected=1,
        clamps=17,
    ),
    "resnet50": dict(
        conv_2d=53, add=16, max_pool_2d=1, global_avg_pool=1, reshape=1, fully_connected=1,
        clamps=49,
    ),
    "resnext50_32x4d": dict(
        conv_2d=53, add=16, max_pool_2d=1, global_avg_pool=1, reshape=1, fully_connected=1,
        clamps=49,
    ),
    "mobilenet_v2": dict(
        conv_2d=52, add=10, global_avg_pool=1, reshape=1, fully_connected=1, clamps=35
    ),
    "mobilenet_v3_large": dict(
        conv_2d=62, hard_swish=21, multiply=8, add=10, global_avg_pool=9, reshape=1,
        fully_connected=2, clamps=27,
    ),
    "squeezenet1_1": dict(
        conv_2d=26, concat=8, max_pool_2d=3, global_avg_pool=1, reshape=1, clamps=26
    ),
    # Of the 121 batch norms, the first and those of the 1x1 bottlenecks' results
    # are behind a convolution that nothing else reads.
    "densenet121": dict(
        conv_2d=120, scale_shift=62, concat=58, max_pool_2d=1, avg_pool_2d=3,
        global_avg_pool=1, reshape=1, fully_connected=1, clamps=121,
    ),
    "googlenet": dict(
        conv_2d=57, concat=9, max_pool_2d=13, global_avg_pool=1, reshape=1,
        fully_connected=1, clamps=57,
    ),
}


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        sys.exit(f"failed: {' '.join(command)}\n{done.stderr.strip()}")
    return done.stdout


def tool(name, *arguments):
    return run(os.path.join(os.environ["WINDROW_BIN"], name), *arguments)


def count_operations(text):
    """How often each operation of nn stands in `text`, and clamps in others."""
    counts = collections.Counter(re.findall(r"= nn\.(\w+)", text))
    counts["clamps"] = len(re.findall(r"\bclamp = #nn\.clamp", text))
    del counts["constant"]
    return dict(counts)


def interpret(graph, image, folder):
    result = os.path.join(folder, "result.npy")
    tool("windrow-interpret", graph, f"--input={image}", f"--output={result}")
    return np.load(result)


def check(network, form, folder):
    """What is wrong with the network in this form, one line each."""
    model = os.path.join(folder, "model.onnx")
    imported = os.path.join(folder, "imported.mlirbc")
    cleaned = os.path.join(folder, "cleaned.mlirbc")
    image = os.path.join(folder, "image.npy")
    shape = ",".join(map(str, IMAGE_SHAPE))
    run(sys.executable, GENERATOR, network, "--channels-divisor=8",
        f"--input-shape={shape}", *form, f"--out={model}")
    np.save(image, np.random.default_rng(0).normal(size=IMAGE_SHAPE).astype(np.float32))
    tool("windrow-translate", "--import-onnx", model, "-o", imported)
    tool("windrow-opt", imported, "--nn-cleanup", "--emit-bytecode", "-o", cleaned)

    left = count_operations(
        tool("windrow-opt", cleaned, "--mlir-elide-elementsattrs-if-larger=8",
             "--mlir-elide-resource-strings-if-larger=8"))
    for name in REMOVED:
        if name in left:
            yield f"{left[name]} nn.{name} must be removed"
    if left != LEFT[network]:
        yield f"must have left {LEFT[network]}, got {left}"
    expected = interpret(imported, image, folder)
    difference = np.abs(interpret(cleaned, image, folder) - expected).max()
    # Not the other way round: NaN must fail.
    if not difference <= TOLERANCE * np.abs(expected).max():
        yield f"results must be equal, got a difference of {difference}"


def main():
    failed = False
    for network in sys.argv[1:] or LEFT:
        for form in ((), OTHER_FORM):
            with tempfile.TemporaryDirectory() as folder:
                for message in check(network, form, folder):
                    failed = True
                    print(" ".join((network, *form)) + f": {message}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
