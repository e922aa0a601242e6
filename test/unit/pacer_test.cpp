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
#include <sys/resource.h>
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

/// How often this thread has slept.
long countSleeps() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

struct TimedWork {
  nanoseconds counted; ///< by the pacer
  nanoseconds worked;  ///< processor time of this thread, no less
};

// Other programs lengthen any work: what it took is measured around it.
TimedWork timeWork(Pacer &pacer, size_t index, milliseconds duration) {
  const nanoseconds before = processorTime();
  pacer.beginWork(index);
  work(duration);
  const nanoseconds counted = pacer.endWork();
  return {counted, processorTime() - before};
}

/// Whether `duration` of work counts, sooner or later, for no more than `ratio`
/// times what it took. Work that other programs interrupt counts for more.
bool countsForNoMoreThan(double ratio, Pacer &pacer, size_t index,
                         milliseconds duration) {
  for (int attempt = 0; attempt < 200; ++attempt)
    if (const auto [counted, worked] = timeWork(pacer, index, duration);
        counted <= ratio * worked)
      return true;
  return false;
}

TEST(PacerTest, StretchesWork) {
  Pacer pacer(0.25, /*isSingleThreaded=*/true);
  const auto start = steady_clock::now();
  EXPECT_GE(timeWork(pacer, 0, milliseconds(5)).counted, milliseconds(20));
  EXPECT_GE(steady_clock::now() - start, milliseconds(20));
  EXPECT_TRUE(countsForNoMoreThan(4, pacer, 0, milliseconds(5)));
}

TEST(PacerTest, DoesNotSleepAfterATrial) {
  Pacer pacer(0.05, /*isSingleThreaded=*/true);
  const long sleeps = countSleeps();
  pacer.beginWork(0);
  work(milliseconds(5));
  EXPECT_GE(pacer.endTrial(), milliseconds(100));
  EXPECT_EQ(countSleeps(), sleeps);
}

TEST(PacerTest, CountsTheLeastTime) {
  Pacer pacer(0.5, /*isSingleThreaded=*/true);
  constexpr milliseconds longer(30);
  EXPECT_GE(timeWork(pacer, 0, longer).counted, 2 * longer);
  EXPECT_TRUE(countsForNoMoreThan(2, pacer, 0, milliseconds(1)));
  const nanoseconds counted = timeWork(pacer, 0, longer).counted;
  EXPECT_LT(counted, 2 * longer);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(timeWork(pacer, 0, longer).counted, counted);
}

TEST(PacerTest, DoesNotTrustAClockThatStandsStill) {
  Pacer pacer(0.5, /*isSingleThreaded=*/true);
  // Takes time, and the clock of processor time hardly moves.
  pacer.beginWork(0);
  std::this_thread::sleep_for(milliseconds(8));
  EXPECT_GE(pacer.endTrial(), milliseconds(16));
  EXPECT_TRUE(countsForNoMoreThan(2, pacer, 0, milliseconds(2)));
  pacer.beginWork(0);
  std::this_thread::sleep_for(milliseconds(8));
  EXPECT_GE(pacer.endTrial(), milliseconds(4));
}

TEST(PacerTest, TellsWorkFromOtherWork) {
  Pacer pacer(0.5, /*isSingleThreaded=*/true);
  EXPECT_TRUE(countsForNoMoreThan(2, pacer, 0, milliseconds(1)));
  EXPECT_GE(timeWork(pacer, 1, milliseconds(4)).counted, milliseconds(8));
}

TEST(PacerTest, CountsNoMoreThanOthersFound) {
  Pacer pacer(0.5, /*isSingleThreaded=*/true);
  pacer.noteTime(1, milliseconds(1));
  EXPECT_EQ(timeWork(pacer, 1, milliseconds(4)).counted, milliseconds(2));
  EXPECT_GE(timeWork(pacer, 0, milliseconds(4)).counted, milliseconds(8));
  pacer.noteTime(1, milliseconds(3));
  EXPECT_EQ(timeWork(pacer, 1, milliseconds(4)).counted, milliseconds(2));
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

struct WorkAfterAStall {
  nanoseconds elapsed;
  bool hasSlept;
};

/// 4 ms of work that count for 100, 160 ms after work that counts for 25.
WorkAfterAStall workAfterAStall(bool isOfTheSameRequest) {
  Pacer pacer(0.04, /*isSingleThreaded=*/true);
  pacer.noteTime(0, milliseconds(1));
  pacer.noteTime(1, milliseconds(4));
  pacer.beginRequest();
  pacer.beginWork(0);
  const long sleepsBefore = countSleeps();
  std::this_thread::sleep_for(milliseconds(160));
  const long sleeps = countSleeps();
  EXPECT_GT(sleeps, sleepsBefore);
  pacer.endWork();
  if (!isOfTheSameRequest)
    pacer.beginRequest();
  const auto start = steady_clock::now();
  timeWork(pacer, 1, milliseconds(4));
  return {steady_clock::now() - start, countSleeps() > sleeps};
}

TEST(PacerTest, MakesUpForAStallWithinARequest) {
  EXPECT_FALSE(workAfterAStall(/*isOfTheSameRequest=*/true).hasSlept);
}

TEST(PacerTest, DoesNotMakeUpForTheStallOfARequestBefore) {
  EXPECT_GE(workAfterAStall(/*isOfTheSameRequest=*/false).elapsed,
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
