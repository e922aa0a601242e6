//===- GraphImporter.h - From an ONNX graph to a function -------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_IMPORTER_GRAPHIMPORTER_H
#define WINDROW_COMPILER_IMPORTER_GRAPHIMPORTER_H

#include "compiler/importer/NodeImporter.h"
#include "compiler/importer/OnnxImporter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"

namespace windrow::importer {

/// Builds the function `main` of one model. Used once.
class GraphImporter {
public:
  GraphImporter(OnnxModelFile &file, const OnnxImportOptions &options,
                mlir::ModuleOp module);

  /// Fails after emitting at least one error, the first of which says why.
  mlir::LogicalResult run();

  /// The node that is being imported, or null.
  const onnx::NodeProto *currentNode() const { return current; }

private:
  mlir::LogicalResult checkOpset();
  mlir::LogicalResult checkInputShapes();

  /// Declares who provides each name; fails where two do.
  mlir::LogicalResult declareProviders();
  mlir::LogicalResult declare(llvm::StringRef name, int provider);
  /// Finds the nodes that the outputs depend on.
  mlir::LogicalResult findUsedNodes();
  /// Names all operators that are not supported, at once.
  mlir::LogicalResult checkOperators();
  mlir::LogicalResult checkOrder();
  bool dependsOn(int node, int other) const;

  mlir::LogicalResult importInputs();
  mlir::FailureOr<mlir::RankedTensorType>
  inputType(const onnx::ValueInfoProto &input);
  mlir::LogicalResult importNode(int index);
  mlir::LogicalResult importOutputs();
  mlir::FailureOr<mlir::Value> importOutput(const onnx::ValueInfoProto &output);

  /// What `name`, which has a provider, stands for.
  mlir::FailureOr<GraphValue> lookup(llvm::StringRef name);

  const onnx::GraphProto &graph;
  const OnnxImportOptions &options;
  mlir::ModuleOp module;
  mlir::OpBuilder builder;
  WeightTable weights;
  ImportState state;
  mlir::func::FuncOp function;

  /// The index of the node that writes a name, or `providedFromOutside`.
  llvm::StringMap<int> providers;
  llvm::StringMap<const onnx::TensorProto *> initializers;
  llvm::StringMap<GraphValue> values;
  llvm::SmallVector<bool> isUsed;
  const onnx::NodeProto *current = nullptr;
};

} // namespace windrow::importer

#endif // WINDROW_COMPILER_IMPORTER_GRAPHIMPORTER_H
