//===- layer_stream_test.cpp - the layers of a plan that form a stream ----===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/LayerStream.h"

#include "passes/Analysis/PlanPredictor.h"
#include "passes/Analysis/PlanRefinement.h"
#include "passes/Analysis/PlanSearch.h"
#include "passes/Analysis/PlanTimeline.h"
#include "passes/Analysis/RulePlans.h"
#include "test/unit/planner_networks.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

using namespace windrow;
using namespace windrow::test;

namespace {

Network smallResidualNetwork() {
  return NetworkBuilder(32, 32, 3)
      .conv(16, 3)
      .conv(16, 3)
      .conv(16, 3)
      .add(0)
      .conv(32, 3, 2)
      .globalPool()
      .fullyConnected(16)
      .finish();
}

TEST(LayerStream, HoldsTheFirstLayersByRows) {
  const Network network = smallResidualNetwork();
  const TensorUses uses(network);
  Plan plan = divideInProportion(network, std::vector{1.0, 1.0}, 0, 1);
  const std::optional<Plan> streamed = streamLayers(network, uses, plan, 4, 3);
  ASSERT_TRUE(streamed);
  EXPECT_EQ(countStreamed(*streamed), 4u);
  EXPECT_EQ(streamed->layers[3].bounds, plan.layers[3].bounds);
  EXPECT_EQ(streamed->layers[4], plan.layers[4]);
  EXPECT_EQ(*streamLayers(network, uses, *streamed, 0, 1), plan);
  EXPECT_EQ(countStreamed(*streamLayers(network, uses, *streamed, 2, 5)), 2u);
  // A sum over all rows does not go on piece by piece.
  EXPECT_TRUE(isStreamable(network, uses, plan, 5));
  EXPECT_FALSE(isStreamable(network, uses, plan, 6));
  std::swap(plan.layers[2].devices[0], plan.layers[2].devices[1]);
  EXPECT_TRUE(isStreamable(network, uses, plan, 2));
  EXPECT_FALSE(isStreamable(network, uses, plan, 3));
  plan.layers[0].mode = LayerMode::Replicated;
  EXPECT_FALSE(isStreamable(network, uses, plan, 1));
}

TEST(LayerStream, ArgumentsAreReadByItAlone) {
  Network network = smallResidualNetwork();
  network.layers[3].operands[1].tensor = network.arguments.front();
  const TensorUses uses(network);
  const Plan plan = divideInProportion(network, std::vector{1.0, 1.0}, 0, 1);
  EXPECT_FALSE(isStreamable(network, uses, plan, 3));
  EXPECT_TRUE(isStreamable(network, uses, plan, 4));
}

TEST(LayerStream, NeighboursMeetAtTheSameTurn) {
  const Network network = smallResidualNetwork();
  const Plan plan = *streamLayers(
      network, TensorUses(network),
      divideInProportion(network, std::vector{1.0, 1.0}, 0, 1), 4, 2);
  const StreamPieces pieces = divideLayers(network, plan, 4, 2);
  EXPECT_EQ(pieces[0][0], (std::vector{RowInterval{0, 9}, RowInterval{9, 17}}));
  EXPECT_EQ(pieces[0][1],
            (std::vector{RowInterval{23, 32}, RowInterval{15, 23}}));
  EXPECT_EQ(pieces[1][1],
            (std::vector{RowInterval{24, 32}, RowInterval{16, 24}}));
  EXPECT_EQ(pieces[4][0], (std::vector{RowInterval{0, 6}, RowInterval{6, 16}}));
}

TEST(LayerStream, OneDeviceComputesWhileTheImageArrives) {
  // A row takes 1 ms to travel and to compute, a message 10 ms more.
  const Network network = NetworkBuilder(8, 25, 10).conv(10, 3).finish();
  CostTable table;
  table.devices = {{"d0", 1, 0.0, {{network.layers[0].shape, {1}, {1e-3}}}}};
  table.links = {{"d0", "client", 10e-3, 1e6, 0.0},
                 {"client", "d0", 10e-3, 1e6, 0.0}};
  const ClusterDescription cluster = makeCluster({1.0});
  const CostModel model(network, cluster, &table);
  const Plan whole = leaveToOne(network, 0);
  const Plan plan = *streamLayers(network, TensorUses(network), whole, 1, 2);
  const PlanTimes times = predictTimes(model, plan, /*withLayers=*/true);
  // Of four rows, three of the result can be computed while the others arrive;
  // these are on their way while the other five are computed.
  EXPECT_NEAR(times.latency, 10e-3 + 8e-3 + 5e-3 + 10e-3 + 5e-3, 1e-9);
  EXPECT_NEAR(times.devices[0].compute, 8e-3, 1e-12);
  EXPECT_NEAR(times.devices[0].wait, 14e-3 + 1e-3, 1e-9);
  EXPECT_LT(predictLatency(model, chooseStream(model, whole)), times.latency);
}

TEST(LayerStream, IsNotWorthItsCallsWhereTheImageIsThereAtOnce) {
  const Network network = smallResidualNetwork();
  const ClusterDescription cluster = makeCluster({1.0, 1.0}, 1e9, 0);
  const CostModel model(network, cluster, nullptr);
  const Plan plan = divideInProportion(network, std::vector{1.0, 1.0}, 0, 1);
  EXPECT_EQ(chooseStream(model, plan), plan);
}

TEST(LayerStream, AllOfItTakesMemoryAtOnce) {
  const Network network = smallResidualNetwork();
  const Plan whole = leaveToOne(network, 0);
  const Plan plan = *streamLayers(network, TensorUses(network), whole, 4, 2);
  // The image, three convolutions and a sum; without a stream the sum comes
  // when the first and the third alone are left.
  const int64_t row = 32 * 16 * 4;
  EXPECT_EQ(estimateMemory(network, plan, 1)[0] -
                estimateMemory(network, whole, 1)[0],
            32 * (row + 32 * 3 * 4));
}

TEST(LayerStream, ChangesArePredictedAsTheWholePlanIs) {
  const Network network = smallResidualNetwork();
  const ClusterDescription cluster = makeCluster({1.0, 1.0, 0.5}, 50, 100);
  const CostModel model(network, cluster, nullptr);
  const TensorUses uses(network);
  Plan plan = *streamLayers(
      network, uses,
      divideInProportion(network, std::vector{1.0, 1.0, 1.0}, 0, 1), 4, 3);
  PlanPredictor predictor(model, plan);
  std::mt19937 random(5);
  int better = 0;
  for (int i = 0; i < 200; ++i) {
    Plan moved = plan;
    const size_t first = random() % 5, bound = 1 + random() % 2;
    for (size_t layer = first; layer < first + 1 + random() % 4 && layer < 5;
         ++layer) {
      std::vector<int64_t> &bounds = moved.layers[layer].bounds;
      bounds[bound] =
          std::clamp(bounds[bound] + (random() % 2 ? 1 : -1) *
                                         static_cast<int64_t>(1 + random() % 3),
                     bounds[bound - 1], bounds[bound + 1]);
    }
    const std::optional<Plan> changed =
        streamLayers(network, uses, moved, 4, 2 + random() % 4);
    if (!changed)
      continue;
    std::vector<PlacementChange> changes;
    for (size_t layer = 0; layer < 5; ++layer)
      if (changed->layers[layer] != plan.layers[layer])
        changes.push_back({layer, changed->layers[layer]});
    if (predictor.tryChanges(changes)) {
      plan = *changed;
      ++better;
    }
    ASSERT_EQ(predictor.plan(), plan);
    ASSERT_NEAR(predictor.latency(), predictLatency(model, plan), 1e-12);
  }
  EXPECT_GE(better, 5);
}

TEST(LayerStream, StaysOneWhenSharesAreImproved) {
  const Network network = smallResidualNetwork();
  const ClusterDescription cluster = makeCluster({1.0, 0.7, 0.4}, 50, 100);
  const CostModel model(network, cluster, nullptr);
  const Plan start = *streamLayers(
      network, TensorUses(network),
      divideInProportion(network, std::vector{1.0, 1.0, 1.0}, 0, 1), 4, 3);
  const RefinedPlan refined = refinePlan(model, nullptr, start, 200'000);
  EXPECT_LT(refined.latency, 0.95 * predictLatency(model, start));
  EXPECT_EQ(countStreamed(refined.plan), 4u);
  EXPECT_TRUE(isStreamable(network, TensorUses(network), refined.plan, 4));
}

TEST(LayerStream, ComputesRowsOfItsFirstLayersAgainTogether) {
  // To spare the messages of one layer alone gains nothing: the others wait all
  // the same.
  const Network network = NetworkBuilder(64, 64, 3)
                              .conv(4, 3)
                              .conv(4, 3)
                              .conv(4, 3)
                              .conv(4, 3)
                              .conv(4, 3)
                              .globalPool()
                              .fullyConnected(10)
                              .finish();
  const ClusterDescription cluster = makeCluster({1, 1}, 100, 1000);
  const CostModel model(network, cluster, nullptr);
  const Plan plan = *streamLayers(
      network, TensorUses(network),
      divideInProportion(network, std::vector{1.0, 1.0}, 0, 1), 5, 2);
  const RefinedPlan refined = refinePlan(model, nullptr, plan, 1'000'000);
  for (size_t layer = 0; layer < 3; ++layer)
    EXPECT_FALSE(refined.plan.layers[layer].computed.empty()) << layer;
  EXPECT_EQ(refined.latency, predictLatency(model, refined.plan));
}

/// Of a square image of so many rows.
Network largeImageNetwork(int64_t rows) {
  return NetworkBuilder(rows, rows, 3)
      .conv(32, 7, 2)
      .conv(32, 3)
      .conv(32, 3)
      .add(1)
      .conv(64, 3, 2)
      .globalPool()
      .fullyConnected(10)
      .finish();
}

TEST(LayerStream, NoRuleGainsMoreByIt) {
  const Network network = largeImageNetwork(448);
  const ClusterDescription cluster = makeCluster({1, 1, 1, 1}, 300);
  const CostModel model(network, cluster, nullptr);
  const double latency = searchPlan(model, {}).latency;
  const std::vector<double> equal(4, 1.0);
  for (const Plan &plan :
       {divideInProportion(network, equal, 0, 1), balanceGreedily(model)})
    EXPECT_LE(latency, predictLatency(model, chooseStream(model, plan)));
}

TEST(LayerStream, OfARuleStaysWhereAnotherPromisesLessThanAFiftiethMore) {
  double mostGivenUp = 1;
  for (const double bandwidth : {200.0, 300.0})
    for (const int64_t rows : {224, 320, 448}) {
      const Network network = largeImageNetwork(rows);
      const ClusterDescription cluster =
          makeCluster({1, 1, 1, 1}, bandwidth, 100);
      const SearchResult result =
          searchPlan(CostModel(network, cluster, nullptr), {});
      ASSERT_GT(countStreamed(result.plan), 0u);
      const double least =
          std::ranges::min(result.candidates, {}, &PlanCandidate::latency)
              .latency;
      EXPECT_LE(result.latency, 1.02 * least);
      mostGivenUp = std::max(mostGivenUp, result.latency / least);
    }
  EXPECT_GT(mostGivenUp, 1.01);
}

TEST(LayerStream, IsSearchedForOnSlowNetworks) {
  const Network network = smallResidualNetwork();
  const ClusterDescription cluster = makeCluster({1.0, 1.0}, 20, 100);
  const CostModel model(network, cluster, nullptr);
  SearchOptions options;
  options.useStreams = false;
  const SearchResult without = searchPlan(model, options);
  EXPECT_EQ(countStreamed(without.plan), 0u);
  const SearchResult with = searchPlan(model, {});
  EXPECT_GT(countStreamed(with.plan), 0u);
  EXPECT_LT(with.latency, without.latency);
  EXPECT_TRUE(isStreamable(network, TensorUses(network), with.plan,
                           countStreamed(with.plan)));
}

} // namespace
