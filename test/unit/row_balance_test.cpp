//===- row_balance_test.cpp - Dividing rows so that the last is soonest ---===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/RowBalance.h"

#include "gmock/gmock.h"

#include "rapidcheck/gtest.h"
#include <algorithm>
#include <limits>

using namespace windrow;
using testing::ElementsAre;

namespace {

std::vector<double> evenly(int64_t rows, size_t devices) {
  std::vector<double> ends;
  for (size_t i = 0; i <= devices; ++i)
    ends.push_back(static_cast<double>(rows) * static_cast<double>(i) /
                   static_cast<double>(devices));
  return ends;
}

double makespan(const std::vector<int64_t> &bounds,
                const IntervalSeconds &seconds) {
  double longest = 0;
  for (size_t i = 0; i + 1 < bounds.size(); ++i)
    longest = std::max(longest, seconds(i, {bounds[i], bounds[i + 1]}));
  return longest;
}

/// The least makespan of all bounds from `begin` on, whose inner ones are
/// multiples of `grain`.
double tryAll(int64_t begin, int64_t rows, int64_t grain, size_t device,
              size_t devices, const IntervalSeconds &seconds) {
  if (device + 1 == devices)
    return seconds(device, {begin, rows});
  double best = std::numeric_limits<double>::infinity();
  for (int64_t end = begin; end <= rows; ++end)
    if (end % grain == 0 || end == rows)
      best = std::min(best, std::max(seconds(device, {begin, end}),
                                     tryAll(end, rows, grain, device + 1,
                                            devices, seconds)));
  return best;
}

TEST(RowBalance, EqualDevicesAreCutWhereAsked) {
  auto seconds = [](size_t, RowInterval rows) { return double(rows.size()); };
  EXPECT_THAT(balanceRows(14, 1, evenly(14, 4), seconds),
              ElementsAre(0, 4, 7, 11, 14));
}

TEST(RowBalance, SlowDevicesGetLess) {
  auto seconds = [](size_t position, RowInterval rows) {
    return double(rows.size()) * (position == 0 ? 1.0 : 3.0);
  };
  EXPECT_THAT(balanceRows(16, 1, evenly(16, 2), seconds),
              ElementsAre(0, 12, 16));
}

TEST(RowBalance, LeavesOutADeviceThatWouldDelay) {
  auto seconds = [](size_t position, RowInterval rows) {
    return rows.empty() ? 0.0 : (position == 1 ? 100.0 : double(rows.size()));
  };
  EXPECT_THAT(balanceRows(8, 1, evenly(8, 2), seconds), ElementsAre(0, 8, 8));
}

TEST(RowBalance, NoRowsGiveEmptyRanges) {
  auto seconds = [](size_t, RowInterval rows) { return double(rows.size()); };
  EXPECT_THAT(balanceRows(0, 4, evenly(0, 3), seconds),
              ElementsAre(0, 0, 0, 0));
}

RC_GTEST_PROP(RowBalanceProperty, IsAsGoodAsTheBestOfAllBounds, ()) {
  const auto rows = *rc::gen::inRange<int64_t>(0, 13);
  const auto grain = *rc::gen::inRange<int64_t>(1, 4);
  const auto devices = *rc::gen::inRange<size_t>(1, 5);
  // Costs of each row on each device, a fixed part, and of each bound.
  auto draw = [&](size_t count) {
    return *rc::gen::container<std::vector<int>>(count,
                                                 rc::gen::inRange(0, 20));
  };
  const std::vector<int> perRow = draw(devices * 12), fixed = draw(devices);
  auto seconds = [&](size_t device, RowInterval interval) {
    if (interval.empty())
      return 0.0;
    int sum = fixed[device];
    for (int64_t row = interval.begin; row < interval.end; ++row)
      sum += perRow[device * 12 + static_cast<size_t>(row)];
    return static_cast<double>(sum);
  };
  const std::vector<int64_t> bounds =
      balanceRows(rows, grain, evenly(rows, devices), seconds);
  RC_ASSERT(bounds.size() == devices + 1);
  RC_ASSERT(bounds.front() == 0 && bounds.back() == rows);
  RC_ASSERT(std::is_sorted(bounds.begin(), bounds.end()));
  for (int64_t bound : bounds)
    RC_ASSERT(bound == rows || bound % grain == 0);
  RC_ASSERT(makespan(bounds, seconds) ==
            tryAll(0, rows, grain, 0, devices, seconds));
}

} // namespace
