#===- graph_cases.py - Constants, no-ops and graph structure ---------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Importer test cases: what holds a graph together."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from onnx_model import case


@case()
def dropout(m):
    "one output, no attribute"
    m.output(m.node("Dropout", m.image()), 1, 2, 5, 6)


@case()
def dropout_two_outputs(m):
    "a mask that nothing uses"
    y, _ = m.node("Dropout", m.image(), outputs=["kept", "mask"])
    m.output(m.node("Relu", y), 1, 2, 5, 6)


@case(newest_opset=11)
def dropout_ratio_attribute(m):
    "ratio as attribute"
    m.output(m.node("Dropout", m.image(), ratio=0.25), 1, 2, 5, 6)


@case(oldest_opset=12)
def dropout_ratio_input(m):
    "ratio and training_mode (false) as inputs"
    y = m.node("Dropout", m.image(), m.scalar("ratio", 0.25),
               m.constant("training", np.array(False)))
    m.output(y, 1, 2, 5, 6)


@case()
def identity(m):
    "of a value, as the graph's output"
    m.output(m.node("Identity", m.convolution(m.image(), 2, 4)), 1, 4, 5, 6)


@case()
def identity_of_initializer(m):
    "a filter shared through Identity, as PyTorch writes equal tensors"
    x = m.image(4)
    w = m.weights("w", 4, 4, 3, 3)
    for weights in (w, m.node("Identity", w)):
        x = m.node("Conv", x, weights, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    m.output(x, 1, 4, 5, 6)


@case()
def input_is_output(m):
    "no node at all"
    m.output(m.image(), 1, 2, 5, 6)


@case()
def constant_scalar(m):
    "a 0-D Constant node as operand"
    c = m.node("Constant", outputs=["c"],
               value=numpy_helper.from_array(np.array(0.5, np.float32)))
    m.output(m.node("Mul", m.image(), c), 1, 2, 5, 6)


@case(oldest_opset=12)
def constant_value_float(m):
    "a Constant node with value_float"
    c = m.node("Constant", outputs=["c"], value_float=0.5)
    m.output(m.node("Mul", m.image(), c), 1, 2, 5, 6)


@case(oldest_opset=12)
def constant_value_ints(m):
    "a Constant node with value_ints as shape"
    shape = m.node("Constant", outputs=["shape"], value_ints=[1, -1])
    m.output(m.node("Reshape", m.image(), shape), 1, 60)


@case()
def cast_same_type(m):
    "float to float"
    m.output(m.node("Cast", m.image(), to=TensorProto.FLOAT), 1, 2, 5, 6)


@case(expected="error")
def cast_other_type(m):
    "float to int32: not supported"
    m.output(m.node("Cast", m.image(), to=TensorProto.INT32), 1, 2, 5, 6,
             element_type=TensorProto.INT32)


@case()
def weights_in_float_data(m):
    "a tensor stored in float_data instead of raw_data"
    w = helper.make_tensor("w", TensorProto.FLOAT, [4, 2, 1, 1],
                           [n / 8 for n in range(8)])
    m.output(m.node("Conv", m.image(), m.initializer(w)), 1, 4, 5, 6)


@case()
def integers_in_int64_data(m):
    "a shape stored in int64_data instead of raw_data"
    shape = helper.make_tensor("shape", TensorProto.INT64, [2], [1, -1])
    m.output(m.node("Reshape", m.image(), m.initializer(shape)), 1, 60)


@case()
def unnamed_nodes(m):
    "nodes without names"
    x = m.node("Relu", m.image(), name="")
    m.output(m.node("Sigmoid", x, name=""), 1, 2, 5, 6)


@case()
def unused_node(m):
    "a node whose output nothing uses, and an unused initializer"
    x = m.image()
    m.node("Sigmoid", x)
    m.weights("unused", 3, 3)
    m.output(m.node("Relu", x), 1, 2, 5, 6)


@case()
def two_outputs(m):
    "two graph outputs, one of them used inside"
    x = m.convolution(m.image(), 2, 4)
    m.output(x, 1, 4, 5, 6)
    m.output(m.node("Relu", x), 1, 4, 5, 6)


@case(checker_refuses=True)
def output_without_shape(m):
    "the graph's output has a type but no shape"
    y = m.node("Relu", m.image())
    m.outputs.append(helper.make_tensor_value_info(y, TensorProto.FLOAT, None))


@case()
def output_dynamic_shape(m):
    "the input is static, the declared output has named dimensions"
    m.output(m.node("Relu", m.image()), "batch", 2, "height", "width")


@case(checker_refuses=True)
def ai_onnx_domain(m):
    "the default domain spelled out"
    m.opset_imports = [helper.make_opsetid("ai.onnx", m.opset)]
    m.output(m.node("Relu", m.image()), 1, 2, 5, 6)
