//===- bundle_weights_test.cpp - Each bundle holds only its weights -------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The fully connected layers of VGG-16, with an eighth of its channels, divided
// among devices: the bundles' weights together are those of the layers.
//
//===----------------------------------------------------------------------===//

#include "compiler/serializer/PlanWriter.h"
#include "dialects/Cluster/Cluster.h"
#include "dialects/Nn/Nn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Pipelines.h"
#include "runtime/artifact/bundle_reader.h"
#include "test/support/scratch_folder.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::test;

namespace {

constexpr uint64_t inputs = 7 * 7 * 64, hidden = 512, classes = 125;

class BundleWeightsTest : public testing::Test {
protected:
  /// Compiles the three layers with the given attributes.
  void compile(const std::string &first, const std::string &second,
               const std::string &third) {
    MLIRContext context;
    context.loadDialect<cluster::ClusterDialect, nn::NnDialect,
                        func::FuncDialect>();
    std::string rows =
        R"(cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 3, 7]>)";
    std::string flat =
        R"(cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 1344, 3136]>)";
    std::string source =
        R"mlir(
      module attributes {dlti.target_system_spec = #dlti.target_system_spec<
          "a" = #dlti.target_device_spec<"cluster.address" = "localhost:7801", "cluster.threads" = 1 : i64>,
          "b" = #dlti.target_device_spec<"cluster.address" = "localhost:7802", "cluster.threads" = 1 : i64>>} {
        func.func @main(%x: tensor<1x7x7x64xf32>) -> tensor<1x125xf32> {
          %w0 = nn.constant dense<0.01> : tensor<512x3136xf32>
              viewed [512, 64, 7, 7] permuted [0, 2, 3, 1] : tensor<512x3136xf32>
          %w1 = nn.constant dense<0.02> : tensor<512x512xf32> : tensor<512x512xf32>
          %w2 = nn.constant dense<0.03> : tensor<125x512xf32> : tensor<125x512xf32>
          %b = nn.constant dense<0.5> : tensor<512xf32> : tensor<512xf32>
          %0 = nn.sigmoid %x {)mlir" +
        rows +
        R"mlir(} : (tensor<1x7x7x64xf32>) -> tensor<1x7x7x64xf32>
          %1 = nn.reshape %0 {)mlir" +
        flat +
        R"mlir(} : (tensor<1x7x7x64xf32>) -> tensor<1x3136xf32>
          %2 = nn.fully_connected %1, %w0, %b {)mlir" +
        first +
        R"mlir(} : (tensor<1x3136xf32>, tensor<512x3136xf32>, tensor<512xf32>) -> tensor<1x512xf32>
          %3 = nn.fully_connected %2, %w1, %b {)mlir" +
        second +
        R"mlir(} : (tensor<1x512xf32>, tensor<512x512xf32>, tensor<512xf32>) -> tensor<1x512xf32>
          %4 = nn.fully_connected %3, %w2 {)mlir" +
        third +
        R"mlir(} : (tensor<1x512xf32>, tensor<125x512xf32>) -> tensor<1x125xf32>
          return %4 : tensor<1x125xf32>
        }
      })mlir";
    OwningOpRef<ModuleOp> plan = parseSourceString<ModuleOp>(source, &context);
    ASSERT_TRUE(plan);
    PassManager manager(&context);
    buildDevicePipeline(manager);
    ASSERT_TRUE(succeeded(manager.run(*plan)));
    ASSERT_TRUE(succeeded(writePlan(*plan, {}, (scratch / "plan").string())));
  }

  /// The sizes of a device's weights that are matrices, in f32 elements.
  std::vector<uint64_t> matrixSizes(const std::string &device) {
    std::filesystem::path path = scratch / "plan" / (device + ".bundle");
    Expected<BundleReader> reader = BundleReader::open(path);
    EXPECT_TRUE(reader) << reader.error().message();
    std::vector<uint64_t> sizes;
    uint64_t elements = 0;
    for (uint32_t i = 0; i < reader->bundle().weights()->size(); ++i) {
      elements += reader->weight(i).size() / sizeof(float);
      if (reader->bundle().weights()->Get(i)->dims()->size() == 2)
        sizes.push_back(reader->weight(i).size() / sizeof(float));
    }
    // Beside weights, padded to 64 bytes each, a bundle is small.
    EXPECT_LT(std::filesystem::file_size(path), elements * 4 + 16384);
    return sizes;
  }

  ScratchFolder scratch;
};

TEST_F(BundleWeightsTest, OutputChannels) {
  auto channels = [](const std::string &bounds) {
    return R"(cluster.layout = #cluster.layout<channels, ["a", "b"], )" +
           bounds + ">";
  };
  compile(channels("[0, 200, 512]"), channels("[0, 256, 512]"),
          channels("[0, 0, 125]"));
  EXPECT_EQ(matrixSizes("a"),
            (std::vector<uint64_t>{200 * inputs, 256 * hidden}));
  EXPECT_EQ(matrixSizes("b"), (std::vector<uint64_t>{312 * inputs, 256 * hidden,
                                                     classes * hidden}));
}

TEST_F(BundleWeightsTest, InputAndOutputChannelsInTurn) {
  compile(
      R"(cluster.partials = #cluster.partials<["a", "b"], [0, 1344, 3136]>,
         cluster.layout = #cluster.layout<replicated, ["a", "b"]>)",
      R"(cluster.layout = #cluster.layout<channels, ["b", "a"], [0, 100, 512]>)",
      R"(cluster.partials = #cluster.partials<["b", "a"], [0, 100, 512]>,
         cluster.layout = #cluster.layout<owner, ["b"]>)");
  EXPECT_EQ(matrixSizes("a"), (std::vector<uint64_t>{
                                  hidden * 1344, 412 * hidden, classes * 412}));
  EXPECT_EQ(matrixSizes("b"), (std::vector<uint64_t>{
                                  hidden * 1792, 100 * hidden, classes * 100}));
}

} // namespace
