//===- NetworkSize.h - Parameters and MACs ----------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_COMPACT_NETWORKSIZE_H
#define WINDROW_PASSES_COMPACT_NETWORKSIZE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"

namespace windrow::nn {

/// What a rewrite is to reduce.
struct NetworkSize {
  int64_t parameters = 0; ///< elements of constants
  int64_t macs = 0;       ///< as `OpCost` counts them
};

/// The size of what `operations` compute. Constants count once for each
/// operation that reads them.
NetworkSize measure(llvm::ArrayRef<mlir::Operation *> operations);

/// The size of all operations of `function`.
NetworkSize measure(mlir::func::FuncOp function);

/// Adds "A -> B parameters, C -> D MACs" to a remark.
void describeChange(mlir::Diagnostic &remark, const NetworkSize &before,
                    const NetworkSize &after);

} // namespace windrow::nn

#endif // WINDROW_PASSES_COMPACT_NETWORKSIZE_H
