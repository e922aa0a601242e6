//===- RowShares.cpp - Dividing rows among devices ------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/RowShares.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

std::vector<int64_t> windrow::divideRows(int64_t rows,
                                         std::span<const double> weights,
                                         int64_t grain) {
  double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  assert(rows >= 0 && grain >= 1 && total > 0 && "nothing to divide");
  std::vector<int64_t> bounds{0};
  double sum = 0;
  for (double weight : weights) {
    assert(weight >= 0 && "a share must not be negative");
    sum += weight;
    double exact = static_cast<double>(rows) * (sum / total);
    int64_t rounded = std::llround(exact / static_cast<double>(grain)) * grain;
    bounds.push_back(std::clamp(rounded, bounds.back(), rows));
  }
  bounds.back() = rows;
  return bounds;
}
