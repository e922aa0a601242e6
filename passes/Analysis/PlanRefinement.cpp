//===- PlanRefinement.cpp - Improving the shares of a plan ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/PlanRefinement.h"

#include "passes/Analysis/PlanTimeline.h"
#include "passes/Analysis/RulePlans.h"

#include <algorithm>
#include <cmath>
#include <functional>

using namespace windrow;

namespace {
/// Consecutive layers that the same devices share by rows.
struct Run {
  size_t first;
  size_t last;
  std::vector<size_t> devices;
};

class Refinement {
public:
  Refinement(const CostModel &model, const Plan &plan);

  Plan run();

private:
  std::vector<Run> findRuns() const;
  bool accept(Plan candidate, const std::vector<bool> &fused);
  Plan withRecomputedRows(Plan candidate, const std::vector<bool> &fused) const;
  bool moveRunBounds(const Run &run, double share);
  bool moveLayerBounds(const Run &run);
  bool turnFusion(const Run &run);

  const CostModel &model;
  const Network &network;
  Plan best;
  /// By layer: its devices compute all rows that they read of it.
  std::vector<bool> isFused;
  double latency;
  int64_t predictionsLeft;
};
} // namespace

Refinement::Refinement(const CostModel &model, const Plan &plan)
    : model(model), network(model.network()), best(plan),
      latency(predictLatency(model, plan)) {
  for (const LayerPlacement &placement : plan.layers)
    isFused.push_back(!placement.computed.empty());
  const auto size =
      static_cast<int64_t>(network.layers.size() * (model.numDevices() + 4));
  predictionsLeft = std::clamp<int64_t>(500'000 / size, 20, 1500);
}

std::vector<Run> Refinement::findRuns() const {
  std::vector<Run> runs;
  for (size_t layer = 0; layer < best.layers.size(); ++layer) {
    const LayerPlacement &placement = best.layers[layer];
    if (placement.mode != LayerMode::Rows)
      continue;
    if (!runs.empty() && runs.back().devices == placement.devices)
      runs.back().last = layer;
    else
      runs.push_back({layer, layer, placement.devices});
  }
  return runs;
}

/// `candidate` with the rows that each device computes of the layers `fused`:
/// its own and those that it reads.
Plan Refinement::withRecomputedRows(Plan candidate,
                                    const std::vector<bool> &fused) const {
  if (std::ranges::none_of(fused, std::identity())) {
    for (LayerPlacement &placement : candidate.layers)
      placement.computed.clear();
    return candidate;
  }
  std::vector<std::vector<RowInterval>> needs(
      network.tensors.size(), std::vector<RowInterval>(model.numDevices()));
  for (size_t index = network.layers.size(); index-- > 0;) {
    const Layer &layer = network.layers[index];
    LayerPlacement &placement = candidate.layers[index];
    if (placement.mode != LayerMode::Rows)
      continue;
    const int64_t rows = network.tensors[layer.result].rows;
    placement.computed.clear();
    std::vector<RowInterval> computed;
    bool isMore = false;
    for (size_t i = 0; i < placement.devices.size(); ++i) {
      const RowInterval owned = placement.ownedPart(i);
      computed.push_back(
          owned.empty()
              ? owned
              : owned.hull(needs[layer.result][placement.devices[i]]));
      isMore |= computed.back() != owned;
    }
    if (fused[index] && isMore)
      placement.computed = std::move(computed);
    for (const LayerOperand &operand : layer.operands) {
      if (operand.windows.empty())
        continue;
      for (size_t i = 0; i < placement.devices.size(); ++i) {
        RowInterval &needed = needs[operand.tensor][placement.devices[i]];
        needed = needed.hull(operand.neededRows(
            placement.computedRows(i, rows), network.tensors[operand.tensor]));
      }
    }
  }
  return candidate;
}

bool Refinement::accept(Plan candidate, const std::vector<bool> &fused) {
  candidate = withRecomputedRows(std::move(candidate), fused);
  if (predictionsLeft <= 0 || candidate == best)
    return false;
  --predictionsLeft;
  const double seconds = predictLatency(model, candidate);
  if (seconds >= latency * (1 - 1e-9))
    return false;
  best = std::move(candidate);
  isFused = fused;
  latency = seconds;
  return true;
}

/// Moves each bound of all layers of `run` by `share` of their rows.
bool Refinement::moveRunBounds(const Run &run, double share) {
  bool isBetter = false;
  for (size_t bound = 1; bound < run.devices.size(); ++bound) {
    Plan candidate = best;
    for (size_t layer = run.first; layer <= run.last; ++layer) {
      LayerPlacement &placement = candidate.layers[layer];
      if (placement.mode != LayerMode::Rows)
        continue;
      const auto rows = static_cast<double>(placement.bounds.back());
      const auto grain = static_cast<double>(network.layers[layer].rowGrain);
      const int64_t moved =
          placement.bounds[bound] +
          static_cast<int64_t>(std::round(share * rows / grain) * grain);
      placement.bounds[bound] = std::clamp(moved, placement.bounds[bound - 1],
                                           placement.bounds[bound + 1]);
    }
    isBetter |= accept(std::move(candidate), isFused);
  }
  return isBetter;
}

/// Moves single bounds of single layers by one grain.
bool Refinement::moveLayerBounds(const Run &run) {
  bool isBetter = false;
  for (size_t layer = run.first; layer <= run.last; ++layer) {
    if (best.layers[layer].mode != LayerMode::Rows)
      continue;
    for (size_t bound = 1; bound < run.devices.size(); ++bound)
      for (int64_t sign : {1, -1}) {
        Plan candidate = best;
        std::vector<int64_t> &bounds = candidate.layers[layer].bounds;
        const int64_t moved =
            bounds[bound] + sign * network.layers[layer].rowGrain;
        if (moved < bounds[bound - 1] || moved > bounds[bound + 1])
          continue;
        bounds[bound] = moved;
        if (accept(std::move(candidate), isFused)) {
          isBetter = true;
          break;
        }
      }
  }
  return isBetter;
}

bool Refinement::turnFusion(const Run &run) {
  bool isBetter = false;
  for (size_t layer = run.first; layer < run.last; ++layer) {
    std::vector<bool> fused = isFused;
    fused[layer] = !fused[layer];
    isBetter |= accept(best, fused);
  }
  return isBetter;
}

Plan Refinement::run() {
  const std::vector<Run> runs = findRuns();
  bool isBetter = true;
  while (isBetter && predictionsLeft > 0) {
    isBetter = false;
    for (const Run &run : runs) {
      for (double share : {0.04, -0.04, 0.015, -0.015, 0.005, -0.005})
        isBetter |= moveRunBounds(run, share);
      isBetter |= turnFusion(run);
    }
    for (const Run &run : runs)
      isBetter |= moveLayerBounds(run);
  }
  return best;
}

Plan windrow::refinePlan(const CostModel &model, const Plan &plan) {
  return Refinement(model, plan).run();
}
