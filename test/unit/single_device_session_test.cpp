//===- single_device_session_test.cpp - A client and its only device ------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/artifact/bundle_layout.h"
#include "test/support/scratch_folder.h"
#include "test/support/test_bundle.h"
#include "windrow/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace windrow::test {
namespace {

using format::Direction;
using format::TensorLayout;

constexpr uint32_t height = 7, width = 5, channels = 3;
constexpr uint32_t pixels = height * width;

/// The device clamps an image from below at `lowest`.
constexpr float lowest = 20;

/// Numbered from 0.
Tensor makeInput() {
  Tensor input{{1, channels, height, width},
               std::vector<float>(channels * pixels)};
  std::iota(input.values.begin(), input.values.end(), 0.0f);
  return input;
}

class SingleDevicePlan {
public:
  SingleDevicePlan() : device(1, 0), client(1, 1) {
    uint32_t image = device.tensor({1, height, width, channels});
    device.transfer(device.channel(1, 1, Direction::Receive, image));
    format::UnaryT clamp;
    clamp.kind = format::UnaryKind::Clamp;
    clamp.input = clamp.output = image;
    clamp.clamp = std::make_unique<format::Clamp>(
        lowest, std::numeric_limits<float>::infinity());
    device.run(clamp, "clamp");
    device.transfer(device.channel(2, 1, Direction::Send, image));
  }

  /// The client, whose answer may overwrite its question.
  void addClient(bool sharesBytes) {
    uint32_t input = client.tensor({1, height, width, channels});
    uint32_t output = sharesBytes
                          ? client.view(input, 0, {1, height, width, channels})
                          : client.tensor({1, height, width, channels});
    client.transfer(client.channel(1, 0, Direction::Send, input));
    client.transfer(client.channel(2, 0, Direction::Receive, output));
    client.modelInput(input, {1, channels, height, width}, TensorLayout::NCHW);
    client.modelOutput(output, {1, channels, height, width},
                       TensorLayout::NCHW);
  }

  Expected<std::unique_ptr<Session>> connect() {
    EXPECT_TRUE(device.write(bundlePath(folder.path, "press-1")).ok());
    EXPECT_TRUE(client.write(bundlePath(folder.path, clientName)).ok());
    SessionOptions options;
    options.local = true;
    return Session::connect(folder.path, options);
  }

  TestBundle device, client;

private:
  ScratchFolder folder;
};

size_t countThreads() {
  namespace fs = std::filesystem;
  return static_cast<size_t>(std::distance(
      fs::directory_iterator("/proc/self/task"), fs::directory_iterator()));
}

void expectClamped(Session &session) {
  for (int request = 0; request < 3; ++request) {
    Tensor input = makeInput();
    Expected<Answer> answer = session.run(std::span(&input, 1));
    ASSERT_TRUE(answer) << answer.error().message();
    for (float &value : input.values)
      value = std::max(value, lowest);
    EXPECT_EQ(answer->outputs[0].values, input.values);
  }
}

TEST(SingleDeviceSession, ComputesOnTheCallersThread) {
  SingleDevicePlan plan;
  plan.addClient(/*sharesBytes=*/false);
  const size_t threads = countThreads();
  auto session = plan.connect();
  ASSERT_TRUE(session) << session.error().message();
  EXPECT_EQ(countThreads(), threads);
  expectClamped(**session);
}

TEST(SingleDeviceSession, ComputesOnAnotherThreadWhereBytesAreShared) {
  SingleDevicePlan plan;
  plan.addClient(/*sharesBytes=*/true);
  const size_t threads = countThreads();
  auto session = plan.connect();
  ASSERT_TRUE(session) << session.error().message();
  EXPECT_EQ(countThreads(), threads + 1);
  expectClamped(**session);
}

TEST(SingleDeviceSession, ChannelsOfDifferentSizesEndTheSession) {
  SingleDevicePlan plan;
  plan.client.transfer(plan.client.channel(
      1, 0, Direction::Send, plan.client.tensor({1, height, width, 1})));
  plan.client.modelInput(0, {1, 1, height, width}, TensorLayout::NCHW);
  uint32_t output = plan.client.tensor({1, height, width, channels});
  plan.client.transfer(plan.client.channel(2, 0, Direction::Receive, output));
  plan.client.modelOutput(output, {1, height, width, channels},
                          TensorLayout::NHWC);
  auto session = plan.connect();
  ASSERT_TRUE(session) << session.error().message();
  Tensor input{{1, 1, height, width}, std::vector<float>(pixels)};
  for (int request = 0; request < 2; ++request) {
    Expected<Answer> answer = (*session)->run(std::span(&input, 1));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().message(),
              "channel 1 must have 140 bytes, as the client's end, got 420");
  }
}

} // namespace
} // namespace windrow::test
