//===- schedule_test.cpp - Instructions of one participant ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/serializer/Schedule.h"

#include <gtest/gtest.h>

using namespace windrow;

namespace {

using Kind = ScheduleStep::Kind;

ScheduleStep run(unsigned index, std::vector<unsigned> reads,
                 std::vector<unsigned> writes) {
  return {Kind::Run, index, 0, std::move(reads), std::move(writes)};
}
ScheduleStep send(unsigned channel, unsigned peer, unsigned buffer) {
  return {Kind::Send, channel, peer, {buffer}, {}};
}
ScheduleStep receive(unsigned channel, unsigned peer, unsigned buffer) {
  return {Kind::Receive, channel, peer, {}, {buffer}};
}

TEST(Schedule, PostsAReceiveBeforeTheKernelThatSharesItsBuffer) {
  // The halo of buffer 1 arrives where kernel 0 writes the own rows.
  Schedule schedule = makeSchedule(
      {run(0, {0}, {1}), receive(0, 1, 1), run(1, {1}, {2})}, 3, {0});
  std::vector<ScheduledInstruction> expected = {{ScheduledKind::PostReceive, 0},
                                                {ScheduledKind::Run, 0},
                                                {ScheduledKind::WaitReceive, 0},
                                                {ScheduledKind::Run, 1}};
  EXPECT_EQ(schedule.instructions, expected);
  EXPECT_EQ(schedule.lifetimes[1].first, 0);
  EXPECT_EQ(schedule.lifetimes[1].last, 3);
}

TEST(Schedule, PostsAReceiveOfItsOwnOneKernelAhead) {
  Schedule schedule = makeSchedule({run(0, {0}, {1}), run(1, {1}, {2}),
                                    receive(0, 1, 3), run(2, {2, 3}, {4})},
                                   5, {0});
  std::vector<ScheduledInstruction> expected = {{ScheduledKind::Run, 0},
                                                {ScheduledKind::PostReceive, 0},
                                                {ScheduledKind::Run, 1},
                                                {ScheduledKind::WaitReceive, 0},
                                                {ScheduledKind::Run, 2}};
  EXPECT_EQ(schedule.instructions, expected);
  EXPECT_EQ(schedule.lifetimes[3].first, 1);
  EXPECT_EQ(schedule.lifetimes[0].last, 5) << "pinned to the end";
}

TEST(Schedule, WaitsForASendOnceThePeerHasAnswered) {
  Schedule schedule = makeSchedule(
      {run(0, {}, {0}), send(0, 1, 0), receive(1, 1, 1), run(1, {1}, {2}),
       receive(2, 2, 3), receive(3, 1, 4), run(2, {4}, {5})},
      6, {});
  std::vector<ScheduledInstruction> expected = {
      {ScheduledKind::PostReceive, 1}, {ScheduledKind::Run, 0},
      {ScheduledKind::PostSend, 0},    {ScheduledKind::WaitReceive, 1},
      {ScheduledKind::PostReceive, 2}, {ScheduledKind::PostReceive, 3},
      {ScheduledKind::Run, 1},         {ScheduledKind::WaitReceive, 2},
      {ScheduledKind::WaitReceive, 3}, {ScheduledKind::WaitSend, 0},
      {ScheduledKind::Run, 2}};
  EXPECT_EQ(schedule.instructions, expected);
  EXPECT_EQ(schedule.lifetimes[0].last, 9) << "alive until the send is done";
}

TEST(Schedule, WaitsForASendAtTheEndWhereThePeerNeverAnswers) {
  Schedule schedule =
      makeSchedule({run(0, {}, {0}), send(0, 1, 0), run(1, {}, {1})}, 2, {});
  EXPECT_EQ(schedule.instructions.back(),
            (ScheduledInstruction{ScheduledKind::WaitSend, 0}));
  EXPECT_EQ(schedule.lifetimes[0].last, 3);
}

TEST(Schedule, OfNothingIsEmpty) {
  Schedule schedule = makeSchedule({}, 0, {});
  EXPECT_TRUE(schedule.instructions.empty());
}

} // namespace
