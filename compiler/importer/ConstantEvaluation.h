//===- ConstantEvaluation.h - Arithmetic on constants -----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_IMPORTER_CONSTANTEVALUATION_H
#define WINDROW_COMPILER_IMPORTER_CONSTANTEVALUATION_H

#include "compiler/importer/NodeImporter.h"

namespace windrow::importer {

/// The most elements that an evaluation at import may produce: shapes and
/// small weights, not whole layers.
constexpr int64_t largestEvaluation = int64_t(1) << 24;

enum class Arithmetic { Add, Sub, Mul, Div };

/// The result of a node whose two operands are constants of one element type.
mlir::FailureOr<GraphValue> evaluateArithmetic(NodeImporter &node,
                                               Arithmetic arithmetic);

/// `tensor` converted to `type`. Numbers that the type cannot hold are errors.
mlir::FailureOr<GraphValue> evaluateCast(NodeImporter &node,
                                         const ConstantTensor &tensor,
                                         ElementType type);

/// Constants of one element type, one behind the other along `axis`.
mlir::FailureOr<GraphValue>
evaluateConcat(NodeImporter &node, llvm::ArrayRef<ConstantTensor> tensors,
               int64_t axis);

/// Every `steps[i]`-th element from `starts[i]` on, `sizes[i]` of them, along
/// dimension i. All of them must lie inside.
mlir::FailureOr<GraphValue> evaluateSlice(NodeImporter &node,
                                          const ConstantTensor &tensor,
                                          llvm::ArrayRef<int64_t> starts,
                                          llvm::ArrayRef<int64_t> steps,
                                          llvm::ArrayRef<int64_t> sizes);

/// The slices `indices` (not negative, in range) of dimension `axis`, in the
/// place of which the shape of `indices` stands.
mlir::FailureOr<GraphValue> evaluateGather(NodeImporter &node,
                                           const ConstantTensor &tensor,
                                           llvm::ArrayRef<int64_t> indices,
                                           llvm::ArrayRef<int64_t> indexShape,
                                           int64_t axis);

} // namespace windrow::importer

#endif // WINDROW_COMPILER_IMPORTER_CONSTANTEVALUATION_H
