//===- convolution_kernel_test.cpp - Tests of the convolution kernel ------===//
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
using format::ConvolutionKernel;
using format::Extent;
using format::Padding;

struct ConvolutionShape {
  uint32_t height, width, inputChannels, outputChannels, groups;
  Extent kernel, stride, dilation;
  Padding padding;
  Clamp clamp;
  bool hasBias;
  ConvolutionKernel algorithm = ConvolutionKernel::Direct;

  /// Rows at whose multiples a strip must begin to equal the whole.
  uint32_t grain() const {
    switch (algorithm) {
    case ConvolutionKernel::Direct:
      return 1;
    case ConvolutionKernel::Winograd4x4:
      return 4;
    case ConvolutionKernel::Winograd2x2:
      return 2;
    }
    return 0;
  }

  uint32_t outputExtent(uint32_t input, uint32_t before, uint32_t after,
                        uint32_t window, uint32_t step, uint32_t gap) const {
    return (before + input + after - ((window - 1) * gap + 1)) / step + 1;
  }
  uint32_t outputHeight() const {
    return outputExtent(height, padding.top(), padding.bottom(),
                        kernel.height(), stride.height(), dilation.height());
  }
  uint32_t outputWidth() const {
    return outputExtent(width, padding.left(), padding.right(), kernel.width(),
                        stride.width(), dilation.width());
  }
  size_t filterSize() const {
    return size_t{outputChannels} * kernel.height() * kernel.width() *
           (inputChannels / groups);
  }
};

void PrintTo(const ConvolutionShape &s, std::ostream *stream) {
  *stream << s.height << "x" << s.width << " channels " << s.inputChannels
          << " to " << s.outputChannels << " groups " << s.groups << " kernel "
          << s.kernel.height() << "x" << s.kernel.width() << " stride "
          << s.stride.height() << "x" << s.stride.width() << " dilation "
          << s.dilation.height() << "x" << s.dilation.width() << " padding "
          << s.padding.top() << "," << s.padding.left() << ","
          << s.padding.bottom() << "," << s.padding.right() << " "
          << format::EnumNameConvolutionKernel(s.algorithm);
}

struct Data {
  std::vector<float> input, filter, bias;
};

Data makeData(const ConvolutionShape &s, std::mt19937 &random) {
  return {randomValues(size_t{s.height} * s.width * s.inputChannels, random),
          randomValues(s.filterSize(), random),
          s.hasBias ? randomValues(s.outputChannels, random)
                    : std::vector<float>(s.outputChannels)};
}

std::vector<float> reference(const ConvolutionShape &s, const Data &data) {
  std::vector<float> output;
  uint32_t groupInputs = s.inputChannels / s.groups;
  uint32_t groupOutputs = s.outputChannels / s.groups;
  for (int64_t oy = 0; oy < s.outputHeight(); ++oy)
    for (int64_t ox = 0; ox < s.outputWidth(); ++ox)
      for (uint32_t oc = 0; oc < s.outputChannels; ++oc) {
        double sum = data.bias[oc];
        for (uint32_t ky = 0; ky < s.kernel.height(); ++ky)
          for (uint32_t kx = 0; kx < s.kernel.width(); ++kx) {
            int64_t y = oy * s.stride.height() + ky * s.dilation.height() -
                        s.padding.top();
            int64_t x = ox * s.stride.width() + kx * s.dilation.width() -
                        s.padding.left();
            if (y < 0 || y >= s.height || x < 0 || x >= s.width)
              continue;
            for (uint32_t ic = 0; ic < groupInputs; ++ic)
              sum += double{data.input[(y * s.width + x) * s.inputChannels +
                                       oc / groupOutputs * groupInputs + ic]} *
                     data.filter[((oc * s.kernel.height() + ky) *
                                      s.kernel.width() +
                                  kx) *
                                     groupInputs +
                                 ic];
          }
        output.push_back(
            std::clamp(static_cast<float>(sum), s.clamp.min(), s.clamp.max()));
      }
  return output;
}

/// Adds a convolution of `s` and returns its input and output tensors.
std::pair<uint32_t, uint32_t> addConvolution(TestBundle &bundle,
                                             const ConvolutionShape &s,
                                             uint32_t filter, int32_t bias) {
  uint32_t input = bundle.tensor({1, s.height, s.width, s.inputChannels});
  uint32_t output =
      bundle.tensor({1, s.outputHeight(), s.outputWidth(), s.outputChannels});
  format::Conv2DT conv = conv2D(input, output, filter, bias);
  *conv.padding = s.padding;
  *conv.stride = s.stride;
  *conv.dilation = s.dilation;
  *conv.clamp = s.clamp;
  conv.groups = s.groups;
  conv.kernel = s.algorithm;
  bundle.run(conv, "conv");
  return {input, output};
}

std::pair<uint32_t, int32_t>
addWeights(TestBundle &bundle, const ConvolutionShape &s, const Data &data) {
  uint32_t filter =
      bundle.weight({s.outputChannels, s.kernel.height(), s.kernel.width(),
                     s.inputChannels / s.groups},
                    data.filter);
  int32_t bias = -1;
  if (s.hasBias)
    bias = static_cast<int32_t>(bundle.weight({s.outputChannels}, data.bias));
  return {filter, bias};
}

ConvolutionShape randomShape(std::mt19937 &random) {
  ConvolutionShape s;
  s.kernel = {pick(random, 1, 5), pick(random, 1, 5)};
  s.stride = {pick(random, 1, 3), pick(random, 1, 3)};
  s.dilation = {pick(random, 1, 2), pick(random, 1, 2)};
  uint32_t spanHeight = (s.kernel.height() - 1) * s.dilation.height();
  uint32_t spanWidth = (s.kernel.width() - 1) * s.dilation.width();
  s.padding = {
      pick(random, 0, spanHeight / 2 + 1), pick(random, 0, spanWidth / 2 + 1),
      pick(random, 0, spanHeight / 2 + 1), pick(random, 0, spanWidth / 2 + 1)};
  s.height = spanHeight + pick(random, 1, 15);
  s.width = spanWidth + pick(random, 1, 15);
  switch (pick(random, 0, 3)) {
  case 0: // depthwise
    s.groups = s.inputChannels = s.outputChannels = pick(random, 1, 40);
    break;
  case 1: // grouped
    s.groups = pick(random, 2, 4);
    s.inputChannels = s.groups * pick(random, 1, 9);
    s.outputChannels = s.groups * pick(random, 1, 9);
    break;
  default:
    s.groups = 1;
    s.inputChannels = pick(random, 1, 40);
    s.outputChannels = pick(random, 1, 70);
  }
  s.hasBias = pick(random, 0, 3) != 0;
  switch (pick(random, 0, 2)) {
  case 0:
    s.clamp = noClamp();
    break;
  case 1:
    s.clamp = {0, std::numeric_limits<float>::infinity()};
    break;
  default:
    s.clamp = {-0.25f, 0.75f};
  }
  return s;
}

/// A shape that Winograd kernels compute, now and then in several blocks.
ConvolutionShape randomWinogradShape(std::mt19937 &random,
                                     ConvolutionKernel algorithm) {
  ConvolutionShape s = randomShape(random);
  s.algorithm = algorithm;
  s.kernel = {3, 3};
  s.stride = s.dilation = {1, 1};
  s.padding = {pick(random, 0, 2), pick(random, 0, 2), pick(random, 0, 2),
               pick(random, 0, 2)};
  s.height = 2 + pick(random, 1, 44);
  s.width = 2 + pick(random, 1, 44);
  s.groups = 1;
  s.inputChannels = pick(random, 1, 40);
  s.outputChannels = pick(random, 1, 40);
  return s;
}

class ConvolutionKernelTest
    : public testing::TestWithParam<std::tuple<ConvolutionKernel, int>> {
protected:
  ConvolutionShape randomShape() {
    auto algorithm = std::get<ConvolutionKernel>(GetParam());
    return algorithm == ConvolutionKernel::Direct
               ? test::randomShape(random)
               : randomWinogradShape(random, algorithm);
  }

  std::mt19937 random{static_cast<uint32_t>(std::get<int>(GetParam()))};
};

TEST_P(ConvolutionKernelTest, EqualsTheReference) {
  ConvolutionShape shape = randomShape();
  SCOPED_TRACE(testing::PrintToString(shape));
  Data data = makeData(shape, random);
  TestBundle bundle;
  auto [filter, bias] = addWeights(bundle, shape, data);
  auto [input, output] = addConvolution(bundle, shape, filter, bias);
  KernelRunner runner(bundle);
  runner.set(input, data.input);
  runner.run();
  double terms = static_cast<double>(shape.filterSize()) / shape.outputChannels;
  double factor = shape.algorithm == ConvolutionKernel::Winograd4x4 ? 2 : 1;
  EXPECT_LT(largestDifference(runner.get(output), reference(shape, data)),
            factor * 2e-6 * std::sqrt(terms + 1));
}

TEST_P(ConvolutionKernelTest, StripsEqualTheWholeBitForBit) {
  ConvolutionShape whole = randomShape();
  SCOPED_TRACE(testing::PrintToString(whole));
  Data data = makeData(whole, random);
  TestBundle bundle;
  auto [filter, bias] = addWeights(bundle, whole, data);
  auto [input, output] = addConvolution(bundle, whole, filter, bias);

  struct Strip {
    uint32_t first, input, output;
    WindowStrip window;
  };
  std::vector<Strip> strips;
  while (strips.size() < 4) {
    uint32_t first = pick(random, 0, whole.outputHeight() - 1);
    first -= first % whole.grain();
    uint32_t rows = pick(random, 1, whole.outputHeight() - first);
    rows += (whole.grain() - rows % whole.grain()) % whole.grain();
    rows = std::min(rows, whole.outputHeight() - first);
    WindowStrip window = windowStrip(
        first, rows, whole.height, whole.kernel.height(), whole.stride.height(),
        whole.dilation.height(), whole.padding.top());
    if (window.inputRows == 0)
      continue;
    ConvolutionShape strip = whole;
    strip.height = window.inputRows;
    strip.padding = {window.before, whole.padding.left(), window.after,
                     whole.padding.right()};
    auto [stripInput, stripOutput] =
        addConvolution(bundle, strip, filter, bias);
    strips.push_back({first, stripInput, stripOutput, window});
  }

  // Three wait long for each other where there are two processors.
  const size_t several = std::get<int>(GetParam()) % 10 == 0 ? 3 : 2;
  for (size_t threads : {size_t{1}, several}) {
    KernelRunner runner(bundle, threads);
    runner.set(input, data.input);
    size_t inputRow = size_t{whole.width} * whole.inputChannels;
    for (const Strip &strip : strips) {
      auto begin = data.input.begin() + strip.window.firstInput * inputRow;
      runner.set(
          strip.input,
          std::vector<float>(begin, begin + strip.window.inputRows * inputRow));
    }
    runner.run();
    std::vector<float> expected = runner.get(output);
    size_t outputRow = size_t{whole.outputWidth()} * whole.outputChannels;
    for (const Strip &strip : strips) {
      std::vector<float> actual = runner.get(strip.output);
      EXPECT_TRUE(sameBits(actual, std::span(expected).subspan(
                                       strip.first * outputRow, actual.size())))
          << "rows from " << strip.first << " with " << threads << " threads";
    }
  }
}

TEST_P(ConvolutionKernelTest, OutputChannelsEqualTheWholeBitForBit) {
  ConvolutionShape whole = randomShape();
  whole.groups = 1;
  SCOPED_TRACE(testing::PrintToString(whole));
  Data data = makeData(whole, random);
  TestBundle bundle;
  auto [filter, bias] = addWeights(bundle, whole, data);
  auto [input, output] = addConvolution(bundle, whole, filter, bias);
  uint32_t first = pick(random, 0, whole.outputChannels - 1);
  ConvolutionShape part = whole;
  part.outputChannels = pick(random, 1, whole.outputChannels - first);
  Data partData = data;
  size_t filterRow = whole.filterSize() / whole.outputChannels;
  partData.filter.assign(data.filter.begin() + first * filterRow,
                         data.filter.begin() +
                             (first + part.outputChannels) * filterRow);
  partData.bias.assign(data.bias.begin() + first,
                       data.bias.begin() + first + part.outputChannels);
  auto [partFilter, partBias] = addWeights(bundle, part, partData);
  auto [partInput, partOutput] =
      addConvolution(bundle, part, partFilter, partBias);

  KernelRunner runner(bundle);
  runner.set(input, data.input);
  runner.set(partInput, data.input);
  runner.run();
  std::vector<float> expected = runner.get(output);
  std::vector<float> actual = runner.get(partOutput);
  for (size_t pixel = 0; pixel < actual.size() / part.outputChannels; ++pixel)
    ASSERT_TRUE(sameBits(
        std::span(actual).subspan(pixel * part.outputChannels,
                                  part.outputChannels),
        std::span(expected).subspan(pixel * whole.outputChannels + first,
                                    part.outputChannels)))
        << "channels " << first << " to " << first + part.outputChannels;
}

INSTANTIATE_TEST_SUITE_P(
    Seeds, ConvolutionKernelTest,
    testing::Combine(testing::Values(ConvolutionKernel::Direct),
                     testing::Range(0, 60)));
INSTANTIATE_TEST_SUITE_P(
    WinogradSeeds, ConvolutionKernelTest,
    testing::Combine(testing::Values(ConvolutionKernel::Winograd4x4,
                                     ConvolutionKernel::Winograd2x2),
                     testing::Range(0, 40)));

/// Bytes of packed weights for `copies` strips of a layer with `groups` groups.
size_t packedBytes(uint32_t groups, int copies,
                   ConvolutionKernel algorithm = ConvolutionKernel::Direct,
                   uint32_t channels = 64) {
  ConvolutionShape shape{12,           12,        channels, channels,
                         groups,       {3, 3},    {1, 1},   {1, 1},
                         {1, 1, 1, 1}, noClamp(), true,     algorithm};
  std::mt19937 random(1);
  Data data = makeData(shape, random);
  TestBundle bundle;
  auto [filter, bias] = addWeights(bundle, shape, data);
  for (int i = 0; i < copies; ++i)
    addConvolution(bundle, shape, filter, bias);
  return KernelRunner(bundle).weights().bytes();
}

TEST(ConvolutionKernel, StripsShareOnePackedFilter) {
  EXPECT_GE(packedBytes(1, 1), 64u * 64 * 9 * sizeof(float));
  EXPECT_EQ(packedBytes(1, 3), packedBytes(1, 1));
}

TEST(ConvolutionKernel, DepthwiseStripsShareOnePackedFilter) {
  EXPECT_GE(packedBytes(64, 1), 64u * 9 * sizeof(float));
  EXPECT_EQ(packedBytes(64, 3), packedBytes(64, 1));
}

TEST(ConvolutionKernel, WinogradStripsShareOneTransformedFilter) {
  for (auto [algorithm, taps] :
       {std::pair(ConvolutionKernel::Winograd4x4, 36u),
        std::pair(ConvolutionKernel::Winograd2x2, 16u)}) {
    EXPECT_GE(packedBytes(1, 1, algorithm), 64u * 64 * taps * sizeof(float));
    EXPECT_EQ(packedBytes(1, 3, algorithm), packedBytes(1, 1, algorithm));
    EXPECT_EQ(packedBytes(1, 3, algorithm, 1), packedBytes(1, 1, algorithm, 1));
  }
}

// Few tiles and many, all channels at once and not.
TEST(ConvolutionKernel, SavingMemoryTakesLessAndGivesTheSameBits) {
  struct Size {
    uint32_t edge, inputs, outputs;
  };
  std::mt19937 random(1);
  for (ConvolutionKernel algorithm :
       {ConvolutionKernel::Winograd4x4, ConvolutionKernel::Winograd2x2})
    for (Size size :
         {Size{13, 200, 170}, Size{9, 128, 300},
          algorithm == ConvolutionKernel::Winograd4x4 ? Size{28, 300, 64}
                                                      : Size{14, 500, 70}}) {
      ConvolutionShape shape{
          size.edge, size.edge, size.inputs,  size.outputs, 1,    {3, 3},
          {1, 1},    {1, 1},    {1, 1, 1, 1}, noClamp(),    true, algorithm};
      Data data = makeData(shape, random);
      TestBundle bundle;
      auto [filter, bias] = addWeights(bundle, shape, data);
      auto [input, output] = addConvolution(bundle, shape, filter, bias);
      KernelRunner fast(bundle);
      fast.set(input, data.input);
      fast.run();
      for (size_t threads : {1, 2}) {
        KernelRunner lean(bundle, threads, /*saveMemory=*/true);
        lean.set(input, data.input);
        lean.run();
        EXPECT_LT(lean.weights().bytes(), fast.weights().bytes() * 2 / 3);
        EXPECT_TRUE(sameBits(lean.get<float>(output), fast.get<float>(output)));
      }
    }
}

} // namespace
} // namespace windrow::test
