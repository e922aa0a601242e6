//===- Eigenvectors.cpp - Spectra of Gram matrices ------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/Eigenvectors.h"

#include <Eigen/Eigenvalues>

namespace windrow {

Eigen::MatrixXd gramOfColumns(ConstMatrixRef matrix) {
  Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(matrix.cols(), matrix.cols());
  gram.selfadjointView<Eigen::Lower>().rankUpdate(matrix.transpose());
  return gram;
}

Eigen::MatrixXd gramOfRows(ConstMatrixRef matrix) {
  Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(matrix.rows(), matrix.rows());
  gram.selfadjointView<Eigen::Lower>().rankUpdate(matrix);
  return gram;
}

Eigen::MatrixXd leadingEigenvectors(const Eigen::MatrixXd &gram,
                                    int64_t count) {
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(gram);
  Eigen::MatrixXd vectors =
      solver.eigenvectors().rightCols(count).rowwise().reverse();
  for (int64_t column = 0; column < count; ++column) {
    Eigen::Index largest = 0;
    vectors.col(column).cwiseAbs().maxCoeff(&largest);
    if (vectors(largest, column) < 0)
      vectors.col(column) *= -1;
  }
  return vectors;
}

int64_t countForEnergy(const Eigen::MatrixXd &gram, double energy) {
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(gram,
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

} // namespace windrow
