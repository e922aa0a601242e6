//===- Place.cpp - From layouts to fragments and transfers ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Partition/Passes.h"

#include "dialects/Nn/Nn.h"
#include "mlir/IR/IRMapping.h"
#include "passes/Analysis/BoundarySplit.h"
#include "passes/Partition/Devices.h"
#include "passes/Partition/FragmentBuilder.h"
#include "passes/Partition/RowPlan.h"

#include <numeric>

using namespace mlir;

namespace windrow::cluster {

#define GEN_PASS_DEF_PLACE
#include "passes/Partition/Passes.h.inc"

namespace {

/// Rows of a tensor that a participant has.
struct HeldRows {
  RowInterval rows;
  Value value;
};

/// What exists of a tensor so far. The lists have one entry for each
/// participant.
struct PlacedTensor {
  std::vector<Strip> strips;
  /// Computed and received rows.
  SmallVector<SmallVector<HeldRows>> held;
  /// The strips, once built.
  SmallVector<Value> assembled;
  /// Everyone who owns rows needs all of them.
  bool isGathered = false;
};

/// Builds the placed function behind the operations of the global one.
class Placer {
public:
  Placer(func::FuncOp function, const RowPlan &plan,
         const ClusterDescription &cluster, BoundaryFirst boundaryFirst,
         int64_t grain)
      : function(function), plan(plan), cluster(cluster),
        boundaryFirst(boundaryFirst), grain(grain), builder(function) {}

  void run();

private:
  StringAttr nameOf(unsigned participant) {
    return plan.getParticipants()[participant];
  }

  void addTensor(Value tensor);
  void placeArgument(BlockArgument argument);
  void placeRows(Operation *op);
  void placeReduction(Operation *op);
  void placeGather(Value tensor);

  SmallVector<RowPiece> choosePieces(Operation *op, unsigned device);
  bool isWorthwhile(Operation *op, unsigned device, size_t pieces);
  PartAttr getPart(Value tensor, unsigned device, RowInterval rows);

  Value computePiece(Operation *op, unsigned device, RowInterval rows);
  Value computePartial(Operation *op, unsigned device);
  void addPiece(Value tensor, unsigned holder, HeldRows piece);
  Value getStrip(Value tensor, unsigned reader);
  Value getRows(OpBuilder &inner, Value tensor, Value strip, unsigned reader,
                RowInterval rows);
  Value transfer(Location location, Value value, unsigned source,
                 unsigned target);

  func::FuncOp function;
  const RowPlan &plan;
  const ClusterDescription &cluster;
  BoundaryFirst boundaryFirst;
  int64_t grain;
  OpBuilder builder;
  DenseMap<Value, PlacedTensor> tensors;
  DenseMap<Value, int64_t> tensorNumbers;
};

} // namespace

//===----------------------------------------------------------------------===//
// Strips and transfers
//===----------------------------------------------------------------------===//

void Placer::addTensor(Value tensor) {
  ArrayRef<RowShare> shares = plan.getShares(tensor);
  PlacedTensor &placed = tensors[tensor];
  placed.strips = assembleStrips(shares);
  placed.held.resize(shares.size());
  placed.assembled.resize(shares.size());
  placed.isGathered =
      plan.isDistributed(tensor) &&
      llvm::all_of(shares, [&](const RowShare &share) {
        return share.owned.empty() || (share.needed == allRows(tensor) &&
                                       share.computed == share.owned);
      });
}

Value Placer::transfer(Location location, Value value, unsigned source,
                       unsigned target) {
  return TransferOp::create(builder, location, value, nameOf(source),
                            nameOf(target));
}

/// Notes that `holder` has `piece`, and sends it to those whose strips take
/// rows of it from there.
void Placer::addPiece(Value tensor, unsigned holder, HeldRows piece) {
  Location location = tensor.getLoc();
  PlacedTensor &placed = tensors[tensor];
  placed.held[holder].push_back(piece);
  SmallVector<HeldRows> cuts{piece};
  for (auto [reader, strip] : llvm::enumerate(placed.strips)) {
    bool getsAll =
        placed.isGathered && !plan.getShares(tensor)[reader].owned.empty();
    if (reader == holder || getsAll)
      continue;
    for (const StripPart &part : strip.parts) {
      if (part.source != holder || !piece.rows.contains(part.rows))
        continue;
      auto *cut = llvm::find_if(
          cuts, [&](const HeldRows &held) { return held.rows == part.rows; });
      if (cut == cuts.end()) {
        FragmentOp view = buildFragment(
            builder, location, nameOf(holder), {}, [&](OpBuilder &inner) {
              return sliceRows(inner, location, piece.value, piece.rows.begin,
                               part.rows);
            });
        cuts.push_back({part.rows, view.getResult(0)});
        cut = &cuts.back();
      }
      placed.held[reader].push_back(
          {part.rows, transfer(location, cut->value, holder, reader)});
    }
  }
}

Value Placer::getStrip(Value tensor, unsigned reader) {
  PlacedTensor &placed = tensors[tensor];
  Value &assembled = placed.assembled[reader];
  if (assembled)
    return assembled;
  SmallVector<HeldRows> parts;
  for (const HeldRows &held : placed.held[reader])
    if (placed.strips[reader].rows.contains(held.rows))
      parts.push_back(held);
  assert(!parts.empty() && "nobody needs rows here");
  if (parts.size() == 1)
    return assembled = parts.front().value;

  llvm::sort(parts, [](const HeldRows &a, const HeldRows &b) {
    return a.rows.begin < b.rows.begin;
  });
  SmallVector<Value> values;
  for (const HeldRows &part : parts)
    values.push_back(part.value);
  Location location = tensor.getLoc();
  FragmentOp strip = buildFragment(
      builder, location, nameOf(reader), {}, [&](OpBuilder &inner) -> Value {
        return nn::ConcatOp::create(inner, location, values, /*axis=*/1);
      });
  return assembled = strip.getResult(0);
}

/// The rows `rows` of the strip that `reader` has of `tensor`, as a view.
Value Placer::getRows(OpBuilder &inner, Value tensor, Value strip,
                      unsigned reader, RowInterval rows) {
  return sliceRows(inner, tensor.getLoc(), strip,
                   tensors[tensor].strips[reader].rows.begin, rows);
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

PartAttr Placer::getPart(Value tensor, unsigned device, RowInterval rows) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.getRank() == 0)
    return {};
  int64_t dimension = type.getRank() == 4 ? 1 : 0;
  int64_t size = type.getDimSize(dimension);
  RowInterval owned = plan.getShares(tensor)[device].owned.intersect(rows);
  if (owned.empty())
    owned = {rows.begin, rows.begin};
  if (dimension == 0)
    rows = owned = {0, size};
  return PartAttr::get(type.getContext(), tensorNumbers.lookup(tensor),
                       dimension, rows.begin, rows.end, size, owned.begin,
                       owned.end);
}

bool Placer::isWorthwhile(Operation *op, unsigned device, size_t pieces) {
  BoundarySplit split;
  split.pieces = pieces;
  auto windows = cast<nn::RowWindowOpInterface>(op);
  auto bytesOf = [](Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    return type.getNumElements() * type.getElementTypeBitWidth() / 8;
  };
  for (OpOperand &operand : op->getOpOperands())
    if (!windows.carriesRows(operand.getOperandNumber()))
      split.repeatedBytes += bytesOf(operand.get());

  Value result = op->getResult(0);
  int64_t bytesPerRow = bytesOf(result) / countRows(result);
  for (auto [reader, strip] : llvm::enumerate(tensors[result].strips))
    for (const StripPart &part : strip.parts)
      if (reader != device && part.source == device)
        split.transferSeconds = std::max(
            split.transferSeconds,
            cluster
                .linkBetween(nameOf(device).strref(), nameOf(reader).strref())
                .secondsFor(part.rows.size() * bytesPerRow));
  return isSplitWorthwhile(split);
}

SmallVector<RowPiece> Placer::choosePieces(Operation *op, unsigned device) {
  Value result = op->getResult(0);
  RowInterval computed = plan.getShares(result)[device].computed;
  SmallVector<RowInterval> awaited;
  for (auto [reader, strip] : llvm::enumerate(tensors[result].strips))
    for (const StripPart &part : strip.parts)
      if (reader != device && part.source == device)
        awaited.push_back(part.rows);
  RowPiece whole{computed, !awaited.empty()};
  auto windows = dyn_cast<nn::RowWindowOpInterface>(op);
  if (boundaryFirst == BoundaryFirst::Never || !windows ||
      !windows.isRowSplittable() || tensors[result].isGathered)
    return {whole};
  std::vector<RowPiece> pieces = divideBoundaryFirst(
      computed, awaited, std::lcm(grain, windows.getRowGrain()));
  if (pieces.size() == 1 || (boundaryFirst == BoundaryFirst::Auto &&
                             !isWorthwhile(op, device, pieces.size())))
    return {whole};
  return SmallVector<RowPiece>(pieces.begin(), pieces.end());
}

Value Placer::computePiece(Operation *op, unsigned device, RowInterval rows) {
  Value result = op->getResult(0);
  SmallVector<Value> strips;
  for (Value operand : op->getOperands())
    strips.push_back(tensors.contains(operand) ? getStrip(operand, device)
                                               : operand);
  auto build = [&](OpBuilder &inner) {
    IRMapping mapping;
    SmallVector<Value> operands;
    for (OpOperand &operand : op->getOpOperands()) {
      Value value = strips[operand.getOperandNumber()];
      if (tensors.contains(operand.get()))
        value = getRows(inner, operand.get(), value, device,
                        getNeededRows(operand, rows));
      mapping.map(operand.get(), value);
      operands.push_back(value);
    }
    if (rows != allRows(result))
      return cast<nn::RowWindowOpInterface>(op)
          .buildRows(inner, operands, rows)
          ->getResult(0);
    Operation *whole = inner.clone(*op, mapping);
    whole->removeAttr(layoutAttrName);
    return whole->getResult(0);
  };
  return buildFragment(builder, op->getLoc(), nameOf(device),
                       getPart(result, device, rows), build)
      .getResult(0);
}

void Placer::placeGather(Value tensor) {
  PlacedTensor &placed = tensors[tensor];
  SmallVector<unsigned> owners;
  for (unsigned participant = 0; participant < placed.held.size();
       ++participant)
    if (!plan.getShares(tensor)[participant].owned.empty())
      owners.push_back(participant);
  llvm::sort(owners, [&](unsigned a, unsigned b) {
    return plan.getShares(tensor)[a].owned.begin <
           plan.getShares(tensor)[b].owned.begin;
  });
  SmallVector<Value> parts;
  SmallVector<Attribute> names;
  for (unsigned owner : owners) {
    parts.push_back(placed.held[owner].front().value);
    names.push_back(nameOf(owner));
  }
  SmallVector<Type> types(owners.size(), tensor.getType());
  auto gather =
      AllGatherOp::create(builder, tensor.getLoc(), types, parts,
                          builder.getArrayAttr(names), /*axis=*/uint64_t(1));
  for (auto [owner, result] : llvm::zip_equal(owners, gather.getResults()))
    placed.assembled[owner] = result;
}

void Placer::placeRows(Operation *op) {
  Value result = op->getResult(0);
  SmallVector<SmallVector<RowPiece>> pieces(plan.getClient());
  for (unsigned device = 0; device < plan.getClient(); ++device)
    if (!plan.getShares(result)[device].computed.empty())
      pieces[device] = choosePieces(op, device);
  for (bool awaited : {true, false})
    for (unsigned device = 0; device < plan.getClient(); ++device)
      for (const RowPiece &piece : pieces[device])
        if (piece.awaited == awaited)
          addPiece(result, device,
                   {piece.rows, computePiece(op, device, piece.rows)});
  if (tensors[result].isGathered)
    placeGather(result);
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

Value Placer::computePartial(Operation *op, unsigned device) {
  Value operand = op->getOperand(0);
  Value strip = getStrip(operand, device);
  auto build = [&](OpBuilder &inner) {
    Value rows = getRows(inner, operand, strip, device,
                         plan.getShares(operand)[device].owned);
    return cast<nn::RowReductionOpInterface>(op).buildPartial(inner, rows);
  };
  return buildFragment(builder, op->getLoc(), nameOf(device), {}, build)
      .getResult(0);
}

void Placer::placeReduction(Operation *op) {
  Value operand = op->getOperand(0), result = op->getResult(0);
  auto reduction = cast<nn::RowReductionOpInterface>(op);
  SmallVector<unsigned> owners, targets;
  for (unsigned device = 0; device < plan.getClient(); ++device) {
    if (!plan.getShares(operand)[device].owned.empty())
      owners.push_back(device);
    if (!plan.getShares(result)[device].computed.empty())
      targets.push_back(device);
  }
  bool isShared = owners == targets;
  llvm::sort(owners, [&](unsigned a, unsigned b) {
    return plan.getShares(operand)[a].owned.begin <
           plan.getShares(operand)[b].owned.begin;
  });
  SmallVector<Value> partials;
  SmallVector<Attribute> names;
  for (unsigned owner : owners) {
    partials.push_back(computePartial(op, owner));
    names.push_back(nameOf(owner));
  }

  auto finish = [&](unsigned target, ValueRange parts) {
    FragmentOp last = buildFragment(
        builder, op->getLoc(), nameOf(target),
        getPart(result, target, allRows(result)), [&](OpBuilder &inner) {
          return reduction.buildFinal(inner,
                                      addInOrder(inner, op->getLoc(), parts));
        });
    addPiece(result, target, {allRows(result), last.getResult(0)});
  };
  if (isShared) {
    SmallVector<Type> types(owners.size(), partials.front().getType());
    auto sum = AllReduceOp::create(builder, op->getLoc(), types, partials,
                                   builder.getArrayAttr(names));
    for (auto [owner, value] : llvm::zip_equal(owners, sum.getResults()))
      finish(owner, value);
    return;
  }
  for (unsigned target : targets) {
    SmallVector<Value> parts(partials);
    for (auto [owner, part] : llvm::zip_equal(owners, parts))
      if (owner != target)
        part = transfer(op->getLoc(), part, owner, target);
    finish(target, parts);
  }
}

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

void Placer::placeArgument(BlockArgument argument) {
  addTensor(argument);
  addPiece(argument, plan.getClient(), {allRows(argument), argument});
}

void Placer::run() {
  Operation *terminator = function.front().getTerminator();
  SmallVector<Operation *> operations;
  for (Operation &op : function.front().without_terminator())
    if (!isAvailableEverywhere(&op))
      operations.push_back(&op);
  builder.setInsertionPoint(terminator);
  for (BlockArgument argument : function.getArguments())
    placeArgument(argument);
  for (auto [number, op] : llvm::enumerate(operations)) {
    tensorNumbers[op->getResult(0)] = number;
    addTensor(op->getResult(0));
    if (plan.isDistributedReduction(op))
      placeReduction(op);
    else
      placeRows(op);
  }
  for (OpOperand &result : terminator->getOpOperands())
    if (tensors.contains(result.get()))
      result.set(getStrip(result.get(), plan.getClient()));
  for (Operation *op : llvm::reverse(operations))
    op->erase();
}

namespace {
struct PlacePass : impl::PlaceBase<PlacePass> {
  using PlaceBase::PlaceBase;

  void runOnOperation() override {
    FailureOr<ClusterDescription> cluster = readDevices(getOperation());
    if (failed(cluster))
      return signalPassFailure();
    FailureOr<func::FuncOp> function = getOnlyFunction(getOperation());
    if (failed(function))
      return signalPassFailure();
    if (grain < 1) {
      getOperation().emitError()
          << "grain must be at least 1, got " << grain.getValue();
      return signalPassFailure();
    }
    SmallVector<StringAttr> participants;
    for (const DeviceDescription &device : cluster->devices)
      participants.push_back(StringAttr::get(&getContext(), device.name));
    participants.push_back(StringAttr::get(&getContext(), clientName));
    FailureOr<RowPlan> plan = RowPlan::create(*function, participants);
    if (failed(plan))
      return signalPassFailure();
    Placer(*function, *plan, *cluster, boundaryFirst, grain).run();
  }
};
} // namespace

} // namespace windrow::cluster
