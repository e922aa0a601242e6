//===- rearrangement_kernel_test.cpp - Tests of kernels that move ---------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/support/kernel_runner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace windrow::test {
namespace {

using Index = std::vector<uint32_t>;

/// Calls `visit` with every index of a tensor, in order.
template <typename Visit> void forEachIndex(const Index &dims, Visit visit) {
  Index index(dims.size());
  size_t count = *elementCount(dims);
  for (size_t i = 0; i < count; ++i) {
    visit(index);
    for (size_t d = dims.size(); d-- > 0 && ++index[d] == dims[d];)
      index[d] = 0;
  }
}

size_t positionOf(const Index &index, const Index &dims) {
  size_t position = 0;
  for (size_t d = 0; d < dims.size(); ++d)
    position = position * dims[d] + index[d];
  return position;
}

/// Both element types move alike: the tests run once with each.
template <typename Element> struct TypeOf;
template <> struct TypeOf<float> {
  static constexpr auto value = format::ElementType::F32;
};
template <> struct TypeOf<uint8_t> {
  static constexpr auto value = format::ElementType::U8;
};

template <typename Element>
std::vector<Element> makeValues(size_t count, std::mt19937 &random) {
  std::vector<Element> values;
  for (size_t i = 0; i < count; ++i)
    values.push_back(static_cast<Element>(pick(random, 1, 255)));
  return values;
}

template <typename Element>
class RearrangementKernelTest : public testing::Test {
protected:
  Index makeDims() {
    Index dims(pick(random, 1, 5));
    for (uint32_t &dim : dims)
      dim = pick(random, 1, 7);
    return dims;
  }
  std::vector<Element> makeValues(size_t count) {
    return test::makeValues<Element>(count, random);
  }

  static constexpr auto type = TypeOf<Element>::value;
  static constexpr int repetitions = 30;
  std::mt19937 random{7};
};

using Elements = testing::Types<float, uint8_t>;
TYPED_TEST_SUITE(RearrangementKernelTest, Elements);

TYPED_TEST(RearrangementKernelTest, PadEqualsTheReference) {
  for (int i = 0; i < this->repetitions; ++i) {
    Index dims = this->makeDims(), outputDims;
    format::PadT pad;
    for (uint32_t dim : dims) {
      pad.before.push_back(pick(this->random, 0, 2));
      pad.after.push_back(pick(this->random, 0, 2));
      outputDims.push_back(dim + pad.before.back() + pad.after.back());
    }
    TestBundle bundle;
    pad.input = bundle.tensor(dims, this->type);
    pad.output = bundle.tensor(outputDims, this->type);
    bundle.run(pad, "pad");
    KernelRunner runner(bundle);
    auto values = this->makeValues(*elementCount(dims));
    runner.set(pad.input, values);
    runner.run();
    std::vector<TypeParam> expected(*elementCount(outputDims));
    forEachIndex(dims, [&](const Index &index) {
      Index target = index;
      for (size_t d = 0; d < dims.size(); ++d)
        target[d] += pad.before[d];
      expected[positionOf(target, outputDims)] =
          values[positionOf(index, dims)];
    });
    EXPECT_EQ(runner.get<TypeParam>(pad.output), expected);
  }
}

TYPED_TEST(RearrangementKernelTest, SliceEqualsTheReference) {
  for (int i = 0; i < this->repetitions; ++i) {
    Index dims = this->makeDims(), outputDims;
    format::SliceT slice;
    for (uint32_t dim : dims) {
      slice.offsets.push_back(pick(this->random, 0, dim - 1));
      outputDims.push_back(pick(this->random, 1, dim - slice.offsets.back()));
    }
    TestBundle bundle;
    slice.input = bundle.tensor(dims, this->type);
    slice.output = bundle.tensor(outputDims, this->type);
    bundle.run(slice, "slice");
    KernelRunner runner(bundle);
    auto values = this->makeValues(*elementCount(dims));
    runner.set(slice.input, values);
    runner.run();
    std::vector<TypeParam> expected;
    forEachIndex(outputDims, [&](const Index &index) {
      Index source = index;
      for (size_t d = 0; d < dims.size(); ++d)
        source[d] += slice.offsets[d];
      expected.push_back(values[positionOf(source, dims)]);
    });
    EXPECT_EQ(runner.get<TypeParam>(slice.output), expected);
  }
}

TYPED_TEST(RearrangementKernelTest, TransposeEqualsTheReference) {
  for (int i = 0; i < this->repetitions; ++i) {
    Index dims = this->makeDims(), outputDims;
    format::TransposeT transpose;
    transpose.permutation.resize(dims.size());
    std::iota(transpose.permutation.begin(), transpose.permutation.end(), 0);
    std::shuffle(transpose.permutation.begin(), transpose.permutation.end(),
                 this->random);
    for (uint32_t source : transpose.permutation)
      outputDims.push_back(dims[source]);
    TestBundle bundle;
    transpose.input = bundle.tensor(dims, this->type);
    transpose.output = bundle.tensor(outputDims, this->type);
    bundle.run(transpose, "transpose");
    KernelRunner runner(bundle);
    auto values = this->makeValues(*elementCount(dims));
    runner.set(transpose.input, values);
    runner.run();
    std::vector<TypeParam> expected;
    forEachIndex(outputDims, [&](const Index &index) {
      Index source(dims.size());
      for (size_t d = 0; d < dims.size(); ++d)
        source[transpose.permutation[d]] = index[d];
      expected.push_back(values[positionOf(source, dims)]);
    });
    EXPECT_EQ(runner.get<TypeParam>(transpose.output), expected);
  }
}

TYPED_TEST(RearrangementKernelTest, CopyChannelsConcatenatesAndSplits) {
  for (int i = 0; i < this->repetitions; ++i) {
    uint32_t height = pick(this->random, 1, 6),
             width = pick(this->random, 1, 6);
    uint32_t left = pick(this->random, 1, 9), right = pick(this->random, 1, 9);
    uint32_t total = left + right;
    TestBundle bundle;
    format::CopyChannelsT first, second, back;
    first.input = bundle.tensor({1, height, width, left}, this->type);
    second.input = bundle.tensor({1, height, width, right}, this->type);
    first.output = second.output =
        bundle.tensor({1, height, width, total}, this->type);
    first.channels = left;
    second.channels = right;
    second.output_channel = left;
    back.input = first.output;
    back.input_channel = left;
    back.channels = right;
    back.output = bundle.tensor({1, height, width, right}, this->type);
    bundle.run(first, "first");
    bundle.run(second, "second");
    bundle.run(back, "back");
    KernelRunner runner(bundle);
    size_t pixels = size_t{height} * width;
    auto leftValues = this->makeValues(pixels * left);
    auto rightValues = this->makeValues(pixels * right);
    runner.set(first.input, leftValues);
    runner.set(second.input, rightValues);
    runner.run();
    std::vector<TypeParam> expected;
    for (size_t pixel = 0; pixel < pixels; ++pixel) {
      auto append = [&](const auto &values, size_t channels) {
        auto begin = values.begin() + pixel * channels;
        expected.insert(expected.end(), begin, begin + channels);
      };
      append(leftValues, left);
      append(rightValues, right);
    }
    EXPECT_EQ(runner.get<TypeParam>(first.output), expected);
    EXPECT_EQ(runner.get<TypeParam>(back.output), rightValues);
  }
}

} // namespace
} // namespace windrow::test
