//===- allocation_counter.cpp - Counts heap allocations of the process ----===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/support/allocation_counter.h"

#include <atomic>
#include <cerrno>
#include <cstddef>

static std::atomic<uint64_t> calls;

namespace windrow::test {

uint64_t allocationCount() { return calls.load(); }

} // namespace windrow::test

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

bool windrow::test::canCountAllocations() { return false; }

#else

bool windrow::test::canCountAllocations() { return true; }

// The names of glibc's own implementations.
extern "C" {
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  return memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  *memory = memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}
}

#endif
