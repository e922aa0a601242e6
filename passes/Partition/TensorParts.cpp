//===- TensorParts.cpp - Which part of which tensor a value is ------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Partition/TensorParts.h"

#include "dialects/Nn/Nn.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::cluster;

std::optional<TensorParts::Part> TensorParts::lookup(Value value) const {
  auto it = parts.find(value);
  return it == parts.end() ? std::nullopt : std::optional(it->second);
}

FailureOr<TensorParts> TensorParts::create(func::FuncOp placed) {
  TensorParts result;
  for (BlockArgument argument : placed.getArguments())
    if (auto type = dyn_cast<RankedTensorType>(argument.getType());
        type && type.getRank() > 0) {
      int64_t dimension = type.getRank() == 4 ? 1 : 0;
      int64_t size = type.getDimSize(dimension);
      result.parts[argument] = {-1 - int64_t(argument.getArgNumber()),
                                dimension, 0, size, size};
    }
  for (Operation &op : placed.front().without_terminator())
    if (failed(result.visit(op)))
      return failure();
  return result;
}

LogicalResult TensorParts::join(Operation *op, ValueRange values, int64_t axis,
                                ValueRange results) {
  std::optional<Part> whole;
  for (Value value : values) {
    std::optional<Part> part = lookup(value);
    if (!part || part->dimension != axis)
      return success();
    if (!whole) {
      whole = part;
      continue;
    }
    if (part->tensor != whole->tensor || part->begin != whole->end)
      return op->emitOpError()
             << "must join consecutive parts of one tensor, got " << part->begin
             << " to " << part->end << " of tensor " << part->tensor
             << " behind " << whole->begin << " to " << whole->end
             << " of tensor " << whole->tensor;
    whole->end = part->end;
  }
  if (whole)
    for (Value result : results)
      parts[result] = *whole;
  return success();
}

LogicalResult TensorParts::visitView(Operation &op) {
  if (auto concat = dyn_cast<nn::ConcatOp>(op))
    return join(&op, concat.getInputs(), concat.getAxis(),
                concat->getResults());
  auto slice = dyn_cast<nn::SliceOp>(op);
  std::optional<Part> part = slice ? lookup(slice.getInput()) : std::nullopt;
  if (!part)
    return success();
  auto whole = cast<RankedTensorType>(slice.getInput().getType());
  for (int64_t dimension = 0; dimension < whole.getRank(); ++dimension)
    if (dimension != part->dimension &&
        slice.getSizes()[dimension] != whole.getDimSize(dimension))
      return success();
  part->begin += slice.getOffsets()[part->dimension];
  part->end = part->begin + slice.getSizes()[part->dimension];
  parts[slice.getResult()] = *part;
  return success();
}

LogicalResult TensorParts::visitFragment(FragmentOp fragment) {
  if (PartAttr part = fragment.getPartAttr()) {
    parts[fragment.getResult(0)] = {part.getTensor(), part.getDimension(),
                                    part.getBegin(), part.getEnd(),
                                    part.getSize()};
    return success();
  }
  Block &body = fragment.getBody().front();
  for (Operation &op : body.without_terminator())
    if (failed(visitView(op)))
      return failure();
  for (auto [result, yielded] : llvm::zip_equal(
           fragment.getResults(), body.getTerminator()->getOperands()))
    if (std::optional<Part> part = lookup(yielded))
      parts[result] = *part;
  return success();
}

LogicalResult TensorParts::visit(Operation &op) {
  if (auto fragment = dyn_cast<FragmentOp>(op))
    return visitFragment(fragment);
  if (auto gather = dyn_cast<AllGatherOp>(op))
    return join(&op, gather.getParts(), gather.getAxis(), gather.getResults());
  if (auto transfer = dyn_cast<TransferOp>(op))
    if (std::optional<Part> part = lookup(transfer.getValue()))
      parts[transfer.getResult()] = *part;
  return success();
}
