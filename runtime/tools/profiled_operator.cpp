//===- profiled_operator.cpp - What windrow-profile measures --------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/profiled_operator.h"

#include "runtime/artifact/operands.h"
#include "runtime/artifact/shape.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

using namespace windrow;

namespace {
/// The dimensions of an operand, as a cost table divides them.
struct MapSize {
  uint32_t rows;
  std::vector<uint32_t> rest;
};

/// Describes the operators of one bundle.
class OperatorDescriber {
public:
  explicit OperatorDescriber(const format::Bundle &bundle) : bundle(bundle) {}

  /// Nothing for a kind that cost tables do not know.
  std::optional<ProfiledOperator> describe(const format::Operator &op) const;

private:
  MapSize sizeOf(uint32_t tensor) const;
  ProfiledOperator describeMap(const char *kind, uint32_t input,
                               uint32_t output) const;
  ProfiledOperator describe(const format::Conv2D &conv) const;
  ProfiledOperator describe(const format::Binary &binary) const;
  std::optional<ProfiledOperator> describe(const format::Unary &unary) const;
  ProfiledOperator describe(const format::CopyChannels &copy) const;

  const format::Bundle &bundle;
};
} // namespace

static std::array<uint32_t, 2> toArray(const format::Extent &extent) {
  return {extent.height(), extent.width()};
}

MapSize OperatorDescriber::sizeOf(uint32_t tensor) const {
  Dims dims = dimsOf(bundle.tensors()->Get(tensor)->dims());
  if (dims.size() == 4)
    return {dims[1], {dims[2], dims[3]}};
  uint32_t channels = dims.back();
  uint64_t rows = *elementCount(dims) / channels;
  return {static_cast<uint32_t>(rows), {channels}};
}

ProfiledOperator OperatorDescriber::describeMap(const char *kind,
                                                uint32_t input,
                                                uint32_t output) const {
  MapSize size = sizeOf(output);
  ProfiledOperator op;
  op.shape.kind = kind;
  op.shape.input = sizeOf(input).rest;
  op.shape.output = size.rest;
  op.rows = size.rows;
  return op;
}

static const char *nameOf(format::ConvolutionKernel kernel) {
  switch (kernel) {
  case format::ConvolutionKernel::Direct:
    return "direct";
  case format::ConvolutionKernel::Winograd4x4:
    return "winograd4x4";
  case format::ConvolutionKernel::Winograd2x2:
    return "winograd2x2";
  }
  return "direct";
}

/// Of a matrix; nothing where it is of f32.
static const char *nameOf(format::ElementType type) {
  switch (type) {
  case format::ElementType::F16:
    return "f16";
  case format::ElementType::BF16:
    return "bf16";
  default:
    return "";
  }
}

ProfiledOperator OperatorDescriber::describe(const format::Conv2D &conv) const {
  ProfiledOperator op = describeMap("conv_2d", conv.input(), conv.output());
  Dims filter = dimsOf(bundle.weights()->Get(conv.filter())->dims());
  op.shape.kernel = nameOf(conv.kernel());
  op.shape.window = {filter[1], filter[2]};
  op.shape.strides = toArray(*conv.stride());
  op.shape.dilations = toArray(*conv.dilation());
  op.shape.groups = conv.groups();
  return op;
}

ProfiledOperator
OperatorDescriber::describe(const format::Binary &binary) const {
  const char *kind =
      binary.kind() == format::BinaryKind::Add ? "add" : "multiply";
  MapSize lhs = sizeOf(binary.lhs()), rhs = sizeOf(binary.rhs()),
          output = sizeOf(binary.output());
  ProfiledOperator op = describeMap(kind, binary.output(), binary.output());
  auto isRepeated = [&](const MapSize &operand) {
    return operand.rows != output.rows || operand.rest != output.rest;
  };
  op.shape.isBroadcast = isRepeated(lhs) || isRepeated(rhs);
  op.shape.isClamped = std::isfinite(binary.clamp()->min()) ||
                       std::isfinite(binary.clamp()->max());
  return op;
}

std::optional<ProfiledOperator>
OperatorDescriber::describe(const format::Unary &unary) const {
  switch (unary.kind()) {
  case format::UnaryKind::Clamp:
    return describeMap("clamp", unary.input(), unary.output());
  case format::UnaryKind::Sigmoid:
    return describeMap("sigmoid", unary.input(), unary.output());
  case format::UnaryKind::HardSwish:
    return describeMap("hard_swish", unary.input(), unary.output());
  case format::UnaryKind::Copy:
    break;
  }
  return std::nullopt;
}

/// One operand of a concatenation, or a slice of channels.
ProfiledOperator
OperatorDescriber::describe(const format::CopyChannels &copy) const {
  uint32_t outputChannels = sizeOf(copy.output()).rest.back();
  bool isSlice = copy.channels() == outputChannels;
  ProfiledOperator op =
      describeMap(isSlice ? "slice" : "concat", copy.input(), copy.output());
  if (!isSlice)
    op.shape.input.back() = copy.channels();
  return op;
}

std::optional<ProfiledOperator>
OperatorDescriber::describe(const format::Operator &op) const {
  switch (op.operation_type()) {
  case format::Operation::Conv2D:
    return describe(*op.operation_as_Conv2D());
  case format::Operation::MaxPool2D: {
    const format::MaxPool2D &pool = *op.operation_as_MaxPool2D();
    ProfiledOperator result =
        describeMap("max_pool_2d", pool.input(), pool.output());
    result.shape.window = toArray(*pool.window());
    result.shape.strides = toArray(*pool.stride());
    result.shape.dilations = toArray(*pool.dilation());
    return result;
  }
  case format::Operation::AveragePool2D: {
    const format::AveragePool2D &pool = *op.operation_as_AveragePool2D();
    ProfiledOperator result =
        describeMap("avg_pool_2d", pool.input(), pool.output());
    result.shape.window = toArray(*pool.window());
    result.shape.strides = toArray(*pool.stride());
    return result;
  }
  case format::Operation::GlobalPool: {
    const format::GlobalPool &pool = *op.operation_as_GlobalPool();
    ProfiledOperator result = describeMap(
        pool.kind() == format::GlobalPoolKind::Mean ? "global_avg_pool"
                                                    : "global_sum_pool",
        pool.input(), pool.output());
    result.rows = sizeOf(pool.input()).rows;
    return result;
  }
  case format::Operation::FullyConnected: {
    const format::FullyConnected &dense = *op.operation_as_FullyConnected();
    ProfiledOperator result =
        describeMap("fully_connected", dense.input(), dense.output());
    result.shape.kernel = nameOf(bundle.weights()->Get(dense.filter())->type());
    return result;
  }
  case format::Operation::Binary:
    return describe(*op.operation_as_Binary());
  case format::Operation::Unary:
    return describe(*op.operation_as_Unary());
  case format::Operation::Softmax: {
    const format::Softmax &softmax = *op.operation_as_Softmax();
    return describeMap("softmax", softmax.input(), softmax.output());
  }
  case format::Operation::ScaleShift: {
    const format::ScaleShift &scaling = *op.operation_as_ScaleShift();
    return describeMap("scale_shift", scaling.input(), scaling.output());
  }
  case format::Operation::NormalizeImage: {
    const format::NormalizeImage &image = *op.operation_as_NormalizeImage();
    return describeMap("normalize_image", image.input(), image.output());
  }
  case format::Operation::CopyChannels:
    return describe(*op.operation_as_CopyChannels());
  case format::Operation::Pad: {
    const format::Pad &pad = *op.operation_as_Pad();
    return describeMap("pad", pad.input(), pad.output());
  }
  case format::Operation::Slice: {
    const format::Slice &slice = *op.operation_as_Slice();
    return describeMap("slice", slice.input(), slice.output());
  }
  case format::Operation::Transpose:
  case format::Operation::NONE:
    break;
  }
  return std::nullopt;
}

BundleOperators windrow::listOperators(const BundleReader &reader) {
  OperatorDescriber describer(reader.bundle());
  BundleOperators result;
  std::set<std::string> skipped;
  for (const format::Instruction *instruction :
       *reader.bundle().instructions()) {
    if (instruction->kind() != format::InstructionKind::Run)
      continue;
    const format::Operator &op =
        *reader.bundle().operators()->Get(instruction->index());
    if (std::optional<ProfiledOperator> described = describer.describe(op)) {
      result.operators.push_back(std::move(*described));
      result.layers.push_back(op.name() ? op.name()->str() : "");
    } else
      skipped.emplace(operationName(op.operation_type()));
  }
  result.skippedKinds.assign(skipped.begin(), skipped.end());
  return result;
}

std::vector<ProfiledOperator>
windrow::joinLayers(std::span<const BundleOperators> devices) {
  std::vector<ProfiledOperator> joined;
  std::map<std::pair<std::string, ProfiledShape>, size_t> places;
  for (const BundleOperators &device : devices)
    for (size_t i = 0; i < device.operators.size(); ++i) {
      const ProfiledOperator &part = device.operators[i];
      auto [place, isNew] =
          places.try_emplace({device.layers[i], part.shape}, joined.size());
      if (isNew) {
        joined.push_back(part);
        continue;
      }
      uint32_t &rows = joined[place->second].rows;
      // Matrices are not divided by rows.
      rows = part.shape.input.size() == 1 ? std::max(rows, part.rows)
                                          : rows + part.rows;
    }
  return joined;
}

std::vector<ProfiledOperator>
windrow::addOtherKernels(std::vector<ProfiledOperator> operators) {
  const size_t count = operators.size();
  for (const char *kernel : {"direct", "winograd4x4", "winograd2x2"})
    for (size_t i = 0; i < count; ++i) {
      ProfiledOperator other = operators[i];
      if (!other.shape.kernel.starts_with("winograd"))
        continue;
      other.shape.kernel = kernel;
      auto end = operators.begin() + static_cast<ptrdiff_t>(count);
      if (std::find_if(operators.begin(), end, [&](const auto &op) {
            return op.shape == other.shape;
          }) == end)
        operators.push_back(std::move(other));
    }
  return operators;
}

static uint32_t divideRoundedUp(uint32_t value, uint32_t parts) {
  return (value + parts - 1) / parts;
}

std::optional<ProfiledOperator>
windrow::sliceChannels(const ProfiledOperator &op, ChannelSide side,
                       uint32_t parts) {
  ProfiledOperator slice = op;
  ProfiledShape &shape = slice.shape;
  if (shape.kind != "conv_2d" && shape.kind != "fully_connected")
    return std::nullopt;
  if (shape.groups > 1) {
    if (side == ChannelSide::Input || shape.groups < parts)
      return std::nullopt;
    uint32_t groups = divideRoundedUp(shape.groups, parts);
    shape.input.back() = shape.input.back() / shape.groups * groups;
    shape.output.back() = shape.output.back() / shape.groups * groups;
    shape.groups = groups;
    return slice;
  }
  uint32_t &channels =
      (side == ChannelSide::Input ? shape.input : shape.output).back();
  if (channels < parts)
    return std::nullopt;
  channels = divideRoundedUp(channels, parts);
  return slice;
}

std::vector<uint32_t> windrow::rowSteps(uint32_t rows) {
  std::vector<uint32_t> steps{rows};
  while (steps.back() > 1)
    steps.push_back(divideRoundedUp(steps.back(), 2));
  return steps;
}
