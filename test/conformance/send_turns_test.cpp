//===- send_turns_test.cpp - One large frame after the other --------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/transport/tcp/send_turns.h"

#include <gtest/gtest.h>

namespace windrow::tcp {
namespace {

using std::chrono::milliseconds;

class CountingTaker final : public TurnTaker {
public:
  void turnCame() override { ++calls; }

  int calls = 0;
};

struct SendTurnsTest : testing::Test {
  asio::io_context context;
  SendTurns turns{context, 3, milliseconds(20)};
  std::shared_ptr<CountingTaker> first = std::make_shared<CountingTaker>(),
                                 second = std::make_shared<CountingTaker>(),
                                 third = std::make_shared<CountingTaker>();
};

TEST_F(SendTurnsTest, GoesInTheOrderOfAsking) {
  EXPECT_TRUE(turns.ask(first));
  EXPECT_FALSE(turns.ask(second));
  EXPECT_FALSE(turns.ask(third));
  EXPECT_TRUE(turns.holds(*first));
  EXPECT_FALSE(turns.holds(*second));

  EXPECT_EQ(turns.leave(*first), second);
  EXPECT_TRUE(turns.holds(*second));
  EXPECT_FALSE(turns.ask(first));
  EXPECT_EQ(turns.leave(*second), third);
  EXPECT_EQ(turns.leave(*third), first);
  EXPECT_EQ(turns.leave(*first), nullptr);
  EXPECT_TRUE(turns.ask(second));
}

TEST_F(SendTurnsTest, ForgetsWhoLeavesWhileWaiting) {
  EXPECT_TRUE(turns.ask(first));
  EXPECT_FALSE(turns.ask(second));
  EXPECT_FALSE(turns.ask(third));
  EXPECT_EQ(turns.leave(*second), nullptr);
  EXPECT_EQ(turns.leave(*second), nullptr);
  EXPECT_EQ(turns.leave(*first), third);
}

TEST_F(SendTurnsTest, PassesByWhoMakesNoProgress) {
  EXPECT_TRUE(turns.ask(first));
  EXPECT_FALSE(turns.ask(second));
  EXPECT_FALSE(turns.ask(third));
  // Ends when nobody waits any more.
  context.run();
  EXPECT_EQ(first->calls, 0);
  EXPECT_EQ(second->calls, 1);
  EXPECT_EQ(third->calls, 1);
  for (const auto &taker : {first, second, third}) {
    EXPECT_TRUE(turns.holds(*taker));
    EXPECT_EQ(turns.leave(*taker), nullptr);
  }
}

TEST_F(SendTurnsTest, WaitsForWhoMakesProgress) {
  EXPECT_TRUE(turns.ask(first));
  EXPECT_FALSE(turns.ask(second));
  for (int i = 0; i < 3; ++i) {
    turns.noteProgress();
    context.run_one();
    EXPECT_FALSE(turns.holds(*second));
  }
  context.run_one();
  EXPECT_TRUE(turns.holds(*second));
  EXPECT_EQ(second->calls, 1);
}

} // namespace
} // namespace windrow::tcp
