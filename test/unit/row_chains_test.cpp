//===- row_chains_test.cpp - Layers that go on with the same rows ---------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/PlanTimeline.h"
#include "passes/Analysis/RowChains.h"
#include "test/unit/planner_networks.h"

#include <gmock/gmock.h>

using namespace windrow;
using namespace windrow::test;
using testing::ElementsAre;

namespace {

constexpr std::optional<size_t> none;

/// Every layer by the same rows on two devices.
Plan divideAll(const Network &network, int64_t middle, int64_t rows) {
  LayerPlacement placement;
  placement.mode = LayerMode::Rows;
  placement.devices = {0, 1};
  placement.bounds = {0, middle, rows};
  return {std::vector<LayerPlacement>(network.layers.size(), placement)};
}

/// A convolution, and one more with a sum of both behind it, then another.
Network residualConvolutions() {
  return NetworkBuilder(8, 25, 10)
      .conv(10, 3)
      .conv(10, 3)
      .add(0)
      .conv(10, 3)
      .finish();
}

TEST(RowChains, ASumGoesOnWithTheConvolutionBeforeIt) {
  const Network network = residualConvolutions();
  EXPECT_THAT(findPredecessors(network, divideAll(network, 4, 8)),
              ElementsAre(none, none, 1, none));
}

TEST(RowChains, PointwiseConvolutionsLengthenAChain) {
  const Network network =
      NetworkBuilder(8, 25, 10).conv(10, 3).conv(10, 1).conv(10, 1).finish();
  EXPECT_THAT(findPredecessors(network, divideAll(network, 4, 8)),
              ElementsAre(none, 0, 1));
}

TEST(RowChains, OtherRowsDevicesOrModesEndAChain) {
  const Network network = residualConvolutions();
  const Plan plan = divideAll(network, 4, 8);
  Plan other = plan;
  other.layers[2].bounds = {0, 5, 8};
  EXPECT_EQ(findPredecessors(network, other)[2], none);
  other = plan;
  other.layers[1].computed = {{0, 5}, {4, 8}};
  EXPECT_EQ(findPredecessors(network, other)[2], none);
  other.layers[2].computed = {{0, 5}, {4, 8}};
  EXPECT_EQ(findPredecessors(network, other)[2], 1);
  other = plan;
  other.layers[1].devices = {1, 0};
  EXPECT_EQ(findPredecessors(network, other)[2], none);
  other = plan;
  other.layers[2] = {};
  other.layers[2].devices = {0};
  EXPECT_EQ(findPredecessors(network, other)[2], none);
}

TEST(RowChains, BoundaryRowsLeaveBeforeTheConvolutionIsDone) {
  const Network network = residualConvolutions();
  const ClusterDescription cluster = makeCluster({1.0, 1.0});
  // A row of a convolution takes 10 ms, a sum nothing worth mentioning; a row
  // travels for 20 ms.
  CostTable table;
  table.devices = {{"d0", 1, 0.0, {}}, {"d1", 1, 0.0, {}}};
  for (MeasuredDevice &device : table.devices)
    device.operators = {{network.layers[0].shape, {1}, {10e-3}},
                        {network.layers[2].shape, {1}, {1e-9}}};
  for (const char *from : {"d0", "d1", "client"})
    for (const char *to : {"d0", "d1", "client"})
      table.links.push_back({from, to, 19e-3, 1e6, 0.0});
  const PlanTimes times = predictTimes(CostModel(network, cluster, &table),
                                       divideAll(network, 4, 8), true);
  // Three rows, 30 ms, are left when the row that the other one needs leaves.
  EXPECT_NEAR(times.layers[3][0].wait, 0, 1e-9);
  EXPECT_NEAR(times.layers[3][1].wait, 0, 1e-9);
}

} // namespace
