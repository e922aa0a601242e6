//===- window_placement_test.cpp - ONNX's padding rules -------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/WindowPlacement.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

using namespace windrow::importer;

namespace {

/// Where window `index` begins, counted from the first element of the input.
int64_t windowStart(const WindowAxis &axis, const WindowPlacement &placement,
                    int64_t index) {
  return index * axis.stride - placement.padBegin;
}

/// How many windows fit between the pads, which is what nn's operations have.
int64_t countWindows(const WindowAxis &axis, const WindowPlacement &placement) {
  int64_t extent = axis.inputSize + placement.padBegin + placement.padEnd +
                   placement.overflowEnd;
  int64_t count = 0;
  while (count * axis.stride + axis.effectiveKernel() <= extent)
    ++count;
  return count;
}

bool windowMeetsInput(const WindowAxis &axis, int64_t start) {
  for (int64_t tap = 0; tap < axis.kernel; ++tap) {
    int64_t position = start + tap * axis.dilation;
    if (position >= 0 && position < axis.inputSize)
      return true;
  }
  return false;
}

WindowAxis anyAxis() {
  WindowAxis axis;
  axis.inputSize = *rc::gen::inRange<int64_t>(1, 20);
  axis.kernel = *rc::gen::inRange<int64_t>(1, 6);
  axis.stride = *rc::gen::inRange<int64_t>(1, 6);
  axis.dilation = *rc::gen::inRange<int64_t>(1, 4);
  axis.padBegin = *rc::gen::inRange<int64_t>(0, 6);
  axis.padEnd = *rc::gen::inRange<int64_t>(0, 6);
  return axis;
}

TEST(WindowPlacement, KeepsGivenPads) {
  WindowAxis axis{.inputSize = 7, .kernel = 3, .stride = 2, .padBegin = 1};
  WindowPlacement placement = placeWindows(axis, AutoPad::NotSet, false);
  EXPECT_EQ(placement.padBegin, 1);
  EXPECT_EQ(placement.padEnd, 0);
  EXPECT_EQ(placement.overflowEnd, 0);
  EXPECT_EQ(placement.outputSize, 3);
}

TEST(WindowPlacement, ValidIgnoresPads) {
  WindowAxis axis{.inputSize = 7, .kernel = 3, .padBegin = 1, .padEnd = 1};
  EXPECT_EQ(placeWindows(axis, AutoPad::Valid, false).outputSize, 5);
}

TEST(WindowPlacement, SamePutsTheOddPadWhereItsNameSays) {
  WindowAxis axis{.inputSize = 6, .kernel = 3, .stride = 2};
  WindowPlacement upper = placeWindows(axis, AutoPad::SameUpper, false);
  EXPECT_EQ(upper.padBegin, 0);
  EXPECT_EQ(upper.padEnd, 1);
  WindowPlacement lower = placeWindows(axis, AutoPad::SameLower, false);
  EXPECT_EQ(lower.padBegin, 1);
  EXPECT_EQ(lower.padEnd, 0);
}

TEST(WindowPlacement, CeilModeLetsTheLastWindowHangOver) {
  WindowAxis axis{.inputSize = 8, .kernel = 3, .stride = 2};
  WindowPlacement placement = placeWindows(axis, AutoPad::NotSet, true);
  EXPECT_EQ(placement.outputSize, 4);
  EXPECT_EQ(placement.overflowEnd, 1);
}

TEST(WindowPlacement, CeilModeDropsAWindowThatStartsInThePadding) {
  // Without the drop, a third window would start at element 3 of 3.
  WindowAxis axis{
      .inputSize = 3, .kernel = 2, .stride = 2, .padBegin = 1, .padEnd = 1};
  WindowPlacement placement = placeWindows(axis, AutoPad::NotSet, true);
  EXPECT_EQ(placement.outputSize, 2);
  EXPECT_EQ(countWindows(axis, placement), 2);
}

TEST(WindowPlacement, NoWindowFits) {
  WindowAxis axis{.inputSize = 2, .kernel = 3};
  EXPECT_LE(placeWindows(axis, AutoPad::NotSet, false).outputSize, 0);
  EXPECT_LE(placeWindows(axis, AutoPad::NotSet, true).outputSize, 0);
  EXPECT_LE(placeWindows(axis, AutoPad::Valid, false).outputSize, 0);
}

RC_GTEST_PROP(WindowPlacement, PadsHoldExactlyTheWindows, ()) {
  WindowAxis axis = anyAxis();
  auto autoPad = *rc::gen::element(AutoPad::NotSet, AutoPad::SameUpper,
                                   AutoPad::SameLower, AutoPad::Valid);
  WindowPlacement placement =
      placeWindows(axis, autoPad, *rc::gen::arbitrary<bool>());
  RC_PRE(placement.outputSize > 0);
  RC_ASSERT(placement.padBegin >= 0);
  RC_ASSERT(placement.padEnd >= 0);
  RC_ASSERT(placement.overflowEnd >= 0);
  RC_ASSERT(countWindows(axis, placement) == placement.outputSize);
}

RC_GTEST_PROP(WindowPlacement, CeilModeCountsAsTheSpecificationSays, ()) {
  WindowAxis axis = anyAxis();
  int64_t slack =
      axis.inputSize + axis.padBegin + axis.padEnd - axis.effectiveKernel();
  RC_PRE(slack >= 0);
  int64_t expected = (slack + axis.stride - 1) / axis.stride + 1;
  if ((expected - 1) * axis.stride >= axis.inputSize + axis.padBegin)
    --expected;
  WindowPlacement placement = placeWindows(axis, AutoPad::NotSet, true);
  RC_ASSERT(placement.outputSize == expected);
  RC_ASSERT(placement.padEnd <= axis.padEnd);
}

RC_GTEST_PROP(WindowPlacement, SameCoversTheInput, ()) {
  WindowAxis axis = anyAxis();
  WindowPlacement placement = placeWindows(axis, AutoPad::SameUpper, false);
  RC_ASSERT(placement.outputSize ==
            (axis.inputSize + axis.stride - 1) / axis.stride);
  int64_t difference = placement.padEnd - placement.padBegin;
  RC_ASSERT(difference == 0 || difference == 1);
}

RC_GTEST_PROP(WindowPlacement, FindsWindowsOfPaddingOnly, ()) {
  WindowAxis axis = anyAxis();
  WindowPlacement placement =
      placeWindows(axis, AutoPad::NotSet, *rc::gen::arbitrary<bool>());
  RC_PRE(placement.outputSize > 0);
  bool expected = true;
  for (int64_t i = 0; i < placement.outputSize; ++i)
    expected &= windowMeetsInput(axis, windowStart(axis, placement, i));
  RC_ASSERT(everyWindowMeetsInput(axis, placement) == expected);
}

} // namespace
