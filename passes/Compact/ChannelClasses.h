//===- ChannelClasses.h - Channels that stay or go together -----*- C++ -*-===//
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

#ifndef WINDROW_PASSES_COMPACT_CHANNELCLASSES_H
#define WINDROW_PASSES_COMPACT_CHANNELCLASSES_H

#include <cstdint>
#include <vector>

namespace windrow {

/// Numbered channels, and which of them are one: those that are added to each
/// other can only be kept or removed together. A disjoint-set forest.
class ChannelClasses {
public:
  /// The number of a new channel, which is in a class of its own.
  int64_t add();

  /// The channel that stands for the class of `channel`.
  int64_t find(int64_t channel);

  /// Makes the classes of two channels one.
  void unite(int64_t a, int64_t b);

  /// The class of `channel` must stay.
  void pin(int64_t channel) { pinned[find(channel)] = true; }
  bool isPinned(int64_t channel) { return pinned[find(channel)]; }

private:
  std::vector<int64_t> parents;
  std::vector<bool> pinned;
};

/// What may be removed: a class, and which layers compute its channels.
struct RemovableClass {
  int64_t channel = 0; ///< that stands for it
  double score = 0;    ///< how much it matters
  /// One entry for each channel of a layer that is in the class.
  std::vector<int64_t> layers;
};

/// The classes of `candidates` to remove, those with the lowest scores first,
/// of equal ones the first: the part `ratio`, rounded down, but never so many
/// that a layer keeps less than `minChannels`. `channelsLeft` counts the
/// channels of each layer and is brought up to date. Deterministic.
std::vector<int64_t> chooseRemoved(std::vector<RemovableClass> candidates,
                                   double ratio, int64_t minChannels,
                                   std::vector<int64_t> &channelsLeft);

} // namespace windrow

#endif // WINDROW_PASSES_COMPACT_CHANNELCLASSES_H
