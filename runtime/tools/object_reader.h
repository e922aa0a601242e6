//===- object_reader.h - Checked fields of JSON objects ---------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_OBJECT_READER_H
#define WINDROW_RUNTIME_TOOLS_OBJECT_READER_H

#include "windrow/status.h"

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace windrow {

/// Reads the keys of one object. What is wrong gives a value that makes sense,
/// and a failure that names the key; the first one stays.
class ObjectReader {
public:
  using Json = nlohmann::ordered_json;

  /// `json`, which must outlive the reader, is called `what` in messages.
  ObjectReader(const Json &json, std::string_view what);

  bool has(const char *key) const;
  std::string text(const char *key);
  /// Finite and not negative.
  double number(const char *key);
  /// A whole number from `least` to `most`.
  uint32_t count(const char *key, uint32_t least = 1,
                 uint32_t most = UINT32_MAX);
  /// One or more of them, from 1.
  std::vector<uint32_t> counts(const char *key);
  /// [height, width].
  std::array<uint32_t, 2> extent(const char *key);
  /// One or more numbers that are not negative.
  std::vector<double> times(const char *key);
  /// False where there is none.
  bool flag(const char *key);
  /// The list under `key`; empty where there is none.
  const Json &list(const char *key);

  /// Adds a failure that is not of one key.
  void fail(std::string_view problem);
  /// The first failure.
  Status result() const { return status; }

private:
  const Json *find(const char *key) const;
  void failKey(const char *key, std::string_view wanted, const Json *got);

  const Json &json;
  const std::string what;
  Status status;
};

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_OBJECT_READER_H
