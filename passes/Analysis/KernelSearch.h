//===- KernelSearch.h - The fastest kernels with their plan -----*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_KERNELSEARCH_H
#define WINDROW_PASSES_ANALYSIS_KERNELSEARCH_H

#include "passes/Analysis/PlanSearch.h"

namespace windrow {

/// `searchPlan`, which also chooses among the kernels of each layer: one that
/// is fast on the whole layer may divide its rows at multiples of four only,
/// and leave devices without work where a slower one does not. Begins with the
/// kernels of `network` and with those that divide anywhere; then the layers
/// of one shape after the other take another kernel where the plan becomes
/// faster. Where memory is to be small, or what devices have is not enough,
/// kernels that hold less come first, measured or not, and those that hold more
/// return where they take nothing away. Leaves the chosen kernels in `network`.
/// `table` may be null.
SearchResult searchKernels(Network &network, const ClusterDescription &cluster,
                           const CostTable *table,
                           const SearchOptions &options);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_KERNELSEARCH_H
