//===- onnx_cases_test.cpp - The importer's cases, computed ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every case of test/Importer/generate.py in every opset that it has, and thin
// forms of the architectures of benchmarks/models: imported, interpreted, and
// compared with test/Importer/onnx_reference.py, which shares nothing with the
// compiler.
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

struct CaseCounts {
  int passed = 0;
  /// The cases that the importer refused.
  std::set<std::string> refused;
};

/// Runs all models of `kind` that write_data_sets.py writes.
CaseCounts runDataSets(const std::string &kind) {
  CaseCounts counts;
  ScratchFolder scratch;
  fs::path script = sourceDir() / "test/Importer/Inputs/write_data_sets.py";
  std::string command = WINDROW_PYTHON " '" + script.string() + "' " + kind +
                        " '" + scratch.path.string() + "'";
  EXPECT_EQ(std::system(command.c_str()), 0);
  for (const auto &entry : fs::directory_iterator(scratch.path)) {
    std::string name = entry.path().filename();
    OnnxOutcome outcome = runOnnxTestCase(entry.path());
    EXPECT_NE(outcome.kind, OnnxOutcome::Wrong)
        << name << ": " << outcome.message;
    counts.passed += outcome.kind == OnnxOutcome::Passed;
    if (outcome.kind == OnnxOutcome::Refused)
      counts.refused.insert(name.substr(0, name.find('.')));
  }
  std::cout << counts.passed << " models passed, " << counts.refused.size()
            << " cases refused\n";
  return counts;
}

TEST(OnnxCases, EveryCaseInEveryOpset) {
  CaseCounts counts = runDataSets("cases");
  EXPECT_EQ(counts.passed, 2302);
  EXPECT_THAT(counts.refused,
              testing::ElementsAre("dynamic_batch", "matmul_constant_first",
                                   "pad_nonzero_value", "slice_steps_2"));
}

TEST(OnnxCases, EveryArchitecture) {
  CaseCounts counts = runDataSets("architectures");
  EXPECT_EQ(counts.passed, 50);
  EXPECT_THAT(counts.refused, testing::IsEmpty());
}

} // namespace
