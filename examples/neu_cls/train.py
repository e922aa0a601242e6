#!/usr/bin/python3
#===- train.py - Train a surface defect classifier, write it as ONNX -------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Train on photographs and generated textures, report, write ONNX.

A validation split cut from the training images chooses the epoch that is kept;
the test images are looked at once, after that.
"""

import argparse
import os
import sys

import numpy as np
import torch
from torch import nn

import dataset
import networks
import textures
from training_run import TrainingRun, evaluate, reuse_memory

# The part of the epochs that see half-size images: these teach a fully
# convolutional network the coarse part of the task at a quarter of the cost.
SMALL_IMAGE_EPOCHS = 0.4


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="Train a network on the six classes of rolled steel surface "
        "defects and write it as ONNX.",
        epilog="example: train.py --data=../shared/data/neu-cls "
        "--output=examples/quickstart/model")
    parser.add_argument("--data", metavar="FOLDER",
                        help="folder with train/CLASS/* and test/CLASS/*; without "
                        "it only generated textures are used")
    parser.add_argument("--textures", type=int, default=210, metavar="N",
                        help="generated training textures a class (default 210)")
    parser.add_argument("--output", required=True, metavar="FOLDER",
                        help="folder for surface_defects.onnx and labels.txt")
    parser.add_argument("--network", choices=sorted(networks.NETWORKS),
                        default="surface-net")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--learning-rate", type=float, default=0.05,
                        help="the highest one; VGG wants 0.01 or less")
    parser.add_argument("--clip-norm", type=float, default=0.0, metavar="NORM",
                        help="scale gradients down to this norm (default: never)")
    parser.add_argument("--validation", type=float, default=0.1, metavar="FRACTION",
                        help="part of the training images kept for validation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--test-textures-seed", type=int, default=2, metavar="SEED")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--checkpoint", metavar="FILE",
                        help="save the state here after each epoch, and go on "
                        "from it if it exists")
    args = parser.parse_args()
    if args.test_textures_seed == args.seed:
        parser.error("--test-textures-seed must differ from --seed")
    if not args.data and args.textures < 1:
        parser.error("nothing to train on: give --data or --textures")
    if args.epochs < 1 or args.batch < 2 or not 0 < args.validation < 1:
        parser.error("--epochs must be at least 1, --batch at least 2, "
                     "--validation between 0 and 1")
    return args


def load_training_images(args, rng):
    """The training and validation parts of all sources, each split alike."""
    sources = []
    if args.data:
        sources.append(dataset.load_folder(os.path.join(args.data, "train")))
    if args.textures:
        sources.append(dataset.generate(args.seed, args.textures))
    parts = [dataset.split(*source, args.validation, rng) for source in sources]
    return [tuple(np.concatenate(arrays) for arrays in zip(*part))
            for part in zip(*parts)]


class Training(TrainingRun):
    """Trains one of networks.py on images and their labels."""

    def __init__(self, args, images, labels):
        super().__init__(args, networks.NETWORKS[args.network](len(textures.CLASSES)),
                         len(labels), 5e-4, args.clip_norm)
        self.images, self.labels = images, labels

    def loss(self, batch, rng):
        x = dataset.to_input(dataset.augment(self.images[batch], rng))
        if self.epoch < SMALL_IMAGE_EPOCHS * self.args.epochs:
            x = nn.functional.avg_pool2d(x, 2)
        return nn.functional.cross_entropy(
            self.network(x), torch.as_tensor(self.labels[batch]), label_smoothing=0.05)


def export(network, folder):
    """Write the network, batch norm kept as nodes, and the class names."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "surface_defects.onnx")
    network.eval()
    # In PRESERVE mode the exporter leaves convolution and batch norm apart.
    torch.onnx.export(
        network, torch.zeros(1, 3, textures.SIZE, textures.SIZE), path + ".part",
        input_names=["input"], output_names=["logits"], opset_version=13,
        training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
    try:
        import onnx
        onnx.checker.check_model(path + ".part", full_check=True)
    except ImportError:
        print("python3-onnx is missing: the file is not checked", file=sys.stderr)
    os.replace(path + ".part", path)
    with open(os.path.join(folder, "labels.txt"), "w") as file:
        file.write("\n".join(textures.CLASSES) + "\n")
    return path


def report(args, network):
    """Accuracy on images that steered nothing."""
    tests = [("generated textures", dataset.generate(args.test_textures_seed, 60))]
    if args.data:
        photographs = dataset.load_folder(os.path.join(args.data, "test"))
        tests.insert(0, ("photographs", photographs))
    for name, (images, labels) in tests:
        accuracy = evaluate(network, images, labels)[1]
        print(f"test accuracy on {name}: {100 * accuracy:.2f} % of {len(labels)}")


def main():
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    reuse_memory()
    try:
        training_set, validation_set = load_training_images(
            args, np.random.default_rng([args.seed, 0]))
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    steps = len(training_set[1]) // args.batch * args.epochs
    if len(validation_set[1]) == 0 or steps < 10:
        sys.exit(f"error: too few images: {len(training_set[1])} to train on, "
                 f"{len(validation_set[1])} for validation")
    print(f"{len(training_set[1])} training and {len(validation_set[1])} "
          "validation images", flush=True)
    training = Training(args, *training_set)
    training.run(validation_set)
    report(args, training.network)
    print(f"written: {export(training.network, args.output)}")


if __name__ == "__main__":
    main()
