//===- ArenaLayout.h - Offsets for buffers with lifetimes -------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Pure arithmetic; knows no MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_SERIALIZER_ARENALAYOUT_H
#define WINDROW_COMPILER_SERIALIZER_ARENALAYOUT_H

#include <cstdint>
#include <span>

namespace windrow {

/// A buffer that is alive during the steps `firstStep` to `lastStep`, both
/// included.
struct ArenaBuffer {
  uint64_t bytes = 0;
  int64_t firstStep = 0;
  int64_t lastStep = 0;
  /// Bytes from the start of the arena; written by `layOutArena`.
  uint64_t offset = 0;
};

/// Gives each buffer an offset, a multiple of `alignment` (a power of two),
/// such that no two buffers that are alive in the same step share a byte.
/// Returns the size of the arena. Greedy by size, lowest fitting offset first;
/// the result depends on the arguments only.
uint64_t layOutArena(std::span<ArenaBuffer> buffers, uint64_t alignment);

} // namespace windrow

#endif // WINDROW_COMPILER_SERIALIZER_ARENALAYOUT_H
