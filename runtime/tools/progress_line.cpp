//===- progress_line.cpp - How far a tool is ------------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/progress_line.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

using namespace windrow;

ProgressLine::ProgressLine() : isTerminal(::isatty(STDERR_FILENO) != 0) {}

ProgressLine::~ProgressLine() {
  if (isShown)
    fmt::print(stderr, "\r\x1b[K");
}

void ProgressLine::show(std::string_view text) {
  Clock::time_point now = Clock::now();
  if (!isTerminal || now < nextPrint)
    return;
  fmt::print(stderr, "\r{}\x1b[K", text);
  std::fflush(stderr);
  nextPrint = now + std::chrono::milliseconds(200);
  isShown = true;
}

std::string windrow::formatBar(double fraction) {
  constexpr int width = 30;
  double bounded = std::clamp(fraction, 0.0, 1.0);
  auto filled = static_cast<int>(bounded * width);
  return fmt::format("[{:{}}] {:3.0f} %", std::string(filled, '#'), width,
                     100 * bounded);
}
