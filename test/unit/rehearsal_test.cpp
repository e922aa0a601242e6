//===- rehearsal_test.cpp - Tests of timing a paced node's work -----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/executor/rehearsal.h"

#include "test/support/scratch_folder.h"
#include "test/support/test_bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windrow::test {
namespace {

using testing::ElementsAre;
using testing::Gt;
using testing::Key;
using testing::Pair;

/// Writes a program of one device that computes parts of layers "conv", each
/// with the weights that `order` says.
void writeParts(const std::filesystem::path &path,
                std::initializer_list<size_t> order) {
  TestBundle bundle;
  const uint32_t filters[] = {bundle.weight({2, 1, 1, 3}, {1, 2, 3, 4, 5, 6}),
                              bundle.weight({2, 1, 1, 3}, {6, 5, 4, 3, 2, 1})};
  const uint32_t input = bundle.tensor({1, 4, 5, 3});
  for (size_t part : order)
    bundle.run(conv2D(input, bundle.tensor({1, 4, 5, 2}), filters[part]),
               "conv");
  const Status written = bundle.write(path);
  ASSERT_TRUE(written.ok()) << written.message();
}

KernelTimes timesOf(const std::filesystem::path &path) {
  KernelTimes times;
  NodeOptions options;
  options.pace = 0.5;
  options.kernelTimes = &times;
  Expected<BundleReader> reader = BundleReader::open(path);
  EXPECT_TRUE(reader) << reader.error().message();
  ExecutorOptions executorOptions;
  executorOptions.pace = options.pace;
  auto executor = Executor::create(std::move(*reader), executorOptions);
  EXPECT_TRUE(executor) << executor.error().message();
  const Status rehearsed = rehearse(**executor, options);
  EXPECT_TRUE(rehearsed.ok()) << rehearsed.message();
  return times;
}

TEST(Rehearsal, PartsThatFindTheirWeightsInTheCachesAreOtherWork) {
  const ScratchFolder folder;
  const std::filesystem::path path = folder.path / "parts.bundle";
  const std::string conv = "Conv2D conv 1x4x5x3 2x1x1x3:F32 to 1x4x5x2 Direct, "
                           "1 thread";
  const std::chrono::nanoseconds none(0);
  writeParts(path, {0, 1, 0});
  EXPECT_THAT(timesOf(path),
              ElementsAre(Pair(conv + ", among 1024 B", Gt(none))));
  writeParts(path, {0, 0, 1});
  EXPECT_THAT(timesOf(path),
              ElementsAre(Key(conv + ", among 1024 B"),
                          Key(conv + ", with the weights of the one before, "
                                     "among 1024 B")));
}

} // namespace
} // namespace windrow::test
