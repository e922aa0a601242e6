//===- RulePlans.cpp - Plans that follow a simple rule --------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/RulePlans.h"

#include "passes/Analysis/RowShares.h"

#include <algorithm>
#include <numeric>

using namespace windrow;

//===----------------------------------------------------------------------===//
// Rows where possible
//===----------------------------------------------------------------------===//

/// For each tensor the layers that read it.
static std::vector<std::vector<size_t>> findReaders(const Network &network) {
  std::vector<std::vector<size_t>> readers(network.tensors.size());
  for (size_t layer = 0; layer < network.layers.size(); ++layer)
    for (const LayerOperand &operand : network.layers[layer].operands)
      readers[operand.tensor].push_back(layer);
  return readers;
}

bool windrow::isRowDividable(const Network &network, size_t layer) {
  return network.layers[layer].isRowSplittable &&
         network.resultOf(layer).rows > 1;
}

Plan windrow::divideByRows(const Network &network,
                           std::span<const size_t> devices, size_t fastest,
                           const RowBounds &bounds) {
  Plan plan;
  plan.layers.resize(network.layers.size());
  const std::vector<std::vector<size_t>> readers = findReaders(network);
  // By layer: the positions that hold rows which depend on it, itself included.
  std::vector<std::vector<bool>> dependents(network.layers.size(),
                                            std::vector<bool>(devices.size()));
  for (size_t layer = network.layers.size(); layer-- > 0;) {
    LayerPlacement &placement = plan.layers[layer];
    std::vector<bool> &holders = dependents[layer];
    const bool isDivided = isRowDividable(network, layer);
    if (isDivided) {
      placement.bounds = bounds(layer);
      for (size_t i = 0; i < devices.size(); ++i)
        holders[i] = placement.bounds[i] < placement.bounds[i + 1];
    } else {
      for (size_t reader : readers[network.layers[layer].result])
        for (size_t i = 0; i < devices.size(); ++i)
          holders[i] = holders[i] || dependents[reader][i];
    }
    const int64_t count = std::ranges::count(holders, true);
    if (isDivided && count > 1) {
      placement.mode = LayerMode::Rows;
      placement.devices.assign(devices.begin(), devices.end());
      continue;
    }
    placement.mode = count > 1 ? LayerMode::Replicated : LayerMode::Owner;
    placement.bounds.clear();
    for (size_t i = 0; i < devices.size(); ++i)
      if (holders[i])
        placement.devices.push_back(devices[i]);
    if (placement.devices.empty())
      placement.devices.push_back(fastest);
  }
  return plan;
}

static std::vector<size_t> allDevices(size_t count) {
  std::vector<size_t> devices(count);
  std::iota(devices.begin(), devices.end(), size_t(0));
  return devices;
}

Plan windrow::divideInProportion(const Network &network,
                                 std::span<const double> weights,
                                 size_t fastest, int64_t grain) {
  return divideByRows(
      network, allDevices(weights.size()), fastest, [&](size_t layer) {
        return divideRows(network.resultOf(layer).rows, weights,
                          std::lcm(grain, network.layers[layer].rowGrain));
      });
}

Plan windrow::leaveToOne(const Network &network, size_t device) {
  LayerPlacement placement;
  placement.devices = {device};
  return {std::vector<LayerPlacement>(network.layers.size(), placement)};
}

//===----------------------------------------------------------------------===//
// One row at a time
//===----------------------------------------------------------------------===//

/// Seconds of the rows `rows` of `layer`, and of receiving those that others
/// hold when every tensor is divided in equal proportions.
static double secondsWithHalo(const CostModel &model, size_t index,
                              size_t device, RowInterval rows) {
  const Network &network = model.network();
  const Layer &layer = network.layers[index];
  if (rows.empty())
    return 0;
  double seconds = model.rowsSeconds(index, device, rows.size());
  for (const LayerOperand &operand : layer.operands) {
    if (operand.windows.empty())
      continue;
    const NetworkTensor &tensor = network.tensors[operand.tensor];
    const int64_t needed = operand.neededRows(rows, tensor).size();
    const int64_t own =
        rows.size() * tensor.rows / network.resultOf(index).rows;
    if (needed <= own)
      continue;
    const size_t peer =
        device > 0 ? device - 1 : std::min<size_t>(1, model.numDevices() - 1);
    const LinkCost &link = model.link(peer, device);
    seconds += link.latencySeconds +
               static_cast<double>((needed - own) * tensor.bytesPerRow()) *
                   link.secondsPerByte;
  }
  return seconds;
}

static std::vector<int64_t> moveRowByRow(const CostModel &model, size_t layer) {
  const size_t devices = model.numDevices();
  const int64_t grain = model.network().layers[layer].rowGrain;
  std::vector<double> equal(devices, 1.0);
  std::vector<int64_t> bounds =
      divideRows(model.network().resultOf(layer).rows, equal, grain);
  auto times = [&] {
    std::vector<double> seconds(devices);
    for (size_t i = 0; i < devices; ++i)
      seconds[i] = secondsWithHalo(model, layer, i, {bounds[i], bounds[i + 1]});
    return seconds;
  };
  std::vector<double> seconds = times();
  while (true) {
    auto [fastest, slowest] = std::ranges::minmax_element(seconds);
    const double gap = *slowest - *fastest;
    const auto from = slowest - seconds.begin(), to = fastest - seconds.begin();
    const std::vector<int64_t> before = bounds;
    // The bounds between the two move by one grain towards the slowest.
    for (auto i = std::min(from, to) + 1; i <= std::max(from, to); ++i)
      bounds[i] += from < to ? -grain : grain;
    if (!std::ranges::is_sorted(bounds) || bounds[devices] != before[devices])
      return before;
    seconds = times();
    auto [least, most] = std::ranges::minmax(seconds);
    if (most - least >= gap)
      return before;
  }
}

Plan windrow::balanceGreedily(const CostModel &model) {
  const size_t fastest = model.cluster().fastestDevice();
  return divideByRows(model.network(), allDevices(model.numDevices()), fastest,
                      [&](size_t layer) { return moveRowByRow(model, layer); });
}
