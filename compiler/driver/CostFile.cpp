//===- CostFile.cpp - Reads a cost table ----------------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/CostFile.h"

#include "compiler/driver/YamlFields.h"

#include <algorithm>
#include <array>
#include <fstream>

using namespace windrow;
using namespace windrow::yaml;

static std::vector<int64_t> readCounts(const YAML::Node &node,
                                       const std::string &key) {
  checkIsList(node, key);
  std::vector<int64_t> counts;
  for (size_t i = 0; i < node.size(); ++i)
    counts.push_back(readCount(node[i], indexed(key, i)));
  return counts;
}

/// Two numbers, such as a window's height and width; `pair` where there is
/// none.
static void readPair(const YAML::Node &node, const std::string &key,
                     std::array<int64_t, 2> &pair) {
  if (!node)
    return;
  std::vector<int64_t> counts = readCounts(node, key);
  if (counts.size() != 2)
    fail(node,
         key + " must hold 2 numbers, got " + std::to_string(counts.size()));
  std::ranges::copy(counts, pair.begin());
}

/// Columns and channels of an image, or what is not one: only channels.
static std::array<int64_t, 2> readSize(const YAML::Node &node,
                                       const std::string &key) {
  std::vector<int64_t> counts = readCounts(node, key);
  if (counts.size() == 1)
    return {0, counts[0]};
  if (counts.size() == 2)
    return {counts[0], counts[1]};
  fail(node,
       key + " must hold 1 or 2 numbers, got " + std::to_string(counts.size()));
}

/// False where there is none.
static bool readFlag(const YAML::Node &node, const std::string &key) {
  bool value = false;
  if (node && (!node.IsScalar() || !YAML::convert<bool>::decode(node, value)))
    fail(node, key + " must be true or false, got " + describe(node));
  return value;
}

static MeasuredOperator readOperator(const YAML::Node &node,
                                     const std::string &key) {
  checkIsMap(node, key, {"kind", "input", "output", "rows", "seconds"});
  MeasuredOperator op;
  op.shape.kind = readText(node["kind"], key + ".kind");
  if (node["kernel"])
    op.shape.kernel = readText(node["kernel"], key + ".kernel");
  readPair(node["window"], key + ".window", op.shape.window);
  readPair(node["strides"], key + ".strides", op.shape.strides);
  readPair(node["dilations"], key + ".dilations", op.shape.dilations);
  if (node["groups"])
    op.shape.groups = readCount(node["groups"], key + ".groups");
  op.shape.input = readSize(node["input"], key + ".input");
  op.shape.output = readSize(node["output"], key + ".output");
  op.shape.isBroadcast = readFlag(node["broadcast"], key + ".broadcast");
  op.shape.isClamped = readFlag(node["clamp"], key + ".clamp");
  op.rows = readCounts(node["rows"], key + ".rows");
  if (op.rows.empty() || std::ranges::adjacent_find(
                             op.rows, std::greater_equal<>()) != op.rows.end())
    fail(node["rows"], key + ".rows must hold ascending numbers");
  const YAML::Node seconds = node["seconds"];
  checkIsList(seconds, key + ".seconds");
  if (seconds.size() != op.rows.size())
    fail(seconds, key + ".seconds must hold one number for each of rows, " +
                      std::to_string(op.rows.size()) + ", got " +
                      std::to_string(seconds.size()));
  for (size_t i = 0; i < seconds.size(); ++i)
    op.seconds.push_back(
        readNumber(seconds[i], indexed(key + ".seconds", i), false));
  return op;
}

static MeasuredDevice readDevice(const YAML::Node &node,
                                 const std::string &key) {
  checkIsMap(node, key, {"name", "operators"});
  MeasuredDevice device;
  device.name = readText(node["name"], key + ".name");
  if (node["threads"])
    device.threads = readCount(node["threads"], key + ".threads");
  if (node["kernel_overhead_us"])
    device.kernelOverheadSeconds =
        readNumber(node["kernel_overhead_us"], key + ".kernel_overhead_us",
                   true) *
        1e-6;
  if (node["channel_tile"])
    device.channelTile = readCount(node["channel_tile"], key + ".channel_tile");
  const YAML::Node operators = node["operators"];
  checkIsList(operators, key + ".operators");
  for (size_t i = 0; i < operators.size(); ++i)
    device.operators.push_back(
        readOperator(operators[i], indexed(key + ".operators", i)));
  return device;
}

static MeasuredLink readLink(const YAML::Node &node, const std::string &key) {
  checkIsMap(node, key, {"from", "to", "latency_us", "bandwidth_mbit"});
  MeasuredLink link;
  link.from = readText(node["from"], key + ".from");
  link.to = readText(node["to"], key + ".to");
  link.latencySeconds =
      readNumber(node["latency_us"], key + ".latency_us", true) * 1e-6;
  link.bytesPerSecond =
      readNumber(node["bandwidth_mbit"], key + ".bandwidth_mbit", false) * 1e6 /
      8;
  if (node["message_us"])
    link.messageSeconds =
        readNumber(node["message_us"], key + ".message_us", true) * 1e-6;
  return link;
}

static CostTable readTable(const YAML::Node &root) {
  checkIsMap(root, "the file", {"format", "version", "devices"});
  if (!root["format"].IsScalar() || root["format"].Scalar() != "windrow-costs")
    fail(root["format"],
         "format must be 'windrow-costs', got " + describe(root["format"]));
  if (!root["version"].IsScalar() || root["version"].Scalar() != "1")
    fail(root["version"],
         "version must be 1, got " + describe(root["version"]));
  CostTable table;
  const YAML::Node devices = root["devices"];
  checkIsList(devices, "devices");
  for (size_t i = 0; i < devices.size(); ++i) {
    table.devices.push_back(readDevice(devices[i], indexed("devices", i)));
    for (size_t other = 0; other < i; ++other)
      if (table.devices[other].name == table.devices[i].name)
        fail(devices[i], indexed("devices", i) + ".name must be unique, got '" +
                             table.devices[i].name + "' again");
  }
  if (const YAML::Node links = root["links"]) {
    checkIsList(links, "links");
    for (size_t i = 0; i < links.size(); ++i)
      table.links.push_back(readLink(links[i], indexed("links", i)));
  }
  return table;
}

tl::expected<CostTable, FileError>
windrow::readCostFile(const std::string &path) {
  std::ifstream file(path);
  if (!file)
    return tl::unexpected(FileError{0, "cost table cannot be read"});
  try {
    return readTable(YAML::Load(file));
  } catch (const Failure &failure) {
    return tl::unexpected(failure.error);
  } catch (const YAML::Exception &exception) {
    return tl::unexpected(FileError{
        exception.mark.line + 1, "cost table must be JSON: " + exception.msg});
  }
}

std::vector<std::string>
windrow::dropUnknown(CostTable &table, const ClusterDescription &cluster) {
  std::vector<std::string> dropped;
  auto isDevice = [&](const std::string &name) {
    return std::ranges::find(cluster.devices, name, &DeviceDescription::name) !=
           cluster.devices.end();
  };
  auto isEnd = [&](const std::string &name) {
    return name == "client" || isDevice(name);
  };
  std::erase_if(table.devices, [&](const MeasuredDevice &device) {
    if (isDevice(device.name))
      return false;
    dropped.push_back("device '" + device.name + "'");
    return true;
  });
  std::erase_if(table.links, [&](const MeasuredLink &link) {
    if (isEnd(link.from) && isEnd(link.to))
      return false;
    dropped.push_back("link from '" + link.from + "' to '" + link.to + "'");
    return true;
  });
  return dropped;
}
