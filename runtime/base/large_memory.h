//===- large_memory.h - Memory in huge pages --------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_BASE_LARGE_MEMORY_H
#define WINDROW_RUNTIME_BASE_LARGE_MEMORY_H

#include <cstddef>

namespace windrow {

/// Zeroed memory of its own address range, in huge pages where the system has
/// them. Pages that are never touched cost nothing. Move only.
class LargeMemory {
public:
  /// Starts at a multiple of this.
  static constexpr size_t alignment = size_t{2} << 20;

  /// No memory.
  LargeMemory() = default;

  /// At least `size` bytes; `get` returns null where there is not enough.
  explicit LargeMemory(size_t size);

  LargeMemory(LargeMemory &&other) noexcept;
  LargeMemory &operator=(LargeMemory &&other) noexcept;
  ~LargeMemory();

  std::byte *get() const { return memory; }
  /// Bytes asked for, rounded up to whole huge pages.
  size_t size() const { return bytes; }

private:
  std::byte *memory = nullptr;
  size_t bytes = 0;
};

} // namespace windrow

#endif // WINDROW_RUNTIME_BASE_LARGE_MEMORY_H
