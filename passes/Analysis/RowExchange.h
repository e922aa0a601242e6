//===- RowExchange.h - Strips and transfers of one tensor -------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A tensor whose rows several participants compute is read by several others.
// Each reader assembles one strip: its own rows and those that it receives, in
// order, without a gap. All arithmetic on half-open intervals; rows of a tensor
// that is not an image count as one. Where channels are divided instead of
// rows, the same holds for them.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_ROWEXCHANGE_H
#define WINDROW_PASSES_ANALYSIS_ROWEXCHANGE_H

#include "dialects/Nn/RowWindow.h"

#include <cstdint>
#include <span>
#include <vector>

namespace windrow {

/// What one participant has and wants of a tensor's rows.
struct RowShare {
  /// The rows that it computes, or has from the start.
  RowInterval computed;
  /// The rows, among those computed, that it sends to whoever lacks them.
  RowInterval owned;
  /// The smallest interval that holds all rows that its operations read.
  RowInterval needed;
};

/// Consecutive rows of a strip that come from one participant, maybe the
/// reader itself.
struct StripPart {
  size_t source;
  RowInterval rows;
  friend bool operator==(const StripPart &, const StripPart &) = default;
};

/// The rows that a participant lays together, and where they come from, in
/// ascending order without gaps. Empty where it needs none.
struct Strip {
  RowInterval rows;
  std::vector<StripPart> parts;
};

/// The strip in which `reader` lays together the rows `needed`. It holds these
/// and, where they touch the rows that the reader computes, all of those too,
/// so that results are computed in place. A row that a participant does not
/// compute comes from the first one that owns it; every needed row must have an
/// owner.
Strip assembleStrip(std::span<const RowShare> shares, size_t reader,
                    RowInterval needed);

/// The strip of every participant, for the rows that it needs.
std::vector<Strip> assembleStrips(std::span<const RowShare> shares);

/// A range of rows that is computed by one call.
struct RowPiece {
  RowInterval rows;
  /// Others wait for some of these rows.
  bool awaited;
  friend bool operator==(const RowPiece &, const RowPiece &) = default;
};

/// Divides the rows `computed` into pieces, in the order of computation: first
/// those that hold the rows others wait for, then the rest, each in ascending
/// order. Ranges of `awaited`, all within `computed`, that overlap or touch
/// are in one piece, so that each is within one. Cuts are at multiples of
/// `grain` (at least 1).
std::vector<RowPiece> divideBoundaryFirst(RowInterval computed,
                                          std::span<const RowInterval> awaited,
                                          int64_t grain = 1);

/// The pieces, at most `pieces` (at least 1), in which the channels `range` are
/// computed: about equally large, of whole tiles of 32 or else 16 channels
/// where there are enough. One piece where there is nothing to divide.
std::vector<RowInterval> divideInPieces(RowInterval range, int64_t pieces);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_ROWEXCHANGE_H
