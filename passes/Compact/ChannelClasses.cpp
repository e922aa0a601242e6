//===- ChannelClasses.cpp - Channels that stay or go together -------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/ChannelClasses.h"

#include <algorithm>

namespace windrow {

int64_t ChannelClasses::add() {
  parents.push_back(static_cast<int64_t>(parents.size()));
  pinned.push_back(false);
  return parents.back();
}

int64_t ChannelClasses::find(int64_t channel) {
  while (parents[channel] != channel)
    channel = parents[channel] = parents[parents[channel]];
  return channel;
}

void ChannelClasses::unite(int64_t a, int64_t b) {
  a = find(a);
  b = find(b);
  if (a == b)
    return;
  auto [first, second] = std::minmax(a, b);
  parents[second] = first;
  pinned[first] = pinned[first] || pinned[second];
}

std::vector<int64_t> chooseRemoved(std::vector<RemovableClass> candidates,
                                   double ratio, int64_t minChannels,
                                   std::vector<int64_t> &channelsLeft) {
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const RemovableClass &a, const RemovableClass &b) {
                     return a.score < b.score;
                   });
  auto wanted = static_cast<size_t>(
      ratio * static_cast<double>(candidates.size()) + 1e-9);
  std::vector<int64_t> removed;
  for (const RemovableClass &candidate : candidates) {
    if (removed.size() >= wanted)
      break;
    for (int64_t layer : candidate.layers)
      --channelsLeft[layer];
    if (std::all_of(
            candidate.layers.begin(), candidate.layers.end(),
            [&](int64_t layer) { return channelsLeft[layer] >= minChannels; }))
      removed.push_back(candidate.channel);
    else
      for (int64_t layer : candidate.layers)
        ++channelsLeft[layer];
  }
  return removed;
}

} // namespace windrow
