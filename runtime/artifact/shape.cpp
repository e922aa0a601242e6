//===- shape.cpp - Dimensions and element types of a bundle ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/artifact/shape.h"

namespace windrow {

static constexpr uint64_t largestSize = uint64_t{1} << 63;

Dims dimsOf(const flatbuffers::Vector<uint32_t> *dims) {
  static_assert(FLATBUFFERS_LITTLEENDIAN,
                "the format is little-endian and read in place");
  return dims ? Dims(dims->data(), dims->size()) : Dims();
}

uint64_t elementBytes(format::ElementType type) {
  switch (type) {
  case format::ElementType::F32:
    return 4;
  case format::ElementType::U8:
    return 1;
  case format::ElementType::F16:
  case format::ElementType::BF16:
    return 2;
  }
  return 0;
}

static std::optional<uint64_t> product(uint64_t lhs, uint64_t rhs) {
  if (lhs != 0 && rhs > largestSize / lhs)
    return std::nullopt;
  return lhs * rhs;
}

std::optional<uint64_t> elementCount(Dims dims) {
  std::optional<uint64_t> count = 1;
  for (uint32_t dim : dims) {
    count = product(*count, dim);
    if (!count)
      return std::nullopt;
  }
  return count;
}

std::optional<uint64_t> byteCount(format::ElementType type, Dims dims) {
  std::optional<uint64_t> count = elementCount(dims);
  uint64_t width = elementBytes(type);
  if (!count || width == 0)
    return std::nullopt;
  return product(*count, width);
}

std::string formatDims(Dims dims) {
  std::string text;
  for (uint32_t dim : dims) {
    text.append(text.empty() ? "[" : ", ");
    text.append(std::to_string(dim));
  }
  return text.empty() ? "[]" : text.append("]");
}

} // namespace windrow
