//===- LeastSquares.h - Linear maps that fit samples ------------*- C++ -*-===//
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

#ifndef WINDROW_PASSES_COMPACT_LEASTSQUARES_H
#define WINDROW_PASSES_COMPACT_LEASTSQUARES_H

#include "passes/Compact/Matrix.h"

namespace windrow {

/// features * weights + bias, for features in rows.
struct AffineMap {
  Matrix weights; ///< features x targets
  Vector bias;    ///< one for each target
};

/// The map from `features` to `targets`, both with one row for each sample,
/// with the least squared error, where distance from `start` (features x
/// targets) costs as much as an error of the same size times `ridge` of the
/// features' mean variance: ridge regression towards a guess, in closed form.
/// With few samples, the map stays at `start` in the directions that they say
/// nothing about.
AffineMap fitTowards(const Matrix &features, const Matrix &targets,
                     const Matrix &start, double ridge);

/// The best map of rank `rank` in the sense that its error on the samples is
/// least, given `map`, the one of full rank: expand * reduce^T are its weights
/// (reduced-rank regression, Izenman 1975).
struct LowRankMap {
  Matrix reduce; ///< features x rank
  Matrix expand; ///< targets x rank, columns orthonormal
  Vector bias;   ///< one for each target
};
LowRankMap truncateMap(const AffineMap &map, const Matrix &features,
                       const Matrix &targets, int64_t rank);

/// The norm of `fitted` - `targets`, divided by that of what `targets` differ
/// from their mean.
double relativeError(const Matrix &fitted, const Matrix &targets);

/// The mean of `samples`' rows is taken from each of them. Returns the mean.
Eigen::RowVectorXd centre(Matrix &samples);

/// A symmetric root of the covariance of `samples`, one a row, and its inverse.
/// Variances below 1e-6 of the mean one count as that.
struct CovarianceRoot {
  Matrix root;
  Matrix inverse;
};
CovarianceRoot rootOfCovariance(Matrix samples);

} // namespace windrow

#endif // WINDROW_PASSES_COMPACT_LEASTSQUARES_H
