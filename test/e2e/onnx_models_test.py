#!/usr/bin/python3
#===- onnx_models_test.py - Compile ONNX files, run them, compare ----------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Compiles ONNX files for one device and for three, runs the plans on this
machine, and compares with an independent evaluation in double precision.

The files are the importer's cases and thin versions of the known architectures,
both generated. Three devices must answer as one does. A case that need not be
supported may be refused instead, by the compiler, in one line.
"""

import argparse
import functools
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
IMPORTER = os.path.join(ROOT, "test", "Importer")
ARCHITECTURES = os.path.join(ROOT, "benchmarks", "models")

sys.path.insert(0, os.path.join(ROOT, "test", "support"))
from forked_script import run_script  # noqa: E402

TOLERANCE = 1e-4  # of the largest output, between single and double precision
SUM_TOLERANCE = 1e-5  # between one device and several, where sums are split
# Cases with several inputs or outputs, which windrow-run does not take.
SEVERAL_TENSORS = ("add_two_inputs", "two_outputs", "flatten_two_gemms")
# Cases that come to nothing, which no device has work for.
EMPTY = ("average_pool_1x1", "cast_same_type", "clip_no_bounds", "concat_one",
         "dropout", "dropout_ratio_attribute", "dropout_ratio_input",
         "input_is_output", "transpose_identity", "transpose_pair")
TOOL_SECONDS = 60
# One of each family and form; the deeper ones repeat the same blocks.
ARCHITECTURE_NAMES = (
    "vgg11", "vgg11_bn", "vgg11_relu_bn", "resnet18", "resnet50",
    "wide_resnet50_2", "resnext50_32x4d", "mobilenet_v2", "mobilenet_v3_small",
    "mobilenet_v3_large", "squeezenet1_1", "densenet121", "googlenet")
FORMS = ((), ("--opset=17", "--head=reshape", "--global-pool=reduce-mean"),
         ("--activations=decomposed", "--external-data"))


class Failure(Exception):
    """A model did not pass; the message says why."""


class Refused(Exception):
    """The compiler reported an error; the message is what it printed."""


def run_tool(name, *arguments):
    path = os.path.join(os.environ["WINDROW_BIN"], name)
    done = subprocess.run([path, *arguments], capture_output=True, text=True,
                          timeout=TOOL_SECONDS)
    if done.returncode != 0:
        raise Failure(f"{name} {' '.join(arguments)}: {done.stderr.strip()}")


def case_names(kind):
    """The importer's cases of a kind, with one input and one output."""
    listing = run_script(os.path.join(IMPORTER, "generate.py"), f"--list={kind}")
    names = [line.split()[0] for line in listing.splitlines()]
    return [name for name in names if name not in SEVERAL_TENSORS + EMPTY]


def write_cluster(path, speeds):
    """Addresses are not used: windrow-run --local starts the nodes."""
    with open(path, "w") as file:
        file.write("devices:\n")
        for number, speed in enumerate(speeds):
            file.write(f'  - {{name: node-{number}, speed: {speed}, '
                       f'address: "127.0.0.1:{7801 + number}"}}\n')


def relative_error(actual, expected):
    if actual.shape != expected.shape:
        raise Failure(f"output is {actual.shape}, must be {expected.shape}")
    scale = np.abs(expected).max()
    return np.abs(actual - expected).max() / (scale or 1)


def compile_plan(model, cluster, strategy, plan):
    """Raise Refused when the compiler says why it cannot, and leaves nothing."""
    done = subprocess.run(
        [os.path.join(os.environ["WINDROW_BIN"], "windrow-compile"), model,
         f"--cluster={cluster}", f"--strategy={strategy}", "-o", plan],
        capture_output=True, text=True, timeout=TOOL_SECONDS)
    if done.returncode == 0:
        return
    [*more, line] = done.stderr.splitlines() or [""]
    if done.returncode != 1 or more or "error: " not in line or os.path.exists(plan):
        raise Failure(f"windrow-compile must refuse in one line and leave nothing, "
                      f"got status {done.returncode} and {done.stderr!r}")
    raise Refused(line)


def run_plan(folder, model, strategy, speeds):
    """The output of a model under a strategy."""
    cluster = os.path.join(folder, "cluster.yaml")
    write_cluster(cluster, speeds)
    plan, output = os.path.join(folder, strategy), os.path.join(folder, "out.npy")
    compile_plan(model, cluster, strategy, plan)
    run_tool("windrow-run", plan, "--local", os.path.join(folder, "reference.input.npy"),
             f"--save-output={output}")
    return np.load(output)


def check_model(generate):
    """Raise Failure unless the model that generate(path) writes runs right."""
    with tempfile.TemporaryDirectory() as folder:
        model = os.path.join(folder, "model.onnx")
        generate(model)
        run_script(os.path.join(IMPORTER, "onnx_reference.py"), model,
                   "--out=reference", folder=folder)
        [output] = onnx.load(model, load_external_data=False).graph.output
        expected = np.load(os.path.join(folder, f"reference.{output.name}.npy"))
        alone = run_plan(folder, model, "single", (1.0,))
        if (error := relative_error(alone, expected)) > TOLERANCE:
            raise Failure(f"one device is off by {error:.1e}")
        for strategy in ("even", "proportional"):
            together = run_plan(folder, model, strategy, (1.0, 0.6, 0.4))
            if (error := relative_error(together, alone)) > SUM_TOLERANCE:
                raise Failure(f"three devices, {strategy}, are off by {error:.1e}")


def models():
    """(name, whether it may be refused, function that writes the file) of the
    models to check."""
    for kind in ("imports", "either"):
        for name in case_names(kind):
            yield name, kind == "either", functools.partial(
                lambda name, path: run_script(
                    os.path.join(IMPORTER, "generate.py"), name, f"--out={path}"), name)
    for name in ARCHITECTURE_NAMES:
        for form in FORMS:
            yield " ".join((name, *form)), False, functools.partial(
                lambda name, form, path: run_script(
                    os.path.join(ARCHITECTURES, "generate.py"), name, f"--out={path}",
                    "--channels-divisor=8", "--classes=10", "--input-shape=1,3,75,65",
                    *form), name, form)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--filter", default="", metavar="TEXT",
                        help="only models whose name contains this")
    args = parser.parse_args()
    checked, refused, failures = 0, 0, []
    for name, may_refuse, generate in models():
        if args.filter not in name:
            continue
        checked += 1
        try:
            check_model(generate)
        except Refused as error:
            if may_refuse:
                refused += 1
                continue
            failures.append(name)
            print(f"{name}: {error}", flush=True)
        except (Failure, subprocess.SubprocessError) as error:
            failures.append(name)
            print(f"{name}: {error}", flush=True)
    print(f"{checked} models checked, {refused} refused as they may be, "
          f"{len(failures)} failed")
    sys.exit(bool(failures) or checked == 0)


if __name__ == "__main__":
    main()
