//===- BoundCosts.cpp - Layers of the relaxed plan ------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/BoundCosts.h"

#include "passes/Analysis/RulePlans.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace windrow;

BoundCosts::BoundCosts(const CostModel &model)
    : model(model), network(model.network()),
      equalLayer(findEqualLayers(network)) {
  sortDevices();
  findFastest();
  const size_t count = network.layers.size(), devices = model.numDevices();
  rowsCosts.assign(count, std::vector<std::optional<RowsCost>>(devices + 1));
  for (auto &each : slices)
    each.assign(count, std::vector<std::optional<double>>(devices + 1));
}

void BoundCosts::findFastest() {
  for (size_t layer = 0; layer < network.layers.size(); ++layer) {
    double least = infinity;
    for (size_t device = 0; device < model.numDevices(); ++device)
      least = std::min(least, model.wholeSeconds(layer, device));
    fastest.push_back(least);
  }
}

void BoundCosts::sortDevices() {
  std::vector<double> seconds(model.numDevices());
  for (size_t device = 0; device < model.numDevices(); ++device)
    for (size_t layer = 0; layer < network.layers.size(); ++layer)
      seconds[device] += model.wholeSeconds(layer, device);
  fastestFirst.resize(model.numDevices());
  std::iota(fastestFirst.begin(), fastestFirst.end(), size_t(0));
  std::ranges::stable_sort(fastestFirst, {},
                           [&](size_t device) { return seconds[device]; });
  speedSums.push_back(0);
  for (size_t device : fastestFirst) {
    speeds.push_back(1 / std::max(seconds[device], 1e-12));
    speedSums.push_back(speedSums.back() + speeds.back());
  }
}

/// What rows beyond the first take at least: the lower convex hull of the
/// seconds of 1, 2, ... `most` rows.
const std::vector<BoundCosts::RowSegment> &
BoundCosts::hullOf(size_t layer, size_t device, int64_t most) const {
  auto [entry, isNew] =
      hulls.try_emplace({layer, model.deviceClass(device), most});
  if (!isNew)
    return entry->second;
  std::vector<int64_t> corners;
  auto slope = [&](int64_t a, int64_t b) {
    return (model.rowsSeconds(layer, device, b) -
            model.rowsSeconds(layer, device, a)) /
           static_cast<double>(b - a);
  };
  for (int64_t rows = 1; rows <= most; ++rows) {
    while (corners.size() > 1 &&
           slope(corners[corners.size() - 2], corners.back()) >=
               slope(corners.back(), rows))
      corners.pop_back();
    corners.push_back(rows);
  }
  for (size_t i = 1; i < corners.size(); ++i)
    entry->second.push_back({static_cast<double>(corners[i] - corners[i - 1]),
                             slope(corners[i - 1], corners[i])});
  return entry->second;
}

/// The mean of the seconds of all rows by the speeds, in the best division that
/// leaves a row to each device.
BoundCosts::RowsCost BoundCosts::makeRowsCost(size_t layer,
                                              size_t workers) const {
  RowsCost cost;
  const int64_t all = network.costRows(layer);
  const int64_t grain = network.layers[layer].rowGrain;
  const auto parts = static_cast<int64_t>(workers);
  const int64_t most =
      std::min(all, 2 * ((all + parts * grain - 1) / (parts * grain)) * grain);
  std::vector<RowSegment> segments;
  for (size_t i = 0; i < workers; ++i) {
    const double weight = speeds[i] / speedSums[workers];
    const size_t device = fastestFirst[i];
    cost.seconds += weight * model.rowsSeconds(layer, device, 1);
    // Equal devices stand next to each other.
    const bool isEqual = i > 0 && model.deviceClass(fastestFirst[i - 1]) ==
                                      model.deviceClass(device);
    const std::vector<RowSegment> &hull = hullOf(layer, device, most);
    for (size_t k = 0; k < hull.size(); ++k)
      if (isEqual)
        segments[segments.size() - hull.size() + k].rows += hull[k].rows;
      else
        segments.push_back({hull[k].rows, weight * hull[k].slope});
  }
  std::ranges::stable_sort(segments, {}, &RowSegment::slope);
  auto rows = static_cast<double>(all - parts);
  for (const RowSegment &segment : segments) {
    cost.perRow = segment.slope;
    const double taken = std::min(rows, segment.rows);
    cost.seconds += taken * segment.slope;
    rows -= taken;
    if (rows <= 0)
      break;
  }
  return cost;
}

const BoundCosts::RowsCost &BoundCosts::findRowsCost(size_t layer,
                                                     size_t workers) const {
  std::optional<RowsCost> &known = rowsCosts[layer][workers];
  if (!known)
    known = makeRowsCost(layer, workers);
  return *known;
}

double BoundCosts::rowsSeconds(size_t layer, size_t workers) const {
  const auto rows = static_cast<size_t>(network.costRows(layer));
  return findRowsCost(equalLayer[layer], std::min(workers, rows)).seconds;
}

/// Channels in shares of the devices' speeds.
double BoundCosts::makeSlicedSeconds(size_t layer, bool isInput,
                                     size_t workers) const {
  const Layer &description = network.layers[layer];
  const int64_t all = std::max<int64_t>(
      1, isInput ? description.shape.input[1] : description.shape.output[1]);
  auto speedOf = [&](size_t device) {
    return 1 / std::max(1e-12, model.wholeSeconds(layer, device));
  };
  double sum = 0;
  for (size_t i = 0; i < workers; ++i)
    sum += speedOf(fastestFirst[i]);
  // The device whose share is rounded down the most bounds the others.
  double least = infinity;
  for (size_t i = 0; i < workers; ++i) {
    const size_t device = fastestFirst[i];
    if (i > 0 &&
        model.deviceClass(device) == model.deviceClass(fastestFirst[i - 1]))
      continue;
    const auto channels = std::max<int64_t>(
        1, static_cast<int64_t>(
               std::floor(speedOf(device) / sum * static_cast<double>(all))));
    if (isInput) {
      least = std::min(least, model.partialSeconds(layer, device, channels));
      continue;
    }
    // Measured slices may be cheaper by the channel than what they are part of.
    for (int64_t pieces : {1, 2, 4, 8})
      if (channels >= pieces)
        least = std::min(
            least, static_cast<double>(pieces) *
                       model.channelsSeconds(layer, device, channels / pieces));
  }
  return least;
}

double BoundCosts::slicedSeconds(size_t layer, const BoundState &state) const {
  const bool isInput = state.form != BoundForm::Channels;
  std::optional<double> &known = slices[isInput ? 1 : 0][layer][state.most];
  if (!known)
    known = makeSlicedSeconds(layer, isInput, state.most);
  return *known;
}

double BoundCosts::layerSeconds(size_t layer, const BoundState &state) const {
  const Layer &description = network.layers[layer];
  const auto least = static_cast<int64_t>(state.least);
  switch (state.form) {
  case BoundForm::Owner:
  case BoundForm::Replicated:
    return fastest[layer];
  case BoundForm::Rows: {
    if ((!isRowDividable(network, layer) && !description.isRowReduction) ||
        network.costRows(layer) < least)
      return infinity;
    const size_t workers = std::min<size_t>(
        state.most, static_cast<size_t>(network.costRows(layer)));
    const RowsCost &cost = findRowsCost(equalLayer[layer], workers);
    if (description.isRowReduction)
      return state.overlap == 0 ? cost.seconds : infinity;
    return cost.seconds +
           cost.perRow * static_cast<double>((least - 1) * state.overlap);
  }
  case BoundForm::Channels:
    return description.isChannelSplittable &&
                   description.shape.output[1] >= least
               ? slicedSeconds(equalLayer[layer], state)
               : infinity;
  case BoundForm::OwnerSums:
  case BoundForm::ReplicatedSums:
  case BoundForm::DividedSums:
    return description.isPartialSplittable &&
                   description.shape.input[1] >= least
               ? slicedSeconds(equalLayer[layer], state)
               : infinity;
  }
  return infinity;
}
