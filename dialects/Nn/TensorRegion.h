//===- TensorRegion.h - A box of rows and channels --------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Pure arithmetic on half-open intervals; knows no MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_DIALECTS_NN_TENSORREGION_H
#define WINDROW_DIALECTS_NN_TENSORREGION_H

#include "dialects/Nn/RowWindow.h"

namespace windrow {

/// A range of channels; its arithmetic is that of rows.
using ChannelInterval = RowInterval;

/// A dimension along which a tensor is divided.
enum class Axis { Rows, Channels };

/// The elements of a tensor that lie in these rows, dimension 1 of a tensor of
/// rank 4, and in these channels, the last dimension. A tensor of another rank
/// has one row.
struct TensorRegion {
  RowInterval rows;
  ChannelInterval channels;

  bool empty() const { return rows.empty() || channels.empty(); }
  bool contains(const TensorRegion &other) const {
    return other.empty() ||
           (rows.contains(other.rows) && channels.contains(other.channels));
  }
  RowInterval along(Axis axis) const {
    return axis == Axis::Rows ? rows : channels;
  }
  RowInterval across(Axis axis) const {
    return axis == Axis::Rows ? channels : rows;
  }
  /// The region with the two given ranges.
  static TensorRegion make(Axis axis, RowInterval along, RowInterval across) {
    return axis == Axis::Rows ? TensorRegion{along, across}
                              : TensorRegion{across, along};
  }
  friend bool operator==(const TensorRegion &, const TensorRegion &) = default;
};

} // namespace windrow

#endif // WINDROW_DIALECTS_NN_TENSORREGION_H
