#===- onnx_model.py - Build one small ONNX file ----------------------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""A model under construction, and the registry of test cases.

Nodes are built without the checker: Debian's onnx 1.12 knows opsets up to 17,
and defective files are wanted too.
"""

import dataclasses
import os
import zlib

import numpy as np
from onnx import TensorProto, helper, numpy_helper

OLDEST_OPSET, NEWEST_OPSET = 7, 21


def ir_version(opset):
    """The IR version that the ONNX release of an opset wrote."""
    for first_opset, version in ((21, 10), (19, 9), (15, 8), (12, 7), (11, 6),
                                 (10, 5), (9, 4)):
        if opset >= first_opset:
            return version
    return 3


class Model:
    """One graph: inputs, constants, nodes and outputs in the order of calls."""

    def __init__(self, case_name, opset):
        self.case_name = case_name
        self.opset = opset
        self.opset_imports = [helper.make_opsetid("", opset)]
        self.inputs, self.outputs = [], []
        self.initializers, self.nodes = [], []
        # Files beside the model: name -> bytes.
        self.side_files = {}
        # Applied to the serialised model before it is written.
        self.damage = lambda data: data
        self.rng = np.random.default_rng(zlib.crc32(case_name.encode()))

    def input(self, name, *shape, element_type=TensorProto.FLOAT):
        self.inputs.append(helper.make_tensor_value_info(name, element_type, shape))
        return name

    def image(self, channels=2, height=5, width=6):
        """The usual single input."""
        return self.input("input", 1, channels, height, width)

    def output(self, value, *shape, element_type=TensorProto.FLOAT):
        self.outputs.append(
            helper.make_tensor_value_info(value, element_type, shape))

    def constant(self, name, array):
        """An initializer; before IR 4 it has to be listed as an input too."""
        array = np.asarray(array)
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        return self.initializer(numpy_helper.from_array(array, name))

    def initializer(self, tensor):
        self.initializers.append(tensor)
        if ir_version(self.opset) < 4:
            self.inputs.append(helper.make_tensor_value_info(
                tensor.name, tensor.data_type, tensor.dims))
        return tensor.name

    def weights(self, name, *shape):
        """An initializer of random eighths in [-1, 1]."""
        return self.constant(name, self.rng.integers(-8, 9, shape) / 8)

    def integers(self, name, *values):
        """A 1-D int64 initializer: axes, shapes, pads."""
        return self.constant(name, np.array(values, np.int64))

    def scalar(self, name, value):
        return self.constant(name, np.array(value, np.float32))

    def node(self, operator, *inputs, outputs=None, name=None, domain="",
             **attributes):
        """Add a node named after its first output; returns the output name,
        or a list where `outputs` names several."""
        if outputs is None:
            outputs = [f"{operator.lower()}_{len(self.nodes)}"]
        self.nodes.append(helper.make_node(
            operator, list(inputs), list(outputs),
            name=f"{outputs[0]}_node" if name is None else name,
            domain=domain or None, **attributes))
        return outputs[0] if len(outputs) == 1 else list(outputs)

    def convolution(self, x, in_channels, out_channels, kernel=3, name="conv",
                    **attributes):
        """A convolution with random filter and bias, padded to keep its size."""
        groups = attributes.get("group", 1)
        filter_name = self.weights(f"{name}_weight", out_channels,
                                   in_channels // groups, kernel, kernel)
        bias = self.weights(f"{name}_bias", out_channels)
        attributes.setdefault("pads", [kernel // 2] * 4)
        return self.node("Conv", x, filter_name, bias, outputs=[f"{name}_out"],
                         kernel_shape=[kernel, kernel], **attributes)

    def serialize(self):
        graph = helper.make_graph(self.nodes, self.case_name, self.inputs,
                                  self.outputs, self.initializers)
        model = helper.make_model(graph, opset_imports=self.opset_imports,
                                  producer_name="windrow-test")
        model.ir_version = ir_version(self.opset)
        return self.damage(model.SerializeToString(deterministic=True))

    def write(self, path):
        """Write the model and, in the same folder, its side files."""
        folder = os.path.dirname(path)
        for name, data in self.side_files.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
        with open(path, "wb") as file:
            file.write(self.serialize())


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    description: str
    build: object
    oldest_opset: int
    newest_opset: int
    # "imports": has to be accepted; "error": has to be refused with one error;
    # "either": exact import and a clear refusal are both right.
    expected: str
    # ONNX's checker of 1.12 refuses the file although the specification allows it.
    checker_refuses: bool

    @property
    def default_opset(self):
        return max(self.oldest_opset, min(13, self.newest_opset))

    def model(self, opset=None):
        model = Model(self.name, self.default_opset if opset is None else opset)
        self.build(model)
        return model


CASES = {}


def case(oldest_opset=OLDEST_OPSET, newest_opset=NEWEST_OPSET, expected="imports",
         checker_refuses=False):
    """Register a function as the case of its name, described by its docstring."""

    def register(build):
        name = build.__name__
        if name in CASES:
            raise ValueError(f"{name}: case is defined twice")
        CASES[name] = Case(name, build.__doc__, build, oldest_opset, newest_opset,
                           expected, checker_refuses)
        return build

    return register
