//===- onnx_importer_test.cpp - The importer's library interface ----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/OnnxImporter.h"

#include "compiler/importer/WeightTable.h"
#include "dialects/Nn/Nn.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "onnx/onnx_pb.h"
#include "test/support/scratch_folder.h"
#include <cstring>
#include <fstream>
#include <gmock/gmock.h>
#include <limits>

using namespace windrow;
using testing::ElementsAre;
using testing::EndsWith;

namespace {

//===----------------------------------------------------------------------===//
// parseOnnxInputShape
//===----------------------------------------------------------------------===//

OnnxInputShape parsed(llvm::StringRef text) {
  llvm::Expected<OnnxInputShape> shape = parseOnnxInputShape(text);
  EXPECT_TRUE(static_cast<bool>(shape)) << text.str();
  return shape ? *shape : OnnxInputShape();
}

TEST(ParseOnnxInputShape, ReadsNamesAndSizes) {
  EXPECT_EQ(parsed("1,3,224,224").inputName, "");
  EXPECT_THAT(parsed("1,3,224,224").shape, ElementsAre(1, 3, 224, 224));
  EXPECT_EQ(parsed("image:7").inputName, "image");
  EXPECT_THAT(parsed("image:7").shape, ElementsAre(7));
  EXPECT_EQ(parsed("scope/image:0:1,2").inputName, "scope/image:0");
}

TEST(ParseOnnxInputShape, RefusesWhatIsNoShape) {
  for (const char *text : {"", ":", "image:", "image", "1,,2", "1,2,", "0",
                           "-1,3", "1x3x224", "1.5", "99999999999999999999"}) {
    llvm::Expected<OnnxInputShape> shape = parseOnnxInputShape(text);
    ASSERT_FALSE(static_cast<bool>(shape)) << text;
    EXPECT_THAT(llvm::toString(shape.takeError()),
                EndsWith("got '" + std::string(text) + "'"));
  }
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

TEST(FindNonFinite, FindsTheFirstAtAnyPositionAndAlignment) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  constexpr float bad[] = {infinity, -infinity,
                           std::numeric_limits<float>::quiet_NaN(),
                           -std::numeric_limits<float>::quiet_NaN()};
  constexpr size_t count = 3 * 4096 + 5;
  for (size_t offset = 0; offset < sizeof(float); ++offset) {
    std::vector<char> bytes(offset + count * sizeof(float));
    auto put = [&](size_t index, float value) {
      std::memcpy(&bytes[offset + index * sizeof(float)], &value,
                  sizeof(value));
    };
    auto find = [&] {
      return importer::findNonFinite(llvm::ArrayRef(bytes).drop_front(offset));
    };
    put(0, std::numeric_limits<float>::max());
    put(1, std::numeric_limits<float>::denorm_min());
    EXPECT_EQ(find(), std::nullopt);
    for (size_t index :
         {count - 1, size_t(8192), size_t(4096), size_t(4095), size_t(2)}) {
      put(index, bad[index % 4]);
      EXPECT_EQ(find(), static_cast<int64_t>(index));
    }
  }
}

/// A 1x1 convolution from `channels` to as many, all weights `weight`.
onnx::ModelProto convolution(int64_t channels, float weight) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(13);
  onnx::GraphProto &graph = *model.mutable_graph();
  auto setType = [&](onnx::ValueInfoProto &value, const char *name) {
    value.set_name(name);
    auto &type = *value.mutable_type()->mutable_tensor_type();
    type.set_elem_type(onnx::TensorProto::FLOAT);
    for (int64_t size : {int64_t(1), channels, int64_t(1), int64_t(1)})
      type.mutable_shape()->add_dim()->set_dim_value(size);
  };
  setType(*graph.add_input(), "input");
  setType(*graph.add_output(), "output");
  onnx::TensorProto &filter = *graph.add_initializer();
  filter.set_name("filter");
  filter.set_data_type(onnx::TensorProto::FLOAT);
  for (int64_t size : {channels, channels, int64_t(1), int64_t(1)})
    filter.add_dims(size);
  std::vector<float> elements(channels * channels, weight);
  filter.set_raw_data(elements.data(), elements.size() * sizeof(float));
  onnx::NodeProto &node = *graph.add_node();
  node.set_name("conv");
  node.set_op_type("Conv");
  node.add_input("input");
  node.add_input("filter");
  node.add_output("output");
  return model;
}

std::string write(const test::ScratchFolder &folder,
                  const onnx::ModelProto &model) {
  std::string path = folder / "model.onnx";
  std::ofstream(path, std::ios::binary) << model.SerializeAsString();
  return path;
}

/// The bytes of the only resource in `module`.
llvm::ArrayRef<char> onlyResource(mlir::ModuleOp module) {
  llvm::ArrayRef<char> bytes;
  module.walk([&](nn::ConstantOp constant) {
    if (auto value = llvm::dyn_cast<mlir::DenseResourceElementsAttr>(
            constant.getValue()))
      bytes = value.getRawHandle().getBlob()->getData();
  });
  return bytes;
}

/// What /proc/self/status says after `key`, in kB.
int64_t readStatus(const std::string &key) {
  std::ifstream stream("/proc/self/status");
  std::string word;
  while (stream >> word)
    if (int64_t value = 0; word == key + ":" && stream >> value)
      return value;
  ADD_FAILURE() << "/proc/self/status has no " << key;
  return 0;
}

TEST(ImportOnnx, LeavesWeightsInTheFile) {
  test::ScratchFolder folder;
  std::string path = write(folder, convolution(4096, 0.5f));
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  int64_t before = readStatus("RssAnon");
  mlir::OwningOpRef<mlir::ModuleOp> module = importOnnx(context, path);
  ASSERT_TRUE(module);
  EXPECT_EQ(onlyResource(*module).size(), 64u << 20);
  // The weights take 64 MB.
  EXPECT_LT(readStatus("RssAnon") - before, 16 << 10);
}

TEST(ImportOnnx, WeightsOutliveTheModule) {
  test::ScratchFolder folder;
  std::string path = write(folder, convolution(3, 0.5f));
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  mlir::OwningOpRef<mlir::ModuleOp> module = importOnnx(context, path);
  ASSERT_TRUE(module);
  llvm::ArrayRef<char> bytes = onlyResource(*module);
  module.release()->erase();
  std::filesystem::remove(path);
  ASSERT_EQ(bytes.size(), 9 * sizeof(float));
  float element = 0;
  std::memcpy(&element, bytes.data() + 8 * sizeof(float), sizeof(element));
  EXPECT_EQ(element, 0.5f);
}

TEST(ImportOnnx, EmitsOneErrorThatNamesFileAndNode) {
  test::ScratchFolder folder;
  std::string path =
      write(folder, convolution(3, std::numeric_limits<float>::infinity()));
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  std::vector<std::string> errors;
  context.getDiagEngine().registerHandler([&](mlir::Diagnostic &diagnostic) {
    errors.push_back(diagnostic.str());
    return mlir::success();
  });
  EXPECT_FALSE(importOnnx(context, path));
  EXPECT_THAT(errors, ElementsAre(path + ": node 'conv' (Conv): every element "
                                         "of tensor 'filter' must be finite, "
                                         "got infinity at position 0"));
}

TEST(ImportOnnx, TakesSizesBelowOneAsOpen) {
  test::ScratchFolder folder;
  onnx::ModelProto model = convolution(3, 0.5f);
  auto &shape = *model.mutable_graph()
                     ->mutable_input(0)
                     ->mutable_type()
                     ->mutable_tensor_type()
                     ->mutable_shape();
  shape.mutable_dim(0)->set_dim_value(0);
  shape.mutable_dim(2)->set_dim_value(-1);
  std::string path = write(folder, model);
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  EXPECT_TRUE(importOnnx(context, path, {{parsed("1,3,1,1")}}));
  std::string error;
  context.getDiagEngine().registerHandler([&](mlir::Diagnostic &diagnostic) {
    error = diagnostic.str();
    return mlir::success();
  });
  EXPECT_FALSE(importOnnx(context, path));
  EXPECT_THAT(error, EndsWith("input 'input' has the dynamic shape ?x3x?x1: "
                              "give numbers with --input-shape=input:?,3,?,1"));
}

TEST(ImportOnnx, ImportsTwiceIntoOneContext) {
  test::ScratchFolder folder;
  std::string path = write(folder, convolution(3, 0.5f));
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  mlir::OwningOpRef<mlir::ModuleOp> first = importOnnx(context, path);
  std::string other = write(folder, convolution(3, 0.25f));
  mlir::OwningOpRef<mlir::ModuleOp> second = importOnnx(context, other);
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_NE(onlyResource(*first).data(), onlyResource(*second).data());
}

} // namespace
