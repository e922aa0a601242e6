//===- cost_table.cpp - Measured costs of devices and links ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/cost_table.h"

#include "runtime/artifact/shape.h"
#include "runtime/tools/file_output.h"
#include "runtime/tools/object_reader.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>

using namespace windrow;
using Json = nlohmann::ordered_json;

static constexpr std::string_view formatName = "windrow-costs";
static constexpr int formatVersion = 1;

bool ProfiledShape::hasWindow() const {
  return kind == "conv_2d" || kind == "max_pool_2d" || kind == "avg_pool_2d";
}

//===----------------------------------------------------------------------===//
// Merging
//===----------------------------------------------------------------------===//

static void mergeDevice(DeviceCosts &device, DeviceCosts measured) {
  if (device.threads == measured.threads)
    for (OperatorCost &old : device.operators)
      if (std::ranges::find(measured.operators, old.shape,
                            &OperatorCost::shape) == measured.operators.end())
        measured.operators.push_back(std::move(old));
  device = std::move(measured);
}

void windrow::mergeCosts(ProfiledCosts &table, ProfiledCosts measured) {
  for (DeviceCosts &device : measured.devices) {
    auto old =
        std::ranges::find(table.devices, device.name, &DeviceCosts::name);
    if (old == table.devices.end())
      table.devices.push_back(std::move(device));
    else
      mergeDevice(*old, std::move(device));
  }
  for (LinkCosts &link : measured.links) {
    auto old = std::ranges::find_if(table.links, [&](const LinkCosts &other) {
      return other.from == link.from && other.to == link.to;
    });
    if (old == table.links.end())
      table.links.push_back(std::move(link));
    else
      *old = std::move(link);
  }
}

//===----------------------------------------------------------------------===//
// To JSON
//===----------------------------------------------------------------------===//

/// `value` to so many significant digits, so that a table is short and the same
/// value gives the same text.
static double roundTo(int digits, double value) {
  if (value == 0)
    return 0;
  double scale = std::pow(10, digits - 1 - std::floor(std::log10(value)));
  return std::round(value * scale) / scale;
}

Json windrow::toJson(const ProfiledShape &shape) {
  Json json;
  json["kind"] = shape.kind;
  if (!shape.kernel.empty())
    json["kernel"] = shape.kernel;
  if (shape.hasWindow()) {
    json["window"] = shape.window;
    json["strides"] = shape.strides;
    json["dilations"] = shape.dilations;
  }
  if (shape.kind == "conv_2d")
    json["groups"] = shape.groups;
  json["input"] = shape.input;
  json["output"] = shape.output;
  if (shape.isBroadcast)
    json["broadcast"] = true;
  if (shape.isClamped)
    json["clamp"] = true;
  return json;
}

Json windrow::toJson(const DeviceCosts &device) {
  Json json;
  json["name"] = device.name;
  json["threads"] = device.threads;
  json["kernel_overhead_us"] = roundTo(4, device.kernelOverheadMicroseconds);
  if (device.channelTile)
    json["channel_tile"] = *device.channelTile;
  json["operators"] = Json::array();
  for (const OperatorCost &cost : device.operators) {
    Json entry = toJson(cost.shape);
    entry["rows"] = cost.rows;
    entry["seconds"] = Json::array();
    for (double seconds : cost.seconds)
      entry["seconds"].push_back(roundTo(5, seconds));
    json["operators"].push_back(std::move(entry));
  }
  return json;
}

Json windrow::toJson(const LinkCosts &link) {
  Json json{{"from", link.from},
            {"to", link.to},
            {"latency_us", roundTo(4, link.latencyMicroseconds)},
            {"bandwidth_mbit", roundTo(4, link.bandwidthMbit)},
            {"message_us", roundTo(4, link.messageMicroseconds)}};
  if (link.afterIdleMicroseconds)
    json["after_idle_us"] = roundTo(4, *link.afterIdleMicroseconds);
  return json;
}

Json windrow::toJson(const ProfiledCosts &table) {
  Json json;
  json["format"] = formatName;
  json["version"] = formatVersion;
  json["devices"] = Json::array();
  for (const DeviceCosts &device : table.devices)
    json["devices"].push_back(toJson(device));
  json["links"] = Json::array();
  for (const LinkCosts &link : table.links)
    json["links"].push_back(toJson(link));
  return json;
}

//===----------------------------------------------------------------------===//
// From JSON
//===----------------------------------------------------------------------===//

static ProfiledShape readShape(ObjectReader &reader) {
  ProfiledShape shape;
  shape.kind = reader.text("kind");
  if (shape.kind == "conv_2d") {
    shape.kernel = reader.text("kernel");
    shape.groups = reader.count("groups");
  }
  if (shape.kind == "fully_connected" && reader.has("kernel"))
    shape.kernel = reader.text("kernel");
  if (shape.hasWindow()) {
    shape.window = reader.extent("window");
    shape.strides = reader.extent("strides");
    shape.dilations = reader.extent("dilations");
  }
  shape.input = reader.counts("input");
  shape.output = reader.counts("output");
  shape.isBroadcast = reader.flag("broadcast");
  shape.isClamped = reader.flag("clamp");
  if (shape.input.size() > 2 || shape.output.size() != shape.input.size() ||
      (shape.hasWindow() && shape.input.size() != 2))
    reader.fail("must have input and output of the form [width, channels] or "
                "both [channels]");
  return shape;
}

Expected<ProfiledShape> windrow::parseProfiledShape(const Json &json) {
  ObjectReader reader(json, "operator");
  ProfiledShape shape = readShape(reader);
  if (Status status = reader.result(); !status.ok())
    return failure(status);
  return shape;
}

static Expected<OperatorCost> parseOperatorCost(const Json &json,
                                                const std::string &what) {
  ObjectReader reader(json, what);
  OperatorCost cost{readShape(reader), reader.counts("rows"),
                    reader.times("seconds")};
  if (cost.rows.size() != cost.seconds.size())
    reader.fail(fmt::format("must have as many seconds as rows, got {} and {}",
                            cost.seconds.size(), cost.rows.size()));
  if (std::ranges::adjacent_find(cost.rows, std::greater_equal<>()) !=
      cost.rows.end())
    reader.fail("must have ascending rows");
  if (Status status = reader.result(); !status.ok())
    return failure(status);
  return cost;
}

static Expected<DeviceCosts> parseDevice(const Json &json,
                                         const std::string &what) {
  ObjectReader reader(json, what);
  DeviceCosts device;
  device.name = reader.text("name");
  device.threads = reader.count("threads");
  device.kernelOverheadMicroseconds = reader.number("kernel_overhead_us");
  if (reader.has("channel_tile"))
    device.channelTile = reader.count("channel_tile");
  const Json &operators = reader.list("operators");
  if (Status status = reader.result(); !status.ok())
    return failure(status);
  for (size_t i = 0; i < operators.size(); ++i) {
    Expected<OperatorCost> cost = parseOperatorCost(
        operators[i], fmt::format("{}.operators[{}]", what, i));
    if (!cost)
      return failure(cost.error());
    device.operators.push_back(std::move(*cost));
  }
  return device;
}

Expected<DeviceCosts> windrow::parseDeviceCosts(const Json &json) {
  return parseDevice(json, "device");
}

static Expected<LinkCosts> parseLink(const Json &json,
                                     const std::string &what) {
  ObjectReader reader(json, what);
  LinkCosts link{reader.text("from"),         reader.text("to"),
                 reader.number("latency_us"), reader.number("bandwidth_mbit"),
                 reader.number("message_us"), std::nullopt};
  if (reader.has("after_idle_us"))
    link.afterIdleMicroseconds = reader.number("after_idle_us");
  if (Status status = reader.result(); !status.ok())
    return failure(status);
  return link;
}

Expected<LinkCosts> windrow::parseLinkCosts(const Json &json) {
  return parseLink(json, "link");
}

Expected<ProfiledCosts> windrow::parseCostTable(const Json &json) {
  ObjectReader reader(json, "table");
  std::string format = reader.text("format");
  uint32_t version = reader.count("version");
  if (format != formatName)
    reader.fail(
        fmt::format("must have the format '{}', got '{}'", formatName, format));
  else if (version != formatVersion)
    reader.fail(fmt::format("must have the version {}, got {}", formatVersion,
                            version));
  const Json &devices = reader.list("devices");
  const Json &links = reader.list("links");
  if (Status status = reader.result(); !status.ok())
    return failure(status);
  ProfiledCosts table;
  for (size_t i = 0; i < devices.size(); ++i) {
    Expected<DeviceCosts> device =
        parseDevice(devices[i], fmt::format("devices[{}]", i));
    if (!device)
      return failure(device.error());
    table.devices.push_back(std::move(*device));
  }
  for (size_t i = 0; i < links.size(); ++i) {
    Expected<LinkCosts> link = parseLink(links[i], fmt::format("links[{}]", i));
    if (!link)
      return failure(link.error());
    table.links.push_back(std::move(*link));
  }
  return table;
}

//===----------------------------------------------------------------------===//
// Files and text
//===----------------------------------------------------------------------===//

Expected<ProfiledCosts>
windrow::readCostTable(const std::filesystem::path &path) {
  std::ifstream stream(path);
  if (!stream)
    return failure(
        Status(StatusCode::NotFound,
               fmt::format("{}: file cannot be read", path.string())));
  Json json = Json::parse(stream, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded())
    return failure(Status(StatusCode::CorruptData,
                          fmt::format("{}: file must be JSON", path.string())));
  Expected<ProfiledCosts> table = parseCostTable(json);
  if (!table)
    return failure(table.error().withContext(path.string()));
  return table;
}

/// The table as JSON, one line for each operator.
static std::string formatFile(const ProfiledCosts &table) {
  Json json = toJson(table);
  std::string text = fmt::format("{{\"format\": {}, \"version\": {},\n",
                                 json["format"].dump(), formatVersion);
  text += "\"devices\": [";
  const char *deviceSeparator = "\n";
  for (const Json &device : json["devices"]) {
    text += fmt::format("{}  {{\"name\": {}, \"threads\": {}, "
                        "\"kernel_overhead_us\": {}, ",
                        deviceSeparator, device["name"].dump(),
                        device["threads"].dump(),
                        device["kernel_overhead_us"].dump());
    if (device.contains("channel_tile"))
      text +=
          fmt::format("\"channel_tile\": {}, ", device["channel_tile"].dump());
    text += "\"operators\": [";
    deviceSeparator = ",\n";
    const char *separator = "\n    ";
    for (const Json &entry : device["operators"]) {
      text += separator + entry.dump();
      separator = ",\n    ";
    }
    text += "]}";
  }
  text += "],\n\"links\": [";
  const char *separator = "\n  ";
  for (const Json &link : json["links"]) {
    text += separator + link.dump();
    separator = ",\n  ";
  }
  return text + "]}\n";
}

Status windrow::writeCostTable(const std::filesystem::path &path,
                               const ProfiledCosts &table) {
  return writeFile(path, {formatFile(table)});
}

/// "conv_2d direct 3x3 stride 2x2 112x64 to 56x128".
static std::string formatShape(const ProfiledShape &shape) {
  std::string text = shape.kind;
  if (!shape.kernel.empty())
    text += fmt::format(" {}", shape.kernel);
  if (shape.hasWindow()) {
    text += fmt::format(" {}", formatExtents(shape.window));
    if (shape.strides != std::array<uint32_t, 2>{1, 1})
      text += fmt::format(" stride {}", formatExtents(shape.strides));
    if (shape.dilations != std::array<uint32_t, 2>{1, 1})
      text += fmt::format(" dilation {}", formatExtents(shape.dilations));
  }
  if (shape.groups > 1)
    text += fmt::format(" groups {}", shape.groups);
  return fmt::format("{} {} to {}", text, formatExtents(shape.input),
                     formatExtents(shape.output));
}

std::string windrow::formatCostTable(const ProfiledCosts &table) {
  std::string text;
  for (const DeviceCosts &device : table.devices) {
    text += fmt::format("{}: {} thread{}, {:.1f} us a call\n", device.name,
                        device.threads, device.threads == 1 ? "" : "s",
                        device.kernelOverheadMicroseconds);
    for (const OperatorCost &cost : device.operators)
      text += fmt::format("  {:<56} rows {:>4}: {:>9.3f} ms, {}: {:.3f} ms\n",
                          formatShape(cost.shape), cost.rows.back(),
                          1e3 * cost.seconds.back(), cost.rows.front(),
                          1e3 * cost.seconds.front());
  }
  for (const LinkCosts &link : table.links)
    text +=
        fmt::format("{} to {}: {:.0f} us, {:.1f} Mbit/s, {:.1f} us a message\n",
                    link.from, link.to, link.latencyMicroseconds,
                    link.bandwidthMbit, link.messageMicroseconds);
  return text;
}
