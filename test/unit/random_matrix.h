//===- random_matrix.h - Matrices to factorize -----------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_UNIT_RANDOM_MATRIX_H
#define WINDROW_TEST_UNIT_RANDOM_MATRIX_H

#include "passes/Compact/Matrix.h"

#include <random>

namespace windrow::test {

/// Normally distributed elements.
inline Matrix randomMatrix(int64_t rows, int64_t columns, unsigned seed) {
  std::minstd_rand random(seed);
  std::normal_distribution<double> element;
  Matrix matrix(rows, columns);
  for (int64_t i = 0; i < matrix.size(); ++i)
    matrix.data()[i] = element(random);
  return matrix;
}

/// By the Frobenius norm.
inline double relativeDifference(const Matrix &actual, const Matrix &wanted) {
  return (actual - wanted).norm() / wanted.norm();
}

} // namespace windrow::test

#endif // WINDROW_TEST_UNIT_RANDOM_MATRIX_H
