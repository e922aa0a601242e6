#===- training_run.py - The state of a training run, and its measure -------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""What train.py and distill.py have in common: stochastic gradient descent in one
cycle, checkpoints, and the choice of the best epoch."""

import ctypes
import math
import os
import sys
import time

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

import dataset


def reuse_memory():
    """Keep freed memory for the next step.

    Large tensors would be mapped and cleared anew each time: a third of the time of a
    step on images of 200x200. Does nothing where the C library is not glibc.
    """
    trim_threshold, mmap_max = -1, -4  # glibc's malloc.h
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(mmap_max, 0)
        mallopt(trim_threshold, -1)


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


class TrainingRun:
    """The state of one run; all of it is in the checkpoint.

    A derived class gives `loss(batch, rng)`, the loss for some training images, whose
    numbers `batch` holds, augmented by `rng`.
    """

    # Options of the command line that change no result.
    NEUTRAL_OPTIONS = ("checkpoint", "output", "threads")

    def __init__(self, args, network, training_images, weight_decay, clip_norm=0.0):
        self.args, self.network, self.training_images = args, network, training_images
        self.options = {key: value for key, value in vars(args).items()
                        if key not in self.NEUTRAL_OPTIONS}
        self.clip_norm = clip_norm
        self.optimizer = torch.optim.SGD(
            network.parameters(), lr=args.learning_rate, momentum=0.9,
            weight_decay=weight_decay, nesterov=True)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, args.learning_rate, args.epochs * self.steps_per_epoch,
            pct_start=0.2)
        self.epoch = 0
        self.best = (math.inf, 0.0)
        self.best_weights = None

    @property
    def steps_per_epoch(self):
        return self.training_images // self.args.batch

    def loss(self, batch, rng):
        raise NotImplementedError

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
        state = torch.load(path, map_location=next(self.network.parameters()).device)
        if state["options"] != self.options:
            sys.exit(f"error: {path}: checkpoint was made with other options")
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.epoch, self.best = state["epoch"], tuple(state["best"])
        self.best_weights = state["best_weights"]

    def run_epoch(self):
        """One pass over the training images; returns the mean loss."""
        # One stream an epoch, so that a resumed run repeats an uninterrupted one.
        rng = np.random.default_rng([self.args.seed, 1, self.epoch])
        order = rng.permutation(self.training_images)
        self.network.train()
        total, size = 0.0, self.args.batch
        bar = tqdm(range(self.steps_per_epoch),
                   f"epoch {self.epoch + 1}/{self.args.epochs}", leave=False, disable=None)
        for step in bar:
            loss = self.loss(order[step * size:(step + 1) * size], rng)
            self.optimizer.zero_grad()
            loss.backward()
            if self.clip_norm > 0:
                nn.utils.clip_grad_norm_(self.network.parameters(), self.clip_norm)
            self.optimizer.step()
            self.schedule.step()
            total += loss.item()
            bar.set_postfix(loss=f"{total / (step + 1):.3f}")
        self.epoch += 1
        return total / self.steps_per_epoch

    def keep_if_best(self, result):
        if not self.best_weights or result[0] < self.best[0]:
            self.best = result
            self.best_weights = {name: value.clone() for name, value
                                 in self.network.state_dict().items()}

    def run(self, validation_set):
        """Run the epochs that are left, from the checkpoint on if there is one, with
        a checkpoint and a line after each; leave the network as its best epoch did."""
        path = self.args.checkpoint
        if path and os.path.exists(path):
            self.load(path)
        while self.epoch < self.args.epochs:
            start = time.monotonic()
            loss = self.run_epoch()
            result = evaluate(self.network, *validation_set)
            self.keep_if_best(result)
            if path:
                self.save(path)
            print(f"epoch {self.epoch}: training loss {loss:.4f}, validation loss "
                  f"{result[0]:.4f}, accuracy {100 * result[1]:.2f} %, "
                  f"{time.monotonic() - start:.0f} s", flush=True)
        self.network.load_state_dict(self.best_weights)
