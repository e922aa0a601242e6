//===- progress_line.h - How far a tool is ----------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_PROGRESS_LINE_H
#define WINDROW_RUNTIME_TOOLS_PROGRESS_LINE_H

#include <chrono>
#include <string>
#include <string_view>

namespace windrow {

/// One line on stderr that is written anew, where that is a terminal and once a
/// second has passed; erased with the object.
class ProgressLine {
public:
  ProgressLine();
  ~ProgressLine();
  ProgressLine(const ProgressLine &) = delete;
  ProgressLine &operator=(const ProgressLine &) = delete;

  /// Shows `text` unless something was shown less than a fifth of a second ago.
  void show(std::string_view text);

private:
  using Clock = std::chrono::steady_clock;

  const bool isTerminal;
  bool isShown = false;
  Clock::time_point nextPrint = Clock::now() + std::chrono::seconds(1);
};

/// "[#####     ]  50 %" for 0.5.
std::string formatBar(double fraction);

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_PROGRESS_LINE_H
