//===- StripAssembler.h - Bringing parts of tensors together ----*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_PARTITION_STRIPASSEMBLER_H
#define WINDROW_PASSES_PARTITION_STRIPASSEMBLER_H

#include "passes/Partition/LayoutPlan.h"

#include "mlir/IR/Builders.h"

namespace windrow::cluster {

/// Sends the parts of each tensor, as they come to exist, to the participants
/// that read them, and joins what each of these reads into strips: one for
/// every region that the plan says it needs. Builds fragments that cut and
/// join, transfers and gathers, all at the insertion point of the builder.
class StripAssembler {
public:
  /// `builder` and `plan` must outlive the assembler.
  StripAssembler(mlir::OpBuilder &builder, const LayoutPlan &plan)
      : builder(builder), plan(plan) {}

  /// Makes `tensor`, of which nothing exists as yet, known.
  void addTensor(mlir::Value tensor);
  bool contains(mlir::Value tensor) const { return tensors.contains(tensor); }

  /// Notes that `value` on `holder` is the range `range`, along its axis, of
  /// `tensor`, and sends it to those whose strips take parts of it from there.
  void addPiece(mlir::Value tensor, unsigned holder, RowInterval range,
                mlir::Value value);

  /// Sends `rows` of `tensor`, all of which is `value` on `holder`, to `reader`
  /// alone, whose strip takes them from there.
  void sendRows(mlir::Value tensor, unsigned holder, unsigned reader,
                RowInterval rows, mlir::Value value);

  /// Whether all who own parts of `tensor` need all of it and compute theirs at
  /// once, so that each is to hand in its part as one piece and `gather` is to
  /// follow.
  bool isGathered(mlir::Value tensor) const {
    return tensors.at(tensor).isGathered;
  }

  /// Gathers `tensor`, all pieces of which exist.
  void gather(mlir::Value tensor);

  /// A range that `reader` takes from another participant.
  struct AwaitedRange {
    unsigned reader;
    RowInterval range;
    /// What the reader takes of it.
    TensorRegion region;
  };

  /// The ranges within `range` of `tensor` that others take from `holder`.
  llvm::SmallVector<AwaitedRange>
  getAwaited(mlir::Value tensor, unsigned holder, RowInterval range) const;

  /// A value and the region of its tensor that it is.
  struct HeldRegion {
    mlir::Value value;
    TensorRegion region;
  };

  /// The strip on `reader` that holds `region`, which is within one that the
  /// plan says it needs.
  HeldRegion getStrip(mlir::Value tensor, unsigned reader,
                      const TensorRegion &region);

  /// The rows `rows`, or more, of the strip on `reader` that holds all channels
  /// of `tensor`; they must have come, while others of the strip may not. What
  /// was joined before is not joined once more, but taken as it is.
  HeldRegion joinRows(mlir::Value tensor, unsigned reader, RowInterval rows);

  /// `held` cut to `region` on `source`, then on `target`.
  mlir::Value send(mlir::Location location, HeldRegion held,
                   const TensorRegion &region, unsigned source,
                   unsigned target);

private:
  struct HeldRange {
    RowInterval range;
    mlir::Value value;
  };

  /// What a participant lays together.
  struct AssembledStrip {
    Strip strip;
    /// Of the strip, across the tensor's axis.
    RowInterval across;
    /// Its parts so far.
    llvm::SmallVector<HeldRange> held;
    /// All of it, once built.
    mlir::Value value;
  };

  struct Tensor {
    /// For each participant.
    llvm::SmallVector<llvm::SmallVector<AssembledStrip, 1>> strips;
    bool isGathered = false;
  };

  AssembledStrip *findWhole(mlir::Value tensor, unsigned participant);
  AssembledStrip &findStrip(mlir::Value tensor, unsigned reader,
                            const TensorRegion &region);
  TensorRegion getRegion(mlir::Value tensor, const AssembledStrip &strip) const;
  mlir::StringAttr nameOf(unsigned participant) const {
    return plan.getParticipants()[participant];
  }
  mlir::Value join(mlir::Value tensor, unsigned reader,
                   llvm::MutableArrayRef<HeldRange> parts);

  mlir::OpBuilder &builder;
  const LayoutPlan &plan;
  llvm::DenseMap<mlir::Value, Tensor> tensors;
};

} // namespace windrow::cluster

#endif // WINDROW_PASSES_PARTITION_STRIPASSEMBLER_H
