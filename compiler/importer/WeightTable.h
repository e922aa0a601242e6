//===- WeightTable.h - Constants as resources of the IR ---------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_IMPORTER_WEIGHTTABLE_H
#define WINDROW_COMPILER_IMPORTER_WEIGHTTABLE_H

#include "compiler/importer/ConstantTensor.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/Error.h"
#include <optional>

namespace windrow::importer {

/// The position of the first NaN or infinity among little-endian f32 elements,
/// at any alignment. Streams at memory bandwidth.
std::optional<int64_t> findNonFinite(llvm::ArrayRef<char> elements);

/// The attributes that stand for constants, one for each run of stored bytes,
/// so that a tensor which several nodes use is one resource.
class WeightTable {
public:
  /// Keeps a reference to `context`.
  explicit WeightTable(mlir::MLIRContext &context) : context(context) {}

  /// Fails unless `tensor` has elements, of type f32 and all finite; the
  /// message reads as the continuation of "node: ".
  llvm::Error check(const ConstantTensor &tensor);

  /// The elements of `tensor`, which must pass `check`, in the order in which
  /// they are stored.
  llvm::Expected<mlir::ElementsAttr> get(const ConstantTensor &tensor);

private:
  mlir::MLIRContext &context;
  /// By the first byte of what they store.
  llvm::DenseMap<const char *, mlir::DenseResourceElementsAttr> attributes;
  /// By first byte and number of elements; the owners keep addresses unique.
  llvm::DenseMap<std::pair<const char *, int64_t>, std::shared_ptr<const void>>
      checked;
};

} // namespace windrow::importer

#endif // WINDROW_COMPILER_IMPORTER_WEIGHTTABLE_H
