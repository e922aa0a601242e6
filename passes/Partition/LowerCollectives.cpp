//===- LowerCollectives.cpp - Collectives to transfers --------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Partition/Passes.h"

#include "dialects/Nn/Nn.h"
#include "passes/Partition/FragmentBuilder.h"

using namespace mlir;

namespace windrow::cluster {

#define GEN_PASS_DEF_LOWERCOLLECTIVES
#include "passes/Partition/Passes.h.inc"

/// Joins all parts of a collective on one device.
using JoinParts = function_ref<Value(OpBuilder &, ValueRange parts)>;

/// The operation of the block of `value` that uses it first, or holds its user.
static Operation *findFirstUser(Value value) {
  Block *block = value.getParentBlock();
  Operation *first = nullptr;
  for (Operation *user : value.getUsers()) {
    Operation *inBlock = block->findAncestorOpInBlock(*user);
    if (!first || inBlock->isBeforeInBlock(first))
      first = inBlock;
  }
  return first;
}

/// Replaces result i of `op` by what `join` makes of all operands on device i.
/// With `late`, where that is first used: what the device does until then hides
/// the transfers.
static void lowerCollective(Operation *op, ArrayAttr devices, bool late,
                            JoinParts join) {
  OpBuilder builder(op);
  // received[i][j] is operand j on device i.
  SmallVector<SmallVector<Value>> received(
      devices.size(), SmallVector<Value>(op->getOperands()));
  // Were all to send to the first device first, they would wait for each other.
  for (auto [source, part] : llvm::enumerate(op->getOperands()))
    for (size_t i = 1; i < devices.size(); ++i) {
      const size_t target = (source + i) % devices.size();
      received[target][source] = TransferOp::create(
          builder, op->getLoc(), part, cast<StringAttr>(devices[source]),
          cast<StringAttr>(devices[target]));
    }
  for (auto [target, result] : llvm::enumerate(op->getResults())) {
    if (result.use_empty())
      continue;
    if (late)
      builder.setInsertionPoint(findFirstUser(result));
    FragmentOp joined = buildFragment(
        builder, op->getLoc(), cast<StringAttr>(devices[target]), {},
        [&](OpBuilder &inner) { return join(inner, received[target]); });
    result.replaceAllUsesWith(joined.getResult(0));
  }
  op->erase();
}

namespace {
struct LowerCollectivesPass : impl::LowerCollectivesBase<LowerCollectivesPass> {
  void runOnOperation() override {
    SmallVector<Operation *> collectives;
    getOperation().walk([&](Operation *op) {
      if (isa<AllGatherOp, AllReduceOp>(op))
        collectives.push_back(op);
    });
    for (Operation *op : collectives) {
      Location location = op->getLoc();
      if (auto gather = dyn_cast<AllGatherOp>(op))
        lowerCollective(op, gather.getDevices(), /*late=*/false,
                        [&](OpBuilder &inner, ValueRange parts) -> Value {
                          return nn::ConcatOp::create(inner, location, parts,
                                                      gather.getAxis());
                        });
      else
        lowerCollective(op, cast<AllReduceOp>(op).getDevices(), /*late=*/true,
                        [&](OpBuilder &inner, ValueRange parts) {
                          return addInOrder(inner, location, parts);
                        });
    }
  }
};
} // namespace

} // namespace windrow::cluster
