//===- allocation_counter.h - Counts memory allocations ---------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_SUPPORT_ALLOCATION_COUNTER_H
#define WINDROW_TEST_SUPPORT_ALLOCATION_COUNTER_H

#include <cstdint>

namespace windrow::test {

/// Number of allocations from the heap, by any thread and any library of this
/// process, so far: malloc and its kin, on which operator new stands, are
/// replaced in a binary that links WindrowAllocationCounter, or watched where a
/// sanitizer has replaced them.
uint64_t allocationCount();

} // namespace windrow::test

#endif // WINDROW_TEST_SUPPORT_ALLOCATION_COUNTER_H
