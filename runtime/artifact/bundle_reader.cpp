//===- bundle_reader.cpp - A verified, memory-mapped bundle ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/artifact/bundle_reader.h"

#include "runtime/artifact/bundle_checks.h"
#include "runtime/artifact/bundle_layout.h"
#include "runtime/artifact/operands.h"
#include "runtime/artifact/shape.h"
#include "runtime/base/checksum.h"

#include <cassert>
#include <fmt/format.h>

namespace windrow {

Expected<BundleReader> BundleReader::open(const std::filesystem::path &path) {
  Expected<MappedFile> file = MappedFile::open(path);
  if (!file)
    return failure(file.error());
  return read(std::move(*file), path);
}

Expected<BundleReader> BundleReader::read(MappedFile file,
                                          const std::filesystem::path &path) {
  std::span<const std::byte> bytes = file.bytes();
  Expected<BundlePrelude> prelude = BundlePrelude::decode(bytes);
  if (!prelude)
    return failure(prelude.error().withContext(path.string()));
  auto headerBytes = bytes.subspan(prelude->headerOffset, prelude->headerBytes);

  // The verifier asserts the upper bound and reads 8 bytes unasked.
  bool isVerifiable = headerBytes.size() >= 8 &&
                      headerBytes.size() < FLATBUFFERS_MAX_BUFFER_SIZE;
  auto *data = reinterpret_cast<const uint8_t *>(headerBytes.data());
  flatbuffers::Verifier verifier(data, headerBytes.size());
  if (!isVerifiable || !format::VerifyBundleBuffer(verifier))
    return failure(corruptData(path.string() +
                               ": header must be a FlatBuffers table Bundle"));
  const format::Bundle *header = format::GetBundle(data);
  if (Status status = checkBundle(*header, prelude->weightsBytes); !status.ok())
    return failure(status.withContext(path.string()));

  BundleReader reader;
  reader.filePath = path;
  reader.file = std::move(file);
  reader.header = header;
  reader.headerSize = prelude->headerBytes;
  reader.weights = bytes.subspan(prelude->weightsOffset, prelude->weightsBytes);
  return reader;
}

std::string_view BundleReader::selfName() const {
  return textOf(header->participants()->Get(header->self())->name());
}

bool BundleReader::isClient() const {
  return header->self() + 1 == header->participants()->size();
}

std::span<const std::byte> BundleReader::weight(uint32_t index) const {
  assert(index < header->weights()->size() && "weight must be in range");
  const format::Weight &weight = *header->weights()->Get(index);
  return weights.subspan(weight.offset(),
                         *byteCount(weight.type(), dimsOf(weight.dims())));
}

Status BundleReader::checkWeight(uint32_t index) const {
  return compareChecksum(index, crc32(weight(index)));
}

Status BundleReader::compareChecksum(uint32_t index, uint32_t checksum) const {
  const format::Weight &entry = *header->weights()->Get(index);
  if (checksum == entry.checksum())
    return Status();
  return corruptData(
      fmt::format("{}: weight {} '{}': checksum must be {:08x}, got {:08x}",
                  filePath.string(), index, printable(textOf(entry.name())),
                  entry.checksum(), checksum));
}

void BundleReader::dropPages(std::span<const std::byte> range) const {
  file.dropPages(range);
}

} // namespace windrow
