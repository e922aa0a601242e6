#!/usr/bin/python3
#===- check_reference.py - Check the reference evaluator itself ------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Compares the evaluator with data that others computed: ONNX's backend node
tests, and logits that ONNX Runtime answered.

usage: check_reference.py NODE_TEST_FOLDER, or
       check_reference.py MODEL.onnx LOGITS.csv DATA_FOLDER
"""

import csv
import glob
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from PIL import Image

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import onnx_reference  # noqa: E402

# Forms of the evaluator's operators that the importer's tests do not use:
# second outputs, training, other element types, other pad modes.
SKIPPED = ("mask", "argmax", "training", "sequence", "identity_opt", "uint8",
           "edge_pad", "reflect_pad")


def read_tensor(path):
    with open(path, "rb") as file:
        return numpy_helper.to_array(TensorProto.FromString(file.read()))


def check_node_tests(folder):
    agreed, differing, skipped = 0, [], 0
    for path in sorted(glob.glob(os.path.join(folder, "*", "model.onnx"))):
        case = os.path.dirname(path)
        name = os.path.basename(case)
        model = onnx.load(path)
        operators = {node.op_type for node in model.graph.node}
        if not operators <= set(onnx_reference.EVALUATORS) - {"Cast"}:
            continue
        if any(word in name for word in SKIPPED):
            skipped += 1
            continue
        data = os.path.join(case, "test_data_set_0")
        inputs = {entry.name: read_tensor(f"{data}/input_{number}.pb")
                  for number, entry in enumerate(model.graph.input)}
        output = onnx_reference.evaluate(model, inputs)[model.graph.output[0].name]
        expected = read_tensor(f"{data}/output_0.pb")
        if output.shape == expected.shape and np.allclose(output, expected, 1e-5, 1e-6):
            agreed += 1
        else:
            differing.append(name)
    print(f"{agreed} node tests agree, {len(differing)} differ, {skipped} skipped",
          *differing)
    return not differing


def check_logits(model_path, logits_path, data_folder):
    """The first row only: double precision in numpy is slow."""
    with open(logits_path) as file:
        row = next(csv.DictReader(file))
    image = np.asarray(Image.open(os.path.join(data_folder, row["image"])), np.float32)
    x = np.broadcast_to((image / 255 - 0.5) / 0.5, (1, 3, *image.shape))
    model = onnx.load(model_path)
    logits = onnx_reference.evaluate(model, {"input": x})["logits"][0]
    expected = [float(row[f"logit{number}"]) for number in range(len(logits))]
    error = np.abs(logits - expected).max() / np.abs(expected).max()
    print(f"relative error {error:.1e}")
    return error < 1e-4


def main():
    if len(sys.argv) == 2:
        sys.exit(not check_node_tests(sys.argv[1]))
    if len(sys.argv) == 4:
        sys.exit(not check_logits(*sys.argv[1:]))
    sys.exit(__doc__)


if __name__ == "__main__":
    main()
