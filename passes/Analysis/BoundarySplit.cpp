//===- BoundarySplit.cpp - When to compute boundary rows first ------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/BoundarySplit.h"

static constexpr double memoryBytesPerSecond = 4e9;
static constexpr double secondsPerCall = 20e-6;

bool windrow::isSplitWorthwhile(const BoundarySplit &split) {
  double secondsPerPiece =
      static_cast<double>(split.operations) * secondsPerCall +
      static_cast<double>(split.repeatedBytes) / memoryBytesPerSecond;
  return split.transferSeconds >
         static_cast<double>(split.pieces - 1) * secondsPerPiece;
}
