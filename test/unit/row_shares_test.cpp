//===- row_shares_test.cpp - dividing rows among devices ------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/RowShares.h"

#include "gmock/gmock.h"

#include "rapidcheck/gtest.h"
#include <cmath>
#include <numeric>

using namespace windrow;
using testing::ElementsAre;

namespace {

TEST(RowShares, EqualWeightsDifferByOneRow) {
  std::vector<double> weights(3, 1.0);
  EXPECT_THAT(divideRows(56, weights), ElementsAre(0, 19, 37, 56));
}

TEST(RowShares, SharesFollowWeights) {
  std::vector<double> weights{1.0, 0.6, 0.4};
  EXPECT_THAT(divideRows(56, weights), ElementsAre(0, 28, 45, 56));
}

TEST(RowShares, MoreDevicesThanRowsLeavesSomeWithout) {
  std::vector<double> weights(5, 1.0);
  EXPECT_THAT(divideRows(2, weights), ElementsAre(0, 0, 1, 1, 2, 2));
}

TEST(RowShares, WeightZeroGetsNothing) {
  std::vector<double> weights{1.0, 0.0, 1.0};
  EXPECT_THAT(divideRows(8, weights), ElementsAre(0, 4, 4, 8));
}

TEST(RowShares, NoRowsGiveEmptyRanges) {
  std::vector<double> weights(2, 1.0);
  EXPECT_THAT(divideRows(0, weights), ElementsAre(0, 0, 0));
}

TEST(RowShares, GrainRoundsInnerBoundsOnly) {
  std::vector<double> weights(3, 1.0);
  EXPECT_THAT(divideRows(30, weights, 4), ElementsAre(0, 12, 20, 30));
}

RC_GTEST_PROP(RowSharesProperty, BoundsStayWithinHalfAGrainOfTheExactOnes, ()) {
  auto rows = *rc::gen::inRange<int64_t>(0, 300);
  auto grain = *rc::gen::inRange<int64_t>(1, 6);
  auto units = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 100)));
  std::vector<double> weights(units.begin(), units.end());
  double total = std::accumulate(weights.begin(), weights.end(), 0.0);

  std::vector<int64_t> bounds = divideRows(rows, weights, grain);
  RC_ASSERT(bounds.size() == weights.size() + 1);
  RC_ASSERT(bounds.front() == 0);
  RC_ASSERT(bounds.back() == rows);
  double sum = 0;
  for (size_t i = 0; i + 1 < weights.size(); ++i) {
    sum += weights[i];
    double exact = static_cast<double>(rows) * sum / total;
    int64_t bound = bounds[i + 1];
    RC_ASSERT(bound >= bounds[i]);
    RC_ASSERT(bound == rows || bound % grain == 0);
    RC_ASSERT(std::abs(exact - static_cast<double>(bound)) <=
              0.5 * static_cast<double>(grain) + 1e-9);
  }
}

} // namespace
