//===- LowRank.cpp - Matrices and filters of low rank ---------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/LowRank.h"

#include "passes/Compact/Eigenvectors.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace windrow {

/// Whether the Gram matrix of the rows is the smaller one.
static bool hasFewRows(const Matrix &matrix) {
  return matrix.rows() <= matrix.cols();
}

static Eigen::MatrixXd smallerGram(const Matrix &matrix) {
  return hasFewRows(matrix) ? gramOfRows(matrix) : gramOfColumns(matrix);
}

static double errorOf(double energy, double captured) {
  return energy > 0 ? std::sqrt(std::max(0.0, energy - captured) / energy) : 0;
}

int64_t chooseRank(const Matrix &matrix, double energy) {
  return countForEnergy(smallerGram(matrix), energy);
}

MatrixFactors factorMatrix(const Matrix &matrix, int64_t rank) {
  assert(rank >= 1 && rank <= std::min(matrix.rows(), matrix.cols()) &&
         "rank must be at most the smaller side");
  Eigen::MatrixXd vectors = leadingEigenvectors(smallerGram(matrix), rank);
  MatrixFactors factors;
  if (hasFewRows(matrix)) {
    factors.expand = vectors;
    factors.reduce = vectors.transpose() * matrix;
  } else {
    factors.expand = matrix * vectors;
    factors.reduce = vectors.transpose();
    for (int64_t i = 0; i < rank; ++i)
      if (double norm = factors.expand.col(i).norm(); norm > 0) {
        factors.expand.col(i) /= norm;
        factors.reduce.row(i) *= norm;
      }
  }
  double captured = (factors.expand * factors.reduce).squaredNorm();
  factors.relativeError = errorOf(matrix.squaredNorm(), captured);
  return factors;
}

SeparableFactors separateFilter(const Matrix &filter, const FilterShape &shape,
                                int64_t terms) {
  assert(filter.rows() == shape.outputs * shape.taps() &&
         filter.cols() == shape.inputs && "filter must have its shape");
  assert(terms >= 1 && terms <= shape.taps() &&
         "terms must be at most the number of taps");
  SeparableFactors factors;
  factors.depthwise.resize(shape.inputs * terms, shape.taps());
  factors.pointwise.resize(shape.outputs, shape.inputs * terms);
  for (int64_t input = 0; input < shape.inputs; ++input) {
    Matrix column = filter.col(input);
    Eigen::Map<const Matrix> filters(column.data(), shape.outputs,
                                     shape.taps());
    Eigen::MatrixXd vectors =
        leadingEigenvectors(gramOfColumns(filters), terms);
    factors.depthwise.middleRows(input * terms, terms) = vectors.transpose();
    factors.pointwise.middleCols(input * terms, terms) = filters * vectors;
  }
  factors.relativeError =
      errorOf(filter.squaredNorm(), factors.pointwise.squaredNorm());
  return factors;
}

} // namespace windrow
