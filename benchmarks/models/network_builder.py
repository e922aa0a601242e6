#===- network_builder.py - Layers as PyTorch exports them ------------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Builds the ONNX graph of a network, tracking shapes and magnitudes.

Weights are random but sane: filters are scaled after He et al. 2015 (variance
2 / fan-in), and batch norm statistics are set to the variance that the filters
are expected to produce, so that activations stay near 1 in networks of any
depth.
"""

import dataclasses
import math

import numpy as np
from onnx import TensorProto, helper

from onnx_writer import Weight


@dataclasses.dataclass(frozen=True)
class Value:
    """A value of the graph: shape without the batch, expected mean square."""

    name: str
    channels: int
    height: int
    width: int
    moment: float


@dataclasses.dataclass(frozen=True)
class Options:
    height: int = 224
    width: int = 224
    opset: int = 13
    classes: int = 1000
    channels_divisor: int = 1
    seed: int = 0
    reshape_head: bool = False
    reduce_mean: bool = False
    decompose: bool = False


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def ir_version(opset):
    """The IR version that the ONNX release of an opset wrote."""
    for first_opset, version in ((21, 10), (19, 9), (15, 8), (12, 7), (11, 6),
                                 (10, 5), (9, 4)):
        if opset >= first_opset:
            return version
    return 3


class NetworkBuilder:
    """Nodes, weights and the count of multiply-accumulates."""

    def __init__(self, name, options):
        self.name = name
        self.options = options
        self.nodes, self.weights = [], []
        self.constants = {}
        # Constants do not count, so that all forms of a network have equal weights.
        self.drawn = 0
        self.macs = 0
        self.input = Value("input", 3, options.height, options.width, 1.0)

    # -- Channels, weights and nodes.

    def thin(self, channels):
        """A channel count of the full network divided by --channels-divisor."""
        return max(1, channels // self.options.channels_divisor)

    @property
    def parameters(self):
        return sum(weight.size for weight in self.weights if weight.is_parameter)

    def weight(self, name, dims, draw, is_parameter=True):
        """Add a float tensor drawn by draw(rng, dims) when it is written."""
        stream = [self.options.seed, self.drawn]
        self.drawn += 1
        self.weights.append(Weight(
            name, np.dtype(np.float32), tuple(dims),
            lambda: draw(np.random.default_rng(stream), dims), is_parameter))
        return name

    def constant(self, name, array):
        """A small constant, written once however often it is asked for."""
        if name not in self.constants:
            array = np.asarray(array)
            self.constants[name] = Weight(name, array.dtype, array.shape,
                                          lambda: array, False)
            self.weights.append(self.constants[name])
        return name

    def scalar(self, value):
        return self.constant(f"constant_{value:g}", np.array(value, np.float32))

    def node(self, operator, inputs, value, **attributes):
        """Add a node; the result is `value` under a new name."""
        name = f"{operator}_{len(self.nodes)}"
        output = f"{name}_output"
        self.nodes.append(helper.make_node(operator, inputs, [output], name=name,
                                           **attributes))
        return dataclasses.replace(value, name=output)

    # -- Layers with weights.

    def conv(self, x, channels, kernel, stride=1, padding=0, groups=1, bias=True):
        """Convolution; `channels` is the real number, thinned by the caller."""
        (kh, kw), (ph, pw) = pair(kernel), pair(padding)
        height = self.windows(x, x.height + 2 * ph, kh, stride)
        width = self.windows(x, x.width + 2 * pw, kw, stride)
        fan_in = x.channels // groups * kh * kw
        scale = math.sqrt(2 / fan_in)
        name = f"conv{len(self.nodes)}"
        inputs = [x.name, self.weight(
            f"{name}.weight", (channels, x.channels // groups, kh, kw),
            lambda rng, dims: rng.standard_normal(dims, np.float32)
            * np.float32(scale))]
        if bias:
            inputs.append(self.small(f"{name}.bias", channels))
        self.macs += channels * height * width * fan_in
        return self.node(
            "Conv", inputs, Value("", channels, height, width, 2 * x.moment),
            dilations=[1, 1], group=groups, kernel_shape=[kh, kw],
            pads=[ph, pw, ph, pw], strides=[stride, stride])

    def windows(self, x, padded, kernel, stride, ceil_mode=False):
        if padded < kernel:
            raise ValueError(
                f"{self.name}: the input is too small, {x.name} has only "
                f"{x.height}x{x.width} cells")
        steps = (padded - kernel) / stride
        return int(math.ceil(steps) if ceil_mode else math.floor(steps)) + 1

    def small(self, name, size, is_parameter=True):
        return self.weight(
            name, (size,), lambda rng, dims: rng.normal(0, 0.05, dims),
            is_parameter)

    def batch_norm(self, x, epsilon=1e-5):
        name = f"bn{len(self.nodes)}"
        variance = x.moment
        inputs = [
            x.name,
            self.weight(f"{name}.weight", (x.channels,),
                        lambda rng, dims: rng.uniform(0.8, 1.2, dims)),
            self.small(f"{name}.bias", x.channels),
            self.small(f"{name}.running_mean", x.channels, is_parameter=False),
            self.weight(f"{name}.running_var", (x.channels,),
                        lambda rng, dims: variance * rng.uniform(0.8, 1.2, dims),
                        is_parameter=False)]
        return self.node("BatchNormalization", inputs,
                         dataclasses.replace(x, moment=1.0), epsilon=epsilon,
                         momentum=0.9)

    def linear(self, x, features):
        """Fully connected layer as PyTorch exports it: Gemm with transB."""
        name = f"fc{len(self.nodes)}"
        scale = math.sqrt(2 / x.channels)
        inputs = [x.name, self.weight(
            f"{name}.weight", (features, x.channels),
            lambda rng, dims: rng.standard_normal(dims, np.float32)
            * np.float32(scale)), self.small(f"{name}.bias", features)]
        self.macs += features * x.channels
        return self.node("Gemm", inputs, Value("", features, 1, 1, 2 * x.moment),
                         alpha=1.0, beta=1.0, transB=1)

    def conv_bn(self, x, channels, kernel, stride=1, padding=0, groups=1,
                epsilon=1e-5):
        return self.batch_norm(
            self.conv(x, channels, kernel, stride, padding, groups, bias=False),
            epsilon)

    # -- Activations.

    def relu(self, x):
        return self.node("Relu", [x.name],
                         dataclasses.replace(x, moment=x.moment / 2))

    def relu6(self, x):
        result = dataclasses.replace(x, moment=x.moment / 2)
        if self.options.opset < 11:
            return self.node("Clip", [x.name], result, min=0.0, max=6.0)
        return self.node("Clip", [x.name, self.scalar(0), self.scalar(6)], result)

    def hard_sigmoid(self, x):
        gate = dataclasses.replace(x, moment=0.3)
        if not self.options.decompose:
            return self.node("HardSigmoid", [x.name], gate, alpha=1 / 6, beta=0.5)
        shifted = self.node("Add", [x.name, self.scalar(3)], x)
        return self.node("Div", [self.relu6(shifted).name, self.scalar(6)], gate)

    def hard_swish(self, x):
        result = dataclasses.replace(x, moment=0.4 * x.moment)
        if self.options.decompose:
            shifted = self.node("Add", [x.name, self.scalar(3)], x)
            product = self.node("Mul", [x.name, self.relu6(shifted).name], x)
            return self.node("Div", [product.name, self.scalar(6)], result)
        if self.options.opset >= 14:
            return self.node("HardSwish", [x.name], result)
        return self.node("Mul", [x.name, self.hard_sigmoid(x).name], result)

    # -- Pooling and joins.

    def max_pool(self, x, kernel, stride, padding=0, ceil_mode=False):
        if ceil_mode and self.options.opset < 10:
            raise ValueError(f"{self.name}: --opset must be at least 10, "
                             f"got {self.options.opset}: MaxPool has no ceil_mode")
        attributes = {"ceil_mode": 1} if ceil_mode else {}
        size = [self.windows(x, length + 2 * padding, kernel, stride, ceil_mode)
                for length in (x.height, x.width)]
        return self.node(
            "MaxPool", [x.name], Value("", x.channels, *size, 2 * x.moment),
            kernel_shape=[kernel] * 2, pads=[padding] * 4, strides=[stride] * 2,
            **attributes)

    def average_pool(self, x, kernel, stride):
        size = [self.windows(x, length, kernel, stride)
                for length in (x.height, x.width)]
        return self.node(
            "AveragePool", [x.name], Value("", x.channels, *size, x.moment),
            kernel_shape=[kernel] * 2, strides=[stride] * 2)

    def global_pool(self, x):
        pooled = Value("", x.channels, 1, 1, 0.5 * x.moment)
        if not self.options.reduce_mean:
            return self.node("GlobalAveragePool", [x.name], pooled)
        if self.options.opset < 18:
            return self.node("ReduceMean", [x.name], pooled, axes=[2, 3],
                             keepdims=1)
        axes = self.constant("spatial_axes", np.array([2, 3], np.int64))
        return self.node("ReduceMean", [x.name, axes], pooled, keepdims=1)

    def flatten(self, x):
        features = x.channels * x.height * x.width
        flat = Value("", features, 1, 1, x.moment)
        if not self.options.reshape_head:
            return self.node("Flatten", [x.name], flat, axis=1)
        shape = self.constant("flat_shape", np.array([0, -1], np.int64))
        return self.node("Reshape", [x.name, shape], flat)

    def add(self, x, y):
        return self.node("Add", [x.name, y.name],
                         dataclasses.replace(x, moment=x.moment + y.moment))

    def add_relu(self, x, y):
        """The end of a residual block. The sum is mostly positive where `x` is a
        sum already, so the ReLU is not taken to halve its mean square."""
        total = self.add(x, y)
        return dataclasses.replace(self.relu(total), moment=total.moment)

    def scale_channels(self, x, gate):
        return self.node("Mul", [x.name, gate.name],
                         dataclasses.replace(x, moment=x.moment * gate.moment))

    def concat(self, values):
        channels = sum(value.channels for value in values)
        moment = sum(value.channels * value.moment for value in values) / channels
        return self.node("Concat", [value.name for value in values],
                         dataclasses.replace(values[0], channels=channels,
                                             moment=moment), axis=1)

    # -- The whole.

    def model(self, logits):
        """The ModelProto without its weights, ending in `logits`."""
        self.nodes[-1].output[0] = "logits"
        shape = [1, 3, self.options.height, self.options.width]
        inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)]
        if ir_version(self.options.opset) < 4:
            inputs += [helper.make_tensor_value_info(
                weight.name, weight.header().data_type, weight.dims)
                for weight in self.weights]
        output = helper.make_tensor_value_info("logits", TensorProto.FLOAT,
                                               [1, logits.channels])
        graph = helper.make_graph(self.nodes, self.name, inputs, [output])
        model = helper.make_model(
            graph, producer_name="windrow-benchmarks",
            opset_imports=[helper.make_opsetid("", self.options.opset)])
        model.ir_version = ir_version(self.options.opset)
        return model
