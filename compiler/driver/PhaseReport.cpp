//===- PhaseReport.cpp - Progress of a compilation ------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/PhaseReport.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

using namespace windrow;

static double seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

PhaseReport::PhaseReport(bool printTable)
    : printTable(printTable),
      isTerminal(llvm::sys::Process::StandardErrIsDisplayed()) {}

void PhaseReport::begin(llvm::StringRef phase) {
  Clock::time_point now = Clock::now();
  phases.push_back({phase.str(), now});
  if (isTerminal && now - start > std::chrono::seconds(1))
    llvm::errs() << llvm::formatv("windrow-compile: {0} ({1:f1} s so far)\n",
                                  phase, seconds(now - start));
}

PhaseReport::~PhaseReport() {
  if (!printTable)
    return;
  Clock::time_point end = Clock::now();
  for (size_t i = 0; i < phases.size(); ++i) {
    Clock::time_point next = i + 1 < phases.size() ? phases[i + 1].start : end;
    llvm::errs() << llvm::formatv("{0,-24}{1,8:f3} s\n", phases[i].name,
                                  seconds(next - phases[i].start));
  }
  llvm::errs() << llvm::formatv("{0,-24}{1,8:f3} s\n", "total",
                                seconds(end - start));
}
