//===- checksum.h - CRC-32 of byte ranges -----------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_BASE_CHECKSUM_H
#define WINDROW_RUNTIME_BASE_CHECKSUM_H

#include <cstddef>
#include <cstdint>
#include <span>

namespace windrow {

/// CRC-32 of `data` as in RFC 1952, section 8 (gzip, zlib, PNG). `previous` is
/// the checksum of the bytes before `data`, 0 when there are none, so that a
/// range may be summed in pieces. Thread-safe.
uint32_t crc32(std::span<const std::byte> data, uint32_t previous = 0);

} // namespace windrow

#endif // WINDROW_RUNTIME_BASE_CHECKSUM_H
