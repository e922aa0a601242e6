//===- NetworkPlan.h - From nn to numbers and back --------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The planner (passes/Analysis) knows no MLIR. Here a function becomes a
// network of numbers, by the interfaces of its operations, and a plan becomes
// layouts and back.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_PARTITION_NETWORKPLAN_H
#define WINDROW_PASSES_PARTITION_NETWORKPLAN_H

#include "passes/Analysis/ClusterDescription.h"
#include "passes/Analysis/Network.h"
#include "passes/Analysis/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace windrow::cluster {

/// A function in numbers.
struct ExtractedNetwork {
  Network network;
  /// One for each layer.
  llvm::SmallVector<mlir::Operation *> operations;
};

/// The network that `function` computes: a layer for each of its operations
/// that has operands and one result, in their order. Constants are weights.
ExtractedNetwork extractNetwork(mlir::func::FuncOp function);

/// What `op`, of the nn dialect, is, as cost tables name it.
OperatorShape describeOperator(mlir::Operation *op);

/// The number of rows that the cost of `op` grows with: of its result, or of
/// the operand that it reduces.
int64_t countCostRows(mlir::Operation *op);

/// Writes `plan` on the operations: `cluster.layout`, and `cluster.partials`
/// where input channels are divided. Devices are numbered as in `cluster`.
void writeLayouts(const ExtractedNetwork &extracted, const Plan &plan,
                  const ClusterDescription &cluster);

/// Writes the kernels of the network's layers on the operations.
void writeKernels(const ExtractedNetwork &extracted);

/// Reads what the operations of the network say. Fails with a diagnostic where
/// one has no layout or names a device that `cluster` does not.
mlir::FailureOr<Plan> readLayouts(const ExtractedNetwork &extracted,
                                  const ClusterDescription &cluster);

} // namespace windrow::cluster

#endif // WINDROW_PASSES_PARTITION_NETWORKPLAN_H
