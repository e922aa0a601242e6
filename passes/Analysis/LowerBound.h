//===- LowerBound.h - What no plan can beat ---------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Two relaxations of the planning problem; each bounds the latency from below,
// by the cost model.
//
// Load: all work, at the best rate of any number of rows, shared without loss.
// Every plan obeys it, whatever its form.
//
// Steps: plans whose devices work on one layer at a time, as all do that this
// planner considers. Shares are fractions and not whole rows; every layer takes
// the form and the number of devices that suit it best; a change of form costs
// only what the layer before cannot hide; of a halo only the half counts that
// must travel, or what computing it again takes; residual values and memory
// cost nothing. The least sum is found by dynamic programming. A plan whose
// devices run ahead of each other by parts of layers could in principle beat
// it; tests against brute force found none.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_LOWERBOUND_H
#define WINDROW_PASSES_ANALYSIS_LOWERBOUND_H

#include "passes/Analysis/CostModel.h"

namespace windrow {

/// The greater of the two bounds, in seconds.
double boundLatency(const CostModel &model);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_LOWERBOUND_H
