//===- YamlFields.cpp - Checked fields of YAML and JSON files -------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/YamlFields.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

using namespace windrow;

void yaml::fail(const YAML::Node &node, std::string message) {
  throw Failure{{node.Mark().line + 1, std::move(message)}};
}

std::string yaml::describe(const YAML::Node &node) {
  switch (node.Type()) {
  case YAML::NodeType::Scalar:
    return "'" + node.Scalar() + "'";
  case YAML::NodeType::Sequence:
    return "a list";
  case YAML::NodeType::Map:
    return "a map";
  default:
    return "nothing";
  }
}

void yaml::checkIsMap(const YAML::Node &node, const std::string &key,
                      std::initializer_list<std::string_view> required) {
  if (!node.IsMap())
    fail(node, key + " must be a map, got " + describe(node));
  for (std::string_view name : required)
    if (!node[std::string(name)])
      fail(node, key + " must have the key '" + std::string(name) + "'");
}

void yaml::checkKeys(const YAML::Node &node, const std::string &key,
                     std::initializer_list<std::string_view> required,
                     std::initializer_list<std::string_view> optional) {
  if (!node.IsMap())
    fail(node, key + " must be a map, got " + describe(node));
  std::set<std::string> seen;
  for (const auto &entry : node) {
    std::string name = entry.first.Scalar();
    auto is = [&](std::string_view known) { return known == name; };
    if (std::none_of(required.begin(), required.end(), is) &&
        std::none_of(optional.begin(), optional.end(), is))
      fail(entry.first, key + " has the unknown key '" + name + "'");
    if (!seen.insert(name).second)
      fail(entry.first, key + " has the key '" + name + "' twice");
  }
  for (std::string_view name : required)
    if (!seen.count(std::string(name)))
      fail(node, key + " must have the key '" + std::string(name) + "'");
}

void yaml::checkIsList(const YAML::Node &node, const std::string &key) {
  if (!node.IsSequence())
    fail(node, key + " must be a list, got " + describe(node));
}

double yaml::readNumber(const YAML::Node &node, const std::string &key,
                        bool mayBeZero) {
  const char *wanted = mayBeZero ? " must be a number, 0 or greater, got "
                                 : " must be a positive number, got ";
  double value = 0;
  if (!node.IsScalar() || !YAML::convert<double>::decode(node, value) ||
      !std::isfinite(value) || value < 0 || (value == 0 && !mayBeZero))
    fail(node, key + wanted + describe(node));
  return value;
}

int64_t yaml::readCount(const YAML::Node &node, const std::string &key,
                        int64_t least) {
  const std::string text = node.IsScalar() ? node.Scalar() : "";
  int64_t value = 0;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least)
    fail(node, key + " must be a whole number, " + std::to_string(least) +
                   " or greater, got " + describe(node));
  return value;
}

std::string yaml::readText(const YAML::Node &node, const std::string &key) {
  if (!node.IsScalar() || node.Scalar().empty())
    fail(node, key + " must be a text, got " + describe(node));
  return node.Scalar();
}

std::string yaml::indexed(const std::string &list, size_t index) {
  return list + "[" + std::to_string(index) + "]";
}
