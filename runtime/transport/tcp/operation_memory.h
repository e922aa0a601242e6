//===- operation_memory.h - Operations without allocation -------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TRANSPORT_TCP_OPERATION_MEMORY_H
#define WINDROW_RUNTIME_TRANSPORT_TCP_OPERATION_MEMORY_H

#include <array>
#include <cstddef>
#include <new>

namespace windrow::tcp {

/// Memory for one operation that is under way at a time, so that waiting for a
/// socket or a timer allocates nothing.
class OperationMemory {
public:
  template <typename T> struct Allocator {
    using value_type = T;

    OperationMemory *memory;

    explicit Allocator(OperationMemory &memory) : memory(&memory) {}
    template <typename U>
    Allocator(const Allocator<U> &other) : memory(other.memory) {}
    T *allocate(size_t count) {
      return static_cast<T *>(memory->take(count * sizeof(T)));
    }
    void deallocate(T *place, size_t) { memory->giveBack(place); }
    template <typename U> bool operator==(const Allocator<U> &other) const {
      return memory == other.memory;
    }
  };

private:
  void *take(size_t bytes) {
    if (isTaken || bytes > storage.size())
      return ::operator new(bytes);
    isTaken = true;
    return storage.data();
  }
  void giveBack(void *place) {
    if (place == storage.data())
      isTaken = false;
    else
      ::operator delete(place);
  }

  alignas(std::max_align_t) std::array<std::byte, 512> storage;
  bool isTaken = false;
};

} // namespace windrow::tcp

#endif // WINDROW_RUNTIME_TRANSPORT_TCP_OPERATION_MEMORY_H
