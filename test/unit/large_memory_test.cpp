//===- large_memory_test.cpp - Tests of memory in huge pages --------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/base/large_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace windrow {
namespace {

TEST(LargeMemory, IsAlignedAndZeroed) {
  for (size_t size : {size_t{0}, size_t{1}, LargeMemory::alignment,
                      LargeMemory::alignment + 1}) {
    LargeMemory memory(size);
    ASSERT_NE(memory.get(), nullptr);
    EXPECT_EQ(
        reinterpret_cast<uintptr_t>(memory.get()) % LargeMemory::alignment, 0u);
    EXPECT_GE(memory.size(), std::max<size_t>(size, 1));
    EXPECT_TRUE(
        std::all_of(memory.get(), memory.get() + memory.size(),
                    [](std::byte byte) { return byte == std::byte{0}; }));
    memory.get()[memory.size() - 1] = std::byte{1};
  }
}

TEST(LargeMemory, MovesAlongWithItsOwner) {
  LargeMemory first(100);
  std::byte *address = first.get();
  LargeMemory second(std::move(first));
  EXPECT_EQ(first.get(), nullptr);
  EXPECT_EQ(second.get(), address);
  LargeMemory third(100);
  third = std::move(second);
  EXPECT_EQ(third.get(), address);
}

TEST(LargeMemory, IsNullWhereThereIsNotEnough) {
  EXPECT_EQ(LargeMemory(size_t{1} << 60).get(), nullptr);
  EXPECT_EQ(LargeMemory(SIZE_MAX).get(), nullptr);
  EXPECT_EQ(LargeMemory(SIZE_MAX).size(), 0u);
}

} // namespace
} // namespace windrow
