//===- tensor_layout_test.cpp - The exporter's layouts --------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/exporter/TensorLayout.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <numeric>
#include <random>

using namespace windrow::exporter;
using testing::ElementsAre;

namespace {

TEST(TensorLayout, PutsChannelsFirst) {
  TensorLayout layout = TensorLayout::channelsFirst({1, 5, 6, 3});
  EXPECT_THAT(layout.view, ElementsAre(1, 3, 5, 6));
  EXPECT_THAT(layout.permutation, ElementsAre(0, 2, 3, 1));
  EXPECT_THAT(layout.transposedView(), ElementsAre(1, 5, 6, 3));
  EXPECT_TRUE(TensorLayout::channelsFirst({2, 3}).isPlain());
}

TEST(TensorLayout, TransposesBack) {
  TensorLayout layout = TensorLayout::transposed({4, 5, 6}, {2, 0, 1});
  EXPECT_THAT(layout.view, ElementsAre(5, 6, 4));
  EXPECT_THAT(layout.transposedView(), ElementsAre(4, 5, 6));
  EXPECT_THAT(inverse({2, 0, 1}), ElementsAre(1, 2, 0));
}

TEST(TensorLayout, IsPlainWhereOnlyOnesMove) {
  EXPECT_TRUE(TensorLayout::channelsFirst({1, 1, 1, 7}).isPlain());
  EXPECT_TRUE(TensorLayout::channelsFirst({2, 5, 6, 1}).isPlain());
  EXPECT_FALSE(TensorLayout::channelsFirst({1, 1, 2, 7}).isPlain());
  EXPECT_TRUE(TensorLayout::plain({}).isPlain());
}

/// Where each element of the value stands in the tensor.
std::vector<int64_t> positions(const TensorLayout &layout) {
  Shape strides(layout.view.size(), 1);
  for (size_t i = layout.view.size(); i-- > 1;)
    strides[i - 1] = strides[i] * layout.view[i];
  std::vector<int64_t> result = {0};
  for (int64_t dimension : layout.permutation) {
    std::vector<int64_t> next;
    for (int64_t base : result)
      for (int64_t i = 0; i < layout.view[dimension]; ++i)
        next.push_back(base + i * strides[dimension]);
    result = std::move(next);
  }
  return result;
}

/// A layout of 24 elements.
TensorLayout randomLayout(std::mt19937 &random) {
  Shape view;
  for (int64_t rest = 24; rest > 1;) {
    int64_t size = 1 + random() % rest;
    if (rest % size == 0) {
      view.push_back(size);
      rest /= size;
    }
  }
  Shape permutation(view.size());
  std::iota(permutation.begin(), permutation.end(), 0);
  std::shuffle(permutation.begin(), permutation.end(), random);
  return {view, permutation};
}

TEST(TensorLayout, ComparesTheOrderOfElements) {
  std::mt19937 random(1);
  int same = 0;
  for (int i = 0; i < 20000; ++i) {
    TensorLayout one = randomLayout(random), other = randomLayout(random);
    bool isSame = positions(one) == positions(other);
    same += isSame;
    ASSERT_EQ(one.isSameOrderAs(other), isSame)
        << testing::PrintToString(std::vector(one.view.begin(), one.view.end()))
        << " and "
        << testing::PrintToString(
               std::vector(other.view.begin(), other.view.end()));
  }
  EXPECT_GT(same, 100);
}

} // namespace
