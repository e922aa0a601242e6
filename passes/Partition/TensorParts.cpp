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
    if (auto type = dyn_cast<RankedTensorType>(argument.getType()))
      result.parts[argument] = {-1 - int64_t(argument.getArgNumber()),
                                SmallVector<int64_t, 4>(type.getRank(), 0)};
  for (Operation &op : placed.front().without_terminator())
    if (failed(result.visit(op)))
      return failure();
  return result;
}

LogicalResult TensorParts::join(Operation *op, ValueRange values, int64_t axis,
                                ValueRange results) {
  std::optional<Part> whole;
  int64_t end = 0;
  for (Value value : values) {
    std::optional<Part> part = lookup(value);
    if (!part)
      return success();
    int64_t begin = part->offsets[axis];
    int64_t size = cast<RankedTensorType>(value.getType()).getDimSize(axis);
    if (whole && (part->tensor != whole->tensor || begin != end))
      return op->emitOpError()
             << "must join consecutive parts of one tensor, got " << begin
             << " to " << begin + size << " of tensor " << part->tensor
             << " behind " << whole->offsets[axis] << " to " << end
             << " of tensor " << whole->tensor;
    end = begin + size;
    if (!whole) {
      whole = part;
      continue;
    }
    part->offsets[axis] = whole->offsets[axis];
    if (part->offsets != whole->offsets)
      return op->emitOpError()
             << "must join parts that differ along dimension " << axis
             << " only, got [" << part->offsets << "] behind ["
             << whole->offsets << "] of tensor " << whole->tensor;
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
  for (auto [offset, further] :
       llvm::zip_equal(part->offsets, slice.getOffsets()))
    offset += further;
  parts[slice.getResult()] = *part;
  return success();
}

LogicalResult TensorParts::visitFragment(FragmentOp fragment) {
  if (PartAttr part = fragment.getPartAttr()) {
    auto type = cast<RankedTensorType>(fragment.getResult(0).getType());
    SmallVector<int64_t, 4> offsets(type.getRank(), 0);
    offsets[part.getDimension()] = part.getBegin();
    parts[fragment.getResult(0)] = {part.getTensor(), offsets};
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
