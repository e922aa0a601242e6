//===- stream_run_test.cpp - Photographs in pieces of rows ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The first layers of ResNet-18, with an eighth of its channels, on a small
// photograph: in pieces of rows, devices answer with the same bits as without.
//
//===----------------------------------------------------------------------===//

#include "compiler/serializer/PlanWriter.h"
#include "dialects/Cluster/Cluster.h"
#include "dialects/Nn/Nn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Pipelines.h"
#include "test/support/scratch_folder.h"
#include "windrow/session.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <functional>
#include <random>

using namespace mlir;
using namespace windrow;
using namespace windrow::test;

namespace {

/// The layout of layer `layer`.
using GetLayout = std::function<std::string(size_t layer)>;

/// The layers behind the photograph's pixels, of which all but the last two are
/// the stream.
std::string writeNetwork(const GetLayout &getLayout) {
  auto layout = [&](size_t layer) {
    return "cluster.layout = #cluster.layout<" + getLayout(layer) + ">} : ";
  };
  return R"mlir(
    module attributes {dlti.target_system_spec = #dlti.target_system_spec<
        "a" = #dlti.target_device_spec<"cluster.address" = "localhost:7801", "cluster.threads" = 1 : i64>,
        "b" = #dlti.target_device_spec<"cluster.address" = "localhost:7802", "cluster.threads" = 1 : i64>>} {
      func.func @main(%x: tensor<1x48x40x3xui8>) -> (tensor<1x12x10x8xf32>, tensor<1x1x1x8xf32>) {
        %f = nn.constant dense<0.03125> : tensor<8x7x7x3xf32> : tensor<8x7x7x3xf32>
        %g = nn.constant dense<-0.0625> : tensor<8x3x3x8xf32> : tensor<8x3x3x8xf32>
        %0 = nn.normalize_image %x {mean = array<f32: 0.485, 0.456, 0.406>, deviation = array<f32: 0.229, 0.224, 0.225>, )mlir" +
         layout(0) +
         R"mlir((tensor<1x48x40x3xui8>) -> tensor<1x48x40x3xf32>
        %1 = nn.conv_2d %0, %f {strides = array<i64: 2, 2>, pads = array<i64: 3, 3, 3, 3>, clamp = #nn.clamp<min = 0.0>, )mlir" +
         layout(1) +
         R"mlir((tensor<1x48x40x3xf32>, tensor<8x7x7x3xf32>) -> tensor<1x24x20x8xf32>
        %2 = nn.max_pool_2d %1 {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, )mlir" +
         layout(2) +
         R"mlir((tensor<1x24x20x8xf32>) -> tensor<1x12x10x8xf32>
        %3 = nn.conv_2d %2, %g {pads = array<i64: 1, 1, 1, 1>, algorithm = #nn.algorithm<winograd4x4>, )mlir" +
         layout(3) +
         R"mlir((tensor<1x12x10x8xf32>, tensor<8x3x3x8xf32>) -> tensor<1x12x10x8xf32>
        %4 = nn.conv_2d %3, %g {pads = array<i64: 1, 1, 1, 1>, )mlir" +
         layout(4) +
         R"mlir((tensor<1x12x10x8xf32>, tensor<8x3x3x8xf32>) -> tensor<1x12x10x8xf32>
        %5 = nn.add %2, %4 {)mlir" +
         layout(5) +
         R"mlir((tensor<1x12x10x8xf32>, tensor<1x12x10x8xf32>) -> tensor<1x12x10x8xf32>
        %6 = nn.conv_2d %5, %g {pads = array<i64: 1, 1, 1, 1>, )mlir" +
         layout(6) +
         R"mlir((tensor<1x12x10x8xf32>, tensor<8x3x3x8xf32>) -> tensor<1x12x10x8xf32>
        %7 = nn.global_avg_pool %6 {)mlir" +
         layout(7) +
         R"mlir((tensor<1x12x10x8xf32>) -> tensor<1x1x1x8xf32>
        return %5, %7 : tensor<1x12x10x8xf32>, tensor<1x1x1x8xf32>
      }
    })mlir";
}

/// Rows of two devices, those that both need computed by both; the tiles of
/// layer 3 have four rows.
std::string divideAmongTwo(size_t layer, const std::string &pieces) {
  const std::string devices = R"(rows, ["a", "b"], )";
  const char *rows[] = {"[0, 20, 48], computed = [0, 38, 7, 48]",
                        "[0, 10, 24], computed = [0, 18, 5, 24]",
                        "[0, 5, 12], computed = [0, 9, 3, 12]",
                        "[0, 5, 12], computed = [0, 6, 4, 12]",
                        "[0, 5, 12]",
                        "[0, 5, 12]"};
  if (layer < std::size(rows))
    return devices + rows[layer] + pieces;
  return layer == 6 ? devices + "[0, 7, 12]" : R"(owner, ["b"])";
}

std::string leaveToOne(size_t layer, const std::string &pieces) {
  return R"(owner, ["b"])" + (layer < 6 ? pieces : "");
}

class StreamRunTest : public testing::Test {
protected:
  /// What the devices answer with these layouts.
  std::vector<std::vector<float>> run(const GetLayout &getLayout) {
    MLIRContext context;
    context.loadDialect<cluster::ClusterDialect, nn::NnDialect,
                        func::FuncDialect>();
    OwningOpRef<ModuleOp> plan =
        parseSourceString<ModuleOp>(writeNetwork(getLayout), &context);
    PassManager manager(&context);
    buildDevicePipeline(manager);
    ScratchFolder scratch;
    std::string folder = (scratch / "plan").string();
    PlanFacts facts;
    facts.image = {{0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}};
    if (!plan || failed(manager.run(*plan)) ||
        failed(writePlan(*plan, facts, folder))) {
      ADD_FAILURE() << "must compile";
      return {};
    }
    SessionOptions options;
    options.local = true;
    Expected<std::unique_ptr<Session>> session =
        Session::connect(folder, options);
    if (!session) {
      ADD_FAILURE() << session.error().message();
      return {};
    }
    Image image{48, 40, 3, std::vector<uint8_t>(48 * 40 * 3)};
    std::mt19937 random(7);
    for (uint8_t &pixel : image.pixels)
      pixel = static_cast<uint8_t>(random());
    Expected<Answer> answer = (*session)->run(image);
    if (!answer) {
      ADD_FAILURE() << answer.error().message();
      return {};
    }
    std::vector<std::vector<float>> outputs;
    for (const Tensor &output : answer->outputs)
      outputs.push_back(output.values);
    return outputs;
  }
};

TEST_F(StreamRunTest, TwoDevicesAnswerAsWithoutPieces) {
  const auto whole =
      run([](size_t layer) { return divideAmongTwo(layer, ""); });
  ASSERT_THAT(whole, testing::SizeIs(2));
  EXPECT_THAT(whole[0], testing::SizeIs(12 * 10 * 8));
  for (int pieces : {2, 3, 5, 12})
    EXPECT_EQ(run([&](size_t layer) {
                return divideAmongTwo(layer, " in " + std::to_string(pieces) +
                                                 " pieces");
              }),
              whole)
        << pieces;
}

TEST_F(StreamRunTest, OneDeviceAnswersAsWithoutPieces) {
  const auto whole = run([](size_t layer) { return leaveToOne(layer, ""); });
  ASSERT_THAT(whole, testing::SizeIs(2));
  for (int pieces : {2, 4, 7})
    EXPECT_EQ(run([&](size_t layer) {
                return leaveToOne(layer,
                                  " in " + std::to_string(pieces) + " pieces");
              }),
              whole)
        << pieces;
}

} // namespace
