//===- plan_predictor_test.cpp - Latencies of plans that differ little ----===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/PlanPredictor.h"
#include "passes/Analysis/RowShares.h"
#include "passes/Analysis/RulePlans.h"
#include "test/unit/planner_networks.h"

#include <gtest/gtest.h>
#include <random>

using namespace windrow;
using namespace windrow::test;

namespace {

Network residualNetwork() {
  return NetworkBuilder(24, 24, 8)
      .conv(16, 3)
      .conv(16, 3)
      .conv(16, 1)
      .add(0)
      .conv(32, 3, 2)
      .conv(32, 1)
      .globalPool()
      .fullyConnected(32)
      .fullyConnected(16)
      .finish();
}

class RandomPlacements {
public:
  RandomPlacements(const Network &network, size_t devices)
      : network(network), devices(devices) {}

  LayerPlacement draw(size_t layer);
  size_t below(size_t end) { return random() % end; }

private:
  const Network &network;
  size_t devices;
  std::mt19937 random{7};
};

/// Any mode, most often rows, which are divided in equal parts, so that layers
/// go on with the same rows, or in random ones, some of them none.
LayerPlacement RandomPlacements::draw(size_t index) {
  const Layer &layer = network.layers[index];
  LayerPlacement placement;
  for (size_t device = 0; device < devices; ++device)
    placement.devices.push_back(device);
  const bool isEven = below(2);
  if (!isEven)
    std::shuffle(placement.devices.begin(), placement.devices.end(), random);
  std::vector<double> weights(1, 1.0);
  while (weights.size() < devices)
    weights.push_back(isEven ? 1.0 : static_cast<double>(below(4)));
  switch (below(8)) {
  case 0:
    placement.devices.resize(1);
    return placement;
  case 1:
    if (layer.isChannelSplittable) {
      placement.mode = LayerMode::Channels;
      placement.bounds = divideRows(network.resultOf(index).channels, weights);
      placement.pieces = 1 + static_cast<int64_t>(below(3));
      return placement;
    }
    break;
  case 2:
    if (layer.isPartialSplittable) {
      placement.partialDevices = placement.devices;
      placement.partialBounds = divideRows(layer.shape.input[1], weights);
      placement.devices.resize(1);
      return placement;
    }
    break;
  default:
    if (isRowDividable(network, index)) {
      placement.mode = LayerMode::Rows;
      placement.bounds = divideRows(network.resultOf(index).rows, weights);
      return placement;
    }
  }
  placement.mode = LayerMode::Replicated;
  return placement;
}

/// What all transfers count for.
double countTraffic(const PlanPredictor &predictor, const CostModel &model,
                    const Plan &plan) {
  double traffic = 0;
  const std::vector<TensorExchange> exchanges =
      findExchanges(model.network(), plan, model.numDevices());
  for (size_t tensor = 0; tensor < exchanges.size(); ++tensor)
    for (const TensorTransfer &transfer : exchanges[tensor].transfers)
      traffic += predictor.trafficWeight(tensor) *
                 static_cast<double>(transfer.bytes) *
                 model.link(transfer.source, transfer.reader).secondsPerByte;
  return traffic;
}

/// Tries changes of a random plan, each compared with the timeline of the whole
/// plan; returns how many were taken.
int tryRandomChanges(const CostModel &model, RandomPlacements &placements) {
  const Network &network = model.network();
  Plan plan = leaveToOne(network, 0);
  for (size_t layer = 0; layer < network.layers.size(); ++layer)
    plan.layers[layer] = placements.draw(layer);
  PlanPredictor predictor(model, plan);
  EXPECT_NEAR(predictor.latency(), predictLatency(model, plan), 1e-12);
  int better = 0;
  for (int i = 0; i < 200; ++i) {
    std::vector<PlacementChange> changes;
    for (size_t layer = placements.below(network.layers.size()), count = 0;
         layer < network.layers.size() && count < 1 + placements.below(3);
         ++layer, ++count)
      changes.push_back({layer, placements.draw(layer)});
    Plan changed = plan;
    for (const PlacementChange &change : changes)
      changed.layers[change.layer] = change.placement;
    const double before = predictLatency(model, plan);
    const double change = predictLatency(model, changed) - before;
    const double traffic = countTraffic(predictor, model, changed) -
                           countTraffic(predictor, model, plan);
    const bool isBetter = predictor.tryChanges(changes);
    EXPECT_EQ(isBetter,
              change < 1e-9 * before && change + traffic < -1e-9 * before)
        << "change " << i;
    if (isBetter) {
      plan = changed;
      ++better;
    }
    EXPECT_EQ(predictor.plan(), plan);
    EXPECT_NEAR(predictor.latency(), predictLatency(model, plan), 1e-12);
    if (testing::Test::HasFailure())
      break;
  }
  return better;
}

TEST(PlanPredictor, AgreesWithTheWholeTimeline) {
  const Network network = residualNetwork();
  for (double bandwidth : {1.0, 30.0, 1000.0}) {
    const ClusterDescription cluster = makeCluster({1, 2, 1.5}, bandwidth);
    const CostModel model(network, cluster, nullptr);
    RandomPlacements placements(network, 3);
    int better = 0;
    for (int start = 0; start < 10; ++start)
      better += tryRandomChanges(model, placements);
    EXPECT_GT(better, 30);
  }
}

TEST(PlanPredictor, EarlyTrafficCountsInFull) {
  const Network network = residualNetwork();
  const ClusterDescription cluster = makeCluster({1, 1}, 1.0);
  const CostModel model(network, cluster, nullptr);
  const PlanPredictor predictor(
      model, divideInProportion(network, std::vector{1.0, 1.0}, 0, 1));
  EXPECT_EQ(predictor.trafficWeight(network.arguments.front()), 0.1);
  // The first device goes to work when the other one's image is on its way.
  EXPECT_EQ(predictor.trafficWeight(network.layers.front().result), 1.0);
  EXPECT_EQ(predictor.trafficWeight(network.layers.back().result), 0.1);
}

} // namespace
