//===- noise_weights.cpp - Bundles in memory, filled with noise -----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/noise_weights.h"

#include "runtime/artifact/bundle_writer.h"
#include "runtime/artifact/shape.h"
#include "runtime/base/checksum.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <map>
#include <random>
#include <span>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>
#include <vector>

using namespace windrow;

static constexpr size_t noiseBytes = 4 << 20;

static Status systemFailure(std::string_view action) {
  return Status(StatusCode::Unavailable,
                fmt::format("cannot {}: {}", action,
                            std::generic_category().message(errno)));
}

/// `bytes` rounded up to whole pages.
static size_t toPages(size_t bytes) {
  const size_t page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

static std::vector<float> makeNoise() {
  std::vector<float> noise(noiseBytes / sizeof(float));
  std::mt19937 random(1);
  std::uniform_real_distribution<float> values(-1, 1);
  for (float &value : noise)
    value = values(random);
  return noise;
}

namespace {
/// A file without a name that is closed with the object.
class MemoryFile {
public:
  MemoryFile() : descriptor(::memfd_create("noise", MFD_CLOEXEC)) {}
  ~MemoryFile() {
    if (descriptor >= 0)
      ::close(descriptor);
  }
  MemoryFile(const MemoryFile &) = delete;
  MemoryFile &operator=(const MemoryFile &) = delete;

  Status write(std::span<const std::byte> bytes, uint64_t offset) {
    ssize_t written = ::pwrite(descriptor, bytes.data(), bytes.size(),
                               static_cast<off_t>(offset));
    return written == static_cast<ssize_t>(bytes.size())
               ? Status()
               : systemFailure("write to memory");
  }

  /// Maps `bytes` bytes from `offset` on to `address`, in the place of what is
  /// mapped there.
  Status map(std::byte *address, size_t bytes, uint64_t offset) {
    void *mapped = ::mmap(address, bytes, PROT_READ, MAP_SHARED | MAP_FIXED,
                          descriptor, static_cast<off_t>(offset));
    return mapped == address ? Status() : systemFailure("map memory");
  }

private:
  const int descriptor;
};
} // namespace

/// The file of `bundle`, whose weights all begin at a page, with a weights
/// section that is the same noise again and again.
static Expected<MappedFile> mapBundle(const format::BundleT &bundle,
                                      std::span<const std::byte> noise) {
  std::vector<std::byte> front = encodeFront(bundle);
  const size_t total = front.size() + bundle.weights_bytes;
  const size_t start = toPages(front.size());
  void *reserved = ::mmap(nullptr, total, PROT_READ,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED)
    return failure(systemFailure("map memory"));
  auto *begin = static_cast<std::byte *>(reserved);
  MappedFile mapping = MappedFile::adopt({begin, total});

  MemoryFile file;
  Status status = file.write(front, 0);
  if (status.ok())
    status = file.write(noise, start);
  if (status.ok())
    status = file.map(begin, std::min(total, start), 0);
  for (size_t at = start; status.ok() && at < total; at += noise.size())
    status = file.map(begin + at, std::min(noise.size(), total - at), start);
  if (!status.ok())
    return failure(status);
  return mapping;
}

/// Lets all weights begin at the first page behind the header, which does not
/// change the header's size, and sets their checksums.
static void placeWeights(format::BundleT &bundle,
                         std::span<const std::byte> noise) {
  const size_t frontBytes = encodeFront(bundle).size();
  const uint64_t offset = toPages(frontBytes) - frontBytes;
  bundle.weights_bytes += offset;
  std::map<uint64_t, uint32_t> checksums; // by size
  for (auto &weight : bundle.weights) {
    const uint64_t bytes = byteCount(weight->type, weight->dims).value_or(0);
    auto [entry, isNew] = checksums.try_emplace(bytes, 0);
    for (uint64_t done = 0; isNew && done < bytes; done += noise.size())
      entry->second =
          crc32(noise.first(std::min<uint64_t>(noise.size(), bytes - done)),
                entry->second);
    weight->offset = offset;
    weight->checksum = entry->second;
  }
}

Expected<MappedFile> windrow::mapWithNoise(format::BundleT bundle) {
  const std::vector<float> values = makeNoise();
  const auto noise = std::as_bytes(std::span(values));
  placeWeights(bundle, noise);
  return mapBundle(bundle, noise);
}
