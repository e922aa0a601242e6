//===- RowWindow.h - Rows that a range of output rows needs -----*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Pure arithmetic on half-open intervals of image rows; knows no MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_DIALECTS_NN_ROWWINDOW_H
#define WINDROW_DIALECTS_NN_ROWWINDOW_H

#include <algorithm>
#include <cstdint>

namespace windrow {

/// The rows begin, begin + 1, ..., end - 1. Empty where end <= begin.
struct RowInterval {
  int64_t begin = 0;
  int64_t end = 0;

  int64_t size() const { return std::max<int64_t>(0, end - begin); }
  bool empty() const { return end <= begin; }
  bool contains(RowInterval other) const {
    return other.empty() || (begin <= other.begin && other.end <= end);
  }
  RowInterval intersect(RowInterval other) const {
    return {std::max(begin, other.begin), std::min(end, other.end)};
  }
  /// The smallest interval that contains both; an empty one adds nothing.
  RowInterval hull(RowInterval other) const {
    if (empty())
      return other;
    if (other.empty())
      return *this;
    return {std::min(begin, other.begin), std::max(end, other.end)};
  }
  friend bool operator==(RowInterval, RowInterval) = default;
};

/// The input rows that a range of output rows reads, and the padding that
/// stands in for rows outside of the image.
struct RowWindow {
  RowInterval rows;
  int64_t paddingTop = 0;
  int64_t paddingBottom = 0;
  friend bool operator==(RowWindow, RowWindow) = default;
};

/// How a sliding operation moves over the rows of its input. A negative
/// `paddingTop` skips that many rows.
struct RowSlide {
  int64_t inputRows = 0;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t paddingTop = 0;

  int64_t effectiveKernel() const { return (kernel - 1) * dilation + 1; }
};

/// Output rows [a, b) need input rows [max(0, a*s-p), min(H, (b-1)*s-p+k_eff));
/// padding is applied only at the true edges of the image. An empty interval
/// needs nothing. Where the window lies wholly beyond an edge, the rows are
/// empty and all of the window is padding of that edge: padding and rows always
/// add up to (b-1-a)*s + k_eff.
RowWindow rowWindow(const RowSlide &slide, RowInterval outputRows);

/// The smallest interval of rows of the result that contains `outputRows`, not
/// empty, and whose window holds a row of the image. The window of all
/// `resultRows` rows of the result must hold one.
RowInterval widenToImage(const RowSlide &slide, RowInterval outputRows,
                         int64_t resultRows);

} // namespace windrow

#endif // WINDROW_DIALECTS_NN_ROWWINDOW_H
