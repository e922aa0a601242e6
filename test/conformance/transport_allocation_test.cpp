//===- transport_allocation_test.cpp - No transport allocates when it runs ===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/conformance/transport_cluster.h"
#include "test/support/allocation_counter.h"

#include <barrier>
#include <cstdlib>
#include <thread>

namespace windrow::test {
namespace {

class TransportAllocation : public testing::TestWithParam<TransportKind> {};

INSTANTIATE_TEST_SUITE_P(All, TransportAllocation,
                         testing::Values(TransportKind::Inproc,
                                         TransportKind::Tcp),
                         transportKindName);

/// What one participant does, with all memory allocated beforehand.
class Program {
public:
  Program(Transport &transport, const TransportConfig &config)
      : transport(transport), channels(config.channels) {
    for (const ChannelSpec &channel : channels)
      buffers.emplace_back(channel.bytes, std::byte(channel.id));
  }

  void run(uint32_t request) {
    each(ChannelDirection::Send, [&](size_t i) {
      return transport.postSend(channels[i].id, request, buffers[i]);
    });
    each(ChannelDirection::Receive, [&](size_t i) {
      return transport.postReceive(channels[i].id, request, buffers[i]);
    });
    each(ChannelDirection::Receive, [&](size_t i) {
      return transport.waitReceive(channels[i].id, patience());
    });
    each(ChannelDirection::Send, [&](size_t i) {
      return transport.waitSend(channels[i].id, patience());
    });
  }

private:
  template <typename Call> void each(ChannelDirection direction, Call call) {
    for (size_t i = 0; i < channels.size(); ++i)
      if (channels[i].direction == direction)
        ASSERT_OK(call(i));
  }

  Transport &transport;
  const std::vector<ChannelSpec> channels;
  std::vector<std::vector<std::byte>> buffers;
};

TEST(AllocationCounter, SeesEveryKindOfAllocation) {
  uint64_t before = allocationCount();
  auto number = std::make_unique<int>(1);
  EXPECT_EQ(allocationCount() - before, 1u);
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  auto line = std::make_unique<Line>();
  EXPECT_EQ(allocationCount() - before, 2u);
  // Not to be optimized away.
  void *volatile memory = std::malloc(8);
  std::free(memory);
  memory = std::calloc(2, 8);
  std::free(memory);
  EXPECT_EQ(allocationCount() - before, 4u);
  std::jthread([&] { number = std::make_unique<int>(2); }).join();
  EXPECT_GT(allocationCount() - before, 4u);
}

TEST_P(TransportAllocation, NoneInSteadyState) {
  // Between any two of three participants, small, middling and large.
  std::vector<PlannedChannel> channels;
  uint32_t id = 0;
  for (ParticipantIndex from = 0; from < 3; ++from)
    for (ParticipantIndex to = 0; to < 3; ++to)
      for (uint64_t bytes : {0, 40, 30000, 700000})
        if (from != to)
          channels.push_back({id++, from, to, bytes});
  const auto configs = planConfigs(2, channels);
  Cluster cluster(GetParam(), configs);
  ASSERT_OK(cluster.open());

  constexpr uint32_t warmUp = 3, requests = 40;
  std::atomic<uint64_t> before = 0, after = 0;
  // Nobody begins the counted requests before all have done the others, and
  // nobody goes on to end before all have done those.
  uint32_t phase = 0;
  auto count = [&]() noexcept {
    (phase++ == 0 ? before : after) = allocationCount();
  };
  std::barrier barrier(3, count);
  {
    std::vector<std::jthread> threads;
    for (ParticipantIndex i = 0; i < 3; ++i)
      threads.emplace_back([&, i] {
        Program program(cluster[i], configs[i]);
        for (uint32_t request = 0; request < requests; ++request) {
          if (request == warmUp)
            barrier.arrive_and_wait();
          program.run(request);
        }
        barrier.arrive_and_wait();
      });
  }
  EXPECT_EQ(after - before, 0u)
      << "allocations in " << requests - warmUp << " requests";
  cluster.close();
}

TEST_P(TransportAllocation, NoneForAFrameThatIsHeldBack) {
  const uint64_t bytes = hugeFrameBytes();
  Cluster cluster(GetParam(), 2, {{1, 0, 1, bytes}});
  ASSERT_OK(cluster.open());
  const auto frame = pattern(bytes, 1);
  ASSERT_OK(send(cluster[0], 1, 0, frame));
  const uint64_t before = allocationCount();
  ASSERT_OK(cluster[0].postSend(1, 1, frame));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(allocationCount() - before, 0u);
  cluster.close();
}

} // namespace
} // namespace windrow::test
