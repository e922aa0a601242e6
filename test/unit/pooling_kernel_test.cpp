//===- pooling_kernel_test.cpp - Tests of the pooling kernels -------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/support/kernel_runner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ostream>

namespace windrow::test {
namespace {

using format::Clamp;
using format::Extent;
using format::Padding;

struct PoolingShape {
  bool isMax;
  uint32_t height, width, channels;
  Extent window, stride, dilation;
  Padding padding;
  Clamp clamp;

  static uint32_t outputExtent(uint32_t padded, uint32_t window,
                               uint32_t stride, uint32_t dilation) {
    return (padded - ((window - 1) * dilation + 1)) / stride + 1;
  }
  uint32_t outputHeight() const {
    return outputExtent(padding.top() + height + padding.bottom(),
                        window.height(), stride.height(), dilation.height());
  }
  uint32_t outputWidth() const {
    return outputExtent(padding.left() + width + padding.right(),
                        window.width(), stride.width(), dilation.width());
  }
};

void PrintTo(const PoolingShape &s, std::ostream *stream) {
  *stream << (s.isMax ? "max " : "mean ") << s.height << "x" << s.width
          << " channels " << s.channels << " window " << s.window.height()
          << "x" << s.window.width() << " stride " << s.stride.height() << "x"
          << s.stride.width() << " dilation " << s.dilation.height() << "x"
          << s.dilation.width() << " padding " << s.padding.top() << ","
          << s.padding.left() << "," << s.padding.bottom() << ","
          << s.padding.right();
}

/// The elements of one window of channel `c` that are no padding.
std::vector<float> windowOf(const PoolingShape &s,
                            const std::vector<float> &input, int64_t oy,
                            int64_t ox, uint32_t c) {
  std::vector<float> elements;
  for (uint32_t ky = 0; ky < s.window.height(); ++ky)
    for (uint32_t kx = 0; kx < s.window.width(); ++kx) {
      int64_t y =
          oy * s.stride.height() + ky * s.dilation.height() - s.padding.top();
      int64_t x =
          ox * s.stride.width() + kx * s.dilation.width() - s.padding.left();
      if (y >= 0 && y < s.height && x >= 0 && x < s.width)
        elements.push_back(input[(y * s.width + x) * s.channels + c]);
    }
  return elements;
}

/// Nothing when some window holds padding alone.
std::optional<std::vector<float>> reference(const PoolingShape &s,
                                            const std::vector<float> &input) {
  std::vector<float> output;
  for (uint32_t oy = 0; oy < s.outputHeight(); ++oy)
    for (uint32_t ox = 0; ox < s.outputWidth(); ++ox)
      for (uint32_t c = 0; c < s.channels; ++c) {
        std::vector<float> elements = windowOf(s, input, oy, ox, c);
        if (elements.empty())
          return std::nullopt;
        double sum = 0;
        for (float element : elements)
          sum += element;
        float value = s.isMax
                          ? *std::max_element(elements.begin(), elements.end())
                          : static_cast<float>(sum / elements.size());
        output.push_back(std::clamp(value, s.clamp.min(), s.clamp.max()));
      }
  return output;
}

template <typename Table>
Table makeTable(const PoolingShape &s, uint32_t input, uint32_t output) {
  Table table;
  table.input = input;
  table.output = output;
  table.window = std::make_unique<Extent>(s.window);
  table.stride = std::make_unique<Extent>(s.stride);
  table.padding = std::make_unique<Padding>(s.padding);
  table.clamp = std::make_unique<Clamp>(s.clamp);
  return table;
}

std::pair<uint32_t, uint32_t> addPool(TestBundle &bundle,
                                      const PoolingShape &s) {
  uint32_t input = bundle.tensor({1, s.height, s.width, s.channels});
  uint32_t output =
      bundle.tensor({1, s.outputHeight(), s.outputWidth(), s.channels});
  if (s.isMax) {
    auto table = makeTable<format::MaxPool2DT>(s, input, output);
    table.dilation = std::make_unique<Extent>(s.dilation);
    bundle.run(table, "pool");
  } else {
    bundle.run(makeTable<format::AveragePool2DT>(s, input, output), "pool");
  }
  return {input, output};
}

PoolingShape randomShape(std::mt19937 &random, bool isMax) {
  PoolingShape s;
  s.isMax = isMax;
  s.window = {pick(random, 1, 5), pick(random, 1, 5)};
  s.stride = {pick(random, 1, 4), pick(random, 1, 4)};
  if (isMax && pick(random, 0, 2) == 0)
    s.dilation = {pick(random, 1, 3), pick(random, 1, 3)};
  else
    s.dilation = {1, 1};
  s.padding = {pick(random, 0, s.window.height() - 1),
               pick(random, 0, s.window.width() - 1),
               pick(random, 0, s.window.height() - 1),
               pick(random, 0, s.window.width() - 1)};
  auto imageSize = [&](uint32_t window, uint32_t dilation, uint32_t padding) {
    uint32_t smallest = (window - 1) * dilation + 1;
    smallest = smallest > padding ? smallest - padding : 1;
    return smallest + pick(random, 0, 14);
  };
  s.height = imageSize(s.window.height(), s.dilation.height(),
                       s.padding.top() + s.padding.bottom());
  s.width = imageSize(s.window.width(), s.dilation.width(),
                      s.padding.left() + s.padding.right());
  s.channels = pick(random, 1, 40);
  s.clamp = pick(random, 0, 2) == 0 ? Clamp(-0.5f, 0.5f) : noClamp();
  return s;
}

class PoolingKernelTest : public testing::TestWithParam<std::tuple<bool, int>> {
protected:
  /// A random shape each of whose windows holds an element, and its input.
  void makeShape() {
    do {
      whole = randomShape(random, std::get<0>(GetParam()));
      values = randomValues(size_t{whole.height} * whole.width * whole.channels,
                            random);
    } while (!reference(whole, values));
  }

  std::mt19937 random{static_cast<uint32_t>(std::get<1>(GetParam()))};
  PoolingShape whole;
  std::vector<float> values;
};

TEST_P(PoolingKernelTest, EqualsTheReference) {
  makeShape();
  SCOPED_TRACE(testing::PrintToString(whole));
  TestBundle bundle;
  auto [input, output] = addPool(bundle, whole);
  KernelRunner runner(bundle);
  runner.set(input, values);
  runner.run();
  EXPECT_LT(largestDifference(runner.get(output), *reference(whole, values)),
            whole.isMax ? 1e-30 : 1e-6);
}

TEST_P(PoolingKernelTest, StripsEqualTheWholeBitForBit) {
  makeShape();
  SCOPED_TRACE(testing::PrintToString(whole));
  TestBundle bundle;
  auto [input, output] = addPool(bundle, whole);
  uint32_t first = pick(random, 0, whole.outputHeight() - 1);
  uint32_t rows = pick(random, 1, whole.outputHeight() - first);
  WindowStrip window = windowStrip(
      first, rows, whole.height, whole.window.height(), whole.stride.height(),
      whole.dilation.height(), whole.padding.top());
  PoolingShape strip = whole;
  strip.height = window.inputRows;
  strip.padding = {window.before, whole.padding.left(), window.after,
                   whole.padding.right()};
  auto [stripInput, stripOutput] = addPool(bundle, strip);

  KernelRunner runner(bundle);
  runner.set(input, values);
  size_t inputRow = size_t{whole.width} * whole.channels;
  auto begin = values.begin() + window.firstInput * inputRow;
  runner.set(stripInput,
             std::vector<float>(begin, begin + window.inputRows * inputRow));
  runner.run();
  std::vector<float> expected = runner.get(output);
  std::vector<float> actual = runner.get(stripOutput);
  size_t outputRow = size_t{whole.outputWidth()} * whole.channels;
  EXPECT_TRUE(sameBits(
      actual, std::span(expected).subspan(first * outputRow, actual.size())))
      << "rows " << first << " to " << first + rows;
}

INSTANTIATE_TEST_SUITE_P(Seeds, PoolingKernelTest,
                         testing::Combine(testing::Bool(),
                                          testing::Range(0, 60)));

/// Images so low that the padding at the top and that at the bottom reach the
/// same output rows.
class LowPoolKernelTest : public testing::TestWithParam<bool> {};

TEST_P(LowPoolKernelTest, EqualsTheReference) {
  std::mt19937 random(7);
  int checked = 0;
  for (uint32_t height = 1; height <= 4; ++height)
    for (uint32_t window = 2; window <= 5; ++window)
      for (uint32_t stride = 1; stride <= 3; ++stride)
        for (uint32_t top = 0; top < window; ++top)
          for (uint32_t bottom = 0; bottom < window; ++bottom) {
            PoolingShape s{
                GetParam(),  height,      2,      3,
                {window, 1}, {stride, 1}, {1, 1}, {top, 0, bottom, 0},
                noClamp()};
            std::vector<float> values =
                randomValues(size_t{height} * 2 * 3, random);
            auto expected = height + top + bottom >= window
                                ? reference(s, values)
                                : std::nullopt;
            if (!expected)
              continue;
            ++checked;
            SCOPED_TRACE(testing::PrintToString(s));
            TestBundle bundle;
            auto [input, output] = addPool(bundle, s);
            KernelRunner runner(bundle);
            runner.set(input, values);
            runner.run();
            EXPECT_LT(largestDifference(runner.get(output), *expected), 1e-6);
          }
  EXPECT_GT(checked, 300);
}

INSTANTIATE_TEST_SUITE_P(Kinds, LowPoolKernelTest, testing::Bool());

class GlobalPoolKernelTest : public testing::TestWithParam<int> {};

TEST_P(GlobalPoolKernelTest, EqualsTheReference) {
  std::mt19937 random(static_cast<uint32_t>(GetParam()));
  uint32_t height = pick(random, 1, 15), width = pick(random, 1, 15);
  uint32_t channels = pick(random, 1, 70);
  std::vector<float> values =
      randomValues(size_t{height} * width * channels, random);
  TestBundle bundle;
  uint32_t input = bundle.tensor({1, height, width, channels});
  format::GlobalPoolT mean, sum;
  mean.input = sum.input = input;
  mean.output = bundle.tensor({1, 1, 1, channels});
  sum.kind = format::GlobalPoolKind::Sum;
  sum.output = bundle.tensor({1, 1, 1, channels});
  bundle.run(mean, "mean");
  bundle.run(sum, "sum");
  KernelRunner runner(bundle);
  runner.set(input, values);
  runner.run();

  std::vector<double> sums(channels);
  for (size_t i = 0; i < values.size(); ++i)
    sums[i % channels] += values[i];
  std::vector<float> expectedSum(sums.begin(), sums.end());
  EXPECT_LT(largestDifference(runner.get(sum.output), expectedSum), 2e-5);
  for (float &value : expectedSum)
    value /= static_cast<float>(height * width);
  EXPECT_LT(largestDifference(runner.get(mean.output), expectedSum), 5e-7);
}

INSTANTIATE_TEST_SUITE_P(Seeds, GlobalPoolKernelTest, testing::Range(0, 20));

} // namespace
} // namespace windrow::test
