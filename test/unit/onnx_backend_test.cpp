//===- onnx_backend_test.cpp - ONNX's own test cases ----------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Imports and interprets every case of ONNX's backend tests (Debian's package
// libonnx-testdata) whose operators are all supported.
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/OperatorTable.h"
#include "test/unit/onnx_backend_skipped.h"
#include "test/unit/onnx_test_case.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <iostream>
#include <set>
#include <string_view>

using namespace windrow::test;
namespace fs = std::filesystem;

namespace {

/// What the importer's error about a case must say; null where it must pass.
const char *expectedError(const std::string &name) {
  const auto *skipped = std::ranges::find(
      skippedBackendCases, std::string_view(name), &SkippedCase::name);
  return skipped == std::end(skippedBackendCases) ? nullptr : skipped->error;
}

bool isSupported(const onnx::ModelProto &model) {
  return std::ranges::all_of(model.graph().node(), [](const auto &node) {
    return windrow::importer::findOperator(node.op_type()) != nullptr;
  });
}

/// How many inputs of a case stay inputs. The others are weights and
/// parameters, which the cases pass as inputs too but compilers need to know.
int countComputedInputs(const onnx::ModelProto &model,
                        const std::string &name) {
  const std::string &operatorName = model.graph().node(0).op_type();
  bool takesValues = operatorName == "Add" || operatorName == "Sub" ||
                     operatorName == "Mul" || operatorName == "Concat";
  bool isBroadcast = name.find("bcast") != std::string::npos ||
                     name.find("broadcast") != std::string::npos;
  return takesValues && !isBroadcast ? model.graph().input_size() : 1;
}

/// Opset 6 and 7 differ, for the operators of these cases, in attributes that
/// opset 7 made the only behaviour.
void raiseOpset(onnx::ModelProto &model) {
  onnx::OperatorSetIdProto &opset = *model.mutable_opset_import(0);
  if (opset.version() >= 7)
    return;
  opset.set_version(7);
  static const std::set<std::string> dropped = {"broadcast", "is_test",
                                                "consumed_inputs"};
  for (onnx::NodeProto &node : *model.mutable_graph()->mutable_node())
    for (int i = node.attribute_size(); i-- > 0;)
      if (dropped.contains(node.attribute(i).name()))
        node.mutable_attribute()->DeleteSubrange(i, 1);
}

void makeInputsConstant(onnx::ModelProto &model, const fs::path &data,
                        int firstConstant) {
  onnx::GraphProto &graph = *model.mutable_graph();
  std::set<std::string> initializers;
  for (const onnx::TensorProto &tensor : graph.initializer())
    initializers.insert(tensor.name());
  for (int i = firstConstant; i < graph.input_size(); ++i) {
    if (initializers.contains(graph.input(i).name()))
      continue;
    onnx::TensorProto &tensor = *graph.add_initializer();
    readMessage(data / ("input_" + std::to_string(i) + ".pb"), tensor);
    tensor.set_name(graph.input(i).name());
  }
}

OnnxOutcome runBackendCase(const fs::path &folder, onnx::ModelProto &model) {
  raiseOpset(model);
  makeInputsConstant(model, folder / "test_data_set_0",
                     countComputedInputs(model, folder.filename()));
  return runOnnxTestCase(folder, &model);
}

struct Counts {
  int passed = 0, skipped = 0;
};

Counts runGroup(const std::string &group) {
  Counts counts;
  std::set<fs::path> folders;
  for (const auto &entry :
       fs::directory_iterator(fs::path(WINDROW_ONNX_TEST_DATA) / group))
    folders.insert(entry.path());
  for (const fs::path &folder : folders) {
    onnx::ModelProto model;
    readMessage(folder / "model.onnx", model);
    if (!isSupported(model))
      continue;
    std::string name = group + "/" + folder.filename().string();
    OnnxOutcome outcome = runBackendCase(folder, model);
    const char *error = expectedError(name);
    if (!error) {
      EXPECT_EQ(outcome.kind, OnnxOutcome::Passed)
          << name << ": " << outcome.message;
      counts.passed += outcome.kind == OnnxOutcome::Passed;
      continue;
    }
    ++counts.skipped;
    EXPECT_EQ(outcome.kind, OnnxOutcome::Refused) << name;
    EXPECT_THAT(outcome.message, testing::HasSubstr(error)) << name;
  }
  std::cout << group << ": " << counts.passed << " cases passed, "
            << counts.skipped << " skipped by name\n";
  return counts;
}

TEST(OnnxBackend, Node) {
  Counts counts = runGroup("node");
  EXPECT_EQ(counts.passed, 137);
  EXPECT_EQ(counts.skipped, 90);
}

TEST(OnnxBackend, PytorchOperator) {
  Counts counts = runGroup("pytorch-operator");
  EXPECT_EQ(counts.passed, 8);
  EXPECT_EQ(counts.skipped, 13);
}

TEST(OnnxBackend, PytorchConverted) {
  Counts counts = runGroup("pytorch-converted");
  EXPECT_EQ(counts.passed, 31);
  EXPECT_EQ(counts.skipped, 29);
}

TEST(OnnxBackend, Simple) {
  Counts counts = runGroup("simple");
  EXPECT_EQ(counts.passed, 1);
  EXPECT_EQ(counts.skipped, 0);
}

TEST(OnnxBackend, EverySkippedCaseExists) {
  for (const SkippedCase &skipped : skippedBackendCases)
    EXPECT_TRUE(fs::exists(fs::path(WINDROW_ONNX_TEST_DATA) / skipped.name))
        << skipped.name;
}

} // namespace
