//===- StreamPlacement.h - Computing as the image arrives -------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_PARTITION_STREAMPLACEMENT_H
#define WINDROW_PASSES_PARTITION_STREAMPLACEMENT_H

#include "passes/Partition/PartBuilder.h"

namespace windrow::cluster {

/// The pieces in which a device computes rows of an operation's result, in
/// their order.
using DivideRows = llvm::function_ref<llvm::SmallVector<RowPiece>(
    mlir::Operation *, unsigned device, RowInterval)>;

/// Sends the arguments that the stream of `plan` reads, and computes its
/// operations, turn by turn: in each turn first the rows of the arguments, then
/// operation after operation, its rows as `divideRows` says. Makes these
/// arguments and the results known to `strips`.
void placeStream(const LayoutPlan &plan, StripAssembler &strips,
                 PartBuilder &parts, DivideRows divideRows);

} // namespace windrow::cluster

#endif // WINDROW_PASSES_PARTITION_STREAMPLACEMENT_H
