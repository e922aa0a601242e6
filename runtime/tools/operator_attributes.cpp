//===- operator_attributes.cpp - What operators say ---------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/operator_attributes.h"

#include <cmath>
#include <nlohmann/json.hpp>

using namespace windrow;
using Json = nlohmann::ordered_json;

static Json toJson(const format::Extent &extent) {
  return {extent.height(), extent.width()};
}

static Json toJson(const format::Padding &padding) {
  return {padding.top(), padding.left(), padding.bottom(), padding.right()};
}

template <typename T> static Json toJson(const flatbuffers::Vector<T> &values) {
  return std::vector<T>(values.begin(), values.end());
}

/// Adds the bounds that are finite.
static Json withClamp(Json json, const format::Clamp &clamp) {
  if (std::isfinite(clamp.min()))
    json["min"] = clamp.min();
  if (std::isfinite(clamp.max()))
    json["max"] = clamp.max();
  return json;
}

static Json describe(const format::Conv2D &op) {
  return withClamp({{"padding", toJson(*op.padding())},
                    {"stride", toJson(*op.stride())},
                    {"dilation", toJson(*op.dilation())},
                    {"groups", op.groups()},
                    {"kernel", format::EnumNameConvolutionKernel(op.kernel())}},
                   *op.clamp());
}

static Json describe(const format::MaxPool2D &op) {
  return withClamp({{"window", toJson(*op.window())},
                    {"padding", toJson(*op.padding())},
                    {"stride", toJson(*op.stride())},
                    {"dilation", toJson(*op.dilation())}},
                   *op.clamp());
}

static Json describe(const format::AveragePool2D &op) {
  return withClamp({{"window", toJson(*op.window())},
                    {"padding", toJson(*op.padding())},
                    {"stride", toJson(*op.stride())}},
                   *op.clamp());
}

Json windrow::describeAttributes(const format::Operator &op) {
  switch (op.operation_type()) {
  case format::Operation::Conv2D:
    return describe(*op.operation_as_Conv2D());
  case format::Operation::MaxPool2D:
    return describe(*op.operation_as_MaxPool2D());
  case format::Operation::AveragePool2D:
    return describe(*op.operation_as_AveragePool2D());
  case format::Operation::GlobalPool:
    return {{"kind", format::EnumNameGlobalPoolKind(
                         op.operation_as_GlobalPool()->kind())}};
  case format::Operation::FullyConnected:
    return withClamp(Json::object(),
                     *op.operation_as_FullyConnected()->clamp());
  case format::Operation::Binary: {
    const format::Binary &binary = *op.operation_as_Binary();
    return withClamp({{"kind", format::EnumNameBinaryKind(binary.kind())}},
                     *binary.clamp());
  }
  case format::Operation::Unary: {
    const format::Unary &unary = *op.operation_as_Unary();
    return withClamp({{"kind", format::EnumNameUnaryKind(unary.kind())}},
                     *unary.clamp());
  }
  case format::Operation::ScaleShift:
    return withClamp(Json::object(), *op.operation_as_ScaleShift()->clamp());
  case format::Operation::NormalizeImage: {
    const format::NormalizeImage &image = *op.operation_as_NormalizeImage();
    return {{"mean", toJson(*image.mean())},
            {"deviation", toJson(*image.deviation())}};
  }
  case format::Operation::CopyChannels: {
    const format::CopyChannels &copy = *op.operation_as_CopyChannels();
    return {{"input_channel", copy.input_channel()},
            {"output_channel", copy.output_channel()},
            {"channels", copy.channels()}};
  }
  case format::Operation::Pad:
    return {{"before", toJson(*op.operation_as_Pad()->before())},
            {"after", toJson(*op.operation_as_Pad()->after())}};
  case format::Operation::Slice:
    return {{"offsets", toJson(*op.operation_as_Slice()->offsets())}};
  case format::Operation::Transpose:
    return {
        {"permutation", toJson(*op.operation_as_Transpose()->permutation())}};
  case format::Operation::Softmax:
  case format::Operation::NONE:
    break;
  }
  return Json::object();
}
