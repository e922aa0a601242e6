//===- StoragePlan.h - Which values share a buffer --------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_SERIALIZER_STORAGEPLAN_H
#define WINDROW_COMPILER_SERIALIZER_STORAGEPLAN_H

#include "dialects/Nn/Nn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

namespace windrow {

/// A place within one of the buffers of a program.
struct StoragePlace {
  unsigned buffer = 0;
  uint64_t offset = 0; ///< bytes
};

/// Bytes of a dense tensor of `type`, whose elements are f32 or ui8.
uint64_t tensorBytes(mlir::RankedTensorType type);

/// Whether cutting `slice` out of its operand yields contiguous memory, as it
/// does along the rows of one image.
bool isContiguous(nn::SliceOp slice);

/// Whether each operand of `concat` is contiguous in the result.
bool isContiguous(nn::ConcatOp concat);

/// The assignment of a function's values to buffers. A reshape and a contiguous
/// slice are views. An operand of a contiguous concatenation is computed, or
/// received, in its place within the result, unless it has a place already: it
/// is a view itself, stands in another concatenation, or is an argument. So a
/// strip and its halo rows need no copy.
class StoragePlan {
public:
  explicit StoragePlan(mlir::func::FuncOp function);

  /// The place of `value`, which must not be a constant.
  StoragePlace getPlace(mlir::Value value) const;

  /// The place within the result of `operand`, which belongs to a contiguous
  /// concatenation.
  StoragePlace getPlaceInResult(mlir::OpOperand &operand) const;

  /// Whether `operand`, which belongs to a contiguous concatenation, is
  /// computed in its place, so that nothing is copied.
  bool isInPlace(mlir::OpOperand &operand) const;

  unsigned getNumBuffers() const { return bufferBytes.size(); }
  uint64_t getBufferBytes(unsigned buffer) const { return bufferBytes[buffer]; }

private:
  /// A buffer that became a part of another.
  struct Link {
    unsigned parent;
    uint64_t offset;
    bool isRoot;
  };

  void addOwnBuffer(mlir::Value value);
  void addView(mlir::Value view, mlir::Value source, uint64_t offset);
  void placeOperands(nn::ConcatOp concat);
  void renumberRoots();
  StoragePlace resolve(StoragePlace place) const;

  llvm::DenseMap<mlir::Value, StoragePlace> places;
  llvm::SmallVector<Link> links;
  llvm::SmallVector<uint64_t> bufferBytes;
  llvm::SmallVector<unsigned> rootNumbers;
};

} // namespace windrow

#endif // WINDROW_COMPILER_SERIALIZER_STORAGEPLAN_H
