//===- RulePlans.h - Plans that follow a simple rule ------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The strategies that the search is compared with, and starts from.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_RULEPLANS_H
#define WINDROW_PASSES_ANALYSIS_RULEPLANS_H

#include "passes/Analysis/CostModel.h"
#include "passes/Analysis/Plan.h"

#include <functional>
#include <span>

namespace windrow {

/// The bounds of the rows of one layer's result, for each of the devices.
using RowBounds = std::function<std::vector<int64_t>(size_t layer)>;

/// Whether `layer` can be divided by rows and has more than one.
bool isRowDividable(const Network &network, size_t layer);

/// Divides every layer that can be divided by rows and has more than one, by
/// `bounds`, among `devices`. The others are computed by every device that
/// holds rows which depend on them, so that channel attention costs one
/// exchange and not two; where no rows depend on them, as in a classifier's
/// head, by `fastest`.
Plan divideByRows(const Network &network, std::span<const size_t> devices,
                  size_t fastest, const RowBounds &bounds);

/// `divideByRows` in proportion to `weights`, one for each device, none
/// negative and one positive.
Plan divideInProportion(const Network &network, std::span<const double> weights,
                        size_t fastest, int64_t grain);

/// Everything on `device`.
Plan leaveToOne(const Network &network, size_t device);

/// The published baseline (EdgeLD, HPCC 2020; EdgeDI): for each layer, from
/// equal parts, one row at a time moves from the device that takes longest, for
/// its rows and their halo, to the one that is done first, as long as that
/// makes the difference between the two smaller.
Plan balanceGreedily(const CostModel &model);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_RULEPLANS_H
