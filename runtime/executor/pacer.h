//===- pacer.h - Stands in for a slower machine -----------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_EXECUTOR_PACER_H
#define WINDROW_RUNTIME_EXECUTOR_PACER_H

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace windrow {

/// Stretches work by sleeping after it, so that it appears to be done at a
/// share of the machine's speed. Where one thread works, what counts is its
/// processor time, so that other programs on the machine do not slow it down
/// twice.
///
/// Several paced processes stand for several machines, which share this one's
/// processors and caches. What the others leave in the caches, and what other
/// programs take of a processor that is a virtual one, makes the same work take
/// up to half as long again, which no machine of its own would see: work
/// therefore counts as the least time that it has taken so far. And a thread
/// that just wants to send its result would wait for the long work of another.
/// Where the thread that works has real-time priority, it therefore gives it up
/// for long work, for a nice level of -10, and has it back for all else.
class Pacer {
public:
  /// `pace` is above 0 and at most 1; 1 does nothing.
  Pacer(double pace, bool isSingleThreaded);

  /// What a stall took, such as that of a virtual machine, is made up for by
  /// shorter sleeps within a request, not by the requests behind it.
  void beginRequest();
  /// Always from the same thread. `work` tells what is done again and again
  /// from other work.
  void beginWork(size_t work);
  /// Sleeps as is due, and returns what the work counts for at the pace. Single
  /// sleeps are longer or shorter than that; their sum is not.
  std::chrono::nanoseconds endWork();
  /// The same without a sleep, where the work was done only to be timed.
  std::chrono::nanoseconds endTrial();
  /// `work` took no more than `time`, without the pace, when somebody else
  /// timed it on this machine.
  void noteTime(size_t work, std::chrono::nanoseconds time);

private:
  using Nanoseconds = std::chrono::nanoseconds;

  /// What the same work took; longer than any work at first.
  struct Times {
    void add(Nanoseconds processorTime, Nanoseconds wallTime);
    /// What the work counts for at full speed.
    Nanoseconds counted() const;

    Nanoseconds last = Nanoseconds::max();
    Nanoseconds least = Nanoseconds::max();
  };

  Nanoseconds workTime() const;
  Times &timesOf(size_t work);
  void prepareThread();
  void setRealTime(bool isRealTime);

  const double pace;
  const bool isSingleThreaded;
  Nanoseconds workStart{};
  Nanoseconds workWallStart{};
  /// Of the work and of what it takes to begin it.
  Nanoseconds wallStart{};
  /// Sleep that is due; negative after a sleep that took too long.
  Nanoseconds due{};
  size_t current = 0;
  std::vector<Times> times; ///< by work
  bool isPrepared = false;
  /// SCHED_FIFO or SCHED_RR, with which the thread came, and its priority.
  std::optional<int> realTimePolicy;
  int realTimePriority = 0;
  bool hasRealTime = true;
};

} // namespace windrow

#endif // WINDROW_RUNTIME_EXECUTOR_PACER_H
