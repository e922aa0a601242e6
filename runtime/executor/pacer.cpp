//===- pacer.cpp - Stands in for a slower machine -------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/executor/pacer.h"

#include <cassert>
#include <ctime>
#include <thread>

using namespace windrow;
using std::chrono::nanoseconds;

/// Shorter sleeps are saved up: they would take longer than asked for.
static constexpr nanoseconds shortestSleep = std::chrono::microseconds(100);

static nanoseconds readClock(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

Pacer::Pacer(double pace, bool isSingleThreaded)
    : pace(pace), isSingleThreaded(isSingleThreaded) {
  assert(pace > 0 && pace <= 1 && "pace is a share");
}

nanoseconds Pacer::workTime() const {
  return readClock(isSingleThreaded ? CLOCK_THREAD_CPUTIME_ID
                                    : CLOCK_MONOTONIC);
}

void Pacer::beginWork() {
  wallStart = readClock(CLOCK_MONOTONIC);
  if (pace != 1)
    workStart = workTime();
}

nanoseconds Pacer::endWork() {
  if (pace == 1)
    return readClock(CLOCK_MONOTONIC) - wallStart;
  auto wanted =
      std::chrono::duration_cast<nanoseconds>((workTime() - workStart) / pace);
  nanoseconds wallEnd = readClock(CLOCK_MONOTONIC);
  due += wanted - (wallEnd - wallStart);
  if (due < shortestSleep)
    return wanted;
  std::this_thread::sleep_for(due);
  due -= readClock(CLOCK_MONOTONIC) - wallEnd;
  return wanted;
}
