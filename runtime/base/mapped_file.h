//===- mapped_file.h - Read-only memory-mapped file -------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_BASE_MAPPED_FILE_H
#define WINDROW_RUNTIME_BASE_MAPPED_FILE_H

#include "windrow/status.h"

#include <cstddef>
#include <filesystem>
#include <span>

namespace windrow {

/// A whole file mapped for reading. Pages come from the page cache on first
/// touch; the mapping is private, so that nothing is ever written back. Move
/// only; the bytes stay where they are when the object moves. Reading from
/// several threads is safe.
///
/// A file that another process truncates while it is mapped raises SIGBUS on
/// access: replace mapped files by renaming a new one over them.
class MappedFile {
public:
  /// Maps `path`, which must be a regular file; an empty one gives an empty
  /// span. Errors name the file.
  static Expected<MappedFile> open(const std::filesystem::path &path);

  /// Takes over `mapping`, which mmap has made; munmap ends it.
  static MappedFile adopt(std::span<const std::byte> mapping) {
    return MappedFile(mapping);
  }

  /// No file.
  MappedFile() = default;
  MappedFile(MappedFile &&other) noexcept;
  MappedFile &operator=(MappedFile &&other) noexcept;
  ~MappedFile();

  /// The content; starts at a page boundary.
  std::span<const std::byte> bytes() const { return content; }
  size_t size() const { return content.size(); }

  /// Tells the kernel that `range`, which must lie within `bytes()`, is not
  /// needed for now: its whole pages leave this process's memory and are read
  /// again when touched. Pages that `range` only partly covers stay.
  void dropPages(std::span<const std::byte> range) const;

private:
  explicit MappedFile(std::span<const std::byte> content) : content(content) {}

  std::span<const std::byte> content;
};

} // namespace windrow

#endif // WINDROW_RUNTIME_BASE_MAPPED_FILE_H
