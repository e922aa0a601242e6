//===- plan_search_test.cpp - The fastest plan for the machines there are -===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/LowerBound.h"
#include "passes/Analysis/PlanSearch.h"
#include "passes/Analysis/PlanTimeline.h"
#include "passes/Analysis/RulePlans.h"
#include "test/unit/planner_networks.h"

#include <gtest/gtest.h>

#include "rapidcheck/gtest.h"
#include <algorithm>

using namespace windrow;
using namespace windrow::test;

namespace {

Network convolutions(int64_t rows, int64_t channels) {
  return NetworkBuilder(rows, rows, 3)
      .conv(channels, 3)
      .conv(channels, 3)
      .conv(channels, 3)
      .add(0)
      .globalPool()
      .fullyConnected(10)
      .finish();
}

TEST(PlanSearch, UsesAllDevicesWhereThatPays) {
  const Network network = convolutions(112, 64);
  const ClusterDescription cluster = makeCluster({1, 1, 1, 1});
  const CostModel model(network, cluster, nullptr);
  const SearchResult result = searchPlan(model, {});
  EXPECT_FALSE(result.isSingle);
  EXPECT_EQ(result.plan.layers[1].devices.size(), 4u);
  const double alone = predictLatency(model, leaveToOne(network, 0));
  EXPECT_LT(result.latency, alone / 3.0);
  const double bound = boundLatency(model);
  EXPECT_LE(bound, result.latency);
  EXPECT_GT(bound, alone / 5.0);
}

TEST(PlanSearch, AddsOnlyThePartsOfSumsThatAreNeeded) {
  // A pair of layers without an exchange between them, then one more: its input
  // is gathered from parts, which each device has added up.
  const Network network = NetworkBuilder(1, 49, 512)
                              .conv(2048, 1)
                              .conv(512, 1)
                              .conv(512, 3)
                              .conv(2048, 1)
                              .conv(512, 1)
                              .conv(512, 3)
                              .finish();
  const ClusterDescription cluster = makeCluster({1, 1, 1, 1}, 200);
  const CostModel model(network, cluster, nullptr);
  const SearchResult result = searchPlan(model, {});
  EXPECT_TRUE(
      std::ranges::any_of(result.plan.layers, [](const LayerPlacement &layer) {
        return !layer.partialDevices.empty() &&
               layer.mode == LayerMode::Channels;
      }));
  Plan replicated = result.plan;
  for (LayerPlacement &layer : replicated.layers)
    if (!layer.partialDevices.empty()) {
      layer.mode = LayerMode::Replicated;
      layer.bounds.clear();
    }
  EXPECT_LT(result.latency, predictLatency(model, replicated));
}

TEST(PlanSearch, ComputesChannelsInPiecesThatTravelMeanwhile) {
  const Network network = NetworkBuilder(3, 28, 256)
                              .conv(256, 3)
                              .conv(256, 3)
                              .conv(256, 3)
                              .finish();
  const ClusterDescription cluster = makeCluster({1, 1, 1, 1}, 300);
  const CostModel model(network, cluster, nullptr);
  const SearchResult result = searchPlan(model, {});
  Plan whole = result.plan;
  for (LayerPlacement &layer : whole.layers)
    layer.pieces = 1;
  EXPECT_NE(result.plan, whole);
  EXPECT_LT(result.latency, predictLatency(model, whole));
}

TEST(PlanSearch, KeepsToARuleWhereThatIsAsGood) {
  const Network network = convolutions(112, 64);
  const ClusterDescription cluster = makeCluster({1, 1}, 1e5, 1);
  const CostModel model(network, cluster, nullptr);
  EXPECT_EQ(searchPlan(model, {}).plan,
            divideInProportion(network, std::vector{1.0, 1.0}, 0, 1));
}

TEST(PlanSearch, LeavesEverythingToOneOnASlowNetwork) {
  const Network network = convolutions(56, 16);
  const ClusterDescription cluster = makeCluster({1, 2, 1}, 0.1, 20000);
  const CostModel model(network, cluster, nullptr);
  const SearchResult result = searchPlan(model, {});
  EXPECT_TRUE(result.isSingle);
  EXPECT_EQ(result.plan.layers[0].devices, std::vector<size_t>{1});
}

TEST(PlanSearch, LeavesOutADeviceThatWouldDelay) {
  const Network network = convolutions(56, 64);
  const ClusterDescription cluster = makeCluster({1, 1, 0.001});
  const CostModel model(network, cluster, nullptr);
  const SearchResult result = searchPlan(model, {});
  // But for the small sum of the pool, which costs it next to nothing.
  EXPECT_LT(predictTimes(model, result.plan).devices[2].compute,
            0.01 * result.latency);
}

TEST(PlanSearch, DividesWeightsThatOneDeviceCannotHold) {
  const Network network = NetworkBuilder(1, 1, 2048)
                              .fullyConnected(2048)
                              .fullyConnected(2048)
                              .finish();
  ClusterDescription cluster = makeCluster({1, 1}, 1, 100000);
  for (DeviceDescription &device : cluster.devices)
    device.memoryMb = 20;
  const CostModel model(network, cluster, nullptr);
  const SearchResult result = searchPlan(model, {});
  EXPECT_TRUE(result.fitsMemory);
  for (int64_t bytes : result.memory)
    EXPECT_LE(bytes, 20'000'000);
}

TEST(PlanSearch, SaysWhenNoPlanFits) {
  const Network network =
      NetworkBuilder(1, 1, 2048).fullyConnected(2048).finish();
  ClusterDescription cluster = makeCluster({1, 1});
  for (DeviceDescription &device : cluster.devices)
    device.memoryMb = 1;
  const CostModel model(network, cluster, nullptr);
  EXPECT_FALSE(searchPlan(model, {}).fitsMemory);
}

TEST(PlanSearch, MakesMemorySmallWhereAsked) {
  const Network network = NetworkBuilder(14, 14, 256)
                              .conv(512, 3)
                              .conv(512, 3)
                              .fullyConnected(100)
                              .finish();
  const ClusterDescription cluster = makeCluster({1, 1, 1, 1});
  const CostModel model(network, cluster, nullptr);
  SearchOptions options;
  options.objective = Objective::Memory;
  const SearchResult small = searchPlan(model, options);
  const SearchResult fast = searchPlan(model, {});
  EXPECT_LT(std::ranges::max(small.memory), std::ranges::max(fast.memory));
  EXPECT_LE(fast.latency, small.latency);
}

RC_GTEST_PROP(PlanSearchProperty, IsNeverSlowerThanTheRules, ()) {
  const auto rows = *rc::gen::inRange<int64_t>(2, 40);
  const auto channels = *rc::gen::inRange<int64_t>(1, 100);
  const auto units = *rc::gen::container<std::vector<int>>(
      *rc::gen::inRange<size_t>(1, 6), rc::gen::inRange(1, 10));
  const auto bandwidth = *rc::gen::element(1.0, 10.0, 100.0, 1000.0);
  const auto latency = *rc::gen::element(0.0, 100.0, 5000.0);
  const Network network = convolutions(rows, channels);
  const std::vector<double> speeds(units.begin(), units.end());
  const ClusterDescription cluster = makeCluster(speeds, bandwidth, latency);
  const CostModel model(network, cluster, nullptr);
  const SearchResult result = searchPlan(model, {});
  RC_ASSERT(result.latency == predictLatency(model, result.plan));
  RC_ASSERT(boundLatency(model) <= result.latency);
  const size_t fastest = cluster.fastestDevice();
  const std::vector<double> equal(speeds.size(), 1.0);
  for (const Plan &plan : {leaveToOne(network, fastest), balanceGreedily(model),
                           divideInProportion(network, equal, fastest, 1),
                           divideInProportion(network, speeds, fastest, 1)})
    RC_ASSERT(result.latency <= predictLatency(model, plan));
}

} // namespace
