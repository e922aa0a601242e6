//===- highway_target_test.cpp - Which vector instructions are tested -----===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels of our own exist once for each instruction set that Highway knows,
// and the best that the processor has is used. The environment variable
// WINDROW_HIGHWAY_TARGET, "AVX2" for example, rules out all better ones for the
// tests that are linked with this file.
//
//===----------------------------------------------------------------------===//

#include <gtest/gtest.h>

#include <cstdlib>
#include <hwy/targets.h>
#include <string>

namespace {

/// The target of the name that was asked for, or 0.
int64_t wantedTarget() {
  const char *wanted = std::getenv("WINDROW_HIGHWAY_TARGET");
  if (wanted)
    for (int64_t target : hwy::SupportedAndGeneratedTargets())
      if (hwy::TargetName(target) == std::string(wanted))
        return target;
  return 0;
}

/// Better targets are lower bits. Done before a kernel is chosen.
const int64_t target = [] {
  const int64_t wanted = wantedTarget();
  if (wanted)
    hwy::DisableTargets(wanted - 1);
  return wanted;
}();

TEST(HighwayTarget, IsTheOneThatWasAskedFor) {
  const int64_t supported = hwy::SupportedTargets();
  const int64_t best = supported & -supported;
  RecordProperty("target", hwy::TargetName(best));
  const char *wanted = std::getenv("WINDROW_HIGHWAY_TARGET");
  if (wanted && !target)
    GTEST_SKIP() << "this processor does not have " << wanted << ", but "
                 << hwy::TargetName(best);
  if (wanted) {
    EXPECT_EQ(hwy::TargetName(best), std::string(wanted));
  }
}

} // namespace
