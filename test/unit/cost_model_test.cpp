//===- cost_model_test.cpp - Seconds of computing and sending -------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/CostModel.h"
#include "test/unit/planner_networks.h"

#include <gtest/gtest.h>

using namespace windrow;
using namespace windrow::test;

namespace {

/// A table in which device "d0" takes `seconds` for `rows` rows of layer 0.
CostTable tableFor(const Network &network, std::vector<int64_t> rows,
                   std::vector<double> seconds) {
  CostTable table;
  table.devices.push_back(
      {"d0",
       1,
       0.0,
       {{network.layers[0].shape, std::move(rows), std::move(seconds)}}});
  return table;
}

TEST(CostModel, IsARooflineWithoutMeasurements) {
  const Network network = NetworkBuilder(8, 8, 16).conv(16, 3).finish();
  ClusterDescription cluster = makeCluster({1.0});
  cluster.devices[0].gflops = 2.0;
  cluster.devices[0].gbps = 1000.0;
  const CostModel model(network, cluster, nullptr);
  const double macs = 8.0 * 8 * 16 * 16 * 9;
  EXPECT_NEAR(model.wholeSeconds(0, 0),
              macs / 1e9 + defaultKernelOverheadSeconds, 1e-12);
  EXPECT_NEAR(model.rowsSeconds(0, 0, 2),
              macs / 4e9 + defaultKernelOverheadSeconds, 1e-12);
  EXPECT_EQ(model.rowsSeconds(0, 0, 0), 0.0);
  EXPECT_EQ(model.unmeasuredDevices(), std::vector<size_t>{0});
}

TEST(CostModel, IsBoundByMemoryWhereThatIsSlower) {
  const Network network =
      NetworkBuilder(1, 1, 1024).fullyConnected(1024).finish();
  ClusterDescription cluster = makeCluster({1.0});
  cluster.devices[0].gflops = 1e6;
  cluster.devices[0].gbps = 1.0;
  const CostModel model(network, cluster, nullptr);
  EXPECT_NEAR(model.wholeSeconds(0, 0), (1024 * 1024 + 2048) * 4e-9, 3e-5);
  // Half of the channels read half of the weights.
  EXPECT_NEAR(model.channelsSeconds(0, 0, 512), 512 * 1024 * 4e-9, 5e-5);
  EXPECT_NEAR(model.partialSeconds(0, 0, 512), 512 * 1024 * 4e-9, 5e-5);
}

TEST(CostModel, DefaultsGrowWithSpeedAndThreads) {
  const Network network = NetworkBuilder(56, 56, 64).conv(64, 3).finish();
  ClusterDescription cluster = makeCluster({1.0, 2.0, 1.0});
  cluster.devices[2].threads = 4;
  const CostModel model(network, cluster, nullptr);
  const double overhead = defaultKernelOverheadSeconds;
  const double one = model.wholeSeconds(0, 0) - overhead;
  EXPECT_NEAR(model.wholeSeconds(0, 1) - overhead, one / 2, 1e-9);
  EXPECT_NEAR(model.wholeSeconds(0, 2) - overhead, one / 4, 1e-9);
}

TEST(CostModel, InterpolatesMeasuredRows) {
  const Network network = NetworkBuilder(8, 8, 16).conv(16, 3).finish();
  const CostTable table = tableFor(network, {2, 4, 8}, {3e-3, 5e-3, 6e-3});
  const ClusterDescription cluster = makeCluster({1.0});
  const CostModel model(network, cluster, &table);
  EXPECT_NEAR(model.rowsSeconds(0, 0, 1), 3e-3, 1e-12);
  EXPECT_NEAR(model.rowsSeconds(0, 0, 2), 3e-3, 1e-12);
  EXPECT_NEAR(model.rowsSeconds(0, 0, 3), 4e-3, 1e-12);
  EXPECT_NEAR(model.rowsSeconds(0, 0, 6), 5.5e-3, 1e-12);
  EXPECT_NEAR(model.rowsSeconds(0, 0, 8), 6e-3, 1e-12);
  EXPECT_TRUE(model.unmeasuredDevices().empty());
}

TEST(CostModel, InterpolatesWholeTilesOfWinogradKernels) {
  Network network = NetworkBuilder(28, 8, 16).conv(16, 3).finish();
  network.layers[0].shape.kernel = "winograd4x4";
  const CostTable table = tableFor(network, {1, 2, 4, 7, 14, 28},
                                   {2e-3, 3e-3, 4e-3, 8e-3, 16e-3, 22e-3});
  const ClusterDescription cluster = makeCluster({1.0});
  const CostModel model(network, cluster, &table);
  auto milliseconds = [&](int64_t rows) {
    return 1e3 * model.rowsSeconds(0, 0, rows);
  };
  for (int64_t rows : {1, 3, 4})
    EXPECT_NEAR(milliseconds(rows), 4, 1e-9) << rows;
  for (int64_t rows : {5, 7, 8})
    EXPECT_NEAR(milliseconds(rows), 8, 1e-9) << rows;
  EXPECT_NEAR(milliseconds(12), 12, 1e-9);
  for (int64_t rows : {13, 14, 16})
    EXPECT_NEAR(milliseconds(rows), 16, 1e-9) << rows;
  EXPECT_NEAR(milliseconds(20), 18, 1e-9);
  EXPECT_NEAR(milliseconds(28), 22, 1e-9);
}

TEST(CostModel, TakesWholeTilesBeyondMeasuredRows) {
  Network network = NetworkBuilder(28, 8, 16).conv(16, 3).finish();
  network.layers[0].shape.kernel = "winograd2x2";
  CostTable table = tableFor(network, {1, 4}, {2e-3, 4e-3});
  table.devices[0].kernelOverheadSeconds = 1e-3;
  const ClusterDescription cluster = makeCluster({1.0});
  const CostModel model(network, cluster, &table);
  EXPECT_NEAR(model.rowsSeconds(0, 0, 3), 4e-3, 1e-12);
  EXPECT_NEAR(model.rowsSeconds(0, 0, 7), 7e-3, 1e-12);
  EXPECT_NEAR(model.rowsSeconds(0, 0, 8), 7e-3, 1e-12);
}

TEST(CostModel, MoreRowsNeverTakeLess) {
  const Network network = NetworkBuilder(8, 8, 16).conv(16, 3).finish();
  const CostTable table = tableFor(network, {1, 4, 8}, {3e-3, 2e-3, 6e-3});
  const ClusterDescription cluster = makeCluster({1.0});
  const CostModel model(network, cluster, &table);
  EXPECT_EQ(model.rowsSeconds(0, 0, 4), 3e-3);
}

TEST(CostModel, TakesTheKernelThatRuns) {
  const Network network = NetworkBuilder(8, 8, 16).conv(16, 3).finish();
  CostTable table = tableFor(network, {4, 8}, {4e-3, 8e-3});
  OperatorShape winograd = network.layers[0].shape;
  winograd.kernel = "winograd";
  table.devices[0].operators.push_back({winograd, {4, 8}, {3e-3, 6e-3}});
  const ClusterDescription cluster = makeCluster({1.0});
  EXPECT_EQ(CostModel(network, cluster, &table).rowsSeconds(0, 0, 8), 8e-3);
  Network faster = network;
  faster.layers[0].shape.kernel = "winograd";
  faster.layers[0].rowGrain = 4;
  const CostModel model(faster, cluster, &table);
  EXPECT_EQ(model.rowsSeconds(0, 0, 8), 6e-3);
  // Whole tiles are computed.
  EXPECT_EQ(model.rowsSeconds(0, 0, 2), 3e-3);
}

TEST(CostModel, ClampsWithoutAnEntryOfTheirOwnCostTheSame) {
  const Network network = NetworkBuilder(8, 8, 16).conv(16, 3).add(0).finish();
  CostTable table = tableFor(network, {8}, {8e-3});
  table.devices[0].operators.push_back({network.layers[1].shape, {8}, {1e-3}});
  Network clamped = network;
  clamped.layers[1].shape.isClamped = true;
  const ClusterDescription cluster = makeCluster({1.0});
  EXPECT_EQ(CostModel(clamped, cluster, &table).wholeSeconds(1, 0), 1e-3);
}

TEST(CostModel, TakesTheEfficiencyOfTheNearestShape) {
  const Network measured = NetworkBuilder(8, 32, 16).conv(16, 3).finish();
  const CostTable table = tableFor(measured, {8}, {1e-3});
  const Network network = NetworkBuilder(8, 32, 16).conv(32, 3).finish();
  const ClusterDescription cluster = makeCluster({1.0});
  const CostModel model(network, cluster, &table);
  // Twice the arithmetic, and a little less than twice the memory traffic.
  EXPECT_NEAR(model.wholeSeconds(0, 0), 2e-3, 0.1e-3);
}

TEST(CostModel, InterpolatesMeasuredSlices) {
  const Network network = NetworkBuilder(8, 8, 16).conv(64, 3).finish();
  CostTable table = tableFor(network, {8}, {10e-3});
  auto measure = [&](int64_t inputs, int64_t outputs, double seconds) {
    OperatorShape slice = network.layers[0].shape;
    slice.input[1] = inputs;
    slice.output[1] = outputs;
    table.devices[0].operators.push_back({slice, {8}, {seconds}});
  };
  measure(16, 32, 6e-3);
  measure(8, 64, 7e-3);
  const ClusterDescription cluster = makeCluster({1.0});
  const CostModel model(network, cluster, &table);
  EXPECT_NEAR(model.channelsSeconds(0, 0, 32), 6e-3, 1e-12);
  EXPECT_NEAR(model.channelsSeconds(0, 0, 48), 8e-3, 1e-12);
  EXPECT_NEAR(model.channelsSeconds(0, 0, 16), 4e-3, 1e-12);
  EXPECT_NEAR(model.partialSeconds(0, 0, 12), 8.5e-3, 1e-12);
  // A part of a device's program costs the same.
  OperatorShape part = network.layers[0].shape;
  part.output[1] = 48;
  EXPECT_NEAR(model.operatorSeconds(0, part, network.layers[0].cost, 8), 8e-3,
              1e-12);
}

TEST(CostModel, TakesWholeTilesOfOutputChannels) {
  const Network network = NetworkBuilder(8, 8, 16).conv(96, 3).finish();
  CostTable table = tableFor(network, {8}, {9e-3});
  OperatorShape slice = network.layers[0].shape;
  slice.output[1] = 32;
  table.devices[0].operators.push_back({slice, {8}, {4e-3}});
  const ClusterDescription cluster = makeCluster({1.0});
  {
    const CostModel model(network, cluster, &table);
    EXPECT_NEAR(model.channelsSeconds(0, 0, 48), 5.25e-3, 1e-12);
    EXPECT_EQ(model.channelTile(), 16);
  }
  table.devices[0].channelTile = 32;
  const CostModel model(network, cluster, &table);
  EXPECT_EQ(model.channelTile(), 32);
  EXPECT_NEAR(model.channelsSeconds(0, 0, 1), 4e-3, 1e-12);
  EXPECT_NEAR(model.channelsSeconds(0, 0, 32), 4e-3, 1e-12);
  EXPECT_NEAR(model.channelsSeconds(0, 0, 48), 6.5e-3, 1e-12);
  EXPECT_NEAR(model.channelsSeconds(0, 0, 64), 6.5e-3, 1e-12);
  EXPECT_NEAR(model.channelsSeconds(0, 0, 65), 9e-3, 1e-12);
  // Input channels have no tiles.
  EXPECT_LT(model.partialSeconds(0, 0, 4), model.partialSeconds(0, 0, 8));
}

TEST(CostModel, JoiningCostsACallForEachPartAndTheTraffic) {
  const Network network = NetworkBuilder(8, 8, 16).conv(16, 3).finish();
  const ClusterDescription cluster = makeCluster({1.0});
  const CostModel model(network, cluster, nullptr);
  EXPECT_NEAR(model.joinSeconds(0, 4'000'000, 3),
              3 * defaultKernelOverheadSeconds + 2 * 4e6 / (defaultGbps * 1e9),
              1e-12);
}

TEST(CostModel, KernelsAreComparableWhereThisOperatorWasMeasured) {
  Network network = NetworkBuilder(8, 8, 16).conv(16, 3).finish();
  const CostTable table = tableFor(network, {4, 8}, {4e-3, 8e-3});
  const ClusterDescription cluster = makeCluster({1.0});
  EXPECT_TRUE(CostModel(network, cluster, &table).isMeasured(0));
  EXPECT_TRUE(CostModel(network, cluster, nullptr).isMeasured(0));
  network.layers[0].shape.output[1] = 32;
  EXPECT_FALSE(CostModel(network, cluster, &table).isMeasured(0));
}

TEST(CostModel, SlicesAreNoMoreEfficientThanTheWhole) {
  const Network network = NetworkBuilder(8, 8, 16).conv(64, 3).finish();
  CostTable table = tableFor(network, {8}, {10e-3});
  OperatorShape slice = network.layers[0].shape;
  slice.output[1] = 32;
  table.devices[0].operators.push_back({slice, {8}, {4e-3}});
  const ClusterDescription cluster = makeCluster({1.0});
  const CostModel model(network, cluster, &table);
  EXPECT_NEAR(model.channelsSeconds(0, 0, 8), 1e-3, 1e-12);
}

TEST(CostModel, TakesLinksFromTheTableFirst) {
  const Network network = NetworkBuilder(8, 8, 16).conv(16, 3).finish();
  CostTable table;
  table.links.push_back({"d0", "d1", 200e-6, 1e8, 10e-6});
  const ClusterDescription cluster = makeCluster({1.0, 1.0}, 1000, 100);
  const CostModel model(network, cluster, &table);
  EXPECT_DOUBLE_EQ(model.link(0, 1).latencySeconds, 200e-6);
  EXPECT_DOUBLE_EQ(model.link(1, 0).secondsPerByte, 1e-8);
  EXPECT_DOUBLE_EQ(model.link(1, 0).messageSeconds, 10e-6);
  EXPECT_DOUBLE_EQ(model.link(0, model.client()).latencySeconds, 100e-6);
  EXPECT_DOUBLE_EQ(model.link(0, model.client()).secondsPerByte, 8e-9);
}

} // namespace
