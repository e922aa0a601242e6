//===- ArenaLayout.cpp - Offsets for buffers with lifetimes ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/serializer/ArenaLayout.h"

#include <algorithm>
#include <numeric>
#include <vector>

using namespace windrow;

static uint64_t roundUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

static bool aliveTogether(const ArenaBuffer &a, const ArenaBuffer &b) {
  return a.firstStep <= b.lastStep && b.firstStep <= a.lastStep;
}

uint64_t windrow::layOutArena(std::span<ArenaBuffer> buffers,
                              uint64_t alignment) {
  std::vector<size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return buffers[a].bytes > buffers[b].bytes;
  });

  uint64_t arenaBytes = 0;
  // Ascending by offset, so that one sweep finds the lowest gap.
  std::vector<const ArenaBuffer *> placed;
  for (size_t index : order) {
    ArenaBuffer &buffer = buffers[index];
    uint64_t offset = 0;
    for (const ArenaBuffer *other : placed) {
      if (!aliveTogether(buffer, *other))
        continue;
      if (other->offset >= offset + buffer.bytes)
        break;
      offset =
          std::max(offset, roundUp(other->offset + other->bytes, alignment));
    }
    buffer.offset = offset;
    placed.insert(
        std::upper_bound(placed.begin(), placed.end(), &buffer,
                         [](const ArenaBuffer *a, const ArenaBuffer *b) {
                           return a->offset < b->offset;
                         }),
        &buffer);
    arenaBytes = std::max(arenaBytes, offset + buffer.bytes);
  }
  return roundUp(arenaBytes, alignment);
}
