//===- StoragePlan.cpp - Which values share a buffer ----------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/serializer/StoragePlan.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace windrow;

static RankedTensorType getTensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

uint64_t windrow::tensorBytes(RankedTensorType type) {
  return type.getNumElements() * (type.getElementTypeBitWidth() / 8);
}

/// Elements between two neighbours along `dimension`.
static int64_t getStride(ArrayRef<int64_t> shape, int64_t dimension) {
  int64_t stride = 1;
  for (int64_t size : shape.drop_front(dimension + 1))
    stride *= size;
  return stride;
}

static bool areAllOne(ArrayRef<int64_t> sizes) {
  return llvm::all_of(sizes, [](int64_t size) { return size == 1; });
}

bool windrow::isContiguous(nn::SliceOp slice) {
  ArrayRef<int64_t> whole = getTensorType(slice.getInput()).getShape();
  ArrayRef<int64_t> part = slice.getSizes();
  size_t rank = whole.size();
  while (rank > 0 && whole[rank - 1] == part[rank - 1])
    --rank;
  return rank == 0 || areAllOne(part.take_front(rank - 1));
}

bool windrow::isContiguous(nn::ConcatOp concat) {
  return areAllOne(getTensorType(concat.getResult())
                       .getShape()
                       .take_front(concat.getAxis()));
}

static uint64_t getSliceOffset(nn::SliceOp slice) {
  RankedTensorType type = getTensorType(slice.getInput());
  int64_t elements = 0;
  for (auto [dimension, offset] : llvm::enumerate(slice.getOffsets()))
    elements += offset * getStride(type.getShape(), dimension);
  return elements * (type.getElementTypeBitWidth() / 8);
}

StoragePlan::StoragePlan(func::FuncOp function) {
  for (Value argument : function.getArguments())
    addOwnBuffer(argument);
  function.walk([&](Operation *op) {
    if (isa<nn::ConstantOp>(op) || op->getNumResults() == 0)
      return;
    Value result = op->getResult(0);
    llvm::TypeSwitch<Operation *>(op)
        .Case([&](nn::ReshapeOp reshape) {
          addView(result, reshape.getInput(), 0);
        })
        .Case([&](nn::SliceOp slice) {
          if (isContiguous(slice))
            addView(result, slice.getInput(), getSliceOffset(slice));
          else
            addOwnBuffer(result);
        })
        .Case([&](nn::ConcatOp concat) {
          addOwnBuffer(result);
          if (isContiguous(concat))
            placeOperands(concat);
        })
        .Default([&](Operation *) { addOwnBuffer(result); });
  });
  renumberRoots();
}

void StoragePlan::addOwnBuffer(Value value) {
  places[value] = {static_cast<unsigned>(links.size()), 0};
  links.push_back({0, 0, /*isRoot=*/true});
  bufferBytes.push_back(tensorBytes(getTensorType(value)));
}

void StoragePlan::addView(Value view, Value source, uint64_t offset) {
  StoragePlace place = places.lookup(source);
  places[view] = {place.buffer, place.offset + offset};
}

void StoragePlan::placeOperands(nn::ConcatOp concat) {
  unsigned parent = places.lookup(concat.getResult()).buffer;
  uint64_t offset = 0;
  for (Value operand : concat.getInputs()) {
    RankedTensorType type = getTensorType(operand);
    StoragePlace place = places.lookup(operand);
    bool isWholeBuffer =
        place.offset == 0 && tensorBytes(type) == bufferBytes[place.buffer];
    if (links[place.buffer].isRoot && isWholeBuffer && place.buffer != parent &&
        !isa<BlockArgument>(operand))
      links[place.buffer] = {parent, offset, /*isRoot=*/false};
    offset += tensorBytes(type);
  }
}

void StoragePlan::renumberRoots() {
  unsigned number = 0;
  SmallVector<uint64_t> rootBytes;
  for (auto [index, link] : llvm::enumerate(links)) {
    rootNumbers.push_back(link.isRoot ? number++ : 0);
    if (link.isRoot)
      rootBytes.push_back(bufferBytes[index]);
  }
  bufferBytes = std::move(rootBytes);
}

StoragePlace StoragePlan::resolve(StoragePlace place) const {
  while (!links[place.buffer].isRoot) {
    const Link &link = links[place.buffer];
    place = {link.parent, place.offset + link.offset};
  }
  return {rootNumbers[place.buffer], place.offset};
}

StoragePlace StoragePlan::getPlace(Value value) const {
  auto it = places.find(value);
  assert(it != places.end() && "constants have no place in the arena");
  return resolve(it->second);
}

StoragePlace StoragePlan::getPlaceInResult(OpOperand &operand) const {
  auto concat = cast<nn::ConcatOp>(operand.getOwner());
  StoragePlace place = getPlace(concat.getResult());
  for (Value before : concat.getInputs().take_front(operand.getOperandNumber()))
    place.offset += tensorBytes(getTensorType(before));
  return place;
}

bool StoragePlan::isInPlace(OpOperand &operand) const {
  StoragePlace actual = getPlace(operand.get());
  StoragePlace wanted = getPlaceInResult(operand);
  return actual.buffer == wanted.buffer && actual.offset == wanted.offset;
}
