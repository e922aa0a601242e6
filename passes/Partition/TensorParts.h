//===- TensorParts.h - Which part of which tensor a value is ----*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_PARTITION_TENSORPARTS_H
#define WINDROW_PASSES_PARTITION_TENSORPARTS_H

#include "dialects/Cluster/Cluster.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace windrow::cluster {

/// The part of a tensor that each value of a placed function is, as far as it
/// is one: what a fragment says in `part`, followed through transfers, gathers,
/// and fragments that only cut or join. The function's argument i is tensor
/// -1 - i.
class TensorParts {
public:
  /// A box in a tensor; its sizes are those of the value.
  struct Part {
    int64_t tensor;
    llvm::SmallVector<int64_t, 4> offsets;
  };

  /// Fails with a diagnostic where values are joined that are not consecutive
  /// parts of one tensor, alike in all other dimensions.
  static mlir::FailureOr<TensorParts> create(mlir::func::FuncOp placed);

  /// The part that `value` is; nothing where it is none, as a partial sum.
  std::optional<Part> lookup(mlir::Value value) const;

private:
  mlir::LogicalResult visit(mlir::Operation &op);
  mlir::LogicalResult visitFragment(FragmentOp fragment);
  mlir::LogicalResult visitView(mlir::Operation &op);
  /// Notes that `result` is `values` joined along `axis`.
  mlir::LogicalResult join(mlir::Operation *op, mlir::ValueRange values,
                           int64_t axis, mlir::ValueRange results);

  llvm::DenseMap<mlir::Value, Part> parts;
};

} // namespace windrow::cluster

#endif // WINDROW_PASSES_PARTITION_TENSORPARTS_H
