//===- tucker_test.cpp - Filters from factors -----------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/Tucker.h"

#include "test/unit/random_matrix.h"

#include <gtest/gtest.h>

namespace windrow::test {
namespace {

Matrix randomFilter(const FilterShape &shape, unsigned seed = 1) {
  return randomMatrix(shape.outputs * shape.taps(), shape.inputs, seed);
}

/// A filter that has factors of the given ranks, plus noise.
Matrix lowRankFilter(const FilterShape &shape, const ChannelRanks &ranks,
                     double noise = 0) {
  TuckerFactors factors;
  factors.reduce = randomMatrix(ranks.inputs, shape.inputs, 2);
  factors.core = randomMatrix(ranks.outputs * shape.taps(), ranks.inputs, 3);
  factors.expand = randomMatrix(shape.outputs, ranks.outputs, 4);
  return multiplyFactors(factors, shape) + noise * randomFilter(shape, 5);
}

TEST(Tucker, MultipliesFactorsAsDocumented) {
  FilterShape shape{3, 2, 1, 4};
  TuckerFactors factors;
  factors.reduce = randomMatrix(2, 4, 1);
  factors.core = randomMatrix(3 * shape.taps(), 2, 2);
  factors.expand = randomMatrix(3, 3, 3);
  Matrix filter = multiplyFactors(factors, shape);
  for (int64_t o = 0; o < 3; ++o)
    for (int64_t k = 0; k < 2; ++k)
      for (int64_t i = 0; i < 4; ++i) {
        double sum = 0;
        for (int64_t p = 0; p < 3; ++p)
          for (int64_t q = 0; q < 2; ++q)
            sum += factors.expand(o, p) * factors.core(p * 2 + k, q) *
                   factors.reduce(q, i);
        EXPECT_NEAR(filter(o * 2 + k, i), sum, 1e-12);
      }
}

TEST(Tucker, FindsAFilterOfLowRankAgain) {
  FilterShape shape{12, 3, 5, 10};
  Matrix filter = lowRankFilter(shape, {3, 4});
  TuckerFactors factors = decomposeTucker2(filter, shape, {3, 4});
  EXPECT_LT(relativeDifference(multiplyFactors(factors, shape), filter), 1e-6);
  EXPECT_LT(factors.relativeError, 1e-6);
  EXPECT_GT(decomposeTucker2(filter, shape, {2, 4}).relativeError, 0.01);
  EXPECT_GT(decomposeTucker2(filter, shape, {3, 3}).relativeError, 0.01);
}

TEST(Tucker, IsExactAtFullRank) {
  FilterShape shape{6, 3, 3, 8};
  Matrix filter = randomFilter(shape);
  TuckerFactors factors = decomposeTucker2(filter, shape, {8, 6});
  EXPECT_LT(relativeDifference(multiplyFactors(factors, shape), filter), 1e-12);
}

TEST(Tucker, StatesItsError) {
  FilterShape shape{16, 3, 3, 12};
  Matrix filter = randomFilter(shape);
  for (int64_t rank : {1, 3, 8}) {
    TuckerFactors factors = decomposeTucker2(filter, shape, {rank, rank});
    EXPECT_NEAR(factors.relativeError,
                relativeDifference(multiplyFactors(factors, shape), filter),
                1e-9);
    EXPECT_TRUE((factors.reduce * factors.reduce.transpose()).isIdentity(1e-9));
    EXPECT_TRUE((factors.expand.transpose() * factors.expand).isIdentity(1e-9));
  }
}

TEST(Tucker, SweepsImproveOnTheStart) {
  FilterShape shape{24, 3, 3, 24};
  Matrix filter = lowRankFilter(shape, {4, 4}, /*noise=*/4);
  double start = decomposeTucker2(filter, shape, {4, 4}, 0).relativeError;
  double last = start;
  for (int sweeps = 1; sweeps <= 6; ++sweeps) {
    double now = decomposeTucker2(filter, shape, {4, 4}, sweeps).relativeError;
    EXPECT_LE(now, last + 1e-12) << sweeps << " sweeps";
    last = now;
  }
  EXPECT_LT(last, start - 1e-4);
}

TEST(Tucker, TakesAFilterOfZeros) {
  FilterShape shape{4, 3, 3, 4};
  Matrix filter = Matrix::Zero(shape.outputs * shape.taps(), shape.inputs);
  TuckerFactors factors = decomposeTucker2(filter, shape, {2, 2});
  EXPECT_EQ(factors.relativeError, 0);
  EXPECT_EQ(multiplyFactors(factors, shape).norm(), 0);
  ChannelRanks ranks = chooseChannelRanks(filter, shape, 0.9);
  EXPECT_EQ(ranks.inputs, 1);
  EXPECT_EQ(ranks.outputs, 1);
}

TEST(Tucker, ChoosesRanksThatHoldTheEnergy) {
  FilterShape shape{12, 3, 3, 10};
  ChannelRanks all = chooseChannelRanks(lowRankFilter(shape, {3, 4}), shape,
                                        /*energy=*/1 - 1e-9);
  EXPECT_EQ(all.inputs, 3);
  EXPECT_EQ(all.outputs, 4);
  // Input channel i alone holds 2^-i of the energy.
  Matrix filter = Matrix::Zero(shape.outputs * shape.taps(), shape.inputs);
  for (int64_t i = 0; i < shape.inputs; ++i)
    filter(i, i) = std::sqrt(std::pow(0.5, i + 1));
  EXPECT_EQ(chooseChannelRanks(filter, shape, 0.49).inputs, 1);
  EXPECT_EQ(chooseChannelRanks(filter, shape, 0.74).inputs, 2);
  EXPECT_EQ(chooseChannelRanks(filter, shape, 0.87).inputs, 3);
}

} // namespace
} // namespace windrow::test
