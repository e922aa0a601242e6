//===- row_window_test.cpp - Tests of row window arithmetic ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/RowWindow.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <ostream>

namespace windrow {

void PrintTo(RowInterval rows, std::ostream *out) {
  *out << '[' << rows.begin << ", " << rows.end << ')';
}

void PrintTo(const RowWindow &window, std::ostream *out) {
  PrintTo(window.rows, out);
  *out << " with padding " << window.paddingTop << " and "
       << window.paddingBottom;
}

namespace {

TEST(RowWindowTest, InsideTheImage) {
  RowSlide slide = {.inputRows = 56, .kernel = 3, .paddingTop = 1};
  EXPECT_EQ(rowWindow(slide, {10, 20}), (RowWindow{{9, 21}, 0, 0}));
}

TEST(RowWindowTest, PaddingOnlyAtTheEdges) {
  RowSlide slide = {.inputRows = 56, .kernel = 3, .paddingTop = 1};
  EXPECT_EQ(rowWindow(slide, {0, 20}), (RowWindow{{0, 21}, 1, 0}));
  EXPECT_EQ(rowWindow(slide, {20, 56}), (RowWindow{{19, 56}, 0, 1}));
  EXPECT_EQ(rowWindow(slide, {0, 56}), (RowWindow{{0, 56}, 1, 1}));
}

// The stem of ResNet: row 112 of 224 is the last that output row 55 reads.
TEST(RowWindowTest, StrideAndUnreadLastRow) {
  RowSlide slide = {
      .inputRows = 224, .kernel = 7, .stride = 2, .paddingTop = 3};
  EXPECT_EQ(rowWindow(slide, {0, 55}), (RowWindow{{0, 112}, 3, 0}));
  EXPECT_EQ(rowWindow(slide, {0, 112}), (RowWindow{{0, 224}, 3, 2}));
}

TEST(RowWindowTest, Dilation) {
  RowSlide slide = {
      .inputRows = 10, .kernel = 3, .dilation = 2, .paddingTop = 2};
  EXPECT_EQ(rowWindow(slide, {0, 1}), (RowWindow{{0, 3}, 2, 0}));
}

TEST(RowWindowTest, EmptyIntervalNeedsNothing) {
  EXPECT_EQ(rowWindow({.inputRows = 8, .kernel = 3}, {4, 4}), RowWindow{});
}

TEST(RowWindowTest, WindowBeyondAnEdgeIsPaddingOfThatEdge) {
  RowSlide slide = {.inputRows = 4, .kernel = 1, .paddingTop = 2};
  EXPECT_EQ(rowWindow(slide, {0, 2}), (RowWindow{{0, 0}, 2, 0}));
  EXPECT_EQ(rowWindow(slide, {6, 8}), (RowWindow{{4, 4}, 0, 2}));
}

TEST(RowWindowTest, NegativePaddingSkipsRows) {
  EXPECT_EQ(rowWindow({.inputRows = 8, .paddingTop = -3}, {0, 4}),
            (RowWindow{{3, 7}, 0, 0}));
}

TEST(WidenToImageTest, TakesTheNearestRow) {
  RowSlide slide = {.inputRows = 4, .kernel = 1, .paddingTop = 2};
  EXPECT_EQ(widenToImage(slide, {0, 1}, 8), (RowInterval{0, 3}));
  EXPECT_EQ(widenToImage(slide, {7, 8}, 8), (RowInterval{5, 8}));
  EXPECT_EQ(widenToImage(slide, {1, 4}, 8), (RowInterval{1, 4}));
}

/// A slide, the number of rows of its result, and some of these.
struct SlideCase {
  RowSlide slide;
  int64_t resultRows;
  RowInterval outputRows;
};

/// Any number from `min` to `max`, also in the first cases of a run.
int64_t pick(int64_t min, int64_t max) {
  return *rc::gen::resize(rc::kNominalSize,
                          rc::gen::inRange<int64_t>(min, max + 1));
}

SlideCase pickSlideCase() {
  RowSlide slide = {.inputRows = pick(1, 24),
                    .kernel = pick(1, 5),
                    .stride = pick(1, 4),
                    .dilation = pick(1, 3)};
  slide.paddingTop = pick(0, slide.effectiveKernel() + 3);
  int64_t paddingBottom = pick(0, slide.effectiveKernel() + 3);
  int64_t padded = slide.inputRows + slide.paddingTop + paddingBottom;
  RC_PRE(padded >= slide.effectiveKernel());
  int64_t resultRows = (padded - slide.effectiveKernel()) / slide.stride + 1;
  int64_t begin = pick(0, resultRows - 1);
  return {slide, resultRows, {begin, pick(begin + 1, resultRows)}};
}

RC_GTEST_PROP(RowWindowProperty, CountsThePositionsOfAllWindows, ()) {
  auto [slide, resultRows, outputRows] = pickSlideCase();
  int64_t above = 0, below = 0;
  RowInterval rows;
  for (int64_t position = outputRows.begin * slide.stride - slide.paddingTop,
               end = (outputRows.end - 1) * slide.stride - slide.paddingTop +
                     slide.effectiveKernel();
       position < end; ++position) {
    above += position < 0;
    below += position >= slide.inputRows;
    if (position >= 0 && position < slide.inputRows)
      rows = rows.hull({position, position + 1});
  }
  RowWindow window = rowWindow(slide, outputRows);
  RC_ASSERT(window.rows.size() == rows.size());
  RC_ASSERT(rows.empty() || window.rows == rows);
  RC_ASSERT(window.paddingTop == above);
  RC_ASSERT(window.paddingBottom == below);
}

// Row i of the strip reads through tap t what row begin + i of the whole reads.
RC_GTEST_PROP(RowWindowProperty, StripReadsTheSameRowsTapByTap, ()) {
  auto [slide, resultRows, outputRows] = pickSlideCase();
  RowWindow window = rowWindow(slide, outputRows);
  int64_t stripRows =
      window.paddingTop + window.rows.size() + window.paddingBottom;
  RC_ASSERT((stripRows - slide.effectiveKernel()) / slide.stride + 1 ==
            outputRows.size());
  for (int64_t row = 0; row < outputRows.size(); ++row) {
    for (int64_t tap = 0; tap < slide.kernel; ++tap) {
      int64_t inWhole = (outputRows.begin + row) * slide.stride -
                        slide.paddingTop + tap * slide.dilation;
      int64_t inStrip =
          row * slide.stride - window.paddingTop + tap * slide.dilation;
      bool isInImage = 0 <= inWhole && inWhole < slide.inputRows;
      bool isInStrip = 0 <= inStrip && inStrip < window.rows.size();
      RC_ASSERT(isInImage == isInStrip);
      RC_ASSERT(!isInImage || inWhole == window.rows.begin + inStrip);
    }
  }
}

RC_GTEST_PROP(RowWindowProperty, WidenedIntervalIsTheSmallestThatReads, ()) {
  auto [slide, resultRows, outputRows] = pickSlideCase();
  RC_PRE(!rowWindow(slide, {0, resultRows}).rows.empty());
  RowInterval widened = widenToImage(slide, outputRows, resultRows);
  RC_ASSERT(widened.contains(outputRows));
  RC_ASSERT((RowInterval{0, resultRows}.contains(widened)));
  RC_ASSERT(!rowWindow(slide, widened).rows.empty());
  RowInterval smaller = widened;
  if (widened.begin < outputRows.begin)
    ++smaller.begin;
  else if (widened.end > outputRows.end)
    --smaller.end;
  else
    return;
  RC_ASSERT(rowWindow(slide, smaller).rows.empty());
}

} // namespace
} // namespace windrow
