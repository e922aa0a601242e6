//===- PlanRefinement.h - Improving the shares of a plan --------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_PLANREFINEMENT_H
#define WINDROW_PASSES_ANALYSIS_PLANREFINEMENT_H

#include "passes/Analysis/CostModel.h"
#include "passes/Analysis/Plan.h"
#include "passes/Analysis/SegmentCosts.h"

#include <cstdint>
#include <vector>

namespace windrow {

struct RefinedPlan {
  Plan plan;
  double latency; ///< predicted, in seconds
  int64_t work;   ///< done, as `PlanPredictor::work` counts it
};

/// Coordinate descent on `plan`, judged by the timeline: the bounds between two
/// devices move, in all consecutive layers that the same devices share by rows,
/// in those of the same height, then in single layers; whether a layer's rows
/// are computed again or received is turned over, for the first layers of a
/// stream together too; a few layers take another form of `costs`, which may be
/// null. Where none of that helps, channels move too, and rows from any device
/// to any other, past those between. A stream keeps its layers and devices.
/// Ends when no step helps or `work` is done. Returns a plan that is not
/// slower.
RefinedPlan refinePlan(const CostModel &model, const SegmentCosts *costs,
                       const Plan &plan, int64_t work);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_PLANREFINEMENT_H
