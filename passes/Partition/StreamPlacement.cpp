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
               PartBuilder &parts, DivideRows divideRows);

  void run();

private:
  StreamedTensor describe(Value tensor) const;
  void sendArgument(Value argument, size_t turn);
  void compute(Operation *op, unsigned device, RowInterval rows);
  RowInterval getPiece(Value tensor, unsigned device, size_t turn) const {
    return pieces[positions.lookup(tensor)][device][turn];
  }

  const LayoutPlan &plan;
  StripAssembler &strips;
  PartBuilder &parts;
  const DivideRows divideRows;
  /// Arguments, then results.
  llvm::SmallSetVector<Value, 8> tensors;
  DenseMap<Value, size_t> positions;
  StreamPieces pieces;
};

} // namespace

StreamPlacer::StreamPlacer(const LayoutPlan &plan, StripAssembler &strips,
                           PartBuilder &parts, DivideRows divideRows)
    : plan(plan), strips(strips), parts(parts), divideRows(divideRows) {
  for (Operation *op : plan.getStream())
    for (Value operand : op->getOperands())
      if (isa<BlockArgument>(operand))
        tensors.insert(operand);
  for (Operation *op : plan.getStream())
    tensors.insert(op->getResult(0));
  for (auto [position, tensor] : llvm::enumerate(tensors))
    positions[tensor] = position;
}

StreamedTensor StreamPlacer::describe(Value tensor) const {
  StreamedTensor described;
  Operation *op = tensor.getDefiningOp();
  for (const LayoutPlan::Share &share :
       plan.getShares(tensor).take_front(plan.getClient())) {
    RowInterval &rows = described.rows.emplace_back(share.computed);
    if (op)
      described.owned.push_back(share.owned);
    else
      for (const TensorRegion &region : share.needed)
        rows = rows.hull(region.rows);
  }
  if (!op)
    return described;
  described.grain = cast<nn::RowWindowOpInterface>(op).getRowGrain();
  for (OpOperand &operand : op->getOpOperands())
    if (auto read = positions.find(operand.get()); read != positions.end())
      described.operands.push_back(
          {read->second, [this, &operand](RowInterval rows) {
             Value result = operand.getOwner()->getResult(0);
             return getNeededRegion(operand, plan.getRegion(result, rows)).rows;
           }});
  return described;
}

void StreamPlacer::sendArgument(Value argument, size_t turn) {
  for (unsigned device = 0; device < plan.getClient(); ++device)
    if (RowInterval rows = getPiece(argument, device, turn); !rows.empty())
      strips.sendRows(argument, plan.getClient(), device, rows, argument);
}

void StreamPlacer::compute(Operation *op, unsigned device, RowInterval rows) {
  auto getHeld = [&](OpOperand &operand,
                     const TensorRegion &needed) -> StripAssembler::HeldRegion {
    Value value = operand.get();
    if (!positions.contains(value))
      return {value, nn::wholeRegion(value)};
    return strips.joinRows(value, device, needed.rows);
  };
  strips.addPiece(op->getResult(0), device, rows,
                  parts.compute(op, device, rows, getHeld));
}

void StreamPlacer::run() {
  std::vector<StreamedTensor> described;
  for (Value tensor : tensors) {
    described.push_back(describe(tensor));
    strips.addTensor(tensor);
  }
  const size_t turns = plan.getPieces(tensors.back());
  pieces = divideStream(described, turns);
  for (size_t turn = 0; turn < turns; ++turn) {
    for (Value tensor : tensors)
      if (isa<BlockArgument>(tensor))
        sendArgument(tensor, turn);
    for (Operation *op : plan.getStream())
      for (unsigned device = 0; device < plan.getClient(); ++device)
        if (RowInterval rows = getPiece(op->getResult(0), device, turn);
            !rows.empty())
          for (const RowPiece &piece : divideRows(op, device, rows))
            compute(op, device, piece.rows);
  }
}

void cluster::placeStream(const LayoutPlan &plan, StripAssembler &strips,
                          PartBuilder &parts, DivideRows divideRows) {
  if (!plan.getStream().empty())
    StreamPlacer(plan, strips, parts, divideRows).run();
}
