//===- FusedClamp.h - Operations that clamp their own result ----*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_TRANSFORMS_FUSEDCLAMP_H
#define WINDROW_PASSES_TRANSFORMS_FUSEDCLAMP_H

#include "dialects/Nn/Nn.h"

namespace windrow::nn {

/// Whether `op` has the optional attribute `clamp`.
inline bool canFuseClamp(mlir::Operation *op) {
  return llvm::isa<Conv2DOp, MaxPool2DOp, AvgPool2DOp, FullyConnectedOp, AddOp,
                   MultiplyOp, ScaleShiftOp>(op);
}

/// The clamp that `op` applies to its own result, or null.
inline ClampAttr getFusedClamp(mlir::Operation *op) {
  return canFuseClamp(op) ? op->getAttrOfType<ClampAttr>("clamp") : ClampAttr();
}

/// Makes `op`, which can, apply `clamp` to its own result.
inline void setFusedClamp(mlir::Operation *op, ClampAttr clamp) {
  op->setAttr("clamp", clamp);
}

} // namespace windrow::nn

#endif // WINDROW_PASSES_TRANSFORMS_FUSEDCLAMP_H
