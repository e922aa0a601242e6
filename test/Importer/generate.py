#!/usr/bin/python3
#===- generate.py - Write a small ONNX file for an importer test -----------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Write the ONNX file of a named case: one operator form, or one defect."""

import argparse
import os
import sys
import tempfile

import numpy as np
import onnx

import activation_cases  # noqa: F401, registers its cases
import convolution_cases  # noqa: F401
import defect_cases  # noqa: F401
import file_cases  # noqa: F401
import graph_cases  # noqa: F401
import linear_cases  # noqa: F401
import onnx_reference
import shape_cases  # noqa: F401
from onnx_model import CASES

# The newest opset that the installed checker knows.
CHECKER_OPSET = onnx.defs.onnx_opset_version()


def list_cases(kind):
    for case in CASES.values():
        if kind in (None, case.expected):
            opsets = f"{case.oldest_opset}-{case.newest_opset}"
            print(f"{case.name:36} {opsets:6} {case.expected:8} {case.description}")


def check_case(case, opset):
    """What is wrong with a valid case, or None: it must please ONNX's checker,
    where that knows the opset, and give the shapes that it declares."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        case.model(opset).write(path)
        model = onnx.load(path)
        if opset <= CHECKER_OPSET and not case.checker_refuses:
            try:
                onnx.checker.check_model(path, full_check=True)
                onnx.shape_inference.infer_shapes(model, strict_mode=True)
            except (onnx.checker.ValidationError,
                    onnx.shape_inference.InferenceError) as error:
                return error
    inputs = {name: np.ones(shape, np.float32)
              for name, shape in onnx_reference.input_shapes(model).items()}
    outputs = onnx_reference.evaluate(model, inputs)
    for declared in model.graph.output:
        shape = tuple(dim.dim_value for dim in declared.type.tensor_type.shape.dim)
        computed = outputs[declared.name].shape
        # A shape may be absent, and a dimension may have a name for a size.
        if shape and all(shape) and computed != shape:
            return f"{declared.name} has shape {computed}, declared is {shape}"
    return None


def check_cases():
    """Check every valid case in every opset it has; True when all is well."""
    checked, failed = 0, 0
    for case in CASES.values():
        if case.expected == "error":
            continue
        for opset in range(case.oldest_opset, case.newest_opset + 1):
            checked += 1
            if error := check_case(case, opset):
                failed += 1
                print(f"{case.name}, opset {opset}: {error}", file=sys.stderr)
    print(f"{checked} models checked, {failed} failed")
    return failed == 0


def generate(name, path, opset):
    if name not in CASES:
        sys.exit(f"error: {name}: unknown case, see --list")
    case = CASES[name]
    if opset is not None and not case.oldest_opset <= opset <= case.newest_opset:
        sys.exit(f"error: {name}: opset must be {case.oldest_opset} to "
                 f"{case.newest_opset}, got {opset}")
    try:
        case.model(opset).write(path)
    except OSError as error:
        sys.exit(f"error: {error}")


def main():
    parser = argparse.ArgumentParser(
        description="Write the ONNX file of a named case.",
        epilog="example: generate.py clip_attributes --opset=9 --out=clip.onnx")
    parser.add_argument("case", nargs="?")
    parser.add_argument("--out", metavar="FILE")
    parser.add_argument("--opset", type=int, metavar="N",
                        help="default: the nearest to 13 that the case has")
    parser.add_argument("--list", nargs="?", const="all", metavar="EXPECTED",
                        choices=("all", "imports", "either", "error"),
                        help="print name, opsets, what is expected, description; "
                        "all cases, or those expected to be: imports, either, error")
    parser.add_argument("--all", metavar="FOLDER",
                        help="write every case to FOLDER/CASE.onnx")
    parser.add_argument("--check", action="store_true",
                        help="check every valid case in every opset that it has")
    args = parser.parse_args()
    if args.list:
        list_cases(None if args.list == "all" else args.list)
    elif args.check:
        sys.exit(not check_cases())
    elif args.all:
        os.makedirs(args.all, exist_ok=True)
        for name in CASES:
            generate(name, os.path.join(args.all, f"{name}.onnx"), args.opset)
    elif args.case and args.out:
        generate(args.case, args.out, args.opset)
    else:
        parser.error("give a case and --out=FILE, or --list, --all or --check")


if __name__ == "__main__":
    main()
