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

namespace windrow {

/// Coordinate descent on the shares of `plan`, judged by the timeline: the
/// bounds between two devices move, in all consecutive layers that the same
/// devices share by rows, then in single layers; whether a layer's rows are
/// computed again or received is turned over. Ends when no step helps or after
/// a number of predictions that depends on the size of the problem only.
/// Returns a plan that is not slower.
Plan refinePlan(const CostModel &model, const Plan &plan);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_PLANREFINEMENT_H
