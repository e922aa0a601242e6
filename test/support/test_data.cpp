//===- test_data.cpp - where tests find their files -----------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/support/test_data.h"

#include "test/support/test_data_paths.h"

#include <cstdlib>

namespace fs = std::filesystem;

fs::path windrow::test::sourceDir() { return WINDROW_SOURCE_DIR; }

fs::path windrow::test::binDir() { return WINDROW_BIN_DIR; }

std::optional<fs::path> windrow::test::sharedDir() {
  const char *fromEnvironment = std::getenv("WINDROW_SHARED");
  fs::path folder = fromEnvironment ? fs::path(fromEnvironment)
                                    : sourceDir().parent_path() / "shared";
  std::error_code error;
  if (!fs::is_directory(folder, error))
    return std::nullopt;
  return folder;
}
