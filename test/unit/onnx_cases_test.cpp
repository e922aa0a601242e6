//===- onnx_cases_test.cpp - The importer's cases, computed ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every case of test/Importer/generate.py in every opset that it has: imported,
// interpreted, and compared with test/Importer/onnx_reference.py, which shares
// nothing with the compiler.
//
//===----------------------------------------------------------------------===//

#include "test/support/scratch_folder.h"
#include "test/support/test_data.h"
#include "test/unit/onnx_test_case.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <iostream>
#include <set>

using namespace windrow::test;
namespace fs = std::filesystem;

namespace {

TEST(OnnxCases, ComputeWhatTheReferenceComputes) {
  ScratchFolder scratch;
  std::string command =
      WINDROW_PYTHON " '" +
      (sourceDir() / "test/Importer/Inputs/write_data_sets.py").string() +
      "' '" + scratch.path.string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);

  int passed = 0;
  std::set<std::string> refused;
  for (const auto &entry : fs::directory_iterator(scratch.path)) {
    std::string name = entry.path().filename();
    OnnxOutcome outcome = runOnnxTestCase(entry.path());
    passed += outcome.kind == OnnxOutcome::Passed;
    EXPECT_NE(outcome.kind, OnnxOutcome::Wrong)
        << name << ": " << outcome.message;
    if (outcome.kind == OnnxOutcome::Refused)
      refused.insert(name.substr(0, name.find('.')));
  }
  std::cout << passed << " models passed, " << refused.size()
            << " cases refused\n";
  EXPECT_EQ(passed, 2287);
  EXPECT_THAT(refused,
              testing::ElementsAre("dynamic_batch", "matmul_constant_first",
                                   "pad_nonzero_value", "slice_steps_2"));
}

} // namespace
