//===- RowBalance.h - Dividing rows so that the last is soonest -*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_ROWBALANCE_H
#define WINDROW_PASSES_ANALYSIS_ROWBALANCE_H

#include "dialects/Nn/RowWindow.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace windrow {

/// Seconds of the rows `rows` on the device at `position`. Must not shrink when
/// the rows grow at either end; no rows take no time.
using IntervalSeconds =
    std::function<double(size_t position, RowInterval rows)>;

/// Divides `rows` rows, at least 0, among devices in their order so that the
/// slowest takes as little as possible: the least greatest time over all bounds
/// whose inner ones are multiples of `grain` (at least 1). Exact, by bisection
/// on the greatest time: each device takes as many rows as fit.
///
/// Among the bounds that are that good, returns ones near `ideal`, which
/// ascends from 0 to `rows` and has one entry more than there are devices:
/// layers that are cut at the same places exchange few rows.
std::vector<int64_t> balanceRows(int64_t rows, int64_t grain,
                                 std::span<const double> ideal,
                                 const IntervalSeconds &seconds);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_ROWBALANCE_H
