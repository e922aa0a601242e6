#!/usr/bin/python3
#===- distill.py - Tune a compact network on what the original answers -----===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Tune a compacted network by distillation from the original, both ONNX files.

The loss is cross-entropy with the labels, Kullback-Leibler divergence from the
original's softened answers (Hinton et al., "Distilling the Knowledge in a Neural
Network", 2015), half each by default, and the distance of what both flatten for
their classifiers, averaged over the image. A validation split cut from the training
images chooses the epoch that is written; test images are looked at once, at the
end.
"""

import argparse
import hashlib
import os
import sys

import numpy as np
import torch
from torch.nn import functional
from tqdm import tqdm

import dataset
import textures
from onnx_network import OnnxNetwork, UnsupportedModel
from student_norms import prepare_norms
from training_run import TrainingRun, evaluate, reuse_memory

VIEWS = 4  # an image and its mirror images
FLATTENING = ("Flatten", "Reshape")


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
    parser.add_argument("--clip-norm", type=float, default=0.0,
                        help="longest gradient; 0, the default, for no limit")
    parser.add_argument("--weight-decay", type=float, default=5e-4)
    parser.add_argument("--answer-share", type=float, default=0.5,
                        help="part of the loss that is the divergence from what the "
                        "original answers; the rest is cross-entropy with the labels")
    parser.add_argument("--temperature", type=float, default=2.0)
    parser.add_argument("--feature-weight", type=float, default=0.1)
    parser.add_argument("--views", type=int, choices=(1, 2, 4), default=VIEWS,
                        help="of these views of an image the original is asked: as it is, "
                        "mirrored left to right, upside down, both; one that it is not "
                        "asked about has the answer of its mirror image")
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
    if args.temperature <= 0 or args.learning_rate <= 0:
        parser.error("--temperature and --learning-rate must be positive")
    if not 0 <= args.answer_share <= 1:
        parser.error("--answer-share must be from 0 to 1")
    if args.feature_weight < 0 or args.clip_norm < 0:
        parser.error("--feature-weight and --clip-norm must not be negative")
    return args


def device():
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def load_network(path):
    # Channels last: a third less time for layers of few channels on a CPU.
    return OnnxNetwork(path).to(device(), memory_format=torch.channels_last)


def check_classes(path, network, images):
    """Exit unless the network of file `path` answers for the classes of the data."""
    with torch.no_grad():
        answers = network(dataset.to_input(images[:1]).to(device())).flatten(1)
    if answers.shape[1] != len(textures.CLASSES):
        sys.exit(f"error: {path}: must answer for the {len(textures.CLASSES)} classes of "
                 f"the data, got {answers.shape[1]}")


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


def answer_all(teacher, images, views):
    """The original's logits and pooled features, [views, images, ...] each."""
    node = flattened_node(teacher)
    logits, features = [], []
    starts = [(view, start) for view in range(views)
              for start in range(0, len(images), 20)]
    with torch.no_grad():
        for view, start in tqdm(starts, "original", leave=False, disable=None):
            batch = dataset.mirrored(images[start:start + 20], view)
            output, kept = teacher(dataset.to_input(batch).to(device()), keep=(node,))
            logits.append(output.cpu())
            features.append(pooled(kept[node]).cpu() if kept else output.cpu())
    return tuple(torch.cat(parts).reshape(views, len(images), -1)
                 for parts in (logits, features))


def load_answers(args, teacher, images):
    """`answer_all`, from the file --answers where that has them."""
    key = f"{digest(args.teacher, images)} {args.views}"
    if args.answers and os.path.exists(args.answers):
        stored = torch.load(args.answers)
        if stored["key"] != key:
            sys.exit(f"error: {args.answers}: holds answers of another network, or to "
                     "other images or views")
        return stored["logits"], stored["features"]
    logits, features = answer_all(teacher, images, args.views)
    if args.answers:
        torch.save({"key": key, "logits": logits, "features": features},
                   args.answers + ".part")
        os.replace(args.answers + ".part", args.answers)
    return logits, features


#===------------------------------------------------------------------------===#
# The student
#===------------------------------------------------------------------------===#


class Distillation(TrainingRun):
    """Tunes a student on images, their labels and the original's answers to them."""

    NEUTRAL_OPTIONS = (*TrainingRun.NEUTRAL_OPTIONS, "answers", "data")

    def __init__(self, args, student, images, labels, answers):
        super().__init__(args, student, len(labels), args.weight_decay, args.clip_norm)
        self.options["files"] = digest(args.teacher, args.student)
        self.images, self.labels = images, labels
        self.logits, self.features = answers
        self.feature_node = flattened_node(student)
        self.deviation = self.features.std((0, 1)).clamp(min=1e-3).to(device())

    def loss(self, batch, rng):
        views = rng.integers(0, VIEWS, len(batch))
        seen = np.stack([dataset.change_light(dataset.mirrored(self.images[i], view), rng)
                         for i, view in zip(batch, views)])
        answered = views % self.args.views
        x, labels, logits, features = (tensor.to(device()) for tensor in (
            dataset.to_input(np.clip(seen, 0, 255)), torch.as_tensor(self.labels[batch]),
            self.logits[answered, batch], self.features[answered, batch]))
        output, kept = self.network(x, keep=(self.feature_node,))
        temperature = self.args.temperature
        share = self.args.answer_share
        result = (1 - share) * functional.cross_entropy(output, labels)
        result = result + share * temperature**2 * functional.kl_div(
            functional.log_softmax(output / temperature, 1),
            functional.log_softmax(logits / temperature, 1),
            reduction="batchmean", log_target=True)
        own = pooled(kept[self.feature_node]) if kept else output
        if own.shape == features.shape:
            result = result + self.args.feature_weight * functional.mse_loss(
                own / self.deviation, features / self.deviation)
        return result


def run(args):
    images, labels = dataset.load_folder(os.path.join(args.data, "train"))
    is_validation = dataset.validation_mask(
        labels, args.validation, np.random.default_rng([args.seed, 0]))
    training_set = images[~is_validation], labels[~is_validation]
    validation_set = images[is_validation], labels[is_validation]
    if len(validation_set[1]) == 0 or len(training_set[1]) < args.batch:
        sys.exit(f"error: too few images: {len(training_set[1])} to train on, "
                 f"{len(validation_set[1])} for validation")
    teacher = load_network(args.teacher)
    student = load_network(args.student)
    for path, network in ((args.teacher, teacher), (args.student, student)):
        check_classes(path, network.eval(), images)
    answers = [part[:, ~is_validation] for part in load_answers(args, teacher, images)]
    calibration = np.random.default_rng([args.seed, 2]).choice(
        len(training_set[1]), min(30, len(training_set[1])), replace=False)
    untuned = evaluate(student, *validation_set)
    prepare_norms(student, teacher,
                  dataset.to_input(training_set[0][calibration]).to(device()))
    prepared = evaluate(student, *validation_set)
    print(f"{len(training_set[1])} training and {len(validation_set[1])} validation "
          f"images; validation accuracy {100 * untuned[1]:.2f} % as it came, "
          f"{100 * prepared[1]:.2f} % with new batch norms", flush=True)
    Distillation(args, student, *training_set, answers).run(validation_set)
    test_set = dataset.load_folder(os.path.join(args.data, "test"))
    accuracy = evaluate(student, *test_set)[1]
    print(f"test accuracy: {100 * accuracy:.2f} % of {len(test_set[1])}")
    student.save(args.output)
    print(f"written: {args.output}")


def main():
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    reuse_memory()
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
