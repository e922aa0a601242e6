//===- fully_connected_kernel_test.cpp - Tests of the dense kernel --------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/support/kernel_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <tuple>

namespace windrow::test {
namespace {

using format::Clamp;

using format::ElementType;

struct Layer {
  uint32_t rows, inputs, outputs;
  std::vector<float> input, filter, bias;
  ElementType type = ElementType::F32; ///< of the filter
  Clamp clamp = noClamp();
};

Layer makeLayer(uint32_t rows, uint32_t inputs, uint32_t outputs,
                std::mt19937 &random, ElementType type = ElementType::F32) {
  Layer layer{rows,
              inputs,
              outputs,
              randomValues(size_t{rows} * inputs, random),
              randomValues(size_t{outputs} * inputs, random),
              randomValues(outputs, random),
              type};
  if (type != ElementType::F32)
    for (float &value : layer.filter)
      value = roundTo(type, value);
  return layer;
}

ElementType pickType(std::mt19937 &random) {
  constexpr ElementType types[] = {ElementType::F32, ElementType::F16,
                                   ElementType::BF16};
  return types[pick(random, 0, 2)];
}

format::FullyConnectedT addLayer(TestBundle &bundle, const Layer &layer) {
  format::FullyConnectedT table;
  table.input = bundle.tensor({layer.rows, layer.inputs});
  table.output = bundle.tensor({layer.rows, layer.outputs});
  table.filter =
      bundle.weight({layer.outputs, layer.inputs}, layer.filter, layer.type);
  table.bias = static_cast<int32_t>(bundle.weight({layer.outputs}, layer.bias));
  table.clamp = std::make_unique<Clamp>(layer.clamp);
  bundle.run(table, "dense");
  return table;
}

std::vector<float> reference(const Layer &layer) {
  std::vector<float> output;
  for (size_t m = 0; m < layer.rows; ++m)
    for (size_t n = 0; n < layer.outputs; ++n) {
      double sum = layer.bias[n];
      for (size_t k = 0; k < layer.inputs; ++k)
        sum += double{layer.input[m * layer.inputs + k]} *
               layer.filter[n * layer.inputs + k];
      output.push_back(std::clamp(static_cast<float>(sum), layer.clamp.min(),
                                  layer.clamp.max()));
    }
  return output;
}

class FullyConnectedKernelTest : public testing::TestWithParam<int> {};

TEST_P(FullyConnectedKernelTest, EqualsTheReference) {
  std::mt19937 random(static_cast<uint32_t>(GetParam()));
  Layer layer = makeLayer(pick(random, 1, 9), pick(random, 1, 200),
                          pick(random, 1, 200), random, pickType(random));
  if (pick(random, 0, 1))
    layer.clamp = {0, 3};
  TestBundle bundle;
  format::FullyConnectedT table = addLayer(bundle, layer);
  KernelRunner runner(bundle);
  runner.set(table.input, layer.input);
  runner.run();
  EXPECT_LT(largestDifference(runner.get(table.output), reference(layer)),
            1e-6 * std::sqrt(layer.inputs));
}

// A device that computes some of a layer's channels has their bits.
TEST_P(FullyConnectedKernelTest, OutputChannelsEqualTheWholeBitForBit) {
  std::mt19937 random(static_cast<uint32_t>(GetParam()));
  Layer whole = makeLayer(pick(random, 1, 3), pick(random, 1, 400),
                          pick(random, 1, 300), random, pickType(random));
  uint32_t first = pick(random, 0, whole.outputs - 1);
  Layer part = whole;
  part.outputs = pick(random, 1, std::min(whole.outputs - first, 140u));
  part.filter.assign(whole.filter.begin() + size_t{first} * whole.inputs,
                     whole.filter.begin() +
                         size_t{first + part.outputs} * whole.inputs);
  part.bias.assign(whole.bias.begin() + first,
                   whole.bias.begin() + first + part.outputs);
  TestBundle bundle;
  format::FullyConnectedT wholeTable = addLayer(bundle, whole);
  format::FullyConnectedT partTable = addLayer(bundle, part);
  KernelRunner runner(bundle);
  runner.set(wholeTable.input, whole.input);
  runner.set(partTable.input, part.input);
  runner.run();
  std::vector<float> expected = runner.get(wholeTable.output);
  std::vector<float> actual = runner.get(partTable.output);
  for (size_t row = 0; row < part.rows; ++row)
    ASSERT_TRUE(sameBits(
        std::span(actual).subspan(row * part.outputs, part.outputs),
        std::span(expected).subspan(row * whole.outputs + first, part.outputs)))
        << "channels " << first << " to " << first + part.outputs << " of "
        << whole.outputs << " with " << whole.inputs << " inputs";
}

INSTANTIATE_TEST_SUITE_P(Seeds, FullyConnectedKernelTest,
                         testing::Range(0, 20));

// 48 MiB of weights, of f32: copied in slices, computed by two threads.
TEST(FullyConnectedKernel, ChannelsOfALargeFilterEqualThemAlone) {
  std::mt19937 random(1);
  Layer whole = makeLayer(2, 4096, 3075, random);
  Layer part = whole;
  const uint32_t first = 1000;
  part.outputs = 500;
  part.filter.assign(whole.filter.begin() + first * whole.inputs,
                     whole.filter.begin() +
                         (first + part.outputs) * whole.inputs);
  part.bias.assign(whole.bias.begin() + first,
                   whole.bias.begin() + first + part.outputs);
  TestBundle bundle;
  format::FullyConnectedT wholeTable = addLayer(bundle, whole);
  format::FullyConnectedT partTable = addLayer(bundle, part);
  KernelRunner runner(bundle, /*threads=*/2);
  runner.set(wholeTable.input, whole.input);
  runner.set(partTable.input, part.input);
  runner.run();
  std::vector<float> actual = runner.get(wholeTable.output);
  std::vector<float> expected = runner.get(partTable.output);
  EXPECT_LT(largestDifference(actual, reference(whole)), 5e-4);
  for (uint32_t row = 0; row < whole.rows; ++row)
    EXPECT_TRUE(sameBits(
        std::span(actual).subspan(row * whole.outputs + first, part.outputs),
        std::span(expected).subspan(row * part.outputs, part.outputs)));
}

// Zeros of both signs, the least and the largest numbers of a type.
TEST(FullyConnectedKernel, NumbersOfEveryMagnitude) {
  for (auto [type, least, largest] :
       {std::tuple(ElementType::F16, 0x1p-24f, 65504.0f),
        std::tuple(ElementType::BF16, 0x1p-126f, 0x1.fep127f)}) {
    Layer layer{1, 1, 40, {1.0f}, {}, {}, type};
    float step = type == ElementType::F16 ? 1.97f : 93.0f;
    for (float value = least; layer.filter.size() < 18; value *= step)
      layer.filter.push_back(roundTo(type, value));
    layer.filter.insert(layer.filter.end(), {0.0f, largest});
    for (size_t i = 0; i < 20; ++i)
      layer.filter.push_back(-layer.filter[i]);
    layer.bias.assign(40, 0.0f);
    TestBundle bundle;
    format::FullyConnectedT table = addLayer(bundle, layer);
    KernelRunner runner(bundle);
    runner.set(table.input, layer.input);
    runner.run();
    EXPECT_EQ(runner.get(table.output), layer.filter)
        << format::EnumNameElementType(type);
  }
}

// Half as many bytes are kept.
TEST(FullyConnectedKernel, NarrowFiltersTakeHalfTheMemory) {
  std::mt19937 random(1);
  for (auto [type, bytes] : {std::pair(ElementType::F32, 64 * 32 * 4u),
                             std::pair(ElementType::F16, 64 * 32 * 2u)}) {
    Layer layer = makeLayer(1, 32, 64, random, type);
    TestBundle bundle;
    addLayer(bundle, layer);
    addLayer(bundle, layer);
    KernelRunner runner(bundle);
    EXPECT_EQ(runner.weights().bytes(), 2 * bytes);
  }
}

TEST(FullyConnectedKernel, ChangedWeightIsRefused) {
  std::mt19937 random(1);
  Layer layer = makeLayer(1, 4, 8, random);
  TestBundle bundle;
  addLayer(bundle, layer);
  ScratchFolder folder;
  std::filesystem::path path = folder / "changed.bundle";
  ASSERT_TRUE(bundle.write(path).ok());
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  // The last 64 bytes hold the bias, those before hold the filter.
  file.seekp(-64 - 5, std::ios::end);
  file.put('x');
  file.close();
  Expected<BundleReader> reader = BundleReader::open(path);
  ASSERT_TRUE(reader) << reader.error().message();
  PackedWeights weights;
  auto kernel = createKernel({*reader, weights}, 0);
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().code(), StatusCode::CorruptData);
  EXPECT_THAT(kernel.error().message(),
              testing::HasSubstr("weight 0 'w0': checksum must be "));
}

} // namespace
} // namespace windrow::test
