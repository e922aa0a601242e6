//===- StripAssembler.cpp - Bringing parts of tensors together ------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Partition/StripAssembler.h"

#include "dialects/Nn/Nn.h"
#include "passes/Partition/FragmentBuilder.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::cluster;

/// The dimension of `tensor` that `axis` names.
static int64_t getDimension(Value tensor, Axis axis) {
  return axis == Axis::Rows
             ? 1
             : cast<RankedTensorType>(tensor.getType()).getRank() - 1;
}

void StripAssembler::addTensor(Value tensor) {
  ArrayRef<LayoutPlan::Share> shares = plan.getShares(tensor);
  Axis axis = plan.getAxis(tensor);
  std::vector<RowShare> ranges;
  for (const LayoutPlan::Share &share : shares)
    ranges.push_back({share.computed, share.owned, /*needed=*/{}});

  Tensor &placed = tensors[tensor];
  placed.strips.resize(shares.size());
  for (auto [reader, share] : llvm::enumerate(shares))
    for (const TensorRegion &region : share.needed) {
      AssembledStrip &strip = placed.strips[reader].emplace_back();
      strip.strip = assembleStrip(ranges, reader, region.along(axis));
      strip.across = region.across(axis);
    }
  placed.isGathered = plan.isDistributed(tensor) && plan.getPieces(tensor) == 1;
  for (auto [reader, share] : llvm::enumerate(shares))
    placed.isGathered &= share.owned.empty() || (findWhole(tensor, reader) &&
                                                 share.computed == share.owned);
}

TensorRegion StripAssembler::getRegion(Value tensor,
                                       const AssembledStrip &strip) const {
  return TensorRegion::make(plan.getAxis(tensor), strip.strip.rows,
                            strip.across);
}

StripAssembler::AssembledStrip *
StripAssembler::findWhole(Value tensor, unsigned participant) {
  for (AssembledStrip &strip : tensors[tensor].strips[participant])
    if (getRegion(tensor, strip) == nn::wholeRegion(tensor))
      return &strip;
  return nullptr;
}

Value StripAssembler::send(Location location, HeldRegion held,
                           const TensorRegion &region, unsigned source,
                           unsigned target) {
  Value cut = held.value;
  if (region != held.region)
    cut = buildFragment(builder, location, nameOf(source), {},
                        [&](OpBuilder &inner) {
                          return sliceRegion(inner, location, held.value,
                                             held.region, region);
                        })
              .getResult(0);
  if (source == target)
    return cut;
  return TransferOp::create(builder, location, cut, nameOf(source),
                            nameOf(target));
}

void StripAssembler::addPiece(Value tensor, unsigned holder, RowInterval range,
                              Value value) {
  Axis axis = plan.getAxis(tensor);
  Tensor &placed = tensors[tensor];
  // What several readers take is cut once.
  SmallVector<HeldRegion> cuts{{value, plan.getRegion(tensor, range)}};
  // Were all to send to the first reader first, they would wait for each other.
  const size_t count = placed.strips.size();
  for (size_t i = 0; i < count; ++i) {
    const size_t reader = (holder + i) % count;
    SmallVector<AssembledStrip, 1> &strips = placed.strips[reader];
    bool owns = !plan.getShares(tensor)[reader].owned.empty();
    for (AssembledStrip &strip : strips) {
      if (placed.isGathered && owns && &strip == findWhole(tensor, reader)) {
        if (reader == holder)
          strip.held.push_back({range, value});
        continue;
      }
      for (const StripPart &part : strip.strip.parts) {
        RowInterval taken = part.rows.intersect(range);
        if (part.source != holder || taken.empty())
          continue;
        TensorRegion region = TensorRegion::make(axis, taken, strip.across);
        auto *cut = llvm::find_if(cuts, [&](const HeldRegion &held) {
          return held.region == region;
        });
        if (cut == cuts.end()) {
          Value view =
              send(tensor.getLoc(), cuts.front(), region, holder, holder);
          cuts.push_back({view, region});
          cut = &cuts.back();
        }
        strip.held.push_back(
            {taken, send(tensor.getLoc(), *cut, region, holder, reader)});
      }
    }
  }
}

SmallVector<StripAssembler::AwaitedRange>
StripAssembler::getAwaited(Value tensor, unsigned holder,
                           RowInterval range) const {
  SmallVector<AwaitedRange> awaited;
  Axis axis = plan.getAxis(tensor);
  for (auto [reader, strips] : llvm::enumerate(tensors.at(tensor).strips))
    for (const AssembledStrip &strip : strips)
      for (const StripPart &part : strip.strip.parts)
        if (RowInterval taken = part.rows.intersect(range);
            reader != holder && part.source == holder && !taken.empty())
          awaited.push_back({static_cast<unsigned>(reader), taken,
                             TensorRegion::make(axis, taken, strip.across)});
  return awaited;
}

void StripAssembler::gather(Value tensor) {
  Tensor &placed = tensors[tensor];
  ArrayRef<LayoutPlan::Share> shares = plan.getShares(tensor);
  SmallVector<unsigned> owners;
  for (unsigned participant = 0; participant < shares.size(); ++participant)
    if (!shares[participant].owned.empty())
      owners.push_back(participant);
  llvm::sort(owners, [&](unsigned a, unsigned b) {
    return shares[a].owned.begin < shares[b].owned.begin;
  });
  SmallVector<Value> parts;
  SmallVector<Attribute> names;
  for (unsigned owner : owners) {
    parts.push_back(findWhole(tensor, owner)->held.front().value);
    names.push_back(nameOf(owner));
  }
  assert(placed.isGathered && "not all owners need all of the tensor");
  SmallVector<Type> types(owners.size(), tensor.getType());
  uint64_t dimension = getDimension(tensor, plan.getAxis(tensor));
  auto gather = AllGatherOp::create(builder, tensor.getLoc(), types, parts,
                                    builder.getArrayAttr(names), dimension);
  for (auto [owner, result] : llvm::zip_equal(owners, gather.getResults()))
    findWhole(tensor, owner)->value = result;
}

/// Joins `parts` on `reader`, and sorts them.
Value StripAssembler::join(Value tensor, unsigned reader,
                           MutableArrayRef<HeldRange> parts) {
  assert(!parts.empty() && "nobody has sent parts");
  if (parts.size() == 1)
    return parts.front().value;
  llvm::sort(parts, [](const HeldRange &a, const HeldRange &b) {
    return a.range.begin < b.range.begin;
  });
  SmallVector<Value> values;
  for (const HeldRange &part : parts)
    values.push_back(part.value);
  Location location = tensor.getLoc();
  auto build = [&](OpBuilder &inner) -> Value {
    return nn::ConcatOp::create(inner, location, values,
                                getDimension(tensor, plan.getAxis(tensor)));
  };
  return buildFragment(builder, location, nameOf(reader), {}, build)
      .getResult(0);
}

StripAssembler::AssembledStrip &
StripAssembler::findStrip(Value tensor, unsigned reader,
                          const TensorRegion &region) {
  for (AssembledStrip &strip : tensors[tensor].strips[reader])
    if (getRegion(tensor, strip).contains(region))
      return strip;
  llvm_unreachable("the plan does not foresee this region");
}

StripAssembler::HeldRegion
StripAssembler::getStrip(Value tensor, unsigned reader,
                         const TensorRegion &region) {
  AssembledStrip &strip = findStrip(tensor, reader, region);
  if (!strip.value)
    strip.value = join(tensor, reader, strip.held);
  return {strip.value, getRegion(tensor, strip)};
}

void StripAssembler::sendRows(Value tensor, unsigned holder, unsigned reader,
                              RowInterval rows, Value value) {
  TensorRegion region = plan.getRegion(tensor, rows);
  findStrip(tensor, reader, region)
      .held.push_back(
          {rows, send(tensor.getLoc(), {value, nn::wholeRegion(tensor)}, region,
                      holder, reader)});
}

StripAssembler::HeldRegion
StripAssembler::joinRows(Value tensor, unsigned reader, RowInterval rows) {
  SmallVector<HeldRange> &held =
      findStrip(tensor, reader, plan.getRegion(tensor, rows)).held;
  auto *parts =
      std::partition(held.begin(), held.end(), [&](const HeldRange &part) {
        return part.range.intersect(rows).empty();
      });
  RowInterval joinedRows;
  for (const HeldRange &part : ArrayRef(parts, held.end()))
    joinedRows = joinedRows.hull(part.range);
  assert(joinedRows.contains(rows) && "some rows have not come");
  Value joined = join(tensor, reader, MutableArrayRef(parts, held.end()));
  held.erase(parts, held.end());
  held.push_back({joinedRows, joined});
  return {joined, plan.getRegion(tensor, joinedRows)};
}
