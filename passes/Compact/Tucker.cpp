//===- Tucker.cpp - Tucker-2 decomposition of filters -----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/Tucker.h"

#include "passes/Compact/Eigenvectors.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace windrow {

/// `matrix` with one row for each of `rows`, its elements in the same order.
static Eigen::Map<const Matrix> viewAs(const Matrix &matrix, int64_t rows) {
  assert(matrix.size() % rows == 0 && "rows must divide the elements");
  return {matrix.data(), rows, matrix.size() / rows};
}

ChannelRanks chooseChannelRanks(const Matrix &filter, const FilterShape &shape,
                                double energy) {
  return {countForEnergy(gramOfColumns(filter), energy),
          countForEnergy(gramOfRows(viewAs(filter, shape.outputs)), energy)};
}

TuckerFactors decomposeTucker2(const Matrix &filter, const FilterShape &shape,
                               const ChannelRanks &ranks, int sweeps) {
  assert(filter.rows() == shape.outputs * shape.taps() &&
         filter.cols() == shape.inputs && "filter must have its shape");
  assert(ranks.inputs >= 1 && ranks.inputs <= shape.inputs &&
         ranks.outputs >= 1 && ranks.outputs <= shape.outputs &&
         "ranks must be at most the filter's channels");
  // A sweep that gains less than this part of the energy is the last.
  constexpr double smallestGain = 1e-4;

  double energy = filter.squaredNorm(), captured = -1;
  Eigen::MatrixXd inputs =
      leadingEigenvectors(gramOfColumns(filter), ranks.inputs);
  Eigen::MatrixXd outputs;
  Matrix core;
  for (int sweep = 0; sweep <= sweeps; ++sweep) {
    Matrix reduced = filter * inputs;
    outputs = leadingEigenvectors(gramOfRows(viewAs(reduced, shape.outputs)),
                                  ranks.outputs);
    core = outputs.transpose() * viewAs(reduced, shape.outputs);
    double now = core.squaredNorm();
    if (sweep == sweeps || now - captured <= smallestGain * energy)
      break;
    captured = now;
    Matrix projected = outputs.transpose() * viewAs(filter, shape.outputs);
    inputs = leadingEigenvectors(
        gramOfColumns(viewAs(projected, ranks.outputs * shape.taps())),
        ranks.inputs);
  }

  TuckerFactors factors;
  factors.reduce = inputs.transpose();
  factors.core = viewAs(core, ranks.outputs * shape.taps());
  factors.expand = outputs;
  double missed = std::max(0.0, energy - core.squaredNorm());
  factors.relativeError = energy > 0 ? std::sqrt(missed / energy) : 0;
  return factors;
}

Matrix multiplyFactors(const TuckerFactors &factors, const FilterShape &shape) {
  Matrix reduced = factors.core * factors.reduce;
  Matrix filter = factors.expand * viewAs(reduced, factors.expand.cols());
  return viewAs(filter, shape.outputs * shape.taps());
}

} // namespace windrow
