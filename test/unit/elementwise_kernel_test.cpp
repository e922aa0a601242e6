//===- elementwise_kernel_test.cpp - Tests of kernels element by element --===//
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
#include <functional>

namespace windrow::test {
namespace {

using format::Clamp;

constexpr float infinity = std::numeric_limits<float>::infinity();

/// An image of random size, of which rows [first, first + rows) are a strip.
class ElementwiseKernelTest : public testing::TestWithParam<int> {
protected:
  uint32_t wholeTensor(TestBundle &bundle) const {
    return bundle.tensor({1, height, width, channels});
  }
  uint32_t stripTensor(TestBundle &bundle) const {
    return bundle.tensor({1, rows, width, channels});
  }
  std::vector<float> makeValues() {
    return randomValues(size_t{height} * width * channels, random);
  }
  std::vector<float> stripOf(const std::vector<float> &whole) const {
    size_t row = size_t{width} * channels;
    return {whole.begin() + first * row, whole.begin() + (first + rows) * row};
  }
  Clamp makeClamp() {
    switch (pick(random, 0, 3)) {
    case 0:
      return {0, infinity};
    case 1:
      return {-0.25f, 0.5f};
    case 2:
      return {-infinity, 0.25f};
    default:
      return noClamp();
    }
  }

  std::mt19937 random{static_cast<uint32_t>(GetParam())};
  const uint32_t height = pick(random, 1, 12), width = pick(random, 1, 12);
  const uint32_t channels = pick(random, 1, 70);
  const uint32_t first = pick(random, 0, height - 1);
  const uint32_t rows = pick(random, 1, height - first);
};

TEST_P(ElementwiseKernelTest, BinaryEqualsTheReference) {
  for (format::BinaryKind kind :
       {format::BinaryKind::Add, format::BinaryKind::Multiply}) {
    TestBundle bundle;
    format::BinaryT whole, strip;
    whole.kind = strip.kind = kind;
    Clamp clamp = makeClamp();
    whole.clamp = std::make_unique<Clamp>(clamp);
    strip.clamp = std::make_unique<Clamp>(clamp);
    whole.lhs = wholeTensor(bundle);
    whole.rhs = wholeTensor(bundle);
    whole.output = wholeTensor(bundle);
    strip.lhs = stripTensor(bundle);
    strip.rhs = stripTensor(bundle);
    strip.output = strip.rhs;
    bundle.run(whole, "whole");
    bundle.run(strip, "strip in place");
    KernelRunner runner(bundle);
    std::vector<float> lhs = makeValues(), rhs = makeValues(), expected;
    runner.set(whole.lhs, lhs);
    runner.set(whole.rhs, rhs);
    runner.set(strip.lhs, stripOf(lhs));
    runner.set(strip.rhs, stripOf(rhs));
    runner.run();
    for (size_t i = 0; i < lhs.size(); ++i)
      expected.push_back(std::clamp(
          kind == format::BinaryKind::Add ? lhs[i] + rhs[i] : lhs[i] * rhs[i],
          clamp.min(), clamp.max()));
    EXPECT_TRUE(sameBits(runner.get(whole.output), expected));
    EXPECT_TRUE(sameBits(runner.get(strip.output), stripOf(expected)));
  }
}

TEST_P(ElementwiseKernelTest, BinaryRepeatsAVectorOfChannels) {
  for (bool vectorIsLeft : {false, true}) {
    TestBundle bundle;
    uint32_t image = wholeTensor(bundle);
    uint32_t vector = bundle.tensor({1, 1, 1, channels});
    format::BinaryT product;
    product.kind = format::BinaryKind::Multiply;
    product.lhs = vectorIsLeft ? vector : image;
    product.rhs = vectorIsLeft ? image : vector;
    product.output = image;
    product.clamp = std::make_unique<Clamp>(noClamp());
    bundle.run(product, "scale");
    KernelRunner runner(bundle);
    std::vector<float> values = makeValues();
    std::vector<float> scale = randomValues(channels, random);
    runner.set(image, values);
    runner.set(vector, scale);
    runner.run();
    for (size_t i = 0; i < values.size(); ++i)
      values[i] *= scale[i % channels];
    EXPECT_TRUE(sameBits(runner.get(image), values));
  }
}

struct Activation {
  format::UnaryKind kind;
  std::function<double(double)> function;
  double tolerance;
};

TEST_P(ElementwiseKernelTest, UnaryEqualsTheReference) {
  const Clamp clamp(-0.5f, 1.5f);
  const Activation activations[] = {
      {format::UnaryKind::Clamp,
       [](double x) { return std::clamp(x, -0.5, 1.5); }, 1e-30},
      {format::UnaryKind::Sigmoid,
       [](double x) { return 1 / (1 + std::exp(-x)); }, 2e-7},
      {format::UnaryKind::HardSwish,
       [](double x) { return x * std::clamp(x + 3, 0.0, 6.0) / 6; }, 2e-6},
      {format::UnaryKind::Copy, [](double x) { return x; }, 1e-30},
  };
  for (const Activation &activation : activations) {
    SCOPED_TRACE(format::EnumNameUnaryKind(activation.kind));
    TestBundle bundle;
    format::UnaryT whole, strip;
    whole.kind = strip.kind = activation.kind;
    whole.clamp = std::make_unique<Clamp>(clamp);
    strip.clamp = std::make_unique<Clamp>(clamp);
    whole.input = wholeTensor(bundle);
    whole.output = wholeTensor(bundle);
    strip.input = strip.output = stripTensor(bundle);
    bundle.run(whole, "whole");
    bundle.run(strip, "strip in place");
    KernelRunner runner(bundle);
    std::vector<float> values = makeValues(), expected;
    for (float &value : values)
      value *= 5;
    runner.set(whole.input, values);
    runner.set(strip.input, stripOf(values));
    runner.run();
    for (float value : values)
      expected.push_back(static_cast<float>(activation.function(value)));
    std::vector<float> actual = runner.get(whole.output);
    EXPECT_LT(largestDifference(actual, expected), activation.tolerance);
    EXPECT_TRUE(sameBits(runner.get(strip.output), stripOf(actual)));
  }
}

TEST_P(ElementwiseKernelTest, ScaleShiftEqualsTheReference) {
  TestBundle bundle;
  std::vector<float> scale = randomValues(channels, random);
  std::vector<float> shift = randomValues(channels, random);
  Clamp clamp = makeClamp();
  format::ScaleShiftT whole, strip;
  whole.scale = strip.scale = bundle.weight({channels}, scale);
  whole.shift = strip.shift = bundle.weight({channels}, shift);
  whole.clamp = std::make_unique<Clamp>(clamp);
  strip.clamp = std::make_unique<Clamp>(clamp);
  whole.input = wholeTensor(bundle);
  whole.output = wholeTensor(bundle);
  strip.input = strip.output = stripTensor(bundle);
  bundle.run(whole, "whole");
  bundle.run(strip, "strip in place");
  KernelRunner runner(bundle);
  std::vector<float> values = makeValues(), expected;
  runner.set(whole.input, values);
  runner.set(strip.input, stripOf(values));
  runner.run();
  for (size_t i = 0; i < values.size(); ++i)
    expected.push_back(
        std::clamp(values[i] * scale[i % channels] + shift[i % channels],
                   clamp.min(), clamp.max()));
  std::vector<float> actual = runner.get(whole.output);
  EXPECT_LT(largestDifference(actual, expected), 2e-7);
  EXPECT_TRUE(sameBits(runner.get(strip.output), stripOf(actual)));
}

TEST_P(ElementwiseKernelTest, SoftmaxEqualsTheReference) {
  TestBundle bundle;
  format::SoftmaxT softmax;
  softmax.input = bundle.tensor({height, channels});
  softmax.output = bundle.tensor({height, channels});
  bundle.run(softmax, "softmax");
  KernelRunner runner(bundle);
  std::vector<float> values = randomValues(size_t{height} * channels, random);
  for (float &value : values)
    value *= 20;
  runner.set(softmax.input, values);
  runner.run();
  std::vector<float> expected;
  for (size_t row = 0; row < height; ++row) {
    double sum = 0;
    for (size_t c = 0; c < channels; ++c)
      sum += std::exp(double{values[row * channels + c]});
    for (size_t c = 0; c < channels; ++c)
      expected.push_back(static_cast<float>(
          std::exp(double{values[row * channels + c]}) / sum));
  }
  EXPECT_LT(largestDifference(runner.get(softmax.output), expected), 1e-6);
}

TEST_P(ElementwiseKernelTest, NormalizeImageEqualsTheReference) {
  TestBundle bundle;
  format::NormalizeImageT normalize;
  // Grey images in every second case.
  const uint32_t pixelChannels = pick(random, 0, 1) ? channels : 1;
  normalize.input =
      bundle.tensor({1, height, width, pixelChannels}, format::ElementType::U8);
  normalize.output = wholeTensor(bundle);
  normalize.mean = randomValues(channels, random);
  for (uint32_t c = 0; c < channels; ++c)
    normalize.deviation.push_back(0.1f + static_cast<float>(c % 7));
  bundle.run(normalize, "normalize");
  KernelRunner runner(bundle);
  std::vector<uint8_t> pixels;
  for (size_t i = 0; i < size_t{height} * width * pixelChannels; ++i)
    pixels.push_back(static_cast<uint8_t>(pick(random, 0, 255)));
  runner.set(normalize.input, pixels);
  runner.run();
  std::vector<float> expected;
  for (size_t pixel = 0; pixel < size_t{height} * width; ++pixel)
    for (size_t c = 0; c < channels; ++c)
      expected.push_back(
          (static_cast<float>(
               pixels[pixel * pixelChannels + c % pixelChannels]) /
               255 -
           normalize.mean[c]) /
          normalize.deviation[c]);
  EXPECT_LT(largestDifference(runner.get(normalize.output), expected), 2e-6);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ElementwiseKernelTest, testing::Range(0, 20));

} // namespace
} // namespace windrow::test
