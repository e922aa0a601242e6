//===- processor_time.h - Time of this thread ------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_UNIT_PROCESSOR_TIME_H
#define WINDROW_TEST_UNIT_PROCESSOR_TIME_H

#include <chrono>
#include <ctime>

namespace windrow::test {

/// What the calling thread has used.
inline std::chrono::nanoseconds processorTime() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) +
         std::chrono::nanoseconds(time.tv_nsec);
}

} // namespace windrow::test

#endif // WINDROW_TEST_UNIT_PROCESSOR_TIME_H
