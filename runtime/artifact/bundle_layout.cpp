//===- bundle_layout.cpp - Sections of a bundle file ----------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/artifact/bundle_layout.h"

#include "runtime/base/checksum.h"

#include <bit>
#include <cstring>
#include <fmt/format.h>

namespace windrow {

static_assert(std::endian::native == std::endian::little,
              "the prelude is little-endian and copied as it lies");

// The line end and the 0x1a show a transfer in text mode, as in PNG.
static constexpr char magic[] = {'\x89', 'W',  'D',  'R',
                                 'W',    '\r', '\n', '\x1a'};

// Byte offsets of the fields.
static constexpr size_t versionAt = 8, checksumAt = 12, headerOffsetAt = 16,
                        headerBytesAt = 24, weightsOffsetAt = 32,
                        weightsBytesAt = 40, fileBytesAt = 48, reservedAt = 56;

std::filesystem::path bundlePath(const std::filesystem::path &planDir,
                                 std::string_view participant) {
  return planDir / (std::string(participant) + ".bundle");
}

std::array<std::byte, BundlePrelude::size> BundlePrelude::encode() const {
  std::array<std::byte, size> bytes{};
  auto put = [&bytes](size_t offset, const auto &value) {
    std::memcpy(bytes.data() + offset, &value, sizeof value);
  };
  put(0, magic);
  put(versionAt, formatVersion);
  put(checksumAt, checksum);
  put(headerOffsetAt, headerOffset);
  put(headerBytesAt, headerBytes);
  put(weightsOffsetAt, weightsOffset);
  put(weightsBytesAt, weightsBytes);
  put(fileBytesAt, fileBytes);
  return bytes;
}

static Status corrupt(std::string message) {
  return Status(StatusCode::CorruptData, std::move(message));
}

static Status checkSections(const BundlePrelude &prelude, uint64_t fileBytes) {
  if (prelude.fileBytes != fileBytes)
    return corrupt(
        fmt::format("file size must be {} bytes as its prelude says, got {}",
                    prelude.fileBytes, fileBytes));
  if (prelude.headerOffset != BundlePrelude::size)
    return corrupt(fmt::format("header offset must be {}, got {}",
                               BundlePrelude::size, prelude.headerOffset));
  if (prelude.headerBytes > fileBytes - BundlePrelude::size)
    return corrupt(fmt::format("header size must be at most {}, got {}",
                               fileBytes - BundlePrelude::size,
                               prelude.headerBytes));
  uint64_t headerEnd = alignSection(prelude.headerOffset + prelude.headerBytes);
  if (prelude.weightsOffset != headerEnd || headerEnd > fileBytes)
    return corrupt(fmt::format("weights offset must be {}, got {}", headerEnd,
                               prelude.weightsOffset));
  if (prelude.weightsBytes != fileBytes - prelude.weightsOffset)
    return corrupt(fmt::format("weights size must be {}, got {}",
                               fileBytes - prelude.weightsOffset,
                               prelude.weightsBytes));
  return Status();
}

Expected<BundlePrelude> BundlePrelude::decode(std::span<const std::byte> file) {
  if (file.size() < size || std::memcmp(file.data(), magic, sizeof magic) != 0)
    return failure(corrupt("not a bundle"));
  auto take = [&file](size_t offset, auto &value) {
    std::memcpy(&value, file.data() + offset, sizeof value);
  };
  BundlePrelude prelude;
  take(versionAt, prelude.formatVersion);
  if (prelude.formatVersion != bundleFormatVersion)
    return failure(
        Status(StatusCode::Incompatible,
               fmt::format("bundle format version must be {}, got {}",
                           bundleFormatVersion, prelude.formatVersion)));
  take(checksumAt, prelude.checksum);
  take(headerOffsetAt, prelude.headerOffset);
  take(headerBytesAt, prelude.headerBytes);
  take(weightsOffsetAt, prelude.weightsOffset);
  take(weightsBytesAt, prelude.weightsBytes);
  take(fileBytesAt, prelude.fileBytes);
  uint64_t reserved;
  take(reservedAt, reserved);
  if (reserved != 0)
    return failure(corrupt("reserved bytes of the prelude must be 0"));
  if (Status status = checkSections(prelude, file.size()); !status.ok())
    return failure(std::move(status));
  uint64_t headerEnd = prelude.headerOffset + prelude.headerBytes;
  uint32_t checksum =
      crc32(file.subspan(checksummedFrom, headerEnd - checksummedFrom));
  if (checksum != prelude.checksum)
    return failure(
        corrupt(fmt::format("header checksum must be {:08x}, got {:08x}",
                            prelude.checksum, checksum)));
  return prelude;
}

} // namespace windrow
