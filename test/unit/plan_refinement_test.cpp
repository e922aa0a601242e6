//===- plan_refinement_test.cpp - Improving the shares of a plan ----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/PlanRefinement.h"
#include "passes/Analysis/PlanTimeline.h"
#include "test/unit/planner_networks.h"

#include <gtest/gtest.h>

using namespace windrow;
using namespace windrow::test;

namespace {

constexpr int64_t enoughWork = 1'000'000;

LayerPlacement divided(LayerMode mode, std::vector<int64_t> bounds) {
  LayerPlacement placement;
  placement.mode = mode;
  for (size_t device = 0; device + 1 < bounds.size(); ++device)
    placement.devices.push_back(device);
  placement.bounds = std::move(bounds);
  return placement;
}

TEST(PlanRefinement, MovesChannelsToTheFasterDevice) {
  const Network network =
      NetworkBuilder(1, 1, 4096).fullyConnected(2048).finish();
  const ClusterDescription cluster = makeCluster({1, 0.5});
  const CostModel model(network, cluster, nullptr);
  const Plan equal{{divided(LayerMode::Channels, {0, 1024, 2048})}};
  const RefinedPlan refined = refinePlan(model, nullptr, equal, enoughWork);
  EXPECT_LT(refined.latency, 0.8 * predictLatency(model, equal));
  EXPECT_NEAR(refined.plan.layers[0].bounds[1], 2048 * 2 / 3, 32);
  // Whole tiles of the kernels.
  EXPECT_EQ(refined.plan.layers[0].bounds[1] % 16, 0);
}

TEST(PlanRefinement, ContractsTheChannelsThatADeviceHasComputed) {
  const Network network = NetworkBuilder(1, 1, 4096)
                              .fullyConnected(2048)
                              .fullyConnected(1024)
                              .finish();
  const ClusterDescription cluster = makeCluster({1, 0.5});
  const CostModel model(network, cluster, nullptr);
  Plan plan{{divided(LayerMode::Channels, {0, 1024, 2048}), {}}};
  plan.layers[1].devices = {0};
  plan.layers[1].partialDevices = plan.layers[0].devices;
  plan.layers[1].partialBounds = plan.layers[0].bounds;
  const RefinedPlan refined = refinePlan(model, nullptr, plan, enoughWork);
  EXPECT_GT(refined.plan.layers[0].bounds[1], 1200);
  EXPECT_EQ(refined.plan.layers[1].partialBounds,
            refined.plan.layers[0].bounds);
}

TEST(PlanRefinement, MovesRowsPastTheDevicesBetween) {
  const Network network = NetworkBuilder(16, 64, 256).conv(256, 1).finish();
  const ClusterDescription cluster = makeCluster({1, 1, 1, 1}, 1e5, 1);
  const CostModel model(network, cluster, nullptr);
  // Whichever single bound moves, some device has five rows.
  const Plan uneven{{divided(LayerMode::Rows, {0, 5, 9, 13, 16})}};
  const RefinedPlan refined = refinePlan(model, nullptr, uneven, enoughWork);
  EXPECT_EQ(refined.plan.layers[0].bounds,
            (std::vector<int64_t>{0, 4, 8, 12, 16}));
}

} // namespace
