//===- LeastSquares.cpp - Linear maps that fit samples --------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/LeastSquares.h"

#include "passes/Compact/Eigenvectors.h"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cassert>

namespace windrow {

Eigen::RowVectorXd centre(Matrix &samples) {
  Eigen::RowVectorXd mean = samples.colwise().mean();
  samples.rowwise() -= mean;
  return mean;
}

AffineMap fitTowards(const Matrix &features, const Matrix &targets,
                     const Matrix &start, double ridge) {
  assert(features.rows() == targets.rows() && "one target a sample");
  assert(start.rows() == features.cols() && start.cols() == targets.cols() &&
         "start must map features to targets");
  Matrix centred = features;
  Eigen::RowVectorXd featureMean = centre(centred);
  Matrix rest = targets - features * start;
  Eigen::RowVectorXd restMean = centre(rest);

  double variance =
      centred.squaredNorm() / std::max<int64_t>(1, centred.cols());
  double penalty = std::max(ridge * variance, 1e-30);
  AffineMap map;
  map.weights = start;
  // The smaller of the two equivalent systems.
  if (centred.cols() <= centred.rows()) {
    Eigen::MatrixXd gram = gramOfColumns(centred);
    gram.diagonal().array() += penalty;
    map.weights += gram.selfadjointView<Eigen::Lower>().llt().solve(
        centred.transpose() * rest);
  } else {
    Eigen::MatrixXd gram = gramOfRows(centred);
    gram.diagonal().array() += penalty;
    map.weights += centred.transpose() *
                   gram.selfadjointView<Eigen::Lower>().llt().solve(rest);
  }
  map.bias = (restMean - featureMean * (map.weights - start)).transpose();
  return map;
}

LowRankMap truncateMap(const AffineMap &map, const Matrix &features,
                       const Matrix &targets, int64_t rank) {
  Matrix fitted = features * map.weights;
  centre(fitted);
  LowRankMap low;
  low.expand = leadingEigenvectors(gramOfColumns(fitted), rank);
  low.reduce = map.weights * low.expand;
  Eigen::RowVectorXd mean = features.colwise().mean();
  low.bias =
      (targets.colwise().mean() - mean * low.reduce * low.expand.transpose())
          .transpose();
  return low;
}

double relativeError(const Matrix &fitted, const Matrix &targets) {
  Matrix spread = targets;
  centre(spread);
  double norm = spread.norm();
  return norm > 0 ? (fitted - targets).norm() / norm : 0;
}

CovarianceRoot rootOfCovariance(Matrix samples) {
  int64_t count = samples.rows();
  centre(samples);
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(gramOfColumns(samples) /
                                                        count);
  Vector variances = solver.eigenvalues();
  double floor = std::max(1e-6 * variances.cwiseMax(0.0).mean(), 1e-30);
  Vector roots = variances.cwiseMax(floor).cwiseSqrt();
  const Eigen::MatrixXd &vectors = solver.eigenvectors();
  return {vectors * roots.asDiagonal() * vectors.transpose(),
          vectors * roots.cwiseInverse().asDiagonal() * vectors.transpose()};
}

} // namespace windrow
