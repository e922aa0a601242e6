//===- LayoutPlan.h - What participants compute and need --------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the layouts of a function say: for every tensor, which rows or channels
// each participant computes, and which regions its operations read.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_PARTITION_LAYOUTPLAN_H
#define WINDROW_PASSES_PARTITION_LAYOUTPLAN_H

#include "dialects/Nn/TensorRegion.h"
#include "passes/Analysis/RowExchange.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace windrow::cluster {

/// The participants of a plan and their shares of each tensor.
class LayoutPlan {
public:
  /// Reads the layouts of `function`. `participants` are the devices in plan
  /// order, then the client. Fails with a diagnostic where an operation has no
  /// layout or one that cannot be.
  static mlir::FailureOr<LayoutPlan>
  create(mlir::func::FuncOp function,
         llvm::ArrayRef<mlir::StringAttr> participants);

  llvm::ArrayRef<mlir::StringAttr> getParticipants() const {
    return participants;
  }
  unsigned getClient() const { return participants.size() - 1; }

  /// Those that have a layout, in their order.
  llvm::ArrayRef<mlir::Operation *> getOperations() const { return operations; }

  /// What one participant has and wants of a tensor.
  struct Share {
    /// Ranges along the tensor's axis; see `RowShare`.
    RowInterval computed, owned;
    /// What its operations read. No region contains another, and no two have
    /// the same range across the axis.
    llvm::SmallVector<TensorRegion, 1> needed;
  };

  // `value` must be an argument of the function or the result of an operation
  // that has a layout.

  /// The dimension along which `value` is divided, rows where it is not.
  Axis getAxis(mlir::Value value) const { return tensors.at(value).axis; }

  /// In how many pieces each participant computes its channels or, of a result
  /// of the stream, its rows, at most.
  int64_t getPieces(mlir::Value value) const {
    return tensors.at(value).pieces;
  }

  /// One share for each participant.
  llvm::ArrayRef<Share> getShares(mlir::Value value) const {
    return tensors.at(value).shares;
  }

  /// The region of `value` with the range `range` along its axis.
  TensorRegion getRegion(mlir::Value value, RowInterval range) const;

  /// Whether several participants hold parts of `value` and none all of it.
  bool isDistributed(mlir::Value value) const;

  /// Whether `op` reduces rows that are distributed, so that its result is a
  /// sum of partial results.
  bool isDistributedReduction(mlir::Operation *op) const;

  /// A participant and the input channels that it contracts, at least one.
  struct Contraction {
    unsigned participant;
    ChannelInterval channels;
  };

  /// Who contracts which input channels of `op`, in the order of the sum; none
  /// where its result is no sum over devices.
  llvm::SmallVector<Contraction> getContractions(mlir::Operation *op) const;

  /// The first operations, of rows in as many pieces, at least two: devices
  /// compute each of these as the arguments arrive. See
  /// passes/Analysis/RowStream.h.
  llvm::ArrayRef<mlir::Operation *> getStream() const {
    return getOperations().take_front(streamLength);
  }

private:
  struct Tensor {
    Axis axis = Axis::Rows;
    int64_t pieces = 1;
    llvm::SmallVector<Share> shares;
  };

  mlir::LogicalResult addResult(mlir::Operation *op);
  mlir::LogicalResult checkPartials(mlir::Operation *op) const;
  mlir::FailureOr<unsigned> find(mlir::Operation *op,
                                 mlir::StringAttr device) const;
  void addNeeds(mlir::Operation *op);
  void need(mlir::Value value, unsigned participant,
            const TensorRegion &region);
  void dropContainedNeeds();
  mlir::LogicalResult addStream();
  mlir::LogicalResult checkStreamed(mlir::Operation *op) const;

  llvm::SmallVector<mlir::StringAttr> participants;
  llvm::DenseMap<mlir::Value, Tensor> tensors;
  llvm::SmallVector<mlir::Operation *> operations;
  size_t streamLength = 0;
};

/// The region of `operand` that computing `resultRegion`, not empty, of its
/// owner reads: that of the window where a part of the result's rows or
/// channels is computed, else all.
TensorRegion getNeededRegion(mlir::OpOperand &operand,
                             const TensorRegion &resultRegion);

} // namespace windrow::cluster

#endif // WINDROW_PASSES_PARTITION_LAYOUTPLAN_H
