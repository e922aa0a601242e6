//===- ConstantElements.h - Reading and making weights ----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The elements of `nn.constant` in the order in which they are stored and in
// the order in which operations see them, without a copy in between: weights
// may be hundreds of megabytes of a mapped file.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_TRANSFORMS_CONSTANTELEMENTS_H
#define WINDROW_PASSES_TRANSFORMS_CONSTANTELEMENTS_H

#include "dialects/Nn/Nn.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <cstring>
#include <optional>

namespace windrow::nn {

/// The f32 elements of an attribute in the order in which they are stored.
/// Points into the attribute, whose bytes may have any alignment.
class StoredElements {
public:
  /// Nothing where the elements are not f32 or not at hand, as those of a
  /// resource that was left out when a file was printed.
  static std::optional<StoredElements> get(mlir::ElementsAttr value);

  float operator[](int64_t index) const {
    float element;
    std::memcpy(&element, bytes + (isSplat ? 0 : index * sizeof element),
                sizeof element);
    return element;
  }

private:
  const char *bytes = nullptr;
  bool isSplat = false;
};

/// Where the elements of an `nn.constant` that is no part stand in its result.
class ElementOrder {
public:
  explicit ElementOrder(ConstantOp constant);

  /// Elements `stored`, `stored + 1`, ... of the value, `count` of them, are
  /// the row-major elements `result`, `result + stride`, ... of the result.
  struct Run {
    int64_t stored;
    int64_t result;
    int64_t count;
    int64_t stride;
  };

  /// Calls `visit(run)` for runs that cover the constant in storage order.
  template <typename Visitor> void forEachRun(Visitor visit) const;

private:
  llvm::SmallVector<int64_t> sizes;
  llvm::SmallVector<int64_t> strides;
};

/// The elements of a small constant in the order of its result, or nothing
/// where `value` is not an `nn.constant` of f32 whose elements are at hand and
/// all of the result.
std::optional<llvm::SmallVector<float>> readConstant(mlir::Value value);

/// The one value that all elements of a constant have, if so.
std::optional<float> readUniformConstant(mlir::Value value);

/// Calls `fill` with uninitialised memory for the elements of `type`, of f32,
/// and returns an attribute that owns them. `name` is a hint for the name of
/// the resource that holds all but small ones.
mlir::ElementsAttr
makeElements(mlir::RankedTensorType type, llvm::StringRef name,
             llvm::function_ref<void(llvm::MutableArrayRef<float>)> fill);

/// A constant of rank 1 with the given elements, each rounded to f32.
ConstantOp makeVectorConstant(mlir::OpBuilder &builder, mlir::Location location,
                              llvm::ArrayRef<double> elements);

/// A constant whose elements are those of `constant`, taken as a tensor of
/// `shape`, transposed by `permutation` and given `resultType`; it shares the
/// value of `constant`. Null where the stored order cannot be expressed as a
/// transposed view: `constant` is a part, or `shape` has dimensions that
/// straddle those of the present view.
ConstantOp permuteConstant(mlir::OpBuilder &builder, ConstantOp constant,
                           llvm::ArrayRef<int64_t> shape,
                           llvm::ArrayRef<int64_t> permutation,
                           mlir::Type resultType);

template <typename Visitor> void ElementOrder::forEachRun(Visitor visit) const {
  int64_t outerRank = static_cast<int64_t>(sizes.size()) - 1;
  llvm::SmallVector<int64_t> index(outerRank, 0);
  Run run = {0, 0, sizes.back(), strides.back()};
  for (;;) {
    visit(run);
    run.stored += run.count;
    int64_t dimension = outerRank - 1;
    for (; dimension >= 0; --dimension) {
      run.result += strides[dimension];
      if (++index[dimension] < sizes[dimension])
        break;
      run.result -= strides[dimension] * sizes[dimension];
      index[dimension] = 0;
    }
    if (dimension < 0)
      return;
  }
}

} // namespace windrow::nn

#endif // WINDROW_PASSES_TRANSFORMS_CONSTANTELEMENTS_H
