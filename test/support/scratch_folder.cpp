//===- scratch_folder.cpp - A folder for one test -------------------------=
//===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/support/scratch_folder.h"

#include <cstdlib>
#include <string>
#include <system_error>

namespace windrow::test {

static std::filesystem::path makeFolder() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "windrow-XXXXXX").string();
  if (!::mkdtemp(pattern.data()))
    throw std::system_error(errno, std::generic_category(), pattern);
  return pattern;
}

ScratchFolder::ScratchFolder() : path(makeFolder()) {}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

} // namespace windrow::test
