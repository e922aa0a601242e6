//===- plan_optimality_test.cpp - The search against all plans there are --===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/LowerBound.h"
#include "passes/Analysis/PlanSearch.h"
#include "passes/Analysis/PlanTimeline.h"
#include "test/unit/planner_networks.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

using namespace windrow;
using namespace windrow::test;

namespace {

/// All ways to place a layer on two devices, but for rows that are computed
/// again.
std::vector<LayerPlacement> placementsOf(const Network &network, size_t index) {
  const Layer &layer = network.layers[index];
  const NetworkTensor &result = network.tensors[layer.result];
  std::vector<LayerPlacement> all{
      {LayerMode::Owner, {0}, {}, {}, {}, {}},
      {LayerMode::Owner, {1}, {}, {}, {}, {}},
      {LayerMode::Replicated, {0, 1}, {}, {}, {}, {}}};
  for (const std::vector<size_t> &devices :
       {std::vector<size_t>{0, 1}, std::vector<size_t>{1, 0}}) {
    for (int64_t row = 1; layer.isRowSplittable && row < result.rows; ++row)
      all.push_back(
          {LayerMode::Rows, devices, {0, row, result.rows}, {}, {}, {}});
    if (layer.isChannelSplittable && devices.front() == 0)
      all.push_back({LayerMode::Channels,
                     devices,
                     {0, result.channels / 2, result.channels},
                     {},
                     {},
                     {}});
  }
  return all;
}

double findBest(const CostModel &model) {
  const Network &network = model.network();
  std::vector<std::vector<LayerPlacement>> choices;
  for (size_t layer = 0; layer < network.layers.size(); ++layer)
    choices.push_back(placementsOf(network, layer));
  std::vector<size_t> digits(choices.size(), 0);
  double best = predictLatency(
      model, {std::vector<LayerPlacement>(choices.size(), choices[0][0])});
  while (true) {
    Plan plan;
    for (size_t layer = 0; layer < digits.size(); ++layer)
      plan.layers.push_back(choices[layer][digits[layer]]);
    best = std::min(best, predictLatency(model, plan));
    size_t position = 0;
    while (position < digits.size() &&
           ++digits[position] == choices[position].size())
      digits[position++] = 0;
    if (position == digits.size())
      return best;
  }
}

TEST(PlanOptimality, SearchIsNearTheBestAndTheBoundBelowIt) {
  std::mt19937 random(20251121);
  auto draw = [&](int least, int most) {
    return static_cast<int64_t>(least + random() % (most - least + 1));
  };
  double worst = 0, sum = 0;
  const int cases = 300;
  for (int i = 0; i < cases; ++i) {
    NetworkBuilder builder(draw(3, 6), draw(4, 30), draw(1, 40));
    builder.conv(8 * draw(1, 16), 1 + 2 * draw(0, 1));
    builder.conv(8 * draw(1, 16), 1 + 2 * draw(0, 1), draw(1, 2));
    if (draw(0, 1))
      builder.fullyConnected(8 * draw(1, 32));
    else
      builder.conv(8 * draw(1, 8), 3);
    const Network network = builder.finish();
    const ClusterDescription cluster =
        makeCluster({double(draw(1, 4)), double(draw(1, 4))},
                    double(draw(1, 10) * 20), double(draw(0, 3) * 50));
    const CostModel model(network, cluster, nullptr);
    const double best = findBest(model);
    const SearchResult result = searchPlan(model, {});
    ASSERT_LE(boundLatency(model), std::min(best, result.latency) * (1 + 1e-9))
        << "case " << i;
    worst = std::max(worst, result.latency / best);
    sum += std::max(1.0, result.latency / best);
  }
  RecordProperty("worst", std::to_string(worst));
  RecordProperty("mean", std::to_string(sum / cases));
  EXPECT_LE(worst, 1.10);
  EXPECT_LE(sum / cases, 1.001);
}

} // namespace
