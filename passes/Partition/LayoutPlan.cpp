//===- LayoutPlan.cpp - What participants compute and need ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Partition/LayoutPlan.h"

#include "dialects/Cluster/Cluster.h"
#include "dialects/Nn/Nn.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::cluster;

TensorRegion cluster::getNeededRegion(OpOperand &operand,
                                      const TensorRegion &resultRegion) {
  Operation *op = operand.getOwner();
  unsigned index = operand.getOperandNumber();
  TensorRegion whole = nn::wholeRegion(operand.get());
  TensorRegion wholeResult = nn::wholeRegion(op->getResult(0));
  if (resultRegion == wholeResult)
    return whole;
  if (resultRegion.channels == wholeResult.channels) {
    auto windows = dyn_cast<nn::RowWindowOpInterface>(op);
    if (!windows || !windows.carriesRows(index))
      return whole;
    return {windows.getRowWindow(index, resultRegion.rows).rows,
            whole.channels};
  }
  auto windows = cast<nn::ChannelWindowOpInterface>(op);
  return windows.carriesChannels(index)
             ? windows.getChannelRegion(index, resultRegion.channels)
             : whole;
}

//===----------------------------------------------------------------------===//
// Questions
//===----------------------------------------------------------------------===//

TensorRegion LayoutPlan::getRegion(Value value, RowInterval range) const {
  Axis axis = getAxis(value);
  return TensorRegion::make(axis, range, nn::wholeRegion(value).across(axis));
}

bool LayoutPlan::isDistributed(Value value) const {
  auto it = tensors.find(value);
  if (it == tensors.end())
    return false;
  RowInterval all = nn::wholeRegion(value).along(it->second.axis);
  return llvm::any_of(it->second.shares, [&](const Share &share) {
    return !share.owned.empty() && share.owned != all;
  });
}

bool LayoutPlan::isDistributedReduction(Operation *op) const {
  return isa<nn::RowReductionOpInterface>(op) &&
         isDistributed(op->getOperand(0)) &&
         getAxis(op->getOperand(0)) == Axis::Rows;
}

SmallVector<LayoutPlan::Contraction>
LayoutPlan::getContractions(Operation *op) const {
  SmallVector<Contraction> contractions;
  auto partials = op->getAttrOfType<PartialsAttr>(partialsAttrName);
  if (!partials)
    return contractions;
  for (auto [position, device] : llvm::enumerate(partials.getDevices()))
    if (ChannelInterval channels = partials.getInterval(position);
        !channels.empty())
      contractions.push_back(
          {static_cast<unsigned>(llvm::find(participants, device) -
                                 participants.begin()),
           channels});
  return contractions;
}

//===----------------------------------------------------------------------===//
// Reading layouts
//===----------------------------------------------------------------------===//

FailureOr<LayoutPlan> LayoutPlan::create(func::FuncOp function,
                                         ArrayRef<StringAttr> participants) {
  LayoutPlan plan;
  plan.participants.assign(participants.begin(), participants.end());
  for (Value argument : function.getArguments()) {
    Tensor &tensor = plan.tensors[argument];
    tensor.shares.resize(participants.size());
    Share &client = tensor.shares[plan.getClient()];
    client.computed = client.owned = nn::wholeRegion(argument).rows;
  }
  for (Operation &op : function.front().without_terminator())
    if (!isAvailableEverywhere(&op))
      plan.operations.push_back(&op);
  for (Operation *op : plan.operations)
    if (failed(plan.addResult(op)))
      return failure();
  for (Operation *op : plan.operations)
    plan.addNeeds(op);
  for (Value result : function.front().getTerminator()->getOperands())
    plan.need(result, plan.getClient(), nn::wholeRegion(result));
  plan.dropContainedNeeds();
  if (failed(plan.addStream()))
    return failure();
  return plan;
}

/// Checks that `op` can be computed as `layout` says, apart from the names of
/// the devices and the bounds, which the dialect verifies.
static LogicalResult checkLayout(Operation *op, LayoutAttr layout) {
  auto channelWindows = dyn_cast<nn::ChannelWindowOpInterface>(op);
  if (layout.getKind() == LayoutKind::Channels &&
      (!channelWindows || !channelWindows.isChannelSplittable()))
    return op->emitOpError() << "cannot be computed by channels";
  auto rowWindows = dyn_cast<nn::RowWindowOpInterface>(op);
  if (layout.getKind() == LayoutKind::Rows &&
      (!rowWindows || !rowWindows.isRowSplittable()))
    return op->emitOpError() << "cannot be computed by rows";
  return success();
}

FailureOr<unsigned> LayoutPlan::find(Operation *op, StringAttr device) const {
  auto *found = llvm::find(participants, device);
  if (found == participants.end())
    return op->emitOpError()
           << "layout must name devices of the module, got " << device;
  return found - participants.begin();
}

/// Checks what `cluster.partials` says of `op`, if anything.
LogicalResult LayoutPlan::checkPartials(Operation *op) const {
  auto partials = op->getAttrOfType<PartialsAttr>(partialsAttrName);
  if (!partials)
    return success();
  auto reduction = dyn_cast<nn::ChannelReductionOpInterface>(op);
  if (!reduction || !reduction.isChannelReducible())
    return op->emitOpError() << "cannot be computed from partial results";
  for (Value weights : op->getOperands().drop_front())
    if (tensors.contains(weights))
      return op->emitOpError() << "must have constant weights to be computed "
                                  "from partial results";
  int64_t channels = nn::wholeRegion(op->getOperand(0)).channels.end;
  if (partials.getBounds().back() != channels)
    return op->emitOpError()
           << "bounds of its input channels must end at " << channels
           << ", got " << partials.getBounds().back();
  for (StringAttr device : partials.getDevices())
    if (failed(find(op, device)))
      return failure();
  return success();
}

LogicalResult LayoutPlan::addResult(Operation *op) {
  if (op->getNumResults() != 1 || op->getNumRegions() != 0 ||
      !isa<RankedTensorType>(op->getResult(0).getType()))
    return op->emitOpError()
           << "cannot be placed: must have one tensor as its result";
  auto layout = op->getAttrOfType<LayoutAttr>(layoutAttrName);
  if (!layout)
    return op->emitOpError() << "must have a '" << layoutAttrName << "'";
  if (failed(checkLayout(op, layout)) || failed(checkPartials(op)))
    return failure();

  Tensor tensor;
  if (layout.getKind() == LayoutKind::Channels)
    tensor.axis = Axis::Channels;
  tensor.pieces = layout.getPieces();
  tensor.shares.resize(participants.size());
  RowInterval all = nn::wholeRegion(op->getResult(0)).along(tensor.axis);
  for (auto [position, device] : llvm::enumerate(layout.getDevices())) {
    FailureOr<unsigned> participant = find(op, device);
    if (failed(participant))
      return failure();
    Share &share = tensor.shares[*participant];
    share.computed = share.owned = all;
    if (layout.isDivided()) {
      share.owned = layout.getOwnedInterval(position);
      share.computed = layout.getComputedInterval(position);
    }
  }
  tensors[op->getResult(0)] = std::move(tensor);
  return success();
}

void LayoutPlan::need(Value value, unsigned participant,
                      const TensorRegion &region) {
  auto it = tensors.find(value);
  if (it == tensors.end() || region.empty())
    return;
  Axis axis = it->second.axis;
  SmallVectorImpl<TensorRegion> &needed = it->second.shares[participant].needed;
  for (TensorRegion &other : needed)
    if (other.across(axis) == region.across(axis)) {
      other =
          TensorRegion::make(axis, other.along(axis).hull(region.along(axis)),
                             region.across(axis));
      return;
    }
  needed.push_back(region);
}

void LayoutPlan::addNeeds(Operation *op) {
  Value result = op->getResult(0);
  if (isDistributedReduction(op)) {
    Value operand = op->getOperand(0);
    for (auto [position, share] : llvm::enumerate(getShares(operand)))
      need(operand, position, getRegion(operand, share.owned));
    return;
  }
  SmallVector<Contraction> contractions = getContractions(op);
  for (const Contraction &contraction : contractions)
    need(op->getOperand(0), contraction.participant,
         {nn::wholeRegion(op->getOperand(0)).rows, contraction.channels});
  if (!contractions.empty())
    return;
  for (auto [position, share] : llvm::enumerate(getShares(result)))
    if (!share.computed.empty())
      for (OpOperand &operand : op->getOpOperands())
        need(operand.get(), position,
             getNeededRegion(operand, getRegion(result, share.computed)));
}

void LayoutPlan::dropContainedNeeds() {
  for (auto &[value, tensor] : tensors)
    for (Share &share : tensor.shares) {
      SmallVector<TensorRegion> all(share.needed);
      llvm::erase_if(share.needed, [&](const TensorRegion &region) {
        return llvm::any_of(all, [&](const TensorRegion &other) {
          return other != region && other.contains(region);
        });
      });
    }
}

//===----------------------------------------------------------------------===//
// The stream
//===----------------------------------------------------------------------===//

/// Checks that `op` can come next in the stream.
LogicalResult LayoutPlan::checkStreamed(Operation *op) const {
  auto windows = dyn_cast<nn::RowWindowOpInterface>(op);
  if (!windows || !windows.isRowSplittable())
    return op->emitOpError() << "cannot be computed in pieces of rows";
  if (op->hasAttr(partialsAttrName))
    return op->emitOpError() << "cannot be computed in pieces of rows: is a "
                                "sum of partial results";
  int64_t pieces = getPieces(op->getResult(0));
  int64_t first = getPieces(operations.front()->getResult(0));
  if (pieces != first)
    return op->emitOpError()
           << "must be in as many pieces of rows as the first operation, "
           << first << ", got " << pieces;
  for (OpOperand &operand : op->getOpOperands())
    if (unsigned index = operand.getOperandNumber();
        tensors.contains(operand.get()) && !windows.carriesRows(index))
      return op->emitOpError() << "cannot be computed in pieces of rows: reads "
                                  "all rows of operand #"
                               << index;
  return success();
}

LogicalResult LayoutPlan::addStream() {
  bool isLeading = true;
  for (Operation *op : operations) {
    Value result = op->getResult(0);
    if (getAxis(result) != Axis::Rows || getPieces(result) == 1) {
      isLeading = false;
      continue;
    }
    if (!isLeading)
      return op->emitOpError() << "must not be in pieces of rows behind an "
                                  "operation that is not";
    if (failed(checkStreamed(op)))
      return failure();
    ++streamLength;
  }
  for (Operation *op : getStream())
    for (Value operand : op->getOperands())
      if (auto argument = dyn_cast<BlockArgument>(operand))
        for (Operation *user : argument.getUsers())
          if (!llvm::is_contained(getStream(), user))
            return user->emitOpError()
                   << "must not read argument #" << argument.getArgNumber()
                   << ", which arrives in pieces of rows for others";
  return success();
}
