//===- BoundarySplit.h - When to compute boundary rows first ----*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_BOUNDARYSPLIT_H
#define WINDROW_PASSES_ANALYSIS_BOUNDARYSPLIT_H

#include <cstdint>

namespace windrow {

/// What dividing the rows of operations, one after the other, into pieces costs
/// and may hide.
struct BoundarySplit {
  int64_t pieces = 1;         ///< calls of each operation instead of one
  int64_t operations = 1;     ///< that are divided
  int64_t repeatedBytes = 0;  ///< that every piece reads whole: weights
  double transferSeconds = 0; ///< until the slowest peer has its rows
};

/// Whether the transfers take longer than the additional calls, which read
/// `repeatedBytes` again at the 4 GB/s of a weak board and need 20 microseconds
/// each to start. A rule of thumb for devices whose costs are not measured.
bool isSplitWorthwhile(const BoundarySplit &split);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_BOUNDARYSPLIT_H
