//===- LayerWeights.h - Weights of a layer as matrices ----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_COMPACT_LAYERWEIGHTS_H
#define WINDROW_PASSES_COMPACT_LAYERWEIGHTS_H

#include "dialects/Nn/Nn.h"
#include "passes/Compact/Matrix.h"
#include "passes/Compact/Tucker.h"

#include <optional>

namespace windrow::nn {

/// The sizes of the filter of `conv`.
FilterShape getFilterShape(Conv2DOp conv);

/// Why `op` is not a convolution of one group with a constant filter larger
/// than 1x1 ("must be a convolution to become a bottleneck, got 'nn.add'"),
/// where `purpose` is "become a bottleneck"; an empty string where it is one.
std::string whyNotDenseFilter(mlir::Operation *op, llvm::StringRef purpose);

/// Whether `value` is a constant of f32 whose elements are at hand.
bool isKnownConstant(mlir::Value value);

/// The elements of a constant filter in the order of its operation: a
/// convolution's with one row for each output and tap and one column for each
/// input, a matrix's as it is. Nothing where `filter` is not a known constant.
std::optional<Matrix> readFilter(mlir::Value filter);

/// The elements of a constant vector, or nothing, as above.
std::optional<Vector> readVector(mlir::Value vector);

/// A constant of `shape` with the elements of `elements` in their own order,
/// each rounded to f32.
ConstantOp makeConstant(mlir::OpBuilder &builder, mlir::Location location,
                        llvm::ArrayRef<int64_t> shape, const Matrix &elements);

/// A constant of `shape` full of zeros, which takes no memory.
ConstantOp makeZeros(mlir::OpBuilder &builder, mlir::Location location,
                     llvm::ArrayRef<int64_t> shape);

} // namespace windrow::nn

#endif // WINDROW_PASSES_COMPACT_LAYERWEIGHTS_H
