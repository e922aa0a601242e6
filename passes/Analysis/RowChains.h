//===- RowChains.h - Layers that go on with the same rows -------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_ROWCHAINS_H
#define WINDROW_PASSES_ANALYSIS_ROWCHAINS_H

#include "passes/Analysis/Plan.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace windrow {

/// For each layer the one before it in its chain, if any. Under `plan` every
/// device computes the same rows of both, the second reads of each row of the
/// first no other, and nobody else reads them: the rows that others wait for
/// can go through both before the rest, as `cluster-place` lets them. Of
/// several layers that it reads, a layer goes on with the last.
std::vector<std::optional<size_t>> findPredecessors(const Network &network,
                                                    const Plan &plan);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_ROWCHAINS_H
