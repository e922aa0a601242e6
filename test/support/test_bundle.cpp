//===- test_bundle.cpp - Bundles built by hand ----------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/support/test_bundle.h"

#include "runtime/artifact/bundle_layout.h"
#include "runtime/artifact/bundle_writer.h"
#include "runtime/artifact/shape.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <fmt/format.h>

namespace windrow::test {

TestBundle::TestBundle(uint32_t devices, uint32_t self) {
  header.plan_digest.assign(planDigestBytes, 7);
  header.self = self;
  for (uint32_t i = 0; i <= devices; ++i) {
    auto participant = std::make_unique<format::ParticipantT>();
    bool isClient = i == devices;
    participant->name =
        isClient ? std::string(clientName) : fmt::format("press-{}", i + 1);
    participant->address =
        isClient ? "" : fmt::format("127.0.0.1:{}", 7801 + i);
    header.participants.push_back(std::move(participant));
  }
}

uint32_t TestBundle::tensor(std::vector<uint32_t> dims,
                            format::ElementType type) {
  auto tensor = std::make_unique<format::TensorT>();
  tensor->type = type;
  tensor->offset = header.arena_bytes;
  header.arena_bytes +=
      alignSection(byteCount(type, dims).value() + tensorSlackBytes);
  tensor->dims = std::move(dims);
  tensor->name = fmt::format("t{}", header.tensors.size());
  header.tensors.push_back(std::move(tensor));
  return static_cast<uint32_t>(header.tensors.size() - 1);
}

uint32_t TestBundle::view(uint32_t base, uint64_t byteOffset,
                          std::vector<uint32_t> dims) {
  auto tensor = std::make_unique<format::TensorT>();
  tensor->type = header.tensors[base]->type;
  tensor->offset = header.tensors[base]->offset + byteOffset;
  tensor->dims = std::move(dims);
  tensor->name = fmt::format("t{}", header.tensors.size());
  header.tensors.push_back(std::move(tensor));
  return static_cast<uint32_t>(header.tensors.size() - 1);
}

uint32_t TestBundle::weight(std::vector<uint32_t> dims,
                            std::vector<float> values,
                            format::ElementType type) {
  auto weight = std::make_unique<format::WeightT>();
  weight->type = type;
  weight->dims = std::move(dims);
  weight->name = fmt::format("w{}", header.weights.size());
  header.weights.push_back(std::move(weight));
  weights.push_back(std::move(values));
  return static_cast<uint32_t>(weights.size() - 1);
}

uint32_t TestBundle::channel(uint32_t id, uint32_t peer,
                             format::Direction direction, uint32_t tensor) {
  auto channel = std::make_unique<format::ChannelT>();
  channel->id = id;
  channel->peer = peer;
  channel->direction = direction;
  channel->tensor = tensor;
  header.channels.push_back(std::move(channel));
  return static_cast<uint32_t>(header.channels.size() - 1);
}

void TestBundle::transfer(uint32_t channel) {
  bool sends = header.channels[channel]->direction == format::Direction::Send;
  instruct(sends ? format::InstructionKind::PostSend
                 : format::InstructionKind::PostReceive,
           channel);
  instruct(sends ? format::InstructionKind::WaitSend
                 : format::InstructionKind::WaitReceive,
           channel);
}

static std::unique_ptr<format::ModelTensorT>
modelTensor(std::string name, uint32_t tensor, std::vector<uint32_t> dims,
            format::TensorLayout layout) {
  auto model = std::make_unique<format::ModelTensorT>();
  model->name = std::move(name);
  model->tensor = tensor;
  model->dims = std::move(dims);
  model->layout = layout;
  return model;
}

void TestBundle::modelInput(uint32_t tensor, std::vector<uint32_t> dims,
                            format::TensorLayout layout) {
  header.inputs.push_back(
      modelTensor("image", tensor, std::move(dims), layout));
}

void TestBundle::modelOutput(uint32_t tensor, std::vector<uint32_t> dims,
                             format::TensorLayout layout) {
  header.outputs.push_back(
      modelTensor("scores", tensor, std::move(dims), layout));
}

// What the 16-bit formats of IEEE 754 and bfloat16 are made of.
static constexpr int halfPrecision = 11, halfLeastExponent = -13;
static constexpr int bfloatPrecision = 8;

float roundTo(format::ElementType type, float value) {
  const bool isHalf = type == format::ElementType::F16;
  int exponent;
  std::frexp(value, &exponent);
  if (isHalf)
    exponent = std::max(exponent, halfLeastExponent);
  const double unit =
      std::ldexp(1.0, exponent - (isHalf ? halfPrecision : bfloatPrecision));
  const double rounded = std::nearbyint(value / unit) * unit;
  return isHalf && std::abs(rounded) > 65504
             ? std::copysign(std::numeric_limits<float>::infinity(), value)
             : static_cast<float>(rounded);
}

/// The bits of `value`, a finite number of `type`.
static uint16_t encode(format::ElementType type, float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if (type == format::ElementType::BF16)
    return static_cast<uint16_t>(bits >> 16);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  int exponent;
  const float fraction = std::frexp(std::abs(value), &exponent);
  if (fraction == 0 || exponent < halfLeastExponent)
    return sign | static_cast<uint16_t>(std::ldexp(std::abs(value), 24));
  return sign | static_cast<uint16_t>(exponent - halfLeastExponent + 1) << 10 |
         (static_cast<uint16_t>(std::ldexp(fraction, halfPrecision)) & 0x3ff);
}

Status TestBundle::write(const std::filesystem::path &path) {
  return writeBundle(
      path, header, [this](uint32_t index, const WeightSink &sink) {
        const format::ElementType type = header.weights[index]->type;
        if (elementBytes(type) != 2)
          return sink(std::as_bytes(std::span(weights[index])));
        std::vector<uint16_t> narrow;
        for (float value : weights[index])
          narrow.push_back(encode(type, value));
        return sink(std::as_bytes(std::span(narrow)));
      });
}

format::Conv2DT conv2D(uint32_t input, uint32_t output, uint32_t filter,
                       int32_t bias) {
  format::Conv2DT table;
  table.input = input;
  table.output = output;
  table.filter = filter;
  table.bias = bias;
  table.padding = std::make_unique<format::Padding>(0, 0, 0, 0);
  table.stride = std::make_unique<format::Extent>(1, 1);
  table.dilation = std::make_unique<format::Extent>(1, 1);
  table.clamp = std::make_unique<format::Clamp>(noClamp());
  return table;
}

} // namespace windrow::test
