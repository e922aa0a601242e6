#===- onnx_writer.py - Write a large ONNX file piece by piece --------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""ONNX files whose weights are made while they are written.

A model of half a gigabyte never lies in memory: protobuf lets the fields of a
message follow each other in any order, so the graph without weights is
serialised as usual and the tensors are appended one at a time.
"""

import contextlib
import dataclasses
import os

import numpy as np
from onnx import TensorProto

# Field numbers of onnx.proto.
MODEL_GRAPH, GRAPH_INITIALIZER, TENSOR_RAW_DATA = 7, 5, 9
LENGTH_DELIMITED = 2
# Weights in a side file start at multiples of this, so that they can be mapped.
ALIGNMENT = 4096


@dataclasses.dataclass(frozen=True)
class Weight:
    """A tensor to be; `make` returns its values, the same at every call."""

    name: str
    array_type: np.dtype
    dims: tuple
    make: object
    # Counted as a parameter, unlike batch norm statistics and plain constants.
    is_parameter: bool

    @property
    def size(self):
        return int(np.prod(self.dims, dtype=np.int64))

    @property
    def bytes(self):
        return self.size * self.array_type.itemsize

    def header(self):
        types = {np.dtype(np.float32): TensorProto.FLOAT,
                 np.dtype(np.int64): TensorProto.INT64}
        return TensorProto(name=self.name, dims=self.dims,
                           data_type=types[self.array_type])


def varint(value):
    result = bytearray()
    while value >= 0x80:
        result.append(value & 0x7F | 0x80)
        value >>= 7
    result.append(value)
    return bytes(result)


def field_start(number, length):
    """The bytes before a length-delimited field's content."""
    return varint(number << 3 | LENGTH_DELIMITED) + varint(length)


@contextlib.contextmanager
def complete_file(path):
    """A file to write that takes its name only when all of it is written."""
    part = path + ".part"
    try:
        with open(part, "wb") as file:
            yield file
        os.replace(part, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(part)


def write_tensor_data(file, weight):
    values = np.asarray(weight.make(), weight.array_type, order="C")
    if values.shape != tuple(weight.dims):
        raise AssertionError(f"{weight.name}: made {values.shape}, not {weight.dims}")
    file.write(values.data)


def write_embedded(path, model, weights, progress):
    """Write `model` with the weights inside it."""
    starts = []
    for weight in weights:
        header = weight.header().SerializeToString(deterministic=True)
        data = field_start(TENSOR_RAW_DATA, weight.bytes)
        length = len(header) + len(data) + weight.bytes
        starts.append(field_start(GRAPH_INITIALIZER, length) + header + data)
    graph = model.graph.SerializeToString(deterministic=True)
    graph_length = len(graph) + sum(map(len, starts)) + sum(
        weight.bytes for weight in weights)
    if graph_length >= 2**31:
        raise ValueError("a protobuf must be under 2 GiB: use --external-data")
    envelope = type(model)()
    envelope.CopyFrom(model)
    envelope.ClearField("graph")
    with complete_file(path) as file:
        file.write(envelope.SerializeToString(deterministic=True))
        file.write(field_start(MODEL_GRAPH, graph_length))
        file.write(graph)
        for start, weight in zip(starts, weights):
            file.write(start)
            write_tensor_data(file, weight)
            progress(weight)


def write_external(path, model, weights, progress):
    """Write `model` with the weights in PATH.data beside it."""
    data_path = path + ".data"
    with complete_file(data_path) as file:
        for weight in weights:
            offset = -(-file.tell() // ALIGNMENT) * ALIGNMENT
            file.write(bytes(offset - file.tell()))
            tensor = weight.header()
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in (("location", os.path.basename(data_path)),
                               ("offset", offset), ("length", weight.bytes)):
                tensor.external_data.add(key=key, value=str(value))
            model.graph.initializer.append(tensor)
            write_tensor_data(file, weight)
            progress(weight)
    with complete_file(path) as file:
        file.write(model.SerializeToString(deterministic=True))
