//===- transport_config_test.cpp - Tests of bad transport configurations --===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/transport/transport.h"

#include <gtest/gtest.h>

namespace windrow {
namespace {

TransportConfig twoDevices(ParticipantIndex self) {
  return {
      {},
      self,
      {{"press-1", "127.0.0.1:1"}, {"press-2", "127.0.0.1:2"}, {"client", ""}},
      {}};
}

/// Both transports check in the same way.
void expectError(const TransportConfig &config, const std::string &text) {
  auto tcp = createTcpTransport(config, {});
  ASSERT_FALSE(tcp);
  EXPECT_EQ(tcp.error().code(), StatusCode::InvalidArgument);
  EXPECT_EQ(tcp.error().message(), text);
  auto inproc = createInprocTransports({config});
  ASSERT_FALSE(inproc);
  EXPECT_EQ(inproc.error().code(), StatusCode::InvalidArgument);
  EXPECT_EQ(inproc.error().message(), text);
}

TEST(TransportConfigTest, ParticipantsAreChecked) {
  TransportConfig config = twoDevices(0);
  config.participants.resize(1);
  expectError(config,
              "participants must be at least a device and a client, got 1");
  expectError(twoDevices(3), "participant must be below 3, got 3");
}

TEST(TransportConfigTest, ChannelsAreChecked) {
  TransportConfig config = twoDevices(0);
  config.channels = {{4, 3, ChannelDirection::Send, 8}};
  expectError(config,
              "peer of channel 4 must be another participant below 3, got 3");
  config.channels = {{4, 0, ChannelDirection::Send, 8}};
  expectError(config,
              "peer of channel 4 must be another participant below 3, got 0");
  config.channels = {{4, 1, ChannelDirection::Send, 8},
                     {5, 1, ChannelDirection::Send, 8},
                     {4, 2, ChannelDirection::Receive, 8}};
  expectError(config, "channel 4 is listed twice");
}

TEST(TransportConfigTest, InprocConfigurationsComeInOrder) {
  auto transports =
      createInprocTransports({twoDevices(0), twoDevices(2), twoDevices(1)});
  ASSERT_FALSE(transports);
  EXPECT_EQ(transports.error().message(),
            "configuration 1 must be of participant 1 of 3, got 2 of 3");
  transports = createInprocTransports({twoDevices(0), twoDevices(1)});
  ASSERT_FALSE(transports);
  EXPECT_EQ(transports.error().message(),
            "configuration 0 must be of participant 0 of 2, got 0 of 3");
}

} // namespace
} // namespace windrow
