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
import math
import os
import sys
import time

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

import dataset
import networks
import textures

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


def evaluate(network, images, labels):
    """Mean cross-entropy and accuracy of a network in evaluation mode."""
    network.eval()
    loss, correct = 0.0, 0
    with torch.no_grad():
        for start in range(0, len(labels), 30):
            batch = slice(start, start + 30)
            x = dataset.to_input(images[batch]).to(next(network.parameters()).device)
            logits = network(x).cpu()
            target = torch.as_tensor(labels[batch])
            loss += nn.functional.cross_entropy(logits, target, reduction="sum").item()
            correct += (logits.argmax(1) == target).sum().item()
    return loss / len(labels), correct / len(labels)


class Training:
    """The state of one run; all of it is in the checkpoint."""

    def __init__(self, args, steps_per_epoch):
        self.options = {key: value for key, value in vars(args).items()
                        if key not in ("checkpoint", "output", "threads")}
        self.network = networks.NETWORKS[args.network](len(textures.CLASSES))
        self.optimizer = torch.optim.SGD(
            self.network.parameters(), lr=args.learning_rate, momentum=0.9,
            weight_decay=5e-4, nesterov=True)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, args.learning_rate, args.epochs * steps_per_epoch,
            pct_start=0.2)
        self.epoch = 0
        self.best = (math.inf, 0.0)
        self.best_weights = None

    def save(self, path):
        state = {
            "options": self.options, "epoch": self.epoch, "best": self.best,
            "best_weights": self.best_weights, "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
        }
        torch.save(state, path + ".part")
        os.replace(path + ".part", path)

    def load(self, path):
        state = torch.load(path)
        if state["options"] != self.options:
            sys.exit(f"error: {path}: checkpoint was made with other options")
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.epoch, self.best = state["epoch"], tuple(state["best"])
        self.best_weights = state["best_weights"]

    def run_epoch(self, args, images, labels):
        """One pass over the training images; returns the mean loss."""
        # One stream an epoch, so that a resumed run repeats an uninterrupted one.
        rng = np.random.default_rng([args.seed, 1, self.epoch])
        small = self.epoch < SMALL_IMAGE_EPOCHS * args.epochs
        order = rng.permutation(len(labels))
        steps = len(order) // args.batch
        self.network.train()
        total = 0.0
        bar = tqdm(range(steps), f"epoch {self.epoch + 1}/{args.epochs}",
                   leave=False, disable=None)
        for step in bar:
            batch = order[step * args.batch:(step + 1) * args.batch]
            x = dataset.to_input(dataset.augment(images[batch], rng))
            if small:
                x = nn.functional.avg_pool2d(x, 2)
            loss = nn.functional.cross_entropy(
                self.network(x), torch.as_tensor(labels[batch]), label_smoothing=0.05)
            self.optimizer.zero_grad()
            loss.backward()
            if args.clip_norm > 0:
                nn.utils.clip_grad_norm_(self.network.parameters(), args.clip_norm)
            self.optimizer.step()
            self.schedule.step()
            total += loss.item()
            bar.set_postfix(loss=f"{total / (step + 1):.3f}")
        self.epoch += 1
        return total / steps

    def keep_if_best(self, result):
        if not self.best_weights or result[0] < self.best[0]:
            self.best = result
            self.best_weights = {name: value.clone() for name, value
                                 in self.network.state_dict().items()}


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
    try:
        training_set, validation_set = load_training_images(
            args, np.random.default_rng([args.seed, 0]))
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    steps_per_epoch = len(training_set[1]) // args.batch
    if len(validation_set[1]) == 0 or steps_per_epoch * args.epochs < 10:
        sys.exit(f"error: too few images: {len(training_set[1])} to train on, "
                 f"{len(validation_set[1])} for validation")
    print(f"{len(training_set[1])} training and {len(validation_set[1])} "
          "validation images", flush=True)
    training = Training(args, steps_per_epoch)
    if args.checkpoint and os.path.exists(args.checkpoint):
        training.load(args.checkpoint)
    while training.epoch < args.epochs:
        start = time.monotonic()
        loss = training.run_epoch(args, *training_set)
        result = evaluate(training.network, *validation_set)
        training.keep_if_best(result)
        print(f"epoch {training.epoch}: training loss {loss:.4f}, validation loss "
              f"{result[0]:.4f}, accuracy {100 * result[1]:.2f} %, "
              f"{time.monotonic() - start:.0f} s", flush=True)
        if args.checkpoint:
            training.save(args.checkpoint)
    training.network.load_state_dict(training.best_weights)
    report(args, training.network)
    print(f"written: {export(training.network, args.output)}")


if __name__ == "__main__":
    main()
