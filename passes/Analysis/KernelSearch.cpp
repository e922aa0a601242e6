//===- KernelSearch.cpp - The fastest kernels with their plan -------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/KernelSearch.h"

#include "passes/Analysis/LowerBound.h"
#include "passes/Analysis/PlanRefinement.h"

#include <algorithm>

using namespace windrow;

/// Of the descent after one exchange of kernels, and of the last one, as
/// `PlanPredictor` counts it.
static constexpr int64_t exchangeWork = 100'000;
static constexpr int64_t lastWork = 500'000;

namespace {
class KernelSearch {
public:
  KernelSearch(Network &network, const ClusterDescription &cluster,
               const CostTable *table, const SearchOptions &options)
      : network(network), cluster(cluster), table(table), options(options) {}

  SearchResult run();

private:
  std::vector<std::vector<size_t>> findClasses() const;
  bool exchange(Network &changed, const std::vector<size_t> &layers,
                size_t other) const;
  void trySmallestGrains(const std::vector<std::vector<size_t>> &classes);
  bool tryExchange(const std::vector<size_t> &layers, size_t other);

  Network &network;
  const ClusterDescription &cluster;
  const CostTable *table;
  const SearchOptions &options;
  SearchResult best;
};
} // namespace

/// Layers with other kernels, those of one shape and size together.
std::vector<std::vector<size_t>> KernelSearch::findClasses() const {
  std::vector<std::vector<size_t>> classes;
  for (size_t index = 0; index < network.layers.size(); ++index) {
    const Layer &layer = network.layers[index];
    if (layer.otherKernels.empty())
      continue;
    auto found = std::ranges::find_if(classes, [&](const auto &layers) {
      const Layer &other = network.layers[layers.front()];
      return other.shape == layer.shape && other.cost == layer.cost &&
             other.otherKernels.size() == layer.otherKernels.size();
    });
    if (found == classes.end())
      found = classes.insert(classes.end(), std::vector<size_t>());
    found->push_back(index);
  }
  return classes;
}

/// Whether the kernel of `layers` could be exchanged with one whose costs are
/// known.
bool KernelSearch::exchange(Network &changed, const std::vector<size_t> &layers,
                            size_t other) const {
  for (size_t layer : layers)
    changed.layers[layer].exchangeKernel(
        changed.layers[layer].otherKernels[other]);
  if (CostModel(changed, cluster, table).isEstimable(layers.front()))
    return true;
  for (size_t layer : layers)
    changed.layers[layer].exchangeKernel(
        changed.layers[layer].otherKernels[other]);
  return false;
}

/// Searches with those kernels that divide anywhere.
void KernelSearch::trySmallestGrains(
    const std::vector<std::vector<size_t>> &classes) {
  Network changed = network;
  for (const std::vector<size_t> &layers : classes) {
    const Layer &layer = changed.layers[layers.front()];
    auto smallest = std::ranges::min_element(layer.otherKernels, {},
                                             &KernelVariant::rowGrain);
    if (smallest->rowGrain < layer.rowGrain)
      exchange(changed, layers, smallest - layer.otherKernels.begin());
  }
  SearchResult result = searchPlan(CostModel(changed, cluster, table), options);
  if (result.fitsMemory < best.fitsMemory ||
      (result.fitsMemory == best.fitsMemory && result.latency >= best.latency))
    return;
  best = std::move(result);
  network = std::move(changed);
}

bool KernelSearch::tryExchange(const std::vector<size_t> &layers,
                               size_t other) {
  Network changed = network;
  if (!exchange(changed, layers, other))
    return false;
  const CostModel model(changed, cluster, table);
  RefinedPlan refined = refinePlan(model, nullptr, best.plan, exchangeWork);
  if (refined.latency >= best.latency * (1 - 1e-6))
    return false;
  best.plan = std::move(refined.plan);
  best.latency = refined.latency;
  network = std::move(changed);
  return true;
}

SearchResult KernelSearch::run() {
  best = searchPlan(CostModel(network, cluster, table), options);
  const std::vector<std::vector<size_t>> classes = findClasses();
  if (classes.empty() || options.objective == Objective::Memory)
    return std::move(best);
  trySmallestGrains(classes);
  bool isAny = false;
  for (const std::vector<size_t> &layers : classes)
    for (size_t other = 0;
         other < network.layers[layers.front()].otherKernels.size(); ++other)
      isAny |= tryExchange(layers, other);
  if (!isAny)
    return std::move(best);
  const CostModel model(network, cluster, table);
  return continueSearch(model, options, best.plan, lastWork);
}

SearchResult windrow::searchKernels(Network &network,
                                    const ClusterDescription &cluster,
                                    const CostTable *table,
                                    const SearchOptions &options) {
  return KernelSearch(network, cluster, table, options).run();
}
