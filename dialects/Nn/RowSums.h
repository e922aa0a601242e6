//===- RowSums.h - Sums of rows of linear operations ------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is summed over the rows of a convolution's result can be had before the
// convolution is computed: it is the convolution of sums of rows of its input.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_DIALECTS_NN_ROWSUMS_H
#define WINDROW_DIALECTS_NN_ROWSUMS_H

#include "dialects/Nn/RowWindow.h"

#include "mlir/IR/Builders.h"

namespace windrow::nn {

/// Whether `buildRowSum` takes `op`: a convolution without bias or clamp whose
/// window is not dilated, padded by less than itself, and whose stride is
/// less than the height of its input.
bool hasLinearRows(mlir::Operation *op);

/// Builds the sum of the rows `outputRows`, not empty, of the result of `op`,
/// an image of one row, from `strip`, the rows of operand 0 in their window.
/// Equals the sum of the computed rows but for rounding.
mlir::Value buildRowSum(mlir::OpBuilder &builder, mlir::Operation *op,
                        mlir::Value strip, RowInterval outputRows);

} // namespace windrow::nn

#endif // WINDROW_DIALECTS_NN_ROWSUMS_H
