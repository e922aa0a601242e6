//===- channel_classes_test.cpp - Channels that stay or go together -------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/ChannelClasses.h"

#include <gmock/gmock.h>

namespace windrow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ChannelClasses, UnitesAndPins) {
  ChannelClasses classes;
  for (int64_t i = 0; i < 6; ++i)
    EXPECT_EQ(classes.add(), i);
  classes.unite(4, 2);
  classes.unite(5, 4);
  classes.pin(5);
  EXPECT_EQ(classes.find(5), 2);
  EXPECT_EQ(classes.find(4), 2);
  EXPECT_TRUE(classes.isPinned(2));
  EXPECT_FALSE(classes.isPinned(3));
  classes.unite(3, 0);
  classes.unite(3, 5);
  EXPECT_EQ(classes.find(2), 0);
  EXPECT_TRUE(classes.isPinned(0));
  EXPECT_FALSE(classes.isPinned(1));
}

TEST(ChannelClasses, RemovesTheLowestScores) {
  std::vector<RemovableClass> candidates = {
      {10, 3, {0}}, {11, 1, {0}}, {12, 2, {1}}, {13, 1, {1}}, {14, 5, {1}}};
  std::vector<int64_t> left = {2, 3};
  EXPECT_THAT(chooseRemoved(candidates, 0.5, 1, left), ElementsAre(11, 13));
  EXPECT_THAT(left, ElementsAre(1, 2));
  left = {2, 3};
  EXPECT_THAT(chooseRemoved(candidates, 0.0, 1, left), IsEmpty());
}

TEST(ChannelClasses, LeavesEveryLayerItsFewest) {
  std::vector<RemovableClass> candidates = {
      {10, 1, {0, 1}}, {11, 2, {0}}, {12, 3, {1}}, {13, 4, {0, 0}}};
  std::vector<int64_t> left = {4, 2};
  // Layer 1 has no second channel to give, layer 0 no third.
  EXPECT_THAT(chooseRemoved(candidates, 0.9, 1, left), ElementsAre(10, 11));
  EXPECT_THAT(left, ElementsAre(2, 1));
}

} // namespace
} // namespace windrow
