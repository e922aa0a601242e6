//===- transport_frames_test.cpp - How every transport moves frames -------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/conformance/transport_cluster.h"

#include <random>
#include <thread>

namespace windrow::test {
namespace {

using std::chrono::milliseconds;

class TransportFrames : public testing::TestWithParam<TransportKind> {};

INSTANTIATE_TEST_SUITE_P(All, TransportFrames,
                         testing::Values(TransportKind::Inproc,
                                         TransportKind::Tcp),
                         transportKindName);

TEST_P(TransportFrames, EverySizeArrivesUnchanged) {
  const std::vector<uint64_t> sizes = {0,     1,      3,      43,      44,
                                       45,    4096,   65535,  65536,   65537,
                                       99991, 131072, 131073, 1 << 20, 8 << 20};
  std::vector<PlannedChannel> channels;
  for (uint32_t i = 0; i < sizes.size(); ++i)
    channels.push_back({100 + i, 0, 1, sizes[i]});
  Cluster cluster(GetParam(), 2, channels);
  ASSERT_OK(cluster.open());
  for (uint32_t request = 0; request < 2; ++request)
    for (const PlannedChannel &channel : channels) {
      const auto sent = pattern(channel.bytes, channel.id + request);
      std::vector<std::byte> landed(channel.bytes);
      ASSERT_OK(cluster[1].postReceive(channel.id, request, landed));
      ASSERT_OK(send(cluster[0], channel.id, request, sent));
      ASSERT_OK(cluster[1].waitReceive(channel.id, patience()));
      EXPECT_TRUE(landed == sent) << channel.bytes << " bytes";
    }
  cluster.close();
}

TEST_P(TransportFrames, EarlyFramesWaitForTheirReceive) {
  const std::vector<PlannedChannel> channels = {
      {1, 0, 1, 5}, {2, 0, 1, 0}, {3, 0, 1, 4096}, {4, 0, 1, 200000}};
  Cluster cluster(GetParam(), 2, channels);
  ASSERT_OK(cluster.open());
  for (uint32_t request = 0; request < 3; ++request) {
    for (const PlannedChannel &channel : channels)
      ASSERT_OK(send(cluster[0], channel.id, request,
                     pattern(channel.bytes, channel.id + request)));
    // Received in the opposite order.
    for (auto channel = channels.rbegin(); channel != channels.rend();
         ++channel) {
      std::vector<std::byte> landed(channel->bytes);
      ASSERT_OK(receive(cluster[1], channel->id, request, landed));
      EXPECT_TRUE(landed == pattern(channel->bytes, channel->id + request));
    }
  }
  cluster.close();
}

TEST_P(TransportFrames, ReceivePostedWhileTheFrameArrives) {
  const uint64_t hugeBytes = hugeFrameBytes();
  Cluster cluster(GetParam(), 2, {{1, 0, 1, hugeBytes}});
  ASSERT_OK(cluster.open());
  for (uint32_t request = 0; request < 3; ++request) {
    const auto sent = pattern(hugeBytes, request);
    std::vector<std::byte> landed(hugeBytes);
    ASSERT_OK(cluster[0].postSend(1, request, sent));
    std::this_thread::sleep_for(milliseconds(2 * request));
    ASSERT_OK(receive(cluster[1], 1, request, landed));
    ASSERT_OK(cluster[0].waitSend(1, patience()));
    EXPECT_TRUE(landed == sent);
  }
  cluster.close();
}

TEST_P(TransportFrames, LargeFramesCross) {
  const uint64_t bytes = 8 << 20;
  Cluster cluster(GetParam(), 2, {{1, 0, 1, bytes}, {2, 1, 0, bytes}});
  ASSERT_OK(cluster.open());
  const auto sent0 = pattern(bytes, 1), sent1 = pattern(bytes, 2);
  std::vector<std::byte> landed0(bytes), landed1(bytes);
  ASSERT_OK(cluster[0].postSend(1, 0, sent0));
  ASSERT_OK(cluster[1].postSend(2, 0, sent1));
  ASSERT_OK(cluster[0].waitSend(1, patience()));
  ASSERT_OK(cluster[1].waitSend(2, patience()));
  ASSERT_OK(receive(cluster[0], 2, 0, landed0));
  ASSERT_OK(receive(cluster[1], 1, 0, landed1));
  EXPECT_TRUE(landed0 == sent1);
  EXPECT_TRUE(landed1 == sent0);
  cluster.close();
}

/// Runs `requests` requests of `transport`: posts all receives, then all sends,
/// then waits for all, and checks what landed.
void runRequests(Transport &transport, const TransportConfig &config,
                 uint32_t requests) {
  std::vector<std::vector<std::byte>> buffers(config.channels.size());
  for (uint32_t request = 0; request < requests; ++request) {
    for (auto direction : {ChannelDirection::Receive, ChannelDirection::Send})
      for (size_t i = 0; i < buffers.size(); ++i) {
        const ChannelSpec &channel = config.channels[i];
        if (channel.direction != direction)
          continue;
        if (direction == ChannelDirection::Receive) {
          buffers[i].assign(channel.bytes, std::byte(0));
          ASSERT_OK(transport.postReceive(channel.id, request, buffers[i]));
        } else {
          buffers[i] = pattern(channel.bytes, channel.id * 131 + request);
          ASSERT_OK(transport.postSend(channel.id, request, buffers[i]));
        }
      }
    for (size_t i = 0; i < buffers.size(); ++i) {
      const ChannelSpec &channel = config.channels[i];
      if (channel.direction == ChannelDirection::Send) {
        ASSERT_OK(transport.waitSend(channel.id, patience()));
        continue;
      }
      ASSERT_OK(transport.waitReceive(channel.id, patience()));
      ASSERT_TRUE(buffers[i] ==
                  pattern(channel.bytes, channel.id * 131 + request))
          << "channel " << channel.id << ", request " << request;
    }
  }
}

TEST_P(TransportFrames, ManyChannelsBothWaysAtOnce) {
  std::mt19937 random(7);
  std::vector<PlannedChannel> channels;
  for (uint32_t id = 0; id < 96; ++id) {
    const ParticipantIndex from = random() % 4;
    const ParticipantIndex to = (from + 1 + random() % 3) % 4;
    channels.push_back({id * 3, from, to, random() % 20000});
  }
  const auto configs = planConfigs(3, channels);
  Cluster cluster(GetParam(), configs);
  ASSERT_OK(cluster.open());
  {
    std::vector<std::jthread> threads;
    for (ParticipantIndex i = 0; i < 4; ++i)
      threads.emplace_back([&, i] { runRequests(cluster[i], configs[i], 20); });
  }
  cluster.close();
}

TEST_P(TransportFrames, ManyRequestsInARow) {
  const uint32_t requests = 1000;
  Cluster cluster(GetParam(), 1, {{1, 1, 0, 4096}, {2, 0, 1, 512}});
  ASSERT_OK(cluster.open());
  std::jthread device([&] {
    std::vector<std::byte> buffer(4096);
    for (uint32_t request = 0; request < requests; ++request) {
      ASSERT_OK(receive(cluster[0], 1, request, buffer));
      ASSERT_OK(send(cluster[0], 2, request, std::span(buffer).first(512)));
    }
  });
  std::vector<std::byte> answer(512);
  for (uint32_t request = 0; request < requests; ++request) {
    const auto question = pattern(4096, request);
    ASSERT_OK(cluster.client().postReceive(2, request, answer));
    ASSERT_OK(send(cluster.client(), 1, request, question));
    ASSERT_OK(cluster.client().waitReceive(2, patience()));
    ASSERT_TRUE(std::ranges::equal(answer, std::span(question).first(512)));
  }
  device.join();
  cluster.close();
}

TEST_P(TransportFrames, SecondEarlyFrameHoldsTheSenderBack) {
  const uint64_t hugeBytes = hugeFrameBytes();
  Cluster cluster(GetParam(), 2, {{1, 0, 1, hugeBytes}});
  ASSERT_OK(cluster.open());
  const auto first = pattern(hugeBytes, 1), second = pattern(hugeBytes, 2);
  ASSERT_OK(send(cluster[0], 1, 0, first));
  ASSERT_OK(cluster[0].postSend(1, 1, second));
  expectFailure(
      cluster[0].waitSend(1, after(milliseconds(200))),
      StatusCode::DeadlineExceeded,
      "press-2 did not take request 1 on channel 1 within the deadline");
  cluster[0].close(Status());
}

TEST_P(TransportFrames, HeldBackFramesMoveOnInOrder) {
  Cluster cluster(GetParam(), 2, {{1, 0, 1, 3}, {2, 0, 1, 5}});
  ASSERT_OK(cluster.open());
  const auto first = pattern(3, 1), second = pattern(3, 2),
             third = pattern(5, 3);
  ASSERT_OK(send(cluster[0], 1, 0, first));
  ASSERT_OK(cluster[0].postSend(1, 1, second));
  ASSERT_OK(cluster[0].postSend(2, 0, third));
  std::vector<std::byte> small(3), large(5);
  ASSERT_OK(receive(cluster[1], 1, 0, small));
  EXPECT_EQ(small, first);
  ASSERT_OK(receive(cluster[1], 2, 0, large));
  EXPECT_EQ(large, third);
  ASSERT_OK(receive(cluster[1], 1, 1, small));
  EXPECT_EQ(small, second);
  ASSERT_OK(cluster[0].waitSend(1, patience()));
  ASSERT_OK(cluster[0].waitSend(2, patience()));
  cluster.close();
}

// The memory of a frame that is held back is read when there is room for it,
// not when it was posted: there is no hidden copy.
TEST_P(TransportFrames, SendsAreReadInPlace) {
  const uint64_t hugeBytes = hugeFrameBytes();
  Cluster cluster(GetParam(), 2, {{1, 0, 1, hugeBytes}});
  ASSERT_OK(cluster.open());
  const auto first = pattern(hugeBytes, 1);
  auto second = pattern(hugeBytes, 2);
  ASSERT_OK(send(cluster[0], 1, 0, first));
  ASSERT_OK(cluster[0].postSend(1, 1, second));
  second.back() ^= std::byte(0xff);
  std::vector<std::byte> landed(hugeBytes);
  ASSERT_OK(receive(cluster[1], 1, 0, landed));
  EXPECT_TRUE(landed == first);
  ASSERT_OK(receive(cluster[1], 1, 1, landed));
  EXPECT_TRUE(landed == second);
  ASSERT_OK(cluster[0].waitSend(1, patience()));
  cluster.close();
}

} // namespace
} // namespace windrow::test
