//===- tcp_socket_test.cpp - Tests of the options of TCP sockets ----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/transport/tcp/socket.h"

#include <gtest/gtest.h>

namespace windrow::tcp {
namespace {

TEST(TcpSocketTest, ConnectionsDoNotFillTheQueuesOfSwitches) {
  asio::io_context context;
  Socket socket(context.get_executor());
  socket.open(asio::ip::tcp::v4());
  tuneSocket(socket);
  asio::socket_base::send_buffer_size kept;
  socket.get_option(kept);
  // Linux says twice what it was told: its own records count too.
  EXPECT_GE(kept.value(), 64 << 10);
  EXPECT_LE(kept.value(), 128 << 10);
  EXPECT_TRUE(socket.non_blocking());
  asio::ip::tcp::no_delay isImmediate;
  socket.get_option(isImmediate);
  EXPECT_TRUE(isImmediate.value());
}

} // namespace
} // namespace windrow::tcp
