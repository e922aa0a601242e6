//===- connection_order_test.cpp - Frames leave as they were posted -------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/transport/tcp/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numeric>

namespace windrow::tcp {
namespace {

using std::chrono::milliseconds;

/// Remembers which frames are out, by their channels.
class SendObserver final : public ConnectionOwner {
public:
  Landing beginLanding(Connection &, const FrameTag &) override {
    return {Landing::Action::Discard, nullptr};
  }
  void finishLanding(Connection &, const FrameTag &) override {}
  void sendFinished(const FrameTag &tag) override {
    sent.push_back(tag.channel);
  }
  void controlReceived(Connection &, const FrameHeader &,
                       std::span<const std::byte>) override {}
  void readingFailed(Connection &, const Status &problem) override {
    ADD_FAILURE() << problem.message();
  }

  std::vector<uint32_t> sent;
};

/// Connections of one endpoint, the other ends of which read when told.
struct ConnectionOrder : testing::Test {
  static constexpr uint64_t largerBytes = 16 << 10, smallBytes = 1 << 10;
  /// More than the kernel keeps of a connection that nobody reads.
  static constexpr uint32_t manyFrames = 256;

  std::shared_ptr<Connection> connect() {
    asio::ip::tcp::acceptor acceptor(context);
    acceptor.open(asio::ip::tcp::v4());
    acceptor.set_option(asio::socket_base::receive_buffer_size(8 << 10));
    acceptor.bind({asio::ip::address_v4::loopback(), 0});
    acceptor.listen();
    Socket socket(context.get_executor());
    socket.connect(acceptor.local_endpoint());
    peers.push_back(acceptor.accept());
    peers.back().non_blocking(true);
    connections.push_back(std::make_shared<Connection>(
        std::move(socket), observer, *turns, std::nullopt, manyFrames));
    return connections.back();
  }

  void post(Connection &connection, uint32_t channel, uint64_t bytes) {
    connection.sendData({1, channel, 0, bytes}, payload.data());
  }

  /// Fills `connection` with larger frames of channels 0, 1, ...
  void fill(Connection &connection) {
    for (uint32_t channel = 0; channel < manyFrames; ++channel)
      post(connection, channel, largerBytes);
    ASSERT_LT(observer.sent.size(), manyFrames);
  }

  /// Reads what reaches `peer` until `frames` are out, or for 10 s.
  void readUntilSent(size_t peer, size_t frames) {
    const auto end = std::chrono::steady_clock::now() + milliseconds(10000);
    std::vector<std::byte> nowhere(1 << 16);
    while (observer.sent.size() < frames &&
           std::chrono::steady_clock::now() < end) {
      std::error_code error;
      peers[peer].read_some(asio::buffer(nowhere), error);
      context.restart();
      context.run_for(milliseconds(1));
    }
  }

  void useTurns(milliseconds patience) { turns.emplace(context, 4, patience); }

  void TearDown() override {
    for (const std::shared_ptr<Connection> &connection : connections)
      connection->close();
    context.restart();
    context.poll();
  }

  asio::io_context context;
  std::optional<SendTurns> turns;
  SendObserver observer;
  std::vector<asio::ip::tcp::socket> peers;
  std::vector<std::shared_ptr<Connection>> connections;
  const std::vector<std::byte> payload =
      std::vector<std::byte>(largerBytes, std::byte{7});
};

TEST_F(ConnectionOrder, LargerFramesWaitForThoseBeforeThem) {
  useTurns(milliseconds(60000));
  std::shared_ptr<Connection> first = connect(), second = connect();
  fill(*first);
  post(*second, manyFrames, largerBytes);
  EXPECT_THAT(observer.sent, testing::Not(testing::Contains(manyFrames)));

  readUntilSent(0, manyFrames + 1);
  std::vector<uint32_t> posted(manyFrames + 1);
  std::iota(posted.begin(), posted.end(), 0);
  EXPECT_EQ(observer.sent, posted);
}

TEST_F(ConnectionOrder, SmallFramesDoNotWait) {
  useTurns(milliseconds(60000));
  std::shared_ptr<Connection> first = connect(), second = connect();
  fill(*first);
  post(*second, manyFrames, smallBytes);
  EXPECT_THAT(observer.sent, testing::Contains(manyFrames));
}

TEST_F(ConnectionOrder, WhoTakesNothingHoldsUpNobody) {
  useTurns(milliseconds(20));
  std::shared_ptr<Connection> first = connect(), second = connect();
  fill(*first);
  const size_t sentBefore = observer.sent.size();
  post(*second, manyFrames, largerBytes);
  readUntilSent(1, sentBefore + 1);
  EXPECT_THAT(observer.sent, testing::Contains(manyFrames));
}

TEST_F(ConnectionOrder, UnsentDataIsNoticed) {
  useTurns(milliseconds(20));
  asio::ip::tcp::acceptor acceptor(context,
                                   {asio::ip::address_v4::loopback(), 0});
  Socket socket(context.get_executor());
  socket.connect(acceptor.local_endpoint());
  asio::ip::tcp::socket peer = acceptor.accept();
  tuneSocket(socket);
  EXPECT_FALSE(holdsUnsentData(socket));
  std::error_code error;
  while (!error)
    socket.write_some(asio::buffer(payload), error);
  EXPECT_EQ(error, asio::error::would_block);
  EXPECT_TRUE(holdsUnsentData(socket));

  bool isWritable = false;
  socket.async_wait(Socket::wait_write,
                    [&](std::error_code) { isWritable = true; });
  context.poll();
  EXPECT_FALSE(isWritable);
  peer.non_blocking(true);
  std::vector<std::byte> nowhere(1 << 16);
  const auto end = std::chrono::steady_clock::now() + milliseconds(10000);
  while (!isWritable && std::chrono::steady_clock::now() < end) {
    peer.read_some(asio::buffer(nowhere), error);
    context.run_for(milliseconds(1));
  }
  EXPECT_TRUE(isWritable);
  EXPECT_FALSE(holdsUnsentData(socket));
}

} // namespace
} // namespace windrow::tcp
