//===- RowWindow.cpp - Rows that a range of output rows needs -------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/RowWindow.h"

#include <cassert>

namespace windrow {

/// The rows of the window before it is cut at the edges of the image.
static RowInterval uncutWindow(const RowSlide &slide, RowInterval outputRows) {
  return {outputRows.begin * slide.stride - slide.paddingTop,
          (outputRows.end - 1) * slide.stride - slide.paddingTop +
              slide.effectiveKernel()};
}

RowWindow rowWindow(const RowSlide &slide, RowInterval outputRows) {
  if (outputRows.empty())
    return {};
  RowInterval uncut = uncutWindow(slide, outputRows);
  RowInterval rows = {std::clamp<int64_t>(uncut.begin, 0, slide.inputRows),
                      std::clamp<int64_t>(uncut.end, 0, slide.inputRows)};
  int64_t paddingTop = std::min<int64_t>(uncut.end, 0) - uncut.begin;
  int64_t paddingBottom = uncut.end - std::max(uncut.begin, slide.inputRows);
  return {rows, std::max<int64_t>(0, paddingTop),
          std::max<int64_t>(0, paddingBottom)};
}

RowInterval widenToImage(const RowSlide &slide, RowInterval outputRows,
                         int64_t resultRows) {
  assert(!outputRows.empty() && "no rows to widen");
  assert(!rowWindow(slide, {0, resultRows}).rows.empty() &&
         "no window touches the image");
  RowInterval uncut = uncutWindow(slide, outputRows);
  if (uncut.end <= 0) {
    int64_t stepsToImage = -uncut.end / slide.stride + 1;
    return {outputRows.begin, outputRows.end + stepsToImage};
  }
  if (uncut.begin >= slide.inputRows) {
    int64_t stepsToImage = (uncut.begin - slide.inputRows) / slide.stride + 1;
    return {outputRows.begin - stepsToImage, outputRows.end};
  }
  return outputRows;
}

} // namespace windrow
