//===- bundle_report.cpp - A bundle for people and programs ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/bundle_report.h"

#include "runtime/artifact/operands.h"
#include "runtime/artifact/shape.h"
#include "runtime/tools/command_line.h"
#include "runtime/tools/operator_attributes.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

using namespace windrow;
using Json = nlohmann::ordered_json;

static std::string formatDigest(const format::Bundle &bundle) {
  std::string text;
  for (uint8_t byte : *bundle.plan_digest())
    text += fmt::format("{:02x}", byte);
  return text;
}

static const char *nameInstruction(format::InstructionKind kind) {
  switch (kind) {
  case format::InstructionKind::Run:
    return "run";
  case format::InstructionKind::PostReceive:
    return "post receive";
  case format::InstructionKind::WaitReceive:
    return "wait receive";
  case format::InstructionKind::PostSend:
    return "post send";
  case format::InstructionKind::WaitSend:
    return "wait send";
  }
  return "unknown";
}

static uint64_t tensorBytes(const format::Tensor &tensor) {
  return *byteCount(tensor.type(), dimsOf(tensor.dims()));
}

/// "1x56x56x64 f32".
static std::string formatTensor(const format::Tensor &tensor) {
  return fmt::format("{} {}", formatExtents(*tensor.dims()),
                     tensor.type() == format::ElementType::F32 ? "f32" : "u8");
}

/// "w3 512x3x3x512", with the element type where it is not f32.
static std::string formatWeight(uint32_t index, const format::Weight &weight) {
  std::string text =
      fmt::format("w{} {}", index, formatExtents(*weight.dims()));
  if (weight.type() == format::ElementType::F16)
    text += " f16";
  if (weight.type() == format::ElementType::BF16)
    text += " bf16";
  return text;
}

static std::string formatBytes(uint64_t bytes) {
  if (bytes < 10'000)
    return fmt::format("{} B", bytes);
  if (bytes < 10'000'000)
    return fmt::format("{:.1f} kB", bytes / 1e3);
  return fmt::format("{:.1f} MB", bytes / 1e6);
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

static Json describeTensors(const format::Bundle &bundle) {
  Json tensors = Json::array();
  for (const format::Tensor *tensor : *bundle.tensors())
    tensors.push_back({{"name", textOf(tensor->name())},
                       {"type", format::EnumNameElementType(tensor->type())},
                       {"dims", std::vector<uint32_t>(tensor->dims()->begin(),
                                                      tensor->dims()->end())},
                       {"offset", tensor->offset()},
                       {"bytes", tensorBytes(*tensor)}});
  return tensors;
}

static Json describeWeights(const format::Bundle &bundle) {
  Json weights = Json::array();
  for (const format::Weight *weight : *bundle.weights())
    weights.push_back({{"name", textOf(weight->name())},
                       {"type", format::EnumNameElementType(weight->type())},
                       {"dims", std::vector<uint32_t>(weight->dims()->begin(),
                                                      weight->dims()->end())},
                       {"offset", weight->offset()}});
  return weights;
}

static std::vector<uint32_t> toVector(std::span<const uint32_t> values) {
  return {values.begin(), values.end()};
}

static Json describeOperators(const format::Bundle &bundle) {
  Json operators = Json::array();
  for (const format::Operator *op : *bundle.operators()) {
    Operands operands = Operands::of(*op);
    operators.push_back({{"operation", operationName(op->operation_type())},
                         {"name", textOf(op->name())},
                         {"inputs", toVector(operands.inputs())},
                         {"output", operands.output()},
                         {"weights", toVector(operands.weights())},
                         {"attributes", describeAttributes(*op)}});
  }
  return operators;
}

static Json describeModelTensors(
    const flatbuffers::Vector<flatbuffers::Offset<format::ModelTensor>>
        *tensors) {
  Json list = Json::array();
  if (tensors)
    for (const format::ModelTensor *tensor : *tensors)
      list.push_back(
          {{"name", tensor->name()->str()},
           {"tensor", tensor->tensor()},
           {"dims", std::vector<uint32_t>(tensor->dims()->begin(),
                                          tensor->dims()->end())},
           {"layout", format::EnumNameTensorLayout(tensor->layout())}});
  return list;
}

static Json describeClient(const format::Bundle &bundle) {
  Json client;
  client["inputs"] = describeModelTensors(bundle.inputs());
  client["outputs"] = describeModelTensors(bundle.outputs());
  if (const format::Image *image = bundle.image())
    client["image"] = {
        {"mean",
         std::vector<float>(image->mean()->begin(), image->mean()->end())},
        {"deviation", std::vector<float>(image->deviation()->begin(),
                                         image->deviation()->end())}};
  client["labels"] = Json::array();
  if (bundle.labels())
    for (const flatbuffers::String *label : *bundle.labels())
      client["labels"].push_back(label->str());
  return client;
}

Json windrow::describeBundle(const BundleReader &reader) {
  const format::Bundle &bundle = reader.bundle();
  Json json;
  json["name"] = reader.selfName();
  json["model"] = textOf(bundle.model());
  json["producer"] = textOf(bundle.producer());
  json["format_version"] = bundle.format_version();
  json["plan_digest"] = formatDigest(bundle);
  json["threads"] = bundle.threads();
  json["header_bytes"] = reader.headerBytes();
  json["arena_bytes"] = bundle.arena_bytes();
  json["weights_bytes"] = bundle.weights_bytes();
  json["participants"] = Json::array();
  for (const format::Participant *participant : *bundle.participants())
    json["participants"].push_back(
        {{"name", participant->name()->str()},
         {"address", textOf(participant->address())}});
  json["tensors"] = describeTensors(bundle);
  json["weights"] = describeWeights(bundle);
  json["operators"] = describeOperators(bundle);
  json["channels"] = Json::array();
  for (const format::Channel *channel : *bundle.channels())
    json["channels"].push_back(
        {{"id", channel->id()},
         {"peer", channel->peer()},
         {"direction", format::EnumNameDirection(channel->direction())},
         {"tensor", channel->tensor()}});
  json["instructions"] = Json::array();
  for (const format::Instruction *instruction : *bundle.instructions())
    json["instructions"].push_back(
        {nameInstruction(instruction->kind()), instruction->index()});
  if (reader.isClient())
    json["client"] = describeClient(bundle);
  return json;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static std::string nameOf(const format::Operator &op) {
  return printable(textOf(op.name()));
}

static void formatOperators(const format::Bundle &bundle, std::string &out) {
  for (uint32_t i = 0; i < bundle.operators()->size(); ++i) {
    const format::Operator &op = *bundle.operators()->Get(i);
    Operands operands = Operands::of(op);
    std::vector<std::string> inputs;
    for (uint32_t input : operands.inputs())
      inputs.push_back(formatTensor(*bundle.tensors()->Get(input)));
    for (uint32_t weight : operands.weights())
      inputs.push_back(formatWeight(weight, *bundle.weights()->Get(weight)));
    out += fmt::format("  {:4}  {:15} {}: {} -> {}", i,
                       operationName(op.operation_type()), nameOf(op),
                       joinWithCommas(inputs),
                       formatTensor(*bundle.tensors()->Get(operands.output())));
    Json attributes = describeAttributes(op);
    for (const auto &[key, value] : attributes.items())
      out += fmt::format(" {}={}", key, value.dump());
    out += '\n';
  }
}

static void formatChannels(const format::Bundle &bundle, std::string &out) {
  for (const format::Channel *channel : *bundle.channels()) {
    const format::Tensor &tensor = *bundle.tensors()->Get(channel->tensor());
    bool isSend = channel->direction() == format::Direction::Send;
    out += fmt::format(
        "  {:4}  {} {}: {}, {}\n", channel->id(), isSend ? "to" : "from",
        bundle.participants()->Get(channel->peer())->name()->str(),
        formatTensor(tensor), formatBytes(tensorBytes(tensor)));
  }
}

static void formatInstructions(const format::Bundle &bundle, std::string &out) {
  uint32_t position = 0;
  for (const format::Instruction *instruction : *bundle.instructions()) {
    uint32_t index = instruction->index();
    bool isRun = instruction->kind() == format::InstructionKind::Run;
    out += isRun ? fmt::format("  {:4}  run {} {}\n", position, index,
                               nameOf(*bundle.operators()->Get(index)))
                 : fmt::format("  {:4}  {}, channel {}\n", position,
                               nameInstruction(instruction->kind()),
                               bundle.channels()->Get(index)->id());
    ++position;
  }
}

std::string windrow::formatBundle(const BundleReader &reader) {
  const format::Bundle &bundle = reader.bundle();
  std::string out =
      fmt::format("{} of model {} by {}\nplan {}\n", reader.selfName(),
                  printable(textOf(bundle.model())),
                  printable(textOf(bundle.producer())), formatDigest(bundle));
  out += fmt::format(
      "threads {}, arena {}, {} weights of {}, header {}\n", bundle.threads(),
      formatBytes(bundle.arena_bytes()), bundle.weights()->size(),
      formatBytes(bundle.weights_bytes()), formatBytes(reader.headerBytes()));
  out += "participants:\n";
  for (const format::Participant *participant : *bundle.participants())
    out += fmt::format("  {} {}\n", participant->name()->str(),
                       printable(textOf(participant->address())));
  for (auto [title, list] : {std::pair("inputs:\n", bundle.inputs()),
                             std::pair("outputs:\n", bundle.outputs())})
    if (list && list->size() > 0) {
      out += title;
      for (const format::ModelTensor *tensor : *list)
        out += fmt::format("  {} {} {}\n", printable(textOf(tensor->name())),
                           formatExtents(*tensor->dims()),
                           format::EnumNameTensorLayout(tensor->layout()));
    }
  out += "operators:\n";
  formatOperators(bundle, out);
  out += "channels:\n";
  formatChannels(bundle, out);
  out += "instructions:\n";
  formatInstructions(bundle, out);
  return out;
}
