//===- Schedule.cpp - Instructions of one participant ---------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/serializer/Schedule.h"

#include <algorithm>

using namespace windrow;

using Kind = ScheduleStep::Kind;

/// The step before which the receives into each buffer are posted.
static std::vector<size_t> findPostSteps(const std::vector<ScheduleStep> &steps,
                                         unsigned numBuffers) {
  std::vector<size_t> postSteps(numBuffers, steps.size());
  size_t previousRun = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    for (unsigned buffer : steps[i].writtenBuffers)
      postSteps[buffer] = std::min(
          postSteps[buffer], steps[i].kind == Kind::Run ? i : previousRun);
    if (steps[i].kind == Kind::Run)
      previousRun = i;
  }
  return postSteps;
}

/// The step after which the send at `send` is waited for.
static size_t findSendCompletion(const std::vector<ScheduleStep> &steps,
                                 size_t send) {
  bool hasRun = false;
  for (size_t i = send + 1; i < steps.size(); ++i) {
    hasRun |= steps[i].kind == Kind::Run;
    if (hasRun && steps[i].kind == Kind::Receive &&
        steps[i].peer == steps[send].peer)
      return i;
  }
  return steps.size() - 1;
}

namespace {
/// Appends instructions and notes the lifetimes that follow from them.
class ScheduleBuilder {
public:
  explicit ScheduleBuilder(unsigned numBuffers) {
    schedule.lifetimes.resize(numBuffers);
  }

  void append(ScheduledKind kind, unsigned index,
              const std::vector<unsigned> &touched) {
    auto position = static_cast<int64_t>(schedule.instructions.size());
    schedule.instructions.push_back({kind, index});
    for (unsigned buffer : touched) {
      BufferLifetime &lifetime = schedule.lifetimes[buffer];
      if (!lifetime.isUsed())
        lifetime.first = position;
      lifetime.last = position;
    }
  }

  Schedule finish(const std::vector<unsigned> &pinnedBuffers) {
    auto last = static_cast<int64_t>(schedule.instructions.size());
    for (unsigned buffer : pinnedBuffers)
      schedule.lifetimes[buffer] = {0, last};
    return std::move(schedule);
  }

private:
  Schedule schedule;
};
} // namespace

Schedule windrow::makeSchedule(const std::vector<ScheduleStep> &steps,
                               unsigned numBuffers,
                               const std::vector<unsigned> &pinnedBuffers) {
  std::vector<size_t> postSteps = findPostSteps(steps, numBuffers);
  std::vector<std::vector<size_t>> postsBefore(steps.size());
  std::vector<std::vector<size_t>> sendsCompletedAfter(steps.size());
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind == Kind::Receive)
      postsBefore[postSteps[steps[i].writtenBuffers.front()]].push_back(i);
    else if (steps[i].kind == Kind::Send)
      sendsCompletedAfter[findSendCompletion(steps, i)].push_back(i);
  }

  ScheduleBuilder builder(numBuffers);
  for (size_t i = 0; i < steps.size(); ++i) {
    const ScheduleStep &step = steps[i];
    for (size_t receive : postsBefore[i])
      builder.append(ScheduledKind::PostReceive, steps[receive].index,
                     steps[receive].writtenBuffers);
    std::vector<unsigned> touched = step.readBuffers;
    touched.insert(touched.end(), step.writtenBuffers.begin(),
                   step.writtenBuffers.end());
    builder.append(step.kind == Kind::Run    ? ScheduledKind::Run
                   : step.kind == Kind::Send ? ScheduledKind::PostSend
                                             : ScheduledKind::WaitReceive,
                   step.index, touched);
    for (size_t send : sendsCompletedAfter[i])
      builder.append(ScheduledKind::WaitSend, steps[send].index,
                     steps[send].readBuffers);
  }
  return builder.finish(pinnedBuffers);
}
