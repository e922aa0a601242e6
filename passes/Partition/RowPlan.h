//===- RowPlan.h - Rows that devices compute and need -----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the layouts of a function say: for every tensor, which rows each
// participant computes, and which rows its operations read. Rows are dimension
// 1 of rank-4 tensors; any other tensor counts as a single row.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_PARTITION_ROWPLAN_H
#define WINDROW_PASSES_PARTITION_ROWPLAN_H

#include "passes/Analysis/RowExchange.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace windrow::cluster {

/// Number of rows of `value`, which is a ranked tensor.
int64_t countRows(mlir::Value value);

/// All rows of `value`.
RowInterval allRows(mlir::Value value);

/// The participants of a plan and their shares of each tensor.
class RowPlan {
public:
  /// Reads the layouts of `function`. `participants` are the devices in plan
  /// order, then the client. Fails with a diagnostic where an operation has no
  /// layout or one that cannot be.
  static mlir::FailureOr<RowPlan>
  create(mlir::func::FuncOp function,
         llvm::ArrayRef<mlir::StringAttr> participants);

  llvm::ArrayRef<mlir::StringAttr> getParticipants() const {
    return participants;
  }
  unsigned getClient() const { return participants.size() - 1; }

  /// One share for each participant. `value` must be an argument of the
  /// function or the result of an operation that has a layout.
  llvm::ArrayRef<RowShare> getShares(mlir::Value value) const {
    return shares.at(value);
  }

  /// Whether several participants hold rows of `value` and none all of them.
  bool isDistributed(mlir::Value value) const;

  /// Whether `op` reduces rows that are distributed, so that its result is a
  /// sum of partial results.
  bool isDistributedReduction(mlir::Operation *op) const;

private:
  mlir::LogicalResult addResult(mlir::Operation *op);
  void addNeeds(mlir::Operation *op);
  void need(mlir::Value value, unsigned participant, RowInterval rows);

  llvm::SmallVector<mlir::StringAttr> participants;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<RowShare>> shares;
};

/// The rows of `operand` that computing `resultRows` of its owner reads: those
/// of the window where a part of the result's rows is computed, else all.
RowInterval getNeededRows(mlir::OpOperand &operand, RowInterval resultRows);

} // namespace windrow::cluster

#endif // WINDROW_PASSES_PARTITION_ROWPLAN_H
