//===- CutSearch.h - The best sequence of forms and cuts --------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Dynamic programming over the layers in their order. After each layer all live
// tensors have one form; before the next one the form may change, tensors that
// are carried past it included, so that cuts may fall within residual blocks.
// Consecutive layers by rows may be fused: each device computes the rows that
// the next layer reads, its neighbours' among them, instead of receiving them.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_CUTSEARCH_H
#define WINDROW_PASSES_ANALYSIS_CUTSEARCH_H

#include "passes/Analysis/SegmentCosts.h"

#include <vector>

namespace windrow {

struct CutSearchOptions {
  /// Which of the forms may be used; one entry for each.
  std::vector<bool> allowedForms;
  /// Layers in one fused segment; 1 for none.
  size_t longestSegment = 8;
  bool usePartials = true;
  /// Seconds that a byte of weights on one device counts for.
  double secondsPerWeightByte = 0;
};

/// The plan whose sum of costs is least. Some allowed form must be possible for
/// every layer: one that holds tensors whole always is.
Plan searchCuts(const CostModel &model, const SegmentCosts &costs,
                const CutSearchOptions &options);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_CUTSEARCH_H
