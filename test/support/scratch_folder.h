//===- scratch_folder.h - A folder for one test ---------------*- C++ -*-= ===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_SUPPORT_SCRATCH_FOLDER_H
#define WINDROW_TEST_SUPPORT_SCRATCH_FOLDER_H

#include <filesystem>
#include <string_view>

namespace windrow::test {

/// A new, empty folder that is removed with the object.
class ScratchFolder {
public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder &) = delete;
  ScratchFolder &operator=(const ScratchFolder &) = delete;

  std::filesystem::path operator/(std::string_view name) const {
    return path / name;
  }

  const std::filesystem::path path;
};

} // namespace windrow::test

#endif // WINDROW_TEST_SUPPORT_SCRATCH_FOLDER_H
