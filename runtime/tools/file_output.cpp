//===- file_output.cpp - Files that appear as a whole ---------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/file_output.h"

#include <fmt/format.h>
#include <fstream>
#include <unistd.h>

using namespace windrow;

Status windrow::writeFile(const std::filesystem::path &path,
                          std::initializer_list<std::string_view> parts) {
  std::filesystem::path partial = path;
  partial += fmt::format(".{}.partial", ::getpid());
  std::ofstream stream(partial, std::ios::binary);
  for (std::string_view part : parts)
    stream.write(part.data(), static_cast<std::streamsize>(part.size()));
  stream.close();
  std::error_code error;
  if (stream)
    std::filesystem::rename(partial, path, error);
  if (stream && !error)
    return {};
  std::filesystem::remove(partial, error);
  return Status(StatusCode::Unavailable,
                fmt::format("{}: file cannot be written", path.string()));
}
