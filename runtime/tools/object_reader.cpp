//===- object_reader.cpp - Checked fields of JSON objects -----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/object_reader.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

using namespace windrow;
using Json = ObjectReader::Json;

static bool isCount(const Json &value, uint32_t least, uint32_t most) {
  return value.is_number_unsigned() && value.get<uint64_t>() >= least &&
         value.get<uint64_t>() <= most;
}

static bool isNumber(const Json &value) {
  return value.is_number() && std::isfinite(value.get<double>()) &&
         value.get<double>() >= 0;
}

/// Whether `value` is a list of one or more entries that are all as wanted.
template <typename Predicate>
static bool isListOf(const Json *value, Predicate isWanted) {
  return value && value->is_array() && !value->empty() &&
         std::ranges::all_of(*value, isWanted);
}

ObjectReader::ObjectReader(const Json &json, std::string_view what)
    : json(json), what(what) {
  if (!json.is_object())
    fail("must be an object");
}

bool ObjectReader::has(const char *key) const {
  return json.is_object() && json.contains(key);
}

const Json *ObjectReader::find(const char *key) const {
  return has(key) ? &json[key] : nullptr;
}

std::string ObjectReader::text(const char *key) {
  const Json *value = find(key);
  if (value && value->is_string())
    return value->get<std::string>();
  failKey(key, "a string", value);
  return {};
}

double ObjectReader::number(const char *key) {
  const Json *value = find(key);
  if (value && isNumber(*value))
    return value->get<double>();
  failKey(key, "a number from 0", value);
  return 0;
}

uint32_t ObjectReader::count(const char *key, uint32_t least, uint32_t most) {
  const Json *value = find(key);
  if (value && isCount(*value, least, most))
    return value->get<uint32_t>();
  failKey(key,
          most == UINT32_MAX
              ? fmt::format("a whole number from {}", least)
              : fmt::format("a whole number from {} to {}", least, most),
          value);
  return least;
}

std::vector<uint32_t> ObjectReader::counts(const char *key) {
  const Json *value = find(key);
  if (isListOf(value,
               [](const Json &entry) { return isCount(entry, 1, UINT32_MAX); }))
    return value->get<std::vector<uint32_t>>();
  failKey(key, "a list of whole numbers from 1", value);
  return {1};
}

std::array<uint32_t, 2> ObjectReader::extent(const char *key) {
  std::vector<uint32_t> values = counts(key);
  if (values.size() == 2)
    return {values[0], values[1]};
  failKey(key, "[height, width]", find(key));
  return {1, 1};
}

std::vector<double> ObjectReader::times(const char *key) {
  const Json *value = find(key);
  if (isListOf(value, isNumber))
    return value->get<std::vector<double>>();
  failKey(key, "a list of numbers from 0", value);
  return {};
}

bool ObjectReader::flag(const char *key) {
  const Json *value = find(key);
  if (!value)
    return false;
  if (value->is_boolean())
    return value->get<bool>();
  failKey(key, "true or false", value);
  return false;
}

const Json &ObjectReader::list(const char *key) {
  static const Json empty = Json::array();
  const Json *value = find(key);
  if (value && value->is_array())
    return *value;
  failKey(key, "a list", value);
  return empty;
}

void ObjectReader::fail(std::string_view problem) {
  if (status.ok())
    status =
        Status(StatusCode::CorruptData, fmt::format("{} {}", what, problem));
}

void ObjectReader::failKey(const char *key, std::string_view wanted,
                           const Json *got) {
  if (status.ok())
    status = Status(StatusCode::CorruptData,
                    fmt::format("{}.{} must be {}, got {}", what, key, wanted,
                                got ? got->dump(-1, ' ', /*ensure_ascii=*/true,
                                                Json::error_handler_t::replace)
                                    : "none"));
}
