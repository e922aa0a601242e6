#!/usr/bin/python3
#===- onnx_export_test.py - Export networks, read them again, compare ------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Imports ONNX files, exports them as they are and cleaned up, and reads both again.

What is read must be the network that was exported: ONNX's checker accepts the
file, inputs and outputs have their names and shapes, and the interpreter computes
the same from it. For the known architectures, what is read and exported again must
be the same file to the byte, which holds no transpose.
"""

import argparse
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

TOLERANCE = 1e-5  # of the largest output
TOOL_SECONDS = 120
FORMS = ((), ("--opset=17", "--head=reshape", "--global-pool=reduce-mean"))


class Failure(Exception):
    """A model did not pass; the message says why."""


def tool(name, *arguments):
    command = [os.path.join(os.environ["WINDROW_BIN"], name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TOOL_SECONDS)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}: {done.stderr.strip()}")


def generate(script_folder, *arguments):
    return run_script(os.path.join(script_folder, "generate.py"), *arguments)


def interface(model):
    """Names and shapes of inputs that are not weights, and of outputs."""
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [entry for entry in model.graph.input if entry.name not in weights]
    return [(entry.name, [size.dim_value for size in entry.type.tensor_type.shape.dim])
            for entry in (*inputs, *model.graph.output)]


def interpret(graph, inputs, count):
    outputs = [f"{graph}.{number}.npy" for number in range(count)]
    tool("windrow-interpret", graph, *(f"--input={path}" for path in inputs),
         *(f"--output={path}" for path in outputs))
    return [np.load(path) for path in outputs]


def agrees(declared, exported):
    """Whether interfaces are the same, as far as the model declared its own."""
    return [name for name, _ in declared] == [name for name, _ in exported] and all(
        not before or len(before) == len(after) and all(
            old in (0, new) for old, new in zip(before, after))
        for (_, before), (_, after) in zip(declared, exported))


def clean(graph, cleaned):
    tool("windrow-opt", graph, "--nn-cleanup", "--emit-bytecode", "-o", cleaned)


def check_same_file(folder, exported, graph, is_cleaned):
    """Export what was read, and cleaned up if what was exported had been."""
    second = os.path.join(folder, "second.onnx")
    if is_cleaned:
        graph, imported = os.path.join(folder, "second.mlirbc"), graph
        clean(imported, graph)
    tool("windrow-translate", "--export-onnx", graph, "-o", second)
    with open(exported, "rb") as one, open(second, "rb") as other:
        if one.read() != other.read():
            raise Failure("what was read again makes another file")


def random_inputs(folder, model):
    rng = np.random.default_rng(0)
    paths = []
    for number, (_, shape) in enumerate(interface(model)[:-len(model.graph.output)]):
        paths.append(os.path.join(folder, f"in{number}.npy"))
        np.save(paths[-1], rng.normal(size=shape).astype(np.float32))
    return paths


def check_export(folder, name, known, inputs, expected, is_architecture):
    """Export `name`.mlirbc and check what is read from that again."""
    graph, exported = (os.path.join(folder, name + suffix)
                       for suffix in (".mlirbc", ".onnx"))
    again = os.path.join(folder, name + "_again.mlirbc")
    tool("windrow-translate", "--export-onnx", graph, "-o", exported)
    model = onnx.load(exported)
    onnx.checker.check_model(model, full_check=True)
    if not agrees(known, interface(model)):
        raise Failure(f"{name}: must have {known}, got {interface(model)}")
    tool("windrow-translate", "--import-onnx", exported, "-o", again)
    for value, result in zip(expected, interpret(again, inputs, len(expected))):
        difference = np.abs(value - result).max()
        # Not the other way round: NaN must fail.
        if value.shape != result.shape or not (
                difference <= TOLERANCE * max(np.abs(value).max(), 1e-30)):
            raise Failure(f"{name}: results must be equal, got {difference:.1e}")
    if not is_architecture:
        return
    check_same_file(folder, exported, again, name == "cleaned")
    if any(node.op_type == "Transpose" for node in model.graph.node):
        raise Failure(f"{name}: holds a transpose")


def check_model(path, folder, is_architecture):
    model = onnx.load(path)
    imported, cleaned = (os.path.join(folder, name + ".mlirbc")
                         for name in ("imported", "cleaned"))
    tool("windrow-translate", "--import-onnx", path, "-o", imported)
    clean(imported, cleaned)
    inputs = random_inputs(folder, model)
    expected = interpret(imported, inputs, len(model.graph.output))
    for name in ("imported", "cleaned"):
        check_export(folder, name, interface(model), inputs, expected,
                     is_architecture)


def case_names():
    return [line.split()[0] for line in
            generate(IMPORTER, "--list=imports").splitlines()]


def architecture_names():
    return [line.split()[0] for line in
            generate(ARCHITECTURES, "--list").splitlines()]


def models():
    """(name, is it an architecture, arguments of the architectures' generator)"""
    for name in case_names():
        yield name, False, ()
    for number, name in enumerate(architecture_names()):
        form = FORMS[number % len(FORMS)]
        yield " ".join((name, *form)), True, (
            name, "--channels-divisor=8", "--classes=10", "--input-shape=1,3,75,65",
            *form)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--filter", default="", metavar="TEXT",
                        help="only models whose name contains this")
    args = parser.parse_args()
    checked, failures = 0, []
    with tempfile.TemporaryDirectory() as cases:
        generate(IMPORTER, f"--all={cases}")
        for name, is_architecture, arguments in models():
            if args.filter not in name:
                continue
            checked += 1
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(cases, f"{name}.onnx")
                try:
                    if is_architecture:
                        path = os.path.join(folder, "model.onnx")
                        generate(ARCHITECTURES, *arguments, f"--out={path}")
                    check_model(path, folder, is_architecture)
                except (Failure, subprocess.SubprocessError,
                        onnx.checker.ValidationError) as error:
                    failures.append(name)
                    print(f"{name}: {error}", flush=True)
    print(f"{checked} models checked, {len(failures)} failed")
    sys.exit(bool(failures) or checked == 0)


if __name__ == "__main__":
    main()
