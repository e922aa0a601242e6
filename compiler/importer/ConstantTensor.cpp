//===- ConstantTensor.cpp - A tensor known at import ----------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/ConstantTensor.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace windrow::importer;

size_t windrow::importer::elementSize(ElementType type) {
  switch (type) {
  case ElementType::Bool:
    return 1;
  case ElementType::Float32:
  case ElementType::Int32:
    return 4;
  case ElementType::Int64:
  case ElementType::Float64:
    return 8;
  }
  llvm_unreachable("unknown element type");
}

std::string windrow::importer::elementTypeName(int32_t type) {
  static constexpr const char *names[] = {
      "undefined", "float32", "uint8",     "int8",       "uint16",  "int16",
      "int32",     "int64",   "string",    "bool",       "float16", "float64",
      "uint32",    "uint64",  "complex64", "complex128", "bfloat16"};
  if (type >= 0 && static_cast<size_t>(type) < std::size(names))
    return names[type];
  return "number " + std::to_string(type);
}

std::string windrow::importer::formatShape(ArrayRef<int64_t> shape) {
  if (shape.empty())
    return "scalar";
  return join(
      map_range(shape, [](int64_t size) { return std::to_string(size); }), "x");
}

int64_t windrow::importer::countElements(ArrayRef<int64_t> shape) {
  constexpr int64_t limit = (int64_t(1) << 31) - 1;
  int64_t count = 1;
  for (int64_t size : shape) {
    assert(size >= 0 && "negative dimension");
    if (MulOverflow(count, size, count))
      return -1;
  }
  return count <= limit ? count : -1;
}

bool windrow::importer::broadcastShapes(ArrayRef<int64_t> lhs,
                                        ArrayRef<int64_t> rhs,
                                        SmallVectorImpl<int64_t> &result) {
  size_t rank = std::max(lhs.size(), rhs.size());
  auto dimension = [&](ArrayRef<int64_t> shape, size_t index) -> int64_t {
    size_t missing = rank - shape.size();
    return index < missing ? 1 : shape[index - missing];
  };
  result.clear();
  for (size_t i = 0; i < rank; ++i) {
    int64_t left = dimension(lhs, i), right = dimension(rhs, i);
    if (left != right && left != 1 && right != 1)
      return false;
    result.push_back(left == 1 ? right : left);
  }
  return true;
}

/// The distance between neighbours along each dimension, in elements.
static SmallVector<int64_t> rowMajorStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

/// Row-major `index` into `shape` as the sum of its coordinates times
/// `strides`.
static int64_t restride(int64_t index, ArrayRef<int64_t> shape,
                        ArrayRef<int64_t> strides) {
  int64_t result = 0;
  for (size_t i = shape.size(); i-- > 0;) {
    result += index % shape[i] * strides[i];
    index /= shape[i];
  }
  return result;
}

ConstantTensor::ConstantTensor(std::string name, ElementType type,
                               ArrayRef<int64_t> shape, ArrayRef<char> bytes,
                               std::shared_ptr<const void> owner)
    : tensorName(std::move(name)), type(type), tensorShape(shape),
      stored(shape), order(to_vector(seq<int64_t>(0, shape.size()))),
      bytes(bytes), keepAlive(std::move(owner)) {
  assert(static_cast<int64_t>(bytes.size()) ==
             countElements(shape) * static_cast<int64_t>(elementSize(type)) &&
         "bytes must fit shape");
}

bool ConstantTensor::isPermuted() const {
  // Dimensions of size 1 may stand anywhere.
  int64_t last = -1;
  for (int64_t dimension : order) {
    if (stored[dimension] == 1)
      continue;
    if (dimension < last)
      return true;
    last = dimension;
  }
  return false;
}

ConstantTensor ConstantTensor::transposed(ArrayRef<int64_t> permutation) const {
  assert(permutation.size() == tensorShape.size() && "rank mismatch");
  ConstantTensor result = *this;
  for (auto [i, dimension] : enumerate(permutation)) {
    result.tensorShape[i] = tensorShape[dimension];
    result.order[i] = order[dimension];
  }
  return result;
}

ConstantTensor ConstantTensor::reshaped(ArrayRef<int64_t> shape) const {
  if (isPermuted())
    return gathered(shape, [](int64_t index) { return index; });
  return ConstantTensor(tensorName, type, shape, bytes, keepAlive);
}

SmallVector<int64_t> ConstantTensor::strides() const {
  SmallVector<int64_t> storedStrides = rowMajorStrides(stored);
  return map_to_vector(
      order, [&](int64_t dimension) { return storedStrides[dimension]; });
}

ConstantTensor
ConstantTensor::gathered(ArrayRef<int64_t> shape,
                         llvm::function_ref<int64_t(int64_t)> source) const {
  size_t size = elementSize(type);
  int64_t count = countElements(shape);
  assert(count >= 0 && "shape is too large");
  auto copy = std::make_shared<SmallVector<char, 0>>();
  copy->resize_for_overwrite(count * size);
  bool permuted = isPermuted();
  SmallVector<int64_t> stridesInStorage = strides();
  for (int64_t i = 0; i < count; ++i) {
    int64_t from = source(i);
    if (permuted)
      from = restride(from, tensorShape, stridesInStorage);
    std::memcpy(copy->data() + i * size, bytes.data() + from * size, size);
  }
  ArrayRef<char> content(*copy);
  return ConstantTensor(tensorName, type, shape, content, std::move(copy));
}

ConstantTensor ConstantTensor::broadcast(ArrayRef<int64_t> target) const {
  SmallVector<int64_t> own = rowMajorStrides(tensorShape);
  SmallVector<int64_t> strides(target.size() - own.size(), 0);
  for (auto [size, stride] : zip(tensorShape, own))
    strides.push_back(size == 1 ? 0 : stride);
  return gathered(
      target, [&](int64_t index) { return restride(index, target, strides); });
}

template <typename From, typename To>
static void convert(ArrayRef<char> bytes, SmallVectorImpl<To> &result) {
  result.reserve(bytes.size() / sizeof(From));
  for (size_t offset = 0; offset < bytes.size(); offset += sizeof(From)) {
    From element;
    std::memcpy(&element, bytes.data() + offset, sizeof(From));
    result.push_back(static_cast<To>(element));
  }
}

template <typename T> SmallVector<T> ConstantTensor::elements() const {
  if (isPermuted())
    return reshaped(tensorShape).elements<T>();
  SmallVector<T> result;
  switch (type) {
  case ElementType::Bool:
    convert<uint8_t>(bytes, result);
    break;
  case ElementType::Float32:
    convert<float>(bytes, result);
    break;
  case ElementType::Int32:
    convert<int32_t>(bytes, result);
    break;
  case ElementType::Int64:
    convert<int64_t>(bytes, result);
    break;
  case ElementType::Float64:
    convert<double>(bytes, result);
    break;
  }
  return result;
}

template SmallVector<float> ConstantTensor::elements<float>() const;
template SmallVector<double> ConstantTensor::elements<double>() const;
template SmallVector<int32_t> ConstantTensor::elements<int32_t>() const;
template SmallVector<int64_t> ConstantTensor::elements<int64_t>() const;
