//===- WeightPool.cpp - Constants on their way into a bundle --------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/serializer/WeightPool.h"

#include "Eigen/Core"
#include "compiler/serializer/StoragePlan.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

#include <algorithm>
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

unsigned WeightPool::add(nn::ConstantOp constant, nn::WeightStorage storage) {
  assert((storage == nn::WeightStorage::F32 ||
          constant.getResult().getType().getElementType().isF32()) &&
         "only f32 is narrowed");
  Builder builder(constant.getContext());
  DictionaryAttr key = builder.getDictionaryAttr(
      {builder.getNamedAttr("type", TypeAttr::get(constant.getType())),
       builder.getNamedAttr("storage",
                            builder.getI32IntegerAttr(int32_t(storage))),
       builder.getNamedAttr("attributes",
                            constant.getOperation()->getAttrDictionary())});
  auto [it, isNew] = indices.try_emplace(key, entries.size());
  if (isNew)
    entries.push_back({constant, storage});
  return it->second;
}

uint64_t WeightPool::getBytes(unsigned index) const {
  const auto &[constant, storage] = entries[index];
  nn::ConstantOp op = constant;
  uint64_t bytes =
      tensorBytes(cast<RankedTensorType>(op.getResult().getType()));
  return storage == nn::WeightStorage::F32 ? bytes : bytes / 2;
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

namespace {
/// Ranges of a tensor's row-major elements, of which the last dimensions of a
/// box in it are one.
class BoxRuns {
public:
  BoxRuns(ArrayRef<int64_t> whole, ArrayRef<int64_t> offsets,
          ArrayRef<int64_t> sizes)
      : whole(whole), offsets(offsets), sizes(sizes), outer(sizes.size()) {
    while (outer > 0) {
      runSize *= sizes[--outer];
      if (sizes[outer] != whole[outer])
        break;
    }
  }

  /// Calls `visit(begin, count)` for each range, in order, until it returns
  /// false.
  void forEach(llvm::function_ref<bool(int64_t, int64_t)> visit) const {
    SmallVector<int64_t> position(sizes.size(), 0);
    for (;;) {
      int64_t begin = 0;
      for (auto [index, size] : llvm::enumerate(whole))
        begin = begin * size + offsets[index] + position[index];
      if (!visit(begin, runSize))
        return;
      int64_t dimension = outer - 1;
      for (; dimension >= 0; --dimension) {
        if (++position[dimension] < sizes[dimension])
          break;
        position[dimension] = 0;
      }
      if (dimension < 0)
        return;
    }
  }

private:
  ArrayRef<int64_t> whole, offsets, sizes;
  /// Dimensions that a range does not span.
  int64_t outer;
  int64_t runSize = 1;
};

/// Passes on 4-byte elements in the order that transposing gives. A mapped file
/// does not align them.
class PermutedElements {
public:
  /// The elements at `source`, of the shape `shape`, transposed by
  /// `permutation`.
  PermutedElements(const char *source, ArrayRef<int64_t> shape,
                   ArrayRef<int64_t> permutation,
                   llvm::function_ref<bool(ArrayRef<char>)> sink)
      : source(source), sink(sink), position(shape.size()) {
    SmallVector<int64_t> sourceStrides(shape.size(), elementBytes);
    for (size_t i = shape.size() - 1; i > 0; --i)
      sourceStrides[i - 1] = sourceStrides[i] * shape[i];
    for (int64_t dimension : permutation) {
      sizes.push_back(shape[dimension]);
      strides.push_back(sourceStrides[dimension]);
    }
    part.resize((partElements + sizes.back()) * elementBytes);
    end = part.data();
  }

  /// Passes on the elements `begin` to `begin + count` of the result; false
  /// where the sink wants no more.
  bool write(int64_t begin, int64_t count);

  bool flush() {
    if (end == part.data())
      return true;
    bool goOn = sink(ArrayRef<char>(part.data(), end - part.data()));
    end = part.data();
    return goOn;
  }

private:
  static constexpr int64_t elementBytes = 4;

  const char *source;
  llvm::function_ref<bool(ArrayRef<char>)> sink;
  SmallVector<int64_t> sizes, strides, position;
  std::vector<char> part;
  char *end;
};
} // namespace

bool PermutedElements::write(int64_t begin, int64_t count) {
  const char *element = source;
  auto last = static_cast<int64_t>(sizes.size()) - 1;
  for (int64_t dimension = last, rest = begin; dimension >= 0; --dimension) {
    position[dimension] = rest % sizes[dimension];
    rest /= sizes[dimension];
    element += position[dimension] * strides[dimension];
  }
  while (count > 0) {
    int64_t run = std::min(count, sizes[last] - position[last]);
    for (int64_t i = 0; i < run; ++i, element += strides[last]) {
      std::memcpy(end, element, elementBytes);
      end += elementBytes;
    }
    if (end - part.data() >= partElements * elementBytes && !flush())
      return false;
    count -= run;
    element -= (position[last] + run) * strides[last];
    position[last] = 0;
    for (int64_t dimension = last - 1; dimension >= 0; --dimension) {
      element += strides[dimension];
      if (++position[dimension] < sizes[dimension])
        break;
      element -= sizes[dimension] * strides[dimension];
      position[dimension] = 0;
    }
  }
  return true;
}

/// The parts of `constant` in its whole; all of it where it is no part.
static BoxRuns getRuns(nn::ConstantOp constant, ArrayRef<int64_t> zeros) {
  return {constant.getWholeShape(), constant.getOffsets().value_or(zeros),
          constant.getResult().getType().getShape()};
}

static void writeElements(nn::ConstantOp constant,
                          llvm::function_ref<bool(ArrayRef<char>)> sink) {
  StoredElements stored = getStoredElements(constant);
  RankedTensorType type = constant.getResult().getType();
  if (stored.isSplat)
    return writeSplat(stored.bytes, type.getNumElements(), sink);
  SmallVector<int64_t> zeros(type.getRank(), 0);
  BoxRuns runs = getRuns(constant, zeros);
  std::optional<ArrayRef<int64_t>> permutation = constant.getPermutation();
  if (!permutation ||
      llvm::equal(*permutation, llvm::seq<int64_t>(permutation->size()))) {
    int64_t elementBytes = type.getElementTypeBitWidth() / 8;
    return runs.forEach([&](int64_t begin, int64_t count) {
      return sink(
          stored.bytes.slice(begin * elementBytes, count * elementBytes));
    });
  }
  auto valueType = cast<ShapedType>(constant.getValue().getType());
  assert(type.getElementType().isF32() && "weights are f32");
  PermutedElements elements(stored.bytes.data(),
                            constant.getView().value_or(valueType.getShape()),
                            *permutation, sink);
  runs.forEach([&](int64_t begin, int64_t count) {
    return elements.write(begin, count);
  });
  elements.flush();
}

/// Writes elements of f32 rounded to the nearest number of type `Narrow`.
template <typename Narrow>
static void writeNarrow(nn::ConstantOp constant,
                        llvm::function_ref<bool(ArrayRef<char>)> sink) {
  std::vector<float> wide(partElements);
  std::vector<Narrow> narrow(partElements);
  writeElements(constant, [&](ArrayRef<char> part) {
    while (!part.empty()) {
      size_t count = std::min(part.size() / sizeof(float), wide.size());
      std::memcpy(wide.data(), part.data(), count * sizeof(float));
      std::transform(wide.begin(), wide.begin() + count, narrow.begin(),
                     [](float element) { return Narrow(element); });
      if (!sink(ArrayRef(reinterpret_cast<const char *>(narrow.data()),
                         count * sizeof(Narrow))))
        return false;
      part = part.drop_front(count * sizeof(float));
    }
    return true;
  });
}

void WeightPool::write(unsigned index,
                       llvm::function_ref<bool(ArrayRef<char>)> sink) const {
  const auto &[constant, storage] = entries[index];
  switch (storage) {
  case nn::WeightStorage::F32:
    return writeElements(constant, sink);
  case nn::WeightStorage::BF16:
    return writeNarrow<Eigen::bfloat16>(constant, sink);
  case nn::WeightStorage::F16:
    return writeNarrow<Eigen::half>(constant, sink);
  }
}

void WeightPool::updateDigest(unsigned index, llvm::SHA256 &digest) const {
  nn::ConstantOp constant = entries[index].constant;
  ArrayRef<char> bytes = getStoredElements(constant).bytes;
  llvm::XXH128_hash_t hash = llvm::xxh3_128bits(ArrayRef<uint8_t>(
      reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()));
  std::string description;
  llvm::raw_string_ostream stream(description);
  stream << constant.getResult().getType()
         << nn::stringifyWeightStorage(entries[index].storage)
         << llvm::utohexstr(hash.high64) << '.' << llvm::utohexstr(hash.low64)
         << ';';
  llvm::interleaveComma(constant.getView().value_or(ArrayRef<int64_t>()),
                        stream);
  stream << ';';
  llvm::interleaveComma(constant.getPermutation().value_or(ArrayRef<int64_t>()),
                        stream);
  if (constant.isPart()) {
    stream << ';';
    llvm::interleaveComma(*constant.getOffsets(), stream);
    stream << ';';
    llvm::interleaveComma(constant.getWholeShape(), stream);
  }
  digest.update(description);
}
