#===- activation_cases.py - Elementwise operators --------------------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Importer test cases: activations and elementwise arithmetic."""

import numpy as np
from onnx import numpy_helper

from onnx_model import case


def finish(m, value):
    """The result of an elementwise operator on the usual input."""
    m.output(value, 1, 2, 5, 6)


@case()
def relu(m):
    "alone"
    finish(m, m.node("Relu", m.image()))


@case()
def sigmoid(m):
    "alone"
    finish(m, m.node("Sigmoid", m.image()))


@case(newest_opset=10)
def clip_attributes(m):
    "ReLU6 by attributes"
    finish(m, m.node("Clip", m.image(), min=0.0, max=6.0))


@case(newest_opset=10)
def clip_attribute_max(m):
    "only the max attribute: the lower bound is the lowest float"
    finish(m, m.node("Clip", m.image(), max=6.0))


@case(oldest_opset=11)
def clip_inputs(m):
    "ReLU6 by scalar initializers"
    finish(m, m.node("Clip", m.image(), m.scalar("low", 0), m.scalar("high", 6)))


@case(oldest_opset=11)
def clip_constant_nodes(m):
    "ReLU6 by Constant nodes"
    bounds = [
        m.node("Constant", outputs=[name],
               value=numpy_helper.from_array(np.array(value, np.float32)))
        for name, value in (("low", 0), ("high", 6))]
    finish(m, m.node("Clip", m.image(), *bounds))


@case(oldest_opset=11)
def clip_min_only(m):
    "only a lower bound"
    finish(m, m.node("Clip", m.image(), m.scalar("low", -0.5)))


@case(oldest_opset=11)
def clip_max_only(m):
    "an empty name for the lower bound"
    finish(m, m.node("Clip", m.image(), "", m.scalar("high", 2)))


@case(oldest_opset=11)
def clip_no_bounds(m):
    "no bound: the identity"
    finish(m, m.node("Clip", m.image()))


@case()
def hard_sigmoid(m):
    "default alpha 0.2, beta 0.5"
    finish(m, m.node("HardSigmoid", m.image()))


@case()
def hard_sigmoid_sixth(m):
    "alpha 1/6 (MobileNetV3)"
    finish(m, m.node("HardSigmoid", m.image(), alpha=1 / 6, beta=0.5))


@case(oldest_opset=14)
def hard_swish(m):
    "one operator"
    finish(m, m.node("HardSwish", m.image()))


def relu6(m, x):
    if m.opset < 11:
        return m.node("Clip", x, min=0.0, max=6.0)
    return m.node("Clip", x, m.scalar("zero", 0), m.scalar("six", 6))


@case()
def hard_sigmoid_decomposed(m):
    "Clip(x + 3, 0, 6) / 6"
    x = m.node("Add", m.image(), m.scalar("three", 3))
    finish(m, m.node("Div", relu6(m, x), m.scalar("divisor", 6)))


@case()
def hard_swish_decomposed(m):
    "x * Clip(x + 3, 0, 6) / 6"
    x = m.image()
    y = relu6(m, m.node("Add", x, m.scalar("three", 3)))
    finish(m, m.node("Div", m.node("Mul", x, y), m.scalar("divisor", 6)))


@case()
def hard_swish_from_hard_sigmoid(m):
    "x * HardSigmoid(x) with alpha 1/6"
    x = m.image()
    finish(m, m.node("Mul", x, m.node("HardSigmoid", x, alpha=1 / 6, beta=0.5)))


@case()
def swish_decomposed(m):
    "x * Sigmoid(x)"
    x = m.image()
    finish(m, m.node("Mul", x, m.node("Sigmoid", x)))


@case(newest_opset=12)
def softmax_old_axis(m):
    "axis 1 on a 2-D value, flattening semantics"
    m.output(m.node("Softmax", m.input("input", 1, 6), axis=1), 1, 6)


@case()
def softmax_last_axis(m):
    "the default axis on a 2-D value: 1 before opset 13, -1 after"
    m.output(m.node("Softmax", m.input("input", 1, 6)), 1, 6)


@case(oldest_opset=11)
def softmax_negative_axis(m):
    "axis -1 on a 2-D value"
    m.output(m.node("Softmax", m.input("input", 1, 6), axis=-1), 1, 6)


@case(oldest_opset=13, expected="either")
def softmax_channels(m):
    "axis 1 of a 4-D value: over channels, for each pixel"
    finish(m, m.node("Softmax", m.image(), axis=1))


@case(newest_opset=12, expected="either")
def softmax_flattened(m):
    "axis 1 of a 4-D value before opset 13: over all of C, H and W"
    finish(m, m.node("Softmax", m.image(), axis=1))


@case()
def add(m):
    "a residual addition"
    x = m.image()
    finish(m, m.node("Add", m.convolution(x, 2, 2), x))


@case()
def add_same_value(m):
    "x + x"
    x = m.image()
    finish(m, m.node("Add", x, x))


@case()
def add_two_inputs(m):
    "two graph inputs"
    a, b = m.input("a", 1, 2, 5, 6), m.input("b", 1, 2, 5, 6)
    finish(m, m.node("Add", a, b))


def with_constant(m, operator, array, constant_first=False):
    operands = [m.image(), m.constant("c", array)]
    finish(m, m.node(operator, *(reversed(operands) if constant_first
                                 else operands)))


PER_CHANNEL = np.array([0.5, -2.0], np.float32)


@case()
def add_constant_scalar(m):
    "x + 0.5"
    with_constant(m, "Add", np.array(0.5))


@case()
def add_constant_one_element(m):
    "x + [0.5], shape [1]"
    with_constant(m, "Add", np.array([0.5]))


@case()
def add_constant_channels(m):
    "x + c, c of shape [C, 1, 1]"
    with_constant(m, "Add", PER_CHANNEL.reshape(2, 1, 1))


@case()
def add_constant_channels_4d(m):
    "c + x, c of shape [1, C, 1, 1], constant first"
    with_constant(m, "Add", PER_CHANNEL.reshape(1, 2, 1, 1), constant_first=True)


@case(expected="either")
def add_constant_full(m):
    "x + c, c as large as x"
    with_constant(m, "Add", np.arange(60).reshape(1, 2, 5, 6) / 8)


@case(expected="either")
def add_constant_columns(m):
    "x + c, c of shape [W]: broadcast along the last axis"
    with_constant(m, "Add", np.arange(6) / 8)


@case()
def sub_constant(m):
    "x - c"
    with_constant(m, "Sub", PER_CHANNEL.reshape(2, 1, 1))


@case()
def sub_from_constant(m):
    "c - x"
    with_constant(m, "Sub", PER_CHANNEL.reshape(2, 1, 1), constant_first=True)


@case()
def mul_constant(m):
    "x * c"
    with_constant(m, "Mul", PER_CHANNEL.reshape(2, 1, 1))


@case()
def div_constant(m):
    "x / c"
    with_constant(m, "Div", PER_CHANNEL.reshape(2, 1, 1))


@case(expected="error")
def div_by_value(m):
    "c / x cannot be expressed"
    with_constant(m, "Div", np.array(1.0), constant_first=True)


@case(expected="error")
def div_by_zero_constant(m):
    "x / [1, 0]"
    with_constant(m, "Div", np.array([1.0, 0.0]).reshape(2, 1, 1))


@case()
def image_normalisation(m):
    "(x - mean) / deviation on the input, then a convolution"
    x = m.node("Sub", m.image(), m.constant("mean", np.full((2, 1, 1), 0.5)))
    x = m.node("Div", x, m.constant("deviation", np.full((2, 1, 1), 0.25)))
    m.output(m.convolution(x, 2, 4), 1, 4, 5, 6)


@case()
def mul(m):
    "two values of one shape"
    x = m.image()
    finish(m, m.node("Mul", m.convolution(x, 2, 2), x))


@case()
def mul_broadcast_channels(m):
    "squeeze and excite: [1, C, H, W] * [1, C, 1, 1]"
    x = m.image()
    gate = m.node("Sigmoid", m.node("GlobalAveragePool", x))
    finish(m, m.node("Mul", x, gate))


@case()
def mul_broadcast_channels_first(m):
    "[1, C, 1, 1] * [1, C, H, W]: the operands in the other order"
    x = m.image()
    gate = m.node("Sigmoid", m.node("GlobalAveragePool", x))
    finish(m, m.node("Mul", gate, x))


@case()
def sub_values(m):
    "x - y of two values"
    x = m.image()
    finish(m, m.node("Sub", x, m.convolution(x, 2, 2)))


@case()
def mul_constants(m):
    "a product of two initializers folds"
    product = m.node("Mul", m.constant("a", PER_CHANNEL.reshape(2, 1, 1)),
                     m.scalar("b", 2))
    finish(m, m.node("Add", m.image(), product))
