//===- pacer_test.cpp - Work at a share of the machine's speed ------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/executor/pacer.h"

#include "test/unit/processor_time.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <thread>

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

namespace windrow::test {
namespace {

void work(nanoseconds duration) {
  for (nanoseconds start = processorTime(); processorTime() - start < duration;)
    ;
}

int schedulingPolicy() {
  int policy = SCHED_OTHER;
  sched_param parameters{};
  pthread_getschedparam(pthread_self(), &policy, &parameters);
  return policy;
}

TEST(PacerTest, StretchesWork) {
  Pacer pacer(0.25, /*isSingleThreaded=*/true);
  const auto start = steady_clock::now();
  pacer.beginWork(0);
  work(milliseconds(5));
  const nanoseconds taken = pacer.endWork();
  EXPECT_GE(taken, milliseconds(20));
  EXPECT_LT(taken, milliseconds(25));
  EXPECT_GE(steady_clock::now() - start, milliseconds(20));
}

TEST(PacerTest, DoesNotSleepAfterATrial) {
  Pacer pacer(0.05, /*isSingleThreaded=*/true);
  const nanoseconds before = processorTime();
  const auto start = steady_clock::now();
  pacer.beginWork(0);
  work(milliseconds(5));
  EXPECT_GE(pacer.endTrial(), milliseconds(100));
  // A sleep would take 95 ms, during which no processor time passes.
  const nanoseconds worked = processorTime() - before;
  EXPECT_LT(steady_clock::now() - start - worked, milliseconds(80));
}

nanoseconds timeWork(Pacer &pacer, size_t index, milliseconds duration) {
  pacer.beginWork(index);
  work(duration);
  return pacer.endWork();
}

TEST(PacerTest, CountsTheLeastTime) {
  Pacer pacer(0.5, /*isSingleThreaded=*/true);
  EXPECT_GE(timeWork(pacer, 0, milliseconds(4)), milliseconds(8));
  EXPECT_LT(timeWork(pacer, 0, milliseconds(1)), milliseconds(6));
  for (int i = 0; i < 3; ++i)
    EXPECT_LT(timeWork(pacer, 0, milliseconds(4)), milliseconds(6));
}

TEST(PacerTest, TellsWorkFromOtherWork) {
  Pacer pacer(0.5, /*isSingleThreaded=*/true);
  EXPECT_LT(timeWork(pacer, 0, milliseconds(1)), milliseconds(6));
  EXPECT_GE(timeWork(pacer, 1, milliseconds(4)), milliseconds(8));
}

TEST(PacerTest, CountsNoMoreThanOthersFound) {
  Pacer pacer(0.5, /*isSingleThreaded=*/true);
  pacer.noteTime(1, milliseconds(1));
  EXPECT_EQ(timeWork(pacer, 1, milliseconds(4)), milliseconds(2));
  EXPECT_GE(timeWork(pacer, 0, milliseconds(4)), milliseconds(8));
  pacer.noteTime(1, milliseconds(3));
  EXPECT_EQ(timeWork(pacer, 1, milliseconds(4)), milliseconds(2));
}

TEST(PacerTest, MakesUpForShortSleeps) {
  Pacer pacer(0.5, /*isSingleThreaded=*/true);
  const auto start = steady_clock::now();
  nanoseconds taken{};
  for (int i = 0; i < 200; ++i) {
    pacer.beginWork(0);
    work(std::chrono::microseconds(30));
    taken += pacer.endWork();
  }
  // Less than the shortest sleep may be left at the end.
  EXPECT_GE(steady_clock::now() - start,
            taken - std::chrono::microseconds(100));
}

nanoseconds timeWorkAfterAStall(bool isOfTheSameRequest) {
  Pacer pacer(0.04, /*isSingleThreaded=*/true);
  pacer.noteTime(0, milliseconds(1));
  pacer.noteTime(1, milliseconds(4));
  pacer.beginRequest();
  pacer.beginWork(0);
  std::this_thread::sleep_for(milliseconds(160));
  pacer.endWork();
  if (!isOfTheSameRequest)
    pacer.beginRequest();
  const auto start = steady_clock::now();
  timeWork(pacer, 1, milliseconds(4));
  return steady_clock::now() - start;
}

TEST(PacerTest, MakesUpForAStallWithinARequest) {
  EXPECT_LT(timeWorkAfterAStall(/*isOfTheSameRequest=*/true), milliseconds(90));
}

TEST(PacerTest, DoesNotMakeUpForTheStallOfARequestBefore) {
  EXPECT_GE(timeWorkAfterAStall(/*isOfTheSameRequest=*/false),
            milliseconds(100));
}

TEST(PacerTest, LeavesWorkAloneAtFullPace) {
  Pacer pacer(1, /*isSingleThreaded=*/true);
  pacer.beginWork(0);
  const nanoseconds start = processorTime();
  work(milliseconds(1));
  const nanoseconds worked = processorTime() - start;
  EXPECT_GE(pacer.endWork(), worked);
}

/// The policies of long, short and long work, and of what is between them.
std::vector<int> observePolicies() {
  std::vector<int> policies;
  Pacer pacer(0.9, /*isSingleThreaded=*/true);
  for (auto [index, duration] :
       {std::pair<size_t, int>{0, 2000}, {1, 10}, {0, 2000}, {1, 10}}) {
    pacer.beginWork(index);
    policies.push_back(schedulingPolicy());
    work(std::chrono::microseconds(duration));
    pacer.endWork();
    policies.push_back(schedulingPolicy());
  }
  return policies;
}

TEST(PacerTest, GivesUpRealTimePriorityForLongWork) {
  std::vector<int> policies;
  int refused = 0;
  std::thread thread([&] {
    const sched_param parameters{5};
    refused = pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters);
    if (!refused)
      policies = observePolicies();
  });
  thread.join();
  if (refused)
    GTEST_SKIP() << "real-time priority is not permitted";
  // What was never done before may be long.
  EXPECT_EQ(policies,
            (std::vector{SCHED_OTHER, SCHED_FIFO, SCHED_OTHER, SCHED_FIFO,
                         SCHED_OTHER, SCHED_FIFO, SCHED_FIFO, SCHED_FIFO}));
}

TEST(PacerTest, LeavesOrdinaryThreadsAlone) {
  for (int policy : observePolicies())
    EXPECT_EQ(policy, SCHED_OTHER);
}

} // namespace
} // namespace windrow::test
