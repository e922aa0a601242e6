//===- PlanSearch.cpp - The fastest plan for the machines there are -------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/PlanSearch.h"

#include "passes/Analysis/CutSearch.h"
#include "passes/Analysis/LayerStream.h"
#include "passes/Analysis/PlanRefinement.h"
#include "passes/Analysis/PlanTimeline.h"
#include "passes/Analysis/RulePlans.h"

#include <algorithm>
#include <optional>

using namespace windrow;

/// Of one descent and of all, as `PlanPredictor` counts it.
static constexpr int64_t descentWork = 1'000'000;
static constexpr int64_t allDescentsWork = 2'000'000;
static constexpr int64_t streamDescentWork = 150'000;

namespace {
struct StartPlan {
  std::string name;
  double latency;
  Plan plan;
};

/// Judges plans and keeps the best.
class PlanSearch {
public:
  PlanSearch(const CostModel &model, const SearchOptions &options);

  SearchResult run();
  SearchResult continueFrom(const Plan &plan, int64_t work);

private:
  SearchResult finish();
  void addRulePlans();
  SegmentCosts makeCosts() const;
  void addCutPlans(const SegmentCosts &costs, double secondsPerWeightByte);
  void refine(const SegmentCosts &costs);
  bool mayStream() const {
    return options.useStreams && options.objective == Objective::Latency;
  }
  void addStreams(const SegmentCosts *costs);
  void consider(std::string name, Plan plan);
  bool isBetter(double latency, const std::vector<int64_t> &memory) const;
  bool exceedsMemory() const;
  void preferRulePlan();

  const CostModel &model;
  const Network &network;
  const SearchOptions &options;
  SearchResult best;
  /// Plans that may be refined.
  std::vector<StartPlan> starts;
  /// Those that follow a rule for several devices.
  std::vector<StartPlan> rulePlans;
};
} // namespace

PlanSearch::PlanSearch(const CostModel &model, const SearchOptions &options)
    : model(model), network(model.network()), options(options) {}

/// Bytes beyond what the devices have.
static double excessMemory(const ClusterDescription &cluster,
                           const std::vector<int64_t> &memory) {
  double excess = 0;
  for (size_t device = 0; device < memory.size(); ++device)
    if (const auto &limit = cluster.devices[device].memoryMb)
      excess += std::max(0.0, static_cast<double>(memory[device]) -
                                  static_cast<double>(*limit) * 1e6);
  return excess;
}

PlanMerit windrow::judgePlan(const ClusterDescription &cluster,
                             Objective objective, double latency,
                             const std::vector<int64_t> &memory) {
  return {excessMemory(cluster, memory),
          objective == Objective::Memory ? std::ranges::max(memory) : 0,
          latency};
}

bool PlanSearch::isBetter(double latency,
                          const std::vector<int64_t> &memory) const {
  auto judge = [&](double seconds, const std::vector<int64_t> &bytes) {
    return judgePlan(model.cluster(), options.objective, seconds, bytes);
  };
  return best.plan.layers.empty() ||
         judge(latency, memory) < judge(best.latency, best.memory);
}

bool PlanSearch::exceedsMemory() const {
  return excessMemory(model.cluster(), best.memory) > 0;
}

void PlanSearch::consider(std::string name, Plan plan) {
  const double latency = predictLatency(model, plan);
  best.candidates.push_back({name, latency});
  auto isKnown = [&](const StartPlan &other) { return other.plan == plan; };
  if (std::ranges::none_of(starts, isKnown))
    starts.push_back({std::move(name), latency, plan});
  const std::vector<int64_t> memory =
      estimateMemory(network, plan, model.numDevices());
  if (!isBetter(latency, memory))
    return;
  best.plan = std::move(plan);
  best.latency = latency;
  best.memory = memory;
}

void PlanSearch::addRulePlans() {
  std::vector<double> equal, speeds;
  for (size_t device = 0; device < model.numDevices(); ++device) {
    equal.push_back(1.0);
    speeds.push_back(model.cluster().devices[device].speed);
    const size_t deviceClass = model.deviceClass(device);
    bool isNew = true;
    for (size_t other = 0; other < device; ++other)
      isNew &= model.deviceClass(other) != deviceClass ||
               model.cluster().devices[device].memoryMb !=
                   model.cluster().devices[other].memoryMb;
    if (isNew)
      consider("single on " + model.cluster().devices[device].name,
               leaveToOne(network, device));
  }
  if (model.numDevices() == 1)
    return;
  const size_t fastest = model.cluster().fastestDevice();
  const size_t singles = starts.size();
  consider("even", divideInProportion(network, equal, fastest, 1));
  consider("proportional", divideInProportion(network, speeds, fastest, 1));
  consider("greedy", balanceGreedily(model));
  rulePlans.assign(starts.begin() + static_cast<std::ptrdiff_t>(singles),
                   starts.end());
}

/// Takes a plan that follows a rule where the best one promises hardly more:
/// the model knows less of uneven plans, and least of streams.
void PlanSearch::preferRulePlan() {
  const double leastGain = countStreamed(best.plan) > 0 ? 0.02 : 0.01;
  const auto rulePlan =
      std::ranges::min_element(rulePlans, {}, &StartPlan::latency);
  if (rulePlan == rulePlans.end() || options.objective != Objective::Latency ||
      rulePlan->latency > best.latency * (1 + leastGain))
    return;
  const std::vector<int64_t> memory =
      estimateMemory(network, rulePlan->plan, model.numDevices());
  if (excessMemory(model.cluster(), memory) >
      excessMemory(model.cluster(), best.memory))
    return;
  best.plan = rulePlan->plan;
  best.latency = rulePlan->latency;
  best.memory = memory;
}

SegmentCosts PlanSearch::makeCosts() const {
  std::vector<DeviceGroup> groups = chooseGroups(model);
  std::vector<TensorForm> forms{{LayerMode::Owner, 0}};
  for (size_t group = 1; group < groups.size(); ++group) {
    forms.push_back({LayerMode::Rows, group});
    forms.push_back({LayerMode::Replicated, group});
    if (options.useChannels)
      forms.push_back({LayerMode::Channels, group});
  }
  return SegmentCosts(model, std::move(groups), std::move(forms));
}

void PlanSearch::addCutPlans(const SegmentCosts &costs,
                             double secondsPerWeightByte) {
  const std::vector<TensorForm> &forms = costs.forms();
  CutSearchOptions cuts;
  cuts.usePartials = options.usePartials && options.useChannels;
  cuts.secondsPerWeightByte = secondsPerWeightByte;
  auto search = [&](const std::string &name, size_t group,
                    bool mayLeaveGroup = true) {
    cuts.allowedForms.clear();
    for (const TensorForm &form : forms)
      cuts.allowedForms.push_back(group == 0 || form.group == group ||
                                  (form.group == 0 && mayLeaveGroup));
    cuts.longestSegment = 1;
    consider(name, searchCuts(model, costs, cuts));
    if (!options.useFused)
      return;
    cuts.longestSegment = 8;
    consider(name + ", fused", searchCuts(model, costs, cuts));
  };
  search("cuts", 0);
  // The sums of costs are not the timeline: what is second best by them may be
  // better.
  for (size_t group = 1; group < costs.groups().size(); ++group) {
    const std::string count =
        std::to_string(costs.groups()[group].devices.size());
    search("cuts on " + count, group);
    search("cuts within " + count, group, /*mayLeaveGroup=*/false);
  }
}

void PlanSearch::refine(const SegmentCosts &costs) {
  std::vector<StartPlan> chosen = std::move(starts);
  std::ranges::stable_sort(chosen, {}, &StartPlan::latency);
  int64_t workLeft = allDescentsWork;
  auto refine = [&](const std::string &name, const Plan &start) {
    RefinedPlan refined =
        refinePlan(model, &costs, start, std::min(workLeft, descentWork));
    workLeft -= refined.work;
    consider(name, std::move(refined.plan));
  };
  if (options.objective == Objective::Memory || exceedsMemory())
    refine("refined", Plan(best.plan));
  for (const StartPlan &start : chosen)
    if (workLeft > 0 && start.latency < 1.5 * best.latency)
      refine("refined " + start.name, start.plan);
}

/// Lets the first layers of the best plan, of those by a rule and of the
/// fastest device's begin while the image arrives.
void PlanSearch::addStreams(const SegmentCosts *costs) {
  auto add = [&](const std::string &name, const Plan &plan) {
    Plan streamed = chooseStream(model, plan);
    const bool isNew = streamed != plan;
    if (isNew)
      consider(name, streamed);
    return isNew ? std::optional(std::move(streamed)) : std::nullopt;
  };
  const std::optional<Plan> streamed = add("streamed", Plan(best.plan));
  if (model.numDevices() == 1)
    return;
  if (streamed && costs)
    consider("refined streamed",
             refinePlan(model, costs, *streamed, streamDescentWork).plan);
  add("streamed single", leaveToOne(network, model.cluster().fastestDevice()));
  for (StartPlan &rulePlan : rulePlans)
    if (const auto plan = add("streamed " + rulePlan.name, rulePlan.plan)) {
      rulePlan.plan = *plan;
      rulePlan.latency = best.candidates.back().latency;
    }
}

SearchResult PlanSearch::run() {
  addRulePlans();
  if (model.numDevices() > 1 && !network.layers.empty()) {
    const SegmentCosts costs = makeCosts();
    if (options.objective == Objective::Latency)
      addCutPlans(costs, 0);
    // A byte of weights counts for more until the plan fits.
    double secondsPerByte = 1e-9;
    while (secondsPerByte < 1 &&
           (options.objective == Objective::Memory || exceedsMemory())) {
      addCutPlans(costs, secondsPerByte);
      secondsPerByte *= 10;
    }
    refine(costs);
    if (mayStream())
      addStreams(&costs);
    preferRulePlan();
  } else if (!network.layers.empty() && mayStream()) {
    addStreams(nullptr);
  }
  return finish();
}

SearchResult PlanSearch::finish() {
  best.fitsMemory = !exceedsMemory();
  const LayerPlacement &first = best.plan.layers.front();
  best.isSingle = model.numDevices() > 1 &&
                  std::ranges::all_of(best.plan.layers, [&](const auto &layer) {
                    return layer.mode == LayerMode::Owner &&
                           layer.partialDevices.empty() &&
                           layer.devices == first.devices;
                  });
  return std::move(best);
}

SearchResult PlanSearch::continueFrom(const Plan &plan, int64_t work) {
  consider("before", plan);
  const SegmentCosts costs = makeCosts();
  consider("refined", refinePlan(model, &costs, plan, work).plan);
  return finish();
}

SearchResult windrow::searchPlan(const CostModel &model,
                                 const SearchOptions &options) {
  return PlanSearch(model, options).run();
}

SearchResult windrow::continueSearch(const CostModel &model,
                                     const SearchOptions &options,
                                     const Plan &plan, int64_t work) {
  return PlanSearch(model, options).continueFrom(plan, work);
}
