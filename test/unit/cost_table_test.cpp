//===- cost_table_test.cpp - Tests of the cost table ----------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/cost_table.h"
#include "test/support/scratch_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace windrow::test {
namespace {

using Json = nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;

ProfiledShape convolution(uint32_t outputs) {
  ProfiledShape shape;
  shape.kind = "conv_2d";
  shape.kernel = "direct";
  shape.window = {3, 5};
  shape.strides = {1, 2};
  shape.input = {112, 64};
  shape.output = {56, outputs};
  return shape;
}

ProfiledShape dense() {
  ProfiledShape shape;
  shape.kind = "fully_connected";
  shape.input = {25088};
  shape.output = {4096};
  return shape;
}

ProfiledShape clampedProduct() {
  ProfiledShape shape;
  shape.kind = "multiply";
  shape.input = shape.output = {7, 8};
  shape.isBroadcast = shape.isClamped = true;
  return shape;
}

DeviceCosts device(const std::string &name, uint32_t threads,
                   std::vector<OperatorCost> operators) {
  return {name, threads, 2.5, std::move(operators)};
}

ProfiledCosts makeTable() {
  ProfiledCosts table;
  table.devices.push_back(device(
      "press-1", 1,
      {{convolution(128), {1, 4, 7}, {0.25, 0.5, 0.75}}, {dense(), {1}, {2}}}));
  table.devices.push_back(
      device("press-2", 4, {{clampedProduct(), {2}, {1e-6}}}));
  table.devices.back().channelTile = 8;
  table.links.push_back({"press-1", "client", 110, 930.5, 25});
  return table;
}

Json jsonOf(const ProfiledCosts &table) { return toJson(table); }

TEST(ProfiledCosts, IsWrittenAsDocumented) {
  EXPECT_EQ(jsonOf(makeTable()), Json::parse(R"({
    "format": "windrow-costs", "version": 1,
    "devices": [
      {"name": "press-1", "threads": 1, "kernel_overhead_us": 2.5,
       "operators": [
         {"kind": "conv_2d", "kernel": "direct", "window": [3, 5],
          "strides": [1, 2], "dilations": [1, 1], "groups": 1,
          "input": [112, 64], "output": [56, 128], "rows": [1, 4, 7],
          "seconds": [0.25, 0.5, 0.75]},
         {"kind": "fully_connected", "input": [25088], "output": [4096],
          "rows": [1], "seconds": [2.0]}]},
      {"name": "press-2", "threads": 4, "kernel_overhead_us": 2.5,
       "channel_tile": 8, "operators": [
         {"kind": "multiply", "input": [7, 8], "output": [7, 8],
          "broadcast": true, "clamp": true, "rows": [2],
          "seconds": [1e-06]}]}],
    "links": [{"from": "press-1", "to": "client", "latency_us": 110.0,
               "bandwidth_mbit": 930.5, "message_us": 25.0}]})"));
}

TEST(ProfiledCosts, RoundsTimes) {
  ProfiledCosts table = makeTable();
  table.devices[0].operators[0].seconds[0] = 0.000123456789;
  EXPECT_EQ(jsonOf(table)["devices"][0]["operators"][0]["seconds"][0],
            0.00012346);
}

TEST(ProfiledCosts, FileIsReadAsWritten) {
  ScratchFolder folder;
  std::string path = folder / "costs.json";
  ASSERT_TRUE(writeCostTable(path, makeTable()).ok());
  Expected<ProfiledCosts> table = readCostTable(path);
  ASSERT_TRUE(table) << table.error().message();
  EXPECT_EQ(jsonOf(*table), jsonOf(makeTable()));
  ASSERT_TRUE(writeCostTable(path, ProfiledCosts()).ok());
  table = readCostTable(path);
  ASSERT_TRUE(table) << table.error().message();
  EXPECT_TRUE(table->devices.empty() && table->links.empty());
}

TEST(ProfiledCosts, FailureToWriteLeavesNothing) {
  ScratchFolder folder;
  std::filesystem::create_directory(folder / "costs.json");
  Status status = writeCostTable(folder / "costs.json", makeTable());
  EXPECT_EQ(status.message(),
            std::string(folder / "costs.json") + ": file cannot be written");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path),
                          std::filesystem::directory_iterator()),
            1);
}

TEST(ProfiledCosts, MergeReplacesAndAdds) {
  ProfiledCosts table = makeTable();
  ProfiledCosts measured;
  measured.devices.push_back(
      device("press-1", 1, {{dense(), {1}, {3}}, {convolution(64), {7}, {1}}}));
  measured.devices[0].channelTile = 32;
  measured.devices.push_back(device("press-3", 1, {{dense(), {1}, {4}}}));
  measured.links.push_back({"press-1", "client", 120, 900, 20});
  measured.links.push_back({"client", "press-1", 130, 800, 20});
  mergeCosts(table, measured);

  ASSERT_EQ(table.devices.size(), 3u);
  const std::vector<OperatorCost> &operators = table.devices[0].operators;
  ASSERT_EQ(operators.size(), 3u);
  EXPECT_THAT(operators[0].seconds, ElementsAre(3));
  EXPECT_EQ(operators[1].shape, convolution(64));
  EXPECT_EQ(operators[2].shape, convolution(128)); // not measured anew
  EXPECT_EQ(table.devices[0].channelTile, 32u);
  EXPECT_EQ(table.devices[2].name, "press-3");
  ASSERT_EQ(table.links.size(), 2u);
  EXPECT_EQ(table.links[0].latencyMicroseconds, 120);
}

TEST(ProfiledCosts, MergeWithOtherThreadsForgetsTheDevice) {
  ProfiledCosts table = makeTable();
  ProfiledCosts measured;
  measured.devices.push_back(device("press-1", 2, {{dense(), {1}, {3}}}));
  mergeCosts(table, measured);
  EXPECT_EQ(table.devices[0].threads, 2u);
  EXPECT_EQ(table.devices[0].operators.size(), 1u);
}

TEST(ProfiledCosts, PrintsALineForEachOperatorAndLink) {
  std::string text = formatCostTable(makeTable());
  EXPECT_THAT(text, HasSubstr("press-1: 1 thread, 2.5 us a call\n"));
  EXPECT_THAT(text,
              HasSubstr("conv_2d direct 3x5 stride 1x2 112x64 to 56x128"));
  EXPECT_THAT(text, HasSubstr("rows    7:   750.000 ms, 1: 250.000 ms\n"));
  EXPECT_THAT(text, HasSubstr("press-1 to client: 110 us, 930.5 Mbit/s, "
                              "25.0 us a message\n"));
}

//===----------------------------------------------------------------------===//
// Damaged tables
//===----------------------------------------------------------------------===//

struct Damage {
  const char *name;
  std::function<void(Json &)> change;
  const char *message; ///< behind the path
};

void PrintTo(const Damage &damage, std::ostream *stream) {
  *stream << damage.name;
}

class CostTableErrors : public testing::TestWithParam<Damage> {};

TEST_P(CostTableErrors, NameTheKey) {
  Json json = jsonOf(makeTable());
  GetParam().change(json);
  ScratchFolder folder;
  std::string path = folder / "costs.json";
  std::ofstream(path) << json;
  Expected<ProfiledCosts> table = readCostTable(path);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code(), StatusCode::CorruptData);
  EXPECT_EQ(table.error().message(), path + ": " + GetParam().message);
}

Json &conv(Json &json) { return json["devices"][0]["operators"][0]; }

INSTANTIATE_TEST_SUITE_P(
    All, CostTableErrors,
    testing::Values(
        Damage{"object", [](Json &json) { json = Json::array(); },
               "table must be an object"},
        Damage{"format", [](Json &json) { json["format"] = "costs"; },
               "table must have the format 'windrow-costs', got 'costs'"},
        Damage{"noFormat", [](Json &json) { json.erase("format"); },
               "table.format must be a string, got none"},
        Damage{"version", [](Json &json) { json["version"] = 2; },
               "table must have the version 1, got 2"},
        Damage{"devices", [](Json &json) { json["devices"] = 1; },
               "table.devices must be a list, got 1"},
        Damage{"device", [](Json &json) { json["devices"][1] = "press-2"; },
               "devices[1] must be an object"},
        Damage{"threads", [](Json &json) { json["devices"][0]["threads"] = 0; },
               "devices[0].threads must be a whole number from 1, got 0"},
        Damage{"tile",
               [](Json &json) { json["devices"][1]["channel_tile"] = 0; },
               "devices[1].channel_tile must be a whole number from 1, got 0"},
        Damage{
            "overhead",
            [](Json &json) { json["devices"][0]["kernel_overhead_us"] = -1; },
            "devices[0].kernel_overhead_us must be a number from 0, got -1"},
        Damage{"kernel", [](Json &json) { conv(json).erase("kernel"); },
               "devices[0].operators[0].kernel must be a string, got none"},
        Damage{"window", [](Json &json) { conv(json)["window"] = {3}; },
               "devices[0].operators[0].window must be [height, width], got "
               "[3]"},
        Damage{"input",
               [](Json &json) {
                 conv(json)["input"] = {0, 1};
               },
               "devices[0].operators[0].input must be a list of whole numbers "
               "from 1, got [0,1]"},
        Damage{"ranks", [](Json &json) { conv(json)["input"] = {1}; },
               "devices[0].operators[0] must have input and output of the form "
               "[width, channels] or both [channels]"},
        Damage{"seconds", [](Json &json) { conv(json)["seconds"][1] = "1"; },
               "devices[0].operators[0].seconds must be a list of numbers from "
               "0, got [0.25,\"1\",0.75]"},
        Damage{"lengths",
               [](Json &json) {
                 conv(json)["rows"] = {1, 4};
               },
               "devices[0].operators[0] must have as many seconds as rows, got "
               "3 and 2"},
        Damage{"order",
               [](Json &json) {
                 conv(json)["rows"] = {1, 7, 7};
               },
               "devices[0].operators[0] must have ascending rows"},
        Damage{
            "flag",
            [](Json &json) { json["devices"][1]["operators"][0]["clamp"] = 1; },
            "devices[1].operators[0].clamp must be true or false, got 1"},
        Damage{"link", [](Json &json) { json["links"][0].erase("to"); },
               "links[0].to must be a string, got none"},
        Damage{"bandwidth",
               [](Json &json) { json["links"][0]["bandwidth_mbit"] = "1"; },
               "links[0].bandwidth_mbit must be a number from 0, got \"1\""}),
    [](const auto &info) { return info.param.name; });

TEST(ProfiledCosts, FilesThatAreNoTables) {
  ScratchFolder folder;
  std::string path = folder / "costs.json";
  Expected<ProfiledCosts> table = readCostTable(path);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().message(), path + ": file cannot be read");
  std::ofstream(path) << "{";
  table = readCostTable(path);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().message(), path + ": file must be JSON");
}

} // namespace
} // namespace windrow::test
