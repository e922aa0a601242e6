//===- OnnxExporter.cpp - nn dialect to ONNX file -------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/exporter/OnnxExporter.h"

#include "compiler/exporter/GraphExporter.h"

using namespace mlir;

LogicalResult windrow::exportOnnx(func::FuncOp function,
                                  llvm::raw_ostream &out) {
  exporter::GraphExporter graph(function);
  if (failed(graph.run()))
    return failure();
  return graph.write(out);
}
