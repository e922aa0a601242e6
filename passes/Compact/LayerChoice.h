//===- LayerChoice.h - Which layers a rewrite takes -------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_COMPACT_LAYERCHOICE_H
#define WINDROW_PASSES_COMPACT_LAYERCHOICE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <string>

namespace windrow::nn {

/// The name of the model's node that `op` was made from, or an empty string.
llvm::StringRef getLayerName(mlir::Operation *op);

/// `location` with `part` behind the name of the layer, such as
/// "/layer1/conv1/Conv/reduce"; unchanged where the layer has no name.
mlir::Location nameLayerPart(mlir::Location location, llvm::StringRef part);

struct LayerChoice {
  /// Names of layers, or regular expressions that match somewhere in them;
  /// empty for all layers but the network's first, which sees few channels and
  /// whose mistakes all others inherit.
  llvm::ArrayRef<std::string> layers;
  /// Layers whose filter has fewer elements are left.
  int64_t minParameters = 0;
  /// Why a rewrite cannot take an operation ("must be a convolution, got
  /// 'nn.add'"), or an empty string where it can.
  llvm::function_ref<std::string(mlir::Operation *)> whyNot;
};

/// The layers of `function` that `choice` names, in order. Remarks on those
/// that are too small. Emits an error where an entry is neither the name of an
/// operation nor matches one, or where what it asks for cannot be rewritten.
mlir::FailureOr<llvm::SmallVector<mlir::Operation *>>
chooseLayers(mlir::func::FuncOp function, const LayerChoice &choice);

/// Whether `entry`, a name or a regular expression, means the layer `op`. Emits
/// an error at `function` where it is no regular expression.
mlir::FailureOr<bool> namesLayer(mlir::func::FuncOp function,
                                 llvm::StringRef entry, mlir::Operation *op);

} // namespace windrow::nn

#endif // WINDROW_PASSES_COMPACT_LAYERCHOICE_H
