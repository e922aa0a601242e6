//===- Cluster.h - The cluster dialect --------------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Who computes and holds what, at three levels; see Rationale.md and the
// description of the dialect in ClusterDialect.td.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_DIALECTS_CLUSTER_CLUSTER_H
#define WINDROW_DIALECTS_CLUSTER_CLUSTER_H

#include "dialects/Nn/RowWindow.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/DLTI/DLTI.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Cluster/ClusterDialect.h.inc"
#include "dialects/Cluster/ClusterEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Cluster/ClusterAttributes.h.inc"

#define GET_OP_CLASSES
#include "dialects/Cluster/ClusterOps.h.inc"

namespace windrow::cluster {

/// The participant that asks: it holds the function's arguments and gets its
/// results. No device may have this name.
inline constexpr llvm::StringLiteral clientName = "client";

/// The discardable attribute of an operation that holds its `LayoutAttr`.
inline constexpr llvm::StringLiteral layoutAttrName = "cluster.layout";

/// The discardable attribute of an operation that holds its `PartialsAttr`.
inline constexpr llvm::StringLiteral partialsAttrName = "cluster.partials";

/// The discardable attribute of a module that lists its `LinkAttr`s.
inline constexpr llvm::StringLiteral linksAttrName = "cluster.links";

/// Whether every participant can have the results of `op`: it has no operands
/// and no effects, as a constant.
bool isAvailableEverywhere(mlir::Operation *op);

/// The participant that holds `value` at the placed level; null where every
/// participant can have it; failure where none holds it, because it is computed
/// outside of a fragment.
mlir::FailureOr<mlir::StringAttr> getHolder(mlir::Value value);

} // namespace windrow::cluster

#endif // WINDROW_DIALECTS_CLUSTER_CLUSTER_H
