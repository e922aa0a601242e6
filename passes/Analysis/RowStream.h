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
// after layer.
//
// Every second device goes from its last row to its first, so that the rows on
// both sides of a bound between devices have the same turn and nobody waits
// long for the other. All arithmetic on half-open intervals.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_ROWSTREAM_H
#define WINDROW_PASSES_ANALYSIS_ROWSTREAM_H

#include "passes/Analysis/RowExchange.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace windrow {

/// An argument or the result of a layer of a stream.
struct StreamedTensor {
  struct Operand {
    size_t tensor; ///< its place in the stream, an earlier one
    /// The rows that these rows of the result, some, are computed from.
    std::function<RowInterval(RowInterval)> neededRows;
  };

  /// By device: the rows that it computes, or receives of an argument.
  std::vector<RowInterval> rows;
  /// By device: those that it sends to whoever lacks them; of a result.
  std::vector<RowInterval> owned;
  /// Pieces end at multiples of this where they can.
  int64_t grain = 1;
  std::vector<Operand> operands; ///< none of an argument
};

/// Pieces of rows by tensor, device and turn.
using StreamPieces = std::vector<std::vector<std::vector<RowInterval>>>;

/// Divides the rows of every device into `pieces` (at least 1), some maybe
/// empty, in the order in which they come. Arguments are divided evenly; of a
/// result, a piece is all that can be computed in its turn from the pieces so
/// far of the device itself and from what the others own, but the last piece is
/// the rest.
StreamPieces divideStream(std::span<const StreamedTensor> tensors,
                          int64_t pieces);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_ROWSTREAM_H
