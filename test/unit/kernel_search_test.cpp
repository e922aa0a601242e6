//===- kernel_search_test.cpp - The fastest kernels with their plan -------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/KernelSearch.h"
#include "passes/Analysis/PlanTimeline.h"
#include "test/unit/planner_networks.h"

#include <algorithm>
#include <gtest/gtest.h>

using namespace windrow;
using namespace windrow::test;

namespace {

/// Three convolutions of 7 rows, which Winograd's algorithm computes four at a
/// time unless another kernel is chosen.
Network makeNetwork() {
  Network network = NetworkBuilder(7, 28, 256)
                        .conv(256, 3)
                        .conv(256, 3)
                        .conv(256, 3)
                        .finish();
  for (Layer &layer : network.layers) {
    KernelVariant winograd{"winograd4x4", 4, {}};
    const std::vector<RowInterval> &windows = layer.operands.front().windows;
    for (size_t row = 0; row < windows.size(); ++row) {
      const size_t tile = row / 4 * 4;
      winograd.windows.push_back(
          windows[tile].hull(windows[std::min<size_t>(tile + 3, 6)]));
    }
    layer.exchangeKernel(winograd);
    layer.otherKernels = {winograd};
  }
  return network;
}

bool usesOnly(const Network &network, const std::string &kernel) {
  return std::ranges::all_of(network.layers, [&](const Layer &layer) {
    return layer.shape.kernel == kernel;
  });
}

TEST(KernelSearch, KeepsTheFasterKernelOnOneDevice) {
  Network network = makeNetwork();
  const ClusterDescription cluster = makeCluster({1});
  const SearchResult result = searchKernels(network, cluster, nullptr, {});
  EXPECT_TRUE(usesOnly(network, "winograd4x4"));
  EXPECT_EQ(result.latency,
            predictLatency(CostModel(network, cluster, nullptr), result.plan));
}

TEST(KernelSearch, TakesTheKernelThatGivesAllDevicesWork) {
  Network network = makeNetwork();
  const ClusterDescription cluster =
      makeCluster(std::vector<double>(7, 1.0), 100000, 1);
  const CostModel before(network, cluster, nullptr);
  SearchOptions options;
  options.useChannels = false;
  const double fixed = searchPlan(before, options).latency;
  const SearchResult result = searchKernels(network, cluster, nullptr, options);
  EXPECT_TRUE(usesOnly(network, "direct"));
  EXPECT_LT(result.latency, 0.8 * fixed);
  EXPECT_EQ(result.latency,
            predictLatency(CostModel(network, cluster, nullptr), result.plan));
}

TEST(KernelSearch, LeavesWhatWasNotMeasured) {
  Network network = makeNetwork();
  const ClusterDescription cluster =
      makeCluster(std::vector<double>(7, 1.0), 100000, 1);
  CostTable table;
  for (const DeviceDescription &device : cluster.devices)
    table.devices.push_back(
        {device.name, 1, 1e-6, {{network.layers[0].shape, {4, 7}, {1, 2}}}});
  SearchOptions options;
  options.useChannels = false;
  searchKernels(network, cluster, &table, options);
  EXPECT_TRUE(usesOnly(network, "winograd4x4"));
}

TEST(KernelSearch, TakesKernelsThatHoldLessWhereMemoryIsToBeSmall) {
  Network network = makeNetwork();
  const ClusterDescription cluster = makeCluster({1, 1});
  SearchOptions options;
  options.objective = Objective::Memory;
  const auto fixed =
      searchPlan(CostModel(network, cluster, nullptr), options).memory;
  const SearchResult result = searchKernels(network, cluster, nullptr, options);
  EXPECT_TRUE(usesOnly(network, "direct"));
  EXPECT_LT(std::ranges::max(result.memory), std::ranges::max(fixed) / 2);
  EXPECT_EQ(result.memory, estimateMemory(network, result.plan, 2));
  EXPECT_EQ(result.latency,
            predictLatency(CostModel(network, cluster, nullptr), result.plan));
}

TEST(KernelSearch, TakesThemThoughTheyWereNotMeasured) {
  Network network = makeNetwork();
  const ClusterDescription cluster = makeCluster({1, 1});
  CostTable table;
  for (const DeviceDescription &device : cluster.devices)
    table.devices.push_back(
        {device.name, 1, 1e-6, {{network.layers[0].shape, {4, 7}, {1, 2}}}});
  SearchOptions options;
  options.objective = Objective::Memory;
  searchKernels(network, cluster, &table, options);
  EXPECT_TRUE(usesOnly(network, "direct"));
}

TEST(KernelSearch, LeavesFasterKernelsWhereTheyFit) {
  Network network = NetworkBuilder(8, 56, 16).conv(64, 3).conv(512, 3).finish();
  for (Layer &layer : network.layers) {
    KernelVariant winograd{"winograd4x4", 4, layer.operands.front().windows};
    layer.exchangeKernel(winograd);
    layer.otherKernels = {winograd};
  }
  ClusterDescription cluster = makeCluster({1});
  // Transformed, the second layer's filters take 4.7 MB, the first one's 0.1.
  cluster.devices[0].memoryMb = 4;
  SearchOptions options;
  options.useStreams = false;
  const SearchResult result = searchKernels(network, cluster, nullptr, options);
  EXPECT_TRUE(result.fitsMemory);
  EXPECT_EQ(network.layers[0].shape.kernel, "winograd4x4");
  EXPECT_EQ(network.layers[1].shape.kernel, "direct");
}

TEST(KernelSearch, TakesKernelsThatHoldLessWhereADeviceHasTooLittle) {
  Network network = makeNetwork();
  ClusterDescription cluster = makeCluster({1});
  const int64_t weights = 3 * network.layers[0].cost.weightBytes;
  cluster.devices[0].memoryMb = 2 * weights / 1'000'000;
  ASSERT_FALSE(searchPlan(CostModel(network, cluster, nullptr), {}).fitsMemory);
  const SearchResult result = searchKernels(network, cluster, nullptr, {});
  EXPECT_TRUE(result.fitsMemory);
  EXPECT_TRUE(usesOnly(network, "direct"));
}

TEST(KernelSearch, AnExchangeTwiceChangesNothing) {
  Network network = makeNetwork();
  Layer &layer = network.layers.front();
  const std::vector<RowInterval> windows = layer.operands.front().windows;
  layer.exchangeKernel(layer.otherKernels.front());
  EXPECT_EQ(layer.rowGrain, 1);
  EXPECT_EQ(layer.shape.kernel, "direct");
  EXPECT_NE(layer.operands.front().windows, windows);
  layer.exchangeKernel(layer.otherKernels.front());
  EXPECT_EQ(layer.rowGrain, 4);
  EXPECT_EQ(layer.operands.front().windows, windows);
}

} // namespace
