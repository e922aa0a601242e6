//===- shape.h - Dimensions and element types of a bundle -------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Arithmetic on the dimensions of tensors and weights. None of these functions
// trusts its operands: products that do not fit have no value.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_ARTIFACT_SHAPE_H
#define WINDROW_RUNTIME_ARTIFACT_SHAPE_H

#include "runtime/artifact/bundle_generated.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace windrow {

/// Dimensions as a bundle stores them, outermost first. Views the bundle.
using Dims = std::span<const uint32_t>;

/// View of a FlatBuffers vector of dimensions; null gives an empty one.
Dims dimsOf(const flatbuffers::Vector<uint32_t> *dims);

/// Bytes of one element, 0 for a type that this version does not know.
uint64_t elementBytes(format::ElementType type);

/// Number of elements, nothing when it exceeds 2^63.
std::optional<uint64_t> elementCount(Dims dims);

/// Number of bytes of a dense tensor, nothing when it exceeds 2^63 or the type
/// is unknown.
std::optional<uint64_t> byteCount(format::ElementType type, Dims dims);

/// "[1, 56, 56, 64]".
std::string formatDims(Dims dims);

/// "1x56x56x64", of any range of integers.
template <typename Range> std::string formatExtents(const Range &dims) {
  std::string text;
  for (auto dim : dims) {
    if (!text.empty())
      text += 'x';
    text += std::to_string(dim);
  }
  return text;
}

} // namespace windrow

#endif // WINDROW_RUNTIME_ARTIFACT_SHAPE_H
