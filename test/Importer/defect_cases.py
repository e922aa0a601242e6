#===- defect_cases.py - Nodes and weights that must be refused -------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Importer test cases: graphs that are readable but wrong or unsupported."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from onnx_model import case


@case(expected="error")
def unsupported_operators(m):
    "Erf, Det and an operator of another domain: all three are to be listed"
    x = m.node("Relu", m.image())
    x = m.node("Erf", x, name="gelu_erf")
    x = m.node("Det", x, name="determinant")
    x = m.node("Polish", x, name="polisher", domain="com.example")
    m.opset_imports.append(helper.make_opsetid("com.example", 1))
    m.output(m.node("Relu", x), 1, 2, 5, 6)


@case(expected="error")
def control_flow(m):
    "an If node with two subgraphs"
    branch = helper.make_graph(
        [helper.make_node("Relu", ["input"], ["branch_out"])], "branch", [],
        [helper.make_tensor_value_info("branch_out", TensorProto.FLOAT,
                                       [1, 2, 5, 6])])
    m.image()
    condition = m.constant("condition", np.array(True))
    y = m.node("If", condition, then_branch=branch, else_branch=branch)
    m.output(y, 1, 2, 5, 6)


def conv_with_filter(m, array):
    y = m.node("Conv", m.image(), m.constant("w", array), kernel_shape=[3, 3])
    m.output(y, 1, 4, 3, 4)


@case(expected="error")
def weight_nan(m):
    "one NaN in a filter"
    array = np.ones((4, 2, 3, 3), np.float32)
    array[2, 1, 0, 1] = np.nan
    conv_with_filter(m, array)


@case(expected="error")
def weight_infinite(m):
    "one infinity in a filter"
    array = np.ones((4, 2, 3, 3), np.float32)
    array[3, 1, 2, 2] = np.inf
    conv_with_filter(m, array)


@case(expected="error")
def weight_double(m):
    "a filter of 64-bit floats"
    tensor = numpy_helper.from_array(np.ones((4, 2, 3, 3)), "w")
    m.output(m.node("Conv", m.image(), m.initializer(tensor)), 1, 4, 3, 4)


@case(expected="error")
def input_double(m):
    "an input of 64-bit floats"
    x = m.input("input", 1, 2, 5, 6, element_type=TensorProto.DOUBLE)
    m.output(m.node("Relu", x), 1, 2, 5, 6, element_type=TensorProto.DOUBLE)


def raw_filter(m, dims, size):
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=dims,
                         raw_data=bytes(size))
    m.output(m.node("Conv", m.image(), m.initializer(tensor)), 1, 4, 3, 4)


@case(expected="error")
def initializer_short(m):
    "raw_data has 280 bytes, the shape needs 288"
    raw_filter(m, [4, 2, 3, 3], 280)


@case(expected="error")
def initializer_long(m):
    "raw_data has 292 bytes, the shape needs 288"
    raw_filter(m, [4, 2, 3, 3], 292)


@case(expected="error")
def initializer_negative_dimension(m):
    "dims [4, 2, -3, -3]"
    raw_filter(m, [4, 2, -3, -3], 288)


@case(expected="error")
def initializer_huge(m):
    "dims whose product exceeds 64 bits"
    raw_filter(m, [2**31, 2**31, 2**31, 1], 0)


@case(expected="error")
def initializer_missing(m):
    "the filter is neither an initializer nor an input"
    m.output(m.node("Conv", m.image(), "no_such_weight"), 1, 4, 3, 4)


@case(expected="error")
def initializer_duplicate(m):
    "two initializers of one name"
    m.weights("w", 4, 2, 3, 3)
    m.output(m.node("Conv", m.image(), m.weights("w", 4, 2, 3, 3)), 1, 4, 3, 4)


@case(expected="error")
def weight_is_input(m):
    "the filter is a graph input: not constant"
    w = m.input("w", 4, 2, 3, 3)
    m.output(m.node("Conv", m.image(), w), 1, 4, 3, 4)


@case(oldest_opset=11, expected="error")
def clip_bound_is_value(m):
    "a bound of Clip is a graph input: not constant"
    low = m.input("low")
    m.output(m.node("Clip", m.image(), low), 1, 2, 5, 6)


@case(expected="error")
def conv_channels_mismatch(m):
    "the filter wants 3 channels, the input has 2"
    m.output(m.convolution(m.image(), 3, 4), 1, 4, 5, 6)


@case(expected="error")
def conv_bias_mismatch(m):
    "4 filters, 5 biases"
    y = m.node("Conv", m.image(), m.weights("w", 4, 2, 3, 3), m.weights("b", 5))
    m.output(y, 1, 4, 3, 4)


@case(expected="error")
def conv_kernel_shape_mismatch(m):
    "kernel_shape says 5x5, the filter is 3x3"
    y = m.node("Conv", m.image(), m.weights("w", 4, 2, 3, 3), kernel_shape=[5, 5],
               pads=[2, 2, 2, 2])
    m.output(y, 1, 4, 5, 6)


@case(expected="error")
def conv_groups_mismatch(m):
    "3 groups over 4 channels"
    y = m.node("Conv", m.image(4), m.weights("w", 6, 1, 3, 3), group=3)
    m.output(y, 1, 6, 3, 4)


@case(expected="error")
def conv_kernel_too_large(m):
    "a 7x7 filter on 5x6 without padding"
    m.output(m.node("Conv", m.image(), m.weights("w", 4, 2, 7, 7)), 1, 4, 1, 1)


@case(expected="error")
def conv_stride_zero(m):
    "strides [0, 0]"
    m.output(m.convolution(m.image(), 2, 4, strides=[0, 0]), 1, 4, 5, 6)


@case(expected="error")
def conv_group_zero(m):
    "group 0"
    y = m.node("Conv", m.image(), m.weights("w", 4, 2, 3, 3), group=0)
    m.output(y, 1, 4, 3, 4)


@case(expected="error")
def conv_negative_pads(m):
    "pads [-1, 0, 0, 0]"
    m.output(m.convolution(m.image(), 2, 4, pads=[-1, 0, 0, 0]), 1, 4, 2, 4)


@case(expected="error")
def conv_pads_length(m):
    "three pads"
    m.output(m.convolution(m.image(), 2, 4, pads=[1, 1, 1]), 1, 4, 5, 6)


@case(expected="error")
def conv_unknown_auto_pad(m):
    "auto_pad SAME"
    y = m.node("Conv", m.image(), m.weights("w", 4, 2, 3, 3), auto_pad="SAME")
    m.output(y, 1, 4, 5, 6)


@case(expected="error")
def conv_1d(m):
    "a convolution over one spatial dimension"
    x = m.input("input", 1, 2, 9)
    m.output(m.node("Conv", x, m.weights("w", 4, 2, 3)), 1, 4, 7)


@case(expected="error")
def conv_attribute_type(m):
    "group given as a float"
    y = m.node("Conv", m.image(), m.weights("w", 4, 2, 3, 3), group=1.0)
    m.output(y, 1, 4, 3, 4)


@case(expected="error")
def conv_no_filter(m):
    "one input only"
    m.output(m.node("Conv", m.image()), 1, 4, 3, 4)


@case(expected="error")
def add_mismatch(m):
    "[1, 2, 5, 6] + [1, 2, 4, 6]"
    x = m.image()
    y = m.node("MaxPool", x, kernel_shape=[2, 1])
    m.output(m.node("Add", x, y), 1, 2, 5, 6)


@case(expected="error")
def concat_mismatch(m):
    "two values of different height"
    x = m.image()
    y = m.node("MaxPool", x, kernel_shape=[2, 1])
    m.output(m.node("Concat", x, y, axis=1), 1, 4, 5, 6)


@case(expected="error")
def gemm_mismatch(m):
    "the weights want 7 columns, the input has 6"
    y = m.node("Gemm", m.input("input", 1, 6), m.weights("w", 4, 7),
               m.weights("b", 4), transB=1)
    m.output(y, 1, 4)


@case(expected="error")
def batch_norm_mismatch(m):
    "3 scales for 2 channels"
    parameters = [m.weights(name, 3) for name in ("scale", "bias", "mean")]
    variance = m.constant("variance", np.ones(3))
    y = m.node("BatchNormalization", m.image(), *parameters, variance)
    m.output(y, 1, 2, 5, 6)


@case(expected="error")
def batch_norm_negative_variance(m):
    "a variance of -1"
    parameters = [m.weights(name, 2) for name in ("scale", "bias", "mean")]
    variance = m.constant("variance", np.array([1.0, -1.0]))
    y = m.node("BatchNormalization", m.image(), *parameters, variance)
    m.output(y, 1, 2, 5, 6)


@case(oldest_opset=14, expected="error")
def batch_norm_training(m):
    "training_mode 1"
    parameters = [m.weights(name, 2) for name in ("scale", "bias", "mean")]
    variance = m.constant("variance", np.ones(2))
    y = m.node("BatchNormalization", m.image(), *parameters, variance,
               outputs=["normalised", "running_mean", "running_var"],
               training_mode=1)
    m.output(y[0], 1, 2, 5, 6)


@case(newest_opset=8, expected="error")
def batch_norm_not_spatial(m):
    "spatial 0 of opsets 7 and 8"
    parameters = [m.weights(name, 2, 5, 6) for name in ("scale", "bias", "mean")]
    variance = m.constant("variance", np.ones((2, 5, 6)))
    y = m.node("BatchNormalization", m.image(), *parameters, variance, spatial=0)
    m.output(y, 1, 2, 5, 6)


@case(oldest_opset=8, expected="error")
def max_pool_indices(m):
    "the second output of a max pool is used"
    _, indices = m.node("MaxPool", m.image(), outputs=["pooled", "indices"],
                        kernel_shape=[2, 2])
    m.output(indices, 1, 2, 4, 5, element_type=TensorProto.INT64)


@case(expected="error")
def dropout_mask_used(m):
    "the mask of a dropout is a graph output"
    _, mask = m.node("Dropout", m.image(), outputs=["kept", "mask"])
    kind = TensorProto.BOOL if m.opset >= 10 else TensorProto.FLOAT
    m.output(mask, 1, 2, 5, 6, element_type=kind)


@case(expected="error")
def reshape_size_mismatch(m):
    "[1, 61] from 60 elements"
    m.output(m.node("Reshape", m.image(), m.integers("shape", 1, 61)), 1, 61)


@case(expected="error")
def reshape_two_unknowns(m):
    "[-1, -1]"
    m.output(m.node("Reshape", m.image(), m.integers("shape", -1, -1)), 1, 60)


@case(expected="error")
def output_shape_mismatch(m):
    "the declared output is [1, 2, 5, 7], the graph computes [1, 2, 5, 6]"
    m.output(m.node("Relu", m.image()), 1, 2, 5, 7)


@case(expected="error")
def cycle(m):
    "two nodes that use each other's output"
    x = m.image()
    m.node("Add", x, "second", outputs=["first"])
    m.output(m.node("Relu", "first", outputs=["second"]), 1, 2, 5, 6)


@case(expected="error")
def unsorted_nodes(m):
    "a node stands before the one whose output it uses"
    x = m.image()
    y = m.node("Relu", "conv_out")
    m.convolution(x, 2, 4)
    m.output(y, 1, 4, 5, 6)


@case(expected="error")
def duplicate_value(m):
    "two nodes write one name"
    x = m.image()
    m.node("Relu", x, outputs=["y"])
    m.output(m.node("Sigmoid", x, outputs=["y"]), 1, 2, 5, 6)


@case(expected="error")
def undefined_output(m):
    "the graph's output is written by no node"
    m.node("Relu", m.image())
    m.output("no_such_value", 1, 2, 5, 6)


@case(expected="error")
def no_outputs(m):
    "the graph has no output"
    m.node("Relu", m.image())


@case(expected="error")
def no_inputs(m):
    "the graph has no input: everything is constant"
    m.output(m.node("Relu", m.weights("w", 1, 2, 5, 6)), 1, 2, 5, 6)
