//===- planner_networks.h - Small networks for tests of the planner *- C++
//-*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_UNIT_PLANNERNETWORKS_H
#define WINDROW_TEST_UNIT_PLANNERNETWORKS_H

#include "passes/Analysis/ClusterDescription.h"
#include "passes/Analysis/Network.h"

namespace windrow::test {

/// Builds a chain of layers on an image; each reads the one before.
class NetworkBuilder {
public:
  NetworkBuilder(int64_t rows, int64_t width, int64_t channels);

  /// A convolution that keeps the size, of `kernel` (odd) rows and columns.
  NetworkBuilder &conv(int64_t channels, int64_t kernel, int64_t stride = 1);
  /// The sum of the last result and that of `layer`.
  NetworkBuilder &add(size_t layer);
  NetworkBuilder &globalPool();
  NetworkBuilder &fullyConnected(int64_t channels);

  /// The network, whose result is the last layer's.
  Network finish();

private:
  Layer &addLayer(std::string kind, NetworkTensor result);

  Network network;
};

/// `speeds.size()` devices named "d0", "d1", ... joined by the same link.
ClusterDescription makeCluster(std::vector<double> speeds,
                               double bandwidthMbit = 1000,
                               double latencyUs = 100);

} // namespace windrow::test

#endif // WINDROW_TEST_UNIT_PLANNERNETWORKS_H
