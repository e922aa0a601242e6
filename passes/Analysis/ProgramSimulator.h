//===- ProgramSimulator.h - Runs programs in numbers ------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A second opinion on a plan: executes what the plan became, one list of steps
// for each participant, against the cost model. It shares nothing with the
// timeline that guides the search but the model.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_PROGRAMSIMULATOR_H
#define WINDROW_PASSES_ANALYSIS_PROGRAMSIMULATOR_H

#include "passes/Analysis/CostModel.h"

#include <cstdint>
#include <vector>

namespace windrow {

/// One step of a program.
struct ProgramStep {
  enum class Kind { Compute, Send, Receive };

  Kind kind = Kind::Compute;
  double seconds = 0;  ///< of computing
  size_t peer = 0;     ///< of a message: the other participant
  int64_t channel = 0; ///< of a message: its number, unique in the plan
  int64_t bytes = 0;   ///< of a message
};

using Program = std::vector<ProgramStep>;

/// What came of it, in seconds.
struct SimulatedRun {
  double latency = 0;            ///< until the client is done
  std::vector<double> computing; ///< by participant
  std::vector<double> waiting;   ///< by participant
};

/// Runs `programs`, one for each participant of `model`, the client last, event
/// by event: a participant takes its steps in order; a send leaves through its
/// card after those before it and takes no time but the message's own; cards
/// take in one message at a time, in the order in which they come. Each channel
/// must have one send and one receive, and no wait may be for ever.
SimulatedRun simulatePrograms(const CostModel &model,
                              const std::vector<Program> &programs);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_PROGRAMSIMULATOR_H
