//===- OnnxExporter.h - nn dialect to ONNX file -----------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_EXPORTER_ONNXEXPORTER_H
#define WINDROW_COMPILER_EXPORTER_ONNXEXPORTER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/raw_ostream.h"

namespace windrow {

/// Writes `function`, of nn operations on f32, as an ONNX model of opset 14,
/// which `importOnnx` reads as the same network.
///
/// An image of bytes that nn.normalize_image reads becomes an input of numbers,
/// which the model had that the function was imported from, and nothing
/// normalizes it. Inputs and outputs have their names in the model's own file
/// (`nn.name`) and its order of dimensions (`nn.model_layout`). Images are NCHW
/// inside: transposes and reshapes of the function that only lead from one
/// order to the other leave no node, and nodes are added only where the order
/// of elements matters. The weights behind a flattened image are written in its
/// order. Nodes and initializers are called after the locations of operations.
///
/// Weights are written part by part: no memory of their size is used beyond
/// what holds them already. The same function gives the same bytes.
///
/// On failure at least one error has been emitted, and what was written to
/// `out` is of no use. Not thread-safe on one context.
mlir::LogicalResult exportOnnx(mlir::func::FuncOp function,
                               llvm::raw_ostream &out);

} // namespace windrow

#endif // WINDROW_COMPILER_EXPORTER_ONNXEXPORTER_H
