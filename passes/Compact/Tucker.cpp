//===- Tucker.cpp - Tucker-2 decomposition of filters -----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/Tucker.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cassert>
#include <cmath>

namespace windrow {

using ColumnMatrix = Eigen::MatrixXd;

/// `matrix` with one row for each of `rows`, its elements in the same order.
static Eigen::Map<const Matrix> viewAs(const Matrix &matrix, int64_t rows) {
  assert(matrix.size() % rows == 0 && "rows must divide the elements");
  return {matrix.data(), rows, matrix.size() / rows};
}

/// matrix^T * matrix.
static ColumnMatrix gramOfColumns(const Matrix &matrix) {
  ColumnMatrix gram = ColumnMatrix::Zero(matrix.cols(), matrix.cols());
  gram.selfadjointView<Eigen::Lower>().rankUpdate(matrix.transpose());
  return gram;
}

/// matrix * matrix^T, where `matrix` is viewed with `rows` rows.
static ColumnMatrix gramOfRows(const Matrix &matrix, int64_t rows) {
  ColumnMatrix gram = ColumnMatrix::Zero(rows, rows);
  gram.selfadjointView<Eigen::Lower>().rankUpdate(viewAs(matrix, rows));
  return gram;
}

/// The eigenvectors of the `count` largest eigenvalues of `gram`, as columns,
/// the largest first. Signs are fixed, so that results do not depend on how the
/// solver got there.
static ColumnMatrix leadingEigenvectors(const ColumnMatrix &gram,
                                        int64_t count) {
  Eigen::SelfAdjointEigenSolver<ColumnMatrix> solver(gram);
  ColumnMatrix vectors =
      solver.eigenvectors().rightCols(count).rowwise().reverse();
  for (int64_t column = 0; column < count; ++column) {
    Eigen::Index largest = 0;
    vectors.col(column).cwiseAbs().maxCoeff(&largest);
    if (vectors(largest, column) < 0)
      vectors.col(column) *= -1;
  }
  return vectors;
}

static int64_t countForEnergy(const ColumnMatrix &gram, double energy) {
  Eigen::SelfAdjointEigenSolver<ColumnMatrix> solver(gram,
                                                     Eigen::EigenvaluesOnly);
  Vector descending = solver.eigenvalues().reverse().cwiseMax(0.0);
  double wanted = energy * descending.sum();
  double sum = 0;
  for (int64_t count = 1; count <= descending.size(); ++count) {
    sum += descending(count - 1);
    if (sum >= wanted)
      return count;
  }
  return descending.size();
}

ChannelRanks chooseChannelRanks(const Matrix &filter, const FilterShape &shape,
                                double energy) {
  return {countForEnergy(gramOfColumns(filter), energy),
          countForEnergy(gramOfRows(filter, shape.outputs), energy)};
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
  ColumnMatrix inputs =
      leadingEigenvectors(gramOfColumns(filter), ranks.inputs);
  ColumnMatrix outputs;
  Matrix core;
  for (int sweep = 0; sweep <= sweeps; ++sweep) {
    Matrix reduced = filter * inputs;
    outputs =
        leadingEigenvectors(gramOfRows(reduced, shape.outputs), ranks.outputs);
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
