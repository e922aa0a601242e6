//===- mapped_file.cpp - Read-only memory-mapped file ---------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/base/mapped_file.h"

#include <cassert>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace windrow {

static Status systemFailure(const std::filesystem::path &path,
                            std::string_view action, int error) {
  StatusCode code =
      error == ENOENT ? StatusCode::NotFound : StatusCode::Unavailable;
  return Status(code, fmt::format("{}: cannot {}: {}", path.string(), action,
                                  std::generic_category().message(error)));
}

Expected<MappedFile> MappedFile::open(const std::filesystem::path &path) {
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return failure(systemFailure(path, "open", errno));
  struct stat facts;
  if (::fstat(descriptor, &facts) != 0) {
    int error = errno;
    ::close(descriptor);
    return failure(systemFailure(path, "stat", error));
  }
  if (!S_ISREG(facts.st_mode)) {
    ::close(descriptor);
    return failure(
        Status(StatusCode::InvalidArgument,
               fmt::format("{}: must be a regular file", path.string())));
  }
  if (facts.st_size == 0) {
    ::close(descriptor);
    return MappedFile();
  }
  size_t size = static_cast<size_t>(facts.st_size);
  void *address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  int error = errno;
  ::close(descriptor);
  if (address == MAP_FAILED)
    return failure(systemFailure(path, "map", error));
  return MappedFile({static_cast<const std::byte *>(address), size});
}

MappedFile::MappedFile(MappedFile &&other) noexcept
    : content(std::exchange(other.content, {})) {}

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept {
  std::swap(content, other.content);
  return *this;
}

MappedFile::~MappedFile() {
  if (!content.empty())
    ::munmap(const_cast<std::byte *>(content.data()), content.size());
}

void MappedFile::dropPages(std::span<const std::byte> range) const {
  if (range.empty())
    return;
  assert(range.data() >= content.data() &&
         range.data() + range.size() <= content.data() + content.size() &&
         "range must lie within the mapping");
  const uintptr_t page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  uintptr_t begin = reinterpret_cast<uintptr_t>(range.data());
  uintptr_t end = begin + range.size();
  // The page that holds the end of the file belongs to the file alone.
  if (range.data() + range.size() == content.data() + content.size())
    end += page - 1;
  begin = (begin + page - 1) / page * page;
  end = end / page * page;
  // Advice only: a refusal costs memory, not correctness.
  if (begin < end)
    (void)::madvise(reinterpret_cast<void *>(begin), end - begin,
                    MADV_DONTNEED);
}

} // namespace windrow
