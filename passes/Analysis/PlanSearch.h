//===- PlanSearch.h - The fastest plan for a cluster ------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_PLANSEARCH_H
#define WINDROW_PASSES_ANALYSIS_PLANSEARCH_H

#include "passes/Analysis/CostModel.h"
#include "passes/Analysis/Plan.h"

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace windrow {

/// What a plan is to make small.
enum class Objective {
  Latency, ///< the time of one answer, within every device's memory
  Memory,  ///< what the device that needs most needs
};

struct SearchOptions {
  Objective objective = Objective::Latency;
  bool useChannels = true; ///< results divided by channels
  bool usePartials = true; ///< sums over divided input channels
  bool useFused = true;    ///< rows computed again instead of received
  bool useStreams = true;  ///< layers computed as the image arrives
};

/// One plan that was considered.
struct PlanCandidate {
  std::string name;
  double latency; ///< predicted, in seconds
};

/// How good a plan is: the lesser, the better, the first that differs decides.
struct PlanMerit {
  double excessBytes; ///< beyond what the devices have, all together
  int64_t mostBytes;  ///< of the device that needs most; 0 unless it counts
  double latency;     ///< predicted, in seconds

  friend auto operator<=>(const PlanMerit &, const PlanMerit &) = default;
};

/// Judges a plan that takes `latency` seconds and needs `memory` bytes of each
/// device.
PlanMerit judgePlan(const ClusterDescription &cluster, Objective objective,
                    double latency, const std::vector<int64_t> &memory);

struct SearchResult {
  Plan plan;
  double latency = 0; ///< predicted, in seconds
  /// The bytes that each device needs, and whether all have as many.
  std::vector<int64_t> memory;
  bool fitsMemory = true;
  /// Everything is computed by one device, though there are several.
  bool isSingle = false;
  /// In the order in which they were tried.
  std::vector<PlanCandidate> candidates;
};

/// Searches for the best plan: the sequences of forms that are best by the sums
/// of `SegmentCosts`, and the simple rules, are judged by the timeline; the
/// best one's shares are then improved one at a time. Never slower, as
/// predicted, than single, even, proportional or greedy division. The same
/// input gives the same plan.
SearchResult searchPlan(const CostModel &model, const SearchOptions &options);

/// Goes on with `plan`, for `work` as `PlanPredictor` counts it, by descent
/// alone. `plan` stays where nothing is better.
SearchResult continueSearch(const CostModel &model,
                            const SearchOptions &options, const Plan &plan,
                            int64_t work);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_PLANSEARCH_H
