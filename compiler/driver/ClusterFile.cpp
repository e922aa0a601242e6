//===- ClusterFile.cpp - Reads a cluster's description --------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/ClusterFile.h"

#include "compiler/driver/YamlFields.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fstream>
#include <set>

using namespace windrow;
using namespace windrow::yaml;

namespace {
class ClusterFileReader {
public:
  ClusterDescription read(const YAML::Node &root);

private:
  DeviceDescription readDevice(const YAML::Node &node, const std::string &key);
  LinkDescription readLink(const YAML::Node &node, const std::string &key);
  LinkException readException(const YAML::Node &node, const std::string &key);
  std::string readEnd(const YAML::Node &node, const std::string &key);

  std::set<std::string> names;
};
} // namespace

/// A device's name also names its bundle and its module.
static std::string readName(const YAML::Node &node, const std::string &key) {
  const std::string name = node.IsScalar() ? node.Scalar() : "";
  auto isAllowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '-' ||
           c == '_' || c == '.';
  };
  if (name.empty() || name.front() == '.' || name.front() == '-' ||
      !std::all_of(name.begin(), name.end(), isAllowed))
    fail(node, key +
                   " must be made of letters, digits, '-', '_' and '.', got " +
                   describe(node));
  if (name == "client")
    fail(node, key + " must not be 'client', which is reserved");
  return name;
}

static std::string readAddress(const YAML::Node &node, const std::string &key) {
  const std::string address = node.IsScalar() ? node.Scalar() : "";
  size_t colon = address.rfind(':');
  int port = 0;
  if (colon != std::string::npos && colon > 0) {
    const char *end = address.data() + address.size();
    auto [last, error] = std::from_chars(address.data() + colon + 1, end, port);
    if (error != std::errc() || last != end)
      port = 0;
  }
  if (port < 1 || port > 65535)
    fail(node, key + " must be host:port, got " + describe(node));
  return address;
}

DeviceDescription ClusterFileReader::readDevice(const YAML::Node &node,
                                                const std::string &key) {
  checkKeys(node, key, {"name", "address"},
            {"threads", "speed", "memory_mb", "gflops", "gbps"});
  DeviceDescription device;
  device.name = readName(node["name"], key + ".name");
  device.address = readAddress(node["address"], key + ".address");
  if (node["threads"])
    device.threads = readCount(node["threads"], key + ".threads");
  if (node["speed"])
    device.speed = readNumber(node["speed"], key + ".speed", false);
  if (node["memory_mb"])
    device.memoryMb = readCount(node["memory_mb"], key + ".memory_mb");
  if (node["gflops"])
    device.gflops = readNumber(node["gflops"], key + ".gflops", false);
  if (node["gbps"])
    device.gbps = readNumber(node["gbps"], key + ".gbps", false);
  if (!names.insert(device.name).second)
    fail(node["name"],
         key + ".name must be unique, got '" + device.name + "' again");
  return device;
}

LinkDescription ClusterFileReader::readLink(const YAML::Node &node,
                                            const std::string &key) {
  LinkDescription link;
  link.bandwidthMbit =
      readNumber(node["bandwidth_mbit"], key + ".bandwidth_mbit", false);
  link.latencyUs = readNumber(node["latency_us"], key + ".latency_us", true);
  return link;
}

std::string ClusterFileReader::readEnd(const YAML::Node &node,
                                       const std::string &key) {
  const std::string name = node.IsScalar() ? node.Scalar() : "";
  if (name != "client" && !names.count(name))
    fail(node,
         key + " must name a device or the client, got " + describe(node));
  return name;
}

LinkException ClusterFileReader::readException(const YAML::Node &node,
                                               const std::string &key) {
  checkKeys(node, key, {"between", "bandwidth_mbit", "latency_us"}, {});
  const YAML::Node between = node["between"];
  checkIsList(between, key + ".between");
  if (between.size() != 2)
    fail(between, key + ".between must hold two names, got " +
                      std::to_string(between.size()));
  LinkException exception;
  exception.first = readEnd(between[0], key + ".between[0]");
  exception.second = readEnd(between[1], key + ".between[1]");
  if (exception.first == exception.second)
    fail(between, key + ".between must hold two different names, got '" +
                      exception.first + "' twice");
  exception.link = readLink(node, key);
  return exception;
}

ClusterDescription ClusterFileReader::read(const YAML::Node &root) {
  checkKeys(root, "the file", {"devices"}, {"links"});
  ClusterDescription cluster;
  const YAML::Node devices = root["devices"];
  checkIsList(devices, "devices");
  for (size_t i = 0; i < devices.size(); ++i)
    cluster.devices.push_back(readDevice(devices[i], indexed("devices", i)));
  if (cluster.devices.empty())
    fail(devices, "devices must hold at least one device, got none");
  const YAML::Node links = root["links"];
  if (!links)
    return cluster;
  checkKeys(links, "links", {}, {"default", "exceptions"});
  if (const YAML::Node link = links["default"]) {
    checkKeys(link, "links.default", {"bandwidth_mbit", "latency_us"}, {});
    cluster.defaultLink = readLink(link, "links.default");
  }
  if (const YAML::Node exceptions = links["exceptions"]) {
    checkIsList(exceptions, "links.exceptions");
    for (size_t i = 0; i < exceptions.size(); ++i)
      cluster.linkExceptions.push_back(
          readException(exceptions[i], indexed("links.exceptions", i)));
  }
  return cluster;
}

tl::expected<ClusterDescription, FileError>
windrow::readClusterFile(const std::string &path) {
  std::ifstream file(path);
  if (!file)
    return tl::unexpected(FileError{0, "cluster file cannot be read"});
  try {
    return ClusterFileReader().read(YAML::Load(file));
  } catch (const Failure &failure) {
    return tl::unexpected(failure.error);
  } catch (const YAML::Exception &exception) {
    return tl::unexpected(
        FileError{exception.mark.line + 1,
                  "cluster file must be YAML: " + exception.msg});
  }
}
