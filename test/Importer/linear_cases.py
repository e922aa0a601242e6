#===- linear_cases.py - Fully connected layers -----------------------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Importer test cases: Gemm, MatMul and the layers around them."""

from onnx_model import case


def gemm_case(m, *operands, **attributes):
    m.output(m.node("Gemm", m.input("input", 1, 6), *operands, **attributes), 1, 4)


@case()
def gemm_trans_b(m):
    "weights [out, in], the form of PyTorch"
    gemm_case(m, m.weights("w", 4, 6), m.weights("b", 4), transB=1)


@case()
def gemm(m):
    "weights [in, out]"
    gemm_case(m, m.weights("w", 6, 4), m.weights("b", 4))


@case()
def gemm_alpha_beta(m):
    "alpha 0.5, beta 2"
    gemm_case(m, m.weights("w", 4, 6), m.weights("b", 4), transB=1, alpha=0.5,
              beta=2.0)


@case()
def gemm_beta_zero(m):
    "beta 0: the bias has no effect"
    gemm_case(m, m.weights("w", 4, 6), m.weights("b", 4), transB=1, beta=0.0)


@case(oldest_opset=11)
def gemm_no_bias(m):
    "two inputs only"
    gemm_case(m, m.weights("w", 4, 6), transB=1)


@case()
def gemm_bias_row(m):
    "bias of shape [1, out]"
    gemm_case(m, m.weights("w", 4, 6), m.weights("b", 1, 4), transB=1)


@case()
def gemm_bias_scalar(m):
    "bias of shape [1], broadcast"
    gemm_case(m, m.weights("w", 4, 6), m.weights("b", 1), transB=1)


@case(expected="either")
def gemm_trans_a(m):
    "transA on an input of shape [6, 1]"
    y = m.node("Gemm", m.input("input", 6, 1), m.weights("w", 4, 6),
               m.weights("b", 4), transA=1, transB=1)
    m.output(y, 1, 4)


@case()
def matmul_constant(m):
    "value times constant [in, out]"
    m.output(m.node("MatMul", m.input("input", 1, 6), m.weights("w", 6, 4)), 1, 4)


@case()
def matmul_add(m):
    "MatMul and a bias by Add"
    x = m.node("MatMul", m.input("input", 1, 6), m.weights("w", 6, 4))
    m.output(m.node("Add", x, m.weights("b", 4)), 1, 4)


@case(expected="error")
def matmul_values(m):
    "a product of two values"
    a, b = m.input("a", 4, 6), m.input("b", 6, 3)
    m.output(m.node("MatMul", a, b), 4, 3)


@case(expected="either")
def matmul_constant_first(m):
    "constant times value"
    y = m.node("MatMul", m.weights("w", 4, 6), m.input("input", 6, 1))
    m.output(y, 4, 1)


@case()
def flatten_gemm(m):
    "a fully connected layer behind a flatten: the columns are in CHW order"
    x = m.node("Flatten", m.convolution(m.image(2, 3, 4), 2, 5))
    y = m.node("Gemm", x, m.weights("w", 7, 60), m.weights("b", 7), transB=1)
    m.output(y, 1, 7)


@case()
def flatten_two_gemms(m):
    "two fully connected layers behind one flatten"
    x = m.node("Flatten", m.convolution(m.image(2, 3, 4), 2, 5))
    for name, size in (("a", 3), ("b", 4)):
        m.output(m.node("Gemm", x, m.weights(f"w_{name}", size, 60),
                        m.weights(f"b_{name}", size), transB=1), 1, size)


@case()
def flatten_relu_gemm(m):
    "a ReLU between flatten and fully connected layer"
    x = m.node("Flatten", m.convolution(m.image(2, 3, 4), 2, 5))
    y = m.node("Gemm", m.node("Relu", x), m.weights("w", 7, 60),
               m.weights("b", 7), transB=1)
    m.output(y, 1, 7)


@case()
def classifier_head(m):
    "global average pool, flatten, fully connected layer, softmax"
    x = m.node("GlobalAveragePool", m.convolution(m.image(), 2, 5))
    x = m.node("Flatten", x)
    x = m.node("Gemm", x, m.weights("w", 3, 5), m.weights("b", 3), transB=1)
    m.output(m.node("Softmax", x), 1, 3)
