//===- LowerBound.h - What no plan can beat ---------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_LOWERBOUND_H
#define WINDROW_PASSES_ANALYSIS_LOWERBOUND_H

#include "passes/Analysis/CostModel.h"

namespace windrow {

/// Seconds that every plan takes at least, by the model.
double boundLatency(const CostModel &model);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_LOWERBOUND_H
