//===- cost_file_test.cpp - Reads a cost table ----------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/CostFile.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

using namespace windrow;

namespace {

class CostFile : public testing::Test {
protected:
  tl::expected<CostTable, FileError> read(const std::string &text) {
    std::ofstream(path) << text;
    return readCostFile(path);
  }

  void expectError(const std::string &text, int line,
                   const std::string &message) {
    auto table = read(text);
    ASSERT_FALSE(table.has_value()) << text;
    EXPECT_EQ(table.error().line, line) << table.error().message;
    EXPECT_EQ(table.error().message, message);
  }

  void TearDown() override { std::filesystem::remove(path); }

  const std::string path =
      testing::TempDir() + "windrow-costs-" +
      testing::UnitTest::GetInstance()->current_test_info()->name() + ".json";
};

const std::string head = R"({"format": "windrow-costs", "version": 1,
)";

std::string withOperator(const std::string &fields) {
  return head + R"("devices": [{"name": "a", "operators": [
{)" + fields +
         "}]}]}";
}

TEST_F(CostFile, HoldsDevicesAndLinks) {
  auto table = read(head + R"(
    "devices": [{"name": "press-1", "threads": 2, "kernel_overhead_us": 3.0,
      "channel_tile": 32, "operators": [
        {"kind": "conv_2d", "kernel": "winograd", "window": [3, 3],
         "strides": [1, 2], "dilations": [1, 1], "groups": 4,
         "input": [112, 64], "output": [56, 128], "rows": [1, 56],
         "seconds": [0.5, 2e-2]},
        {"kind": "fully_connected", "input": [25088], "output": [4096],
         "rows": [1], "seconds": [0.25]}]}],
    "links": [{"from": "press-1", "to": "client", "latency_us": 110.0,
               "bandwidth_mbit": 800, "message_us": 25.0}]})");
  ASSERT_TRUE(table.has_value()) << table.error().message;
  ASSERT_EQ(table->devices.size(), 1u);
  const MeasuredDevice &device = table->devices[0];
  EXPECT_EQ(device.name, "press-1");
  EXPECT_EQ(device.threads, 2);
  EXPECT_DOUBLE_EQ(device.kernelOverheadSeconds, 3e-6);
  EXPECT_EQ(device.channelTile, 32);
  ASSERT_EQ(device.operators.size(), 2u);
  OperatorShape expected{"conv_2d", "winograd", {3, 3}, {1, 2}, {1, 1}, 4};
  expected.input = {112, 64};
  expected.output = {56, 128};
  EXPECT_EQ(device.operators[0].shape, expected);
  EXPECT_EQ(device.operators[0].rows, (std::vector<int64_t>{1, 56}));
  EXPECT_EQ(device.operators[0].seconds, (std::vector<double>{0.5, 2e-2}));
  OperatorShape matrix{"fully_connected"};
  matrix.input = {0, 25088};
  matrix.output = {0, 4096};
  EXPECT_EQ(device.operators[1].shape, matrix);
  ASSERT_EQ(table->links.size(), 1u);
  EXPECT_DOUBLE_EQ(table->links[0].latencySeconds, 110e-6);
  EXPECT_DOUBLE_EQ(table->links[0].bytesPerSecond, 1e8);
  EXPECT_DOUBLE_EQ(table->links[0].messageSeconds, 25e-6);
  EXPECT_NE(table->findLink("client", "press-1"), nullptr);
  EXPECT_EQ(table->findLink("client", "press-2"), nullptr);
}

TEST_F(CostFile, DropsWhatTheClusterLacks) {
  auto table = read(head + R"("devices": [
    {"name": "a", "operators": []}, {"name": "b", "operators": []}],
    "links": [
      {"from": "a", "to": "client", "latency_us": 1, "bandwidth_mbit": 1},
      {"from": "b", "to": "a", "latency_us": 1, "bandwidth_mbit": 1}]})");
  ASSERT_TRUE(table.has_value()) << table.error().message;
  ClusterDescription cluster;
  cluster.devices.emplace_back().name = "a";
  EXPECT_EQ(dropUnknown(*table, cluster),
            (std::vector<std::string>{"device 'b'", "link from 'b' to 'a'"}));
  EXPECT_EQ(table->devices.size(), 1u);
  EXPECT_EQ(table->links.size(), 1u);
}

TEST_F(CostFile, MustExistAndBeJson) {
  auto table = readCostFile(path + ".absent");
  ASSERT_FALSE(table.has_value());
  EXPECT_EQ(table.error().message, "cost table cannot be read");
  table = read("{\"format\": [\n");
  ASSERT_FALSE(table.has_value());
  EXPECT_EQ(table.error().message.rfind("cost table must be JSON: ", 0), 0u);
}

TEST_F(CostFile, NamesTheKeyAndTheLineOfWhatIsWrong) {
  expectError("", 0, "the file must be a map, got nothing");
  expectError("{\"format\": \"windrow-costs\", \"version\": 1}", 1,
              "the file must have the key 'devices'");
  expectError("{\"format\": \"x\", \"version\": 1, \"devices\": []}", 1,
              "format must be 'windrow-costs', got 'x'");
  expectError(
      "{\"format\": \"windrow-costs\",\n\"version\": 2, \"devices\": []}", 2,
      "version must be 1, got '2'");
  expectError(head + R"("devices": 1})", 2, "devices must be a list, got '1'");
  expectError(head + R"("devices": [{"name": "a"}]})", 2,
              "devices[0] must have the key 'operators'");
  expectError(head + R"("devices": [{"name": "a", "operators": []},
{"name": "a", "operators": []}]})",
              3, "devices[1].name must be unique, got 'a' again");
  expectError(
      head + R"("devices": [{"name": "a", "channel_tile": 0,
"operators": []}]})",
      2,
      "devices[0].channel_tile must be a whole number, 1 or greater, got '0'");
  expectError(head + R"("devices": [], "links": [{"from": "a", "to": "b",
"latency_us": -1, "bandwidth_mbit": 1}]})",
              3,
              "links[0].latency_us must be a number, 0 or greater, got "
              "'-1'");
}

TEST_F(CostFile, ChecksOperators) {
  const std::string key = "devices[0].operators[0]";
  const std::string good =
      R"("kind": "add", "input": [4, 4], "output": [4, 4], )";
  expectError(withOperator(good + R"("rows": [1])"), 3,
              key + " must have the key 'seconds'");
  expectError(withOperator(good + R"("rows": [2, 1], "seconds": [1, 1])"), 3,
              key + ".rows must hold ascending numbers");
  expectError(withOperator(good + R"("rows": [], "seconds": [])"), 3,
              key + ".rows must hold ascending numbers");
  expectError(withOperator(good + R"("rows": [0], "seconds": [1])"), 3,
              key + ".rows[0] must be a whole number, 1 or greater, got '0'");
  expectError(withOperator(good + R"("rows": [1, 2], "seconds": [1])"), 3,
              key + ".seconds must hold one number for each of rows, 2, got 1");
  expectError(withOperator(good + R"("rows": [1], "seconds": [0])"), 3,
              key + ".seconds[0] must be a positive number, got '0'");
  expectError(
      withOperator(good + R"("window": [1], "rows": [], "seconds": [])"), 3,
      key + ".window must hold 2 numbers, got 1");
  expectError(withOperator(good + R"("clamp": 3, "rows": [], "seconds": [])"),
              3, key + ".clamp must be true or false, got '3'");
  expectError(withOperator(R"("kind": "add", "input": [1, 2, 3],
"output": [1], "rows": [1], "seconds": [1])"),
              3, key + ".input must hold 1 or 2 numbers, got 3");
}

} // namespace
