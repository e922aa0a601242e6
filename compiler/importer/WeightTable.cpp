//===- WeightTable.cpp - Constants as resources of the IR -----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/WeightTable.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace llvm;
using namespace mlir;
using namespace windrow::importer;

static bool isNonFinite(uint32_t bits) {
  constexpr uint32_t exponentMask = 0x7f800000;
  return (bits & exponentMask) == exponentMask;
}

/// Whether one of `count` elements is not finite; branch-free, so that it
/// becomes vector code.
static bool anyNonFinite(const char *elements, size_t count) {
  uint32_t any = 0;
  for (size_t i = 0; i < count; ++i) {
    uint32_t bits;
    std::memcpy(&bits, elements + i * sizeof(bits), sizeof(bits));
    any |= isNonFinite(bits);
  }
  return any != 0;
}

std::optional<int64_t>
windrow::importer::findNonFinite(ArrayRef<char> elements) {
  constexpr size_t chunk = 4096;
  size_t count = elements.size() / sizeof(uint32_t);
  for (size_t begin = 0; begin < count; begin += chunk) {
    const char *first = elements.data() + begin * sizeof(uint32_t);
    size_t size = std::min(chunk, count - begin);
    if (!anyNonFinite(first, size))
      continue;
    size_t position = 0;
    while (!anyNonFinite(first + position * sizeof(uint32_t), 1))
      ++position;
    return begin + position;
  }
  return std::nullopt;
}

Error WeightTable::check(const ConstantTensor &tensor) {
  if (tensor.elementType() != ElementType::Float32)
    return createStringError(
        formatv("tensor '{0}' must have elements of type float32, got {1}",
                tensor.name(),
                elementTypeName(static_cast<int32_t>(tensor.elementType()))));
  if (tensor.numElements() == 0)
    return createStringError(
        formatv("tensor '{0}' has no elements", tensor.name()));
  ArrayRef<char> bytes = tensor.storedBytes();
  if (checked.contains({bytes.data(), tensor.numElements()}))
    return Error::success();
  if (std::optional<int64_t> index = findNonFinite(bytes)) {
    float element;
    std::memcpy(&element, bytes.data() + *index * sizeof(float), sizeof(float));
    return createStringError(formatv(
        "every element of tensor '{0}' must be finite, got {1} at position {2}",
        tensor.name(), std::isnan(element) ? "NaN" : "infinity", *index));
  }
  checked[{bytes.data(), tensor.numElements()}] = tensor.owner();
  return Error::success();
}

Expected<ElementsAttr> WeightTable::get(const ConstantTensor &tensor) {
  if (Error error = check(tensor))
    return error;
  ArrayRef<char> bytes = tensor.storedBytes();
  DenseResourceElementsAttr &attribute = attributes[bytes.data()];
  if (attribute && attribute.getType().getNumElements() == tensor.numElements())
    return attribute;
  auto type =
      RankedTensorType::get(tensor.storedShape(), Float32Type::get(&context));
  AsmResourceBlob blob = UnmanagedAsmResourceBlob::allocateWithAlign(
      bytes, /*align=*/1, [owner = tensor.owner()](void *, size_t, size_t) {});
  attribute =
      DenseResourceElementsAttr::get(type, tensor.name(), std::move(blob));
  return attribute;
}
