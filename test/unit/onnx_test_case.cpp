//===- onnx_test_case.cpp - A model with inputs and outputs ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/onnx_test_case.h"

#include "compiler/importer/OnnxImporter.h"
#include "mlir/IR/Diagnostics.h"
#include "test/interpreter/Interpreter.h"
#include "test/support/scratch_folder.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>

using namespace windrow;
using namespace windrow::test;
using windrow::reference::Tensor;
namespace fs = std::filesystem;

void windrow::test::readMessage(const fs::path &path,
                                google::protobuf::Message &message) {
  std::ifstream stream(path, std::ios::binary);
  EXPECT_TRUE(message.ParseFromIstream(&stream)) << path;
}

static Tensor readTensor(const fs::path &path) {
  onnx::TensorProto proto;
  readMessage(path, proto);
  EXPECT_EQ(proto.data_type(), onnx::TensorProto::FLOAT) << path;
  Tensor tensor({proto.dims().begin(), proto.dims().end()});
  if (!proto.has_raw_data()) {
    EXPECT_EQ(proto.float_data_size(), static_cast<int>(tensor.values.size()));
    tensor.values.assign(proto.float_data().begin(), proto.float_data().end());
  } else {
    EXPECT_EQ(proto.raw_data().size(), tensor.values.size() * sizeof(float));
    std::memcpy(tensor.values.data(), proto.raw_data().data(),
                proto.raw_data().size());
  }
  return tensor;
}

/// How `computed` differs from `expected`; empty if it does not.
static std::string compare(const Tensor &computed, const Tensor &expected) {
  if (computed.shape != expected.shape)
    return "shapes differ";
  for (size_t i = 0; i < expected.values.size(); ++i) {
    float difference = std::fabs(computed.values[i] - expected.values[i]);
    if (!(difference <= 1e-4f * std::fabs(expected.values[i]) + 1e-6f))
      return llvm::formatv("element {0} must be {1}, got {2}", i,
                           expected.values[i], computed.values[i]);
  }
  return "";
}

static OnnxOutcome interpretCase(mlir::func::FuncOp function,
                                 const fs::path &data) {
  reference::Tensors inputs;
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    inputs.push_back(readTensor(data / ("input_" + std::to_string(i) + ".pb")));
  mlir::FailureOr<reference::Tensors> outputs =
      reference::interpret(function, inputs);
  if (failed(outputs))
    return {OnnxOutcome::Wrong, "cannot be interpreted"};
  for (unsigned i = 0; i < outputs->size(); ++i) {
    std::string difference =
        compare((*outputs)[i],
                readTensor(data / ("output_" + std::to_string(i) + ".pb")));
    if (!difference.empty())
      return {OnnxOutcome::Wrong, difference};
  }
  return {OnnxOutcome::Passed, ""};
}

OnnxOutcome windrow::test::runOnnxTestCase(const fs::path &folder,
                                           const onnx::ModelProto *model) {
  ScratchFolder scratch;
  fs::path path = folder / "model.onnx";
  if (model) {
    path = scratch / "model.onnx";
    std::ofstream(path, std::ios::binary) << model->SerializeAsString();
  }
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  std::vector<std::string> errors;
  context.getDiagEngine().registerHandler([&](mlir::Diagnostic &diagnostic) {
    errors.push_back(diagnostic.str());
    return mlir::success();
  });
  mlir::OwningOpRef<mlir::ModuleOp> module = importOnnx(context, path.string());
  if (!module && errors.size() == 1)
    return {OnnxOutcome::Refused, errors[0]};
  if (!module || !errors.empty())
    return {OnnxOutcome::Wrong,
            "must emit one error, got " + std::to_string(errors.size())};
  auto function = module->lookupSymbol<mlir::func::FuncOp>("main");
  return interpretCase(function, folder / "test_data_set_0");
}
