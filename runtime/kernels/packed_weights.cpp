//===- packed_weights.cpp - Weights in the order of microkernels ----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/kernels/packed_weights.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace windrow {

static constexpr size_t blockAlignment = 64;
static constexpr size_t slabBytes = size_t{64} << 20;
static constexpr size_t notFound = SIZE_MAX;

static PackedWeights &self(void *context) {
  return *static_cast<PackedWeights *>(context);
}

PackedWeights::PackedWeights() {
  provider.context = this;
  provider.look_up = [](void *context,
                        const xnn_weights_cache_look_up_key *key) {
    return self(context).lookUp(*key);
  };
  provider.reserve_space = [](void *context, size_t size) {
    return self(context).reserve(size);
  };
  provider.look_up_or_insert =
      [](void *context, const xnn_weights_cache_look_up_key *key, void *packed,
         size_t) { return self(context).insert(*key, packed); };
  provider.is_finalized = [](void *) { return true; };
  provider.offset_to_addr = [](void *context, size_t offset) -> void * {
    return self(context).blocks[offset];
  };
  provider.delete_cache = [](void *) { return xnn_status_success; };
}

xnn_weights_cache_t PackedWeights::forLayer(uint64_t layer) {
  currentLayer = layer;
  return &provider;
}

std::byte *PackedWeights::allocate(uint64_t key, size_t size) {
  auto *memory = static_cast<std::byte *>(reserve(size));
  if (memory)
    ownBlocks[key] = memory;
  return memory;
}

const std::byte *PackedWeights::find(uint64_t key) const {
  auto found = ownBlocks.find(key);
  return found == ownBlocks.end() ? nullptr : found->second;
}

PackedWeights::Key
PackedWeights::keyOf(const xnn_weights_cache_look_up_key &key) const {
  return {currentLayer, key.seed, key.kernel, key.bias};
}

size_t PackedWeights::lookUp(const xnn_weights_cache_look_up_key &key) const {
  auto found = blockOf.find(keyOf(key));
  return found == blockOf.end() ? notFound : found->second;
}

void *PackedWeights::reserve(size_t size) {
  size = (size + blockAlignment - 1) / blockAlignment * blockAlignment;
  if (slabs.empty() || slabs.back().memory.size() - slabs.back().used < size) {
    LargeMemory memory(std::max(size, slabBytes));
    if (!memory.get())
      return nullptr;
    slabs.push_back({std::move(memory)});
  }
  Slab &slab = slabs.back();
  blocks.push_back(slab.memory.get() + slab.used);
  slab.used += size;
  total += size;
  return blocks.back();
}

size_t PackedWeights::insert(const xnn_weights_cache_look_up_key &key,
                             void *packed) {
  auto [entry, isNew] = blockOf.try_emplace(keyOf(key), blocks.size() - 1);
  bool wasPackedAgain = !isNew && packed != nullptr;
  if (wasPackedAgain) {
    assert(blocks.back() == packed && "packed into the last block");
    Slab &slab = slabs.back();
    size_t size = slab.memory.get() + slab.used - blocks.back();
    std::memset(blocks.back(), 0, size);
    slab.used -= size;
    total -= size;
    blocks.pop_back();
  }
  return entry->second;
}

} // namespace windrow
