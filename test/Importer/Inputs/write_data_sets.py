#!/usr/bin/python3
#===- write_data_sets.py - Models with inputs and outputs ------------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Writes models that may import to FOLDER/NAME in the layout of ONNX's backend
tests: model.onnx, test_data_set_0/input_N.pb, and output_N.pb as the reference
evaluator says. They are either every case of generate.py in every opset that it
has, or thin forms of the known architectures.

usage: write_data_sets.py cases|architectures FOLDER
"""

import os
import sys

import numpy as np
import onnx
from onnx import numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, ".."), os.path.join(HERE, "../../support")]
import generate  # noqa: E402, F401, registers the cases
import onnx_reference  # noqa: E402
from forked_script import run_script  # noqa: E402
from onnx_model import CASES  # noqa: E402


def write_arrays(folder, prefix, arrays):
    for number, array in enumerate(arrays):
        with open(os.path.join(folder, f"{prefix}_{number}.pb"), "wb") as file:
            file.write(numpy_helper.from_array(array).SerializeToString())


def write_data_set(folder, seed):
    """Inputs and outputs for the model in `folder`."""
    data = os.path.join(folder, "test_data_set_0")
    os.makedirs(data)
    model = onnx.load(os.path.join(folder, "model.onnx"))
    rng = np.random.default_rng(seed)
    inputs = {name: rng.standard_normal(shape, np.float32)
              for name, shape in onnx_reference.input_shapes(model).items()}
    outputs = onnx_reference.evaluate(model, inputs)
    write_arrays(data, "input", inputs.values())
    write_arrays(data, "output", outputs.values())


def write_cases(root):
    for case in CASES.values():
        if case.expected == "error":
            continue
        for opset in range(case.oldest_opset, case.newest_opset + 1):
            folder = os.path.join(root, f"{case.name}.{opset}")
            os.makedirs(folder)
            case.model(opset).write(os.path.join(folder, "model.onnx"))
            write_data_set(folder, opset)


def write_architectures(root):
    generator = os.path.join(HERE, "../../../benchmarks/models/generate.py")
    forms = {"plain": (), "other": ("--opset=21", "--external-data", "--head=reshape",
                                    "--global-pool=reduce-mean",
                                    "--activations=decomposed")}
    for name in (line.split()[0] for line in run_script(generator, "--list").splitlines()):
        for form, arguments in forms.items():
            folder = os.path.join(root, f"{name}.{form}")
            os.makedirs(folder)
            run_script(generator, name, f"--out={folder}/model.onnx",
                       "--channels-divisor=8", "--input-shape=1,3,64,64", *arguments)
            write_data_set(folder, 0)


def main():
    writers = {"cases": write_cases, "architectures": write_architectures}
    if len(sys.argv) != 3 or sys.argv[1] not in writers:
        sys.exit(__doc__)
    writers[sys.argv[1]](sys.argv[2])


if __name__ == "__main__":
    main()
