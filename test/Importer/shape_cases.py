#===- shape_cases.py - Operators that reshape, cut and move ----------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Importer test cases: reductions, shapes, layouts, pads and slices."""

import numpy as np
from onnx import numpy_helper

from onnx_model import case


@case(newest_opset=17)
def reduce_mean_attribute(m):
    "axes [2, 3] as attribute"
    m.output(m.node("ReduceMean", m.image(), axes=[2, 3]), 1, 2, 1, 1)


@case(newest_opset=17)
def reduce_mean_no_keepdims(m):
    "keepdims 0 gives [1, C]"
    m.output(m.node("ReduceMean", m.image(), axes=[2, 3], keepdims=0), 1, 2)


@case(oldest_opset=11, newest_opset=17)
def reduce_mean_negative_axes(m):
    "axes [-1, -2]"
    m.output(m.node("ReduceMean", m.image(), axes=[-1, -2]), 1, 2, 1, 1)


@case(oldest_opset=18)
def reduce_mean_input(m):
    "axes as input"
    m.output(m.node("ReduceMean", m.image(), m.integers("axes", 2, 3)), 1, 2, 1, 1)


@case(oldest_opset=18)
def reduce_mean_input_no_keepdims(m):
    "axes [-2, -1] as input, keepdims 0"
    y = m.node("ReduceMean", m.image(), m.integers("axes", -2, -1), keepdims=0)
    m.output(y, 1, 2)


@case(newest_opset=12)
def reduce_sum_attribute(m):
    "axes [2, 3] as attribute"
    m.output(m.node("ReduceSum", m.image(), axes=[2, 3]), 1, 2, 1, 1)


@case(oldest_opset=13)
def reduce_sum_input(m):
    "axes as input"
    m.output(m.node("ReduceSum", m.image(), m.integers("axes", 2, 3)), 1, 2, 1, 1)


@case(newest_opset=17, expected="error")
def reduce_mean_channels(m):
    "over channels: not supported"
    m.output(m.node("ReduceMean", m.image(), axes=[1]), 1, 1, 5, 6)


@case()
def concat(m):
    "two values on channels"
    x = m.image()
    m.output(m.node("Concat", x, m.convolution(x, 2, 3), axis=1), 1, 5, 5, 6)


@case(oldest_opset=11)
def concat_negative_axis(m):
    "axis -3 is channels"
    x = m.image()
    m.output(m.node("Concat", x, m.convolution(x, 2, 3), axis=-3), 1, 5, 5, 6)


@case()
def concat_four(m):
    "four branches (Inception)"
    x = m.image()
    parts = [m.convolution(x, 2, n + 1, name=f"branch{n}") for n in range(4)]
    m.output(m.node("Concat", *parts, axis=1), 1, 10, 5, 6)


@case()
def concat_one(m):
    "a single operand: the identity"
    m.output(m.node("Concat", m.image(), axis=1), 1, 2, 5, 6)


@case()
def concat_same_value(m):
    "one value twice"
    x = m.image()
    m.output(m.node("Concat", x, x, axis=1), 1, 4, 5, 6)


@case(expected="either")
def concat_rows(m):
    "on H"
    x = m.image()
    m.output(m.node("Concat", x, x, axis=2), 1, 2, 10, 6)


@case()
def flatten(m):
    "axis 1, the default"
    m.output(m.node("Flatten", m.image()), 1, 60)


@case(oldest_opset=11)
def flatten_negative_axis(m):
    "axis -3 is 1"
    m.output(m.node("Flatten", m.image(), axis=-3), 1, 60)


@case()
def flatten_axis_0(m):
    "axis 0 gives [1, everything]: the same values for one image"
    m.output(m.node("Flatten", m.image(), axis=0), 1, 60)


@case()
def reshape_minus_one(m):
    "[1, -1]"
    m.output(m.node("Reshape", m.image(), m.integers("shape", 1, -1)), 1, 60)


@case()
def reshape_zero_minus_one(m):
    "[0, -1]: 0 keeps the dimension"
    m.output(m.node("Reshape", m.image(), m.integers("shape", 0, -1)), 1, 60)


@case()
def reshape_minus_one_first(m):
    "[-1, 60]"
    m.output(m.node("Reshape", m.image(), m.integers("shape", -1, 60)), 1, 60)


@case(oldest_opset=9)
def reshape_constant_node(m):
    "the shape is the output of a Constant node"
    shape = m.node("Constant", outputs=["shape"], value=numpy_helper.from_array(
        np.array([1, 60], np.int64)))
    m.output(m.node("Reshape", m.image(), shape), 1, 60)


@case(oldest_opset=14)
def reshape_allowzero(m):
    "allowzero 1 without a zero in the shape has no effect"
    y = m.node("Reshape", m.image(), m.integers("shape", 1, -1), allowzero=1)
    m.output(y, 1, 60)


@case(oldest_opset=13, expected="either")
def reshape_from_shape(m):
    "Shape, Gather, Unsqueeze, Concat: x.view(x.size(0), -1) in older exports"
    x = m.image()
    zero = m.constant("zero", np.array(0, np.int64))
    size = m.node("Gather", m.node("Shape", x), zero, axis=0)
    size = m.node("Unsqueeze", size, m.integers("axis", 0))
    shape = m.node("Concat", size, m.integers("rest", -1), axis=0)
    m.output(m.node("Reshape", x, shape), 1, 60)


@case(expected="either")
def reshape_2d_to_4d(m):
    "[1, C] to [1, C, 1, 1] (squeeze and excite by fully connected layers)"
    x = m.image()
    pooled = m.node("Flatten", m.node("GlobalAveragePool", x))
    gate = m.node("Gemm", pooled, m.weights("w", 2, 2), m.weights("b", 2), transB=1)
    gate = m.node("Reshape", gate, m.integers("shape", 1, 2, 1, 1))
    m.output(m.node("Mul", x, m.node("Sigmoid", gate)), 1, 2, 5, 6)


@case(expected="either")
def reshape_mixes_rows(m):
    "[1, 2, 6, 5] from [1, 2, 5, 6]"
    m.output(m.node("Reshape", m.image(), m.integers("shape", 1, 2, 6, 5)),
             1, 2, 6, 5)


@case(newest_opset=12)
def squeeze_attribute(m):
    "axes [2, 3] as attribute behind a global average pool"
    y = m.node("Squeeze", m.node("GlobalAveragePool", m.image()), axes=[2, 3])
    m.output(y, 1, 2)


@case(oldest_opset=13)
def squeeze_input(m):
    "axes as input"
    y = m.node("Squeeze", m.node("GlobalAveragePool", m.image()),
               m.integers("axes", 2, 3))
    m.output(y, 1, 2)


@case(oldest_opset=13)
def squeeze_input_negative(m):
    "axes [-1, -2] as input"
    y = m.node("Squeeze", m.node("GlobalAveragePool", m.image()),
               m.integers("axes", -1, -2))
    m.output(y, 1, 2)


@case(expected="either")
def squeeze_no_axes(m):
    "no axes: every dimension of size 1 goes, the batch too"
    m.output(m.node("Squeeze", m.node("GlobalAveragePool", m.image())), 2)


@case(newest_opset=12)
def unsqueeze_attribute(m):
    "squeeze, then unsqueeze back, axes as attributes"
    y = m.node("Squeeze", m.node("GlobalAveragePool", m.image()), axes=[2, 3])
    m.output(m.node("Unsqueeze", y, axes=[2, 3]), 1, 2, 1, 1)


@case(oldest_opset=13)
def unsqueeze_input(m):
    "squeeze, then unsqueeze back, axes as input"
    axes = m.integers("axes", 2, 3)
    y = m.node("Squeeze", m.node("GlobalAveragePool", m.image()), axes)
    m.output(m.node("Unsqueeze", y, axes), 1, 2, 1, 1)


@case()
def transpose_pair(m):
    "NCHW to NHWC and back: cancels"
    x = m.node("Transpose", m.image(), perm=[0, 2, 3, 1])
    m.output(m.node("Transpose", x, perm=[0, 3, 1, 2]), 1, 2, 5, 6)


@case()
def transpose_pair_around_relu(m):
    "an elementwise operator between the two"
    x = m.node("Relu", m.node("Transpose", m.image(), perm=[0, 2, 3, 1]))
    m.output(m.node("Transpose", x, perm=[0, 3, 1, 2]), 1, 2, 5, 6)


@case()
def transpose_identity(m):
    "perm [0, 1, 2, 3]"
    m.output(m.node("Transpose", m.image(), perm=[0, 1, 2, 3]), 1, 2, 5, 6)


@case()
def transpose_constant(m):
    "a transposed initializer folds"
    w = m.node("Transpose", m.weights("w", 4, 6), perm=[1, 0])
    m.output(m.node("MatMul", m.input("input", 1, 6), w), 1, 4)


@case(expected="either")
def transpose_nhwc_flatten(m):
    "NCHW to NHWC before a flatten: the columns behind it are in HWC order"
    x = m.node("Transpose", m.image(2, 3, 4), perm=[0, 2, 3, 1])
    y = m.node("Gemm", m.node("Flatten", x), m.weights("w", 7, 24),
               m.weights("b", 7), transB=1)
    m.output(y, 1, 7)


@case(expected="either")
def transpose_swaps_rows(m):
    "H and W exchanged: does not cancel"
    m.output(m.node("Transpose", m.image(), perm=[0, 1, 3, 2]), 1, 2, 6, 5)


@case(newest_opset=10)
def pad_attribute(m):
    "pads and value as attributes"
    y = m.node("Pad", m.image(), pads=[0, 0, 1, 2, 0, 0, 3, 0], value=0.0)
    m.output(y, 1, 2, 9, 8)


@case(oldest_opset=11)
def pad_input(m):
    "pads as input"
    y = m.node("Pad", m.image(), m.integers("pads", 0, 0, 1, 2, 0, 0, 3, 0))
    m.output(y, 1, 2, 9, 8)


@case(oldest_opset=11)
def pad_input_value(m):
    "pads and constant value 0 as inputs, mode constant"
    y = m.node("Pad", m.image(), m.integers("pads", 0, 0, 1, 1, 0, 0, 1, 1),
               m.scalar("value", 0), mode="constant")
    m.output(y, 1, 2, 7, 8)


@case(oldest_opset=18)
def pad_axes(m):
    "axes [2, 3] as fourth input"
    y = m.node("Pad", m.image(), m.integers("pads", 1, 2, 3, 0), "",
               m.integers("axes", 2, 3))
    m.output(y, 1, 2, 9, 8)


@case(oldest_opset=11)
def pad_before_conv(m):
    "an explicit pad that merges into the convolution behind it"
    x = m.node("Pad", m.image(), m.integers("pads", 0, 0, 0, 0, 0, 0, 1, 1))
    m.output(m.convolution(x, 2, 4, strides=[2, 2], pads=[0, 0, 0, 0]), 1, 4, 2, 3)


@case(oldest_opset=11)
def pad_before_max_pool(m):
    "zeros before a max pool do not merge: its padding is minus infinity"
    x = m.node("Pad", m.image(), m.integers("pads", 0, 0, 0, 0, 0, 0, 1, 1))
    y = m.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
    m.output(y, 1, 2, 2, 3)


@case(oldest_opset=11, expected="either")
def pad_channels(m):
    "one channel of zeros more"
    y = m.node("Pad", m.image(), m.integers("pads", 0, 0, 0, 0, 0, 1, 0, 0))
    m.output(y, 1, 3, 5, 6)


@case(oldest_opset=11, expected="error")
def pad_reflect(m):
    "mode reflect: not supported"
    y = m.node("Pad", m.image(), m.integers("pads", 0, 0, 1, 1, 0, 0, 1, 1),
               mode="reflect")
    m.output(y, 1, 2, 7, 8)


@case(oldest_opset=11, expected="either")
def pad_nonzero_value(m):
    "constant value 1"
    y = m.node("Pad", m.image(), m.integers("pads", 0, 0, 1, 1, 0, 0, 1, 1),
               m.scalar("value", 1))
    m.output(y, 1, 2, 7, 8)


@case(newest_opset=9)
def slice_attributes(m):
    "starts, ends, axes as attributes: rows 1 to 4"
    y = m.node("Slice", m.image(), starts=[1], ends=[4], axes=[2])
    m.output(y, 1, 2, 3, 6)


def slice_case(m, starts, ends, axes, steps, *shape):
    operands = [m.integers("starts", *starts), m.integers("ends", *ends),
                m.integers("axes", *axes)]
    if steps:
        operands.append(m.integers("steps", *steps))
    m.output(m.node("Slice", m.image(), *operands), *shape)


@case(oldest_opset=10)
def slice_inputs(m):
    "rows 1 to 4, columns 2 to 6"
    slice_case(m, [1, 2], [4, 6], [2, 3], None, 1, 2, 3, 4)


@case(oldest_opset=10)
def slice_negative(m):
    "starts and ends counted from the end, ends beyond it, negative axes"
    slice_case(m, [-4, 1], [-1, 2**31], [-2, -1], None, 1, 2, 3, 5)


@case(oldest_opset=10)
def slice_steps_1(m):
    "steps of 1"
    slice_case(m, [1, 0], [5, 6], [2, 3], [1, 1], 1, 2, 4, 6)


@case(oldest_opset=10, expected="either")
def slice_steps_2(m):
    "steps of 2: every second row and column"
    slice_case(m, [0, 0], [5, 6], [2, 3], [2, 2], 1, 2, 3, 3)


@case(oldest_opset=10, expected="either")
def slice_channels(m):
    "one of two channels"
    slice_case(m, [0], [1], [1], None, 1, 1, 5, 6)
