//===- RowStream.h - Layers computed as an image arrives --------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// On a slow network an image takes as long to arrive as its first layers take
// to be computed. It is therefore sent in pieces of its rows, and of each of
// the first layers, the stream, a device computes a piece of rows as soon as
// the rows that it reads are there: piece after piece, of each piece layer
// after layer. All arithmetic on half-open intervals, for one device.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_ROWSTREAM_H
#define WINDROW_PASSES_ANALYSIS_ROWSTREAM_H

#include "dialects/Nn/RowWindow.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace windrow {

/// An argument or the result of a layer of a stream, on one device.
struct StreamedTensor {
  /// A layer that reads it.
  struct Reader {
    size_t tensor; ///< its result's place in the stream, a later one
    /// The rows that these rows of the reader's result, some, are computed
    /// from.
    std::function<RowInterval(RowInterval)> neededRows;
  };

  /// The rows that the device computes, or receives of an argument.
  RowInterval rows;
  /// Pieces end at multiples of this, but for the last.
  int64_t grain = 1;
  /// Within the stream.
  std::vector<Reader> readers;
};

/// For each tensor its `pieces` (at least 1) pieces, in ascending order: some
/// may be empty, together they are the tensor's rows. Those that no layer of
/// the stream reads are divided evenly; each piece of the others holds what the
/// readers' same piece needs beyond the pieces before.
std::vector<std::vector<RowInterval>>
divideStream(std::span<const StreamedTensor> tensors, int64_t pieces);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_ROWSTREAM_H
