//===- WeightPool.h - Constants on their way into a bundle ------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_SERIALIZER_WEIGHTPOOL_H
#define WINDROW_COMPILER_SERIALIZER_WEIGHTPOOL_H

#include "dialects/Nn/Nn.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/SHA256.h"

namespace windrow {

/// The distinct constants that a bundle holds, in the order of their first use.
/// Elements are permuted while they are written, a part at a time: nothing of
/// the size of a model is held in memory.
class WeightPool {
public:
  /// Index of the constant's elements in the pool, stored as `storage` says;
  /// those of f32 only where it is not F32.
  unsigned add(nn::ConstantOp constant,
               nn::WeightStorage storage = nn::WeightStorage::F32);

  unsigned size() const { return entries.size(); }
  uint64_t getBytes(unsigned index) const;

  /// Passes the elements in result order to `sink`, part by part, and stops
  /// when it returns false.
  void write(unsigned index,
             llvm::function_ref<bool(llvm::ArrayRef<char>)> sink) const;

  /// Adds to `digest` what determines the elements.
  void updateDigest(unsigned index, llvm::SHA256 &digest) const;

private:
  struct Entry {
    nn::ConstantOp constant;
    nn::WeightStorage storage;
  };

  llvm::SmallVector<Entry> entries;
  llvm::DenseMap<mlir::DictionaryAttr, unsigned> indices;
};

} // namespace windrow

#endif // WINDROW_COMPILER_SERIALIZER_WEIGHTPOOL_H
