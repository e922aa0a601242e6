//===- plan_timeline_test.cpp - When everything of a plan happens ---------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/PlanTimeline.h"
#include "passes/Analysis/RulePlans.h"
#include "test/unit/planner_networks.h"

#include <gtest/gtest.h>

using namespace windrow;
using namespace windrow::test;

namespace {

/// Two devices that compute a row of layer 0 in 1 ms, on links of 1 MB/s and
/// 10 ms, where a message costs no processor time.
class PlanTimeline : public testing::Test {
protected:
  PlanTimeline() {
    table.devices = {{"d0", 1, 0.0, {}}, {"d1", 1, 0.0, {}}};
    for (MeasuredDevice &device : table.devices)
      device.operators = {{network.layers[0].shape, {1}, {1e-3}}};
    for (const char *from : {"d0", "d1", "client"})
      for (const char *to : {"d0", "d1", "client"})
        table.links.push_back({from, to, 10e-3, 1e6, 0.0});
  }

  double latencyOf(const Plan &plan) {
    return predictLatency(CostModel(network, cluster, &table), plan);
  }

  Plan rowsPlan(std::vector<int64_t> bounds) {
    LayerPlacement placement;
    placement.mode = LayerMode::Rows;
    placement.devices = {0, 1};
    placement.bounds = std::move(bounds);
    return {std::vector<LayerPlacement>(network.layers.size(), placement)};
  }

  // A row of 25 columns of 10 channels of 4 bytes takes 1 ms to travel.
  const Network network = NetworkBuilder(8, 25, 10).conv(10, 3).finish();
  const ClusterDescription cluster = makeCluster({1.0, 1.0});
  CostTable table;
};

TEST_F(PlanTimeline, OneDeviceReceivesComputesAndAnswers) {
  EXPECT_NEAR(latencyOf(leaveToOne(network, 0)),
              10e-3 + 8e-3 + 8e-3 + 10e-3 + 8e-3, 1e-9);
}

TEST_F(PlanTimeline, CardsSendOneMessageAfterTheOther) {
  // The client sends five rows to each, the second five after the first, and
  // receives eight.
  const double lastArrives = 10e-3 + 10e-3;
  EXPECT_NEAR(latencyOf(rowsPlan({0, 4, 8})), lastArrives + 4e-3 + 10e-3 + 4e-3,
              1e-9);
}

TEST_F(PlanTimeline, SharesFollowTheBounds) {
  const CostModel model(network, cluster, &table);
  const PlanTimes times = predictTimes(model, rowsPlan({0, 6, 8}), true);
  EXPECT_NEAR(times.devices[0].compute, 6e-3, 1e-12);
  EXPECT_NEAR(times.devices[1].compute, 2e-3, 1e-12);
  // Seven rows, then three for the other one.
  EXPECT_NEAR(times.layers[0][0].wait, 17e-3, 1e-9);
  EXPECT_NEAR(times.layers[0][1].wait, 20e-3, 1e-9);
}

TEST(PlanExchanges, HaloRowsComeFromTheirOwners) {
  const Network network =
      NetworkBuilder(8, 4, 1).conv(1, 3).conv(1, 5).finish();
  LayerPlacement placement{LayerMode::Rows, {1, 0}, {0, 5, 8}, {}, {}, {}};
  const Plan plan{{placement, placement}};
  const TensorExchange exchange = findExchanges(network, plan, 2)[1];
  EXPECT_EQ(exchange.needed[0], (RowInterval{3, 8}));
  EXPECT_EQ(exchange.needed[1], (RowInterval{0, 7}));
  ASSERT_EQ(exchange.transfers.size(), 2u);
  EXPECT_EQ(exchange.transfers[0].source, 0u);
  EXPECT_EQ(exchange.transfers[0].rows, (RowInterval{5, 7}));
  EXPECT_EQ(exchange.transfers[1].source, 1u);
  EXPECT_EQ(exchange.transfers[1].rows, (RowInterval{3, 5}));
  EXPECT_EQ(exchange.transfers[1].bytes, 2 * 4 * 4);
}

TEST(PlanExchanges, RecomputedRowsAreNotSent) {
  const Network network =
      NetworkBuilder(8, 4, 1).conv(1, 3).conv(1, 3).finish();
  LayerPlacement rows{LayerMode::Rows, {0, 1}, {0, 4, 8}, {}, {}, {}};
  LayerPlacement fused = rows;
  fused.computed = {{0, 5}, {3, 8}};
  const std::vector<TensorExchange> exchanges =
      findExchanges(network, {{fused, rows}}, 2);
  EXPECT_TRUE(exchanges[1].transfers.empty());
  EXPECT_EQ(exchanges[0].needed[0], (RowInterval{0, 6}));
}

TEST(PlanExchanges, ChannelsGoToWhomeverLacksThem) {
  const Network network =
      NetworkBuilder(1, 1, 64).fullyConnected(32).fullyConnected(8).finish();
  LayerPlacement channels{LayerMode::Channels, {0, 1}, {0, 24, 32}, {}, {}, {}};
  LayerPlacement owner{LayerMode::Owner, {1}, {}, {}, {}, {}};
  const std::vector<TensorExchange> exchanges =
      findExchanges(network, {{channels, owner}}, 2);
  ASSERT_EQ(exchanges[1].transfers.size(), 1u);
  EXPECT_EQ(exchanges[1].transfers[0].source, 0u);
  EXPECT_EQ(exchanges[1].transfers[0].bytes, 24 * 4);
}

TEST(PlanTimes, PiecesOfChannelsTravelWhileTheNextAreComputed) {
  const Network network =
      NetworkBuilder(1, 1, 64).fullyConnected(32).fullyConnected(8).finish();
  const ClusterDescription cluster = makeCluster({1.0, 1.0});
  // A channel takes 0.625 ms to compute and 0.25 ms to travel.
  CostTable table;
  table.devices = {{"d0", 1, 0.0, {}}, {"d1", 1, 0.0, {}}};
  OperatorShape half = network.layers[0].shape, quarter = half;
  half.output[1] = 16;
  quarter.output[1] = 8;
  for (MeasuredDevice &device : table.devices)
    device.operators = {{network.layers[0].shape, {1}, {20e-3}},
                        {half, {1}, {10e-3}},
                        {quarter, {1}, {5e-3}},
                        {network.layers[1].shape, {1}, {1e-3}}};
  for (const char *from : {"d0", "d1", "client"})
    for (const char *to : {"d0", "d1", "client"})
      table.links.push_back({from, to, 10e-3, 16e3, 1e-6});
  const CostModel model(network, cluster, &table);
  // Its input is there after 10 + 2 * 16 ms.
  const double start = 42e-3;
  for (auto [pieces, arrival] :
       {std::pair<int64_t, double>{1, start + 10e-3 + 4e-3 + 10e-3},
        {2, start + 10e-3 + 2e-3 + 10e-3}}) {
    const Plan plan{
        {{LayerMode::Channels, {0, 1}, {0, 16, 32}, {}, {}, {}, pieces},
         {LayerMode::Owner, {0}, {}, {}, {}, {}}}};
    const PlanTimes times = predictTimes(model, plan, true);
    const LayerTime &last = times.layers[1][0];
    EXPECT_NEAR(last.start + last.wait, arrival, 1e-5) << pieces;
    EXPECT_NEAR(times.devices[1].message,
                static_cast<double>(1 + pieces) * 1e-6, 1e-9);
  }
}

TEST(PlanExchanges, PartialSumsReadTheirChannelsOnly) {
  const Network network =
      NetworkBuilder(1, 1, 64).fullyConnected(32).fullyConnected(8).finish();
  LayerPlacement channels{LayerMode::Channels, {0, 1}, {0, 24, 32}, {}, {}, {}};
  LayerPlacement owner{LayerMode::Owner, {1}, {}, {}, {0, 1}, {0, 24, 32}};
  EXPECT_TRUE(
      findExchanges(network, {{channels, owner}}, 2)[1].transfers.empty());
}

TEST(PlanMemory, CountsWeightsAndWhatIsAlive) {
  const Network network =
      NetworkBuilder(1, 1, 64).fullyConnected(32).fullyConnected(8).finish();
  LayerPlacement channels{LayerMode::Channels, {0, 1}, {0, 24, 32}, {}, {}, {}};
  LayerPlacement owner{LayerMode::Owner, {1}, {}, {}, {}, {}};
  const std::vector<int64_t> memory =
      estimateMemory(network, {{channels, owner}}, 2);
  EXPECT_EQ(memory[0], 64 * 24 * 4 + (64 + 24) * 4);
  EXPECT_EQ(memory[1], 64 * 8 * 4 + 32 * 8 * 4 + (64 + 32) * 4);
}

TEST(PlanMemory, CountsTransformedFilters) {
  Network network = NetworkBuilder(8, 8, 16).conv(32, 3).finish();
  const int64_t filters = 16 * 9 * 32 * 4;
  auto memoryOf = [&](const std::string &kernel, LayerPlacement placement) {
    network.layers[0].shape.kernel = kernel;
    return estimateMemory(network, {{std::move(placement)}}, 2);
  };
  const LayerPlacement owner{LayerMode::Owner, {1}, {}, {}, {}, {}};
  const int64_t images = 8 * 8 * (16 + 32) * 4;
  EXPECT_EQ(memoryOf("direct", owner)[1], filters + images);
  EXPECT_EQ(memoryOf("winograd4x4", owner)[1], 4 * filters + images);
  EXPECT_EQ(memoryOf("winograd2x2", owner)[1], filters * 16 / 9 + images);
  EXPECT_EQ(memoryOf("winograd4x4", owner)[0], 0);
  const LayerPlacement channels{
      LayerMode::Channels, {0, 1}, {0, 24, 32}, {}, {}, {}};
  EXPECT_EQ(memoryOf("winograd4x4", channels)[0] -
                memoryOf("direct", channels)[0],
            3 * filters * 24 / 32);
}

} // namespace
