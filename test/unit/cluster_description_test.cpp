//===- cluster_description_test.cpp - the machines and their links --------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/ClusterDescription.h"

#include "gtest/gtest.h"

using namespace windrow;

namespace {

ClusterDescription twoDevices() {
  ClusterDescription cluster;
  cluster.devices = {{.name = "a", .address = "h:1", .speed = 0.5},
                     {.name = "b", .address = "h:2", .speed = 1.0},
                     {.name = "c", .address = "h:3", .speed = 1.0}};
  cluster.linkExceptions = {{"a", "b", {100.0, 300.0}}};
  return cluster;
}

TEST(ClusterDescription, ExceptionsHoldInBothDirections) {
  ClusterDescription cluster = twoDevices();
  EXPECT_EQ(cluster.linkBetween("a", "b").bandwidthMbit, 100.0);
  EXPECT_EQ(cluster.linkBetween("b", "a").bandwidthMbit, 100.0);
  EXPECT_EQ(cluster.linkBetween("a", "c").bandwidthMbit, 1000.0);
  EXPECT_EQ(cluster.linkBetween("a", "client").latencyUs, 100.0);
}

TEST(ClusterDescription, FastestIsTheFirstAmongEquals) {
  EXPECT_EQ(twoDevices().fastestDevice(), 1u);
}

TEST(ClusterDescription, TransferTimeIsLatencyAndBytesOverBandwidth) {
  LinkDescription link{.bandwidthMbit = 100.0, .latencyUs = 300.0};
  EXPECT_DOUBLE_EQ(link.secondsFor(125000), 0.0003 + 0.01);
}

} // namespace
