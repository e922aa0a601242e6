//===- transport_cluster.h - A plan's participants in one test --*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_CONFORMANCE_TRANSPORT_CLUSTER_H
#define WINDROW_TEST_CONFORMANCE_TRANSPORT_CLUSTER_H

#include "runtime/transport/transport.h"

#include <future>
#include <gtest/gtest.h>

namespace windrow::test {

/// The transports that the suite runs over.
enum class TransportKind { Inproc, Tcp };

std::string
transportKindName(const testing::TestParamInfo<TransportKind> &transportKind);

inline Deadline after(std::chrono::milliseconds delay) {
  return Clock::now() + delay;
}

/// Long enough never to strike in a test that passes, on a busy machine and
/// under a sanitizer.
inline Deadline patience() { return after(std::chrono::seconds(20)); }

/// A channel as the plan sees it.
struct PlannedChannel {
  uint32_t id;
  ParticipantIndex from;
  ParticipantIndex to;
  uint64_t bytes;
};

/// From the client, which is participant 2, to press-1 to press-2 to the
/// client: frames of 100 bytes.
inline std::vector<PlannedChannel> ring() {
  return {{1, 2, 0, 100}, {2, 0, 1, 100}, {3, 1, 2, 100}};
}

/// What each participant of a plan is configured with: devices press-1,
/// press-2, ..., and the client.
std::vector<TransportConfig>
planConfigs(unsigned devices, const std::vector<PlannedChannel> &channels);

/// Devices 0 to n-1 and a client, over loopback where the transport is tcp.
class Cluster {
public:
  Cluster(TransportKind kind, std::vector<TransportConfig> configs,
          TcpOptions options = {});
  Cluster(TransportKind kind, unsigned devices,
          const std::vector<PlannedChannel> &channels)
      : Cluster(kind, planConfigs(devices, channels)) {}
  /// Stops the devices that still wait for a client.
  ~Cluster();

  Transport &operator[](ParticipantIndex i) { return *transports[i]; }
  Transport &client() { return *transports.back(); }

  /// Lets every device accept and the client open. Devices whose accept does
  /// not return because the client fails stay in it.
  Status open(Deadline deadline = patience());
  /// Ends all epochs in order.
  void close();
  /// What the death of the participant's process is to the others.
  void destroy(ParticipantIndex i) { transports[i].reset(); }
  /// Where device `i` listens; tcp only.
  std::string addressOf(ParticipantIndex i);
  /// A further transport for `config`, pointed at this cluster; tcp only.
  std::unique_ptr<TcpTransport> join(TransportConfig config);
  /// Starts a new process, as it were, in place of a destroyed device.
  void restart(ParticipantIndex i);

private:
  void create(ParticipantIndex i);

  TransportKind kind;
  std::vector<TransportConfig> configs;
  TcpOptions options;
  std::vector<std::string> addresses;
  std::vector<std::unique_ptr<Transport>> transports;
  std::vector<std::future<Status>> accepting;
};

/// More bytes than the kernel's socket buffers on both ends hold together.
uint64_t hugeFrameBytes();

/// Bytes that depend on position and `seed`.
std::vector<std::byte> pattern(size_t size, uint32_t seed);

/// Posts and waits for one frame in the calling thread.
Status send(Transport &transport, uint32_t channel, uint32_t request,
            std::span<const std::byte> source);
Status receive(Transport &transport, uint32_t channel, uint32_t request,
               std::span<std::byte> destination);

/// Sends the frame of `request` around the `ring` of the cluster and expects
/// the client to get back what it sent.
void goRound(Cluster &cluster, uint32_t request);

/// Reads better than `EXPECT_TRUE(x.ok())` when it fails.
#define EXPECT_OK(expr)                                                        \
  do {                                                                         \
    const ::windrow::Status expectedOk = (expr);                               \
    EXPECT_TRUE(expectedOk.ok())                                               \
        << ::windrow::statusCodeName(expectedOk.code()) << ": "                \
        << expectedOk.message();                                               \
  } while (false)
#define ASSERT_OK(expr)                                                        \
  do {                                                                         \
    const ::windrow::Status assertedOk = (expr);                               \
    ASSERT_TRUE(assertedOk.ok())                                               \
        << ::windrow::statusCodeName(assertedOk.code()) << ": "                \
        << assertedOk.message();                                               \
  } while (false)

/// Matches a failure of `code` whose message equals `text`.
void expectFailure(const Status &status, StatusCode code,
                   const std::string &text);

} // namespace windrow::test

#endif // WINDROW_TEST_CONFORMANCE_TRANSPORT_CLUSTER_H
