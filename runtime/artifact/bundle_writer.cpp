//===- bundle_writer.cpp - Writes a bundle file ---------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/artifact/bundle_writer.h"

#include "runtime/artifact/bundle_checks.h"
#include "runtime/artifact/bundle_layout.h"
#include "runtime/artifact/operands.h"
#include "runtime/artifact/shape.h"
#include "runtime/base/checksum.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace windrow {

namespace {

/// A file that appears under its name when it is complete, and otherwise not at
/// all.
class AtomicFile {
public:
  explicit AtomicFile(const std::filesystem::path &path)
      : path(path),
        temporary(fmt::format("{}.{}.tmp", path.string(), ::getpid())) {}
  ~AtomicFile();

  Status open();
  Status resize(uint64_t bytes);
  Status write(std::span<const std::byte> bytes, uint64_t offset);
  Status commit();

private:
  Status systemFailure(std::string_view action) const;

  const std::filesystem::path path;
  const std::string temporary;
  int descriptor = -1;
};

} // namespace

AtomicFile::~AtomicFile() {
  if (descriptor < 0)
    return;
  ::close(descriptor);
  ::unlink(temporary.c_str());
}

Status AtomicFile::systemFailure(std::string_view action) const {
  int error = errno;
  return Status(StatusCode::Unavailable,
                fmt::format("cannot {}: {}", action,
                            std::generic_category().message(error)));
}

Status AtomicFile::open() {
  descriptor =
      ::open(temporary.c_str(),
             O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
  return descriptor < 0 ? systemFailure("create") : Status();
}

Status AtomicFile::resize(uint64_t bytes) {
  return ::ftruncate(descriptor, static_cast<off_t>(bytes)) == 0
             ? Status()
             : systemFailure("resize");
}

Status AtomicFile::write(std::span<const std::byte> bytes, uint64_t offset) {
  while (!bytes.empty()) {
    ssize_t written = ::pwrite(descriptor, bytes.data(), bytes.size(),
                               static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return systemFailure("write");
    bytes = bytes.subspan(static_cast<size_t>(written));
    offset += static_cast<uint64_t>(written);
  }
  return Status();
}

Status AtomicFile::commit() {
  int finished = std::exchange(descriptor, -1);
  bool isClosed = ::close(finished) == 0;
  if (isClosed && ::rename(temporary.c_str(), path.c_str()) == 0)
    return Status();
  Status status = systemFailure(isClosed ? "rename" : "close");
  ::unlink(temporary.c_str());
  return status;
}

/// Gives every weight its place; sizes that do not fit are left to the checks.
static void placeWeights(format::BundleT &bundle) {
  uint64_t end = 0;
  for (auto &weight : bundle.weights) {
    weight->offset = end;
    end = alignSection(end + byteCount(weight->type, weight->dims).value_or(0));
  }
  bundle.format_version = bundleFormatVersion;
  bundle.weights_bytes = end;
}

/// The header; its size does not depend on the values of numbers.
static flatbuffers::FlatBufferBuilder
buildHeader(const format::BundleT &bundle) {
  flatbuffers::FlatBufferBuilder builder;
  builder.ForceDefaults(true);
  format::FinishBundleBuffer(builder, format::Bundle::Pack(builder, &bundle));
  return builder;
}

static std::span<const std::byte>
contentOf(const flatbuffers::FlatBufferBuilder &builder) {
  return std::as_bytes(
      std::span(builder.GetBufferPointer(), builder.GetSize()));
}

/// Streams weight `index` to `offset` of `file` and sets its checksum.
static Status writeWeight(AtomicFile &file, uint64_t offset,
                          format::WeightT &weight, uint32_t index,
                          const WeightSource &source) {
  uint64_t expected = *byteCount(weight.type, weight.dims);
  uint64_t received = 0;
  uint32_t checksum = 0;
  auto sizeFailure = [&](std::string_view got) {
    return Status(
        StatusCode::InvalidArgument,
        fmt::format("weight {} '{}': source must give {} bytes, got {}", index,
                    printable(weight.name), expected, got));
  };
  Status status = source(index, [&](std::span<const std::byte> bytes) {
    if (bytes.size() > expected - received)
      return sizeFailure("more");
    checksum = crc32(bytes, checksum);
    Status written = file.write(bytes, offset + received);
    received += bytes.size();
    return written;
  });
  if (status.ok() && received != expected)
    status = sizeFailure(fmt::to_string(received));
  weight.checksum = checksum;
  return status;
}

std::vector<std::byte> encodeFront(const format::BundleT &bundle) {
  flatbuffers::FlatBufferBuilder header = buildHeader(bundle);
  BundlePrelude prelude;
  prelude.headerOffset = BundlePrelude::size;
  prelude.headerBytes = header.GetSize();
  prelude.weightsOffset = alignSection(BundlePrelude::size + header.GetSize());
  prelude.weightsBytes = bundle.weights_bytes;
  prelude.fileBytes = prelude.weightsOffset + prelude.weightsBytes;
  auto fields = prelude.encode();
  uint32_t checksum =
      crc32(std::span(fields).subspan(BundlePrelude::checksummedFrom));
  prelude.checksum = crc32(contentOf(header), checksum);

  std::vector<std::byte> front(prelude.weightsOffset);
  std::ranges::copy(prelude.encode(), front.begin());
  std::ranges::copy(contentOf(header), front.begin() + BundlePrelude::size);
  return front;
}

static Status writeSections(AtomicFile &file, format::BundleT &bundle,
                            const WeightSource &source) {
  WINDROW_RETURN_IF_ERROR(file.open());
  const uint64_t weightsOffset = encodeFront(bundle).size();
  // Gaps between weights read as zeros.
  WINDROW_RETURN_IF_ERROR(file.resize(weightsOffset + bundle.weights_bytes));
  for (uint32_t i = 0; i < bundle.weights.size(); ++i) {
    format::WeightT &weight = *bundle.weights[i];
    WINDROW_RETURN_IF_ERROR(
        writeWeight(file, weightsOffset + weight.offset, weight, i, source));
  }
  std::vector<std::byte> front = encodeFront(bundle);
  assert(front.size() == weightsOffset && "checksums must not change the size");
  WINDROW_RETURN_IF_ERROR(file.write(front, 0));
  return file.commit();
}

Status writeBundle(const std::filesystem::path &path, format::BundleT &bundle,
                   const WeightSource &source) {
  placeWeights(bundle);
  flatbuffers::FlatBufferBuilder header = buildHeader(bundle);
  Status status = checkBundle(*format::GetBundle(header.GetBufferPointer()),
                              bundle.weights_bytes);
  if (status.ok()) {
    AtomicFile file(path);
    status = writeSections(file, bundle, source);
  }
  return status.withContext(path.string());
}

} // namespace windrow
