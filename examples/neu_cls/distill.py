#!/usr/bin/python3
#===- distill.py - Tune a compact network on what the original answers -----===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Tune a compacted network by distillation from the original, both ONNX files.

The loss is half cross-entropy with the labels, half Kullback-Leibler divergence
from the original's softened answers (Hinton et al., "Distilling the Knowledge in
a Neural Network", 2015), and the distance of what both flatten for their
classifiers, averaged over the image. A validation split cut from the training
images chooses the epoch that is written; test images are looked at once, at the
end.
"""

import argparse
import hashlib
import math
import os
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from tqdm import tqdm

import dataset
from onnx_network import OnnxNetwork, UnsupportedModel
from train import evaluate

VIEWS = 4  # an image and its mirror images; the original answers each of them once
FLATTENING = ("Flatten", "Reshape")
# How Windrow's passes call the last part of what replaces a convolution.
LAST_PARTS = ("/expand", "/pointwise")


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="Tune a compacted ONNX network on what the original answers, and "
        "write it as ONNX.",
        epilog="example: distill.py --teacher=resnet18.onnx --student=compact.onnx "
        "--data=../shared/data/neu-cls --checkpoint=compact.pt --output=tuned.onnx")
    parser.add_argument("--teacher", required=True, metavar="FILE", help="the original")
    parser.add_argument("--student", required=True, metavar="FILE",
                        help="what windrow-translate --export-onnx wrote of the "
                        "compacted network")
    parser.add_argument("--data", required=True, metavar="FOLDER",
                        help="folder with train/CLASS/* and test/CLASS/*")
    parser.add_argument("--output", required=True, metavar="FILE")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--learning-rate", type=float, default=0.02,
                        help="the highest one, of a one-cycle schedule")
    parser.add_argument("--weight-decay", type=float, default=5e-4)
    parser.add_argument("--temperature", type=float, default=2.0)
    parser.add_argument("--feature-weight", type=float, default=0.1)
    parser.add_argument("--validation", type=float, default=0.1, metavar="FRACTION",
                        help="part of the training images kept for validation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--checkpoint", metavar="FILE",
                        help="save the state here after each epoch, and go on from it "
                        "if it exists")
    parser.add_argument("--answers", metavar="FILE",
                        help="keep the original's answers here, and use them if they "
                        "are there: other students can share them")
    args = parser.parse_args()
    if args.epochs < 1 or args.batch < 2 or not 0 < args.validation < 1:
        parser.error("--epochs must be at least 1, --batch at least 2, --validation "
                     "between 0 and 1")
    if args.temperature <= 0 or args.learning_rate <= 0 or args.feature_weight < 0:
        parser.error("--temperature and --learning-rate must be positive, "
                     "--feature-weight not negative")
    return args


def device():
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def digest(*parts):
    """A hash of files, named by strings, and arrays."""
    result = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            with open(part, "rb") as file:
                result.update(file.read())
        else:
            result.update(np.ascontiguousarray(part))
    return result.hexdigest()


#===------------------------------------------------------------------------===#
# The original
#===------------------------------------------------------------------------===#


def flattened_node(network):
    """The node whose result is flattened for the classifier; None if there is none."""
    writers = {node.output[0]: node.name for node in network.nodes}
    for node in reversed(network.nodes):
        if node.op_type in FLATTENING and node.input[0] in writers:
            return writers[node.input[0]]
    return None


def pooled(values):
    return values.mean((2, 3)) if values.dim() == 4 else values.flatten(1)


def answer_all(teacher, images):
    """The original's logits and pooled features, [views, images, ...] each."""
    node = flattened_node(teacher)
    logits, features = [], []
    starts = [(view, start) for view in range(VIEWS)
              for start in range(0, len(images), 20)]
    with torch.no_grad():
        for view, start in tqdm(starts, "original", leave=False, disable=None):
            batch = dataset.mirrored(images[start:start + 20], view)
            output, kept = teacher(dataset.to_input(batch).to(device()), keep=(node,))
            logits.append(output.cpu())
            features.append(pooled(kept[node]).cpu() if kept else output.cpu())
    return tuple(torch.cat(parts).reshape(VIEWS, len(images), -1)
                 for parts in (logits, features))


def load_answers(args, teacher, images):
    """`answer_all`, from the file --answers where that has them."""
    key = digest(args.teacher, images)
    if args.answers and os.path.exists(args.answers):
        stored = torch.load(args.answers)
        if stored["key"] != key:
            sys.exit(f"error: {args.answers}: holds answers of another network or to "
                     "other images")
        return stored["logits"], stored["features"]
    logits, features = answer_all(teacher, images)
    if args.answers:
        torch.save({"key": key, "logits": logits, "features": features},
                   args.answers + ".part")
        os.replace(args.answers + ".part", args.answers)
    return logits, features


#===------------------------------------------------------------------------===#
# The student
#===------------------------------------------------------------------------===#


def channel_moments(values):
    return values.mean((0, 2, 3)), values.var((0, 2, 3), unbiased=False)


def last_parts(student, teacher):
    """Name of a convolution of the student -> that of the original's convolution
    that it is, or that it is the last part of."""
    channels = {node.name: teacher.layers[str(index)].out_channels
                for index, node in enumerate(teacher.nodes) if node.op_type == "Conv"}
    result = {}
    for index, node in enumerate(student.nodes):
        if node.op_type != "Conv":
            continue
        original = next((node.name.removesuffix(part) for part in LAST_PARTS
                         if node.name.endswith(part)), node.name)
        if channels.get(original) == student.layers[str(index)].out_channels:
            result[node.name] = original
    return result


def prepare_norms(student, teacher, images):
    """Put a batch norm behind each convolution of the original, or the last part of
    what took its place, which gives every channel the mean and the deviation that it
    has in the original; not where one follows already.

    Batch norms that the student has go on computing what they do, from the mean and
    the variance of what they read.
    """
    readers = {name: node for node in student.nodes for name in node.input}
    parts = {name: original for name, original in last_parts(student, teacher).items()
             if readers[student.nodes[student.index[name]].output[0]].op_type
             != "BatchNormalization"}
    for name in parts:
        student.add_batch_norm(name)
    x = dataset.to_input(images).to(device())
    with torch.no_grad():
        _, kept = teacher(x, keep=tuple(parts.values()))
        moments = {name: channel_moments(values) for name, values in kept.items()}
        hooks = []
        for name, is_added, norm in student.batch_norms():
            target = moments[parts[name]] if is_added else None
            hooks.append(norm.register_forward_pre_hook(
                lambda norm, operands, target=target: adopt(norm, operands[0], target)))
        student.eval()
        student(x)
    for hook in hooks:
        hook.remove()


def adopt(norm, x, target):
    """Take the running moments from `x`; where `target` is given, make these the
    moments of the result, else leave the result as it is."""
    mean, variance = channel_moments(x)
    if target:
        norm.weight.copy_(torch.sqrt(target[1]))
        norm.bias.copy_(target[0])
    else:
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        shift = norm.bias - norm.running_mean * scale
        norm.eps = 1e-5
        deviation = torch.sqrt(variance + norm.eps)
        norm.weight.copy_(scale * deviation)
        norm.bias.copy_(shift + scale * mean)
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)


class Distillation:
    """The state of one run; all of it is in the checkpoint."""

    def __init__(self, args, student, steps_per_epoch):
        self.options = {key: value for key, value in vars(args).items()
                        if key not in ("checkpoint", "output", "threads", "answers", "data")}
        self.options["files"] = digest(args.teacher, args.student)
        self.student = student
        self.feature_node = flattened_node(student)
        self.optimizer = torch.optim.SGD(
            student.parameters(), lr=args.learning_rate, momentum=0.9,
            weight_decay=args.weight_decay, nesterov=True)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, args.learning_rate, args.epochs * steps_per_epoch, pct_start=0.2)
        self.epoch = 0
        self.best = (math.inf, 0.0)
        self.best_weights = None

    def save(self, path):
        state = {
            "options": self.options, "epoch": self.epoch, "best": self.best,
            "best_weights": self.best_weights, "student": self.student.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
        }
        torch.save(state, path + ".part")
        os.replace(path + ".part", path)

    def load(self, path):
        state = torch.load(path, map_location=device())
        if state["options"] != self.options:
            sys.exit(f"error: {path}: checkpoint was made with other options")
        self.student.load_state_dict(state["student"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.epoch, self.best = state["epoch"], tuple(state["best"])
        self.best_weights = state["best_weights"]

    def loss(self, args, x, labels, logits, features, deviation):
        output, kept = self.student(x, keep=(self.feature_node,))
        result = 0.5 * functional.cross_entropy(output, labels)
        result = result + 0.5 * args.temperature**2 * functional.kl_div(
            functional.log_softmax(output / args.temperature, 1),
            functional.log_softmax(logits / args.temperature, 1),
            reduction="batchmean", log_target=True)
        own = pooled(kept[self.feature_node]) if kept else output
        if own.shape == features.shape:
            result = result + args.feature_weight * functional.mse_loss(
                own / deviation, features / deviation)
        return result

    def run_epoch(self, args, images, labels, answers):
        """One pass over the training images; returns the mean loss."""
        # One stream an epoch, so that a resumed run repeats an uninterrupted one.
        rng = np.random.default_rng([args.seed, 1, self.epoch])
        order = rng.permutation(len(labels))
        steps = len(order) // args.batch
        logits, features = answers
        deviation = features.std((0, 1)).clamp(min=1e-3).to(device())
        self.student.train()
        total = 0.0
        bar = tqdm(range(steps), f"epoch {self.epoch + 1}/{args.epochs}", leave=False,
                   disable=None)
        for step in bar:
            batch = order[step * args.batch:(step + 1) * args.batch]
            views = rng.integers(0, VIEWS, len(batch))
            seen = np.stack([dataset.change_light(dataset.mirrored(images[i], view), rng)
                             for i, view in zip(batch, views)])
            operands = (dataset.to_input(np.clip(seen, 0, 255)),
                        torch.as_tensor(labels[batch]), logits[views, batch],
                        features[views, batch])
            loss = self.loss(args, *(tensor.to(device()) for tensor in operands), deviation)
            self.optimizer.zero_grad()
            loss.backward()
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
                                 in self.student.state_dict().items()}


def tune(args, distillation, training_set, validation_set, answers):
    """Run the epochs that are left, with a checkpoint and a line after each."""
    while distillation.epoch < args.epochs:
        start = time.monotonic()
        loss = distillation.run_epoch(args, *training_set, answers)
        result = evaluate(distillation.student, *validation_set)
        distillation.keep_if_best(result)
        if args.checkpoint:
            distillation.save(args.checkpoint)
        print(f"epoch {distillation.epoch}: training loss {loss:.4f}, validation loss "
              f"{result[0]:.4f}, accuracy {100 * result[1]:.2f} %, "
              f"{time.monotonic() - start:.0f} s", flush=True)


def run(args):
    images, labels = dataset.load_folder(os.path.join(args.data, "train"))
    is_validation = dataset.validation_mask(
        labels, args.validation, np.random.default_rng([args.seed, 0]))
    training_set = images[~is_validation], labels[~is_validation]
    validation_set = images[is_validation], labels[is_validation]
    if len(validation_set[1]) == 0 or len(training_set[1]) < args.batch:
        sys.exit(f"error: too few images: {len(training_set[1])} to train on, "
                 f"{len(validation_set[1])} for validation")
    teacher = OnnxNetwork(args.teacher).to(device()).eval()
    student = OnnxNetwork(args.student).to(device())
    answers = [part[:, ~is_validation] for part in load_answers(args, teacher, images)]
    calibration = np.random.default_rng([args.seed, 2]).choice(
        len(training_set[1]), min(30, len(training_set[1])), replace=False)
    untuned = evaluate(student, *validation_set)
    prepare_norms(student, teacher, training_set[0][calibration])
    prepared = evaluate(student, *validation_set)
    print(f"{len(training_set[1])} training and {len(validation_set[1])} validation "
          f"images; validation accuracy {100 * untuned[1]:.2f} % as it came, "
          f"{100 * prepared[1]:.2f} % with new batch norms", flush=True)
    distillation = Distillation(args, student, len(training_set[1]) // args.batch)
    if args.checkpoint and os.path.exists(args.checkpoint):
        distillation.load(args.checkpoint)
    tune(args, distillation, training_set, validation_set, answers)
    student.load_state_dict(distillation.best_weights)
    test_set = dataset.load_folder(os.path.join(args.data, "test"))
    accuracy = evaluate(student, *test_set)[1]
    print(f"test accuracy: {100 * accuracy:.2f} % of {len(test_set[1])}")
    student.save(args.output)
    print(f"written: {args.output}")


def main():
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    try:
        run(args)
    except KeyboardInterrupt:
        sys.exit("\ninterrupted" + (": the same command goes on after the last epoch"
                                    if args.checkpoint else ""))
    except (OSError, ValueError, UnsupportedModel) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
