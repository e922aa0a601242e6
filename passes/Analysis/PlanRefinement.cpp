//===- PlanRefinement.cpp - Improving the shares of a plan ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/PlanRefinement.h"

#include "passes/Analysis/LayerStream.h"
#include "passes/Analysis/PlanPredictor.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

using namespace windrow;

namespace {
/// Consecutive layers.
struct LayerRange {
  size_t first;
  size_t end;
};

class Refinement {
public:
  Refinement(const CostModel &model, const SegmentCosts *costs,
             const Plan &plan, int64_t work);

  RefinedPlan run();

private:
  bool isExhausted() const { return predictor.work() >= work; }
  const LayerPlacement &placementOf(size_t layer) const;
  LayerPlacement &change(size_t layer);
  void recompute(size_t layer);
  bool accept();
  std::vector<LayerRange> findRanges(bool (*isAlike)(const Plan &,
                                                     size_t)) const;
  bool moveBounds(const LayerRange &range, size_t first, size_t last,
                  double share);
  void moveBounds(size_t layer, size_t first, size_t last, double share);
  bool moveEachBound(const LayerRange &range,
                     std::initializer_list<double> shares, size_t most);
  bool moveAllBounds(const std::vector<LayerRange> &ranges, LayerMode mode,
                     size_t most);
  bool moveLayerBounds(LayerMode mode, size_t most);
  void descend();
  bool moveFar();
  bool rotateShares(const std::vector<LayerRange> &ranges);
  bool turnFusion();
  bool changePieces();
  bool changeStreamPieces();
  bool fuseStream();
  bool changeForms();
  bool isTooLong(const LayerRange &range, double seconds) const;
  bool takeForm(const LayerRange &range, size_t form);
  bool leaveToOwner(const LayerRange &range, size_t device);

  const CostModel &model;
  const Network &network;
  const SegmentCosts *costs;
  const int64_t work;
  PlanPredictor predictor;
  const size_t numStreamed; ///< layers
  /// By layer: its devices compute all rows that they read of it.
  std::vector<bool> isFused;
  /// What is to be tried, and by layer where it stands among that.
  std::vector<PlacementChange> changes;
  std::vector<size_t> changeOf;
  std::vector<size_t> turned; ///< layers whose fusion is to be tried
};
} // namespace

static constexpr size_t unchanged = ~size_t(0);

Refinement::Refinement(const CostModel &model, const SegmentCosts *costs,
                       const Plan &plan, int64_t work)
    : model(model), network(model.network()), costs(costs), work(work),
      predictor(model, plan), numStreamed(countStreamed(plan)),
      changeOf(network.layers.size(), unchanged) {
  for (const LayerPlacement &placement : plan.layers)
    isFused.push_back(!placement.computed.empty());
}

//===----------------------------------------------------------------------===//
// Changes
//===----------------------------------------------------------------------===//

const LayerPlacement &Refinement::placementOf(size_t layer) const {
  return changeOf[layer] == unchanged ? predictor.plan().layers[layer]
                                      : changes[changeOf[layer]].placement;
}

/// The placement of `layer` to be tried, at first as it is.
LayerPlacement &Refinement::change(size_t layer) {
  if (changeOf[layer] == unchanged) {
    changeOf[layer] = changes.size();
    changes.push_back({layer, predictor.plan().layers[layer]});
  }
  return changes[changeOf[layer]].placement;
}

/// Finds the rows that the devices of `layer` compute, if these are by rows.
void Refinement::recompute(size_t layer) {
  const LayerPlacement &placement = placementOf(layer);
  if (placement.mode != LayerMode::Rows)
    return;
  std::vector<RowInterval> computed;
  bool isMore = false;
  for (size_t i = 0; isFused[layer] && i < placement.devices.size(); ++i) {
    const RowInterval owned = placement.ownedPart(i);
    RowInterval needed;
    for (size_t reader :
         predictor.tensorUses().readers[network.layers[layer].result]) {
      const LayerPlacement &next = placementOf(reader);
      if (next.mode != LayerMode::Rows)
        continue;
      auto at = std::ranges::find(next.devices, placement.devices[i]);
      if (at == next.devices.end())
        continue;
      const RowInterval rows = next.computedRows(at - next.devices.begin(),
                                                 network.resultOf(reader).rows);
      for (const LayerOperand &operand : network.layers[reader].operands)
        if (operand.tensor == network.layers[layer].result &&
            !operand.windows.empty())
          needed = needed.hull(
              operand.neededRows(rows, network.tensors[operand.tensor]));
    }
    computed.push_back(owned.empty() ? owned : owned.hull(needed));
    isMore |= computed.back() != owned;
  }
  if (!isMore)
    computed.clear();
  if (placement.computed != computed)
    change(layer).computed = std::move(computed);
}

/// Tries the changes noted, with what follows from them for fused layers.
bool Refinement::accept() {
  for (size_t layer : turned)
    isFused[layer] = !isFused[layer];
  // A change may only concern layers before it.
  std::vector<size_t> open = turned;
  for (const PlacementChange &each : changes)
    open.push_back(each.layer);
  std::ranges::make_heap(open);
  size_t before = unchanged;
  while (!open.empty()) {
    std::ranges::pop_heap(open);
    const size_t layer = open.back();
    open.pop_back();
    if (layer == before)
      continue;
    before = layer;
    recompute(layer);
    if (changeOf[layer] == unchanged)
      continue;
    for (const LayerOperand &operand : network.layers[layer].operands) {
      const size_t producer = predictor.tensorUses().producers[operand.tensor];
      if (producer == network.layers.size() || !isFused[producer])
        continue;
      open.push_back(producer);
      std::ranges::push_heap(open);
    }
  }
  bool isAny = false;
  for (const PlacementChange &each : changes)
    isAny |= each.placement != predictor.plan().layers[each.layer];
  const bool isBetter =
      isAny && !isExhausted() && predictor.tryChanges(changes);
  for (const PlacementChange &each : changes)
    changeOf[each.layer] = unchanged;
  if (!isBetter)
    for (size_t layer : turned)
      isFused[layer] = !isFused[layer];
  changes.clear();
  turned.clear();
  return isBetter;
}

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

/// Ranges of divided layers in which each layer is like the one before.
std::vector<LayerRange> Refinement::findRanges(bool (*isAlike)(const Plan &,
                                                               size_t)) const {
  const Plan &plan = predictor.plan();
  std::vector<LayerRange> ranges;
  for (size_t layer = 0; layer < plan.layers.size(); ++layer) {
    if (plan.layers[layer].bounds.empty())
      continue;
    if (!ranges.empty() && ranges.back().end == layer && isAlike(plan, layer))
      ++ranges.back().end;
    else
      ranges.push_back({layer, layer + 1});
  }
  return ranges;
}

static bool hasSameDevices(const Plan &plan, size_t layer) {
  const LayerPlacement &one = plan.layers[layer - 1];
  const LayerPlacement &other = plan.layers[layer];
  return one.devices == other.devices && one.mode == other.mode;
}

static bool hasSameSize(const Plan &plan, size_t layer) {
  return hasSameDevices(plan, layer) &&
         plan.layers[layer].bounds.back() ==
             plan.layers[layer - 1].bounds.back();
}

/// Moves the bounds `first` to `last` of all layers of `range` by `share` of
/// what these divide, by a grain at least: what is between the bounds stays as
/// large.
bool Refinement::moveBounds(const LayerRange &range, size_t first, size_t last,
                            double share) {
  for (size_t layer = range.first; layer < range.end; ++layer)
    moveBounds(layer, first, last, share);
  return accept();
}

void Refinement::moveBounds(size_t layer, size_t first, size_t last,
                            double share) {
  const bool isRows = placementOf(layer).mode == LayerMode::Rows;
  const std::vector<int64_t> bounds = placementOf(layer).bounds;
  if (last + 1 >= bounds.size())
    return;
  const int64_t grain =
      isRows ? network.layers[layer].rowGrain
             : channelTile(model, bounds.back(), bounds.size() - 1);
  const double exact =
      share * static_cast<double>(bounds.back()) / static_cast<double>(grain);
  const auto grains = static_cast<int64_t>(
      std::copysign(std::max(1.0, std::round(std::abs(exact))), share));
  const int64_t moved =
      std::clamp(grains * grain, bounds[first - 1] - bounds[first],
                 bounds[last + 1] - bounds[last]);
  if (moved == 0)
    return;
  std::vector<int64_t> others = bounds;
  for (size_t bound = first; bound <= last; ++bound)
    others[bound] += moved;
  change(layer).bounds = others;
  // Who has computed input channels goes on with them.
  if (!isRows && layer + 1 < network.layers.size() &&
      placementOf(layer + 1).partialBounds == bounds)
    change(layer + 1).partialBounds = std::move(others);
}

bool Refinement::moveAllBounds(const std::vector<LayerRange> &ranges,
                               LayerMode mode, size_t most) {
  bool isBetter = false;
  for (const LayerRange &range : ranges)
    if (placementOf(range.first).mode == mode)
      for (double share : {0.04, -0.04, 0.015, -0.015, 0.005, -0.005})
        isBetter |= moveEachBound(range, {share}, most);
  return isBetter;
}

/// Moves bounds of single layers by one grain.
bool Refinement::moveLayerBounds(LayerMode mode, size_t most) {
  bool isBetter = false;
  for (size_t layer = 0; layer < network.layers.size(); ++layer)
    if (placementOf(layer).mode == mode)
      isBetter |= moveEachBound({layer, layer + 1}, {0.0, -0.0}, most);
  return isBetter;
}

/// Moves each run of at most `most` adjacent bounds of `range`.
bool Refinement::moveEachBound(const LayerRange &range,
                               std::initializer_list<double> shares,
                               size_t most) {
  bool isBetter = false;
  const size_t devices = placementOf(range.first).devices.size();
  for (size_t first = 1; first < devices; ++first)
    for (size_t last = first; last < devices && last - first < most; ++last)
      for (double share : shares)
        if (!isExhausted())
          isBetter |= moveBounds(range, first, last, share);
  return isBetter;
}

/// Where not all devices can have equally many rows, lets each of them have
/// fewer in turn, from one layer that reads its neighbours' rows to the next.
bool Refinement::rotateShares(const std::vector<LayerRange> &ranges) {
  bool isBetter = false;
  for (const LayerRange &range : ranges) {
    if (placementOf(range.first).mode != LayerMode::Rows)
      continue;
    const size_t devices = placementOf(range.first).devices.size();
    for (size_t first = 0; first < devices && !isExhausted(); ++first) {
      const std::vector<int64_t> bounds = placementOf(range.first).bounds;
      size_t offset = first;
      for (size_t layer = range.first; layer < range.end; ++layer) {
        if (network.layers[layer].shape.window[0] > 1)
          ++offset;
        std::vector<int64_t> &rotated = change(layer).bounds;
        for (size_t i = 0; i < devices; ++i) {
          const size_t from = (i + offset) % devices;
          rotated[i + 1] = rotated[i] + bounds[from + 1] - bounds[from];
        }
      }
      isBetter |= accept();
    }
  }
  return isBetter;
}

bool Refinement::turnFusion() {
  bool isBetter = false;
  for (size_t layer = 0; layer < network.layers.size() && !isExhausted();
       ++layer)
    if (placementOf(layer).mode == LayerMode::Rows) {
      turned = {layer};
      isBetter |= accept();
    }
  return isBetter;
}

/// Computes the channels of each layer in more or fewer pieces.
bool Refinement::changePieces() {
  bool isBetter = false;
  for (size_t layer = 0; layer < network.layers.size(); ++layer)
    for (int64_t pieces = 1; pieces <= maxPieces && !isExhausted(); ++pieces) {
      const LayerPlacement &placement = placementOf(layer);
      if (placement.mode != LayerMode::Channels ||
          !placement.partialDevices.empty() || placement.pieces == pieces)
        continue;
      change(layer).pieces = pieces;
      isBetter |= accept();
    }
  return isBetter;
}

bool Refinement::changeStreamPieces() {
  bool isBetter = false;
  for (int64_t pieces = 2; pieces <= maxStreamPieces && !isExhausted();
       ++pieces) {
    for (size_t layer = 0; layer < numStreamed; ++layer)
      change(layer).pieces = pieces;
    isBetter |= accept();
  }
  return isBetter;
}

/// Computes all rows that the first layers of the stream lack again, or none:
/// single layers would have to wait for the rows before all the same.
bool Refinement::fuseStream() {
  bool isBetter = false;
  for (bool toFused : {true, false})
    for (size_t end = 1; end <= numStreamed && !isExhausted(); ++end) {
      for (size_t layer = 0; layer < end; ++layer)
        if (placementOf(layer).mode == LayerMode::Rows &&
            isFused[layer] != toFused)
          turned.push_back(layer);
      isBetter |= accept();
    }
  return isBetter;
}

//===----------------------------------------------------------------------===//
// Forms
//===----------------------------------------------------------------------===//

/// Whether to compute the layers in `seconds`, messages apart, is clearly
/// longer than they take now, by the time at which the last device has done
/// them.
bool Refinement::isTooLong(const LayerRange &range, double seconds) const {
  const double begin =
      range.first == 0 ? 0.0 : predictor.endOf(range.first - 1);
  return seconds > 1.1 * (predictor.endOf(range.end - 1) - begin);
}

bool Refinement::takeForm(const LayerRange &range, size_t form) {
  double seconds = 0;
  for (size_t layer = range.first; layer < range.end; ++layer) {
    if (!costs->isPossible(layer, form))
      return false;
    seconds +=
        costs->layerSeconds(layer, form) - costs->exchangeSeconds(layer, form);
  }
  if (isTooLong(range, seconds))
    return false;
  for (size_t layer = range.first; layer < range.end; ++layer)
    change(layer) = costs->placementOf(layer, form);
  return accept();
}

/// Leaves the layers to one device, of many to one that has some of the layer.
bool Refinement::leaveToOwner(const LayerRange &range, size_t device) {
  const std::vector<size_t> &devices = placementOf(range.first).devices;
  if (model.numDevices() > 4 &&
      std::ranges::find(devices, device) == devices.end())
    return false;
  double seconds = 0;
  for (size_t layer = range.first; layer < range.end; ++layer)
    seconds += model.wholeSeconds(layer, device);
  if (isTooLong(range, seconds))
    return false;
  for (size_t layer = range.first; layer < range.end; ++layer) {
    change(layer) = {};
    change(layer).devices = {device};
  }
  return accept();
}

bool Refinement::changeForms() {
  bool isBetter = false;
  const size_t count = network.layers.size();
  for (size_t length : {1, 2, 3, 4, 6, 8, 12, 16})
    for (size_t first = numStreamed; first + length <= count && !isExhausted();
         ++first) {
      const LayerRange range{first, first + length};
      for (size_t form = 0; form < costs->forms().size(); ++form)
        isBetter |= takeForm(range, form);
      for (size_t device = 0; device < model.numDevices(); ++device)
        isBetter |= leaveToOwner(range, device);
    }
  return isBetter;
}

/// Until none of the moves that most plans gain by helps any more.
void Refinement::descend() {
  bool isBetter = true;
  while (isBetter && !isExhausted()) {
    isBetter = moveLayerBounds(LayerMode::Rows, 1);
    isBetter |= moveAllBounds(findRanges(hasSameDevices), LayerMode::Rows, 1);
    isBetter |= moveAllBounds(findRanges(hasSameSize), LayerMode::Rows, 1);
    isBetter |= rotateShares(findRanges(hasSameSize));
    isBetter |= turnFusion();
    isBetter |= changePieces();
    isBetter |= fuseStream();
    isBetter |= changeStreamPieces();
    if (!isBetter && costs)
      isBetter = changeForms();
  }
}

/// From any device to any other, by rows or channels.
bool Refinement::moveFar() {
  bool isBetter = false;
  // Of many devices there are too many pairs.
  const size_t most = model.numDevices() > 4 ? 1 : model.numDevices();
  for (LayerMode mode : {LayerMode::Channels, LayerMode::Rows}) {
    isBetter |= moveLayerBounds(mode, most);
    isBetter |= moveAllBounds(findRanges(hasSameSize), mode, most);
  }
  return isBetter;
}

RefinedPlan Refinement::run() {
  do
    descend();
  while (!isExhausted() && moveFar());
  return {predictor.plan(), predictor.latency(), predictor.work()};
}

RefinedPlan windrow::refinePlan(const CostModel &model,
                                const SegmentCosts *costs, const Plan &plan,
                                int64_t work) {
  return Refinement(model, costs, plan, work).run();
}
