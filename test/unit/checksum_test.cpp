//===- checksum_test.cpp - Tests of CRC-32 --------------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/base/checksum.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace windrow {
namespace {

std::span<const std::byte> bytesOf(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// The check value of CRC-32/ISO-HDLC.
TEST(ChecksumTest, KnownValues) {
  EXPECT_EQ(crc32({}), 0u);
  EXPECT_EQ(crc32(bytesOf("123456789")), 0xcbf43926u);
}

TEST(ChecksumTest, PiecesEqualTheWhole) {
  std::vector<std::byte> data(100003);
  for (size_t i = 0; i < data.size(); ++i)
    data[i] = static_cast<std::byte>(i * 31 + i / 251);
  const std::span<const std::byte> whole(data);
  const uint32_t expected = crc32(whole);
  for (size_t cut : {size_t(0), size_t(1), size_t(63), size_t(4096),
                     size_t(65537), data.size()})
    EXPECT_EQ(crc32(whole.subspan(cut), crc32(whole.first(cut))), expected)
        << "cut at " << cut;
}

TEST(ChecksumTest, EveryBitMatters) {
  std::vector<std::byte> data(97, std::byte(0x5a));
  const uint32_t expected = crc32(data);
  for (size_t bit = 0; bit < data.size() * 8; ++bit) {
    data[bit / 8] ^= std::byte(1 << bit % 8);
    EXPECT_NE(crc32(data), expected) << "bit " << bit;
    data[bit / 8] ^= std::byte(1 << bit % 8);
  }
}

} // namespace
} // namespace windrow
