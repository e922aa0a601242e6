//===- KernelSearch.cpp - The fastest kernels with their plan -------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/KernelSearch.h"

#include "passes/Analysis/PlanRefinement.h"
#include "passes/Analysis/PlanTimeline.h"

#include <algorithm>

using namespace windrow;

/// Of the descent after one exchange of kernels, and of the last one, as
/// `PlanPredictor` counts it.
static constexpr int64_t exchangeWork = 200'000;
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
  PlanMerit judge(const SearchResult &result) const {
    return judgePlan(cluster, options.objective, result.latency, result.memory);
  }
  bool minimizesMemory() const {
    return options.objective == Objective::Memory || !best.fitsMemory;
  }
  bool exchange(Network &changed, const std::vector<size_t> &layers,
                size_t other) const;
  void tryNetwork(Network changed);
  void trySmallestGrains(const std::vector<std::vector<size_t>> &classes);
  void trySmallestWeights(const std::vector<std::vector<size_t>> &classes);
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

static void exchangeKernels(Network &network, const std::vector<size_t> &layers,
                            size_t other) {
  for (size_t layer : layers)
    network.layers[layer].exchangeKernel(
        network.layers[layer].otherKernels[other]);
}

/// Whether the kernel of `layers` could be exchanged with one whose costs are
/// known.
bool KernelSearch::exchange(Network &changed, const std::vector<size_t> &layers,
                            size_t other) const {
  exchangeKernels(changed, layers, other);
  if (CostModel(changed, cluster, table).isMeasured(layers.front()))
    return true;
  exchangeKernels(changed, layers, other);
  return false;
}

/// Searches with the kernels of `changed`, which stay where they are better.
void KernelSearch::tryNetwork(Network changed) {
  SearchResult result = searchPlan(CostModel(changed, cluster, table), options);
  if (judge(result) >= judge(best))
    return;
  best = std::move(result);
  network = std::move(changed);
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
  tryNetwork(std::move(changed));
}

/// Searches with those kernels that hold least, though they may not have been
/// measured.
void KernelSearch::trySmallestWeights(
    const std::vector<std::vector<size_t>> &classes) {
  Network changed = network;
  for (const std::vector<size_t> &layers : classes) {
    const Layer &layer = changed.layers[layers.front()];
    std::vector<int64_t> bytes;
    for (size_t other = 0; other < layer.otherKernels.size(); ++other) {
      Layer exchanged = layer;
      exchanged.exchangeKernel(exchanged.otherKernels[other]);
      bytes.push_back(heldWeightBytes(exchanged));
    }
    auto smallest = std::ranges::min_element(bytes);
    if (*smallest < heldWeightBytes(layer))
      exchangeKernels(changed, layers, smallest - bytes.begin());
  }
  tryNetwork(std::move(changed));
}

bool KernelSearch::tryExchange(const std::vector<size_t> &layers,
                               size_t other) {
  Network changed = network;
  if (!exchange(changed, layers, other))
    return false;
  const CostModel model(changed, cluster, table);
  SearchResult result = best;
  // Descent is for latency alone.
  if (options.objective == Objective::Latency)
    result.plan = refinePlan(model, nullptr, best.plan, exchangeWork).plan;
  result.latency = predictLatency(model, result.plan);
  result.memory = estimateMemory(changed, result.plan, cluster.devices.size());
  PlanMerit merit = judge(result);
  // What rounding takes off is no gain.
  merit.latency /= 1 - 1e-6;
  if (merit >= judge(best))
    return false;
  best = std::move(result);
  network = std::move(changed);
  return true;
}

SearchResult KernelSearch::run() {
  best = searchPlan(CostModel(network, cluster, table), options);
  const std::vector<std::vector<size_t>> classes = findClasses();
  if (classes.empty())
    return std::move(best);
  if (minimizesMemory())
    trySmallestWeights(classes);
  if (!minimizesMemory())
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
