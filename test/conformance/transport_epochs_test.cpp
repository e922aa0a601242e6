//===- transport_epochs_test.cpp - How every transport begins and ends ----===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/conformance/transport_cluster.h"

#include <gmock/gmock.h>
#include <thread>

namespace windrow::test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

class TransportEpochs : public testing::TestWithParam<TransportKind> {};

INSTANTIATE_TEST_SUITE_P(All, TransportEpochs,
                         testing::Values(TransportKind::Inproc,
                                         TransportKind::Tcp),
                         transportKindName);

/// Waits for the frame of request 0 in another thread.
std::future<Status> waitingReceive(Transport &transport, uint32_t channel,
                                   std::span<std::byte> destination) {
  EXPECT_OK(transport.postReceive(channel, 0, destination));
  return std::async(std::launch::async, [&transport, channel] {
    return transport.waitReceive(channel, patience());
  });
}

TEST_P(TransportEpochs, FollowEachOther) {
  Cluster cluster(GetParam(), 2, ring());
  for (int epoch = 0; epoch < 5; ++epoch) {
    ASSERT_OK(cluster.open());
    for (uint32_t request = 0; request < 3; ++request)
      goRound(cluster, request);
    cluster.close();
  }
}

TEST_P(TransportEpochs, FramesOfAnEarlierEpochAreDropped) {
  Cluster cluster(GetParam(), 2, ring());
  ASSERT_OK(cluster.open());
  const auto stale = pattern(100, 77);
  ASSERT_OK(send(cluster[2], 1, 0, stale));
  ASSERT_OK(cluster[2].postSend(1, 1, stale));
  cluster.close();
  ASSERT_OK(cluster.open());
  goRound(cluster, 0);
  cluster.close();
}

TEST_P(TransportEpochs, SilentPeerRunsIntoTheDeadline) {
  Cluster cluster(GetParam(), 2, ring());
  ASSERT_OK(cluster.open());
  std::vector<std::byte> landed(100);
  ASSERT_OK(cluster[2].postReceive(3, 4, landed));
  const auto start = Clock::now();
  const std::string text =
      "press-2 did not send request 4 on channel 3 within the deadline";
  expectFailure(cluster[2].waitReceive(3, after(milliseconds(100))),
                StatusCode::DeadlineExceeded, text);
  EXPECT_GE(Clock::now() - start, milliseconds(100));
  // The epoch is over for this participant ...
  expectFailure(cluster[2].postSend(1, 0, landed), StatusCode::DeadlineExceeded,
                text);
  // ... and, once it closes, for the others.
  auto waiting = waitingReceive(cluster[0], 1, landed);
  cluster[2].close(Status(StatusCode::DeadlineExceeded, "not this text"));
  expectFailure(waiting.get(), StatusCode::Unavailable, "client: " + text);
}

TEST_P(TransportEpochs, IdleDeviceWaitsForTheEnd) {
  // press-3 has no channel at all.
  Cluster cluster(GetParam(), 3, {{1, 3, 0, 8}, {2, 0, 1, 8}, {3, 1, 3, 8}});
  auto idle = [&] {
    return std::async(std::launch::async,
                      [&] { return cluster[2].waitEpochEnd(); });
  };
  ASSERT_OK(cluster.open());
  auto waiting = idle();
  EXPECT_EQ(waiting.wait_for(milliseconds(50)), std::future_status::timeout);
  cluster.client().close(Status());
  EXPECT_EQ(waiting.get().code(), StatusCode::Cancelled);

  cluster.close();
  ASSERT_OK(cluster.open());
  waiting = idle();
  cluster[0].close(Status(StatusCode::Internal, "kernel failed"));
  expectFailure(waiting.get(), StatusCode::Unavailable,
                "press-1: kernel failed");

  cluster.close();
  ASSERT_OK(cluster.open());
  waiting = idle();
  cluster[2].stop();
  EXPECT_EQ(waiting.get().code(), StatusCode::Cancelled);
}

TEST_P(TransportEpochs, DeadDeviceWakesEveryWaiter) {
  Cluster cluster(GetParam(), 3, {{1, 3, 0, 8}, {2, 0, 1, 8}, {3, 3, 2, 8}});
  ASSERT_OK(cluster.open());
  std::vector<std::byte> landed1(8), landed2(8);
  auto peer = waitingReceive(cluster[1], 2, landed1);
  // Shares no channel with press-1: hears of it from the client.
  auto stranger = waitingReceive(cluster[2], 3, landed2);
  const auto start = Clock::now();
  cluster.destroy(0);
  for (const Status &status : {peer.get(), stranger.get()}) {
    EXPECT_EQ(status.code(), StatusCode::Unavailable);
    EXPECT_THAT(status.message(),
                StartsWith("press-1: connection closed by the peer"));
  }
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(2));
  // The client's next call fails, too, as soon as it knows.
  const std::vector<std::byte> frame(8);
  Status status;
  for (uint32_t request = 0; status.ok(); ++request)
    status = send(cluster.client(), 1, request, frame);
  EXPECT_THAT(status.message(),
              StartsWith("press-1: connection closed by the peer"));
}

TEST_P(TransportEpochs, DeadClientWakesTheDevices) {
  Cluster cluster(GetParam(), 2, ring());
  ASSERT_OK(cluster.open());
  std::vector<std::byte> landed0(100), landed1(100);
  auto first = waitingReceive(cluster[0], 1, landed0);
  auto second = waitingReceive(cluster[1], 2, landed1);
  cluster.destroy(2);
  // Each device sees it for itself, or hears of it from the other before.
  for (const Status &status : {first.get(), second.get()}) {
    EXPECT_EQ(status.code(), StatusCode::Unavailable);
    EXPECT_THAT(status.message(),
                StartsWith("client: connection closed by the peer"));
  }
}

TEST_P(TransportEpochs, ReasonOfAFailureReachesEveryone) {
  Cluster cluster(GetParam(), 3, {{1, 3, 0, 8}, {2, 0, 1, 8}, {3, 3, 2, 8}});
  ASSERT_OK(cluster.open());
  std::vector<std::byte> landed1(8), landed2(8);
  auto peer = waitingReceive(cluster[1], 2, landed1);
  // Shares no channel with press-1: hears of it from the client.
  auto stranger = waitingReceive(cluster[2], 3, landed2);
  cluster[0].close(Status(StatusCode::Internal, "operator 5 failed"));
  expectFailure(peer.get(), StatusCode::Unavailable,
                "press-1: operator 5 failed");
  expectFailure(stranger.get(), StatusCode::Unavailable,
                "press-1: operator 5 failed");
}

TEST_P(TransportEpochs, OrderlyCloseEndsTheDevicesWaits) {
  Cluster cluster(GetParam(), 2, ring());
  ASSERT_OK(cluster.open());
  std::vector<std::byte> landed0(100), landed1(100);
  auto first = waitingReceive(cluster[0], 1, landed0);
  auto second = waitingReceive(cluster[1], 2, landed1);
  cluster.client().close(Status());
  expectFailure(first.get(), StatusCode::Cancelled, "client: closed the epoch");
  expectFailure(second.get(), StatusCode::Cancelled,
                "client: closed the epoch");
}

TEST_P(TransportEpochs, LastFrameCountsAlthoughTheEpochIsOver) {
  Cluster cluster(GetParam(), 2, ring());
  ASSERT_OK(cluster.open());
  std::vector<std::byte> landed(100);
  ASSERT_OK(cluster[0].postReceive(1, 0, landed));
  ASSERT_OK(send(cluster[2], 1, 0, pattern(100, 5)));
  cluster[2].close(Status());
  ASSERT_OK(cluster[0].waitReceive(1, patience()));
  EXPECT_EQ(landed, pattern(100, 5));
  Status status;
  for (auto end = patience(); status.ok() && Clock::now() < end;)
    status = cluster[0].postReceive(1, 1, landed);
  EXPECT_FALSE(status.ok());
}

TEST_P(TransportEpochs, OpenAgainAfterAFailure) {
  Cluster cluster(GetParam(), 2, ring());
  for (int failing = 0; failing < 3; ++failing) {
    ASSERT_OK(cluster.open());
    goRound(cluster, 0);
    std::vector<std::byte> landed(100);
    auto waiting = waitingReceive(cluster.client(), 3, landed);
    const Status reason(StatusCode::Internal, "out of paper");
    cluster[failing % 2].close(reason);
    expectFailure(waiting.get(), StatusCode::Unavailable,
                  failing % 2 ? "press-2: out of paper"
                              : "press-1: out of paper");
    cluster.client().close(reason);
  }
  ASSERT_OK(cluster.open());
  goRound(cluster, 0);
  cluster.close();
}

TEST_P(TransportEpochs, OpenAgainAfterAFailureInTheMiddleOfAFrame) {
  const uint64_t bytes = hugeFrameBytes();
  Cluster cluster(GetParam(), 2, {{1, 0, 1, bytes}, {2, 1, 2, 8}});
  ASSERT_OK(cluster.open());
  auto sent = std::make_unique<std::vector<std::byte>>(pattern(bytes, 1));
  auto landed = std::make_unique<std::vector<std::byte>>(bytes);
  // The early slot takes the first, the second stops half-way.
  ASSERT_OK(send(cluster[0], 1, 0, *sent));
  ASSERT_OK(cluster[0].postSend(1, 1, *sent));
  cluster[0].close(Status(StatusCode::Internal, "half-way"));
  sent.reset();
  cluster[1].close(Status());
  landed.reset();
  cluster.client().close(Status());

  ASSERT_OK(cluster.open());
  sent = std::make_unique<std::vector<std::byte>>(pattern(bytes, 2));
  landed = std::make_unique<std::vector<std::byte>>(bytes);
  ASSERT_OK(cluster[1].postReceive(1, 0, *landed));
  ASSERT_OK(send(cluster[0], 1, 0, *sent));
  ASSERT_OK(cluster[1].waitReceive(1, patience()));
  EXPECT_TRUE(*landed == *sent);
  cluster.close();
}

TEST_P(TransportEpochs, BuffersAreLeftAloneAfterClose) {
  const uint64_t bytes = hugeFrameBytes();
  Cluster cluster(GetParam(), 2, {{1, 0, 1, bytes}, {2, 1, 2, 8}});
  ASSERT_OK(cluster.open());
  const auto sent = pattern(bytes, 1);
  auto landed = std::make_unique<std::vector<std::byte>>(bytes);
  ASSERT_OK(cluster[1].postReceive(1, 0, *landed));
  ASSERT_OK(cluster[0].postSend(1, 0, sent));
  cluster[1].close(Status(StatusCode::Internal, "stop in between"));
  // A sanitizer sees a late write; without one, a changed byte is seen.
  const std::vector<std::byte> copy = *landed;
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_TRUE(copy == *landed);
  landed.reset();
  cluster[0].close(Status());
}

TEST_P(TransportEpochs, OtherPlanIsRefused) {
  auto configs = planConfigs(2, ring());
  configs[0].planDigest.fill(std::byte(0xe2));
  Cluster cluster(GetParam(), configs);
  std::string ours, theirs;
  for (int i = 0; i < 32; ++i) {
    ours += "d1";
    theirs += "e2";
  }
  expectFailure(cluster.open(), StatusCode::Incompatible,
                "press-1: plan digest must be " + ours + ", got " + theirs);
}

TEST_P(TransportEpochs, AbsentDeviceIsNamed) {
  Cluster cluster(GetParam(), 2, ring());
  cluster.destroy(1);
  const Status status = cluster.open(after(milliseconds(300)));
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message(), HasSubstr("press-2: "));
}

TEST_P(TransportEpochs, DeviceThatDoesNotAcceptIsNamed) {
  Cluster cluster(GetParam(), 1, {});
  expectFailure(cluster.client().open(after(milliseconds(200))),
                StatusCode::DeadlineExceeded,
                "press-1: did not answer within the deadline");
  // It may still come later.
  ASSERT_OK(cluster.open());
  cluster.close();
}

TEST_P(TransportEpochs, StopEndsAccept) {
  Cluster cluster(GetParam(), 2, ring());
  auto accepting =
      std::async(std::launch::async, [&] { return cluster[0].accept(); });
  std::this_thread::sleep_for(milliseconds(20));
  cluster[0].stop();
  expectFailure(accepting.get(), StatusCode::Cancelled, "stopped");
  expectFailure(cluster[0].accept(), StatusCode::Cancelled, "stopped");
}

TEST_P(TransportEpochs, StopEndsOpen) {
  Cluster cluster(GetParam(), 2, ring());
  auto opening = std::async(std::launch::async,
                            [&] { return cluster.client().open(patience()); });
  std::this_thread::sleep_for(milliseconds(20));
  cluster.client().stop();
  expectFailure(opening.get(), StatusCode::Cancelled, "stopped");
}

TEST_P(TransportEpochs, StopEndsAWaitAndTheOthersHearOfIt) {
  Cluster cluster(GetParam(), 2, ring());
  ASSERT_OK(cluster.open());
  std::vector<std::byte> landed0(100), landed2(100);
  auto device = waitingReceive(cluster[0], 1, landed0);
  auto client = waitingReceive(cluster.client(), 3, landed2);
  std::this_thread::sleep_for(milliseconds(20));
  cluster[0].stop();
  const Status stopped = device.get();
  expectFailure(stopped, StatusCode::Cancelled, "stopped");
  expectFailure(cluster[0].postSend(2, 0, landed0), StatusCode::Cancelled,
                "stopped");
  cluster[0].close(stopped);
  expectFailure(client.get(), StatusCode::Unavailable, "press-1: stopped");
}

TEST_P(TransportEpochs, MisuseIsAnErrorAndEndsTheEpoch) {
  std::vector<std::byte> right(100), wrong(99);
  auto misuse = [&](auto call, const std::string &text) {
    Cluster cluster(GetParam(), 2, ring());
    ASSERT_OK(cluster.open());
    expectFailure(call(cluster[0]), StatusCode::InvalidArgument, text);
    expectFailure(cluster[0].postSend(2, 0, right), StatusCode::InvalidArgument,
                  text);
    cluster[0].close(Status());
  };
  misuse([&](Transport &t) { return t.postSend(2, 0, wrong); },
         "source of channel 2 must be 100 bytes, got 99");
  misuse([&](Transport &t) { return t.postReceive(1, 0, wrong); },
         "destination of channel 1 must be 100 bytes, got 99");
  misuse([&](Transport &t) { return t.postSend(1, 0, right); },
         "channel 1 must be one that press-1 sends on, got none");
  misuse([&](Transport &t) { return t.postReceive(9, 0, right); },
         "channel 9 must be one that press-1 receives on, got none");
  misuse([&](Transport &t) { return t.waitReceive(1, patience()); },
         "channel 1 has no posted receive");
  misuse([&](Transport &t) { return t.waitSend(2, patience()); },
         "channel 2 has no posted send");
  misuse(
      [&](Transport &t) {
        EXPECT_OK(t.postReceive(1, 0, right));
        return t.postReceive(1, 1, right);
      },
      "channel 1 has a posted receive already");
  misuse(
      [&](Transport &t) {
        EXPECT_OK(t.postSend(2, 0, right));
        return t.postSend(2, 1, right);
      },
      "channel 2 has a posted send already");
}

TEST_P(TransportEpochs, FrameOfAnotherRequestIsAnError) {
  Cluster cluster(GetParam(), 2, ring());
  ASSERT_OK(cluster.open());
  std::vector<std::byte> landed(100);
  ASSERT_OK(cluster[0].postReceive(1, 6, landed));
  ASSERT_OK(send(cluster[2], 1, 7, landed));
  const Status status = cluster[0].waitReceive(1, patience());
  EXPECT_EQ(status.code(), StatusCode::CorruptData);
  EXPECT_THAT(status.message(),
              HasSubstr("frame on channel 1 must be of request 6, got 7"));
}

TEST_P(TransportEpochs, CallsOutsideAnEpochFail) {
  Cluster cluster(GetParam(), 2, ring());
  std::vector<std::byte> landed(100);
  expectFailure(cluster[0].postReceive(1, 0, landed), StatusCode::Unavailable,
                "no epoch is open");
  ASSERT_OK(cluster.open());
  cluster.close();
  expectFailure(cluster[0].postReceive(1, 0, landed), StatusCode::Unavailable,
                "no epoch is open");
}

} // namespace
} // namespace windrow::test
