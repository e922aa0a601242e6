//===- bundle_reader.h - A verified, memory-mapped bundle -------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_ARTIFACT_BUNDLE_READER_H
#define WINDROW_RUNTIME_ARTIFACT_BUNDLE_READER_H

#include "runtime/artifact/bundle_generated.h"
#include "runtime/base/mapped_file.h"
#include "windrow/status.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace windrow {

/// A bundle file, mapped and verified. Once `open` has returned one, every
/// index, offset and size in the header is in range and every operator is
/// consistent; see docs/bundle-format.md. The content of the weights is checked
/// by `checkWeight`, when it is read anyway.
///
/// Move only; what the accessors return stays valid as long as the object to
/// which the content was moved. Thread-safe.
class BundleReader {
public:
  /// Maps and verifies `path`. Every message begins with the path. Fails with
  /// `NotFound` or `Unavailable` when the file cannot be read, `Incompatible`
  /// for another version of the format and `CorruptData` otherwise.
  static Expected<BundleReader> open(const std::filesystem::path &path);

  /// As `open`, of a file that is mapped already. `path` is its name in
  /// messages.
  static Expected<BundleReader> read(MappedFile file,
                                     const std::filesystem::path &path);

  const std::filesystem::path &path() const { return filePath; }

  /// The header.
  const format::Bundle &bundle() const { return *header; }

  /// The header's size in bytes.
  uint64_t headerBytes() const { return headerSize; }

  /// Name of the participant that this bundle is for.
  std::string_view selfName() const;

  /// True when this bundle is the client's.
  bool isClient() const;

  /// The bytes of weight `index`, which must be in range; aligned to 64 bytes.
  std::span<const std::byte> weight(uint32_t index) const;

  /// Compares weight `index` with its checksum, reading all of it. The message
  /// names file and weight.
  Status checkWeight(uint32_t index) const;

  /// As `checkWeight`, for a caller that has summed the weight's bytes itself.
  Status compareChecksum(uint32_t index, uint32_t checksum) const;

  /// Tells the system that `range`, a part of a weight, is not needed for now.
  /// It is read from the file again when touched.
  void dropPages(std::span<const std::byte> range) const;

private:
  BundleReader() = default;

  std::filesystem::path filePath;
  MappedFile file;
  const format::Bundle *header = nullptr;
  uint64_t headerSize = 0;
  std::span<const std::byte> weights;
};

} // namespace windrow

#endif // WINDROW_RUNTIME_ARTIFACT_BUNDLE_READER_H
