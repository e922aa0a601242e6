//===- LowerBound.cpp - What no plan can beat -----------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/LowerBound.h"

#include <algorithm>
#include <limits>
#include <vector>

using namespace windrow;

/// Seconds of all rows of `layer` at the best rate of any number of them.
static double secondsAtBestRate(const CostModel &model, size_t layer,
                                size_t device) {
  const int64_t all = model.network().costRows(layer);
  double best = std::numeric_limits<double>::infinity();
  for (int64_t rows = 1; rows <= all; ++rows)
    best = std::min(best, model.rowsSeconds(layer, device, rows) *
                              static_cast<double>(all) /
                              static_cast<double>(rows));
  return best;
}

double windrow::boundLatency(const CostModel &model) {
  const Network &network = model.network();
  const size_t devices = model.numDevices();
  std::vector<std::vector<double>> seconds(devices);
  std::vector<double> totals(devices);
  for (size_t device = 0; device < devices; ++device)
    for (size_t layer = 0; layer < network.layers.size(); ++layer) {
      const size_t deviceClass = model.deviceClass(device);
      size_t first = 0;
      while (model.deviceClass(first) != deviceClass)
        ++first;
      seconds[device].push_back(first < device
                                    ? seconds[first][layer]
                                    : secondsAtBestRate(model, layer, device));
      totals[device] += seconds[device].back();
    }
  // The greatest load is at least every weighted mean of the loads; weights in
  // proportion to the speeds make all devices alike.
  double speeds = 0;
  for (double total : totals)
    speeds += 1 / total;
  double bound = 0;
  for (size_t layer = 0; layer < network.layers.size(); ++layer) {
    double least = std::numeric_limits<double>::infinity();
    for (size_t device = 0; device < devices; ++device)
      least = std::min(least, seconds[device][layer] / totals[device] / speeds);
    bound += least;
  }
  double latency = std::numeric_limits<double>::infinity();
  for (size_t device = 0; device < devices; ++device)
    latency = std::min(latency,
                       model.link(model.client(), device).latencySeconds +
                           model.link(device, model.client()).latencySeconds);
  return bound + latency;
}
