//===- large_memory.cpp - Memory in huge pages ----------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/base/large_memory.h"

#include <algorithm>
#include <cstdint>
#include <sys/mman.h>
#include <utility>

namespace windrow {

LargeMemory::LargeMemory(size_t size) {
  size = std::max<size_t>(size, 1);
  if (size > SIZE_MAX - 2 * alignment)
    return;
  bytes = (size + alignment - 1) / alignment * alignment;
  // What lies before and behind the aligned range is given back.
  size_t mappedBytes = bytes + alignment;
  void *mapped = mmap(nullptr, mappedBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) {
    bytes = 0;
    return;
  }
  auto *start = static_cast<std::byte *>(mapped);
  size_t before = -reinterpret_cast<uintptr_t>(mapped) % alignment;
  memory = start + before;
  if (before > 0)
    munmap(start, before);
  if (before < alignment)
    munmap(memory + bytes, alignment - before);
  // Fails where the system has no huge pages, which is no failure here.
  madvise(memory, bytes, MADV_HUGEPAGE);
}

LargeMemory::LargeMemory(LargeMemory &&other) noexcept
    : memory(std::exchange(other.memory, nullptr)),
      bytes(std::exchange(other.bytes, 0)) {}

LargeMemory &LargeMemory::operator=(LargeMemory &&other) noexcept {
  std::swap(memory, other.memory);
  std::swap(bytes, other.bytes);
  return *this;
}

LargeMemory::~LargeMemory() {
  if (memory)
    munmap(memory, bytes);
}

} // namespace windrow
