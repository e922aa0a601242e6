//===- pacer.cpp - Stands in for a slower machine -------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/executor/pacer.h"

#include <algorithm>
#include <cassert>
#include <ctime>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

using namespace windrow;
using std::chrono::nanoseconds;

/// Shorter sleeps are saved up: they would take longer than asked for.
static constexpr nanoseconds shortestSleep = std::chrono::microseconds(100);

/// Others can wait for shorter work.
static constexpr nanoseconds longWork = std::chrono::microseconds(1000);

static nanoseconds readClock(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

Pacer::Pacer(double pace, bool isSingleThreaded)
    : pace(pace), isSingleThreaded(isSingleThreaded) {
  assert(pace > 0 && pace <= 1 && "pace is a share");
}

void Pacer::Times::add(nanoseconds processorTime, nanoseconds wallTime) {
  last = processorTime;
  // On a virtual machine, the clock of processor time may stand still for a
  // while. Elsewhere, work that was interrupted is none that took the least.
  const bool isDoubtful =
      processorTime == nanoseconds::zero() ||
      processorTime < wallTime * 3 / 4 - std::chrono::microseconds(5);
  least = std::min(least, isDoubtful ? wallTime : processorTime);
}

nanoseconds Pacer::Times::counted() const {
  return least == nanoseconds::max() ? nanoseconds::zero() : least;
}

Pacer::Times &Pacer::timesOf(size_t work) {
  if (times.size() <= work)
    times.resize(work + 1);
  return times[work];
}

void Pacer::noteTime(size_t work, nanoseconds time) {
  Times &known = timesOf(work);
  known.least = std::min(known.least, time);
}

nanoseconds Pacer::workTime() const {
  return readClock(isSingleThreaded ? CLOCK_THREAD_CPUTIME_ID
                                    : CLOCK_MONOTONIC);
}

void Pacer::prepareThread() {
  isPrepared = true;
  int policy = SCHED_OTHER;
  sched_param parameters{};
  pthread_getschedparam(pthread_self(), &policy, &parameters);
  if (!isSingleThreaded || (policy != SCHED_FIFO && policy != SCHED_RR))
    return;
  realTimePolicy = policy;
  realTimePriority = parameters.sched_priority;
  // Before the machine's other programs, but not before its network's threads
  // for long. Best effort, as all of this.
  constexpr int niceLevel = -10;
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), niceLevel);
}

void Pacer::setRealTime(bool isRealTime) {
  if (!realTimePolicy || isRealTime == hasRealTime)
    return;
  hasRealTime = isRealTime;
  sched_param parameters{};
  parameters.sched_priority = isRealTime ? realTimePriority : 0;
  pthread_setschedparam(
      pthread_self(), isRealTime ? *realTimePolicy : SCHED_OTHER, &parameters);
}

void Pacer::beginRequest() { due = std::max(due, nanoseconds::zero()); }

void Pacer::beginWork(size_t work) {
  wallStart = readClock(CLOCK_MONOTONIC);
  if (pace == 1)
    return;
  if (!isPrepared)
    prepareThread();
  current = work;
  // Other work may go first from here on: a wait that the pace has room for.
  if (timesOf(work).last >= longWork)
    setRealTime(false);
  workWallStart = readClock(CLOCK_MONOTONIC);
  workStart = workTime();
}

nanoseconds Pacer::endTrial() {
  if (pace == 1)
    return readClock(CLOCK_MONOTONIC) - wallStart;
  const nanoseconds processorTime = workTime() - workStart;
  const nanoseconds wallTime = readClock(CLOCK_MONOTONIC) - workWallStart;
  setRealTime(true);
  times[current].add(processorTime, wallTime);
  return std::chrono::duration_cast<nanoseconds>(times[current].counted() /
                                                 pace);
}

nanoseconds Pacer::endWork() {
  const nanoseconds wanted = endTrial();
  if (pace == 1)
    return wanted;
  const nanoseconds wallEnd = readClock(CLOCK_MONOTONIC);
  due += wanted - (wallEnd - wallStart);
  if (due < shortestSleep)
    return wanted;
  std::this_thread::sleep_for(due);
  due -= readClock(CLOCK_MONOTONIC) - wallEnd;
  return wanted;
}
