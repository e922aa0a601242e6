//===- keep_awake.cpp - Keeps virtual processors awake --------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An idle virtual processor is given back to its host, which may let it wait
// for milliseconds behind other guests when it wakes up. An emulated cluster
// wakes up for every message. So one thread for each processor does nothing
// where nothing else wants to run, and leaves its core to the other hyperthread
// while it does.
//
//===----------------------------------------------------------------------===//

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <sched.h>
#include <string_view>
#include <sys/prctl.h>
#include <thread>
#include <vector>

static void pauseForAMoment() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  asm volatile("yield");
#endif
}

static void keepAwake(const std::stop_token &stop) {
  while (!stop.stop_requested())
    for (int i = 0; i < 1000; ++i)
      pauseForAMoment();
}

static std::vector<size_t> ownProcessors() {
  std::vector<size_t> processors;
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    for (size_t processor = 0; processor < CPU_SETSIZE; ++processor)
      if (CPU_ISSET(processor, &set))
        processors.push_back(processor);
  return processors;
}

static int fail(const char *what) {
  std::fprintf(stderr, "keep-awake: error: %s: %s\n", what,
               std::strerror(errno));
  return 1;
}

static int keepAllAwake() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
    return fail("end of the parent");
  // Threads inherit all of this.
  const sched_param parameters{};
  if (sched_setscheduler(0, SCHED_IDLE, &parameters) != 0)
    return fail("idle priority");
  std::vector<std::jthread> threads;
  for (size_t processor : ownProcessors()) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
      return fail("processor");
    threads.emplace_back(keepAwake);
  }
  int signal = 0;
  sigwait(&signals, &signal);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 1)
    return keepAllAwake();
  const bool isHelp = argv[1] == std::string_view("--help");
  std::fputs("usage: keep-awake\n"
             "Keeps all processors from sleeping, behind everything else that "
             "wants to run,\nuntil a signal or the end of its parent ends "
             "it.\n",
             isHelp ? stdout : stderr);
  return isHelp ? 0 : 2;
}
