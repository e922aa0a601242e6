//===- packed_weights.h - Weights in the order of microkernels --*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_KERNELS_PACKED_WEIGHTS_H
#define WINDROW_RUNTIME_KERNELS_PACKED_WEIGHTS_H

#include "runtime/base/large_memory.h"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>
#include <xnnpack.h>

namespace windrow {

/// Owns the packed weights of a bundle's kernels and hands XNNPACK the copy
/// that exists when an operator packs the same weights again, as every further
/// strip of a layer does. In contrast to XNNPACK's own cache each copy is
/// left where it is, so that growth needs no second copy of everything. Memory
/// is in huge pages where the system has them.
///
/// Must outlive the operators. Not thread-safe.
class PackedWeights {
public:
  PackedWeights();
  PackedWeights(const PackedWeights &) = delete;
  PackedWeights &operator=(const PackedWeights &) = delete;

  /// What XNNPACK's create functions take. `layer` tells apart operators whose
  /// weights lie at the same address but are packed for different shapes: equal
  /// values promise equal shapes and groups.
  xnn_weights_cache_t forLayer(uint64_t layer);

  /// `size` zeroed bytes, aligned to 64, for weights that a kernel of our own
  /// has put in order, told apart by `key` alone; null where there is not
  /// enough.
  std::byte *allocate(uint64_t key, size_t size);

  /// What was allocated for `key`, or null.
  const std::byte *find(uint64_t key) const;

  /// Bytes held.
  size_t bytes() const { return total; }

private:
  struct Key {
    uint64_t layer;
    uint32_t seed;
    const void *kernel;
    const void *bias;
    auto operator<=>(const Key &) const = default;
  };
  /// Memory that is given out from its beginning on.
  struct Slab {
    LargeMemory memory;
    size_t used = 0;
  };

  Key keyOf(const xnn_weights_cache_look_up_key &key) const;
  size_t lookUp(const xnn_weights_cache_look_up_key &key) const;
  void *reserve(size_t size);
  size_t insert(const xnn_weights_cache_look_up_key &key, void *packed);

  xnn_weights_cache_provider provider;
  uint64_t currentLayer = 0;
  size_t total = 0;
  std::vector<Slab> slabs;
  // XNNPACK's offsets are indices of blocks. The last one is unclaimed until it
  // has been inserted.
  std::vector<std::byte *> blocks;
  std::map<Key, size_t> blockOf;
  std::map<uint64_t, std::byte *> ownBlocks;
};

} // namespace windrow

#endif // WINDROW_RUNTIME_KERNELS_PACKED_WEIGHTS_H
