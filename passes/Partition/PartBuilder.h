//===- PartBuilder.h - Computing parts of results ---------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_PARTITION_PARTBUILDER_H
#define WINDROW_PASSES_PARTITION_PARTBUILDER_H

#include "dialects/Cluster/Cluster.h"
#include "passes/Partition/LayoutPlan.h"
#include "passes/Partition/StripAssembler.h"

namespace windrow::cluster {

/// Builds the fragments that compute rows or channels of a result, at the
/// insertion point of a builder.
class PartBuilder {
public:
  /// `builder` and `plan` must outlive the part builder.
  PartBuilder(mlir::OpBuilder &builder, const LayoutPlan &plan);

  /// What a fragment on `device` says that computes `range` of `tensor`, a
  /// result; null where that is a scalar.
  PartAttr getPart(mlir::Value tensor, unsigned device,
                   RowInterval range) const;

  /// What a device holds of an operand, the region `needed` at least.
  using GetHeld = llvm::function_ref<StripAssembler::HeldRegion(
      mlir::OpOperand &, const TensorRegion &needed)>;

  /// The range `range`, along its axis, of the result of `op`, computed on
  /// `device`. Asks `getHeld` for each operand of which that needs something.
  mlir::Value compute(mlir::Operation *op, unsigned device, RowInterval range,
                      GetHeld getHeld);

private:
  mlir::OpBuilder &builder;
  const LayoutPlan &plan;
  /// In the order of the operations.
  llvm::DenseMap<mlir::Value, int64_t> tensorNumbers;
};

} // namespace windrow::cluster

#endif // WINDROW_PASSES_PARTITION_PARTBUILDER_H
