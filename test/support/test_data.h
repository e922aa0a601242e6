//===- test_data.h - where tests find their files ---------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_SUPPORT_TEST_DATA_H
#define WINDROW_TEST_SUPPORT_TEST_DATA_H

#include <filesystem>
#include <optional>

namespace windrow::test {

/// The root of the checkout that the test was built from.
std::filesystem::path sourceDir();

/// The folder of the built tools (windrow-compile and its kin).
std::filesystem::path binDir();

/// The folder of models and data that are too large for the repository: the
/// environment variable WINDROW_SHARED when it is set, else `shared` beside the
/// checkout. Empty when there is no such folder: a test that needs it skips and
/// says so.
std::optional<std::filesystem::path> sharedDir();

} // namespace windrow::test

#endif // WINDROW_TEST_SUPPORT_TEST_DATA_H
