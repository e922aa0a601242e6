#===- onnx_network.py - An ONNX file as a trainable module -----------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Reads the ONNX files that windrow-translate --export-onnx writes, and writes
them back with trained weights.

Only the forms that it writes are read: explicit pads, no ceil_mode, weights in the
file. The graph stays as it is in the file; batch norms that training adds behind
convolutions are folded into them when the network is saved.
"""

import copy
import os

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional


class UnsupportedModel(ValueError):
    """The file holds what this loader does not read; the message names it."""


class Convolution(nn.Conv2d):
    """A convolution whose padding may differ from edge to edge."""

    def __init__(self, weight, bias, pads, strides, dilations, groups):
        super().__init__(
            weight.shape[1] * groups, weight.shape[0], weight.shape[2:], strides, 0,
            dilations, groups, bias is not None)
        self.weight.data = torch.tensor(weight)
        if bias is not None:
            self.bias.data = torch.tensor(bias)
        self.is_symmetric = pads[:2] == pads[2:]
        if self.is_symmetric:
            self.padding = tuple(pads[:2])
        self.edges = (pads[1], pads[3], pads[0], pads[2])

    def forward(self, x):
        return super().forward(x if self.is_symmetric else functional.pad(x, self.edges))


def linear(weight, bias):
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias is not None)
    layer.weight.data = torch.tensor(weight)
    if bias is not None:
        layer.bias.data = torch.tensor(bias)
    return layer


def batch_norm(scale, shift, mean, variance, epsilon):
    layer = nn.BatchNorm2d(len(scale), epsilon)
    layer.weight.data, layer.bias.data = torch.tensor(scale), torch.tensor(shift)
    layer.running_mean, layer.running_var = torch.tensor(mean), torch.tensor(variance)
    return layer


def attributes_of(node):
    values = {attribute.name: onnx.helper.get_attribute_value(attribute)
              for attribute in node.attribute}
    for name, expected in (("auto_pad", b"NOTSET"), ("ceil_mode", 0), ("transA", 0),
                           ("alpha" if node.op_type == "Gemm" else "", 1.0)):
        if values.get(name, expected) != expected:
            raise UnsupportedModel(
                f"node '{node.name}' ({node.op_type}): attribute '{name}' must be "
                f"{expected}, got {values[name]}")
    return values


def forward_constants(graph):
    """Drop Identity nodes that only give weights another name."""
    weights = {tensor.name for tensor in graph.initializer}
    names = {node.output[0]: node.input[0] for node in graph.node
             if node.op_type == "Identity" and node.input[0] in weights}
    kept = [node for node in graph.node if node.output[0] not in names]
    del graph.node[:]
    graph.node.extend(kept)
    for node in graph.node:
        for position, name in enumerate(node.input):
            node.input[position] = names.get(name, name)


class OnnxNetwork(nn.Module):
    """The network of an ONNX file with one input and one output.

    `forward` returns the output; where `keep` names nodes, also a dictionary of what
    these compute, before a batch norm that was added behind them.
    """

    def __init__(self, path):
        super().__init__()
        self.proto = onnx.load(path)
        graph = self.proto.graph
        forward_constants(graph)
        self.constants = {tensor.name: numpy_helper.to_array(tensor)
                          for tensor in graph.initializer}
        inputs = [entry.name for entry in graph.input if entry.name not in self.constants]
        if len(inputs) != 1 or len(graph.output) != 1:
            raise UnsupportedModel(f"{path}: must have one input and one output, got "
                                   f"{len(inputs)} and {len(graph.output)}")
        self.input_name, self.output_name = inputs[0], graph.output[0].name
        self.layers = nn.ModuleDict()
        self.norms = nn.ModuleDict()
        self.steps = [self._step(index, node) for index, node in enumerate(graph.node)]
        self.index = {node.name: index for index, node in enumerate(graph.node)}
        self.last_use = {name: index for index, node in enumerate(graph.node)
                         for name in node.input}

    @property
    def nodes(self):
        return self.proto.graph.node

    def forward(self, x, keep=None):
        values, kept = {self.input_name: x}, {}
        for index, (node, step) in enumerate(zip(self.nodes, self.steps)):
            operands = [values[name] for name in node.input if name in values]
            result = step(*operands)
            if keep is not None and node.name in keep:
                kept[node.name] = result
            if str(index) in self.norms:
                result = self.norms[str(index)](result)
            values[node.output[0]] = result
            for name in node.input:
                if self.last_use[name] == index and name != self.output_name:
                    values.pop(name, None)
        output = values[self.output_name]
        return output if keep is None else (output, kept)

    def layer(self, name):
        """The module with the weights of node `name`."""
        return self.layers[str(self.index[name])]

    def readers(self, name):
        """The nodes that read what node `name` computes."""
        output = self.nodes[self.index[name]].output[0]
        return [node for node in self.nodes if output in node.input]

    #===--------------------------------------------------------------------===#
    # Batch norms for training
    #===--------------------------------------------------------------------===#

    def add_batch_norm(self, name):
        """Normalise the channels behind convolution `name`, at first by nothing."""
        channels = self.layer(name).out_channels
        norm = nn.BatchNorm2d(channels)
        norm.running_var.fill_(1.0 - norm.eps)
        self.norms[str(self.index[name])] = norm.to(next(self.parameters()).device)

    def batch_norms(self):
        """(name of the node, is it added behind it, module), along the graph."""
        for index, node in enumerate(self.nodes):
            if node.op_type == "BatchNormalization":
                yield node.name, False, self.layers[str(index)]
            if str(index) in self.norms:
                yield node.name, True, self.norms[str(index)]

    #===--------------------------------------------------------------------===#
    # Writing
    #===--------------------------------------------------------------------===#

    def save(self, path):
        """Write the file anew, as a whole or not at all, batch norms folded."""
        model = copy.deepcopy(self.proto)
        tensors = {tensor.name: tensor for tensor in model.graph.initializer}
        for index, node in enumerate(model.graph.node):
            for position, value in self._weights(index).items():
                self._set_operand(model, tensors, node, position, value)
            if node.op_type == "BatchNormalization":
                del node.attribute[:]
                node.attribute.append(onnx.helper.make_attribute(
                    "epsilon", self.layers[str(index)].eps))
        onnx.checker.check_model(model)
        onnx.save(model, path + ".part")
        os.replace(path + ".part", path)

    def _weights(self, index):
        """Operand number -> array of the node's weights, as they are now."""
        if str(index) not in self.layers:
            return {}
        layer = self.layers[str(index)]
        if isinstance(layer, nn.BatchNorm2d):
            tensors = (layer.weight, layer.bias, layer.running_mean, layer.running_var)
            return dict(enumerate(map(to_array, tensors), 1))
        weight = to_array(layer.weight)
        bias = None if layer.bias is None else to_array(layer.bias)
        if str(index) in self.norms:
            norm = self.norms[str(index)]
            gamma, beta, mean, variance = (
                to_array(tensor).astype(np.float64) for tensor in
                (norm.weight, norm.bias, norm.running_mean, norm.running_var))
            scale = gamma / np.sqrt(variance + norm.eps)
            bias = ((0 if bias is None else bias) - mean) * scale + beta
            weight = (weight * scale[:, None, None, None]).astype(np.float32)
            bias = bias.astype(np.float32)
        return {1: weight} if bias is None else {1: weight, 2: bias}

    def _set_operand(self, model, tensors, node, position, value):
        if len(node.input) == position:
            node.input.append(f"{node.name}.bias")
        name = node.input[position]
        readers = [other for other in model.graph.node if name in other.input]
        if len(readers) > 1:
            # Weights that were shared are trained apart.
            name = node.input[position] = f"{node.name}.{position}"
        if node.op_type == "Gemm" and position == 1 and not attributes_of(node).get("transB"):
            value = value.T
        tensor = numpy_helper.from_array(np.ascontiguousarray(value), name)
        if name in tensors:
            tensors[name].CopyFrom(tensor)
        else:
            tensors[name] = model.graph.initializer.add()
            tensors[name].CopyFrom(tensor)

    #===--------------------------------------------------------------------===#
    # Reading
    #===--------------------------------------------------------------------===#

    def _step(self, index, node):
        """A function of the node's computed operands."""
        builder = getattr(self, f"_{node.op_type}", None)
        if builder is None or len(node.output) != 1:
            raise UnsupportedModel(f"node '{node.name}' ({node.op_type}): not supported")
        constants = [self.constants.get(name) for name in node.input]
        step = builder(node, attributes_of(node), constants)
        if isinstance(step, nn.Module):
            self.layers[str(index)] = step
        return step

    def _Conv(self, node, attributes, constants):
        weight = constants[1]
        return Convolution(
            weight, constants[2] if len(constants) > 2 else None,
            attributes.get("pads", [0] * 4), tuple(attributes.get("strides", (1, 1))),
            tuple(attributes.get("dilations", (1, 1))), attributes.get("group", 1))

    def _Gemm(self, node, attributes, constants):
        weight = constants[1] if attributes.get("transB") else constants[1].T.copy()
        return linear(weight, constants[2] if len(constants) > 2 else None)

    def _BatchNormalization(self, node, attributes, constants):
        return batch_norm(*constants[1:], attributes.get("epsilon", 1e-5))

    def _MaxPool(self, node, attributes, constants):
        pads = attributes.get("pads", [0] * 4)
        kernel, strides = attributes["kernel_shape"], attributes.get("strides", (1, 1))
        dilations = attributes.get("dilations", (1, 1))
        edges = (pads[1], pads[3], pads[0], pads[2])

        def step(x):
            if any(edges):
                x = functional.pad(x, edges, value=-np.inf)
            return functional.max_pool2d(x, kernel, strides, dilation=dilations)
        return step

    def _AveragePool(self, node, attributes, constants):
        pads = attributes.get("pads", [0] * 4)
        kernel, strides = attributes["kernel_shape"], attributes.get("strides", (1, 1))
        edges = (pads[1], pads[3], pads[0], pads[2])
        counts_padding = attributes.get("count_include_pad", 0)

        def step(x):
            sums = functional.avg_pool2d(functional.pad(x, edges), kernel, strides)
            if not any(edges) or counts_padding:
                return sums
            ones = functional.pad(torch.ones_like(x[:1, :1]), edges)
            return sums / functional.avg_pool2d(ones, kernel, strides)
        return step

    def _GlobalAveragePool(self, node, attributes, constants):
        return lambda x: x.mean((2, 3), keepdim=True)

    def _ReduceSum(self, node, attributes, constants):
        axes = tuple(int(axis) for axis in constants[1])
        return lambda x: x.sum(axes, keepdim=bool(attributes.get("keepdims", 1)))

    def _Relu(self, node, attributes, constants):
        return torch.relu

    def _Clip(self, node, attributes, constants):
        low, high = (None if bound is None else float(bound)
                     for bound in (constants[1:] + [None, None])[:2])
        return lambda x: x.clamp(low, high)

    def _Sigmoid(self, node, attributes, constants):
        return torch.sigmoid

    def _HardSwish(self, node, attributes, constants):
        return functional.hardswish

    def _Softmax(self, node, attributes, constants):
        return lambda x: x.softmax(attributes.get("axis", -1))

    def _Identity(self, node, attributes, constants):
        return lambda x: x

    def _Add(self, node, attributes, constants):
        return self._binary(torch.add, constants)

    def _Mul(self, node, attributes, constants):
        return self._binary(torch.mul, constants)

    def _binary(self, function, constants):
        fixed = [torch.tensor(value) for value in constants if value is not None]
        if not fixed:
            return function
        return lambda x: function(x, fixed[0].to(x.device))

    def _Concat(self, node, attributes, constants):
        if any(value is not None for value in constants):
            raise UnsupportedModel(f"node '{node.name}' (Concat): operands must be computed")
        return lambda *parts: torch.cat(parts, attributes["axis"])

    def _Pad(self, node, attributes, constants):
        pads, rank = constants[1].tolist(), len(constants[1]) // 2
        edges = [pads[side * rank + axis] for axis in reversed(range(rank))
                 for side in range(2)]
        return lambda x: functional.pad(x, edges)

    def _Slice(self, node, attributes, constants):
        starts, ends, axes = (value.tolist() for value in constants[1:4])

        def step(x):
            for start, end, axis in zip(starts, ends, axes):
                x = x.narrow(axis, start, end - start)
            return x
        return step

    def _Flatten(self, node, attributes, constants):
        return lambda x: x.flatten(attributes.get("axis", 1))

    def _Reshape(self, node, attributes, constants):
        # The first dimension is the batch, which training makes larger.
        shape = constants[1].tolist()
        return lambda x: x.reshape(len(x), *shape[1:])

    def _Transpose(self, node, attributes, constants):
        return lambda x: x.permute(attributes["perm"])


def to_array(tensor):
    return tensor.detach().cpu().numpy()
