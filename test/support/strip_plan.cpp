//===- strip_plan.cpp - A plan for two devices, made by hand --------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/support/strip_plan.h"

#include "runtime/artifact/bundle_layout.h"

namespace windrow::test {

using format::Direction;
using format::ElementType;
using format::InstructionKind;

// The plan's channels.
enum : uint32_t {
  UpperInput,
  LowerInput,
  HaloDown,
  HaloUp,
  UpperOutput,
  LowerOutput,
};

static constexpr uint32_t clientIndex = 2, half = StripPlan::height / 2;
static constexpr float mean = 0.5f, deviation = 0.25f;

/// Small numbers that differ, the same at every call.
static std::vector<float> makeWeights(size_t count, uint32_t factor) {
  std::vector<float> values;
  for (size_t i = 0; i < count; ++i)
    values.push_back(static_cast<float>(i * factor % 17) / 8 - 1);
  return values;
}

static std::vector<float> filter() { return makeWeights(4 * 3 * 3 * 3, 5); }
static std::vector<float> bias() { return makeWeights(4, 7); }

std::vector<float> StripPlan::makeInput() {
  return makeWeights(channels * height * width, 11);
}

std::vector<uint8_t> StripPlan::makePixels() {
  std::vector<uint8_t> pixels;
  for (int64_t i = 0; i < height * width * channels; ++i)
    pixels.push_back(static_cast<uint8_t>(i * 37));
  return pixels;
}

std::vector<float> StripPlan::computeMap(const std::vector<float> &input) {
  const std::vector<float> weights = filter(), biases = bias();
  std::vector<float> map;
  for (int64_t o = 0; o < classes; ++o)
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x) {
        double sum = biases[o];
        for (int64_t ky = 0; ky < 3; ++ky)
          for (int64_t kx = 0; kx < 3; ++kx)
            for (int64_t c = 0; c < channels; ++c) {
              int64_t row = y + ky - 1, column = x + kx - 1;
              if (row < 0 || row >= height || column < 0 || column >= width)
                continue;
              sum += double{weights[((o * 3 + ky) * 3 + kx) * channels + c]} *
                     input[(c * height + row) * width + column];
            }
        map.push_back(static_cast<float>(sum));
      }
  return map;
}

std::vector<float>
StripPlan::computeScores(const std::vector<uint8_t> &pixels) {
  std::vector<float> input(pixels.size());
  for (int64_t pixel = 0; pixel < height * width; ++pixel)
    for (int64_t c = 0; c < channels; ++c)
      input[c * height * width + pixel] =
          (static_cast<float>(pixels[pixel * channels + c]) / 255 - mean) /
          deviation;
  std::vector<float> map = computeMap(input), scores;
  for (int64_t o = 0; o < classes; ++o) {
    double sum = 0;
    for (int64_t pixel = 0; pixel < height * width; ++pixel)
      sum += map[o * height * width + pixel];
    scores.push_back(static_cast<float>(sum / (height * width)));
  }
  return scores;
}

StripPlan::StripPlan(Kind kind, uint8_t digest) : kind(kind) {
  for (uint32_t self = 0; self <= clientIndex; ++self) {
    bundles.emplace_back(/*devices=*/2, self);
    bundles.back().header.plan_digest.assign(planDigestBytes, digest);
    bundles.back().header.model = "strips";
    bundles.back().header.producer = "test";
  }
  buildDevice(0);
  buildDevice(1);
  buildClient();
}

void StripPlan::buildDevice(uint32_t self) {
  TestBundle &b = bundles[self];
  bool isUpper = self == 0, isImage = kind == Kind::Classifier;
  uint32_t rows = half + 1;
  uint32_t strip = b.tensor({1, rows, width, channels},
                            isImage ? ElementType::U8 : ElementType::F32);
  uint64_t rowBytes =
      uint64_t{width} * channels * (isImage ? 1 : sizeof(float));
  // The upper strip ends with the halo row, the lower one begins with it.
  uint32_t own =
      b.view(strip, isUpper ? 0 : rowBytes, {1, half, width, channels});
  uint32_t halo =
      b.view(strip, isUpper ? half * rowBytes : 0, {1, 1, width, channels});
  uint32_t boundary = b.view(strip, (isUpper ? half - 1 : 1) * rowBytes,
                             {1, 1, width, channels});

  uint32_t receiveOwn = b.channel(isUpper ? UpperInput : LowerInput,
                                  clientIndex, Direction::Receive, own);
  uint32_t receiveHalo = b.channel(isUpper ? HaloUp : HaloDown, 1 - self,
                                   Direction::Receive, halo);
  uint32_t sendBoundary = b.channel(isUpper ? HaloDown : HaloUp, 1 - self,
                                    Direction::Send, boundary);
  b.instruct(InstructionKind::PostReceive, receiveOwn);
  b.instruct(InstructionKind::PostReceive, receiveHalo);
  b.instruct(InstructionKind::WaitReceive, receiveOwn);
  b.instruct(InstructionKind::PostSend, sendBoundary);
  b.instruct(InstructionKind::WaitReceive, receiveHalo);

  uint32_t input = strip;
  if (isImage) {
    format::NormalizeImageT normalize;
    normalize.input = strip;
    normalize.output = input = b.tensor({1, rows, width, channels});
    normalize.mean.assign(channels, mean);
    normalize.deviation.assign(channels, deviation);
    b.run(normalize, "normalize");
  }
  uint32_t map = b.tensor({1, half, width, classes});
  uint32_t weights = b.weight({classes, 3, 3, channels}, filter());
  uint32_t biases = b.weight({classes}, bias());
  format::Conv2DT conv =
      conv2D(input, map, weights, static_cast<int32_t>(biases));
  *conv.padding = format::Padding(isUpper ? 1 : 0, 1, isUpper ? 0 : 1, 1);
  b.run(conv, "conv");
  isImage ? endWithScores(b, map) : endWithMap(b, map);
  b.instruct(InstructionKind::WaitSend, sendBoundary);
}

void StripPlan::endWithMap(TestBundle &bundle, uint32_t map) {
  bool isUpper = bundle.header.self == 0;
  bundle.transfer(bundle.channel(isUpper ? UpperOutput : LowerOutput,
                                 clientIndex, Direction::Send, map));
}

void StripPlan::endWithScores(TestBundle &bundle, uint32_t map) {
  format::GlobalPoolT pool;
  pool.kind = format::GlobalPoolKind::Sum;
  pool.input = map;
  pool.output = bundle.tensor({1, 1, 1, classes});
  bundle.run(pool, "sum");
  if (bundle.header.self == 1) {
    bundle.transfer(
        bundle.channel(LowerOutput, 0, Direction::Send, pool.output));
    return;
  }
  uint32_t other = bundle.tensor({1, 1, 1, classes});
  bundle.transfer(bundle.channel(LowerOutput, 1, Direction::Receive, other));
  format::BinaryT add;
  add.lhs = pool.output;
  add.rhs = other;
  add.output = other;
  add.clamp = std::make_unique<format::Clamp>(noClamp());
  bundle.run(add, "reduce");
  format::ScaleShiftT scale;
  scale.input = scale.output = other;
  scale.scale = bundle.weight(
      {classes}, std::vector<float>(classes, 1.0f / (height * width)));
  scale.shift = bundle.weight({classes}, std::vector<float>(classes));
  scale.clamp = std::make_unique<format::Clamp>(noClamp());
  bundle.run(scale, "mean");
  bundle.transfer(bundle.channel(UpperOutput, clientIndex, Direction::Send,
                                 bundle.view(other, 0, {1, classes})));
}

void StripPlan::buildClient() {
  TestBundle &b = client();
  bool isImage = kind == Kind::Classifier;
  uint32_t input = b.tensor({1, height, width, channels},
                            isImage ? ElementType::U8 : ElementType::F32);
  uint64_t halfBytes =
      uint64_t{half} * width * channels * (isImage ? 1 : sizeof(float));
  uint32_t upper = b.view(input, 0, {1, half, width, channels});
  uint32_t lower = b.view(input, halfBytes, {1, half, width, channels});
  uint32_t sends[] = {b.channel(UpperInput, 0, Direction::Send, upper),
                      b.channel(LowerInput, 1, Direction::Send, lower)};
  b.modelInput(input, {1, channels, height, width}, format::TensorLayout::NCHW);
  std::vector<uint32_t> receives;
  if (isImage) {
    uint32_t scores = b.tensor({1, classes});
    receives = {b.channel(UpperOutput, 0, Direction::Receive, scores)};
    b.modelOutput(scores, {1, classes}, format::TensorLayout::Any);
    b.header.image = std::make_unique<format::ImageT>();
    b.header.image->mean.assign(channels, mean);
    b.header.image->deviation.assign(channels, deviation);
    b.header.labels = {"crazing", "inclusion", "patches", "scratches"};
  } else {
    uint32_t map = b.tensor({1, height, width, classes});
    uint64_t mapBytes = uint64_t{half} * width * classes * sizeof(float);
    uint32_t upperMap = b.view(map, 0, {1, half, width, classes});
    uint32_t lowerMap = b.view(map, mapBytes, {1, half, width, classes});
    receives = {b.channel(UpperOutput, 0, Direction::Receive, upperMap),
                b.channel(LowerOutput, 1, Direction::Receive, lowerMap)};
    b.modelOutput(map, {1, classes, height, width}, format::TensorLayout::NCHW);
  }
  for (uint32_t receive : receives)
    b.instruct(InstructionKind::PostReceive, receive);
  for (uint32_t send : sends)
    b.instruct(InstructionKind::PostSend, send);
  for (uint32_t receive : receives)
    b.instruct(InstructionKind::WaitReceive, receive);
  for (uint32_t send : sends)
    b.instruct(InstructionKind::WaitSend, send);
}

Status StripPlan::write(const std::filesystem::path &folder) {
  for (TestBundle &bundle : bundles) {
    const std::string &name =
        bundle.header.participants[bundle.header.self]->name;
    WINDROW_RETURN_IF_ERROR(bundle.write(bundlePath(folder, name)));
  }
  return Status();
}

} // namespace windrow::test
