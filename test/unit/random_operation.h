//===- random_operation.h - Random operations of nn -------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_UNIT_RANDOM_OPERATION_H
#define WINDROW_TEST_UNIT_RANDOM_OPERATION_H

#include "dialects/Nn/Nn.h"
#include "test/interpreter/Interpreter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <functional>
#include <string>

namespace windrow::test {

using Sizes = llvm::SmallVector<int64_t, 4>;

/// Any number from `min` to `max`, also in the first cases of a run.
int64_t pick(int64_t min, int64_t max);

/// An operation to build from the arguments of a function.
struct OpCase {
  std::string kind;
  llvm::SmallVector<Sizes> operandShapes;
  std::function<mlir::Value(mlir::OpBuilder &, mlir::Location,
                            mlir::ValueRange)>
      build;
  bool hasPixels = false;
};

/// The shape of a small image.
Sizes pickImage();

/// Any operation that has a row window: convolutions and pools of all kinds
/// more often than others.
OpCase pickOpCase(mlir::MLIRContext *context);

/// Cuts [0, size) at random places.
llvm::SmallVector<RowInterval> pickRanges(int64_t size);

/// Operands of `opCase`, none above 1 unless pixels.
reference::Tensors pickInputs(const OpCase &opCase);

/// A module of functions that compute one operation in different ways.
class OperationFunctions {
public:
  OperationFunctions();

  mlir::MLIRContext *getContext() { return &context; }
  mlir::OpBuilder &getBuilder() { return builder; }

  /// A function of the operands that returns `build` of them.
  mlir::func::FuncOp
  buildFunction(const OpCase &opCase,
                llvm::function_ref<mlir::Value(mlir::ValueRange)> build);

  /// A function that returns the operation.
  mlir::func::FuncOp buildWhole(const OpCase &opCase);

  /// The range `range` of `dimension` of `value`.
  mlir::Value slice(mlir::Value value, int64_t dimension, RowInterval range);

  bool verify();

private:
  mlir::MLIRContext context;
  mlir::OpBuilder builder;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  int functionCount = 0;
};

} // namespace windrow::test

#endif // WINDROW_TEST_UNIT_RANDOM_OPERATION_H
