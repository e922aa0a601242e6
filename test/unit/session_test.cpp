//===- session_test.cpp - Tests of sessions and nodes ---------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "windrow/session.h"

#include "runtime/artifact/bundle_layout.h"
#include "test/support/scratch_folder.h"
#include "test/support/strip_plan.h"
#include "windrow/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <fstream>
#include <thread>

namespace windrow::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

SessionOptions localOptions() {
  SessionOptions options;
  options.local = true;
  return options;
}

Tensor makeTensor() {
  return {{1, StripPlan::channels, StripPlan::height, StripPlan::width},
          StripPlan::makeInput()};
}

Image makeImage() {
  return {StripPlan::height, StripPlan::width, StripPlan::channels,
          StripPlan::makePixels()};
}

void expectNear(const std::vector<float> &actual,
                const std::vector<float> &expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i)
    EXPECT_NEAR(actual[i], expected[i], 1e-5) << i;
}

/// A folder with a plan of each kind.
class SessionTest : public testing::Test {
protected:
  SessionTest() {
    for (const std::filesystem::path &folder : {maps, images})
      std::filesystem::create_directory(folder);
    write(StripPlan(StripPlan::Kind::FeatureMap), maps);
    write(StripPlan(StripPlan::Kind::Classifier), images);
  }

  static void write(StripPlan plan, const std::filesystem::path &folder) {
    Status status = plan.write(folder);
    EXPECT_TRUE(status.ok()) << status.message();
  }

  std::unique_ptr<Session> connect(const std::filesystem::path &plan,
                                   const SessionOptions &options) {
    auto session = Session::connect(plan, options);
    EXPECT_TRUE(session) << session.error().message();
    return session ? std::move(*session) : nullptr;
  }

  std::string connectError(const std::filesystem::path &plan,
                           const SessionOptions &options) {
    auto session = Session::connect(plan, options);
    EXPECT_FALSE(session);
    return session ? "" : session.error().message();
  }

  ScratchFolder folder;
  const std::filesystem::path maps = folder / "maps",
                              images = folder / "images";
};

TEST_F(SessionTest, DescribesThePlan) {
  auto session = connect(images, localOptions());
  ASSERT_TRUE(session);
  const PlanDescription &plan = session->description();
  EXPECT_EQ(plan.model, "strips");
  EXPECT_THAT(plan.devices, ElementsAre("press-1", "press-2"));
  ASSERT_EQ(plan.inputs.size(), 1u);
  EXPECT_EQ(plan.inputs[0].name, "image");
  EXPECT_THAT(plan.inputs[0].shape, ElementsAre(1, 3, 6, 5));
  ASSERT_EQ(plan.outputs.size(), 1u);
  EXPECT_EQ(plan.outputs[0].name, "scores");
  EXPECT_THAT(plan.outputs[0].shape, ElementsAre(1, 4));
  EXPECT_THAT(plan.labels,
              ElementsAre("crazing", "inclusion", "patches", "scratches"));
  ASSERT_TRUE(plan.imageShape);
  EXPECT_THAT(*plan.imageShape, ElementsAre(6, 5, 3));
}

TEST_F(SessionTest, AnswersTensorsInTheModelsLayout) {
  auto session = connect(maps, localOptions());
  ASSERT_TRUE(session);
  for (int repetition = 0; repetition < 3; ++repetition) {
    Tensor input = makeTensor();
    Expected<Answer> answer = session->run(std::span(&input, 1));
    ASSERT_TRUE(answer) << answer.error().message();
    ASSERT_EQ(answer->outputs.size(), 1u);
    EXPECT_THAT(answer->outputs[0].shape, ElementsAre(1, 4, 6, 5));
    expectNear(answer->outputs[0].values, StripPlan::computeMap(input.values));
    EXPECT_GT(answer->seconds, 0);
  }
}

TEST_F(SessionTest, AnswersImages) {
  auto session = connect(images, localOptions());
  ASSERT_TRUE(session);
  Expected<Answer> answer = session->run(makeImage());
  ASSERT_TRUE(answer) << answer.error().message();
  expectNear(answer->outputs[0].values,
             StripPlan::computeScores(StripPlan::makePixels()));
}

// Kernel threads beyond the processors would wait for each other, spinning.
TEST_F(SessionTest, LocalDevicesShareTheProcessors) {
  StripPlan plan(StripPlan::Kind::FeatureMap);
  for (uint32_t device : {0, 1})
    plan.device(device).header.threads = 64;
  write(std::move(plan), maps);
  auto session = connect(maps, localOptions());
  ASSERT_TRUE(session);
  std::vector<Tensor> inputs{makeTensor()};
  auto start = Clock::now();
  for (int request = 0; request < 50; ++request)
    ASSERT_TRUE(session->run(inputs));
  EXPECT_LT(Clock::now() - start, seconds(5));
}

TEST_F(SessionTest, UnsuitableInputIsRefusedAndTheNextAnswered) {
  auto session = connect(maps, localOptions());
  ASSERT_TRUE(session);
  auto errorOf = [&](std::vector<Tensor> inputs) {
    Expected<Answer> answer = session->run(inputs);
    EXPECT_FALSE(answer);
    return answer ? "" : answer.error().message();
  };
  EXPECT_EQ(errorOf({}), "number of inputs must be 1, got 0");
  EXPECT_EQ(errorOf({{{1, 6, 5, 3}, StripPlan::makeInput()}}),
            "input 'image' must have the shape 1x3x6x5, got 1x6x5x3");
  EXPECT_EQ(errorOf({{{1, 3, 6, 5}, {1, 2}}}),
            "input 'image' must have 90 values, got 2");
  Expected<Answer> answer = session->run(makeImage());
  ASSERT_FALSE(answer);
  EXPECT_EQ(
      answer.error().message(),
      "input must be a tensor, as the plan was compiled for, got an image");
  Tensor input = makeTensor();
  EXPECT_TRUE(session->run(std::span(&input, 1)));
}

TEST_F(SessionTest, UnsuitableImageIsRefusedAndTheNextAnswered) {
  auto session = connect(images, localOptions());
  ASSERT_TRUE(session);
  auto errorOf = [&](const Image &image) {
    Expected<Answer> answer = session->run(image);
    EXPECT_FALSE(answer);
    return answer ? "" : answer.error().message();
  };
  EXPECT_EQ(errorOf({200, 100, 3, std::vector<uint8_t>(60000)}),
            "image must be 5x6 pixels of 3 channels, got 100x200 pixels of 3 "
            "channels");
  EXPECT_EQ(errorOf({6, 5, 3, std::vector<uint8_t>(91)}),
            "image must have 90 bytes of pixels, got 91");
  Tensor tensor = makeTensor();
  Expected<Answer> answer = session->run(std::span(&tensor, 1));
  ASSERT_FALSE(answer);
  EXPECT_EQ(
      answer.error().message(),
      "input must be an image, as the plan was compiled for, got a tensor");
  EXPECT_TRUE(session->run(makeImage()));
}

TEST_F(SessionTest, MissingFilesAreNamed) {
  EXPECT_THAT(connectError(folder / "none", localOptions()),
              HasSubstr("none/client.bundle: cannot open: "));
  std::filesystem::remove(bundlePath(maps, "press-2"));
  EXPECT_THAT(connectError(maps, localOptions()),
              HasSubstr("maps/press-2.bundle: cannot open: "));
}

TEST_F(SessionTest, DamagedFileIsNamed) {
  std::ofstream(bundlePath(maps, "press-1")) << "not what it was";
  EXPECT_EQ(connectError(maps, localOptions()),
            bundlePath(maps, "press-1").string() + ": not a bundle");
}

TEST_F(SessionTest, BundleOfAnotherPlanIsNamed) {
  ScratchFolder other;
  write(StripPlan(StripPlan::Kind::FeatureMap, /*digest=*/8), other.path);
  std::filesystem::copy_file(bundlePath(other.path, "press-2"),
                             bundlePath(maps, "press-2"),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(connectError(maps, localOptions()),
            bundlePath(maps, "press-2").string() +
                ": bundle must be of the same plan as " +
                bundlePath(maps, "client").string());
}

TEST_F(SessionTest, BundleOfAnotherDeviceIsNamed) {
  std::filesystem::copy_file(bundlePath(maps, "press-1"),
                             bundlePath(maps, "press-2"),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(connectError(maps, localOptions()),
            bundlePath(maps, "press-2").string() +
                ": bundle must be that of 'press-2', got that of 'press-1'");
  std::filesystem::copy_file(bundlePath(maps, "press-1"),
                             bundlePath(maps, "client"),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(connectError(maps, localOptions()),
            bundlePath(maps, "client").string() +
                ": bundle must be the client's, got that of 'press-1'");
}

TEST_F(SessionTest, UnknownDeviceIsNamed) {
  SessionOptions options;
  options.addresses["press-9"] = "127.0.0.1:1";
  EXPECT_EQ(connectError(maps, options),
            "address must be of a device of the plan, got 'press-9'");
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

/// A node that serves on a thread.
class RunningNode {
public:
  explicit RunningNode(const std::filesystem::path &bundle,
                       NodeOptions options = {}) {
    options.listenAddress = "127.0.0.1:0";
    auto created = Node::create(bundle, options);
    EXPECT_TRUE(created) << created.error().message();
    node = std::move(*created);
    thread = std::thread([this] { node->serve(); });
  }
  ~RunningNode() { stop(); }

  std::string address() const { return node->listeningAddress(); }
  void stop() {
    if (!thread.joinable())
      return;
    node->stop();
    thread.join();
    node.reset();
  }

private:
  std::unique_ptr<Node> node;
  std::thread thread;
};

class NodeTest : public SessionTest {
protected:
  /// Starts both nodes of a plan, or the first alone, whose peer is nowhere.
  void start(const std::filesystem::path &plan, bool isComplete = true) {
    NodeOptions options;
    if (isComplete) {
      lower = std::make_unique<RunningNode>(bundlePath(plan, "press-2"));
      session.addresses["press-2"] = lower->address();
    } else {
      // Nobody listens on the port of a node that has ended.
      RunningNode gone(bundlePath(plan, "press-2"));
      session.addresses["press-2"] = gone.address();
    }
    options.addresses = session.addresses;
    upper = std::make_unique<RunningNode>(bundlePath(plan, "press-1"), options);
    session.addresses["press-1"] = upper->address();
  }

  std::unique_ptr<RunningNode> lower, upper;
  SessionOptions session;
};

TEST_F(NodeTest, AnswersOneClientAfterTheOtherAsLocally) {
  start(maps);
  auto local = connect(maps, localOptions());
  ASSERT_TRUE(local);
  Tensor input = makeTensor();
  Expected<Answer> expected = local->run(std::span(&input, 1));
  ASSERT_TRUE(expected) << expected.error().message();
  for (int client = 0; client < 3; ++client) {
    auto remote = connect(maps, session);
    ASSERT_TRUE(remote);
    for (int request = 0; request < 3; ++request) {
      Expected<Answer> answer = remote->run(std::span(&input, 1));
      ASSERT_TRUE(answer) << answer.error().message();
      EXPECT_EQ(answer->outputs[0].values, expected->outputs[0].values);
    }
  }
}

TEST_F(NodeTest, AnswersImages) {
  start(images);
  auto remote = connect(images, session);
  ASSERT_TRUE(remote);
  Expected<Answer> answer = remote->run(makeImage());
  ASSERT_TRUE(answer) << answer.error().message();
  expectNear(answer->outputs[0].values,
             StripPlan::computeScores(StripPlan::makePixels()));
}

TEST_F(NodeTest, MissingNodeIsNamedInTime) {
  start(maps, /*isComplete=*/false);
  session.connectTimeout = milliseconds(500);
  Clock::time_point begin = Clock::now();
  EXPECT_THAT(connectError(maps, session), HasSubstr("press-2: "));
  EXPECT_LT(Clock::now() - begin, seconds(10));
}

TEST_F(NodeTest, NodeOfAnotherPlanIsNamed) {
  ScratchFolder other;
  write(StripPlan(StripPlan::Kind::FeatureMap, /*digest=*/8), other.path);
  start(maps);
  RunningNode stranger(bundlePath(other.path, "press-2"));
  session.addresses["press-2"] = stranger.address();
  session.connectTimeout = seconds(2);
  EXPECT_THAT(connectError(maps, session),
              testing::AllOf(HasSubstr("press-2"), HasSubstr("plan")));
}

TEST_F(NodeTest, DyingNodeEndsTheSessionInTime) {
  start(maps);
  auto remote = connect(maps, session);
  ASSERT_TRUE(remote);
  Tensor input = makeTensor();
  ASSERT_TRUE(remote->run(std::span(&input, 1)));
  lower->stop();
  Clock::time_point begin = Clock::now();
  Expected<Answer> answer = remote->run(std::span(&input, 1));
  EXPECT_LT(Clock::now() - begin, seconds(10));
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message(), HasSubstr("press-2: "));
  Expected<Answer> next = remote->run(std::span(&input, 1));
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().message(), answer.error().message());
}

TEST_F(NodeTest, BusyNodesSayTheyAre) {
  start(maps);
  auto first = connect(maps, session);
  ASSERT_TRUE(first);
  session.connectTimeout = milliseconds(500);
  EXPECT_THAT(connectError(maps, session), HasSubstr("press-"));
  Tensor input = makeTensor();
  EXPECT_TRUE(first->run(std::span(&input, 1)));
}

TEST_F(NodeTest, VanishedClientLeavesTheNodesFree) {
  start(maps);
  for (int client = 0; client < 5; ++client)
    ASSERT_TRUE(connect(maps, session)) << client;
}

std::string createError(const std::filesystem::path &bundle,
                        const NodeOptions &options) {
  auto node = Node::create(bundle, options);
  EXPECT_FALSE(node);
  return node ? "" : node.error().message();
}

TEST_F(NodeTest, MistakesAreNamed) {
  NodeOptions options;
  options.listenAddress = "127.0.0.1:0";
  EXPECT_THAT(createError(folder / "none.bundle", options),
              HasSubstr("none.bundle: cannot open: "));
  EXPECT_EQ(createError(bundlePath(maps, "client"), options),
            bundlePath(maps, "client").string() +
                ": bundle must be a device's, got the client's");
  options.addresses["press-7"] = "127.0.0.1:1";
  EXPECT_EQ(createError(bundlePath(maps, "press-1"), options),
            "press-1: address must be of a device of the plan, got 'press-7'");
  options.addresses.clear();
  options.listenAddress = "nowhere";
  EXPECT_EQ(
      createError(bundlePath(maps, "press-1"), options),
      "press-1: cannot listen: address must be host:port, got \"nowhere\"");
  RunningNode other(bundlePath(maps, "press-1"));
  options.listenAddress = other.address();
  EXPECT_THAT(createError(bundlePath(maps, "press-1"), options),
              HasSubstr("press-1: "));
}

} // namespace
} // namespace windrow::test
