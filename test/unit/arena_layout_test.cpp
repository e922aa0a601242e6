//===- arena_layout_test.cpp - Offsets for buffers with lifetimes ---------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/serializer/ArenaLayout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

using namespace windrow;

namespace {

TEST(ArenaLayout, SharesBytesBetweenBuffersOfDifferentTimes) {
  std::vector<ArenaBuffer> buffers = {{100, 0, 1}, {100, 2, 3}, {60, 1, 2}};
  EXPECT_EQ(layOutArena(buffers, 64), 192u);
  EXPECT_EQ(buffers[0].offset, 0u);
  EXPECT_EQ(buffers[1].offset, 0u);
  EXPECT_EQ(buffers[2].offset, 128u);
}

TEST(ArenaLayout, KeepsApartWhatIsAliveInOneStep) {
  std::vector<ArenaBuffer> buffers = {{64, 0, 4}, {64, 4, 4}};
  EXPECT_EQ(layOutArena(buffers, 64), 128u);
  EXPECT_NE(buffers[0].offset, buffers[1].offset);
}

TEST(ArenaLayout, FillsTheLowestGapThatFits) {
  std::vector<ArenaBuffer> buffers = {
      {256, 0, 9}, {192, 0, 3}, {128, 4, 9}, {64, 4, 9}};
  EXPECT_EQ(layOutArena(buffers, 64), 448u);
  EXPECT_EQ(buffers[2].offset, 256u);
  EXPECT_EQ(buffers[3].offset, 384u);
}

TEST(ArenaLayout, OfNothingIsEmpty) {
  std::vector<ArenaBuffer> buffers;
  EXPECT_EQ(layOutArena(buffers, 64), 0u);
}

/// The most bytes that are alive in one step: no layout needs less.
uint64_t peakBytes(const std::vector<ArenaBuffer> &buffers, int64_t steps) {
  uint64_t peak = 0;
  for (int64_t step = 0; step < steps; ++step) {
    uint64_t alive = 0;
    for (const ArenaBuffer &buffer : buffers)
      if (buffer.firstStep <= step && step <= buffer.lastStep)
        alive += buffer.bytes;
    peak = std::max(peak, alive);
  }
  return peak;
}

TEST(ArenaLayout, RandomBuffersNeverOverlap) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<ArenaBuffer> buffers(1 + random() % 40);
    for (ArenaBuffer &buffer : buffers) {
      buffer.bytes = random() % 1000;
      buffer.firstStep = random() % 20;
      buffer.lastStep = buffer.firstStep + random() % 5;
    }
    uint64_t arenaBytes = layOutArena(buffers, 64);
    EXPECT_GE(arenaBytes, peakBytes(buffers, 25));
    for (size_t i = 0; i < buffers.size(); ++i) {
      EXPECT_EQ(buffers[i].offset % 64, 0u);
      EXPECT_LE(buffers[i].offset + buffers[i].bytes, arenaBytes);
      for (size_t j = 0; j < i; ++j) {
        bool sameTime = buffers[i].firstStep <= buffers[j].lastStep &&
                        buffers[j].firstStep <= buffers[i].lastStep;
        bool sameBytes =
            buffers[i].offset < buffers[j].offset + buffers[j].bytes &&
            buffers[j].offset < buffers[i].offset + buffers[i].bytes;
        EXPECT_FALSE(sameTime && sameBytes) << "round " << round;
      }
    }
  }
}

} // namespace
