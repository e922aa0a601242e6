//===- RowShares.h - Dividing rows among devices ----------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_ROWSHARES_H
#define WINDROW_PASSES_ANALYSIS_ROWSHARES_H

#include <cstdint>
#include <span>
#include <vector>

namespace windrow {

/// Divides `rows` rows, at least 0, into one range for each of `weights`, none
/// of which may be negative and one of which must be positive, in proportion.
/// Returns the bounds of the ranges: 0 first, `rows` last, one more than there
/// are weights.
///
/// Each inner bound is the exact one rounded to the nearest multiple of
/// `grain` (at least 1). Rounding the bounds and not the sizes keeps them at
/// the same place of the image, to half a grain, in tensors of every height, so
/// that successive layers exchange few rows. A range may be empty.
std::vector<int64_t> divideRows(int64_t rows, std::span<const double> weights,
                                int64_t grain = 1);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_ROWSHARES_H
