//===- OperationChains.h - Going on with the same rows ----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_PARTITION_OPERATIONCHAINS_H
#define WINDROW_PASSES_PARTITION_OPERATIONCHAINS_H

#include "passes/Partition/LayoutPlan.h"

#include <optional>

namespace windrow::cluster {

/// The unit in which the range of the result of `op` along `axis` can be cut;
/// none where it cannot.
std::optional<int64_t> getPartGrain(mlir::Operation *op, Axis axis);

/// By operation that has a layout, the one before it in its chain: every device
/// computes the same rows of both, the second reads of each row of the first no
/// other, and nobody else reads them. Of several operations that it reads, one
/// goes on with the last. Those of the stream have none. `findPredecessors` of
/// passes/Analysis/RowChains.h says the same of a network in numbers.
llvm::DenseMap<mlir::Operation *, mlir::Operation *>
findPredecessors(const LayoutPlan &plan);

} // namespace windrow::cluster

#endif // WINDROW_PASSES_PARTITION_OPERATIONCHAINS_H
