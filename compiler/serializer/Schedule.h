//===- Schedule.h - Instructions of one participant -------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Pure arithmetic; knows no MLIR.
//
// The compiler fixes the order of kernels, sends and receives. This adds what a
// runtime needs on top: when a receive may be posted, when a send must be
// complete, and from when to when each buffer is alive.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_SERIALIZER_SCHEDULE_H
#define WINDROW_COMPILER_SERIALIZER_SCHEDULE_H

#include <cstdint>
#include <vector>

namespace windrow {

/// One step of a participant's program in the order of execution.
struct ScheduleStep {
  enum class Kind { Run, Send, Receive };

  Kind kind = Kind::Run;
  unsigned index = 0; ///< the operator, or the channel
  unsigned peer = 0;  ///< of a send or a receive
  std::vector<unsigned> readBuffers;
  std::vector<unsigned> writtenBuffers; ///< of a receive, exactly one
};

enum class ScheduledKind {
  Run,
  PostReceive,
  WaitReceive,
  PostSend,
  WaitSend,
};

struct ScheduledInstruction {
  ScheduledKind kind;
  unsigned index; ///< the operator, or the channel
  friend bool operator==(const ScheduledInstruction &,
                         const ScheduledInstruction &) = default;
};

/// First and last instruction in which a buffer's bytes matter.
struct BufferLifetime {
  int64_t first = 0;
  int64_t last = -1;
  bool isUsed() const { return last >= first; }
};

struct Schedule {
  std::vector<ScheduledInstruction> instructions;
  std::vector<BufferLifetime> lifetimes; ///< one a buffer
};

/// Schedules `steps` over `numBuffers` buffers.
///
/// A receive is posted one kernel before the first write to its buffer, so that
/// a frame which comes early lands in place. A send is waited for after the
/// first later receive from the same peer with a kernel between them: by then
/// the peer has gone on, so the wait costs nothing; otherwise at the end.
/// `pinnedBuffers` (a client's input and output) are alive throughout.
Schedule makeSchedule(const std::vector<ScheduleStep> &steps,
                      unsigned numBuffers,
                      const std::vector<unsigned> &pinnedBuffers);

} // namespace windrow

#endif // WINDROW_COMPILER_SERIALIZER_SCHEDULE_H
