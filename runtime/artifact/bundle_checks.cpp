//===- bundle_checks.cpp - Consistency of a bundle's header ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/artifact/bundle_checks.h"

#include "runtime/artifact/bundle_layout.h"
#include "runtime/artifact/operands.h"
#include "runtime/artifact/shape.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <set>

namespace windrow {

static constexpr size_t maxRank = 6;
static constexpr uint32_t maxDim = uint32_t{1} << 30;
static constexpr uint32_t maxThreads = 1024;

Status corruptData(std::string message) {
  return Status(StatusCode::CorruptData, std::move(message));
}

bool overlap(const format::Tensor &lhs, const format::Tensor &rhs) {
  uint64_t lhsEnd = lhs.offset() + *byteCount(lhs.type(), dimsOf(lhs.dims()));
  uint64_t rhsEnd = rhs.offset() + *byteCount(rhs.type(), dimsOf(rhs.dims()));
  return lhs.offset() < rhsEnd && rhs.offset() < lhsEnd;
}

/// Checks type and dimensions and returns the size in bytes.
static Expected<uint64_t> checkDims(const std::string &what,
                                    format::ElementType type, Dims dims) {
  if (elementBytes(type) == 0)
    return failure(corruptData(
        fmt::format("{}: element type must be at most {}, got {}", what,
                    static_cast<unsigned>(format::ElementType::MAX),
                    static_cast<unsigned>(type))));
  if (dims.empty() || dims.size() > maxRank)
    return failure(corruptData(fmt::format("{}: rank must be 1 to {}, got {}",
                                           what, maxRank, dims.size())));
  for (uint32_t dim : dims)
    if (dim == 0 || dim > maxDim)
      return failure(
          corruptData(fmt::format("{}: dims must be 1 to {} each, got {}", what,
                                  maxDim, formatDims(dims))));
  std::optional<uint64_t> bytes = byteCount(type, dims);
  if (!bytes)
    return failure(corruptData(
        fmt::format("{}: dims must give a size of at most 2^63 bytes, got {}",
                    what, formatDims(dims))));
  return *bytes;
}

static Status checkTensors(const format::Bundle &bundle) {
  for (uint32_t i = 0; i < bundle.tensors()->size(); ++i) {
    const format::Tensor &tensor = *bundle.tensors()->Get(i);
    std::string what =
        fmt::format("tensor {} '{}'", i, printable(textOf(tensor.name())));
    Expected<uint64_t> bytes =
        checkDims(what, tensor.type(), dimsOf(tensor.dims()));
    if (!bytes)
      return bytes.error();
    if (tensor.type() != format::ElementType::F32 &&
        tensor.type() != format::ElementType::U8)
      return corruptData(
          fmt::format("{}: element type must be F32 or U8, got {}", what,
                      format::EnumNameElementType(tensor.type())));
    if (tensor.offset() % elementBytes(tensor.type()) != 0)
      return corruptData(
          fmt::format("{}: offset must be a multiple of {}, got {}", what,
                      elementBytes(tensor.type()), tensor.offset()));
    uint64_t arena = bundle.arena_bytes();
    uint64_t needed = *bytes + tensorSlackBytes;
    if (needed > arena || tensor.offset() > arena - needed)
      return corruptData(fmt::format(
          "{}: {} bytes at offset {} must end at least {} bytes before the end "
          "of the arena, which has {}",
          what, *bytes, tensor.offset(), tensorSlackBytes, arena));
  }
  return Status();
}

static Status checkWeights(const format::Bundle &bundle) {
  for (uint32_t i = 0; i < bundle.weights()->size(); ++i) {
    const format::Weight &weight = *bundle.weights()->Get(i);
    std::string what =
        fmt::format("weight {} '{}'", i, printable(textOf(weight.name())));
    Expected<uint64_t> bytes =
        checkDims(what, weight.type(), dimsOf(weight.dims()));
    if (!bytes)
      return bytes.error();
    if (weight.offset() % bundleAlignment != 0)
      return corruptData(
          fmt::format("{}: offset must be a multiple of {}, got {}", what,
                      bundleAlignment, weight.offset()));
    uint64_t section = bundle.weights_bytes();
    if (*bytes > section || weight.offset() > section - *bytes)
      return corruptData(fmt::format("{}: {} bytes at offset {} must lie in "
                                     "the weights section, which has "
                                     "{}",
                                     what, *bytes, weight.offset(), section));
  }
  return Status();
}

static bool isFileName(std::string_view name) {
  auto isAllowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  return !name.empty() && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), isAllowed);
}

static Status checkParticipants(const format::Bundle &bundle) {
  const auto &participants = *bundle.participants();
  if (participants.size() < 2)
    return corruptData(fmt::format(
        "participants must be a device or more and the client, got {}",
        participants.size()));
  std::set<std::string_view> names;
  for (uint32_t i = 0; i < participants.size(); ++i) {
    const format::Participant &participant = *participants.Get(i);
    std::string_view name = textOf(participant.name());
    std::string what = fmt::format("participant {} '{}'", i, printable(name));
    if (!isFileName(name))
      return corruptData(what + ": name must consist of letters, digits, '-', "
                                "'_' and '.', and not begin with '.'");
    if (!names.insert(name).second)
      return corruptData(what + ": name must be unique");
    bool isClient = i + 1 == participants.size();
    if (isClient && name != clientName)
      return corruptData(
          fmt::format("{}: name of the last must be '{}'", what, clientName));
    if (isClient != textOf(participant.address()).empty())
      return corruptData(fmt::format("{}: address must be {}, got '{}'", what,
                                     isClient ? "empty" : "host:port",
                                     printable(textOf(participant.address()))));
  }
  if (bundle.self() >= participants.size())
    return corruptData(fmt::format("self must be less than {}, got {}",
                                   participants.size(), bundle.self()));
  return Status();
}

static Status checkModelTensor(const format::Bundle &bundle,
                               const format::ModelTensor &model,
                               format::ElementType type,
                               std::string_view list) {
  std::string what =
      fmt::format("{} '{}'", list, printable(textOf(model.name())));
  if (model.tensor() >= bundle.tensors()->size())
    return corruptData(fmt::format("{}: tensor must be less than {}, got {}",
                                   what, bundle.tensors()->size(),
                                   model.tensor()));
  const format::Tensor &tensor = *bundle.tensors()->Get(model.tensor());
  if (tensor.type() != type)
    return corruptData(fmt::format("{}: element type must be {}, got {}", what,
                                   format::EnumNameElementType(type),
                                   format::EnumNameElementType(tensor.type())));
  Dims own = dimsOf(tensor.dims()), dims = dimsOf(model.dims());
  switch (model.layout()) {
  case format::TensorLayout::Any:
    if (elementCount(dims) == elementCount(own))
      return Status();
    break;
  case format::TensorLayout::NHWC:
    if (dims.size() == 4 && std::ranges::equal(dims, own))
      return Status();
    break;
  case format::TensorLayout::NCHW:
    if (dims.size() == 4 && own.size() == 4 && dims[0] == 1 && own[0] == 1 &&
        dims[1] == own[3] && dims[2] == own[1] && dims[3] == own[2])
      return Status();
    break;
  default:
    return corruptData(
        fmt::format("{}: layout must be at most {}, got {}", what,
                    static_cast<unsigned>(format::TensorLayout::MAX),
                    static_cast<unsigned>(model.layout())));
  }
  return corruptData(fmt::format(
      "{}: dims {} in layout {} must be those of tensor {}, got {}", what,
      formatDims(dims), format::EnumNameTensorLayout(model.layout()),
      model.tensor(), formatDims(own)));
}

static Status checkImage(const format::Bundle &bundle) {
  const format::Image &image = *bundle.image();
  if (bundle.inputs()->size() != 1)
    return corruptData(
        fmt::format("image: the model must have one input, got {}",
                    bundle.inputs()->size()));
  const format::Tensor &tensor =
      *bundle.tensors()->Get(bundle.inputs()->Get(0)->tensor());
  if (tensor.dims()->size() != 4 || tensor.dims()->Get(0) != 1)
    return corruptData(
        fmt::format("image: the input's dims must be [1, height, width, "
                    "channels], got {}",
                    formatDims(dimsOf(tensor.dims()))));
  uint32_t channels = tensor.dims()->Get(3);
  // A grey image is read for as many channels as there are means.
  if (channels == 1)
    channels = std::max<uint32_t>(image.mean()->size(), 1);
  if (image.mean()->size() != channels || image.deviation()->size() != channels)
    return corruptData(fmt::format(
        "image: mean and deviation must have {} entries each, got {} and {}",
        channels, image.mean()->size(), image.deviation()->size()));
  auto isFinite = [](float value) { return std::isfinite(value); };
  if (!std::all_of(image.mean()->begin(), image.mean()->end(), isFinite) ||
      !std::all_of(
          image.deviation()->begin(), image.deviation()->end(),
          [](float value) { return std::isfinite(value) && value > 0; }))
    return corruptData(
        "image: means must be finite, deviations finite and positive");
  return Status();
}

static Status checkLabels(const format::Bundle &bundle) {
  const format::Tensor &scores =
      *bundle.tensors()->Get(bundle.outputs()->Get(0)->tensor());
  uint64_t count = *elementCount(dimsOf(scores.dims()));
  if (bundle.labels()->size() != count)
    return corruptData(fmt::format(
        "labels must be as many as the {} elements of output '{}', got {}",
        count, printable(textOf(bundle.outputs()->Get(0)->name())),
        bundle.labels()->size()));
  return Status();
}

static size_t sizeOf(const auto *vector) { return vector ? vector->size() : 0; }

static Status checkClient(const format::Bundle &bundle) {
  bool isClient = bundle.self() + 1 == bundle.participants()->size();
  size_t inputs = sizeOf(bundle.inputs()), outputs = sizeOf(bundle.outputs());
  if (!isClient) {
    if (inputs != 0 || outputs != 0 || bundle.image() ||
        sizeOf(bundle.labels()) != 0)
      return corruptData(
          "inputs, outputs, image and labels must be the client's only");
    return Status();
  }
  if (inputs == 0 || outputs == 0)
    return corruptData(
        fmt::format("the client must have inputs and outputs, got {} and {}",
                    inputs, outputs));
  format::ElementType inputType =
      bundle.image() ? format::ElementType::U8 : format::ElementType::F32;
  for (const format::ModelTensor *input : *bundle.inputs())
    WINDROW_RETURN_IF_ERROR(
        checkModelTensor(bundle, *input, inputType, "input"));
  for (const format::ModelTensor *output : *bundle.outputs())
    WINDROW_RETURN_IF_ERROR(
        checkModelTensor(bundle, *output, format::ElementType::F32, "output"));
  if (bundle.image())
    WINDROW_RETURN_IF_ERROR(checkImage(bundle));
  if (sizeOf(bundle.labels()) != 0)
    WINDROW_RETURN_IF_ERROR(checkLabels(bundle));
  return Status();
}

Status checkBundle(const format::Bundle &bundle, uint64_t weightsBytes) {
  if (bundle.format_version() != bundleFormatVersion)
    return Status(StatusCode::Incompatible,
                  fmt::format("format_version must be {}, got {}",
                              bundleFormatVersion, bundle.format_version()));
  if (bundle.plan_digest()->size() != planDigestBytes)
    return corruptData(fmt::format("plan_digest must have {} bytes, got {}",
                                   planDigestBytes,
                                   bundle.plan_digest()->size()));
  if (bundle.threads() == 0 || bundle.threads() > maxThreads)
    return corruptData(fmt::format("threads must be 1 to {}, got {}",
                                   maxThreads, bundle.threads()));
  if (bundle.weights_bytes() != weightsBytes)
    return corruptData(fmt::format("weights_bytes must be {}, got {}",
                                   weightsBytes, bundle.weights_bytes()));
  if (bundle.arena_bytes() % bundleAlignment != 0)
    return corruptData(
        fmt::format("arena_bytes must be a multiple of {}, got {}",
                    bundleAlignment, bundle.arena_bytes()));
  WINDROW_RETURN_IF_ERROR(checkParticipants(bundle));
  WINDROW_RETURN_IF_ERROR(checkTensors(bundle));
  WINDROW_RETURN_IF_ERROR(checkWeights(bundle));
  WINDROW_RETURN_IF_ERROR(checkClient(bundle));
  WINDROW_RETURN_IF_ERROR(checkOperators(bundle));
  return checkSchedule(bundle);
}

} // namespace windrow
