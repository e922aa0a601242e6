#!/usr/bin/python3
#===- write_data_sets.py - Models with inputs and outputs ------------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Writes every case of generate.py that may import, in every opset that it has,
to FOLDER/CASE.OPSET in the layout of ONNX's backend tests: model.onnx,
test_data_set_0/input_N.pb, and output_N.pb as the reference evaluator says.

usage: write_data_sets.py FOLDER
"""

import os
import sys

import numpy as np
import onnx
from onnx import numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import generate  # noqa: E402, F401, registers the cases
import onnx_reference  # noqa: E402
from onnx_model import CASES  # noqa: E402


def write_arrays(folder, prefix, arrays):
    for number, array in enumerate(arrays):
        with open(os.path.join(folder, f"{prefix}_{number}.pb"), "wb") as file:
            file.write(numpy_helper.from_array(array).SerializeToString())


def write_data_set(case, opset, folder):
    data = os.path.join(folder, "test_data_set_0")
    os.makedirs(data)
    path = os.path.join(folder, "model.onnx")
    case.model(opset).write(path)
    model = onnx.load(path)
    rng = np.random.default_rng(opset)
    inputs = {name: rng.standard_normal(shape, np.float32)
              for name, shape in onnx_reference.input_shapes(model).items()}
    outputs = onnx_reference.evaluate(model, inputs)
    write_arrays(data, "input", inputs.values())
    write_arrays(data, "output", outputs.values())


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for case in CASES.values():
        if case.expected == "error":
            continue
        for opset in range(case.oldest_opset, case.newest_opset + 1):
            write_data_set(case, opset,
                           os.path.join(sys.argv[1], f"{case.name}.{opset}"))


if __name__ == "__main__":
    main()
