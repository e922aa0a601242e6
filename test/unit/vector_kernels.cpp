//===- vector_kernels.cpp - Kernels of our own against plain loops --------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Needs nothing but Highway's headers, so that it is quickly built for another
// processor and run in its emulator. Exit status 1 and a line for each check
// that fails.
//
//===----------------------------------------------------------------------===//

#include "runtime/kernels/add_clamped.h"
#include "runtime/kernels/interleave_planes.h"
#include "runtime/kernels/matrix_vector.h"
#include "runtime/kernels/winograd_products.h"
#include "runtime/kernels/winograd_transforms.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

using namespace windrow;
using format::ElementType;

using Values = std::vector<float>;

static std::mt19937 randomBits(1);

static Values randomValues(size_t count) {
  std::uniform_real_distribution<float> distribution(-1, 1);
  Values values(count);
  for (float &value : values)
    value = distribution(randomBits);
  return values;
}

static bool allPassed = true;

static void expectNear(const std::string &what, const Values &actual,
                       const Values &expected, double tolerance) {
  double worst = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    double difference = std::abs(double{actual[i]} - expected[i]);
    worst = std::max(worst, std::isnan(difference) ? HUGE_VAL : difference);
  }
  if (worst <= tolerance)
    return;
  std::printf("%s: off by %g, more than %g\n", what.c_str(), worst, tolerance);
  allPassed = false;
}

//===----------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------===//

/// `value`, between 2^-14 and 2, cut to the precision of `type`, and its bits.
static uint16_t narrow(ElementType type, float &value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (type == ElementType::BF16) {
    value = std::bit_cast<float>(bits & 0xffff0000);
    return static_cast<uint16_t>(bits >> 16);
  }
  const uint32_t kept = bits & 0xffffe000;
  value = std::bit_cast<float>(kept);
  return static_cast<uint16_t>((kept >> 16 & 0x8000) |
                               ((kept & 0x7fffffff) >> 13) - (112u << 10));
}

static void checkMatrix(ElementType type, uint32_t rows, uint32_t columns,
                        uint32_t vectors) {
  Values matrix = randomValues(size_t{rows} * columns);
  std::vector<uint16_t> bits;
  for (float &value : matrix) {
    if (std::abs(value) < 0x1p-14f)
      value = 0.5f;
    if (type != ElementType::F32)
      bits.push_back(narrow(type, value));
  }
  Values input = randomValues(size_t{vectors} * columns);
  Values bias = randomValues(rows), expected, output(size_t{vectors} * rows);
  for (uint32_t v = 0; v < vectors; ++v)
    for (uint32_t row = 0; row < rows; ++row) {
      double sum = bias[row];
      for (uint32_t k = 0; k < columns; ++k)
        sum += double{matrix[size_t{row} * columns + k]} *
               input[size_t{v} * columns + k];
      expected.push_back(std::clamp(static_cast<float>(sum), -2.0f, 3.0f));
    }
  const void *elements = type == ElementType::F32
                             ? static_cast<const void *>(matrix.data())
                             : bits.data();
  multiplyMatrix(
      {static_cast<const std::byte *>(elements), type, rows, columns},
      {input.data(), vectors, bias.data(), -2, 3, output.data(), rows});
  expectNear("matrix of type " + std::to_string(int(type)) + ", " +
                 std::to_string(rows) + "x" + std::to_string(columns),
             output, expected, 1e-6 * std::sqrt(columns) + 1e-6);
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

struct Convolution {
  uint32_t edge, inputs, outputs;
  Values image, filter, bias;

  Convolution(uint32_t edge, uint32_t inputs, uint32_t outputs)
      : edge(edge), inputs(inputs), outputs(outputs),
        image(randomValues(size_t{edge} * edge * inputs)),
        filter(randomValues(size_t{outputs} * 9 * inputs)),
        bias(randomValues(outputs)) {}

  Values computeDirectly() const {
    Values result;
    for (int64_t y = 0; y < edge; ++y)
      for (int64_t x = 0; x < edge; ++x)
        for (uint32_t o = 0; o < outputs; ++o) {
          double sum = bias[o];
          for (int64_t i = 0; i < 9; ++i) {
            const int64_t row = y + i / 3 - 1, column = x + i % 3 - 1;
            if (row < 0 || row >= edge || column < 0 || column >= edge)
              continue;
            for (uint32_t c = 0; c < inputs; ++c)
              sum += double{image[(row * edge + column) * inputs + c]} *
                     filter[(size_t{o} * 9 + i) * inputs + c];
          }
          result.push_back(static_cast<float>(sum));
        }
    return result;
  }

  /// The filter in panels, transformed at once or a panel at a time.
  Values transform(uint32_t outputEdge, bool isWhole) const;
  Values computeInTiles(uint32_t outputEdge, const Values &panels) const;
};

Values Convolution::transform(uint32_t outputEdge, bool isWhole) const {
  using namespace winograd;
  const uint32_t taps = tapCount(outputEdge), count = panelCount(outputs);
  const size_t panelSize = size_t{panelWidth()} * inputs;
  Values panels(taps * count * panelSize);
  if (isWhole) {
    transformFilter(outputEdge, filter.data(), outputs, inputs, panels.data());
    return panels;
  }
  Values arranged(9 * count * panelSize);
  arrangeFilter(filter.data(), outputs, inputs, arranged.data());
  const uint32_t edgeTaps = inputEdge(outputEdge);
  for (uint32_t panel = 0; panel < count; ++panel)
    for (uint32_t row = 0; row < edgeTaps; row += 2)
      transformPanel(outputEdge, &arranged[9 * panel * panelSize], inputs, row,
                     2, count * panelSize,
                     &panels[(row * edgeTaps * count + panel) * panelSize]);
  return panels;
}

Values Convolution::computeInTiles(uint32_t outputEdge,
                                   const Values &panels) const {
  using namespace winograd;
  const uint32_t taps = tapCount(outputEdge), count = panelCount(outputs);
  const uint32_t columns = (edge + outputEdge - 1) / outputEdge;
  const uint32_t tiles = columns * columns, width = panelWidth();
  const size_t outputStride = size_t{count} * width;
  const size_t inputTap = size_t{tiles} * inputs;
  const size_t outputTap = tiles * outputStride;
  Values zeros(inputs), inputTaps(taps * inputTap),
      outputTaps(taps * outputTap);
  Values result(size_t{edge} * edge * outputs);
  transformInput(outputEdge, image.data(), {edge, edge, inputs, 1, 1, columns},
                 {0, tiles, inputTap, inputs}, zeros.data(), inputTaps.data());
  for (uint32_t tap = 0; tap < taps; ++tap)
    for (uint32_t panel = 0; panel < count; ++panel) {
      const float *filterPanel =
          &panels[(size_t{tap} * count + panel) * width * inputs];
      // In two pieces, as layers of many channels are.
      for (uint32_t first : {0u, inputs / 2})
        multiplyPanel({&inputTaps[tap * inputTap + first], inputs, tiles,
                       filterPanel + size_t{first} * width,
                       first == 0 ? inputs / 2 : inputs - inputs / 2,
                       &outputTaps[tap * outputTap + size_t{panel} * width],
                       outputStride, first > 0, filterPanel, 0});
    }
  transformOutput(outputEdge, outputTaps.data(),
                  {0, tiles, outputTap, outputStride}, bias.data(),
                  {-1e30f, 1e30f}, {edge, edge, outputs, 0, 0, columns},
                  result.data());
  return result;
}

static void checkConvolution(uint32_t outputEdge, uint32_t edge,
                             uint32_t inputs, uint32_t outputs) {
  const Convolution convolution(edge, inputs, outputs);
  const std::string what = "tiles of " + std::to_string(outputEdge) + ", " +
                           std::to_string(inputs) + " to " +
                           std::to_string(outputs) + " channels";
  const Values panels = convolution.transform(outputEdge, true);
  expectNear(what, convolution.computeInTiles(outputEdge, panels),
             convolution.computeDirectly(), 2e-6 * inputs);
  expectNear(what + ", panel by panel",
             convolution.transform(outputEdge, false), panels, 0);
}

//===----------------------------------------------------------------------===//
// Element by element
//===----------------------------------------------------------------------===//

static void checkElementwise(size_t count) {
  Values lhs = randomValues(count), rhs = randomValues(count);
  Values sum(count), expected;
  for (size_t i = 0; i < count; ++i)
    expected.push_back(std::clamp(lhs[i] + rhs[i], -0.5f, 1.0f));
  addClamped(lhs.data(), rhs.data(), count, -0.5f, 1.0f, sum.data());
  expectNear("sum", sum, expected, 0);

  Values planes = randomValues(3 * count), image(3 * count), pixels;
  for (size_t i = 0; i < 3 * count; ++i)
    pixels.push_back(planes[i % 3 * count + i / 3]);
  interleaveThreePlanes(planes.data(), count, image.data());
  expectNear("planes", image, pixels, 0);
}

int main() {
  for (ElementType type :
       {ElementType::F32, ElementType::F16, ElementType::BF16})
    for (uint32_t rows : {1, 7, 64, 131})
      for (uint32_t columns : {1, 5, 64, 333})
        checkMatrix(type, rows, columns, rows % 3 + 1);
  for (uint32_t outputEdge : {2, 4})
    for (uint32_t edge : {5, 11})
      for (uint32_t inputs : {3, 40})
        checkConvolution(outputEdge, edge, inputs, 3 * inputs + 1);
  for (size_t count : {1, 4, 100, 1003})
    checkElementwise(count);
  return allPassed ? 0 : 1;
}
