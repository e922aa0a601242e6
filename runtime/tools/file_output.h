//===- file_output.h - Files that appear as a whole -------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_FILE_OUTPUT_H
#define WINDROW_RUNTIME_TOOLS_FILE_OUTPUT_H

#include "windrow/status.h"

#include <filesystem>
#include <initializer_list>
#include <string_view>

namespace windrow {

/// Writes `parts`, one behind the other, to `path`, replacing a file that is
/// there; on failure nothing is left, and the file that was there stays. The
/// message names the file.
Status writeFile(const std::filesystem::path &path,
                 std::initializer_list<std::string_view> parts);

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_FILE_OUTPUT_H
