//===- profile_test.cpp - Tests of windrow-profile ------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/executor/executor.h"
#include "runtime/tools/median.h"
#include "runtime/tools/operator_profiler.h"
#include "runtime/tools/probe_bundle.h"
#include "test/support/scratch_folder.h"
#include "test/support/tool_process.h"
#include "test/unit/complete_bundle.h"

#include <algorithm>
#include <bit>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

namespace windrow::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// A bundle file with every operator.
class ProfileTest : public testing::Test {
protected:
  ProfileTest() { EXPECT_TRUE(makeCompleteBundle().write(bundle).ok()); }

  BundleOperators list() const {
    Expected<BundleReader> reader = BundleReader::open(bundle);
    EXPECT_TRUE(reader) << reader.error().message();
    return listOperators(*reader);
  }

  ScratchFolder folder;
  const std::string bundle = folder / "press-1.bundle";
  const std::string table = folder / "costs.json";
};

std::vector<uint32_t> list(std::initializer_list<uint32_t> values) {
  return values;
}

ProfiledOperator makeConvolution(uint32_t inputs, uint32_t outputs,
                                 uint32_t groups) {
  ProfiledOperator op;
  op.shape.kind = "conv_2d";
  op.shape.kernel = "direct";
  op.shape.window = {3, 3};
  op.shape.groups = groups;
  op.shape.input = {6, inputs};
  op.shape.output = {6, outputs};
  op.rows = 5;
  return op;
}

//===----------------------------------------------------------------------===//
// What is measured
//===----------------------------------------------------------------------===//

TEST_F(ProfileTest, ListsOperatorsInTheirOrder) {
  BundleOperators found = list();
  std::vector<std::string> kinds;
  for (const ProfiledOperator &op : found.operators)
    kinds.push_back(op.shape.kind);
  EXPECT_THAT(kinds, ElementsAre("normalize_image", "conv_2d", "max_pool_2d",
                                 "avg_pool_2d", "add", "clamp", "scale_shift",
                                 "concat", "pad", "slice", "global_avg_pool",
                                 "fully_connected", "softmax"));
  EXPECT_THAT(found.skippedKinds, ElementsAre("Transpose"));
  const ProfiledOperator &conv = found.operators[Convolution];
  EXPECT_EQ(conv.rows, 8u);
  EXPECT_EQ(conv.shape.kernel, "direct");
  EXPECT_THAT(conv.shape.window, ElementsAre(3, 3));
  EXPECT_THAT(conv.shape.input, ElementsAre(8, 3));
  EXPECT_THAT(conv.shape.output, ElementsAre(8, 4));
  const ProfiledOperator &pool = found.operators[MaxPool];
  EXPECT_EQ(pool.rows, 4u);
  EXPECT_THAT(pool.shape.strides, ElementsAre(2, 2));
  EXPECT_EQ(found.operators[GlobalMean - 1].rows, 8u); // the input's
  EXPECT_THAT(found.operators[Dense - 1].shape.input, ElementsAre(4));
}

TEST(ProfiledOperator, PartsOfLayersAreJoined) {
  ProfiledOperator conv = makeConvolution(4, 8, 1), dense;
  dense.shape.kind = "fully_connected";
  dense.shape.input = dense.shape.output = {10};
  ProfiledOperator half = dense;
  half.shape.output = {5};
  conv.rows = 2;
  ProfiledOperator more = conv;
  more.rows = 7;
  const std::vector<BundleOperators> devices = {
      {{conv, more, conv, dense}, {"conv1", "conv1", "conv2", "dense"}, {}},
      {{more, dense, half}, {"conv1", "dense", "dense"}, {}}};
  std::vector<ProfiledOperator> joined = joinLayers(devices);
  ASSERT_EQ(joined.size(), 4u);
  EXPECT_EQ(joined[0].rows, 16u); // conv1: 2 + 7 + 7
  EXPECT_EQ(joined[1].rows, 2u);
  EXPECT_EQ(joined[2].shape, dense.shape);
  EXPECT_EQ(joined[2].rows, 1u);
  EXPECT_EQ(joined[3].shape, half.shape);
}

TEST(ProfiledOperator, OtherKernelsAreAdded) {
  ProfiledOperator direct = makeConvolution(4, 8, 1);
  ProfiledOperator winograd = makeConvolution(8, 8, 1);
  winograd.shape.kernel = "winograd4x4";
  ProfiledOperator another = winograd;
  another.shape.kernel = "winograd2x2";
  auto kernelsOf = [](std::vector<ProfiledOperator> operators) {
    std::vector<std::string> kernels;
    for (const ProfiledOperator &op : addOtherKernels(std::move(operators)))
      kernels.push_back(op.shape.kernel);
    return kernels;
  };
  EXPECT_THAT(kernelsOf({direct}), ElementsAre("direct"));
  EXPECT_THAT(kernelsOf({direct, winograd}),
              ElementsAre("direct", "winograd4x4", "direct", "winograd2x2"));
  EXPECT_THAT(kernelsOf({winograd, another}),
              ElementsAre("winograd4x4", "winograd2x2", "direct", "direct"));
}

TEST(ProfiledOperator, RowsHalveDownToOne) {
  EXPECT_EQ(rowSteps(1), list({1}));
  EXPECT_EQ(rowSteps(7), list({7, 4, 2, 1}));
  EXPECT_EQ(rowSteps(56), list({56, 28, 14, 7, 4, 2, 1}));
}

TEST(ProfiledOperator, ChannelsAreSlicedByParts) {
  ProfiledOperator conv = makeConvolution(9, 10, 1);
  EXPECT_THAT(sliceChannels(conv, ChannelSide::Output, 4)->shape.output,
              ElementsAre(6, 3));
  EXPECT_THAT(sliceChannels(conv, ChannelSide::Input, 2)->shape.input,
              ElementsAre(6, 5));
  EXPECT_FALSE(sliceChannels(conv, ChannelSide::Input, 10));

  ProfiledOperator depthwise = makeConvolution(12, 24, 12);
  std::optional<ProfiledOperator> half =
      sliceChannels(depthwise, ChannelSide::Output, 2);
  ASSERT_TRUE(half);
  EXPECT_EQ(half->shape.groups, 6u);
  EXPECT_THAT(half->shape.input, ElementsAre(6, 6));
  EXPECT_THAT(half->shape.output, ElementsAre(6, 12));
  EXPECT_FALSE(sliceChannels(depthwise, ChannelSide::Input, 2));

  ProfiledOperator pool = conv;
  pool.shape.kind = "max_pool_2d";
  EXPECT_FALSE(sliceChannels(pool, ChannelSide::Output, 2));
}

//===----------------------------------------------------------------------===//
// Probes
//===----------------------------------------------------------------------===//

TEST(ProbeBundle, RunsAStripFromTheMiddleOfTheImage) {
  std::vector<ProfiledOperator> operators = {makeConvolution(4, 8, 2)};
  operators[0].shape.strides = {2, 1};
  std::vector<Probe> probes = {{0, 5}, {0, 2}};
  Expected<BundleReader> reader = createProbeBundle(operators, probes);
  ASSERT_TRUE(reader) << reader.error().message();
  const format::Bundle &bundle = reader->bundle();
  ASSERT_EQ(bundle.operators()->size(), 2u);
  EXPECT_EQ(bundle.weights()->size(), 2u); // shared by both
  const format::Conv2D &conv =
      *bundle.operators()->Get(1)->operation_as_Conv2D();
  const auto &input = *bundle.tensors()->Get(conv.input())->dims();
  EXPECT_THAT(std::vector<uint32_t>(input.begin(), input.end()),
              ElementsAre(1, 5, 6, 4));
  EXPECT_EQ(conv.padding()->top(), 0u);
  EXPECT_EQ(conv.padding()->left() + conv.padding()->right(), 2u);
}

TEST_F(ProfileTest, TheKernelIsThatOfTheBundle) {
  const std::pair<format::ConvolutionKernel, const char *> kernels[] = {
      {format::ConvolutionKernel::Direct, "direct"},
      {format::ConvolutionKernel::Winograd4x4, "winograd4x4"},
      {format::ConvolutionKernel::Winograd2x2, "winograd2x2"}};
  for (auto [kernel, name] : kernels) {
    TestBundle changed = makeCompleteBundle();
    tableAt<format::Conv2DT>(changed, Convolution).kernel = kernel;
    ASSERT_TRUE(changed.write(bundle).ok());
    ProfiledOperator conv = list().operators[Convolution];
    EXPECT_EQ(conv.shape.kernel, name);
    Expected<BundleReader> probes =
        createProbeBundle(std::span(&conv, 1), std::vector<Probe>{{0, 3}});
    ASSERT_TRUE(probes) << probes.error().message();
    EXPECT_EQ(
        probes->bundle().operators()->Get(0)->operation_as_Conv2D()->kernel(),
        kernel);
  }
}

TEST(ProbeBundle, WeightsAreNoise) {
  // More than one block of it.
  ProfiledOperator dense;
  dense.shape.kind = "fully_connected";
  dense.shape.input = {1200};
  dense.shape.output = {1000};
  Expected<BundleReader> reader =
      createProbeBundle(std::span(&dense, 1), std::vector<Probe>{{0, 1}});
  ASSERT_TRUE(reader) << reader.error().message();
  EXPECT_TRUE(reader->checkWeight(0).ok());
  std::span<const std::byte> bytes = reader->weight(0);
  std::span values(reinterpret_cast<const float *>(bytes.data()),
                   bytes.size() / sizeof(float));
  double sum = 0, squares = 0;
  for (float value : values) {
    sum += value;
    squares += value * value;
  }
  auto count = static_cast<double>(values.size());
  EXPECT_NEAR(sum / count, 0, 0.01);
  EXPECT_NEAR(squares / count, 1.0 / 3, 0.01);
}

TEST(ProbeBundle, RefusesWhatNoOperatorIs) {
  auto messageFor = [](const ProfiledOperator &op) {
    Expected<BundleReader> reader =
        createProbeBundle(std::span(&op, 1), std::vector<Probe>{{0, op.rows}});
    EXPECT_FALSE(reader);
    return reader ? "" : reader.error().message();
  };
  ProfiledOperator op = makeConvolution(4, 8, 3);
  EXPECT_THAT(messageFor(op),
              StartsWith("probes: operator 0 'conv_2d' (Conv2D): groups"));
  op = makeConvolution(1u << 30, 1u << 30, 1);
  EXPECT_THAT(messageFor(op), HasSubstr("operators must fit into"));
  op.shape.kind = "reverse";
  EXPECT_EQ(messageFor(op), "kind must be one that is measured, got 'reverse'");
}

//===----------------------------------------------------------------------===//
// Measuring
//===----------------------------------------------------------------------===//

TEST_F(ProfileTest, MeasuresEveryOperatorAtAllItsRows) {
  ProfileOptions options;
  options.budget = std::chrono::milliseconds(500);
  double done = 0;
  Expected<DeviceCosts> device =
      profileOperators(list().operators, options, [&](double fraction) {
        EXPECT_GE(fraction, done);
        done = fraction;
        return Status();
      });
  ASSERT_TRUE(device) << device.error().message();
  EXPECT_NEAR(done, 1, 1e-6);
  EXPECT_GT(device->kernelOverheadMicroseconds, 0);
  ASSERT_TRUE(device->channelTile);
  EXPECT_TRUE(std::has_single_bit(*device->channelTile));
  EXPECT_GE(*device->channelTile, 4u);
  EXPECT_LE(*device->channelTile, 128u);
  for (const ProfiledOperator &op : list().operators) {
    auto cost =
        std::ranges::find(device->operators, op.shape, &OperatorCost::shape);
    ASSERT_NE(cost, device->operators.end()) << op.shape.kind;
    EXPECT_EQ(cost->rows.back(), op.rows);
    EXPECT_EQ(cost->rows.front(), 1u);
    for (double seconds : cost->seconds)
      EXPECT_GT(seconds, 0) << op.shape.kind;
  }
  // Halves of both sides of the convolution, quarters of its outputs alone
  // since there are three inputs; and of the fully connected layer. Nothing has
  // sixteen channels.
  auto has = [&](std::vector<uint32_t> input, std::vector<uint32_t> output) {
    return std::ranges::any_of(device->operators, [&](const auto &cost) {
      return cost.shape.input == input && cost.shape.output == output;
    });
  };
  EXPECT_TRUE(has({8, 3}, {8, 2}));
  EXPECT_TRUE(has({8, 3}, {8, 1}));
  EXPECT_TRUE(has({8, 2}, {8, 4}));
  EXPECT_FALSE(has({8, 1}, {8, 4}));
  EXPECT_TRUE(has({4}, {5}));
  EXPECT_TRUE(has({2}, {10}));
}

TEST_F(ProfileTest, PaceStretchesTimes) {
  // Long enough for a clock.
  std::vector<ProfiledOperator> operators = {makeConvolution(128, 128, 1)};
  operators[0].rows = 64;
  auto measure = [&](double pace) {
    ProfileOptions options;
    options.pace = pace;
    options.slices.clear();
    options.budget = std::chrono::milliseconds(200);
    Expected<DeviceCosts> device =
        profileOperators(operators, options, [](double) { return Status(); });
    EXPECT_TRUE(device) << device.error().message();
    return device->operators[0].seconds.back();
  };
  // A processor that is a virtual one becomes several times as fast or as slow
  // from one second to the next: only neighbours are compared.
  std::vector<double> toWhole, toMost;
  for (int round = 0; round < 9; ++round) {
    const double whole = measure(1), fifth = measure(0.2), most = measure(0.8);
    toWhole.push_back(fifth / whole);
    toMost.push_back(fifth / most);
  }
  EXPECT_GT(median(toWhole), 3.125) << testing::PrintToString(toWhole);
  EXPECT_LT(median(toWhole), 10) << testing::PrintToString(toWhole);
  EXPECT_GT(median(toMost), 2.5) << testing::PrintToString(toMost);
  EXPECT_LT(median(toMost), 6) << testing::PrintToString(toMost);
}

TEST_F(ProfileTest, ProgressMayEndIt) {
  ProfileOptions options;
  Expected<DeviceCosts> device =
      profileOperators(list().operators, options, [](double) {
        return Status(StatusCode::Cancelled, "enough");
      });
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().message(), "enough");
}

//===----------------------------------------------------------------------===//
// The tool
//===----------------------------------------------------------------------===//

std::string errorOf(const std::vector<std::string> &arguments) {
  ToolResult result = runTool("windrow-profile", arguments);
  EXPECT_EQ(result.status, 1) << result.output << result.errors;
  EXPECT_EQ(result.output, "");
  EXPECT_THAT(result.errors, StartsWith("windrow-profile: error: "));
  return result.errors;
}

TEST_F(ProfileTest, WritesAndMergesTables) {
  ToolResult result =
      runTool("windrow-profile", {bundle, "--output=" + table, "--budget=0.2"});
  ASSERT_EQ(result.status, 0) << result.errors;
  EXPECT_EQ(result.errors, "windrow-profile: warning: " + bundle +
                               ": not measured: Transpose\n");
  EXPECT_THAT(result.output, StartsWith("press-1: 1 thread, "));
  EXPECT_THAT(result.output, HasSubstr("conv_2d direct 3x3 8x3 to 8x4"));

  result = runTool("windrow-profile",
                   {bundle, "--output=" + table, "--budget=0.2", "--threads=2",
                    "--name=press-9", "--slices=1", "--json"});
  ASSERT_EQ(result.status, 0) << result.errors;
  auto printed = nlohmann::ordered_json::parse(result.output);
  EXPECT_EQ(printed["devices"].size(), 1u);
  Expected<ProfiledCosts> costs = readCostTable(table);
  ASSERT_TRUE(costs) << costs.error().message();
  ASSERT_EQ(costs->devices.size(), 2u);
  EXPECT_EQ(costs->devices[0].name, "press-1");
  EXPECT_EQ(costs->devices[1].name, "press-9");
  EXPECT_EQ(costs->devices[1].threads, 2u);
  EXPECT_EQ(toJson(costs->devices[1]), printed["devices"][0]);
  EXPECT_LT(costs->devices[1].operators.size(),
            costs->devices[0].operators.size());
}

TEST_F(ProfileTest, NamesWhatItCannotUse) {
  EXPECT_EQ(
      errorOf({folder / "missing.bundle"}),
      "windrow-profile: error: " + std::string(folder / "missing.bundle") +
          ": cannot open: No such file or directory\n");
  TestBundle client(1, 1);
  client.modelInput(client.tensor({1, 1}), {1, 1}, format::TensorLayout::Any);
  client.modelOutput(client.tensor({1, 1}), {1, 1}, format::TensorLayout::Any);
  ASSERT_TRUE(client.write(folder / "client.bundle").ok());
  EXPECT_THAT(errorOf({folder / "client.bundle"}),
              HasSubstr(": bundle must be a device's, got the client's\n"));
  ASSERT_TRUE(TestBundle(2, 0).write(folder / "idle.bundle").ok());
  EXPECT_THAT(errorOf({folder / "idle.bundle"}),
              HasSubstr(": bundle must have operators, got none\n"));
  EXPECT_EQ(errorOf({}),
            "windrow-profile: error: PATH or --serve must be given\n");
  EXPECT_THAT(errorOf({bundle, "--serve=127.0.0.1:0"}), HasSubstr("--serve"));
  EXPECT_THAT(errorOf({bundle, "--pace=2"}), HasSubstr("--pace"));
  EXPECT_THAT(errorOf({bundle, "--slices=0"}), HasSubstr("--slices"));
}

TEST_F(ProfileTest, LeavesATableThatItCannotReadAsItIs) {
  std::ofstream(table) << "not a table";
  EXPECT_EQ(errorOf({bundle, "--output=" + table}),
            "windrow-profile: error: " + table + ": file must be JSON\n");
  std::ifstream stream(table);
  std::string content;
  std::getline(stream, content);
  EXPECT_EQ(content, "not a table");
}

TEST_F(ProfileTest, InterruptLeavesNothing) {
  ToolProcess process("windrow-profile", {bundle, "--output=" + table,
                                          "--budget=50", "--pace=0.001"});
  process.awaitError("not measured");
  process.sendSignal(SIGINT);
  EXPECT_NE(process.wait(), 0);
  std::filesystem::remove(bundle);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path));
}

TEST_F(ProfileTest, HelpHasExamples) {
  ToolResult result = runTool("windrow-profile", {"--help"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.errors, "");
  for (const char *part : {"EXAMPLES:", "--output", "--serve", "--device",
                           "--measure", "--pace", "--budget"})
    EXPECT_THAT(result.output, HasSubstr(part));
}

} // namespace
} // namespace windrow::test
