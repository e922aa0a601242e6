//===- stop_on_signal.h - Ends a tool in order ------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_STOP_ON_SIGNAL_H
#define WINDROW_RUNTIME_TOOLS_STOP_ON_SIGNAL_H

#include <atomic>
#include <csignal>
#include <stop_token>
#include <thread>

namespace windrow {

/// Turns SIGINT and SIGTERM into a request to stop. Must be made before any
/// other thread starts, so that all of them leave the signals to it.
class StopOnSignal {
public:
  StopOnSignal();
  /// Gives the signals back.
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal &) = delete;
  StopOnSignal &operator=(const StopOnSignal &) = delete;

  std::stop_token token() const { return source.get_token(); }

  /// Ends the process as the signal would have, where one came.
  void passOn() const;

private:
  std::stop_source source;
  std::atomic<int> received = 0;
  sigset_t before; ///< what was blocked
  std::thread thread;
};

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_STOP_ON_SIGNAL_H
