//===- stop_on_signal.cpp - Ends a tool in order --------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/stop_on_signal.h"

using namespace windrow;

static sigset_t stopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

StopOnSignal::StopOnSignal() {
  const sigset_t signals = stopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  thread = std::thread([this, signals] {
    int signal = 0;
    sigwait(&signals, &signal);
    received = signal;
    source.request_stop();
  });
}

StopOnSignal::~StopOnSignal() {
  if (received == 0)
    pthread_kill(thread.native_handle(), SIGTERM);
  thread.join();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void StopOnSignal::passOn() const {
  if (received == 0)
    return;
  std::signal(received, SIG_DFL);
  const sigset_t signals = stopSignals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  std::raise(received);
}
