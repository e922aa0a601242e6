//===- test_data_test.cpp - tests of the test files' locations ------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/support/test_data.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace fs = std::filesystem;
using namespace windrow::test;

TEST(TestData, SourceDirIsTheCheckout) {
  EXPECT_TRUE(fs::exists(sourceDir() / "LICENSE"));
}

TEST(TestData, EnvironmentNamesTheSharedFolder) {
  fs::path folder = fs::path(testing::TempDir());
  ASSERT_EQ(setenv("WINDROW_SHARED", folder.c_str(), /*overwrite=*/1), 0);
  EXPECT_EQ(sharedDir(), folder);
}

TEST(TestData, MissingSharedFolderIsEmpty) {
  fs::path folder = fs::path(testing::TempDir()) / "no such folder";
  ASSERT_EQ(setenv("WINDROW_SHARED", folder.c_str(), /*overwrite=*/1), 0);
  EXPECT_EQ(sharedDir(), std::nullopt);
}
