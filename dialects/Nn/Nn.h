//===- Nn.h - The nn dialect ------------------------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one header that users of the dialect include: the dialect, its
// attributes, interfaces and operations. Operations, shapes and units are
// documented in NnOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_DIALECTS_NN_NN_H
#define WINDROW_DIALECTS_NN_NN_H

#include "dialects/Nn/OpCost.h"
#include "dialects/Nn/RowWindow.h"
#include "dialects/Nn/TensorRegion.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace windrow::nn {

/// Name of the attribute of a function's argument or result that tells the
/// order of its dimensions in the model's own file: "NCHW" or "NHWC".
inline constexpr llvm::StringLiteral modelLayoutAttrName = "nn.model_layout";

/// Name of the attribute of a function's argument or result that holds its name
/// in the model's own file.
inline constexpr llvm::StringLiteral modelNameAttrName = "nn.name";

/// Whether a tensor of `shape` has at least one and fewer than 2^31 elements.
/// Operations reject all others, so that sizes never overflow.
bool isSupportedShape(llvm::ArrayRef<int64_t> shape);

/// Whether `value` has rank 4 and holds one image.
bool isOneImage(mlir::Value value);

/// Whether operand `operandIndex` of `op` has rank 4 and as many rows as the
/// only result.
bool hasRowsOfResult(mlir::Operation *op, unsigned operandIndex);

/// Whether `value` is a tensor with a last dimension.
bool hasChannels(mlir::Value value);

/// Builds `op`, which has one result of rank 4, with other operands and another
/// number of rows. Properties are copied, discardable attributes are not.
mlir::Operation *buildStrip(mlir::OpBuilder &builder, mlir::Operation *op,
                            mlir::ValueRange operands, int64_t rows);

/// Builds `op`, which has one result, with other operands and another number of
/// channels. Properties are copied, discardable attributes are not.
mlir::Operation *buildChannelPart(mlir::OpBuilder &builder, mlir::Operation *op,
                                  mlir::ValueRange operands, int64_t channels);

/// All rows and channels of `value`, a ranked tensor. One of rank 0 has one
/// channel.
TensorRegion wholeRegion(mlir::Value value);

/// The box of `value` from `offsets` on, of the given sizes: `value` itself
/// where that is all of it, a part of the constant where `value` is an
/// `nn.constant`, else an `nn.slice`.
mlir::Value buildSlice(mlir::OpBuilder &builder, mlir::Location location,
                       mlir::Value value, llvm::ArrayRef<int64_t> offsets,
                       llvm::ArrayRef<int64_t> sizes);

/// The range `range` of `dimension` of `value`, built as by `buildSlice`.
mlir::Value buildSlice(mlir::OpBuilder &builder, mlir::Location location,
                       mlir::Value value, int64_t dimension, RowInterval range);

} // namespace windrow::nn

#include "dialects/Nn/NnDialect.h.inc"

#include "dialects/Nn/NnEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Nn/NnAttributes.h.inc"

#include "dialects/Nn/NnInterfaces.h.inc"

#define GET_OP_CLASSES
#include "dialects/Nn/NnOps.h.inc"

#endif // WINDROW_DIALECTS_NN_NN_H
