//===- tcp_hostile_test.cpp - What comes over the wire is never trusted ---===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/conformance/raw_peer.h"
#include "test/conformance/transport_cluster.h"

#include <gmock/gmock.h>
#include <mutex>
#include <random>
#include <thread>

namespace windrow::test {
namespace {

using std::chrono::milliseconds;
using tcp::FrameKind;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::byte ourDigest{0xd1};
constexpr uint32_t clientIndex = 2;

/// press-1 under attack. Channel 1 comes from the client and channel 2 goes
/// there; press-2 has nothing to do with press-1.
class TcpHostile : public testing::Test {
protected:
  void SetUp() override {
    configs =
        planConfigs(2, {{1, clientIndex, 0, 100}, {2, 0, clientIndex, 8}});
    configs.resize(3);
    TcpOptions options;
    options.listenAddress = "127.0.0.1:0";
    options.helloDeadline = milliseconds(300);
    options.onRefusal = [this](const Status &status) {
      std::lock_guard lock(mutex);
      refusals.push_back(status.message());
    };
    auto created = createTcpTransport(configs[0], options);
    ASSERT_TRUE(created) << created.error().message();
    device = std::move(*created);
    address = device->listeningAddress();
  }

  /// The device still serves a client that behaves.
  void TearDown() override {
    if (!accepting.valid())
      accept();
    RawPeer client(address);
    openEpoch(client, 99);
    ASSERT_OK(accepting.get());
    const Bytes sent = pattern(100, 3);
    ASSERT_TRUE(client.send(frameBytes({FrameKind::Data, 99, 0, 1, 0}, sent)));
    Bytes landed(100), answer = pattern(8, 4);
    ASSERT_OK(receive(*device, 1, 0, landed));
    EXPECT_EQ(landed, sent);
    ASSERT_OK(send(*device, 2, 0, answer));
    const RawFrame frame = client.next();
    EXPECT_EQ(frame.header.kind, FrameKind::Data);
    EXPECT_EQ(frame.header.channel, 2u);
    EXPECT_EQ(frame.payload, answer);
  }

  void accept() {
    accepting =
        std::async(std::launch::async, [&] { return device->accept(); });
  }

  /// Says hello as the client and opens `epoch`; the device must accept.
  static void openEpoch(RawPeer &client, uint64_t epoch) {
    ASSERT_TRUE(client.send(helloBytesOf(clientIndex, ourDigest)));
    ASSERT_EQ(client.next().header.kind, FrameKind::Hello);
    ASSERT_TRUE(client.send(frameBytes({FrameKind::Open, epoch})));
    ASSERT_EQ(client.next().header.kind, FrameKind::Ready);
    ASSERT_TRUE(client.send(frameBytes({FrameKind::Start, epoch})));
  }

  /// What the device answers to `bytes` on a new connection.
  std::string refusalOf(const Bytes &bytes) {
    RawPeer peer(address);
    peer.send(bytes);
    return peer.refusal();
  }
  std::string refusalAfterHello(const Bytes &bytes) {
    Bytes all = helloBytesOf(clientIndex, ourDigest);
    all.insert(all.end(), bytes.begin(), bytes.end());
    return refusalOf(all);
  }

  /// The device's wait for channel 1 after the client sent `bytes` in an epoch
  /// and, if so said, went away.
  Status outcomeOf(const Bytes &bytes, bool goAway, Deadline deadline) {
    accept();
    auto client = std::make_unique<RawPeer>(address);
    openEpoch(*client, 5);
    WINDROW_RETURN_IF_ERROR(accepting.get());
    Bytes landed(100);
    WINDROW_RETURN_IF_ERROR(device->postReceive(1, 0, landed));
    client->send(bytes);
    if (goAway)
      client.reset();
    Status status = device->waitReceive(1, deadline);
    device->close(status);
    return status;
  }

  /// What the device's owner was told; the peer hears of a refusal before.
  std::vector<std::string> refusalsOnceThereAre(size_t count) {
    for (const Deadline end = patience(); Clock::now() < end;) {
      {
        std::lock_guard lock(mutex);
        if (refusals.size() >= count)
          return refusals;
      }
      std::this_thread::sleep_for(milliseconds(1));
    }
    return {};
  }

  std::vector<TransportConfig> configs;
  std::mutex mutex;
  std::vector<std::string> refusals;
  std::unique_ptr<TcpTransport> device;
  std::string address;
  std::future<Status> accepting;
};

TEST_F(TcpHostile, GarbageIsRefused) {
  for (uint32_t seed = 0; seed < 50; ++seed)
    EXPECT_THAT(refusalOf(pattern(1000 + seed, seed)),
                StartsWith("frame magic must be 0x52444e57, got 0x"));
  const std::string_view request =
      "GET / HTTP/1.1\r\nHost: press-1.local\r\n\r\n";
  const auto bytes = std::as_bytes(std::span(request));
  EXPECT_EQ(refusalOf({bytes.begin(), bytes.end()}),
            "frame magic must be 0x52444e57, got 0x20544547");
  const std::vector<std::string> told = refusalsOnceThereAre(51);
  ASSERT_EQ(told.size(), 51u);
  EXPECT_THAT(told.back(), StartsWith("127.0.0.1:"));
  EXPECT_THAT(told.back(), HasSubstr(": frame magic must be "));
}

TEST_F(TcpHostile, OtherVersionIsRefused) {
  Bytes hello = helloBytesOf(clientIndex, ourDigest);
  hello[4] = std::byte(2);
  EXPECT_EQ(refusalOf(hello), "protocol version must be 1, got 2");
}

TEST_F(TcpHostile, EveryFlippedBitOfAHelloIsSeen) {
  const Bytes hello = helloBytesOf(clientIndex, ourDigest);
  for (size_t bit = 0; bit < hello.size() * 8; ++bit) {
    Bytes flipped = hello;
    flipped[bit / 8] ^= std::byte(1 << bit % 8);
    EXPECT_THAT(refusalOf(flipped), HasSubstr(" must be ")) << "bit " << bit;
  }
}

TEST_F(TcpHostile, WrongHelloIsRefused) {
  EXPECT_THAT(refusalOf(helloBytesOf(clientIndex, std::byte(0xe2))),
              StartsWith("plan digest must be d1d1"));
  // Unknown, itself, and one that shares no channel.
  for (uint32_t participant : {7u, 0u, 1u})
    EXPECT_EQ(refusalOf(helloBytesOf(participant, ourDigest)),
              "participant must be one that dials press-1, got " +
                  std::to_string(participant));
  EXPECT_EQ(refusalAfterHello(helloBytesOf(clientIndex, ourDigest)),
            "must say hello once, got two");
}

TEST_F(TcpHostile, HelloMustComeFirstAndSoon) {
  EXPECT_EQ(refusalOf(frameBytes({FrameKind::Open, 5})),
            "must begin with hello, got frame kind 2");
  EXPECT_EQ(
      refusalOf(frameBytes({FrameKind::Data, 5, 0, 1, 0}, pattern(100, 1))),
      "must begin with hello, got frame kind 8");
  EXPECT_EQ(refusalOf({}), "must say hello within 300 ms, got none");
}

// Else the early slot of a client that never starts could fill up, and its end
// would stay unread behind the frame that waits.
TEST_F(TcpHostile, FrameBeforeTheStartIsRefused) {
  accept();
  RawPeer client(address);
  client.send(helloBytesOf(clientIndex, ourDigest));
  ASSERT_EQ(client.next().header.kind, FrameKind::Hello);
  client.send(frameBytes({FrameKind::Open, 5}));
  ASSERT_EQ(client.next().header.kind, FrameKind::Ready);
  client.send(frameBytes({FrameKind::Data, 5, 0, 1, 0}, pattern(100, 1)));
  EXPECT_EQ(client.refusal(), "frame on channel 1 must come after the start of "
                              "its epoch, got it before");
}

TEST_F(TcpHostile, SlowHelloIsRefused) {
  RawPeer peer(address);
  const Bytes hello = helloBytesOf(clientIndex, ourDigest);
  std::jthread drip([&](std::stop_token stop) {
    for (size_t i = 0; i < hello.size() && !stop.stop_requested(); ++i) {
      peer.send({&hello[i], 1});
      std::this_thread::sleep_for(milliseconds(10));
    }
  });
  EXPECT_EQ(peer.refusal(), "must say hello within 300 ms, got none");
}

TEST_F(TcpHostile, TruncatedFramesEndQuietly) {
  const Bytes hello = helloBytesOf(clientIndex, ourDigest);
  for (size_t size : {1, 35, 36, 37, 75}) {
    RawPeer peer(address);
    peer.send(std::span(hello).first(size));
  }
}

TEST_F(TcpHostile, SizesAreCheckedBeforeThePayload) {
  auto claim = [](tcp::FrameHeader header, uint64_t bytes) {
    header.bytes = bytes;
    const auto image = tcp::encodeHeader(header);
    return Bytes(image.begin(), image.end());
  };
  EXPECT_EQ(
      refusalOf(claim({FrameKind::Hello}, 1ull << 40)),
      "payload of frame kind 1 must be 36 to 36 bytes, got 1099511627776");
  EXPECT_EQ(refusalAfterHello(claim({FrameKind::Fail, 5}, 1025)),
            "payload of frame kind 6 must be 0 to 1024 bytes, got 1025");
  EXPECT_EQ(refusalAfterHello(claim({FrameKind::Data, 5, 0, 1, 0}, 1ull << 60)),
            "frame on channel 1 must be 100 bytes, got 1152921504606846976");
  EXPECT_EQ(refusalAfterHello(claim({FrameKind::Data, 5, 0, 1, 0}, 99)),
            "frame on channel 1 must be 100 bytes, got 99");
  EXPECT_EQ(refusalAfterHello(claim({FrameKind::Data, 5, 0, 9, 0}, 100)),
            "channel must be one from client to press-1, got 9");
  // The device's own sending channel.
  EXPECT_EQ(refusalAfterHello(claim({FrameKind::Data, 5, 0, 2, 0}, 8)),
            "channel must be one from client to press-1, got 2");
}

TEST_F(TcpHostile, MessagesThatDoNotBefitAClientAreRefused) {
  EXPECT_EQ(refusalAfterHello(frameBytes({FrameKind::Ready, 5})),
            "client must not send control message 1");
  EXPECT_EQ(refusalAfterHello(frameBytes({FrameKind::Refuse, 5}, "no")),
            "client must not send control message 2");
  EXPECT_EQ(refusalAfterHello(frameBytes({FrameKind::Open, 0})),
            "client must not open epoch 0");
  EXPECT_EQ(refusalAfterHello(frameBytes({FrameKind::Fail, 5, 0, 77}, "x")),
            "client must not send control message 4");
}

TEST_F(TcpHostile, StaleFramesAreDroppedAndCheckedAllTheSame) {
  Bytes stale = frameBytes({FrameKind::Data, 5, 0, 1, 0}, pattern(100, 1));
  RawPeer peer(address);
  peer.send(helloBytesOf(clientIndex, ourDigest));
  for (int i = 0; i < 10; ++i)
    EXPECT_TRUE(peer.send(stale));
  stale[50] ^= std::byte(1);
  EXPECT_TRUE(peer.send(stale));
  EXPECT_THAT(peer.refusal(),
              StartsWith("payload checksum of channel 1 must be 0x"));
}

TEST_F(TcpHostile, CorruptPayloadFailsTheEpoch) {
  Bytes frame = frameBytes({FrameKind::Data, 5, 0, 1, 0}, pattern(100, 1));
  frame[50] ^= std::byte(1);
  const Status status = outcomeOf(frame, false, patience());
  EXPECT_EQ(status.code(), StatusCode::CorruptData);
  EXPECT_THAT(status.message(),
              StartsWith("client: payload checksum of channel 1 must be 0x"));
  EXPECT_THAT(status.message(), HasSubstr(", got 0x"));
}

TEST_F(TcpHostile, CorruptHeaderFailsTheEpoch) {
  Bytes frame = frameBytes({FrameKind::Data, 5, 0, 1, 0}, pattern(100, 1));
  frame[24] ^= std::byte(1);
  const Status status = outcomeOf(frame, false, patience());
  EXPECT_EQ(status.code(), StatusCode::CorruptData);
  EXPECT_THAT(status.message(), StartsWith("client: header checksum must be"));
}

TEST_F(TcpHostile, ConnectionThatEndsWithinAFrameFailsTheEpoch) {
  const Bytes frame =
      frameBytes({FrameKind::Data, 5, 0, 1, 0}, pattern(100, 1));
  for (size_t size : {10, 36, 90, 139})
    expectFailure(
        outcomeOf({frame.begin(), frame.begin() + size}, true, patience()),
        StatusCode::Unavailable, "client: connection closed by the peer");
}

TEST_F(TcpHostile, SilenceWithinAFrameRunsIntoTheDeadline) {
  const Bytes frame =
      frameBytes({FrameKind::Data, 5, 0, 1, 0}, pattern(100, 1));
  for (size_t size : {10, 36, 90, 139})
    expectFailure(
        outcomeOf({frame.begin(), frame.begin() + size}, false,
                  after(milliseconds(50))),
        StatusCode::DeadlineExceeded,
        "client did not send request 0 on channel 1 within the deadline");
}

TEST_F(TcpHostile, FrameThatDripsInArrives) {
  accept();
  RawPeer client(address);
  openEpoch(client, 5);
  ASSERT_OK(accepting.get());
  Bytes landed(100);
  for (uint32_t request = 0; request < 2; ++request) {
    ASSERT_OK(device->postReceive(1, request, landed));
    for (std::byte b : frameBytes({FrameKind::Data, 5, 0, 1, request},
                                  pattern(100, request))) {
      ASSERT_TRUE(client.send({&b, 1}));
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    ASSERT_OK(device->waitReceive(1, patience()));
    EXPECT_EQ(landed, pattern(100, request));
  }
}

TEST_F(TcpHostile, ManySilentStrangersDoNotLockOthersOut) {
  std::vector<std::unique_ptr<RawPeer>> strangers;
  for (int i = 0; i < 100; ++i)
    strangers.push_back(std::make_unique<RawPeer>(address));
  for (auto &stranger : strangers)
    EXPECT_TRUE(stranger->endsInTime());
}

/// A conversation of a well-behaved client, in pieces.
std::vector<Bytes> conversation() {
  return {helloBytesOf(clientIndex, ourDigest),
          frameBytes({FrameKind::Open, 5}),
          frameBytes({FrameKind::Start, 5}),
          frameBytes({FrameKind::Data, 5, 0, 1, 0}, pattern(100, 1)),
          frameBytes({FrameKind::Data, 5, 0, 1, 1}, pattern(100, 2)),
          frameBytes({FrameKind::Close, 5})};
}

/// Of an unharmed conversation, up to where the client waits.
constexpr size_t helloAndOpenBytes = tcp::headerBytes + tcp::helloBytes +
                                     tcp::trailerBytes + tcp::headerBytes +
                                     tcp::trailerBytes;

Bytes mutate(std::mt19937 &random) {
  std::vector<Bytes> pieces = conversation();
  Bytes bytes;
  for (size_t i = 0; i < pieces.size(); ++i) {
    // Now and then a piece is left out, repeated, or another one.
    const unsigned fate = random() % 16;
    if (fate == 0)
      continue;
    const Bytes &piece =
        fate == 1 ? pieces[random() % pieces.size()] : pieces[i];
    for (int copies = fate == 2 ? 2 : 1; copies > 0; --copies)
      bytes.insert(bytes.end(), piece.begin(), piece.end());
  }
  if (bytes.empty())
    return bytes;
  for (unsigned flips = random() % 4; flips > 0; --flips)
    bytes[random() % bytes.size()] ^= std::byte(1 << random() % 8);
  if (random() % 4 == 0)
    bytes.resize(random() % bytes.size());
  return bytes;
}

TEST_F(TcpHostile, MutatedConversationsNeitherCrashNorHang) {
  const uint32_t seed = std::random_device()();
  RecordProperty("seed", static_cast<int>(seed));
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::atomic<bool> isEnough = false;
  auto program = std::async(std::launch::async, [&] {
    Bytes landed(100);
    while (!isEnough && device->accept().ok()) {
      Status status;
      for (uint32_t request = 0; status.ok(); ++request) {
        status = device->postReceive(1, request, landed);
        if (status.ok())
          status = device->waitReceive(1, after(milliseconds(5)));
      }
      device->close(status);
    }
  });
  for (int i = 0; i < 400; ++i) {
    RawPeer peer(address);
    peer.patience = milliseconds(20);
    // Half of them wait for the device to be ready, as a client would.
    const Bytes bytes = mutate(random);
    const size_t cut = std::min(bytes.size(), helloAndOpenBytes);
    peer.send(std::span(bytes).first(cut));
    if (i % 2 == 0 && peer.next().header.kind == FrameKind::Hello)
      (void)peer.next();
    peer.send(std::span(bytes).subspan(cut));
    if (i % 8 == 0)
      (void)peer.next();
  }
  isEnough = true;
  // An epoch gets the program out of its last accept. The device may still be
  // busy with one of those above, until it sees its end.
  for (const Deadline end = patience(); Clock::now() < end;) {
    if (program.wait_for(milliseconds(0)) == std::future_status::ready)
      return;
    RawPeer last(address);
    last.patience = milliseconds(200);
    last.send(helloBytesOf(clientIndex, ourDigest));
    last.send(frameBytes({FrameKind::Open, 6}));
    (void)last.next();
    if (last.next().header.kind == FrameKind::Ready) {
      last.send(frameBytes({FrameKind::Start, 6}));
      program.wait_for(milliseconds(200));
    }
  }
  ADD_FAILURE() << "the device does not serve any more";
  device->stop();
}

/// What the client's `open` says of a device that answers with `bytes`.
Status openAgainst(const Bytes &bytes, milliseconds patienceForOpen) {
  RawListener listener;
  auto configs = planConfigs(1, {});
  TcpOptions options;
  options.addressOverrides = {listener.address};
  auto client = createTcpTransport(configs[1], options);
  EXPECT_TRUE(client) << client.error().message();
  auto opening = std::async(std::launch::async, [&] {
    return (*client)->open(after(patienceForOpen));
  });
  RawPeer device(listener.accept());
  device.send(bytes);
  return opening.get();
}

TEST(TcpHostileDevice, ItsNameIsInTheClientsError) {
  const milliseconds enough(20000);
  EXPECT_THAT(openAgainst(pattern(100, 1), enough).message(),
              StartsWith("press-1: frame magic must be"));
  expectFailure(openAgainst(helloBytesOf(1, ourDigest), enough),
                StatusCode::Incompatible,
                "press-1: participant must be 0, got 1");
  expectFailure(
      openAgainst(frameBytes({FrameKind::Refuse, 0, 0, 0, 7}, "busy\033[31m"),
                  enough),
      StatusCode::Cancelled, "press-1: busy?[31m");
  expectFailure(openAgainst({}, milliseconds(100)),
                StatusCode::DeadlineExceeded,
                "press-1: not reached within the deadline");
}

} // namespace
} // namespace windrow::test
