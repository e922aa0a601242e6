//===- OperatorEncoding.h - From nn ops to bundle operators -----*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_SERIALIZER_OPERATORENCODING_H
#define WINDROW_COMPILER_SERIALIZER_OPERATORENCODING_H

#include "compiler/serializer/StoragePlan.h"
#include "runtime/artifact/bundle_generated.h"

namespace windrow {

/// Gives the values that operators name their numbers in the bundle.
class OperandNumbering {
public:
  virtual ~OperandNumbering();

  /// Number of the tensor of `value`, which is not a constant.
  virtual uint32_t getTensor(mlir::Value value) = 0;

  /// Number of a tensor of `type` at `place`.
  virtual uint32_t getTensorAt(mlir::RankedTensorType type,
                               StoragePlace place) = 0;

  /// Number of the weight of `constant`, stored as `storage` says.
  virtual uint32_t getWeight(nn::ConstantOp constant,
                             nn::WeightStorage storage) = 0;
};

/// Appends to `operators` what computes `op`, an operation of the nn dialect:
/// nothing where the result is a view or is in place, one operator in most
/// cases, one copy per operand of a concatenation. Fails with a diagnostic
/// where the bundle format cannot say it.
llvm::LogicalResult
encodeOperation(mlir::Operation *op, const StoragePlan &storage,
                OperandNumbering &numbering,
                std::vector<std::unique_ptr<format::OperatorT>> &operators);

} // namespace windrow

#endif // WINDROW_COMPILER_SERIALIZER_OPERATORENCODING_H
