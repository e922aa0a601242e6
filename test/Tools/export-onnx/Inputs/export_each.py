#===- export_each.py - Export functions, print and check what comes out ----===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""usage: export_each.py FILE.mlir FOLDER

Exports each part of FILE.mlir (parts end at "// -----"), which holds one
function, prints the ONNX graph, and interprets the function and what is imported
from the ONNX file again for random arguments.
"""

import os
import re
import subprocess
import sys

import numpy as np
import onnx
from onnx import numpy_helper


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr}")


def attribute_text(attribute):
    return f"{attribute.name}={onnx.helper.get_attribute_value(attribute)}"


def print_graph(graph):
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}

    def operand(name):
        if name not in weights:
            return name or "none"
        if weights[name].size <= 4:
            return str(weights[name].tolist())
        return f"{name}{list(weights[name].shape)}"

    for entry in graph.input:
        shape = [size.dim_value for size in entry.type.tensor_type.shape.dim]
        print(f"  input {entry.name} {shape}")
    for node in graph.node:
        print(f"  {node.output[0]} = {node.op_type} '{node.name}' ("
              + ", ".join(map(operand, node.input)) + ")",
              *map(attribute_text, node.attribute))
    for entry in graph.output:
        shape = [size.dim_value for size in entry.type.tensor_type.shape.dim]
        print(f"  output {entry.name} {shape}")


def interpret(graph, inputs, count):
    outputs = [f"{graph}.{number}.npy" for number in range(count)]
    run("windrow-interpret", graph, *(f"--input={path}" for path in inputs),
        *(f"--output={path}" for path in outputs))
    return [np.load(path) for path in outputs]


def check_values(model, folder, function, again):
    rng = np.random.default_rng(0)
    inputs = []
    for number, entry in enumerate(model.graph.input):
        shape = [size.dim_value for size in entry.type.tensor_type.shape.dim]
        inputs.append(os.path.join(folder, f"input{number}.npy"))
        np.save(inputs[-1], rng.normal(size=shape).astype(np.float32))
    count = len(model.graph.output)
    for before, after in zip(interpret(function, inputs, count),
                             interpret(again, inputs, count)):
        same = before.shape == after.shape and np.allclose(before, after, 1e-5, 1e-6)
        print("  read again:", "same values" if same else f"{before} became {after}")


def main():
    path, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    function, exported, again = (os.path.join(folder, name) for name in (
        "function.mlir", "exported.onnx", "again.mlirbc"))
    with open(path) as file:
        parts = file.read().split("// -----")
    for part in parts:
        with open(function, "w") as file:
            file.write(part)
        print(re.search(r"func\.func @(\w+)", part)[1])
        run("windrow-translate", "--export-onnx", function, "-o", exported)
        model = onnx.load(exported)
        onnx.checker.check_model(model, full_check=True)
        print_graph(model.graph)
        run("windrow-translate", "--import-onnx", exported, "-o", again)
        check_values(model, folder, function, again)


if __name__ == "__main__":
    main()
