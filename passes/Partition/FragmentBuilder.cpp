//===- FragmentBuilder.cpp - Building fragments and views -----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Partition/FragmentBuilder.h"

#include "dialects/Nn/Nn.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::cluster;

FragmentOp cluster::buildFragment(OpBuilder &builder, Location location,
                                  StringAttr device, PartAttr part,
                                  function_ref<Value(OpBuilder &)> body) {
  OperationState state(location, FragmentOp::getOperationName());
  auto &properties = state.getOrAddProperties<FragmentOp::Properties>();
  properties.device = device;
  properties.part = part;
  Block &block = state.addRegion()->emplaceBlock();
  OpBuilder inner(builder.getContext());
  inner.setInsertionPointToEnd(&block);
  Value result = body(inner);
  YieldOp::create(inner, location, result);
  state.addTypes(result.getType());
  return cast<FragmentOp>(builder.create(state));
}

Value cluster::sliceRegion(OpBuilder &builder, Location location, Value value,
                           const TensorRegion &held,
                           const TensorRegion &wanted) {
  if (wanted == held)
    return value;
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> offsets(type.getRank(), 0), sizes(type.getShape());
  if (type.getRank() == 4) {
    offsets[1] = wanted.rows.begin - held.rows.begin;
    sizes[1] = wanted.rows.size();
  }
  offsets.back() = wanted.channels.begin - held.channels.begin;
  sizes.back() = wanted.channels.size();
  return nn::buildSlice(builder, location, value, offsets, sizes);
}

Value cluster::addInOrder(OpBuilder &builder, Location location,
                          ValueRange parts) {
  Value sum = parts.front();
  for (Value part : parts.drop_front())
    sum = nn::AddOp::create(builder, location, sum, part, /*clamp=*/nullptr);
  return sum;
}
