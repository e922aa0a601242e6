#!/usr/bin/python3
"""Compacted networks: the same on one device as on three, and nearer when fitted.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

Compiles networks with --compact for one device and for three, with and without
calibration images, and compares logits of images that were not used for
calibration: of a small network of random weights, and of the trained ones of the
shared folder.
"""

import csv
import os
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SHARED = os.environ.get("WINDROW_SHARED", os.path.join(ROOT, "..", "shared"))
GENERATOR = os.path.join(ROOT, "benchmarks", "models", "generate.py")
NORMALIZATION = ("--image-mean=0.5,0.5,0.5", "--image-std=0.5,0.5,0.5")
SUM_TOLERANCE = 1e-5  # of the largest logit: devices add partial sums
SPEEDS = (1.0, 0.6, 0.8)
TOOL_SECONDS = 400

SMALL_STEPS = ("bottleneck:r=4", "bottleneck:r=4:attention=eca", "separate",
               "prune:ratio=0.3", "bottleneck:r=8:layers=Conv_[23],dense:rank=4")
TRAINED = (
    ("resnet18-neu", "bottleneck:r=8", 8),
    ("resnet18-neu", "separate", 8),
    ("resnet18-neu", "prune:ratio=0.3", 8),
    ("vgg16-neu", "bottleneck:r=8,dense:rank=32", 4),
)


def run_tool(name, *arguments):
    path = os.path.join(os.environ["WINDROW_BIN"], name)
    done = subprocess.run([path, *arguments], capture_output=True, text=True,
                          timeout=TOOL_SECONDS)
    if done.returncode != 0:
        sys.exit(f"{name} {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def write_cluster(folder):
    path = os.path.join(folder, "cluster.yaml")
    with open(path, "w") as file:
        file.write("devices:\n")
        for number, speed in enumerate(SPEEDS):
            file.write(f"  - {{name: press-{number}, speed: {speed}, "
                       f"address: 'localhost:{7811 + number}'}}\n")
    return path


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

    def __init__(self, onnx, calibration, images, folder, logits=None):
        self.onnx, self.calibration, self.images = onnx, calibration, images
        self.folder, self.cluster = folder, write_cluster(folder)
        self.logits = logits if logits is not None else self.run("single")

    def run(self, strategy, *options):
        with tempfile.TemporaryDirectory(dir=self.folder) as plan:
            output = os.path.join(plan, "output.npy")
            run_tool("windrow-compile", self.onnx, f"--cluster={self.cluster}",
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
        alone = self.run("single", compact)
        divided = self.run("proportional", compact)
        difference = np.abs(divided - alone).max() / np.abs(alone).max()
        if not difference <= SUM_TOLERANCE:
            yield f"{steps}: three devices differ from one by {difference:.1e}"
        fitted = self.run("single", compact, f"--calibration={self.calibration}",
                          f"--calibration-images={calibration_images}")
        before, after = self.error(alone), self.error(fitted)
        print(f"{os.path.basename(self.onnx)}, {steps}: logits off by "
              f"{before:.1%} from weights alone, {after:.1%} fitted on "
              f"{calibration_images} images", flush=True)
        if not after < before:
            yield f"{steps}: fitting must lower the error of {before}, got {after}"


def check_small(folder):
    onnx = os.path.join(folder, "small.onnx")
    subprocess.run([sys.executable, GENERATOR, "resnet18", "--channels-divisor=4",
                    "--input-shape=1,3,64,64", f"--out={onnx}"], check=True)
    calibration = os.path.join(folder, "calibration")
    write_images(calibration, 12, 64, seed=1)
    images = write_images(os.path.join(folder, "images"), 8, 64, seed=2)
    network = Network(onnx, calibration, images, folder)
    for steps in SMALL_STEPS:
        yield from network.check(steps, 12)


def read_answers(model):
    """The image files and the logits that ONNX Runtime gives for them."""
    with open(os.path.join(SHARED, "models", f"{model}.logits.csv")) as file:
        rows = list(csv.reader(file))[1:]
    files = [os.path.join(SHARED, row[0]) for row in rows]
    return files, np.array([[float(text) for text in row[2:]] for row in rows])


def check_trained(folder):
    if not os.path.isdir(os.path.join(SHARED, "models")):
        print(f"not checked: the folder of trained models is not there ({SHARED})")
        return
    calibration = os.path.join(SHARED, "data", "neu-cls", "train")
    for model, steps, count in TRAINED:
        files, logits = read_answers(model)
        onnx = os.path.join(SHARED, "models", f"{model}.onnx")
        network = Network(onnx, calibration, files, folder, logits)
        for fault in network.check(steps, count):
            yield f"{model}, {fault}"


def main():
    with tempfile.TemporaryDirectory(prefix="windrow-") as folder:
        faults = [*check_small(folder), *check_trained(folder)]
    for fault in faults:
        print(f"FAILED: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
