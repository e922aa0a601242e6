#===- convolution_cases.py - Convolution, batch norm and pooling -----------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Importer test cases: operators with windows, and batch normalisation."""

import numpy as np
from onnx import numpy_helper

from onnx_model import case


@case()
def conv(m):
    "3x3, padding 1, bias"
    m.output(m.convolution(m.image(), 2, 4), 1, 4, 5, 6)


@case()
def conv_no_bias(m):
    "two inputs only"
    y = m.node("Conv", m.image(), m.weights("w", 4, 2, 3, 3), kernel_shape=[3, 3])
    m.output(y, 1, 4, 3, 4)


@case()
def conv_empty_bias_name(m):
    "a third input with an empty name means no bias"
    y = m.node("Conv", m.image(), m.weights("w", 4, 2, 3, 3), "",
               kernel_shape=[3, 3])
    m.output(y, 1, 4, 3, 4)


@case()
def conv_default_attributes(m):
    "no attribute at all: the kernel comes from the filter, the rest is default"
    y = m.node("Conv", m.image(), m.weights("w", 4, 2, 3, 3))
    m.output(y, 1, 4, 3, 4)


@case()
def conv_1x1(m):
    "1x1, no padding"
    m.output(m.convolution(m.image(), 2, 3, kernel=1), 1, 3, 5, 6)


@case()
def conv_5x3_kernel(m):
    "kernel of different height and width"
    y = m.node("Conv", m.image(), m.weights("w", 3, 2, 5, 3), kernel_shape=[5, 3],
               pads=[2, 1, 2, 1])
    m.output(y, 1, 3, 5, 6)


@case()
def conv_strides(m):
    "strides [2, 3]"
    m.output(m.convolution(m.image(2, 9, 10), 2, 4, strides=[2, 3]), 1, 4, 5, 4)


@case()
def conv_asymmetric_pads(m):
    "pads top 0, left 1, bottom 2, right 3"
    m.output(m.convolution(m.image(), 2, 4, pads=[0, 1, 2, 3]), 1, 4, 5, 8)


@case()
def conv_dilations(m):
    "dilations [2, 1]"
    m.output(m.convolution(m.image(2, 7, 6), 2, 4, dilations=[2, 1],
                           pads=[2, 1, 2, 1]), 1, 4, 7, 6)


@case()
def conv_groups(m):
    "two groups"
    m.output(m.convolution(m.image(4), 4, 6, group=2), 1, 6, 5, 6)


@case()
def conv_depthwise(m):
    "one group a channel"
    m.output(m.convolution(m.image(4), 4, 4, group=4), 1, 4, 5, 6)


@case()
def conv_depthwise_multiplier(m):
    "one group a channel, two outputs a group"
    m.output(m.convolution(m.image(3), 3, 6, group=3), 1, 6, 5, 6)


def auto_pad_conv(m, auto_pad, strides, height, width, out_height, out_width):
    y = m.node("Conv", m.image(2, height, width), m.weights("w", 4, 2, 3, 3),
               kernel_shape=[3, 3], auto_pad=auto_pad, strides=strides)
    m.output(y, 1, 4, out_height, out_width)


@case()
def conv_auto_pad_same_upper(m):
    "stride 2 on 6x8: one row at the bottom, one column at the right"
    auto_pad_conv(m, "SAME_UPPER", [2, 2], 6, 8, 3, 4)


@case()
def conv_auto_pad_same_lower(m):
    "stride 2 on 6x8: one row at the top, one column at the left"
    auto_pad_conv(m, "SAME_LOWER", [2, 2], 6, 8, 3, 4)


@case()
def conv_auto_pad_same_odd(m):
    "stride 2 on 7x9: one row and column on each side"
    auto_pad_conv(m, "SAME_UPPER", [2, 2], 7, 9, 4, 5)


@case()
def conv_auto_pad_same_large_stride(m):
    "a stride above the kernel: no padding is needed, and none may be negative"
    auto_pad_conv(m, "SAME_UPPER", [4, 4], 8, 8, 2, 2)


@case()
def conv_auto_pad_valid(m):
    "no padding"
    auto_pad_conv(m, "VALID", [1, 1], 5, 6, 3, 4)


@case()
def conv_auto_pad_notset(m):
    "NOTSET: the pads attribute counts"
    m.output(m.convolution(m.image(), 2, 4, auto_pad="NOTSET"), 1, 4, 5, 6)


@case()
def conv_weight_from_constant_node(m):
    "the filter is the output of a Constant node"
    value = numpy_helper.from_array(np.full((4, 2, 3, 3), 0.5, np.float32))
    w = m.node("Constant", outputs=["w"], value=value)
    m.output(m.node("Conv", m.image(), w, kernel_shape=[3, 3]), 1, 4, 3, 4)


@case()
def conv_shared_weights(m):
    "two convolutions use one filter"
    x = m.image(4)
    w = m.weights("w", 4, 4, 3, 3)
    for _ in range(2):
        x = m.node("Conv", x, w, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    m.output(x, 1, 4, 5, 6)


@case()
def conv_relu(m):
    "a convolution and a ReLU"
    m.output(m.node("Relu", m.convolution(m.image(), 2, 4)), 1, 4, 5, 6)


def batch_norm_node(m, x, channels, name="bn", **attributes):
    parameters = [
        m.weights(f"{name}_scale", channels), m.weights(f"{name}_bias", channels),
        m.weights(f"{name}_mean", channels),
        m.constant(f"{name}_var", m.rng.integers(1, 9, channels) / 4)]
    return m.node("BatchNormalization", x, *parameters, outputs=[f"{name}_out"],
                  **attributes)


@case()
def batch_norm(m):
    "alone on the input, default epsilon 1e-5"
    m.output(batch_norm_node(m, m.image(), 2), 1, 2, 5, 6)


@case()
def batch_norm_epsilon(m):
    "epsilon 0.25, momentum 0.5 (which has no effect)"
    m.output(batch_norm_node(m, m.image(), 2, epsilon=0.25, momentum=0.5),
             1, 2, 5, 6)


@case(newest_opset=8)
def batch_norm_spatial(m):
    "the spatial attribute of opsets 7 and 8, set to its default 1"
    m.output(batch_norm_node(m, m.image(), 2, spatial=1), 1, 2, 5, 6)


@case(oldest_opset=14)
def batch_norm_training_mode_0(m):
    "the training_mode attribute, set to its default 0"
    m.output(batch_norm_node(m, m.image(), 2, training_mode=0), 1, 2, 5, 6)


@case()
def batch_norm_after_conv(m):
    "folds into the convolution before it"
    m.output(batch_norm_node(m, m.convolution(m.image(), 2, 4), 4), 1, 4, 5, 6)


@case()
def batch_norm_after_relu(m):
    "conv, ReLU, batch norm, padded conv: exact folding is impossible"
    x = m.node("Relu", m.convolution(m.image(), 2, 4, name="conv1"))
    x = batch_norm_node(m, x, 4)
    m.output(m.convolution(x, 4, 3, name="conv2"), 1, 3, 5, 6)


@case()
def batch_norm_before_unpadded_conv(m):
    "conv, ReLU, batch norm, conv without padding: folds into the second"
    x = m.node("Relu", m.convolution(m.image(), 2, 4, name="conv1"))
    x = batch_norm_node(m, x, 4)
    m.output(m.convolution(x, 4, 3, name="conv2", pads=[0, 0, 0, 0]), 1, 3, 3, 4)


@case()
def batch_norm_after_gemm(m):
    "on a 2-D value: folds into the fully connected layer"
    x = m.input("input", 1, 6)
    x = m.node("Gemm", x, m.weights("w", 4, 6), m.weights("b", 4), transB=1)
    m.output(batch_norm_node(m, x, 4), 1, 4)


@case()
def max_pool(m):
    "2x2, stride 2"
    y = m.node("MaxPool", m.image(2, 6, 8), kernel_shape=[2, 2], strides=[2, 2])
    m.output(y, 1, 2, 3, 4)


@case()
def max_pool_default_strides(m):
    "strides default to 1"
    m.output(m.node("MaxPool", m.image(), kernel_shape=[3, 2]), 1, 2, 3, 5)


@case()
def max_pool_pads(m):
    "3x3, stride 2, padding 1 (ResNet's stem)"
    y = m.node("MaxPool", m.image(2, 7, 8), kernel_shape=[3, 3], strides=[2, 2],
               pads=[1, 1, 1, 1])
    m.output(y, 1, 2, 4, 4)


@case()
def max_pool_asymmetric_pads(m):
    "pads top 0, left 1, bottom 1, right 0"
    y = m.node("MaxPool", m.image(2, 6, 6), kernel_shape=[3, 3], strides=[2, 2],
               pads=[0, 1, 1, 0])
    m.output(y, 1, 2, 3, 3)


@case()
def max_pool_auto_pad_same_upper(m):
    "3x3, stride 2 on 6x8"
    y = m.node("MaxPool", m.image(2, 6, 8), kernel_shape=[3, 3], strides=[2, 2],
               auto_pad="SAME_UPPER")
    m.output(y, 1, 2, 3, 4)


@case()
def max_pool_auto_pad_same_lower(m):
    "3x3, stride 2 on 6x8"
    y = m.node("MaxPool", m.image(2, 6, 8), kernel_shape=[3, 3], strides=[2, 2],
               auto_pad="SAME_LOWER")
    m.output(y, 1, 2, 3, 4)


@case(oldest_opset=10)
def max_pool_ceil_mode(m):
    "3x3, stride 2 on 8x8: the last window hangs over by one row and column"
    y = m.node("MaxPool", m.image(2, 8, 8), kernel_shape=[3, 3], strides=[2, 2],
               ceil_mode=1)
    m.output(y, 1, 2, 4, 4)


@case(oldest_opset=10)
def max_pool_ceil_mode_exact(m):
    "ceil_mode where the windows fit: changes nothing"
    y = m.node("MaxPool", m.image(2, 7, 7), kernel_shape=[3, 3], strides=[2, 2],
               ceil_mode=1)
    m.output(y, 1, 2, 3, 3)


@case(oldest_opset=10)
def max_pool_ceil_mode_pads(m):
    "3x3, stride 2, padding 1 on 6x6 with ceil_mode"
    y = m.node("MaxPool", m.image(2, 6, 6), kernel_shape=[3, 3], strides=[2, 2],
               pads=[1, 1, 1, 1], ceil_mode=1)
    m.output(y, 1, 2, 4, 4)


@case(oldest_opset=10)
def max_pool_dilations(m):
    "dilations [2, 2]"
    y = m.node("MaxPool", m.image(2, 6, 7), kernel_shape=[2, 2], dilations=[2, 2])
    m.output(y, 1, 2, 4, 5)


@case(oldest_opset=8)
def max_pool_storage_order(m):
    "storage_order without the second output has no effect"
    y = m.node("MaxPool", m.image(2, 6, 8), kernel_shape=[2, 2], strides=[2, 2],
               storage_order=1)
    m.output(y, 1, 2, 3, 4)


@case()
def max_pool_1x1(m):
    "1x1, stride 2: a subsampling"
    y = m.node("MaxPool", m.image(2, 5, 6), kernel_shape=[1, 1], strides=[2, 2])
    m.output(y, 1, 2, 3, 3)


@case()
def average_pool(m):
    "2x2, stride 2"
    y = m.node("AveragePool", m.image(2, 6, 8), kernel_shape=[2, 2],
               strides=[2, 2])
    m.output(y, 1, 2, 3, 4)


@case()
def average_pool_pads(m):
    "3x3, padding 1: padding is left out of the mean"
    y = m.node("AveragePool", m.image(), kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    m.output(y, 1, 2, 5, 6)


@case()
def average_pool_count_include_pad(m):
    "3x3, padding 1: padding counts in the mean"
    y = m.node("AveragePool", m.image(), kernel_shape=[3, 3], pads=[1, 1, 1, 1],
               count_include_pad=1)
    m.output(y, 1, 2, 5, 6)


@case()
def average_pool_auto_pad_same_upper(m):
    "3x3, stride 2 on 6x8"
    y = m.node("AveragePool", m.image(2, 6, 8), kernel_shape=[3, 3],
               strides=[2, 2], auto_pad="SAME_UPPER")
    m.output(y, 1, 2, 3, 4)


@case(oldest_opset=10)
def average_pool_ceil_mode(m):
    "3x3, stride 2 on 8x8: cells outside are left out of the mean"
    y = m.node("AveragePool", m.image(2, 8, 8), kernel_shape=[3, 3],
               strides=[2, 2], ceil_mode=1)
    m.output(y, 1, 2, 4, 4)


@case(oldest_opset=10, expected="either")
def average_pool_ceil_mode_count_include_pad(m):
    "padding counts in the mean, cells beyond the padding do not"
    y = m.node("AveragePool", m.image(2, 6, 6), kernel_shape=[3, 3],
               strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1,
               count_include_pad=1)
    m.output(y, 1, 2, 4, 4)


@case()
def average_pool_1x1(m):
    "1x1: the identity, what PyTorch writes for an adaptive pool to the same size"
    y = m.node("AveragePool", m.image(), kernel_shape=[1, 1], strides=[1, 1])
    m.output(y, 1, 2, 5, 6)


@case()
def average_pool_whole_map(m):
    "a window as large as the map: a global average pool"
    y = m.node("AveragePool", m.image(), kernel_shape=[5, 6])
    m.output(y, 1, 2, 1, 1)


@case()
def global_average_pool(m):
    "over H and W"
    m.output(m.node("GlobalAveragePool", m.image()), 1, 2, 1, 1)
