//===- bundle_layout.h - Sections of a bundle file --------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A bundle file is a prelude of 64 bytes, the FlatBuffers header of
// bundle.fbs, and the weights, each section at a multiple of 64 bytes. The
// format is described in docs/bundle-format.md.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_ARTIFACT_BUNDLE_LAYOUT_H
#define WINDROW_RUNTIME_ARTIFACT_BUNDLE_LAYOUT_H

#include "windrow/status.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace windrow {

/// Version of the format that this code writes, and the only one that it reads.
inline constexpr uint32_t bundleFormatVersion = 1;

/// Alignment of sections, weights and the arena, in bytes.
inline constexpr uint64_t bundleAlignment = 64;

/// Bytes that kernels may read, never use, behind the last byte of a tensor.
/// Every tensor leaves as many before the end of the arena.
inline constexpr uint64_t tensorSlackBytes = 16;

/// Bytes of the SHA-256 digest that names a plan.
inline constexpr size_t planDigestBytes = 32;

/// Name of the client, which is the last participant of every plan.
inline constexpr std::string_view clientName = "client";

/// Where the bundle of `participant` lies in the folder of a plan:
/// "planDir/press-1.bundle".
std::filesystem::path bundlePath(const std::filesystem::path &planDir,
                                 std::string_view participant);

/// `size` rounded up to a multiple of `bundleAlignment`.
constexpr uint64_t alignSection(uint64_t size) {
  return (size + bundleAlignment - 1) / bundleAlignment * bundleAlignment;
}

/// The first 64 bytes of a bundle file. Numbers are little-endian; the bytes
/// from 56 are zero.
struct BundlePrelude {
  static constexpr size_t size = 64;

  uint32_t formatVersion = bundleFormatVersion;
  /// CRC-32 of the bytes from `checksummedFrom` up to the header's end.
  uint32_t checksum = 0;
  uint64_t headerOffset = 0;
  uint64_t headerBytes = 0;
  uint64_t weightsOffset = 0;
  uint64_t weightsBytes = 0;
  uint64_t fileBytes = 0;

  static constexpr size_t checksummedFrom = 16;

  /// The bytes of this prelude, magic included.
  std::array<std::byte, size> encode() const;

  /// Reads the prelude of `file`, a whole bundle file, and checks magic,
  /// version, section bounds and checksum, so that the sections that it names
  /// exist. A failure's message does not name the file.
  static Expected<BundlePrelude> decode(std::span<const std::byte> file);
};

} // namespace windrow

#endif // WINDROW_RUNTIME_ARTIFACT_BUNDLE_LAYOUT_H
