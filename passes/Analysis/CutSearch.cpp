//===- CutSearch.cpp - The best sequence of forms and cuts ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/CutSearch.h"

#include <algorithm>
#include <cassert>

using namespace windrow;

namespace {
/// How layer `first` to this one are computed after the form `previous`.
struct Step {
  double seconds = infinity; ///< from the request to the end of the last layer
  size_t first = 0;
  size_t previous = 0;    ///< without meaning where `first` is the first layer
  bool isPartial = false; ///< the layer's input channels are divided
};

/// The least time until a layer can begin in a form.
struct Entry {
  double seconds = infinity;
  size_t previous = 0;
};

class CutSearch {
public:
  CutSearch(const CostModel &model, const SegmentCosts &costs,
            const CutSearchOptions &options);

  Plan run();

private:
  void findLiveTensors();
  double changeSeconds(size_t layer, size_t from, size_t to) const;
  Entry findEntry(size_t layer, size_t form) const;
  double layerSeconds(size_t layer, size_t form) const;
  double weightSeconds(size_t layer, size_t form) const;
  void tryFused(size_t last, size_t form);
  void tryPartials(size_t layer, size_t form);
  bool isPartialSource(size_t layer, size_t form) const;
  std::vector<RowInterval> extend(size_t layer, size_t form);
  void addNeeds(size_t layer, const std::vector<RowInterval> &computed);
  void clearNeeds(size_t first, size_t last);
  void placeSegment(Plan &plan, size_t first, size_t last, size_t form);
  void placePartials(Plan &plan, size_t layer, const Step &step, size_t form);

  const CostModel &model;
  const Network &network;
  const SegmentCosts &costs;
  const CutSearchOptions &options;
  const size_t numForms;
  /// By layer: tensors computed before it and read by it or later.
  std::vector<std::vector<size_t>> liveTensors;
  std::vector<size_t> readerCounts;
  /// By layer and form.
  std::vector<std::vector<Step>> steps;
  std::vector<std::vector<Entry>> entries;
  /// By tensor and position in the group: what fused layers read.
  std::vector<std::vector<RowInterval>> needs;
};
} // namespace

CutSearch::CutSearch(const CostModel &model, const SegmentCosts &costs,
                     const CutSearchOptions &options)
    : model(model), network(model.network()), costs(costs), options(options),
      numForms(costs.forms().size()),
      steps(network.layers.size(), std::vector<Step>(numForms)),
      entries(network.layers.size(), std::vector<Entry>(numForms)),
      needs(network.tensors.size()) {
  assert(options.allowedForms.size() == numForms && "a form without a word");
  findLiveTensors();
}

void CutSearch::findLiveTensors() {
  const size_t count = network.layers.size();
  std::vector<size_t> lastReader(network.tensors.size(), 0);
  readerCounts.assign(network.tensors.size(), 0);
  for (size_t layer = 0; layer < count; ++layer)
    for (const LayerOperand &operand : network.layers[layer].operands) {
      lastReader[operand.tensor] = layer;
      ++readerCounts[operand.tensor];
    }
  for (size_t tensor : network.results)
    lastReader[tensor] = count;
  liveTensors.resize(count);
  for (size_t layer = 0; layer < count; ++layer)
    for (size_t later = layer + 1;
         later < count && later <= lastReader[network.layers[layer].result];
         ++later)
      liveTensors[later].push_back(network.layers[layer].result);
}

//===----------------------------------------------------------------------===//
// Costs
//===----------------------------------------------------------------------===//

/// To bring what `layer` and later ones read from one form to another. The
/// partial results of a reduction change instead of its operand, where nothing
/// else reads that.
double CutSearch::changeSeconds(size_t layer, size_t from, size_t to) const {
  if (from == to)
    return 0;
  const Layer &next = network.layers[layer];
  const bool isReduction = next.isRowReduction &&
                           costs.forms()[from].mode == LayerMode::Rows &&
                           readerCounts[next.operands.front().tensor] == 1;
  // What the layer's cost has for an exchange within its own form falls away.
  const LayerMode before = costs.forms()[from].mode;
  const bool isWhole =
      before == LayerMode::Owner || before == LayerMode::Replicated;
  double seconds = 0;
  if (isWhole || costs.forms()[to].mode == LayerMode::Channels)
    seconds -= costs.exchangeSeconds(layer, to);
  for (size_t tensor : liveTensors[layer])
    if (!isReduction || tensor != next.operands.front().tensor)
      seconds += costs.changeSeconds(tensor, from, to);
  if (isReduction)
    seconds +=
        costs.reductionSeconds(layer, from, to) - costs.layerSeconds(layer, to);
  return seconds;
}

Entry CutSearch::findEntry(size_t layer, size_t form) const {
  if (layer == 0) {
    double seconds = 0;
    for (size_t tensor : network.arguments)
      seconds += costs.scatterSeconds(tensor, form);
    return {seconds, form};
  }
  Entry best;
  for (size_t from = 0; from < numForms; ++from) {
    const double before = steps[layer - 1][from].seconds;
    if (before >= best.seconds)
      continue;
    const double seconds = before + changeSeconds(layer, from, form);
    if (seconds < best.seconds)
      best = {seconds, from};
  }
  return best;
}

/// What the weights of `layer` on one device count for.
double CutSearch::weightSeconds(size_t layer, size_t form) const {
  if (options.secondsPerWeightByte == 0)
    return 0;
  const TensorForm &where = costs.forms()[form];
  const bool isDivided = where.mode == LayerMode::Channels &&
                         network.layers[layer].isChannelSplittable;
  const double share =
      isDivided
          ? 1.0 /
                static_cast<double>(costs.groups()[where.group].devices.size())
          : 1.0;
  return options.secondsPerWeightByte * share *
         static_cast<double>(heldWeightBytes(network.layers[layer]));
}

double CutSearch::layerSeconds(size_t layer, size_t form) const {
  return costs.layerSeconds(layer, form) + weightSeconds(layer, form);
}

//===----------------------------------------------------------------------===//
// Fused layers
//===----------------------------------------------------------------------===//

/// The rows of `layer` that each device computes when what is noted as needed
/// is computed and not received.
std::vector<RowInterval> CutSearch::extend(size_t layer, size_t form) {
  const LayerPlacement &placement = costs.placementOf(layer, form);
  const std::vector<RowInterval> &needed = needs[network.layers[layer].result];
  std::vector<RowInterval> computed;
  for (size_t i = 0; i < placement.devices.size(); ++i) {
    const RowInterval owned = placement.ownedPart(i);
    computed.push_back(owned.empty() || needed.empty() ? owned
                                                       : owned.hull(needed[i]));
  }
  return computed;
}

void CutSearch::addNeeds(size_t layer,
                         const std::vector<RowInterval> &computed) {
  for (const LayerOperand &operand : network.layers[layer].operands) {
    std::vector<RowInterval> &needed = needs[operand.tensor];
    needed.resize(computed.size());
    for (size_t i = 0; i < computed.size(); ++i)
      needed[i] = needed[i].hull(
          operand.neededRows(computed[i], network.tensors[operand.tensor]));
  }
}

void CutSearch::clearNeeds(size_t first, size_t last) {
  for (size_t layer = first; layer <= last; ++layer)
    for (const LayerOperand &operand : network.layers[layer].operands)
      needs[operand.tensor].clear();
}

/// Segments that end with `last`, from the shortest to the longest.
void CutSearch::tryFused(size_t last, size_t form) {
  const std::vector<size_t> &devices =
      costs.groups()[costs.forms()[form].group].devices;
  double seconds = 0;
  size_t first = last + 1;
  while (first > 0 && last + 1 - first < options.longestSegment) {
    --first;
    if (!costs.isPossible(first, form) ||
        costs.placementOf(first, form).mode != LayerMode::Rows) {
      ++first;
      break;
    }
    const std::vector<RowInterval> computed = extend(first, form);
    double longest = 0;
    for (size_t i = 0; i < devices.size(); ++i)
      longest = std::max(longest,
                         model.intervalSeconds(first, devices[i], computed[i]));
    seconds += longest + weightSeconds(first, form);
    addNeeds(first, computed);
    const double total = entries[first][form].seconds + seconds +
                         costs.exchangeSeconds(first, form);
    if (first < last && total < steps[last][form].seconds)
      steps[last][form] = {total, first, entries[first][form].previous, false};
  }
  clearNeeds(first, last);
}

//===----------------------------------------------------------------------===//
// Divided input channels
//===----------------------------------------------------------------------===//

/// Whether `layer` can contract the channels that the devices of `form` hold.
bool CutSearch::isPartialSource(size_t layer, size_t form) const {
  return layer > 0 && costs.forms()[form].mode == LayerMode::Channels &&
         network.layers[layer].isPartialSplittable &&
         network.layers[layer - 1].isChannelSplittable &&
         network.layers[layer].operands.front().tensor ==
             network.layers[layer - 1].result &&
         network.layers[layer].shape.input[1] ==
             network.resultOf(layer - 1).channels;
}

/// `layer` from divided input channels, its result in the form `form`: of a
/// divided one every device adds up its part only.
void CutSearch::tryPartials(size_t layer, size_t form) {
  const LayerPlacement &target = costs.placementOf(layer, form);
  const std::vector<size_t> &targets = target.devices;
  const auto divisor =
      static_cast<int64_t>(target.bounds.empty() ? size_t(1) : targets.size());
  const int64_t bytes = network.resultOf(layer).bytes() / divisor;
  for (size_t from = 0; from < numForms; ++from) {
    if (!isPartialSource(layer, from) ||
        steps[layer - 1][from].seconds == infinity)
      continue;
    const LayerPlacement &operand = costs.placementOf(layer - 1, from);
    const size_t parts = operand.devices.size();
    double longest = 0;
    for (size_t i = 0; i < parts; ++i)
      longest =
          std::max(longest, model.partialSeconds(layer, operand.devices[i],
                                                 operand.ownedPart(i).size()));
    const LinkCost &link = model.link(operand.devices.back(), targets.front());
    // A source that is a target keeps its part.
    const auto received = static_cast<double>(
        std::max<size_t>(1, divisor > 1 ? parts - 1 : parts));
    const double each =
        static_cast<double>(bytes) * link.secondsPerByte + link.messageSeconds;
    const double total =
        steps[layer - 1][from].seconds + longest + link.latencySeconds +
        received * each +
        model.additionSeconds(targets.front(), bytes,
                              static_cast<int64_t>(parts) - 1) +
        options.secondsPerWeightByte *
            static_cast<double>(heldWeightBytes(network.layers[layer])) /
            static_cast<double>(parts);
    if (total < steps[layer][form].seconds)
      steps[layer][form] = {total, layer, from, true};
  }
}

//===----------------------------------------------------------------------===//
// Search
//===----------------------------------------------------------------------===//

void CutSearch::placeSegment(Plan &plan, size_t first, size_t last,
                             size_t form) {
  for (size_t layer = last + 1; layer-- > first;) {
    LayerPlacement &placement = plan.layers[layer];
    placement = costs.placementOf(layer, form);
    if (first == last)
      return;
    std::vector<RowInterval> computed = extend(layer, form);
    addNeeds(layer, computed);
    bool isMore = false;
    for (size_t i = 0; i < computed.size(); ++i)
      isMore |= computed[i] != placement.ownedPart(i);
    if (isMore)
      placement.computed = std::move(computed);
  }
  clearNeeds(first, last);
}

void CutSearch::placePartials(Plan &plan, size_t layer, const Step &step,
                              size_t form) {
  const LayerPlacement &operand = costs.placementOf(layer - 1, step.previous);
  LayerPlacement &placement = plan.layers[layer];
  placement = costs.placementOf(layer, form);
  placement.pieces = 1;
  placement.partialDevices = operand.devices;
  placement.partialBounds = operand.bounds;
}

Plan CutSearch::run() {
  const size_t count = network.layers.size();
  for (size_t layer = 0; layer < count; ++layer)
    for (size_t form = 0; form < numForms; ++form) {
      if (!options.allowedForms[form] || !costs.isPossible(layer, form))
        continue;
      const Entry entry = entries[layer][form] = findEntry(layer, form);
      steps[layer][form] = {entry.seconds + layerSeconds(layer, form), layer,
                            entry.previous, false};
      if (costs.forms()[form].mode == LayerMode::Rows)
        tryFused(layer, form);
      if (options.usePartials)
        tryPartials(layer, form);
    }
  size_t form = 0;
  double least = infinity;
  for (size_t last = 0; last < numForms; ++last) {
    double seconds = steps[count - 1][last].seconds;
    for (size_t tensor : network.results)
      seconds += costs.gatherSeconds(tensor, last);
    if (seconds < least) {
      least = seconds;
      form = last;
    }
  }
  assert(least < infinity && "no form is possible for some layer");
  Plan plan{std::vector<LayerPlacement>(count)};
  for (size_t end = count; end > 0;) {
    const Step step = steps[end - 1][form];
    if (step.isPartial)
      placePartials(plan, end - 1, step, form);
    else
      placeSegment(plan, step.first, end - 1, form);
    end = step.first;
    form = step.previous;
  }
  return plan;
}

Plan windrow::searchCuts(const CostModel &model, const SegmentCosts &costs,
                         const CutSearchOptions &options) {
  return CutSearch(model, costs, options).run();
}
