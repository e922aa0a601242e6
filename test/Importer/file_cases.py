#===- file_cases.py - External data and whole-file defects -----------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Importer test cases: external data, dynamic shapes, damaged files."""

import numpy as np
from onnx import TensorProto, helper

from onnx_model import case


def external_weights(m, location, offset=None, length=None):
    """A 4x2x3x3 filter that lies in a file beside the model."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4, 2, 3, 3],
                         data_location=TensorProto.EXTERNAL)
    entries = (("location", location), ("offset", offset), ("length", length))
    for key, value in entries:
        if value is not None:
            tensor.external_data.add(key=key, value=str(value))
    y = m.node("Conv", m.image(), m.initializer(tensor), kernel_shape=[3, 3])
    m.output(y, 1, 4, 3, 4)


def filter_bytes():
    return (np.arange(72, dtype=np.float32) / 8).tobytes()


@case()
def external_data(m):
    "weights in CASE.weights, with offset and length"
    m.side_files[f"{m.case_name}.weights"] = bytes(4096) + filter_bytes()
    external_weights(m, f"{m.case_name}.weights", 4096, 288)


@case()
def external_data_location_only(m):
    "neither offset nor length: the whole file"
    m.side_files[f"{m.case_name}.weights"] = filter_bytes()
    external_weights(m, f"{m.case_name}.weights")


@case()
def external_data_unaligned(m):
    "an offset that is no multiple of 4"
    m.side_files[f"{m.case_name}.weights"] = bytes(3) + filter_bytes()
    external_weights(m, f"{m.case_name}.weights", 3, 288)


@case(expected="error")
def external_data_missing(m):
    "the file is not there"
    external_weights(m, "no_such_file.weights", 0, 288)


@case(expected="error")
def external_data_short(m):
    "the file is 8 bytes too short"
    m.side_files[f"{m.case_name}.weights"] = filter_bytes()[:-8]
    external_weights(m, f"{m.case_name}.weights", 0, 288)


@case(expected="error")
def external_data_wrong_length(m):
    "length says 280 bytes, the shape needs 288"
    m.side_files[f"{m.case_name}.weights"] = filter_bytes()
    external_weights(m, f"{m.case_name}.weights", 0, 280)


@case(expected="error")
def external_data_offset_overflow(m):
    "offset + length exceeds 64 bits"
    m.side_files[f"{m.case_name}.weights"] = filter_bytes()
    external_weights(m, f"{m.case_name}.weights", 2**64 - 16, 288)


@case(expected="error")
def external_data_bad_offset(m):
    "the offset is not a number"
    m.side_files[f"{m.case_name}.weights"] = filter_bytes()
    external_weights(m, f"{m.case_name}.weights", "start", 288)


@case(expected="error")
def external_data_no_location(m):
    "the location is missing"
    external_weights(m, None, 0, 288)


@case(expected="error")
def external_data_escapes(m):
    "the location leaves the model's folder with .."
    external_weights(m, "../outside.weights", 0, 288)


@case(expected="error")
def external_data_escapes_inside(m):
    "the .. stands behind a folder"
    external_weights(m, "folder/../../outside.weights", 0, 288)


@case(expected="error")
def external_data_absolute(m):
    "the location is an absolute path"
    external_weights(m, "/dev/zero", 0, 288)


@case(expected="error")
def dynamic_shape(m):
    "height and width are named: needs --input-shape"
    x = m.input("input", 1, 2, "height", "width")
    m.output(m.convolution(x, 2, 4), 1, 4, "height", "width")


@case(expected="either")
def dynamic_batch(m):
    "only the batch is named: 1 is the one value that works"
    x = m.input("input", "batch", 2, 5, 6)
    m.output(m.convolution(x, 2, 4), "batch", 4, 5, 6)


@case(expected="error")
def input_without_shape(m):
    "the input has a type but no shape: needs --input-shape"
    m.inputs.append(helper.make_tensor_value_info("input", TensorProto.FLOAT, None))
    m.output(m.node("Relu", "input"), 1, 2, 5, 6)


@case(expected="either")
def batch_of_two(m):
    "two images at once"
    m.output(m.node("Relu", m.input("input", 2, 2, 5, 6)), 2, 2, 5, 6)


@case(expected="error")
def not_onnx(m):
    "a text file"
    m.damage = lambda data: b"This is no ONNX model.\n"


@case(expected="error")
def empty_file(m):
    "zero bytes"
    m.damage = lambda data: b""


@case(expected="error")
def truncated(m):
    "cut in the middle of a filter"
    m.output(m.convolution(m.image(), 2, 64), 1, 64, 5, 6)
    m.damage = lambda data: data[:len(data) // 2]


@case(expected="error")
def truncated_by_one(m):
    "the last byte is missing"
    m.output(m.convolution(m.image(), 2, 4), 1, 4, 5, 6)
    m.damage = lambda data: data[:-1]


@case(expected="error")
def opset_99(m):
    "newer than any known"
    m.output(m.node("Relu", m.image()), 1, 2, 5, 6)
    m.opset_imports = [helper.make_opsetid("", 99)]


@case(expected="error")
def opset_6(m):
    "older than what is supported"
    m.output(m.node("Relu", m.image()), 1, 2, 5, 6)
    m.opset_imports = [helper.make_opsetid("", 6)]


@case(expected="error")
def opset_missing(m):
    "no opset import at all"
    m.output(m.node("Relu", m.image()), 1, 2, 5, 6)
    m.opset_imports = []


@case(expected="error")
def no_graph(m):
    "a model with its header only"
    model = helper.ModelProto(ir_version=7)
    model.opset_import.add(domain="", version=m.opset)
    m.damage = lambda data: model.SerializeToString()
