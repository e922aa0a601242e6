//===- model_tensors.cpp - Between the model and its bundle ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/executor/model_tensors.h"

#include "runtime/artifact/operands.h"
#include "runtime/artifact/shape.h"
#include "runtime/kernels/interleave_planes.h"

#include <cstring>
#include <fmt/format.h>

using namespace windrow;

/// Copies `count` rows of `width` elements each, from order [count, width] to
/// order [width, count].
static void transposeMatrix(const float *source, float *destination,
                            int64_t count, int64_t width) {
  if (count == 3) {
    interleaveThreePlanes(source, static_cast<size_t>(width), destination);
    return;
  }
  for (int64_t i = 0; i < count; ++i)
    for (int64_t j = 0; j < width; ++j)
      destination[j * count + i] = source[i * width + j];
}

static std::vector<int64_t> shapeOf(const format::ModelTensor &model) {
  return {model.dims()->begin(), model.dims()->end()};
}

static int64_t countElements(std::span<const int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

PlanDescription windrow::describePlan(const BundleReader &client) {
  const format::Bundle &bundle = client.bundle();
  PlanDescription plan;
  if (bundle.model())
    plan.model = bundle.model()->str();
  for (const format::Participant *participant : *bundle.participants())
    plan.devices.push_back(participant->name()->str());
  plan.devices.pop_back(); // the client
  for (const format::ModelTensor *tensor : *bundle.inputs())
    plan.inputs.push_back({tensor->name()->str(), shapeOf(*tensor)});
  for (const format::ModelTensor *tensor : *bundle.outputs())
    plan.outputs.push_back({tensor->name()->str(), shapeOf(*tensor)});
  if (bundle.labels())
    for (const flatbuffers::String *label : *bundle.labels())
      plan.labels.push_back(label->str());
  if (bundle.image()) {
    const auto &dims =
        *bundle.tensors()->Get(bundle.inputs()->Get(0)->tensor())->dims();
    plan.imageShape = {dims[1], dims[2], dims[3]};
  }
  return plan;
}

Status windrow::storeInput(const format::ModelTensor &model,
                           const Tensor &tensor,
                           std::span<std::byte> destination) {
  std::vector<int64_t> shape = shapeOf(model);
  if (tensor.shape != shape)
    return Status(StatusCode::InvalidArgument,
                  fmt::format("input '{}' must have the shape {}, got {}",
                              printable(textOf(model.name())),
                              formatExtents(shape),
                              formatExtents(tensor.shape)));
  if (tensor.values.size() * sizeof(float) != destination.size())
    return Status(StatusCode::InvalidArgument,
                  fmt::format("input '{}' must have {} values, got {}",
                              printable(textOf(model.name())),
                              destination.size() / sizeof(float),
                              tensor.values.size()));
  if (model.layout() == format::TensorLayout::NCHW) {
    transposeMatrix(tensor.values.data(),
                    reinterpret_cast<float *>(destination.data()), shape[1],
                    shape[2] * shape[3]);
    return {};
  }
  std::memcpy(destination.data(), tensor.values.data(), destination.size());
  return {};
}

Tensor windrow::loadOutput(const format::ModelTensor &model,
                           std::span<const std::byte> source) {
  Tensor tensor;
  tensor.shape = shapeOf(model);
  tensor.values.resize(countElements(tensor.shape));
  if (model.layout() == format::TensorLayout::NCHW)
    transposeMatrix(reinterpret_cast<const float *>(source.data()),
                    tensor.values.data(), tensor.shape[2] * tensor.shape[3],
                    tensor.shape[1]);
  else
    std::memcpy(tensor.values.data(), source.data(), source.size());
  return tensor;
}
