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

TEST_F(SendTurnsTest, GoesInTheOrderOfTickets) {
  EXPECT_TRUE(turns.ask(first, 1));
  EXPECT_FALSE(turns.ask(second, 2));
  EXPECT_FALSE(turns.ask(third, 3));
  EXPECT_TRUE(turns.holds(*first));
  EXPECT_FALSE(turns.holds(*second));

  EXPECT_EQ(turns.leave(*first), second);
  EXPECT_TRUE(turns.holds(*second));
  EXPECT_FALSE(turns.ask(first, 4));
  EXPECT_EQ(turns.leave(*second), third);
  EXPECT_EQ(turns.leave(*third), first);
  EXPECT_EQ(turns.leave(*first), nullptr);
  EXPECT_TRUE(turns.ask(second, 5));
}

TEST_F(SendTurnsTest, LowerTicketsGoFirstButInterruptNobody) {
  const uint64_t early = turns.drawTicket(), late = turns.drawTicket();
  EXPECT_LT(early, late);
  EXPECT_TRUE(turns.ask(first, late));
  EXPECT_FALSE(turns.ask(second, late + 1));
  EXPECT_FALSE(turns.ask(third, early));
  EXPECT_TRUE(turns.holds(*first));
  EXPECT_EQ(turns.leave(*first), third);
  EXPECT_EQ(turns.leave(*third), second);
}

TEST_F(SendTurnsTest, PassesToTheLowestTicket) {
  EXPECT_TRUE(turns.ask(first, 1));
  EXPECT_FALSE(turns.ask(second, 3));
  EXPECT_EQ(turns.pass(*first, 2), nullptr);
  EXPECT_TRUE(turns.holds(*first));
  EXPECT_EQ(turns.pass(*first, 4), second);
  EXPECT_FALSE(turns.holds(*first));
  EXPECT_TRUE(turns.holds(*second));
  EXPECT_EQ(turns.leave(*second), first);
}

TEST_F(SendTurnsTest, WhoPassesWaitsForThoseWhoPassedItBy) {
  EXPECT_TRUE(turns.ask(first, 1));
  EXPECT_FALSE(turns.ask(second, 3));
  context.run();
  EXPECT_TRUE(turns.holds(*second));
  EXPECT_EQ(turns.pass(*first, 2), nullptr);
  EXPECT_FALSE(turns.holds(*first));
  EXPECT_EQ(turns.leave(*second), first);
}

TEST_F(SendTurnsTest, ForgetsWhoLeavesWhileWaiting) {
  EXPECT_TRUE(turns.ask(first, 1));
  EXPECT_FALSE(turns.ask(second, 2));
  EXPECT_FALSE(turns.ask(third, 3));
  EXPECT_EQ(turns.leave(*second), nullptr);
  EXPECT_EQ(turns.leave(*second), nullptr);
  EXPECT_EQ(turns.leave(*first), third);
}

TEST_F(SendTurnsTest, PassesByWhoMakesNoProgress) {
  EXPECT_TRUE(turns.ask(first, 1));
  EXPECT_FALSE(turns.ask(second, 2));
  EXPECT_FALSE(turns.ask(third, 3));
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
  EXPECT_TRUE(turns.ask(first, 1));
  EXPECT_FALSE(turns.ask(second, 2));
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
