#!/usr/bin/python3
"""Compacted networks: the same on one device as on three, and nearer when fitted.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

Compiles networks with --compact for one device and for three, with and without
calibration images, and compares logits of images that were not used for
calibration: of a small network of random weights, and of the trained ones of the
shared folder. Attention with random weights, as if tuned, is the same on one device as
on three.
"""

import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper
from PIL import Image

from trained_models import (ROOT, SHARED, SUM_TOLERANCE, has_trained_models, read_answers,
                            run_tool, write_cluster)

GENERATOR = os.path.join(ROOT, "benchmarks", "models", "generate.py")
NORMALIZATION = ("--image-mean=0.5,0.5,0.5", "--image-std=0.5,0.5,0.5")

SMALL_STEPS = ("bottleneck:r=4", "bottleneck:r=4:attention=eca", "separate",
               "prune:ratio=0.3", "bottleneck:r=8:layers=Conv_[23],dense:rank=4")
TRAINED = (
    ("resnet18-neu", "bottleneck:r=8", 8),
    ("resnet18-neu", "separate", 8),
    ("resnet18-neu", "prune:ratio=0.3", 8),
    ("vgg16-neu", "bottleneck:r=8,dense:rank=32", 4),
)


def write_images(folder, count, size, seed):
    """Smooth random images, so that neighbouring pixels are alike as in photographs."""
    os.makedirs(folder)
    random = np.random.default_rng(seed)
    paths = []
    for number in range(count):
        coarse = random.integers(0, 256, (size // 8, size // 8, 3), dtype=np.uint8)
        paths.append(os.path.join(folder, f"{number:03}.png"))
        Image.fromarray(coarse).resize((size, size), Image.BICUBIC).save(paths[-1])
    return paths


class Network:
    """A model, calibration images, and other images with the model's logits."""

    def __init__(self, model, calibration, images, folder, logits=None):
        self.model, self.calibration, self.images = model, calibration, images
        self.folder, self.cluster = folder, write_cluster(folder)
        self.logits = logits if logits is not None else self.run("single")

    def run(self, strategy, *options, model=None):
        with tempfile.TemporaryDirectory(dir=self.folder) as plan:
            output = os.path.join(plan, "output.npy")
            run_tool("windrow-compile", model or self.model, f"--cluster={self.cluster}",
                     f"--strategy={strategy}", *NORMALIZATION, *options,
                     "-o", os.path.join(plan, "plan"))
            run_tool("windrow-run", os.path.join(plan, "plan"), *self.images,
                     "--local", f"--save-output={output}")
            return np.load(output).reshape(len(self.images), -1)

    def error(self, logits):
        return np.linalg.norm(logits - self.logits) / np.linalg.norm(self.logits)

    def check(self, steps, calibration_images):
        """What is wrong with the network compacted by `steps`, one text each."""
        compact = f"--compact={steps}"
        compacted = os.path.join(self.folder, "compacted.mlirbc")
        run_tool("windrow-compile", self.model, compact, "--compile-to=graph",
                 "-o", compacted)
        alone = self.run("single", model=compacted)
        divided = self.run("proportional", model=compacted)
        difference = np.abs(divided - alone).max() / np.abs(alone).max()
        if not difference <= SUM_TOLERANCE:
            yield f"{steps}: three devices differ from one by {difference:.1e}"
        fitted = self.run("single", compact, f"--calibration={self.calibration}",
                          f"--calibration-images={calibration_images}")
        before, after = self.error(alone), self.error(fitted)
        print(f"{os.path.basename(self.model)}, {steps}: logits off by "
              f"{before:.1%} from weights alone, {after:.1%} fitted on "
              f"{calibration_images} images", flush=True)
        if not after < before:
            yield f"{steps}: fitting must lower the error of {before}, got {after}"


def check_small(folder):
    model = generate_small(folder)
    calibration = os.path.join(folder, "calibration")
    write_images(calibration, 12, 64, seed=1)
    images = write_images(os.path.join(folder, "images"), 8, 64, seed=2)
    network = Network(model, calibration, images, folder)
    for steps in SMALL_STEPS:
        yield from network.check(steps, 12)


def generate_small(folder):
    """A ResNet-18 of random weights, with convolutions of stride 2."""
    path = os.path.join(folder, "small.onnx")
    subprocess.run([sys.executable, GENERATOR, "resnet18", "--channels-divisor=4",
                    "--input-shape=1,3,64,64", f"--out={path}"], check=True)
    return path


def train_attention(path):
    """Replace the weights of attention, which are 0, by random ones, as if tuned."""
    model = onnx.load(path)
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    random = np.random.default_rng(3)
    matrices = [weights[node.input[1]] for node in model.graph.node
                if node.op_type == "Gemm" and "/attention" in node.name]
    for matrix in matrices:
        values = 8 * random.standard_normal(matrix.dims).astype(np.float32)
        matrix.CopyFrom(numpy_helper.from_array(values, matrix.name))
    onnx.save(model, path)
    return len(matrices)


def check_attention(folder):
    """Attention that was tuned weighs channels by what the whole image holds, on all
    devices alike, behind convolutions of stride 1 and 2."""
    graph, neutral, tuned = (os.path.join(folder, name) for name in (
        "graph.mlirbc", "neutral.onnx", "tuned.onnx"))
    run_tool("windrow-compile", generate_small(folder), "--compact=bottleneck:r=4",
             "--compile-to=graph", "-o", graph)
    for path in (neutral, tuned):
        run_tool("windrow-translate", "--export-onnx", graph, "-o", path)
    count = train_attention(tuned)
    images = write_images(os.path.join(folder, "attention"), 4, 64, seed=4)
    network = Network(tuned, None, images, folder)
    effect = network.error(Network(neutral, None, images, folder).logits)
    if count != 16 or not effect > 0.1:
        yield (f"attention: 16 matrices must change the logits by over 10 %, got {count} "
               f"and {effect:.1%}")
    for strategy in ("even", "proportional", "dp"):
        difference = np.abs(network.run(strategy) - network.logits).max()
        difference /= np.abs(network.logits).max()
        print(f"attention, {strategy}: {difference:.1e} from one device", flush=True)
        if not difference <= SUM_TOLERANCE:
            yield f"attention, {strategy}: three devices differ from one by {difference:.1e}"
    placed = run_tool("windrow-compile", tuned, f"--cluster={network.cluster}",
                      "--strategy=even", "--compile-to=plan", *NORMALIZATION)
    pooled = {line.split("nn.global_avg_pool ")[1].split()[0]
              for line in placed.splitlines() if "nn.global_avg_pool" in line}
    divided = [line for line in placed.splitlines()
               if "nn.conv_2d" in line and "#cluster.layout<rows" in line
               and line.split()[0] in pooled]
    strided = [line for line in divided if "strides = array<i64: 2, 2>" in line]
    if len(divided) < 16 or len(strided) != 3:
        yield (f"attention, even: 16 convolutions must be divided by rows, 3 of them with "
               f"stride 2, got {len(divided)} and {len(strided)}")


def check_trained(folder):
    if not has_trained_models():
        print(f"not checked: the folder of trained models is not there ({SHARED})")
        return
    calibration = os.path.join(SHARED, "data", "neu-cls", "train")
    for model, steps, count in TRAINED:
        files, logits = read_answers(model)
        path = os.path.join(SHARED, "models", f"{model}.onnx")
        network = Network(path, calibration, files, folder, logits)
        for fault in network.check(steps, count):
            yield f"{model}, {fault}"


def main():
    with tempfile.TemporaryDirectory(prefix="windrow-") as folder:
        faults = [*check_small(folder), *check_attention(folder), *check_trained(folder)]
    for fault in faults:
        print(f"FAILED: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
