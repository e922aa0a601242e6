//===- LowerBound.cpp - What no plan can beat -----------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/LowerBound.h"

#include "passes/Analysis/RulePlans.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

using namespace windrow;

static constexpr double infinity = std::numeric_limits<double>::infinity();

namespace {
/// How the relaxed plan computes a layer: all of it in one place or in several,
/// or parts of it.
enum class Form { Whole, Rows, Channels, Partials };

struct State {
  Form form;
  size_t workers;
};

class BoundFinder {
public:
  explicit BoundFinder(const CostModel &model);

  double findLoadBound() const;
  double findStepBound();

private:
  void findEqualLayers();
  double layerSeconds(size_t layer, const State &state) const;
  double rowsSeconds(size_t layer, size_t workers) const;
  double slicedSeconds(size_t layer, const State &state) const;
  double fastestSeconds(size_t layer) const;
  double rowsWithin(size_t layer, size_t device, double seconds) const;
  double entrySeconds(const State &state) const;
  double answerSeconds() const;
  double exchangeSeconds(size_t layer, const State &from, const State &to,
                         double hidden) const;
  double haloSeconds(size_t layer, size_t workers, double hidden) const;
  const LayerOperand *findOperand(size_t layer) const;
  double transfer(double bytes) const {
    return leastLatency + bytes * leastSecondsPerByte;
  }

  const CostModel &model;
  const Network &network;
  std::vector<double> speedOf;
  std::vector<size_t> fastestFirst;
  std::vector<size_t> equalLayer;
  /// Of any link between devices.
  double leastLatency = infinity;
  double leastSecondsPerByte = infinity;
  double leastMessageSeconds = infinity;
};
} // namespace

BoundFinder::BoundFinder(const CostModel &model)
    : model(model), network(model.network()), fastestFirst(model.numDevices()) {
  std::vector<double> seconds(model.numDevices());
  for (size_t device = 0; device < model.numDevices(); ++device)
    for (size_t layer = 0; layer < network.layers.size(); ++layer)
      seconds[device] += model.wholeSeconds(layer, device);
  std::iota(fastestFirst.begin(), fastestFirst.end(), size_t(0));
  std::ranges::stable_sort(fastestFirst, {},
                           [&](size_t device) { return seconds[device]; });
  for (double each : seconds)
    speedOf.push_back(1 / std::max(each, 1e-12));
  for (size_t from = 0; from < model.numDevices(); ++from)
    for (size_t to = 0; to < model.numDevices(); ++to) {
      if (from == to)
        continue;
      const LinkCost &link = model.link(from, to);
      leastLatency = std::min(leastLatency, link.latencySeconds);
      leastSecondsPerByte = std::min(leastSecondsPerByte, link.secondsPerByte);
      leastMessageSeconds = std::min(leastMessageSeconds, link.messageSeconds);
    }
  findEqualLayers();
}

void BoundFinder::findEqualLayers() {
  for (size_t layer = 0; layer < network.layers.size(); ++layer) {
    size_t other = 0;
    while (network.layers[other].shape != network.layers[layer].shape ||
           network.layers[other].cost != network.layers[layer].cost ||
           network.layers[other].rowGrain != network.layers[layer].rowGrain)
      ++other;
    equalLayer.push_back(other);
  }
}

//===----------------------------------------------------------------------===//
// Load
//===----------------------------------------------------------------------===//

/// Seconds of all of `layer` at the best rate of any number of rows.
static double secondsAtBestRate(const CostModel &model, size_t layer,
                                size_t device) {
  const int64_t all = model.network().costRows(layer);
  double best = infinity;
  for (int64_t rows = 1; rows <= all; ++rows)
    best = std::min(best, model.rowsSeconds(layer, device, rows) *
                              static_cast<double>(all) /
                              static_cast<double>(rows));
  return best;
}

double BoundFinder::findLoadBound() const {
  const size_t devices = model.numDevices();
  std::vector<std::vector<double>> seconds(devices);
  std::vector<double> totals(devices);
  for (size_t device = 0; device < devices; ++device) {
    size_t equal = 0;
    while (model.deviceClass(equal) != model.deviceClass(device))
      ++equal;
    for (size_t layer = 0; layer < network.layers.size(); ++layer) {
      seconds[device].push_back(equal < device
                                    ? seconds[equal][layer]
                                    : secondsAtBestRate(model, layer, device));
      totals[device] += seconds[device].back();
    }
  }
  // The greatest load is at least every weighted mean of the loads; weights in
  // proportion to the speeds make all devices alike.
  double speeds = 0;
  for (double total : totals)
    speeds += 1 / total;
  double bound = 0;
  for (size_t layer = 0; layer < network.layers.size(); ++layer) {
    double least = infinity;
    for (size_t device = 0; device < devices; ++device)
      least = std::min(least, seconds[device][layer] / totals[device] / speeds);
    bound += least;
  }
  double ends = infinity;
  for (size_t device = 0; device < devices; ++device)
    ends =
        std::min(ends, model.link(model.client(), device).latencySeconds +
                           model.link(device, model.client()).latencySeconds);
  return bound + ends;
}

//===----------------------------------------------------------------------===//
// Layers of the relaxed plan
//===----------------------------------------------------------------------===//

/// How many rows, as a fraction, `device` computes within `seconds`: linear
/// between whole grains, the first one in proportion.
double BoundFinder::rowsWithin(size_t layer, size_t device,
                               double seconds) const {
  const int64_t all = network.costRows(layer);
  const int64_t grain = network.layers[layer].rowGrain;
  auto timeOf = [&](int64_t grains) {
    return model.rowsSeconds(layer, device, std::min(all, grains * grain));
  };
  int64_t low = 0, high = (all + grain - 1) / grain;
  while (low < high) {
    const int64_t middle = (low + high + 1) / 2;
    if (timeOf(middle) <= seconds)
      low = middle;
    else
      high = middle - 1;
  }
  const auto done = static_cast<double>(std::min(all, low * grain));
  const auto next = static_cast<double>(std::min(all, (low + 1) * grain));
  if (next <= done)
    return done;
  const double begin = timeOf(low), end = timeOf(low + 1);
  return done + (next - done) * (seconds - begin) / (end - begin);
}

double BoundFinder::fastestSeconds(size_t layer) const {
  double least = infinity;
  for (size_t device = 0; device < model.numDevices(); ++device)
    least = std::min(least, model.wholeSeconds(layer, device));
  return least;
}

double BoundFinder::rowsSeconds(size_t layer, size_t workers) const {
  const auto all = static_cast<double>(network.costRows(layer));
  double low = 0, high = fastestSeconds(layer);
  for (int round = 0; round < 40; ++round) {
    const double middle = (low + high) / 2;
    double rows = 0;
    for (size_t i = 0; i < workers; ++i)
      rows += rowsWithin(layer, fastestFirst[i], middle);
    (rows >= all ? high : low) = middle;
  }
  return low;
}

/// Channels in shares of the devices' speeds.
double BoundFinder::slicedSeconds(size_t layer, const State &state) const {
  const Layer &description = network.layers[layer];
  const bool isInput = state.form == Form::Partials;
  const int64_t all = std::max<int64_t>(
      1, isInput ? description.shape.input[1] : description.shape.output[1]);
  double speeds = 0;
  for (size_t i = 0; i < state.workers; ++i)
    speeds += 1 / std::max(1e-12, model.wholeSeconds(layer, fastestFirst[i]));
  // The device whose share is rounded down the most bounds the others.
  double least = infinity;
  for (size_t i = 0; i < state.workers; ++i) {
    const size_t device = fastestFirst[i];
    const double share =
        1 / std::max(1e-12, model.wholeSeconds(layer, device)) / speeds;
    const auto channels =
        static_cast<int64_t>(std::floor(share * static_cast<double>(all)));
    least = std::min(least,
                     isInput ? model.partialSeconds(layer, device, channels)
                             : model.channelsSeconds(layer, device, channels));
  }
  return least;
}

double BoundFinder::layerSeconds(size_t layer, const State &state) const {
  const Layer &description = network.layers[layer];
  if (state.workers == 1 || state.form == Form::Whole)
    return state.form == Form::Whole ? fastestSeconds(layer) : infinity;
  switch (state.form) {
  case Form::Whole:
    break;
  case Form::Rows:
    return isRowDividable(network, layer) || description.isRowReduction
               ? rowsSeconds(layer, state.workers)
               : infinity;
  case Form::Channels:
    return description.isChannelSplittable ? slicedSeconds(layer, state)
                                           : infinity;
  case Form::Partials:
    return description.isPartialSplittable ? slicedSeconds(layer, state)
                                           : infinity;
  }
  return infinity;
}

//===----------------------------------------------------------------------===//
// Exchanges of the relaxed plan
//===----------------------------------------------------------------------===//

/// What `layer` reads of the layer before it; null where it reads nothing of
/// that.
const LayerOperand *BoundFinder::findOperand(size_t layer) const {
  for (const LayerOperand &operand : network.layers[layer].operands)
    if (layer > 0 && operand.tensor == network.layers[layer - 1].result)
      return &operand;
  return nullptr;
}

/// What rows from beyond a device's own cost at least.
double BoundFinder::haloSeconds(size_t layer, size_t workers,
                                double hidden) const {
  const LayerOperand *operand = findOperand(layer);
  if (!operand || operand->windows.size() < 2)
    return 0;
  int64_t overlap = std::numeric_limits<int64_t>::max();
  const std::vector<RowInterval> &windows = operand->windows;
  const auto grain = static_cast<size_t>(network.layers[layer].rowGrain);
  for (size_t row = grain; row < windows.size(); row += grain)
    overlap = std::min(overlap, windows[row - 1].end - windows[row].begin);
  if (overlap <= 0 || overlap == std::numeric_limits<int64_t>::max())
    return 0;
  const NetworkTensor &tensor = network.tensors[operand->tensor];
  const auto rows = static_cast<double>((overlap + 1) / 2);
  const double received =
      2 * leastMessageSeconds +
      std::max(0.0, transfer(rows * static_cast<double>(tensor.bytesPerRow())) -
                        hidden);
  // Instead, the layer before computes some more.
  const double share =
      static_cast<double>(tensor.rows) / static_cast<double>(workers);
  return std::min(received, hidden * std::min(1.0, rows / share) / 2);
}

double BoundFinder::exchangeSeconds(size_t layer, const State &from,
                                    const State &to, double hidden) const {
  const LayerOperand *operand = findOperand(layer);
  if (!operand || from.form == Form::Whole || from.form == Form::Partials)
    return 0;
  if (from.form == Form::Rows && to.form == Form::Rows)
    return haloSeconds(layer, to.workers, hidden);
  if (from.form == Form::Channels &&
      (to.form == Form::Partials ||
       (to.form == Form::Channels && operand->channels == ChannelUse::Same)))
    return 0;
  const double least = leastLatency + leastMessageSeconds;
  if (network.layers[layer].isRowReduction)
    return least;
  const auto bytes =
      static_cast<double>(network.tensors[operand->tensor].bytes());
  // Somebody has no more than an equal share of what all need.
  const double lacking =
      to.form == Form::Rows || to.form == Form::Partials
          ? 0.0
          : bytes * (1 - 1 / static_cast<double>(from.workers));
  return std::max(least, transfer(lacking) + leastMessageSeconds - hidden);
}

/// Until the first layer begins, on the mean of its devices by their speeds.
/// The client's card sends one message after the other; whichever shares are
/// chosen, the last device begins when everything has left.
double BoundFinder::entrySeconds(const State &state) const {
  double latency = infinity, perByte = infinity, message = infinity;
  for (size_t device = 0; device < model.numDevices(); ++device) {
    const LinkCost &link = model.link(model.client(), device);
    latency = std::min(latency, link.latencySeconds);
    perByte = std::min(perByte, link.secondsPerByte);
    message = std::min(message, link.messageSeconds);
  }
  double bytes = 0;
  for (size_t tensor : network.arguments)
    bytes += static_cast<double>(network.tensors[tensor].bytes());
  double share = 1;
  if (state.form == Form::Rows) {
    double speeds = 0, least = infinity;
    for (size_t i = 0; i < state.workers; ++i) {
      speeds += speedOf[fastestFirst[i]];
      least = std::min(least, speedOf[fastestFirst[i]]);
    }
    share = least / speeds;
  }
  return latency + share * bytes * perByte + 2 * message;
}

/// After the last layer: what is computed last has still to travel.
double BoundFinder::answerSeconds() const {
  double least = infinity;
  for (size_t device = 0; device < model.numDevices(); ++device) {
    const LinkCost &link = model.link(device, model.client());
    least = std::min(least, link.latencySeconds + 2 * link.messageSeconds);
  }
  return least;
}

double BoundFinder::findStepBound() {
  std::vector<State> states{{Form::Whole, 1}};
  for (size_t workers = 2; workers <= model.numDevices();
       workers += std::max<size_t>(1, workers / 4))
    for (Form form : {Form::Rows, Form::Channels, Form::Partials})
      states.push_back({form, workers});
  for (Form form : {Form::Rows, Form::Channels, Form::Partials})
    if (model.numDevices() > 1 && states.back().workers < model.numDevices())
      states.push_back({form, model.numDevices()});

  const size_t count = network.layers.size();
  std::vector<std::vector<double>> seconds(count);
  std::vector<double> least, next(states.size());
  for (size_t layer = 0; layer < count; ++layer) {
    for (const State &state : states)
      if (equalLayer[layer] == layer)
        seconds[layer].push_back(layerSeconds(layer, state));
    seconds[layer] = seconds[equalLayer[layer]];
    for (size_t to = 0; to < states.size(); ++to) {
      next[to] = layer == 0 ? entrySeconds(states[to]) : infinity;
      for (size_t from = 0; layer > 0 && from < states.size(); ++from)
        if (least[from] < next[to])
          next[to] = std::min(
              next[to],
              least[from] + exchangeSeconds(layer, states[from], states[to],
                                            seconds[layer - 1][from]));
      next[to] += seconds[layer][to];
      if (states[to].form == Form::Partials)
        next[to] += leastLatency + leastMessageSeconds;
    }
    least = next;
  }
  return std::ranges::min(least) + answerSeconds();
}

double windrow::boundLatency(const CostModel &model) {
  if (model.network().layers.empty())
    return 0;
  BoundFinder finder(model);
  return std::max(finder.findLoadBound(), finder.findStepBound());
}
