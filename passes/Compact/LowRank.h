//===- LowRank.h - Matrices and filters of low rank -------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Pure arithmetic; knows no MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_COMPACT_LOWRANK_H
#define WINDROW_PASSES_COMPACT_LOWRANK_H

#include "passes/Compact/Matrix.h"
#include "passes/Compact/Tucker.h"

namespace windrow {

/// A matrix as the product expand * reduce.
struct MatrixFactors {
  Matrix reduce; ///< rank x columns
  Matrix expand; ///< rows x rank, columns orthonormal
  /// Frobenius norm of what the factors miss, divided by that of the matrix.
  double relativeError = 0;
};

/// The fewest singular values of `matrix` that hold the part `energy`, from 0
/// to 1, of the sum of its squares. At least 1.
int64_t chooseRank(const Matrix &matrix, double energy);

/// The best approximation of `matrix` of rank `rank`, from 1 to the smaller
/// side: its truncated singular value decomposition.
MatrixFactors factorMatrix(const Matrix &matrix, int64_t rank);

/// A filter as depthwise convolutions before one of 1x1: element [o, k, i] is
/// the sum over the terms t of pointwise(o, i * terms + t) *
/// depthwise(i * terms + t, k).
struct SeparableFactors {
  Matrix depthwise;         ///< (inputs * terms) x taps, rows of norm one
  Matrix pointwise;         ///< outputs x (inputs * terms)
  double relativeError = 0; ///< as above
};

/// The best factors of `filter`, which has one row for each output and tap and
/// one column for each input: for every input, the truncated singular value
/// decomposition of its filters. `terms` is from 1 to the number of taps.
SeparableFactors separateFilter(const Matrix &filter, const FilterShape &shape,
                                int64_t terms);

} // namespace windrow

#endif // WINDROW_PASSES_COMPACT_LOWRANK_H
