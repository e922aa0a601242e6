//===- Tucker.h - Tucker-2 decomposition of filters -------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Pure arithmetic; knows no MLIR.
//
// A filter of many channels is close to one of few channels between two
// matrices: the Tucker decomposition along the two channel dimensions (Kim et
// al., "Compression of Deep Convolutional Neural Networks for Fast and Low
// Power Mobile Applications", ICLR 2016). The start is the truncated
// higher-order SVD, improved by alternating least squares, which is HOOI (De
// Lathauwer et al., "On the Best Rank-1 and Rank-(R1,...,RN) Approximation of
// Higher-Order Tensors", 2000).
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_COMPACT_TUCKER_H
#define WINDROW_PASSES_COMPACT_TUCKER_H

#include "passes/Compact/Matrix.h"

#include <cstdint>

namespace windrow {

/// The sizes of a convolution's filter.
struct FilterShape {
  int64_t outputs = 0;
  int64_t height = 0;
  int64_t width = 0;
  int64_t inputs = 0;

  int64_t taps() const { return height * width; }
};

/// Channels between the factors of a filter.
struct ChannelRanks {
  int64_t inputs = 0;
  int64_t outputs = 0;
};

/// A filter as the product of three: element [o, k, i] is the sum over p and q
/// of expand(o, p) * core(p * taps + k, q) * reduce(q, i).
struct TuckerFactors {
  Matrix reduce; ///< ranks.inputs x inputs, rows orthonormal
  Matrix core;   ///< (ranks.outputs * taps) x ranks.inputs
  Matrix expand; ///< outputs x ranks.outputs, columns orthonormal
  /// Frobenius norm of what the factors miss, divided by that of the filter.
  double relativeError = 0;
};

/// The fewest channels on either side whose singular vectors hold the part
/// `energy`, from 0 to 1, of the sum of squares of `filter`, which has one row
/// for each output and tap (`shape.outputs * shape.taps()`) and one column for
/// each input: OHWI. At least 1.
ChannelRanks chooseChannelRanks(const Matrix &filter, const FilterShape &shape,
                                double energy);

/// The factors of `filter`, laid out as above. `ranks` are from 1 to the
/// filter's own channels. Deterministic; runs at most `sweeps` sweeps of
/// alternating least squares behind the start, fewer where they gain nothing.
TuckerFactors decomposeTucker2(const Matrix &filter, const FilterShape &shape,
                               const ChannelRanks &ranks, int sweeps = 10);

/// The filter that `factors` stand for, laid out as above.
Matrix multiplyFactors(const TuckerFactors &factors, const FilterShape &shape);

} // namespace windrow

#endif // WINDROW_PASSES_COMPACT_TUCKER_H
