//===- WeightPool.cpp - Constants on their way into a bundle --------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/serializer/WeightPool.h"

#include "compiler/serializer/StoragePlan.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

#include <cstring>
#include <vector>

using namespace mlir;
using namespace windrow;

/// Elements that are gathered before they are passed on: a row of a fully
/// connected layer's matrix stays in the cache while it is permuted.
static constexpr int64_t partElements = 1 << 16;

namespace {
/// The stored bytes of a constant; one element only where all are equal.
struct StoredElements {
  ArrayRef<char> bytes;
  bool isSplat = false;
};
} // namespace

static StoredElements getStoredElements(nn::ConstantOp constant) {
  ElementsAttr value = constant.getValue();
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    assert(blob && "a resource without a blob does not pass the verifier");
    return {blob->getData(), false};
  }
  auto dense = cast<DenseElementsAttr>(value);
  return {dense.getRawData(), dense.isSplat()};
}

unsigned WeightPool::add(nn::ConstantOp constant) {
  Builder builder(constant.getContext());
  DictionaryAttr key = builder.getDictionaryAttr(
      {builder.getNamedAttr("type", TypeAttr::get(constant.getType())),
       builder.getNamedAttr("attributes",
                            constant.getOperation()->getAttrDictionary())});
  auto [it, isNew] = indices.try_emplace(key, constants.size());
  if (isNew)
    constants.push_back(constant);
  return it->second;
}

uint64_t WeightPool::getBytes(unsigned index) const {
  return tensorBytes(
      cast<RankedTensorType>(getConstant(index).getResult().getType()));
}

static void writeSplat(ArrayRef<char> element, int64_t count,
                       llvm::function_ref<bool(ArrayRef<char>)> sink) {
  SmallVector<char, 0> part;
  int64_t partCount = std::min(count, partElements);
  for (int64_t i = 0; i < partCount; ++i)
    part.append(element.begin(), element.end());
  for (int64_t done = 0; done < count; done += partCount) {
    int64_t size = std::min(partCount, count - done) * element.size();
    if (!sink(ArrayRef<char>(part).take_front(size)))
      return;
  }
}

/// Passes on the 4-byte elements at `source`, of the shape `shape`, in the
/// order that transposing by `permutation` gives. A mapped file does not align
/// them.
static void writePermuted(const char *source, ArrayRef<int64_t> shape,
                          ArrayRef<int64_t> permutation,
                          llvm::function_ref<bool(ArrayRef<char>)> sink) {
  constexpr int64_t elementBytes = 4;
  size_t rank = shape.size();
  SmallVector<int64_t> sourceStrides(rank, elementBytes);
  for (size_t i = rank - 1; i > 0; --i)
    sourceStrides[i - 1] = sourceStrides[i] * shape[i];
  SmallVector<int64_t> sizes, strides;
  for (int64_t dimension : permutation) {
    sizes.push_back(shape[dimension]);
    strides.push_back(sourceStrides[dimension]);
  }

  std::vector<char> part((partElements + sizes.back()) * elementBytes);
  char *end = part.data();
  auto flush = [&] {
    bool goOn = sink(ArrayRef<char>(part.data(), end - part.data()));
    end = part.data();
    return goOn;
  };
  SmallVector<int64_t> position(rank, 0);
  const char *run = source;
  int64_t dimension = 0;
  do {
    const char *element = run;
    for (int64_t i = 0; i < sizes.back(); ++i, element += strides.back()) {
      std::memcpy(end, element, elementBytes);
      end += elementBytes;
    }
    if (end - part.data() >= partElements * elementBytes && !flush())
      return;
    for (dimension = static_cast<int64_t>(rank) - 2; dimension >= 0;
         --dimension) {
      run += strides[dimension];
      if (++position[dimension] < sizes[dimension])
        break;
      run -= sizes[dimension] * strides[dimension];
      position[dimension] = 0;
    }
  } while (dimension >= 0);
  if (end != part.data())
    flush();
}

void WeightPool::write(unsigned index,
                       llvm::function_ref<bool(ArrayRef<char>)> sink) const {
  nn::ConstantOp constant = getConstant(index);
  StoredElements stored = getStoredElements(constant);
  auto type = cast<RankedTensorType>(constant.getResult().getType());
  if (stored.isSplat)
    return writeSplat(stored.bytes, type.getNumElements(), sink);
  std::optional<ArrayRef<int64_t>> permutation = constant.getPermutation();
  if (!permutation ||
      llvm::equal(*permutation, llvm::seq<int64_t>(permutation->size()))) {
    sink(stored.bytes);
    return;
  }
  auto valueType = cast<ShapedType>(constant.getValue().getType());
  ArrayRef<int64_t> shape =
      constant.getView() ? *constant.getView() : valueType.getShape();
  assert(type.getElementType().isF32() && "weights are f32");
  writePermuted(stored.bytes.data(), shape, *permutation, sink);
}

void WeightPool::updateDigest(unsigned index, llvm::SHA256 &digest) const {
  nn::ConstantOp constant = getConstant(index);
  ArrayRef<char> bytes = getStoredElements(constant).bytes;
  llvm::XXH128_hash_t hash = llvm::xxh3_128bits(ArrayRef<uint8_t>(
      reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()));
  std::string description;
  llvm::raw_string_ostream stream(description);
  stream << constant.getResult().getType() << llvm::utohexstr(hash.high64)
         << '.' << llvm::utohexstr(hash.low64) << ';';
  llvm::interleaveComma(constant.getView().value_or(ArrayRef<int64_t>()),
                        stream);
  stream << ';';
  llvm::interleaveComma(constant.getPermutation().value_or(ArrayRef<int64_t>()),
                        stream);
  digest.update(description);
}
