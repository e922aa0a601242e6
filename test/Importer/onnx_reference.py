#!/usr/bin/python3
#===- onnx_reference.py - Evaluate an ONNX file, plainly -------------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""An ONNX evaluator in numpy and double precision, written from the operator
specification and sharing nothing with the compiler: what the compiled programs
are compared with. It knows the operators of the importer's tests only.
"""

import argparse
import itertools
import math
import sys

import numpy as np
import onnx
from onnx import numpy_helper

EVALUATORS = {}


def operator(function):
    """Register a function (node, inputs, opset) -> output under its own name."""
    EVALUATORS[function.__name__] = function
    return function


class Node:
    """A NodeProto with its attributes as Python values."""

    def __init__(self, proto):
        self.proto = proto
        self.attributes = {attribute.name: onnx.helper.get_attribute_value(attribute)
                           for attribute in proto.attribute}

    def get(self, name, default=None):
        value = self.attributes.get(name, default)
        return value.decode() if isinstance(value, bytes) else value


def at(inputs, index, default=None):
    """An optional input."""
    if index < len(inputs) and inputs[index] is not None:
        return inputs[index]
    return default


# -- Windows.


class Windows:
    """How the windows of a convolution or pool lie on their input."""

    def __init__(self, node, spatial, kernel):
        rank = len(spatial)
        self.kernel = list(kernel)
        self.strides = node.get("strides", [1] * rank)
        self.dilations = node.get("dilations", [1] * rank)
        self.extents = [(k - 1) * d + 1
                        for k, d in zip(self.kernel, self.dilations)]
        pads = node.get("pads", [0] * 2 * rank)
        self.before, self.after = list(pads[:rank]), list(pads[rank:])
        auto_pad = node.get("auto_pad", "NOTSET")
        if auto_pad.startswith("SAME"):
            self.pad_same(spatial, upper=auto_pad == "SAME_UPPER")
        rounding = math.ceil if node.get("ceil_mode", 0) else math.floor
        self.outputs = [
            rounding((size + before + after - extent) / stride) + 1
            for size, before, after, extent, stride in zip(
                spatial, self.before, self.after, self.extents, self.strides)]

    def pad_same(self, spatial, upper):
        for axis, size in enumerate(spatial):
            stride, extent = self.strides[axis], self.extents[axis]
            total = max(0, (math.ceil(size / stride) - 1) * stride + extent - size)
            small, large = total // 2, total - total // 2
            self.before[axis], self.after[axis] = (
                (small, large) if upper else (large, small))

    def padded(self, x, value):
        """`x` with its padding and, for ceil_mode, room for the last window."""
        room = [max(after, (count - 1) * stride + extent - size - before)
                for after, count, stride, extent, size, before in zip(
                    self.after, self.outputs, self.strides, self.extents,
                    x.shape[2:], self.before)]
        return np.pad(x, [(0, 0), (0, 0), *zip(self.before, room)],
                      constant_values=value)

    def views(self, padded):
        """For each kernel cell: its index and the inputs under it."""
        for cell in itertools.product(*map(range, self.kernel)):
            starts = [k * d for k, d in zip(cell, self.dilations)]
            yield cell, padded[(slice(None), slice(None), *(
                slice(start, start + (count - 1) * stride + 1, stride)
                for start, count, stride in zip(starts, self.outputs,
                                                self.strides)))]


@operator
def Conv(node, inputs, opset):
    x, w, bias = inputs[0], inputs[1], at(inputs, 2)
    groups = node.get("group", 1)
    windows = Windows(node, x.shape[2:], w.shape[2:])
    padded = windows.padded(x, 0)
    filters = w.reshape(groups, w.shape[0] // groups, *w.shape[1:])
    result = np.zeros((groups, filters.shape[1], math.prod(windows.outputs)))
    for cell, view in windows.views(padded):
        columns = view.reshape(groups, x.shape[1] // groups, -1)
        result += filters[(..., *cell)] @ columns
    result = result.reshape(1, w.shape[0], *windows.outputs)
    if bias is not None:
        result += bias.reshape(1, -1, *[1] * len(windows.outputs))
    return result


@operator
def MaxPool(node, inputs, opset):
    windows = Windows(node, inputs[0].shape[2:], node.get("kernel_shape"))
    padded = windows.padded(inputs[0], -np.inf)
    return np.maximum.reduce([view for _, view in windows.views(padded)])


@operator
def AveragePool(node, inputs, opset):
    x = inputs[0]
    windows = Windows(node, x.shape[2:], node.get("kernel_shape"))
    # What counts: the image, and with count_include_pad the stated padding.
    counted = np.ones_like(x)
    if node.get("count_include_pad", 0):
        counted = np.pad(counted, [(0, 0), (0, 0), *zip(windows.before,
                                                        windows.after)],
                         constant_values=1)
        x = np.pad(x, [(0, 0), (0, 0), *zip(windows.before, windows.after)])
        windows.before = windows.after = [0] * len(windows.before)
    total = sum(view for _, view in windows.views(windows.padded(x, 0)))
    count = sum(view for _, view in windows.views(windows.padded(counted, 0)))
    return total / count


@operator
def GlobalAveragePool(node, inputs, opset):
    return inputs[0].mean(tuple(range(2, inputs[0].ndim)), keepdims=True)


# -- Elementwise.


@operator
def BatchNormalization(node, inputs, opset):
    x = inputs[0]
    scale, bias, mean, variance = (
        value.reshape(1, -1, *[1] * (x.ndim - 2)) for value in inputs[1:5])
    return (x - mean) / np.sqrt(variance + node.get("epsilon", 1e-5)) * scale + bias


@operator
def Relu(node, inputs, opset):
    return np.maximum(inputs[0], 0)


@operator
def Clip(node, inputs, opset):
    low = at(inputs, 1, node.get("min", -np.inf))
    high = at(inputs, 2, node.get("max", np.inf))
    return np.minimum(np.maximum(inputs[0], low), high)


@operator
def Sigmoid(node, inputs, opset):
    return 1 / (1 + np.exp(-inputs[0]))


@operator
def HardSigmoid(node, inputs, opset):
    alpha, beta = node.get("alpha", 0.2), node.get("beta", 0.5)
    return np.clip(alpha * inputs[0] + beta, 0, 1)


@operator
def HardSwish(node, inputs, opset):
    return inputs[0] * np.clip(inputs[0] / 6 + 0.5, 0, 1)


@operator
def Add(node, inputs, opset):
    return inputs[0] + inputs[1]


@operator
def Sub(node, inputs, opset):
    return inputs[0] - inputs[1]


@operator
def Mul(node, inputs, opset):
    return inputs[0] * inputs[1]


@operator
def Div(node, inputs, opset):
    return inputs[0] / inputs[1]


@operator
def Softmax(node, inputs, opset):
    x = inputs[0]
    axis = node.get("axis", -1 if opset >= 13 else 1)
    axes = axis
    if opset < 13:
        # Everything from the axis on is one dimension.
        axes = tuple(range(axis % x.ndim, x.ndim))
    powers = np.exp(x - x.max(axes, keepdims=True))
    return powers / powers.sum(axes, keepdims=True)


# -- Linear algebra.


@operator
def Gemm(node, inputs, opset):
    a = inputs[0].T if node.get("transA", 0) else inputs[0]
    b = inputs[1].T if node.get("transB", 0) else inputs[1]
    result = node.get("alpha", 1.0) * (a @ b)
    bias = at(inputs, 2)
    return result if bias is None else result + node.get("beta", 1.0) * bias


@operator
def MatMul(node, inputs, opset):
    return inputs[0] @ inputs[1]


# -- Shapes.


def axes_of(node, inputs):
    axes = at(inputs, 1)
    return node.get("axes") if axes is None else [int(axis) for axis in axes]


@operator
def ReduceMean(node, inputs, opset):
    axes = axes_of(node, inputs)
    return inputs[0].mean(None if axes is None else tuple(axes),
                          keepdims=bool(node.get("keepdims", 1)))


@operator
def ReduceSum(node, inputs, opset):
    axes = axes_of(node, inputs)
    if not axes and node.get("noop_with_empty_axes", 0):
        return inputs[0]
    return inputs[0].sum(tuple(axes) if axes else None,
                         keepdims=bool(node.get("keepdims", 1)))


@operator
def Concat(node, inputs, opset):
    return np.concatenate(inputs, node.get("axis"))


@operator
def Flatten(node, inputs, opset):
    axis = node.get("axis", 1)
    axis += inputs[0].ndim if axis < 0 else 0
    return inputs[0].reshape(math.prod(inputs[0].shape[:axis]), -1)


@operator
def Reshape(node, inputs, opset):
    shape = [int(size) for size in inputs[1]]
    if not node.get("allowzero", 0):
        shape = [inputs[0].shape[axis] if size == 0 else size
                 for axis, size in enumerate(shape)]
    return inputs[0].reshape(shape)


@operator
def Squeeze(node, inputs, opset):
    axes = axes_of(node, inputs)
    return np.squeeze(inputs[0], None if axes is None else tuple(axes))


@operator
def Unsqueeze(node, inputs, opset):
    return np.expand_dims(inputs[0], tuple(axes_of(node, inputs)))


@operator
def Transpose(node, inputs, opset):
    return np.transpose(inputs[0], node.get("perm"))


@operator
def Pad(node, inputs, opset):
    x = inputs[0]
    pads = node.get("pads") if opset < 11 else [int(pad) for pad in inputs[1]]
    value = node.get("value", 0.0) if opset < 11 else at(inputs, 2, 0.0)
    axes = at(inputs, 3, np.arange(x.ndim))
    widths = [(0, 0)] * x.ndim
    for number, axis in enumerate(axes):
        widths[int(axis)] = (pads[number], pads[number + len(axes)])
    if node.get("mode", "constant") != "constant":
        raise NotImplementedError("Pad: only mode constant")
    return np.pad(x, widths, constant_values=value)


@operator
def Slice(node, inputs, opset):
    x = inputs[0]
    if opset < 10:
        starts, ends = node.get("starts"), node.get("ends")
        axes, steps = node.get("axes"), None
    else:
        starts, ends, axes, steps = inputs[1], inputs[2], at(inputs, 3), at(inputs, 4)
    axes = range(len(starts)) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    cut = [slice(None)] * x.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps):
        cut[int(axis)] = slice(int(start), int(end), int(step))
    return x[tuple(cut)]


@operator
def Shape(node, inputs, opset):
    shape = inputs[0].shape[node.get("start", 0):node.get("end")]
    return np.array(shape, np.int64)


@operator
def Gather(node, inputs, opset):
    return np.take(inputs[0], inputs[1], node.get("axis", 0))


# -- The rest.


@operator
def Constant(node, inputs, opset):
    if node.get("value") is not None:
        return widened(numpy_helper.to_array(node.get("value")))
    if node.get("value_float") is not None:
        return np.array(node.get("value_float"), np.float64)
    return np.array(node.get("value_ints"), np.int64)


@operator
def Identity(node, inputs, opset):
    return inputs[0]


# The importer's tests drop nothing and cast to the same type only.
EVALUATORS.update(Dropout=Identity, Cast=Identity)


def widened(array):
    """Floats in double precision, other types as they are."""
    return array.astype(np.float64) if array.dtype == np.float32 else array


def evaluate(model, inputs):
    """The outputs (by name, f32) of a ModelProto for inputs by name."""
    opset = next(entry.version for entry in model.opset_import
                 if entry.domain in ("", "ai.onnx"))
    values = {tensor.name: widened(numpy_helper.to_array(tensor))
              for tensor in model.graph.initializer}
    values.update((name, widened(array)) for name, array in inputs.items())
    for proto in model.graph.node:
        if proto.op_type not in EVALUATORS or proto.domain not in ("", "ai.onnx"):
            raise NotImplementedError(f"{proto.name}: {proto.op_type}")
        operands = [values[name] if name else None for name in proto.input]
        values[proto.output[0]] = EVALUATORS[proto.op_type](
            Node(proto), operands, opset)
    return {output.name: values[output.name].astype(np.float32)
            for output in model.graph.output}


def input_shapes(model):
    """The shapes of the inputs that are no initializers, by name."""
    initializers = {tensor.name for tensor in model.graph.initializer}
    return {entry.name: [dim.dim_value or 1
                         for dim in entry.type.tensor_type.shape.dim]
            for entry in model.graph.input if entry.name not in initializers}


def main():
    parser = argparse.ArgumentParser(
        description="Write inputs for an ONNX model and the outputs that it gives "
        "for them, as PREFIX.NAME.npy each.",
        epilog="example: onnx_reference.py model.onnx --out=reference")
    parser.add_argument("model")
    parser.add_argument("--out", required=True, metavar="PREFIX")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    try:
        model = onnx.load(args.model)
        rng = np.random.default_rng(args.seed)
        tensors = {name: rng.standard_normal(shape, np.float32)
                   for name, shape in input_shapes(model).items()}
        tensors.update(evaluate(model, tensors))
    except (OSError, ValueError, NotImplementedError) as error:
        sys.exit(f"error: {args.model}: {error}")
    for name, array in tensors.items():
        np.save(f"{args.out}.{name}.npy", array)


if __name__ == "__main__":
    main()
