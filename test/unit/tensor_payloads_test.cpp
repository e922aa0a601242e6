//===- tensor_payloads_test.cpp - Cutting tensor bytes out ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/TensorPayloads.h"

#include "onnx/onnx_pb.h"
#include <gmock/gmock.h>

using namespace windrow::importer;
using testing::HasSubstr;

namespace {

llvm::Expected<CutModel> cut(const std::string &bytes) {
  return cutTensorPayloads(llvm::ArrayRef(bytes.data(), bytes.size()));
}

std::string errorOf(const std::string &bytes) {
  llvm::Expected<CutModel> result = cut(bytes);
  return result ? "no error" : llvm::toString(result.takeError());
}

/// What `model` is after cutting; `payloads` receives the tensors' bytes.
onnx::ModelProto cutAndParse(const onnx::ModelProto &model,
                             std::vector<std::string> &payloads) {
  std::string bytes = model.SerializeAsString();
  llvm::Expected<CutModel> result = cut(bytes);
  EXPECT_TRUE(static_cast<bool>(result));
  onnx::ModelProto parsed;
  if (!result)
    return parsed;
  EXPECT_TRUE(parsed.ParseFromString(result->message));
  for (const TensorPayload &payload : result->payloads) {
    payloads.emplace_back(payload.bytes.begin(), payload.bytes.end());
    EXPECT_GE(payload.bytes.begin(), bytes.data());
    EXPECT_LE(payload.bytes.end(), bytes.data() + bytes.size());
  }
  return parsed;
}

onnx::ModelProto modelWithEverything() {
  onnx::ModelProto model;
  model.set_ir_version(7);
  model.set_producer_name("test");
  onnx::GraphProto &graph = *model.mutable_graph();
  onnx::TensorProto &weights = *graph.add_initializer();
  weights.set_name("weights");
  weights.add_dims(3);
  weights.set_raw_data("raw data of weights");
  onnx::NodeProto &node = *graph.add_node();
  node.set_op_type("Constant");
  onnx::AttributeProto &attribute = *node.add_attribute();
  attribute.set_name("value");
  attribute.mutable_t()->set_raw_data("raw data of an attribute");
  onnx::AttributeProto &subgraph = *node.add_attribute();
  subgraph.set_name("body");
  subgraph.mutable_g()->add_initializer()->set_raw_data("kept");
  return model;
}

TEST(TensorPayloads, CutsInitializersAndAttributes) {
  std::vector<std::string> payloads;
  onnx::ModelProto parsed = cutAndParse(modelWithEverything(), payloads);
  const onnx::GraphProto &graph = parsed.graph();
  auto payload = [&](const onnx::TensorProto &tensor) {
    std::optional<size_t> index = decodePayloadReference(tensor.raw_data());
    return index ? payloads.at(*index) : "no reference";
  };
  EXPECT_EQ(payload(graph.initializer(0)), "raw data of weights");
  EXPECT_EQ(payload(graph.node(0).attribute(0).t()),
            "raw data of an attribute");
}

TEST(TensorPayloads, KeepsEverythingElse) {
  std::vector<std::string> payloads;
  onnx::ModelProto model = modelWithEverything();
  onnx::ModelProto parsed = cutAndParse(model, payloads);
  for (onnx::ModelProto *either : {&model, &parsed}) {
    onnx::GraphProto &graph = *either->mutable_graph();
    graph.mutable_initializer(0)->clear_raw_data();
    graph.mutable_node(0)->mutable_attribute(0)->mutable_t()->clear_raw_data();
  }
  EXPECT_EQ(parsed.SerializeAsString(), model.SerializeAsString());
  EXPECT_EQ(parsed.graph().node(0).attribute(1).g().initializer(0).raw_data(),
            "kept");
}

TEST(TensorPayloads, CutsOnePackedRunOfFloats) {
  onnx::ModelProto model;
  onnx::TensorProto &tensor = *model.mutable_graph()->add_initializer();
  tensor.add_float_data(1.5f);
  tensor.add_float_data(-2.0f);
  std::string bytes = model.SerializeAsString();
  llvm::Expected<CutModel> result = cut(bytes);
  ASSERT_TRUE(static_cast<bool>(result));
  ASSERT_EQ(result->payloads.size(), 1u);
  EXPECT_TRUE(result->payloads[0].isFloatData);
  EXPECT_EQ(result->payloads[0].bytes.size(), 2 * sizeof(float));
}

TEST(TensorPayloads, LeavesSeveralRunsOfFloatsToProtobuf) {
  onnx::TensorProto one;
  one.add_float_data(1.5f);
  // Concatenated messages merge: two runs in one tensor.
  std::string tensor = one.SerializeAsString() + one.SerializeAsString();
  auto field = [](char tag, const std::string &content) {
    return std::string{tag, static_cast<char>(content.size())} + content;
  };
  llvm::Expected<CutModel> result = cut(field('\x3a', field('\x2a', tensor)));
  ASSERT_TRUE(static_cast<bool>(result));
  EXPECT_TRUE(result->payloads.empty());
  onnx::ModelProto parsed;
  ASSERT_TRUE(parsed.ParseFromString(result->message));
  EXPECT_EQ(parsed.graph().initializer(0).float_data_size(), 2);
}

TEST(TensorPayloads, SaysWhatIsWrong) {
  EXPECT_EQ(errorOf(""), "is empty");
  EXPECT_EQ(errorOf("some text"), "is not an ONNX model");
  EXPECT_EQ(errorOf("\x89PNG\r\n\x1a\n"), "is not an ONNX model");
  EXPECT_EQ(errorOf(std::string(16, '\0')), "is not an ONNX model");
  std::string bytes = modelWithEverything().SerializeAsString();
  EXPECT_THAT(errorOf(bytes.substr(0, bytes.size() - 1)),
              HasSubstr("is truncated"));
  // A graph whose only field is longer than it.
  EXPECT_EQ(errorOf("\x3a\x02\x0a\x05"),
            "is damaged: the graph at byte 0 is not well-formed");
}

TEST(TensorPayloads, RefusesWhatIsNoReference) {
  EXPECT_EQ(decodePayloadReference("short"), std::nullopt);
  EXPECT_EQ(decodePayloadReference(std::string("\x02\0\0\0\0\0\0\0", 8)), 2u);
}

} // namespace
