//===- StreamPlacement.cpp - Computing as the image arrives ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Partition/StreamPlacement.h"

#include "dialects/Nn/Nn.h"
#include "passes/Analysis/RowStream.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::cluster;

namespace {

class StreamPlacer {
public:
  StreamPlacer(const LayoutPlan &plan, StripAssembler &strips,
               PartBuilder &parts);

  void run();

private:
  std::vector<StreamedTensor> describe(unsigned device) const;
  void sendArgument(Value argument, size_t piece);
  void compute(Operation *op, size_t piece);
  RowInterval getPiece(Value tensor, unsigned device, size_t piece) const {
    return pieces[device][positions.lookup(tensor)][piece];
  }
  /// The rows of `tensor` that `device` has once it has piece `piece`.
  RowInterval getRowsSoFar(Value tensor, unsigned device, size_t piece) const {
    return {getPiece(tensor, device, 0).begin,
            getPiece(tensor, device, piece).end};
  }

  const LayoutPlan &plan;
  StripAssembler &strips;
  PartBuilder &parts;
  /// Arguments, then results.
  llvm::SmallSetVector<Value, 8> tensors;
  DenseMap<Value, size_t> positions;
  /// By device and tensor.
  SmallVector<std::vector<std::vector<RowInterval>>> pieces;
};

} // namespace

StreamPlacer::StreamPlacer(const LayoutPlan &plan, StripAssembler &strips,
                           PartBuilder &parts)
    : plan(plan), strips(strips), parts(parts) {
  for (Operation *op : plan.getStream())
    for (Value operand : op->getOperands())
      if (isa<BlockArgument>(operand))
        tensors.insert(operand);
  for (Operation *op : plan.getStream())
    tensors.insert(op->getResult(0));
  for (auto [position, tensor] : llvm::enumerate(tensors))
    positions[tensor] = position;
}

/// The arguments and results as `device` has them.
std::vector<StreamedTensor> StreamPlacer::describe(unsigned device) const {
  std::vector<StreamedTensor> described;
  for (Value tensor : tensors) {
    const LayoutPlan::Share &share = plan.getShares(tensor)[device];
    StreamedTensor &streamed = described.emplace_back();
    Operation *op = tensor.getDefiningOp();
    if (!op) {
      for (const TensorRegion &region : share.needed)
        streamed.rows = streamed.rows.hull(region.rows);
      continue;
    }
    streamed.rows = share.computed;
    streamed.grain = cast<nn::RowWindowOpInterface>(op).getRowGrain();
    if (share.computed.empty())
      continue;
    for (OpOperand &operand : op->getOpOperands())
      if (auto read = positions.find(operand.get()); read != positions.end())
        described[read->second].readers.push_back(
            {positions.lookup(tensor), [this, &operand](RowInterval rows) {
               Value result = operand.getOwner()->getResult(0);
               return getNeededRegion(operand, plan.getRegion(result, rows))
                   .rows;
             }});
  }
  return described;
}

void StreamPlacer::sendArgument(Value argument, size_t piece) {
  for (unsigned device = 0; device < plan.getClient(); ++device)
    if (RowInterval rows = getPiece(argument, device, piece); !rows.empty())
      strips.sendRows(argument, plan.getClient(), device, rows, argument);
}

void StreamPlacer::compute(Operation *op, size_t piece) {
  Value result = op->getResult(0);
  for (unsigned device = 0; device < plan.getClient(); ++device) {
    RowInterval rows = getPiece(result, device, piece);
    if (rows.empty())
      continue;
    auto getHeld = [&](OpOperand &operand,
                       const TensorRegion &) -> StripAssembler::HeldRegion {
      Value value = operand.get();
      if (!positions.contains(value))
        return {value, nn::wholeRegion(value)};
      return strips.joinRows(value, device, getRowsSoFar(value, device, piece));
    };
    strips.addPiece(result, device, rows,
                    parts.compute(op, device, rows, getHeld));
  }
}

void StreamPlacer::run() {
  for (unsigned device = 0; device < plan.getClient(); ++device)
    pieces.push_back(
        divideStream(describe(device), plan.getPieces(tensors.back())));
  for (Value tensor : tensors)
    strips.addTensor(tensor);
  for (size_t piece = 0, count = plan.getPieces(tensors.back()); piece < count;
       ++piece) {
    for (Value tensor : tensors)
      if (isa<BlockArgument>(tensor))
        sendArgument(tensor, piece);
    for (Operation *op : plan.getStream())
      compute(op, piece);
  }
}

void cluster::placeStream(const LayoutPlan &plan, StripAssembler &strips,
                          PartBuilder &parts) {
  if (!plan.getStream().empty())
    StreamPlacer(plan, strips, parts).run();
}
