//===- NodeAttributes.cpp - Attributes of an ONNX node --------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/NodeAttributes.h"

#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace windrow::importer;
using onnx::AttributeProto;

NodeAttributes::NodeAttributes(const onnx::NodeProto &node) {
  for (const AttributeProto &attribute : node.attribute())
    if (!attributes.try_emplace(attribute.name(), Entry{&attribute}).second)
      setError(formatv("attribute '{0}' is given twice", attribute.name()));
}

void NodeAttributes::setError(std::string message) {
  if (firstError.empty())
    firstError = std::move(message);
}

const AttributeProto *NodeAttributes::find(StringRef name) {
  auto position = attributes.find(name);
  if (position == attributes.end())
    return nullptr;
  position->second.used = true;
  return position->second.attribute;
}

static std::string typeName(AttributeProto::AttributeType type) {
  return StringRef(AttributeProto::AttributeType_Name(type)).lower();
}

const AttributeProto *NodeAttributes::find(StringRef name,
                                           AttributeProto::AttributeType type) {
  const AttributeProto *attribute = find(name);
  if (!attribute || attribute->type() == type)
    return attribute;
  setError(formatv("attribute '{0}' must be of type {1}, got {2}", name,
                   typeName(type), typeName(attribute->type())));
  return nullptr;
}

int64_t NodeAttributes::getInt(StringRef name, int64_t defaultValue) {
  const AttributeProto *attribute = find(name, AttributeProto::INT);
  return attribute ? attribute->i() : defaultValue;
}

float NodeAttributes::getFloat(StringRef name, float defaultValue) {
  const AttributeProto *attribute = find(name, AttributeProto::FLOAT);
  return attribute ? attribute->f() : defaultValue;
}

StringRef NodeAttributes::getString(StringRef name, StringRef defaultValue) {
  const AttributeProto *attribute = find(name, AttributeProto::STRING);
  return attribute ? StringRef(attribute->s()) : defaultValue;
}

SmallVector<int64_t> NodeAttributes::getInts(StringRef name,
                                             ArrayRef<int64_t> defaultValue) {
  return findInts(name).value_or(SmallVector<int64_t>(defaultValue));
}

std::optional<SmallVector<int64_t>> NodeAttributes::findInts(StringRef name) {
  const AttributeProto *attribute = find(name, AttributeProto::INTS);
  if (!attribute)
    return std::nullopt;
  return SmallVector<int64_t>(attribute->ints().begin(),
                              attribute->ints().end());
}

std::optional<SmallVector<float>> NodeAttributes::findFloats(StringRef name) {
  const AttributeProto *attribute = find(name, AttributeProto::FLOATS);
  if (!attribute)
    return std::nullopt;
  return SmallVector<float>(attribute->floats().begin(),
                            attribute->floats().end());
}

const onnx::TensorProto *NodeAttributes::findTensor(StringRef name) {
  const AttributeProto *attribute = find(name, AttributeProto::TENSOR);
  return attribute ? &attribute->t() : nullptr;
}

void NodeAttributes::checkAllUsed() {
  // In order of name, so that the message does not depend on hashing.
  std::optional<StringRef> unused;
  for (const auto &entry : attributes)
    if (!entry.second.used && (!unused || entry.first() < *unused))
      unused = entry.first();
  if (unused)
    setError(formatv("attribute '{0}' is not supported", *unused));
}
