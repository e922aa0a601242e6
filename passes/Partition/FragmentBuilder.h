//===- FragmentBuilder.h - Building fragments and views ---------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_PARTITION_FRAGMENTBUILDER_H
#define WINDROW_PASSES_PARTITION_FRAGMENTBUILDER_H

#include "dialects/Cluster/Cluster.h"
#include "dialects/Nn/TensorRegion.h"

#include "mlir/IR/Builders.h"

namespace windrow::cluster {

/// Builds a fragment on `device` whose region is filled by `body`, which
/// returns the only value that the fragment yields. `part` may be null.
FragmentOp
buildFragment(mlir::OpBuilder &builder, mlir::Location location,
              mlir::StringAttr device, PartAttr part,
              llvm::function_ref<mlir::Value(mlir::OpBuilder &)> body);

/// The region `wanted` of `value`, which is the region `held` of a tensor;
/// `value` itself where both are the same.
mlir::Value sliceRegion(mlir::OpBuilder &builder, mlir::Location location,
                        mlir::Value value, const TensorRegion &held,
                        const TensorRegion &wanted);

/// The sum of `parts`, at least one, added from the first to the last.
mlir::Value addInOrder(mlir::OpBuilder &builder, mlir::Location location,
                       mlir::ValueRange parts);

} // namespace windrow::cluster

#endif // WINDROW_PASSES_PARTITION_FRAGMENTBUILDER_H
