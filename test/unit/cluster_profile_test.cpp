//===- cluster_profile_test.cpp - Tests of profiles of a cluster ----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs windrow-profile as the devices of a plan and as their client, on
// loopback. Whatever goes wrong must end with one line that names the device,
// exit status 1 and no file.
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/cluster_profiler.h"
#include "runtime/tools/profile_link.h"
#include "runtime/tools/profile_server.h"
#include "test/support/scratch_folder.h"
#include "test/support/strip_plan.h"
#include "test/support/tool_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <thread>

namespace windrow::test {
namespace {

using Json = nlohmann::ordered_json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::SizeIs;
using testing::StartsWith;

/// A windrow-profile that serves on a port of its own.
class ServerProcess : public ToolProcess {
public:
  explicit ServerProcess(std::vector<std::string> options = {})
      : ToolProcess("windrow-profile", arguments(std::move(options))),
        greeting(readLine()) {}

  std::string address() const {
    return greeting.substr(greeting.rfind(' ') + 1);
  }

private:
  static std::vector<std::string> arguments(std::vector<std::string> options) {
    options.push_back("--serve=127.0.0.1:0");
    return options;
  }

public:
  const std::string greeting;
};

/// A plan of press-1 and press-2.
class ClusterProfileTest : public testing::Test {
protected:
  ClusterProfileTest() {
    std::filesystem::create_directory(plan);
    EXPECT_TRUE(StripPlan(StripPlan::Kind::Classifier).write(plan).ok());
  }

  /// The arguments that measure the cluster with its devices at `addresses`.
  std::vector<std::string> arguments(std::vector<std::string> addresses,
                                     std::vector<std::string> more = {}) const {
    more.insert(more.end(), {plan, "--output=" + table});
    for (size_t i = 0; i < addresses.size(); ++i)
      more.push_back(fmt::format("--device=press-{}={}", i + 1, addresses[i]));
    return more;
  }

  /// The only line that a failed run prints, behind the program's name.
  std::string errorOf(const std::vector<std::string> &arguments) const {
    ToolResult result = runTool("windrow-profile", arguments);
    EXPECT_EQ(result.status, 1) << result.output << result.errors;
    EXPECT_EQ(result.output, "");
    EXPECT_FALSE(std::filesystem::exists(table));
    const std::string prefix = "windrow-profile: error: ";
    EXPECT_THAT(result.errors, StartsWith(prefix));
    EXPECT_EQ(std::ranges::count(result.errors, '\n'), 1) << result.errors;
    return result.errors.substr(std::min(prefix.size(), result.errors.size()));
  }

  ScratchFolder folder;
  const std::string plan = folder / "plan";
  const std::string table = folder / "costs.json";
};

TEST_F(ClusterProfileTest, OneCommandMeasuresDevicesAndLinks) {
  ServerProcess first({"--pace=0.5", "--threads=2"}), second;
  EXPECT_THAT(first.greeting,
              MatchesRegex("listening on 127\\.0\\.0\\.1:[0-9]+"));
  ToolResult result =
      runTool("windrow-profile",
              arguments({first.address(), second.address()}, {"--budget=0.5"}));
  ASSERT_EQ(result.status, 0) << result.errors;
  EXPECT_EQ(result.errors, "");
  EXPECT_THAT(result.output, HasSubstr("press-1: 2 threads, "));
  EXPECT_THAT(result.output, HasSubstr("press-1 to press-2: "));

  Expected<ProfiledCosts> costs = readCostTable(table);
  ASSERT_TRUE(costs) << costs.error().message();
  ASSERT_THAT(costs->devices, SizeIs(2));
  for (uint32_t i = 0; i < 2; ++i) {
    EXPECT_EQ(costs->devices[i].name, fmt::format("press-{}", i + 1));
    EXPECT_EQ(costs->devices[i].threads, 2 - i);
    EXPECT_FALSE(costs->devices[i].operators.empty());
  }
  std::vector<std::string> directions;
  for (const LinkCosts &link : costs->links) {
    directions.push_back(link.from + " " + link.to);
    EXPECT_GT(link.bandwidthMbit, 0);
    EXPECT_GT(link.messageMicroseconds, 0);
  }
  EXPECT_THAT(directions, ElementsAre("client press-1", "press-1 client",
                                      "client press-2", "press-2 client",
                                      "press-1 press-2", "press-2 press-1"));

  first.sendSignal(SIGTERM);
  second.sendSignal(SIGINT);
  EXPECT_EQ(first.wait(), 0) << first.errors();
  EXPECT_EQ(second.wait(), 0) << second.errors();
}

TEST_F(ClusterProfileTest, MeasuresPartsAndMergesThem) {
  ServerProcess first, second;
  auto measure = [&](const char *what) {
    ToolResult result = runTool("windrow-profile",
                                arguments({first.address(), second.address()},
                                          {"--budget=0.2", "--json",
                                           std::string("--measure=") + what}));
    EXPECT_EQ(result.status, 0) << result.errors;
    return Json::parse(result.output);
  };
  Json links = measure("links");
  EXPECT_THAT(links["devices"], SizeIs(0));
  EXPECT_THAT(links["links"], SizeIs(6));
  Json operators = measure("operators");
  EXPECT_THAT(operators["devices"], SizeIs(2));
  EXPECT_THAT(operators["links"], SizeIs(0));
  Expected<ProfiledCosts> costs = readCostTable(table);
  ASSERT_TRUE(costs) << costs.error().message();
  EXPECT_EQ(toJson(*costs)["devices"], operators["devices"]);
  EXPECT_EQ(toJson(*costs)["links"], links["links"]);
}

//===----------------------------------------------------------------------===//
// Devices that do not serve
//===----------------------------------------------------------------------===//

TEST_F(ClusterProfileTest, NamesAMissingDevice) {
  ServerProcess first;
  std::string missing;
  {
    ServerProcess gone;
    missing = gone.address();
  }
  for (const char *what : {"--measure=links", "--measure=operators"})
    EXPECT_EQ(errorOf(arguments({first.address(), missing},
                                {what, "--connect-timeout=0.5"})),
              "press-2: not reached within the deadline: cannot connect to " +
                  missing + ": Connection refused\n");
}

TEST_F(ClusterProfileTest, NamesADeviceThatDoesSomethingElse) {
  ServerProcess first;
  ToolProcess node("windrow-node",
                   {plan + "/press-2.bundle", "--listen=127.0.0.1:0"});
  const std::string greeting = node.readLine();
  const std::string address = greeting.substr(greeting.rfind(' ') + 1);
  EXPECT_EQ(errorOf(arguments({first.address(), address})),
            "press-2: must be windrow-profile --serve, of this version, at " +
                address + ", got something else\n");
}

TEST_F(ClusterProfileTest, NamesADeviceThatIsBusy) {
  ServerProcess first, second;
  auto other = ProfileConnection::open("press-1", first.address(),
                                       std::chrono::seconds(20), {});
  ASSERT_TRUE(other) << other.error().message();
  EXPECT_EQ(errorOf(arguments({first.address(), second.address()})),
            "press-1: busy with another client\n");
  EXPECT_TRUE((*other)->finish().ok());
}

TEST_F(ClusterProfileTest, NamesADeviceThatDies) {
  ServerProcess first, second;
  ToolProcess client(
      "windrow-profile",
      arguments({first.address(), second.address()}, {"--measure=links"}));
  second.awaitError("measuring for a client");
  second.sendSignal(SIGKILL);
  EXPECT_EQ(client.wait(), 1);
  EXPECT_THAT(client.errors(),
              AllOf(StartsWith("windrow-profile: error: "),
                    HasSubstr("press-2: "), HasSubstr("connection")));
  EXPECT_EQ(client.output(), "");
  EXPECT_FALSE(std::filesystem::exists(table));
  // The other one is told, and stays.
  first.awaitError("the client left");
  first.sendSignal(SIGTERM);
  EXPECT_EQ(first.wait(), 0);
}

TEST_F(ClusterProfileTest, AnInterruptedDeviceSaysSo) {
  ServerProcess first, second;
  ToolProcess client(
      "windrow-profile",
      arguments({first.address(), second.address()}, {"--measure=links"}));
  second.awaitError("measuring for a client");
  second.sendSignal(SIGINT);
  EXPECT_EQ(second.wait(), 0);
  EXPECT_EQ(client.wait(), 1);
  EXPECT_THAT(client.errors(), HasSubstr("error: press-2: "));
  EXPECT_FALSE(std::filesystem::exists(table));
}

TEST_F(ClusterProfileTest, InterruptLeavesNothingAndNobodyWaiting) {
  ServerProcess first, second;
  for (const char *what : {"--measure=links", "--measure=operators"}) {
    ToolProcess client(
        "windrow-profile",
        arguments({first.address(), second.address()}, {what, "--budget=50"}));
    first.awaitError("measuring for a client");
    client.sendSignal(SIGINT);
    EXPECT_EQ(client.wait(), -SIGINT);
    EXPECT_EQ(client.output() + client.errors(), "");
    EXPECT_FALSE(std::filesystem::exists(table));
  }
  ToolResult result =
      runTool("windrow-profile",
              arguments({first.address(), second.address()}, {"--budget=0.2"}));
  EXPECT_EQ(result.status, 0) << result.errors;
}

TEST_F(ClusterProfileTest, NamesWhatItCannotUse) {
  EXPECT_EQ(errorOf({plan, "--device=press-9=127.0.0.1:1"}),
            "address must be of a device of the plan, got 'press-9'\n");
  EXPECT_EQ(errorOf({plan, "--device=press-1"}),
            "--device must be DEVICE=HOST:PORT, got 'press-1'\n");
  EXPECT_EQ(errorOf(arguments({"nowhere", "127.0.0.1:1"})),
            "press-1: address must be host:port, got \"nowhere\"\n");
  EXPECT_EQ(errorOf({plan, "--pace=0.5"}),
            "--pace must not be given with a plan\n");
  EXPECT_EQ(errorOf({plan + "/press-1.bundle", "--measure=links"}),
            "--measure must not be given with a bundle\n");
  EXPECT_EQ(errorOf({"--serve=127.0.0.1:0", "--budget=3"}),
            "--budget must not be given with --serve\n");
  EXPECT_EQ(errorOf({"--serve=nowhere"}),
            "cannot listen: address must be host:port, got \"nowhere\"\n");
  ServerProcess server;
  EXPECT_THAT(errorOf({"--serve=" + server.address()}),
              AllOf(StartsWith("cannot listen on " + server.address()),
                    HasSubstr("in use")));
  std::filesystem::remove(plan + "/press-2.bundle");
  EXPECT_THAT(errorOf(arguments({"127.0.0.1:1", "127.0.0.1:1"})),
              HasSubstr("press-2.bundle: cannot open: "));
  std::filesystem::remove(plan + "/client.bundle");
  EXPECT_THAT(errorOf({plan}), HasSubstr("client.bundle: cannot open: "));
}

//===----------------------------------------------------------------------===//
// Sides that lie
//===----------------------------------------------------------------------===//

/// A server within the test.
class ServerThread {
public:
  ServerThread() {
    ProfileServerOptions options;
    options.listenAddress = "127.0.0.1:0";
    auto created = ProfileServer::create(std::move(options));
    EXPECT_TRUE(created) << created.error().message();
    server = std::move(*created);
    thread = std::jthread(
        [this](const std::stop_token &stop) { server->serve(stop); });
  }

  std::string address() const { return server->listeningAddress(); }

private:
  std::unique_ptr<ProfileServer> server;
  std::jthread thread;
};

/// What a server says to an order, after its name for us.
std::string failureAfter(const Json &order) {
  ServerThread server;
  auto connection = ProfileConnection::open(
      "press-1", server.address(), std::chrono::seconds(20), std::stop_token());
  EXPECT_TRUE(connection) << connection.error().message();
  EXPECT_TRUE((*connection)->link().send(order).ok());
  Expected<Json> answer = (*connection)->link().receive(maxResultBytes);
  EXPECT_FALSE(answer) << answer->dump();
  return answer ? "" : answer.error().message();
}

TEST(ProfileServer, RefusesOrdersThatMakeNoSense) {
  EXPECT_EQ(failureAfter(Json::object()),
            "press-1: message.order must be a string, got none");
  EXPECT_EQ(failureAfter({{"order", "jump"}}),
            "press-1: message must be an order that is known");
  EXPECT_THAT(failureAfter({{"order", echoOrder}}),
              HasSubstr("press-1: order.receive must be "));
  EXPECT_THAT(failureAfter({{"order", linkOrder}}),
              HasSubstr("press-1: order.from must be "));
  EXPECT_THAT(failureAfter({{"order", operatorsOrder}}),
              HasSubstr("press-1: order.threads must be "));
}

TEST(ProfileServer, RefusesOperatorsThatDoNotFit) {
  OperatorsOrder order;
  ProfiledOperator op;
  op.shape.kind = "sigmoid";
  op.shape.input = op.shape.output = {1u << 20, 1u << 20};
  op.rows = 1000;
  order.operators = {op};
  EXPECT_THAT(failureAfter(toJson(order)),
              HasSubstr("press-1: operators must fit into "));
  order.operators[0].shape.kind = "reverse";
  EXPECT_EQ(failureAfter(toJson(order)),
            "press-1: kind must be one that is measured, got 'reverse'");
}

TEST(ProfileServer, RefusesAnotherOrderAfterProgress) {
  ServerThread server;
  auto connection = ProfileConnection::open(
      "press-1", server.address(), std::chrono::seconds(20), std::stop_token());
  ASSERT_TRUE(connection) << connection.error().message();
  ProfileLink &link = (*connection)->link();
  // Takes seconds: progress is told once a second.
  OperatorsOrder order;
  for (uint32_t width = 64; width < 1064; ++width) {
    ProfiledOperator &op = order.operators.emplace_back();
    op.shape.kind = "sigmoid";
    op.shape.input = op.shape.output = {width, 64};
    op.rows = 64;
  }
  order.budget = std::chrono::minutes(1);
  ASSERT_TRUE(link.send(toJson(order)).ok());
  Expected<Json> progress = link.receive(maxResultBytes);
  ASSERT_TRUE(progress) << progress.error().message();
  ASSERT_TRUE(progress->contains("progress")) << progress->dump();
  ASSERT_TRUE(link.send({{"order", endOrder}}).ok());
  Expected<Json> answer = link.receive(maxResultBytes);
  ASSERT_FALSE(answer) << answer->dump();
  EXPECT_EQ(answer.error().message(),
            "press-1: order after progress must be 'continue', got 'end'");
}

TEST(ProfileServer, SaysWhichDeviceItCannotReach) {
  EXPECT_EQ(failureAfter(toJson(LinkOrder{"press-1", "press-2", "127.0.0.1:1",
                                          std::chrono::milliseconds(200)})),
            "press-1: press-2: not reached within the deadline: cannot connect "
            "to 127.0.0.1:1: Connection refused");
}

/// What the profile of a cluster says of a device that answers the first orders
/// with `answers` and then dies.
std::string failureOf(const std::vector<Json> &answers) {
  TcpOptions tcp;
  tcp.listenAddress = "127.0.0.1:0";
  auto transport = createTcpTransport(profileConfig(0, "liar", ""), tcp);
  EXPECT_TRUE(transport) << transport.error().message();
  const std::string address = (*transport)->listeningAddress();
  std::jthread device([&] {
    if (!(*transport)->accept().ok())
      return;
    ProfileLink link(**transport, 0, "client");
    for (const Json &answer : answers)
      if (!link.receive(maxOrderBytes) || !link.send(answer).ok())
        return;
    (void)link.receive(maxOrderBytes);
    transport->reset();
  });
  ClusterProfileOptions options;
  options.devices = {{"press-1", address}};
  options.measureLinks = false;
  options.operators.operators.emplace_back();
  Expected<ProfiledCosts> table =
      profileCluster(options, [](std::string_view, double) {}, {});
  EXPECT_FALSE(table);
  return table ? "" : table.error().message();
}

TEST(ClusterProfile, ChecksWhatDevicesAnswer) {
  EXPECT_EQ(failureOf({Json{{"name", ""}}}),
            "press-1: device.threads must be a whole number from 1, got none");
  EXPECT_EQ(
      failureOf({Json{{"name", ""},
                      {"threads", 1u},
                      {"kernel_overhead_us", -1},
                      {"operators", Json::array()}}}),
      "press-1: device.kernel_overhead_us must be a number from 0, got -1");
}

TEST(ClusterProfile, NamesADeviceThatDiesAtWork) {
  EXPECT_THAT(failureOf({Json{{"progress", 0.1}}, Json{{"progress", 0.2}}}),
              AllOf(StartsWith("press-1: "), HasSubstr("connection")));
}

} // namespace
} // namespace windrow::test
