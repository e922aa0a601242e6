//===- cluster_file_test.cpp - Reads a cluster's description --------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/ClusterFile.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

using namespace windrow;

namespace {

class ClusterFile : public testing::Test {
protected:
  tl::expected<ClusterDescription, FileError> read(const std::string &text) {
    std::ofstream(path) << text;
    return readClusterFile(path);
  }

  void expectError(const std::string &text, int line,
                   const std::string &message) {
    auto cluster = read(text);
    ASSERT_FALSE(cluster.has_value()) << text;
    EXPECT_EQ(cluster.error().line, line) << cluster.error().message;
    EXPECT_EQ(cluster.error().message, message);
  }

  void TearDown() override { std::filesystem::remove(path); }

  const std::string path =
      testing::TempDir() + "windrow-cluster-" +
      testing::UnitTest::GetInstance()->current_test_info()->name() + ".yaml";
};

const std::string twoDevices = R"(devices:
  - {name: press-1, address: "127.0.0.1:7801", threads: 2, speed: 1.0, memory_mb: 512}
  - {name: press-2, address: "127.0.0.1:7802"}
)";

TEST_F(ClusterFile, HoldsDevicesAndLinks) {
  auto cluster = read(twoDevices + R"(links:
  default: {bandwidth_mbit: 300, latency_us: 250}
  exceptions:
    - {between: [press-1, press-2], bandwidth_mbit: 100, latency_us: 0}
)");
  ASSERT_TRUE(cluster.has_value()) << cluster.error().message;
  ASSERT_EQ(cluster->devices.size(), 2u);
  EXPECT_EQ(cluster->devices[0].name, "press-1");
  EXPECT_EQ(cluster->devices[0].address, "127.0.0.1:7801");
  EXPECT_EQ(cluster->devices[0].threads, 2);
  EXPECT_EQ(cluster->devices[0].memoryMb, 512);
  EXPECT_EQ(cluster->devices[1].threads, 1);
  EXPECT_EQ(cluster->devices[1].speed, 1.0);
  EXPECT_FALSE(cluster->devices[1].memoryMb.has_value());
  EXPECT_EQ(cluster->defaultLink.bandwidthMbit, 300);
  EXPECT_EQ(cluster->linkBetween("press-2", "press-1").bandwidthMbit, 100);
  EXPECT_EQ(cluster->linkBetween("client", "press-1").latencyUs, 250);
}

TEST_F(ClusterFile, HasDefaultLinksWithoutAny) {
  auto cluster = read(twoDevices);
  ASSERT_TRUE(cluster.has_value()) << cluster.error().message;
  EXPECT_EQ(cluster->defaultLink.bandwidthMbit,
            LinkDescription().bandwidthMbit);
}

TEST_F(ClusterFile, MustExist) {
  auto cluster = readClusterFile(path + ".absent");
  ASSERT_FALSE(cluster.has_value());
  EXPECT_EQ(cluster.error().message, "cluster file cannot be read");
}

TEST_F(ClusterFile, MustBeYaml) {
  auto cluster = read("devices: [\n");
  ASSERT_FALSE(cluster.has_value());
  EXPECT_EQ(cluster.error().message.rfind("cluster file must be YAML: ", 0),
            0u);
  EXPECT_EQ(cluster.error().line, 2);
}

TEST_F(ClusterFile, NamesTheKeyAndTheLineOfWhatIsWrong) {
  expectError("", 0, "the file must be a map, got nothing");
  expectError("links: {}\n", 1, "the file must have the key 'devices'");
  expectError("devices: []\n", 1,
              "devices must hold at least one device, got none");
  expectError("devices: 3\n", 1, "devices must be a list, got '3'");
  expectError("devices:\n  - {name: a}\n", 2,
              "devices[0] must have the key 'address'");
  expectError("devices:\n  - {name: a, address: 'h:1', sped: 2}\n", 2,
              "devices[0] has the unknown key 'sped'");
  expectError("devices:\n  - {name: a, name: b, address: 'h:1'}\n", 2,
              "devices[0] has the key 'name' twice");
  expectError("devices:\n  - name: client\n    address: 'h:1'\n", 2,
              "devices[0].name must not be 'client', which is reserved");
  expectError("devices:\n  - {name: ../a, address: 'h:1'}\n", 2,
              "devices[0].name must be made of letters, digits, '-', '_' and "
              "'.', got '../a'");
  for (const char *address : {"h", "h:", ":1", "h:0", "h:65536", "h:1x"})
    expectError("devices:\n  - name: a\n    address: '" + std::string(address) +
                    "'\n",
                3,
                "devices[0].address must be host:port, got '" +
                    std::string(address) + "'");
  for (const char *speed : {"0", "-1", "fast", ".nan", ".inf"})
    expectError("devices:\n  - {name: a, address: 'h:1', speed: " +
                    std::string(speed) + "}\n",
                2,
                "devices[0].speed must be a positive number, got '" +
                    std::string(speed) + "'");
  expectError("devices:\n  - {name: a, address: 'h:1', threads: 0}\n", 2,
              "devices[0].threads must be a whole number, 1 or greater, got "
              "'0'");
  expectError("devices:\n  - {name: a, address: 'h:1', memory_mb: 1.5}\n", 2,
              "devices[0].memory_mb must be a whole number, 1 or greater, got "
              "'1.5'");
  expectError("devices:\n  - {name: a, address: 'h:1'}\n  - {name: a, "
              "address: 'h:2'}\n",
              3, "devices[1].name must be unique, got 'a' again");
}

TEST_F(ClusterFile, ChecksLinks) {
  expectError(twoDevices + "links: {defaults: 1}\n", 4,
              "links has the unknown key 'defaults'");
  expectError(twoDevices + "links:\n  default: {latency_us: 1}\n", 5,
              "links.default must have the key 'bandwidth_mbit'");
  expectError(
      twoDevices + "links:\n  default: {bandwidth_mbit: 1, latency_us: -1}\n",
      5, "links.default.latency_us must be a number, 0 or greater, got '-1'");
  auto exception = [](const std::string &between) {
    return twoDevices + "links:\n  exceptions:\n    - {between: " + between +
           ", bandwidth_mbit: 1, latency_us: 1}\n";
  };
  expectError(exception("[press-1]"), 6,
              "links.exceptions[0].between must hold two names, got 1");
  expectError(exception("[press-1, press-9]"), 6,
              "links.exceptions[0].between[1] must name a device or the "
              "client, got 'press-9'");
  expectError(exception("[press-1, press-1]"), 6,
              "links.exceptions[0].between must hold two different names, got "
              "'press-1' twice");
}

} // namespace
