//===- ConstantTensor.h - A tensor known at import --------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_IMPORTER_CONSTANTTENSOR_H
#define WINDROW_COMPILER_IMPORTER_CONSTANTTENSOR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <cassert>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

namespace windrow::importer {

/// The element types that constants may have; the values are those of
/// onnx.TensorProto.DataType.
enum class ElementType : int32_t {
  Float32 = 1,
  Int32 = 6,
  Int64 = 7,
  Bool = 9,
  Float64 = 11,
};

/// Bytes of one element.
size_t elementSize(ElementType type);

/// ONNX's name of onnx.TensorProto.DataType `type`, such as "float16".
std::string elementTypeName(int32_t type);

/// "1x3x224x224"; "scalar" for no dimensions.
std::string formatShape(llvm::ArrayRef<int64_t> shape);

/// The number of elements of a shape without negative dimensions, or -1 if
/// there are 2^31 or more, which no tensor may have.
int64_t countElements(llvm::ArrayRef<int64_t> shape);

/// The shape that two shapes broadcast to by ONNX's (NumPy's) rule; false where
/// they do not.
bool broadcastShapes(llvm::ArrayRef<int64_t> lhs, llvm::ArrayRef<int64_t> rhs,
                     llvm::SmallVectorImpl<int64_t> &result);

/// Elements that an ONNX file, or an evaluation at import, provides. A cheap
/// value: copies share the elements, which nothing ever changes.
///
/// The elements are stored in row-major order of `storedShape()`, at any
/// alignment; the tensor itself is that, transposed by `permutation()`.
class ConstantTensor {
public:
  /// Elements in memory that `owner` keeps alive; `bytes` must fit `shape`.
  /// `name` is what messages call the tensor.
  ConstantTensor(std::string name, ElementType type,
                 llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<char> bytes,
                 std::shared_ptr<const void> owner);

  /// Owned elements of the type that matches T: float, double, bool, int32_t or
  /// int64_t.
  template <typename T>
  static ConstantTensor get(std::string name, llvm::ArrayRef<int64_t> shape,
                            llvm::ArrayRef<T> elements);

  const std::string &name() const { return tensorName; }
  ElementType elementType() const { return type; }
  llvm::ArrayRef<int64_t> shape() const { return tensorShape; }
  int64_t rank() const { return tensorShape.size(); }
  int64_t numElements() const { return bytes.size() / elementSize(type); }

  llvm::ArrayRef<char> storedBytes() const { return bytes; }
  llvm::ArrayRef<int64_t> storedShape() const { return stored; }
  const std::shared_ptr<const void> &owner() const { return keepAlive; }
  /// Dimension i of the tensor is dimension permutation()[i] of the storage.
  llvm::ArrayRef<int64_t> permutation() const { return order; }
  bool isPermuted() const;

  /// The same elements transposed; none is moved.
  ConstantTensor transposed(llvm::ArrayRef<int64_t> permutation) const;

  /// The same elements in row-major order in another shape of equal size. They
  /// are moved only if this tensor is permuted.
  ConstantTensor reshaped(llvm::ArrayRef<int64_t> shape) const;

  /// An owned copy whose element i is element `source(i)` of this tensor, both
  /// counted in row-major order.
  ConstantTensor gathered(llvm::ArrayRef<int64_t> shape,
                          llvm::function_ref<int64_t(int64_t)> source) const;

  /// An owned copy broadcast to `shape`, to which this tensor's must broadcast.
  ConstantTensor broadcast(llvm::ArrayRef<int64_t> shape) const;

  /// The elements in row-major order, converted as by a C++ cast.
  template <typename T> llvm::SmallVector<T> elements() const;

private:
  /// The distance in storage between neighbours along each dimension.
  llvm::SmallVector<int64_t> strides() const;

  std::string tensorName;
  ElementType type;
  llvm::SmallVector<int64_t> tensorShape;
  llvm::SmallVector<int64_t> stored;
  llvm::SmallVector<int64_t> order;
  llvm::ArrayRef<char> bytes;
  std::shared_ptr<const void> keepAlive;
};

namespace detail {
template <typename T> struct ElementTypeOf;
template <> struct ElementTypeOf<float> {
  static constexpr ElementType value = ElementType::Float32;
};
template <> struct ElementTypeOf<double> {
  static constexpr ElementType value = ElementType::Float64;
};
template <> struct ElementTypeOf<bool> {
  static constexpr ElementType value = ElementType::Bool;
};
template <> struct ElementTypeOf<int32_t> {
  static constexpr ElementType value = ElementType::Int32;
};
template <> struct ElementTypeOf<int64_t> {
  static constexpr ElementType value = ElementType::Int64;
};
} // namespace detail

template <typename T>
ConstantTensor ConstantTensor::get(std::string name,
                                   llvm::ArrayRef<int64_t> shape,
                                   llvm::ArrayRef<T> elements) {
  auto copy = std::make_shared<llvm::SmallVector<T>>(elements);
  llvm::ArrayRef<char> bytes(reinterpret_cast<const char *>(copy->data()),
                             copy->size() * sizeof(T));
  return ConstantTensor(std::move(name), detail::ElementTypeOf<T>::value, shape,
                        bytes, std::move(copy));
}

} // namespace windrow::importer

#endif // WINDROW_COMPILER_IMPORTER_CONSTANTTENSOR_H
