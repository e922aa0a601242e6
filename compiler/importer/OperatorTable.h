//===- OperatorTable.h - The ONNX operators that import ---------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A new operator needs a handler in the file of its group, a line in
// OperatorTable.cpp, one in docs/onnx-operators.md, and tests.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_IMPORTER_OPERATORTABLE_H
#define WINDROW_COMPILER_IMPORTER_OPERATORTABLE_H

#include "compiler/importer/NodeImporter.h"

namespace windrow::importer {

/// Imports one node: builds operations and sets result 0, or emits an error.
/// Attributes that it does not ask for are errors.
using OperatorHandler = mlir::LogicalResult (*)(NodeImporter &node);

/// An operator of the domain ai.onnx.
struct SupportedOperator {
  llvm::StringLiteral name;
  OperatorHandler handler;
};

/// All of them, in order of name.
llvm::ArrayRef<SupportedOperator> supportedOperators();

/// The handler of operator `name`; null if it is not supported.
OperatorHandler findOperator(llvm::StringRef name);

// ImportConvolutions.cpp
mlir::LogicalResult importConv(NodeImporter &node);

// ImportPools.cpp
mlir::LogicalResult importMaxPool(NodeImporter &node);
mlir::LogicalResult importAveragePool(NodeImporter &node);
mlir::LogicalResult importGlobalAveragePool(NodeImporter &node);
mlir::LogicalResult importGlobalMaxPool(NodeImporter &node);
mlir::LogicalResult importReduceMean(NodeImporter &node);
mlir::LogicalResult importReduceSum(NodeImporter &node);

// ImportActivations.cpp
mlir::LogicalResult importRelu(NodeImporter &node);
mlir::LogicalResult importClip(NodeImporter &node);
mlir::LogicalResult importSigmoid(NodeImporter &node);
mlir::LogicalResult importHardSigmoid(NodeImporter &node);
mlir::LogicalResult importHardSwish(NodeImporter &node);
mlir::LogicalResult importSoftmax(NodeImporter &node);

// ImportArithmetic.cpp
mlir::LogicalResult importAdd(NodeImporter &node);
mlir::LogicalResult importSub(NodeImporter &node);
mlir::LogicalResult importMul(NodeImporter &node);
mlir::LogicalResult importDiv(NodeImporter &node);
mlir::LogicalResult importBatchNormalization(NodeImporter &node);

// ImportLinear.cpp
mlir::LogicalResult importGemm(NodeImporter &node);
mlir::LogicalResult importMatMul(NodeImporter &node);

// ImportShapes.cpp
mlir::LogicalResult importFlatten(NodeImporter &node);
mlir::LogicalResult importReshape(NodeImporter &node);
mlir::LogicalResult importSqueeze(NodeImporter &node);
mlir::LogicalResult importUnsqueeze(NodeImporter &node);
mlir::LogicalResult importTranspose(NodeImporter &node);

// ImportDataMovement.cpp
mlir::LogicalResult importConcat(NodeImporter &node);
mlir::LogicalResult importPad(NodeImporter &node);
mlir::LogicalResult importSlice(NodeImporter &node);
mlir::LogicalResult importGather(NodeImporter &node);

// ImportConstants.cpp
mlir::LogicalResult importConstant(NodeImporter &node);
mlir::LogicalResult importConstantOfShape(NodeImporter &node);
mlir::LogicalResult importShape(NodeImporter &node);
mlir::LogicalResult importCast(NodeImporter &node);
mlir::LogicalResult importIdentity(NodeImporter &node);
mlir::LogicalResult importDropout(NodeImporter &node);

} // namespace windrow::importer

#endif // WINDROW_COMPILER_IMPORTER_OPERATORTABLE_H
