//===- low_rank_test.cpp - Factors of matrices and filters ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/LowRank.h"

#include "test/unit/random_matrix.h"

#include <gtest/gtest.h>

namespace windrow::test {
namespace {

/// A matrix with the given singular values.
Matrix withSingularValues(int64_t rows, int64_t columns,
                          std::initializer_list<double> values) {
  Matrix matrix = Matrix::Zero(rows, columns);
  // Householder reflections are orthogonal.
  auto reflect = [](int64_t size, unsigned seed) -> Matrix {
    Vector axis = randomMatrix(size, 1, seed).col(0).normalized();
    return Matrix::Identity(size, size) - 2 * axis * axis.transpose();
  };
  int64_t index = 0;
  for (double value : values) {
    matrix(index, index) = value;
    ++index;
  }
  return reflect(rows, 1) * matrix * reflect(columns, 2);
}

TEST(LowRank, TruncatesTheSingularValueDecomposition) {
  for (auto [rows, columns] : {std::pair(7, 11), std::pair(11, 7)}) {
    Matrix matrix = withSingularValues(rows, columns, {4, 3, 2, 1});
    MatrixFactors factors = factorMatrix(matrix, 2);
    ASSERT_EQ(factors.reduce.rows(), 2);
    ASSERT_EQ(factors.reduce.cols(), columns);
    ASSERT_EQ(factors.expand.rows(), rows);
    EXPECT_TRUE((factors.expand.transpose() * factors.expand).isIdentity(1e-9));
    // What is missed are the other singular values (Eckart and Young).
    double missed = std::sqrt((2 * 2 + 1 * 1) / 30.0);
    EXPECT_NEAR(relativeDifference(factors.expand * factors.reduce, matrix),
                missed, 1e-9);
    EXPECT_NEAR(factors.relativeError, missed, 1e-9);
    EXPECT_LT(factorMatrix(matrix, 4).relativeError, 1e-7);
  }
}

TEST(LowRank, ChoosesTheRankThatHoldsTheEnergy) {
  Matrix matrix = withSingularValues(9, 6, {4, 3, 2, 1});
  EXPECT_EQ(chooseRank(matrix, 15.9 / 30), 1);
  EXPECT_EQ(chooseRank(matrix, 24.9 / 30), 2);
  EXPECT_EQ(chooseRank(matrix, 25.1 / 30), 3);
  EXPECT_EQ(chooseRank(Matrix::Zero(3, 4), 0.9), 1);
}

TEST(LowRank, SeparatesEveryInputByItself) {
  FilterShape shape{10, 3, 2, 4};
  Matrix filter = randomMatrix(10 * 6, 4, 3);
  double last = 1;
  for (int64_t terms = 1; terms <= shape.taps(); ++terms) {
    SeparableFactors factors = separateFilter(filter, shape, terms);
    Matrix product(filter.rows(), filter.cols());
    for (int64_t o = 0; o < 10; ++o)
      for (int64_t k = 0; k < 6; ++k)
        for (int64_t i = 0; i < 4; ++i) {
          double sum = 0;
          for (int64_t t = 0; t < terms; ++t)
            sum += factors.pointwise(o, i * terms + t) *
                   factors.depthwise(i * terms + t, k);
          product(o * 6 + k, i) = sum;
        }
    EXPECT_NEAR(relativeDifference(product, filter), factors.relativeError,
                1e-7);
    EXPECT_LT(factors.relativeError, last);
    last = factors.relativeError;
  }
  EXPECT_LT(last, 1e-7);
}

} // namespace
} // namespace windrow::test
