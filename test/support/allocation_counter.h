//===- allocation_counter.h - Counts heap allocations of the process -*- C++
//-*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A binary that links WindrowAllocationCounter and uses it has its malloc
// family replaced by one that counts and then asks glibc's.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_SUPPORT_ALLOCATION_COUNTER_H
#define WINDROW_TEST_SUPPORT_ALLOCATION_COUNTER_H

#include <cstdint>

namespace windrow::test {

/// False in a build with a sanitizer, which brings an allocator of its own.
bool canCountAllocations();

/// Calls of the malloc family by all threads since the process began.
uint64_t allocationCount();

} // namespace windrow::test

#endif // WINDROW_TEST_SUPPORT_ALLOCATION_COUNTER_H
