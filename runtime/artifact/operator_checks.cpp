//===- operator_checks.cpp - Operands and parameters of operators ---------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/artifact/bundle_checks.h"
#include "runtime/artifact/operands.h"
#include "runtime/artifact/shape.h"
#include "runtime/artifact/window_checks.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <vector>

namespace windrow {

// Kernels keep tables of one pointer per window element and output pixel.
static constexpr uint64_t maxWindowElements = 1 << 16;

namespace {

/// Checks one operator; messages do not name it.
class OperatorChecker {
public:
  OperatorChecker(const format::Bundle &bundle, const format::Operator &op)
      : bundle(bundle), op(op), operands(Operands::of(op)) {}

  Status check() const;

private:
  Status checkIndices() const;
  Status checkWeightType(uint32_t index) const;
  Status checkOverlap() const;

  Status check(const format::Conv2D &conv) const;
  Status check(const format::MaxPool2D &pool) const;
  Status check(const format::AveragePool2D &pool) const;
  Status check(const format::GlobalPool &pool) const;
  Status check(const format::FullyConnected &dense) const;
  Status check(const format::Binary &binary) const;
  Status check(const format::Unary &unary) const;
  Status check(const format::Softmax &softmax) const;
  Status check(const format::ScaleShift &scaleShift) const;
  Status check(const format::NormalizeImage &normalize) const;
  Status check(const format::CopyChannels &copy) const;
  Status check(const format::Pad &pad) const;
  Status check(const format::Slice &slice) const;
  Status check(const format::Transpose &transpose) const;

  const format::Tensor &tensor(uint32_t index) const {
    return *bundle.tensors()->Get(index);
  }
  Dims inputDims() const { return dimsOf(tensor(operands.inputs()[0]).dims()); }
  Dims outputDims() const { return dimsOf(tensor(operands.output()).dims()); }
  Dims weightDims(uint32_t index) const {
    return dimsOf(bundle.weights()->Get(index)->dims());
  }

  Status checkPool(const auto &pool, const format::Extent &dilation) const;
  Status checkBias(int32_t bias, uint32_t channels) const;
  Status checkWeightDims(const char *what, uint32_t index,
                         std::vector<uint32_t> expected) const;
  Status checkOutputDims(std::vector<uint32_t> expected) const;
  Status checkImages() const;
  Status checkF32() const;
  Status checkSameType() const;

  const format::Bundle &bundle;
  const format::Operator &op;
  const Operands operands;
};

} // namespace

static Status checkClamp(const format::Clamp &clamp) {
  if (!(clamp.min() < clamp.max()))
    return corruptData(
        fmt::format("clamp must have min less than max, got {} and {}",
                    clamp.min(), clamp.max()));
  return Status();
}

/// Weights are F32, but the filter of a fully connected layer may be narrower.
Status OperatorChecker::checkWeightType(uint32_t index) const {
  const format::ElementType type = bundle.weights()->Get(index)->type();
  const auto *dense = op.operation_as_FullyConnected();
  const bool isDenseFilter = dense && dense->filter() == index;
  if (type == format::ElementType::F32 ||
      (isDenseFilter &&
       (type == format::ElementType::F16 || type == format::ElementType::BF16)))
    return Status();
  return corruptData(fmt::format("weight {} must be F32{}", index,
                                 isDenseFilter ? ", F16 or BF16" : ""));
}

Status OperatorChecker::checkIndices() const {
  auto checkTensor = [this](const char *what, uint32_t index) {
    if (index < bundle.tensors()->size())
      return Status();
    return corruptData(fmt::format("{} must be less than {}, got {}", what,
                                   bundle.tensors()->size(), index));
  };
  for (uint32_t input : operands.inputs())
    WINDROW_RETURN_IF_ERROR(checkTensor("input", input));
  WINDROW_RETURN_IF_ERROR(checkTensor("output", operands.output()));
  for (uint32_t weight : operands.weights()) {
    if (weight >= bundle.weights()->size())
      return corruptData(fmt::format("weight must be less than {}, got {}",
                                     bundle.weights()->size(), weight));
    WINDROW_RETURN_IF_ERROR(checkWeightType(weight));
  }
  return Status();
}

Status OperatorChecker::checkOverlap() const {
  const format::Tensor &output = tensor(operands.output());
  for (uint32_t index : operands.inputs()) {
    const format::Tensor &input = tensor(index);
    bool inPlace = isElementwise(op.operation_type()) &&
                   input.offset() == output.offset() &&
                   std::ranges::equal(dimsOf(input.dims()), outputDims());
    if (!inPlace && overlap(input, output))
      return corruptData(
          fmt::format("output, tensor {}, must not overlap input, tensor {}",
                      operands.output(), index));
  }
  return Status();
}

Status OperatorChecker::checkF32() const {
  auto isF32 = [this](uint32_t index) {
    return tensor(index).type() == format::ElementType::F32;
  };
  if (!std::ranges::all_of(operands.inputs(), isF32) ||
      !isF32(operands.output()))
    return corruptData("inputs and output must be F32");
  return Status();
}

Status OperatorChecker::checkSameType() const {
  if (tensor(operands.inputs()[0]).type() != tensor(operands.output()).type())
    return corruptData("input and output must have the same element type");
  return Status();
}

Status OperatorChecker::checkImages() const {
  for (Dims dims : {inputDims(), outputDims()})
    if (dims.size() != 4 || dims[0] != 1)
      return corruptData(fmt::format(
          "input and output dims must be [1, height, width, channels], got {}",
          formatDims(dims)));
  return Status();
}

Status OperatorChecker::checkOutputDims(std::vector<uint32_t> expected) const {
  if (std::ranges::equal(outputDims(), expected))
    return Status();
  return corruptData(fmt::format("output dims must be {}, got {}",
                                 formatDims(expected),
                                 formatDims(outputDims())));
}

Status OperatorChecker::checkWeightDims(const char *what, uint32_t index,
                                        std::vector<uint32_t> expected) const {
  if (std::ranges::equal(weightDims(index), expected))
    return Status();
  return corruptData(fmt::format("{} dims must be {}, got {}", what,
                                 formatDims(expected),
                                 formatDims(weightDims(index))));
}

Status OperatorChecker::checkBias(int32_t bias, uint32_t channels) const {
  if (bias < -1)
    return corruptData(
        fmt::format("bias must be a weight or -1, got {}", bias));
  return bias == -1
             ? Status()
             : checkWeightDims("bias", static_cast<uint32_t>(bias), {channels});
}

static bool isWinogradShape(const format::Conv2D &conv, Dims filter) {
  auto isOne = [](const format::Extent &extent) {
    return extent.height() == 1 && extent.width() == 1;
  };
  return filter.size() == 4 && filter[1] == 3 && filter[2] == 3 &&
         conv.groups() == 1 && isOne(*conv.stride()) && isOne(*conv.dilation());
}

Status OperatorChecker::check(const format::Conv2D &conv) const {
  WINDROW_RETURN_IF_ERROR(checkF32());
  WINDROW_RETURN_IF_ERROR(checkImages());
  WINDROW_RETURN_IF_ERROR(checkClamp(*conv.clamp()));
  if (conv.kernel() > format::ConvolutionKernel::MAX)
    return corruptData(
        fmt::format("kernel must be at most {}, got {}",
                    static_cast<unsigned>(format::ConvolutionKernel::MAX),
                    static_cast<unsigned>(conv.kernel())));
  Dims input = inputDims(), output = outputDims();
  Dims filter = weightDims(conv.filter());
  if (conv.kernel() != format::ConvolutionKernel::Direct &&
      !isWinogradShape(conv, filter))
    return corruptData("a Winograd kernel must have a 3x3 filter, stride 1, "
                       "dilation 1 and one group");
  if (conv.groups() == 0 || input[3] % conv.groups() != 0 ||
      output[3] % conv.groups() != 0)
    return corruptData(fmt::format(
        "groups must divide {} input and {} output channels, got {}", input[3],
        output[3], conv.groups()));
  if (filter.size() != 4)
    return corruptData(
        fmt::format("filter rank must be 4, got {}", filter.size()));
  WINDROW_RETURN_IF_ERROR(checkWeightDims(
      "filter", conv.filter(),
      {output[3], filter[1], filter[2], input[3] / conv.groups()}));
  WINDROW_RETURN_IF_ERROR(checkBias(conv.bias(), output[3]));
  const format::Padding &padding = *conv.padding();
  WINDROW_RETURN_IF_ERROR(checkAxis(
      {"height", input[1], output[1], filter[1], conv.stride()->height(),
       conv.dilation()->height(), padding.top(), padding.bottom()}));
  return checkAxis({"width", input[2], output[2], filter[2],
                    conv.stride()->width(), conv.dilation()->width(),
                    padding.left(), padding.right()});
}

Status OperatorChecker::checkPool(const auto &pool,
                                  const format::Extent &dilation) const {
  WINDROW_RETURN_IF_ERROR(checkF32());
  WINDROW_RETURN_IF_ERROR(checkImages());
  WINDROW_RETURN_IF_ERROR(checkClamp(*pool.clamp()));
  const format::Extent &window = *pool.window(), &stride = *pool.stride();
  const format::Padding &padding = *pool.padding();
  uint64_t elements = uint64_t{window.height()} * window.width();
  if (elements > maxWindowElements)
    return corruptData(
        fmt::format("window must have at most {} elements, got {}",
                    maxWindowElements, elements));
  Dims input = inputDims(), output = outputDims();
  WINDROW_RETURN_IF_ERROR(checkPoolAxis(
      {"height", input[1], output[1], window.height(), stride.height(),
       dilation.height(), padding.top(), padding.bottom()}));
  WINDROW_RETURN_IF_ERROR(checkPoolAxis(
      {"width", input[2], output[2], window.width(), stride.width(),
       dilation.width(), padding.left(), padding.right()}));
  return checkOutputDims({1, output[1], output[2], input[3]});
}

Status OperatorChecker::check(const format::MaxPool2D &pool) const {
  return checkPool(pool, *pool.dilation());
}

Status OperatorChecker::check(const format::AveragePool2D &pool) const {
  return checkPool(pool, format::Extent(1, 1));
}

Status OperatorChecker::check(const format::GlobalPool &pool) const {
  WINDROW_RETURN_IF_ERROR(checkF32());
  WINDROW_RETURN_IF_ERROR(checkImages());
  if (pool.kind() > format::GlobalPoolKind::MAX)
    return corruptData(
        fmt::format("kind must be at most {}, got {}",
                    static_cast<unsigned>(format::GlobalPoolKind::MAX),
                    static_cast<unsigned>(pool.kind())));
  return checkOutputDims({1, 1, 1, inputDims()[3]});
}

Status OperatorChecker::check(const format::FullyConnected &dense) const {
  WINDROW_RETURN_IF_ERROR(checkF32());
  WINDROW_RETURN_IF_ERROR(checkClamp(*dense.clamp()));
  Dims input = inputDims(), output = outputDims();
  if (input.size() != 2 || output.size() != 2)
    return corruptData(
        fmt::format("input and output rank must be 2, got {} and {}",
                    input.size(), output.size()));
  WINDROW_RETURN_IF_ERROR(checkOutputDims({input[0], output[1]}));
  WINDROW_RETURN_IF_ERROR(
      checkWeightDims("filter", dense.filter(), {output[1], input[1]}));
  return checkBias(dense.bias(), output[1]);
}

Status OperatorChecker::check(const format::Binary &binary) const {
  WINDROW_RETURN_IF_ERROR(checkF32());
  WINDROW_RETURN_IF_ERROR(checkClamp(*binary.clamp()));
  if (binary.kind() > format::BinaryKind::MAX)
    return corruptData(
        fmt::format("kind must be at most {}, got {}",
                    static_cast<unsigned>(format::BinaryKind::MAX),
                    static_cast<unsigned>(binary.kind())));
  Dims lhs = dimsOf(tensor(binary.lhs()).dims());
  Dims rhs = dimsOf(tensor(binary.rhs()).dims());
  auto isVectorFor = [](Dims vector, Dims image) {
    return image.size() == 4 && vector.size() == 4 && vector[0] == 1 &&
           vector[1] == 1 && vector[2] == 1 && vector[3] == image[3];
  };
  if (std::ranges::equal(lhs, rhs) || isVectorFor(rhs, lhs))
    return checkOutputDims({lhs.begin(), lhs.end()});
  if (isVectorFor(lhs, rhs))
    return checkOutputDims({rhs.begin(), rhs.end()});
  return corruptData(fmt::format(
      "operand dims must be equal, or one [1, 1, 1, channels], got {} and {}",
      formatDims(lhs), formatDims(rhs)));
}

Status OperatorChecker::check(const format::Unary &unary) const {
  if (unary.kind() > format::UnaryKind::MAX)
    return corruptData(
        fmt::format("kind must be at most {}, got {}",
                    static_cast<unsigned>(format::UnaryKind::MAX),
                    static_cast<unsigned>(unary.kind())));
  WINDROW_RETURN_IF_ERROR(
      unary.kind() == format::UnaryKind::Copy ? checkSameType() : checkF32());
  if (unary.kind() == format::UnaryKind::Clamp)
    WINDROW_RETURN_IF_ERROR(checkClamp(*unary.clamp()));
  Dims input = inputDims();
  return checkOutputDims({input.begin(), input.end()});
}

Status OperatorChecker::check(const format::Softmax &) const {
  WINDROW_RETURN_IF_ERROR(checkF32());
  Dims input = inputDims();
  return checkOutputDims({input.begin(), input.end()});
}

Status OperatorChecker::check(const format::ScaleShift &scaleShift) const {
  WINDROW_RETURN_IF_ERROR(checkF32());
  WINDROW_RETURN_IF_ERROR(checkClamp(*scaleShift.clamp()));
  Dims input = inputDims();
  WINDROW_RETURN_IF_ERROR(checkOutputDims({input.begin(), input.end()}));
  WINDROW_RETURN_IF_ERROR(
      checkWeightDims("scale", scaleShift.scale(), {input.back()}));
  return checkWeightDims("shift", scaleShift.shift(), {input.back()});
}

Status OperatorChecker::check(const format::NormalizeImage &normalize) const {
  if (tensor(normalize.input()).type() != format::ElementType::U8 ||
      tensor(normalize.output()).type() != format::ElementType::F32)
    return corruptData("input must be U8 and output F32");
  const auto &mean = *normalize.mean(), &deviation = *normalize.deviation();
  Dims input = inputDims();
  std::vector<uint32_t> expected(input.begin(), input.end());
  // Of a grey image, the output has as many channels as there are means.
  if (expected.back() == 1)
    expected.back() = std::max<uint32_t>(mean.size(), 1);
  if (mean.size() != expected.back() || deviation.size() != expected.back())
    return corruptData(fmt::format(
        "mean and deviation must have {} entries each, got {} and {}",
        expected.back(), mean.size(), deviation.size()));
  WINDROW_RETURN_IF_ERROR(checkOutputDims(expected));
  for (uint32_t i = 0; i < mean.size(); ++i)
    if (!std::isfinite(mean[i]) || !std::isfinite(deviation[i]) ||
        !(deviation[i] > 0))
      return corruptData(fmt::format(
          "means must be finite, deviations finite and positive, got {} and {} "
          "for channel {}",
          mean[i], deviation[i], i));
  return Status();
}

Status OperatorChecker::check(const format::CopyChannels &copy) const {
  WINDROW_RETURN_IF_ERROR(checkSameType());
  Dims input = inputDims(), output = outputDims();
  if (!std::ranges::equal(input.first(input.size() - 1),
                          output.first(output.size() - 1)))
    return corruptData(fmt::format(
        "input and output dims must be equal but for the last, got {} and {}",
        formatDims(input), formatDims(output)));
  auto checkRange = [&copy](const char *what, uint32_t first, uint32_t total) {
    uint64_t end = uint64_t{first} + copy.channels();
    if (copy.channels() != 0 && end <= total)
      return Status();
    return corruptData(
        fmt::format("channels [{}, {}) must be a range of the {}'s {} channels",
                    first, end, what, total));
  };
  WINDROW_RETURN_IF_ERROR(
      checkRange("input", copy.input_channel(), input.back()));
  return checkRange("output", copy.output_channel(), output.back());
}

Status OperatorChecker::check(const format::Pad &pad) const {
  WINDROW_RETURN_IF_ERROR(checkSameType());
  Dims input = inputDims(), output = outputDims();
  if (pad.before()->size() != input.size() ||
      pad.after()->size() != input.size() || output.size() != input.size())
    return corruptData(
        fmt::format("before, after and output dims must have {} entries, got "
                    "{}, {} and {}",
                    input.size(), pad.before()->size(), pad.after()->size(),
                    output.size()));
  for (uint32_t i = 0; i < input.size(); ++i) {
    uint64_t expected =
        uint64_t{pad.before()->Get(i)} + input[i] + pad.after()->Get(i);
    if (output[i] != expected)
      return corruptData(fmt::format("output dim {} must be {}, got {}", i,
                                     expected, output[i]));
  }
  return Status();
}

Status OperatorChecker::check(const format::Slice &slice) const {
  WINDROW_RETURN_IF_ERROR(checkSameType());
  Dims input = inputDims(), output = outputDims();
  if (slice.offsets()->size() != input.size() || output.size() != input.size())
    return corruptData(fmt::format(
        "offsets and output dims must have {} entries, got {} and {}",
        input.size(), slice.offsets()->size(), output.size()));
  for (uint32_t i = 0; i < input.size(); ++i) {
    uint64_t end = uint64_t{slice.offsets()->Get(i)} + output[i];
    if (end > input[i])
      return corruptData(
          fmt::format("dim {}: offset plus output must be at most {}, got {}",
                      i, input[i], end));
  }
  return Status();
}

Status OperatorChecker::check(const format::Transpose &transpose) const {
  WINDROW_RETURN_IF_ERROR(checkSameType());
  Dims input = inputDims(), permutation = dimsOf(transpose.permutation());
  std::vector<bool> seen(input.size());
  std::vector<uint32_t> expected;
  for (uint32_t source : permutation)
    if (source < input.size() && !seen[source]) {
      seen[source] = true;
      expected.push_back(input[source]);
    }
  if (permutation.size() != input.size() || expected.size() != input.size())
    return corruptData(
        fmt::format("permutation must be one of {} dimensions, got {}",
                    input.size(), formatDims(permutation)));
  return checkOutputDims(std::move(expected));
}

Status OperatorChecker::check() const {
  if (op.operation_type() == format::Operation::NONE ||
      op.operation_type() > format::Operation::MAX)
    return corruptData(
        fmt::format("operation must be 1 to {}, got {}",
                    static_cast<unsigned>(format::Operation::MAX),
                    static_cast<unsigned>(op.operation_type())));
  WINDROW_RETURN_IF_ERROR(checkIndices());
  WINDROW_RETURN_IF_ERROR(checkOverlap());
  switch (op.operation_type()) {
  case format::Operation::NONE:
    break;
  case format::Operation::Conv2D:
    return check(*op.operation_as_Conv2D());
  case format::Operation::MaxPool2D:
    return check(*op.operation_as_MaxPool2D());
  case format::Operation::AveragePool2D:
    return check(*op.operation_as_AveragePool2D());
  case format::Operation::GlobalPool:
    return check(*op.operation_as_GlobalPool());
  case format::Operation::FullyConnected:
    return check(*op.operation_as_FullyConnected());
  case format::Operation::Binary:
    return check(*op.operation_as_Binary());
  case format::Operation::Unary:
    return check(*op.operation_as_Unary());
  case format::Operation::Softmax:
    return check(*op.operation_as_Softmax());
  case format::Operation::ScaleShift:
    return check(*op.operation_as_ScaleShift());
  case format::Operation::NormalizeImage:
    return check(*op.operation_as_NormalizeImage());
  case format::Operation::CopyChannels:
    return check(*op.operation_as_CopyChannels());
  case format::Operation::Pad:
    return check(*op.operation_as_Pad());
  case format::Operation::Slice:
    return check(*op.operation_as_Slice());
  case format::Operation::Transpose:
    return check(*op.operation_as_Transpose());
  }
  return Status();
}

Status checkOperators(const format::Bundle &bundle) {
  for (uint32_t i = 0; i < bundle.operators()->size(); ++i) {
    const format::Operator &op = *bundle.operators()->Get(i);
    Status status = OperatorChecker(bundle, op).check();
    if (!status.ok())
      return status.withContext(describeOperator(op, i));
  }
  return Status();
}

} // namespace windrow
