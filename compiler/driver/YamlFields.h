//===- YamlFields.h - Checked fields of YAML and JSON files -----*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// For the readers of this folder, which throw and catch within one file: what
// reads a field names it in the error, as "devices[1].speed must be ...".
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_DRIVER_YAMLFIELDS_H
#define WINDROW_COMPILER_DRIVER_YAMLFIELDS_H

#include "compiler/driver/FileError.h"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <yaml-cpp/yaml.h>

namespace windrow::yaml {

/// Thrown by the functions below.
struct Failure {
  FileError error;
};

[[noreturn]] void fail(const YAML::Node &node, std::string message);

/// What was found instead, for the end of a message.
std::string describe(const YAML::Node &node);

/// Fails unless `node` is a map that has all of `required`.
void checkIsMap(const YAML::Node &node, const std::string &key,
                std::initializer_list<std::string_view> required);

/// Fails unless `node` is a map of `required` keys and some of `optional` ones,
/// each once.
void checkKeys(const YAML::Node &node, const std::string &key,
               std::initializer_list<std::string_view> required,
               std::initializer_list<std::string_view> optional);

void checkIsList(const YAML::Node &node, const std::string &key);

/// A finite number, above 0 or not below it.
double readNumber(const YAML::Node &node, const std::string &key,
                  bool mayBeZero);

/// A whole number of at least `least`.
int64_t readCount(const YAML::Node &node, const std::string &key,
                  int64_t least = 1);

/// A text that is not empty.
std::string readText(const YAML::Node &node, const std::string &key);

/// "list[index]".
std::string indexed(const std::string &list, size_t index);

} // namespace windrow::yaml

#endif // WINDROW_COMPILER_DRIVER_YAMLFIELDS_H
