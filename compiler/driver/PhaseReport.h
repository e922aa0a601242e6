//===- PhaseReport.h - Progress of a compilation ----------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_DRIVER_PHASEREPORT_H
#define WINDROW_COMPILER_DRIVER_PHASEREPORT_H

#include "llvm/ADT/StringRef.h"

#include <chrono>
#include <string>
#include <vector>

namespace windrow {

/// Tells on stderr what a compilation does: the phase at work, once a second
/// has passed and stderr is a terminal, and at the end, if asked for, a table
/// of all phases with their seconds.
class PhaseReport {
public:
  explicit PhaseReport(bool printTable);
  ~PhaseReport();
  PhaseReport(const PhaseReport &) = delete;
  PhaseReport &operator=(const PhaseReport &) = delete;

  /// Ends the phase before, if any, and begins the one named `phase`.
  void begin(llvm::StringRef phase);

private:
  using Clock = std::chrono::steady_clock;
  struct Phase {
    std::string name;
    Clock::time_point start;
  };

  const Clock::time_point start = Clock::now();
  const bool printTable;
  const bool isTerminal;
  std::vector<Phase> phases;
};

} // namespace windrow

#endif // WINDROW_COMPILER_DRIVER_PHASEREPORT_H
