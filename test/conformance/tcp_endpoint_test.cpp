//===- tcp_endpoint_test.cpp - What only the TCP transport promises -------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/conformance/transport_cluster.h"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <gmock/gmock.h>
#include <mutex>
#include <netdb.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace windrow::test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

TEST(TcpEndpoint, SecondClientIsRefusedWhileOneIsServed) {
  const auto configs = planConfigs(2, ring());
  Cluster cluster(TransportKind::Tcp, configs);
  ASSERT_OK(cluster.open());
  auto second = cluster.join(configs.back());
  const Status status = second->open(patience());
  EXPECT_EQ(status.code(), StatusCode::Unavailable);
  EXPECT_THAT(status.message(), HasSubstr(": busy with another client"));
  EXPECT_THAT(status.message(), StartsWith("press-"));
  // The first does not notice.
  goRound(cluster, 0);
  cluster.close();
}

TEST(TcpEndpoint, ClientsTakeTurns) {
  const auto configs = planConfigs(1, {{1, 1, 0, 8}});
  Cluster cluster(TransportKind::Tcp, configs);
  ASSERT_OK(cluster.open());
  cluster.close();
  {
    auto second = cluster.join(configs.back());
    auto accepting =
        std::async(std::launch::async, [&] { return cluster[0].accept(); });
    ASSERT_OK(second->open(patience()));
    ASSERT_OK(accepting.get());
    ASSERT_OK(send(*second, 1, 0, pattern(8, 1)));
    std::vector<std::byte> landed(8);
    ASSERT_OK(receive(cluster[0], 1, 0, landed));
    EXPECT_EQ(landed, pattern(8, 1));
    second->close(Status());
  }
  ASSERT_OK(cluster.open());
  cluster.close();
}

TEST(TcpEndpoint, RestartedDevicesAreFoundAgain) {
  Cluster cluster(TransportKind::Tcp, 2, ring());
  for (ParticipantIndex restarted : {0u, 1u}) {
    ASSERT_OK(cluster.open());
    goRound(cluster, 0);
    cluster.destroy(restarted);
    std::vector<std::byte> landed(100);
    Status status = cluster.client().postReceive(3, 1, landed);
    if (status.ok())
      status = cluster.client().waitReceive(3, patience());
    EXPECT_EQ(status.code(), StatusCode::Unavailable);
    cluster.restart(restarted);
  }
  ASSERT_OK(cluster.open());
  goRound(cluster, 0);
  cluster.close();
}

TEST(TcpEndpoint, DevicesMayStartAfterTheClientOpens) {
  Cluster cluster(TransportKind::Tcp, 2, ring());
  cluster.destroy(0);
  cluster.destroy(1);
  auto opening = std::async(std::launch::async,
                            [&] { return cluster.client().open(patience()); });
  std::this_thread::sleep_for(milliseconds(50));
  cluster.restart(1);
  cluster.restart(0);
  auto first =
      std::async(std::launch::async, [&] { return cluster[0].accept(); });
  auto second =
      std::async(std::launch::async, [&] { return cluster[1].accept(); });
  ASSERT_OK(opening.get());
  ASSERT_OK(first.get());
  ASSERT_OK(second.get());
  goRound(cluster, 0);
  cluster.close();
}

TEST(TcpEndpoint, UnreachableDeviceIsNamedWithItsAddress) {
  Cluster cluster(TransportKind::Tcp, 2, ring());
  cluster.destroy(1);
  // Long enough for press-1 to answer on a busy machine.
  expectFailure(cluster.client().open(after(milliseconds(2000))),
                StatusCode::DeadlineExceeded,
                "press-2: not reached within the deadline: cannot connect to " +
                    cluster.addressOf(1) + ": Connection refused");
}

TEST(TcpEndpoint, DeviceWithoutItsPeerRefusesTheClient) {
  auto configs = planConfigs(2, ring());
  TcpOptions options;
  options.peerDeadline = milliseconds(200);
  // Nobody listens on the port that press-1 takes for press-2's; the client
  // knows better.
  Cluster cluster(TransportKind::Tcp, configs, options);
  options.addressOverrides = {"", "127.0.0.1:1"};
  options.listenAddress = "127.0.0.1:0";
  auto lost = createTcpTransport(configs[0], options);
  ASSERT_TRUE(lost) << lost.error().message();
  TcpOptions clientOptions;
  clientOptions.addressOverrides = {(*lost)->listeningAddress(),
                                    cluster.addressOf(1)};
  auto client = createTcpTransport(configs[2], clientOptions);
  ASSERT_TRUE(client) << client.error().message();

  auto accepting =
      std::async(std::launch::async, [&] { return (*lost)->accept(); });
  expectFailure((*client)->open(patience()), StatusCode::Unavailable,
                "press-1: press-2 is not connected within 200 ms: cannot "
                "connect to 127.0.0.1:1: Connection refused");
  (*lost)->stop();
  EXPECT_EQ(accepting.get().code(), StatusCode::Cancelled);
}

TEST(TcpEndpoint, PeerOfAnotherPlanIsNamedToTheClient) {
  auto configs = planConfigs(2, ring());
  TcpOptions options;
  options.peerDeadline = milliseconds(200);
  Cluster cluster(TransportKind::Tcp, configs, options);
  // A second press-2 on the port that press-1 redials, of another plan.
  cluster.destroy(1);
  auto other = configs[1];
  other.planDigest.fill(std::byte(0xe2));
  TcpOptions otherOptions;
  otherOptions.listenAddress = cluster.addressOf(1);
  std::mutex mutex;
  std::condition_variable refused;
  std::vector<std::string> refusals;
  otherOptions.onRefusal = [&](const Status &status) {
    std::lock_guard lock(mutex);
    refusals.push_back(status.message());
    refused.notify_all();
  };
  auto impostor = createTcpTransport(other, otherOptions);
  ASSERT_TRUE(impostor) << impostor.error().message();

  const Status status = cluster.open();
  EXPECT_EQ(status.code(), StatusCode::Incompatible);
  EXPECT_THAT(status.message(), StartsWith("press-2: plan digest must be d1"));
  EXPECT_THAT(status.message(), HasSubstr(", got e2e2"));
  // The client may have its answer before the impostor has read all that it
  // refuses.
  std::unique_lock lock(mutex);
  EXPECT_TRUE(refused.wait_until(lock, patience(), [&] {
    return std::ranges::any_of(refusals, [](const std::string &message) {
      return message.find("plan digest must be e2e2") != std::string::npos;
    });
  })) << testing::PrintToString(refusals);
  lock.unlock();
  impostor->reset();
}

TEST(TcpEndpoint, BadAddressesAreErrors) {
  auto configs = planConfigs(2, ring());
  auto expectError = [&](size_t self, TcpOptions options,
                         const std::string &text) {
    auto transport = createTcpTransport(configs[self], options);
    ASSERT_FALSE(transport);
    EXPECT_THAT(transport.error().message(), StartsWith(text));
  };
  TcpOptions options;
  options.listenAddress = "127.0.0.1:0";
  expectError(0, options, "press-2: address must be host:port, got \"\"");
  options.addressOverrides = {"", "press-2:http"};
  expectError(0, options,
              "press-2: address must be host:port, got \"press-2:http\"");
  options.addressOverrides = {"", "127.0.0.1:70000"};
  expectError(0, options,
              "press-2: address must be host:port, got \"127.0.0.1:70000\"");
  options.addressOverrides = {"", "127.0.0.1:7000"};
  options.listenAddress = "";
  expectError(0, options, "cannot listen: address must be host:port, got \"\"");
  options.listenAddress = "203.0.113.1:0";
  expectError(0, options,
              "cannot listen on 203.0.113.1:0: Cannot assign requested");

  options.listenAddress = "[::1]:0";
  auto listening = createTcpTransport(configs[1], options);
  if (!listening) // a machine without IPv6
    options.listenAddress = "localhost:0";
  listening = createTcpTransport(configs[1], options);
  ASSERT_TRUE(listening) << listening.error().message();
  options.listenAddress = (*listening)->listeningAddress();
  expectError(1, options,
              "cannot listen on " + options.listenAddress +
                  ": Address already in use");
}

TEST(TcpEndpoint, HostNamesAreResolved) {
  addrinfo *addresses = nullptr;
  if (::getaddrinfo("localhost", nullptr, nullptr, &addresses) != 0)
    GTEST_SKIP() << "this machine does not know the name localhost";
  ::freeaddrinfo(addresses);
  auto configs = planConfigs(1, {});
  Cluster cluster(TransportKind::Tcp, configs);
  TcpOptions options;
  const std::string address = cluster.addressOf(0);
  options.addressOverrides = {"localhost" + address.substr(address.rfind(':'))};
  auto client = createTcpTransport(configs[1], options);
  ASSERT_TRUE(client) << client.error().message();
  auto accepting =
      std::async(std::launch::async, [&] { return cluster[0].accept(); });
  ASSERT_OK((*client)->open(patience()));
  ASSERT_OK(accepting.get());
}

/// A device in a process of its own that accepts one epoch and then waits for
/// channel 1 for ever.
class DeviceProcess {
public:
  explicit DeviceProcess(const TransportConfig &config) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    pid = ::fork();
    if (pid == 0)
      run(config, ends[1]);
    ::close(ends[1]);
    char buffer[64] = {};
    EXPECT_GT(::read(ends[0], buffer, sizeof(buffer) - 1), 0);
    ::close(ends[0]);
    address = buffer;
  }
  ~DeviceProcess() { kill(); }

  void kill() {
    if (pid <= 0)
      return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    pid = 0;
  }

  std::string address;

private:
  [[noreturn]] static void run(const TransportConfig &config, int report) {
    TcpOptions options;
    options.listenAddress = "127.0.0.1:0";
    auto device = createTcpTransport(config, options);
    if (!device)
      ::_exit(1);
    const std::string address = (*device)->listeningAddress();
    if (::write(report, address.data(), address.size()) < 0)
      ::_exit(1);
    std::vector<std::byte> landed(config.channels.front().bytes);
    if ((*device)->accept().ok() && (*device)->postReceive(1, 0, landed).ok())
      (void)(*device)->waitReceive(1, noDeadline);
    ::_exit(1);
  }

  pid_t pid = 0;
};

TEST(TcpEndpoint, KilledProcessWakesItsClientAtOnce) {
  const auto configs = planConfigs(1, {{1, 1, 0, 64}, {2, 0, 1, 64}});
  DeviceProcess device(configs[0]);
  TcpOptions options;
  options.addressOverrides = {device.address};
  auto client = createTcpTransport(configs[1], options);
  ASSERT_TRUE(client) << client.error().message();
  ASSERT_OK((*client)->open(patience()));
  std::vector<std::byte> landed(64);
  ASSERT_OK((*client)->postReceive(2, 0, landed));
  auto waiting = std::async(std::launch::async, [&] {
    return (*client)->waitReceive(2, noDeadline);
  });
  std::this_thread::sleep_for(milliseconds(20));
  const auto start = Clock::now();
  device.kill();
  expectFailure(waiting.get(), StatusCode::Unavailable,
                "press-1: connection closed by the peer");
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(2));
}

} // namespace
} // namespace windrow::test
