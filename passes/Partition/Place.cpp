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
#include "passes/Partition/LayoutPlan.h"
#include "passes/Partition/StripAssembler.h"

#include <numeric>

using namespace mlir;

namespace windrow::cluster {

#define GEN_PASS_DEF_PLACE
#include "passes/Partition/Passes.h.inc"

namespace {

/// Builds the placed function behind the operations of the global one.
class Placer {
public:
  Placer(func::FuncOp function, const LayoutPlan &plan,
         const ClusterDescription &cluster, BoundaryFirst boundaryFirst,
         int64_t grain)
      : function(function), plan(plan), cluster(cluster),
        boundaryFirst(boundaryFirst), grain(grain), builder(function),
        strips(builder, plan) {}

  void run();

private:
  StringAttr nameOf(unsigned participant) {
    return plan.getParticipants()[participant];
  }

  void place(Operation *op);
  void placeParts(Operation *op);
  void placeReduction(Operation *op);
  void placeContraction(Operation *op);

  SmallVector<RowPiece> choosePieces(Operation *op, unsigned device);
  bool isWorthwhile(Operation *op, unsigned device, size_t pieces);
  PartAttr getPart(Value tensor, unsigned device, RowInterval range);
  Value computePiece(Operation *op, unsigned device, RowInterval range);

  /// What a device adds to a sum of the result's whole shape.
  struct Partial {
    unsigned device;
    Value value;
  };
  /// Builds a part of a result from the sum of this part.
  using Finish =
      function_ref<Value(OpBuilder &, Value sum, const TensorRegion &)>;

  Value computePartial(Operation *op, unsigned device,
                       const TensorRegion &region,
                       function_ref<Value(OpBuilder &, Value)> build);
  void placeSum(Operation *op, ArrayRef<Partial> partials, Finish finish);

  func::FuncOp function;
  const LayoutPlan &plan;
  const ClusterDescription &cluster;
  BoundaryFirst boundaryFirst;
  int64_t grain;
  OpBuilder builder;
  StripAssembler strips;
  DenseMap<Value, int64_t> tensorNumbers;
};

} // namespace

//===----------------------------------------------------------------------===//
// Parts of a result
//===----------------------------------------------------------------------===//

PartAttr Placer::getPart(Value tensor, unsigned device, RowInterval range) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.getRank() == 0)
    return {};
  bool byChannels = plan.getAxis(tensor) == Axis::Channels;
  int64_t dimension = byChannels            ? type.getRank() - 1
                      : type.getRank() == 4 ? 1
                                            : 0;
  int64_t size = type.getDimSize(dimension);
  RowInterval owned = plan.getShares(tensor)[device].owned.intersect(range);
  if (owned.empty())
    owned = {range.begin, range.begin};
  if (!byChannels && type.getRank() != 4)
    range = owned = {0, size};
  return PartAttr::get(type.getContext(), tensorNumbers.lookup(tensor),
                       dimension, range.begin, range.end, size, owned.begin,
                       owned.end);
}

static int64_t countBytes(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getNumElements() * type.getElementTypeBitWidth() / 8;
}

/// Whether a part of the result's range along `axis` reads all of `operand`.
static bool isReadWhole(OpOperand &operand, Axis axis) {
  Operation *op = operand.getOwner();
  unsigned index = operand.getOperandNumber();
  if (axis == Axis::Rows)
    return !cast<nn::RowWindowOpInterface>(op).carriesRows(index);
  auto windows = cast<nn::ChannelWindowOpInterface>(op);
  return windows.carriesChannels(index) &&
         windows.getChannelRegion(index, {0, 1}) ==
             nn::wholeRegion(operand.get());
}

bool Placer::isWorthwhile(Operation *op, unsigned device, size_t pieces) {
  Value result = op->getResult(0);
  BoundarySplit split;
  split.pieces = pieces;
  for (OpOperand &operand : op->getOpOperands())
    if (isReadWhole(operand, plan.getAxis(result)))
      split.repeatedBytes += countBytes(operand.get());

  TensorRegion whole = nn::wholeRegion(result);
  int64_t bytesPerCell =
      countBytes(result) / (whole.rows.size() * whole.channels.size());
  for (const StripAssembler::AwaitedRange &awaited :
       strips.getAwaited(result, device)) {
    const LinkDescription &link = cluster.linkBetween(
        nameOf(device).strref(), nameOf(awaited.reader).strref());
    int64_t cells = awaited.region.rows.size() * awaited.region.channels.size();
    split.transferSeconds =
        std::max(split.transferSeconds, link.secondsFor(cells * bytesPerCell));
  }
  return isSplitWorthwhile(split);
}

/// The unit in which the range of the result of `op` along `axis` can be cut;
/// none where it cannot.
static std::optional<int64_t> getGrain(Operation *op, Axis axis) {
  if (axis == Axis::Rows) {
    auto windows = dyn_cast<nn::RowWindowOpInterface>(op);
    return windows && windows.isRowSplittable()
               ? std::optional(windows.getRowGrain())
               : std::nullopt;
  }
  auto windows = dyn_cast<nn::ChannelWindowOpInterface>(op);
  return windows && windows.isChannelSplittable() ? std::optional<int64_t>(1)
                                                  : std::nullopt;
}

SmallVector<RowPiece> Placer::choosePieces(Operation *op, unsigned device) {
  Value result = op->getResult(0);
  RowInterval computed = plan.getShares(result)[device].computed;
  SmallVector<RowInterval> awaited;
  for (const StripAssembler::AwaitedRange &range :
       strips.getAwaited(result, device))
    awaited.push_back(range.range);
  RowPiece whole{computed, !awaited.empty()};
  std::optional<int64_t> opGrain = getGrain(op, plan.getAxis(result));
  if (boundaryFirst == BoundaryFirst::Never || strips.isGathered(result) ||
      !opGrain)
    return {whole};
  std::vector<RowPiece> pieces =
      divideBoundaryFirst(computed, awaited, std::lcm(grain, *opGrain));
  if (pieces.size() == 1 || (boundaryFirst == BoundaryFirst::Auto &&
                             !isWorthwhile(op, device, pieces.size())))
    return {whole};
  return SmallVector<RowPiece>(pieces.begin(), pieces.end());
}

Value Placer::computePiece(Operation *op, unsigned device, RowInterval range) {
  Value result = op->getResult(0);
  TensorRegion region = plan.getRegion(result, range);
  SmallVector<StripAssembler::HeldRegion> held;
  SmallVector<TensorRegion> needed;
  for (OpOperand &operand : op->getOpOperands()) {
    Value value = operand.get();
    needed.push_back(getNeededRegion(operand, region));
    if (needed.back().empty())
      held.push_back({});
    else if (strips.contains(value))
      held.push_back(strips.getStrip(value, device, needed.back()));
    else
      held.push_back({value, nn::wholeRegion(value)});
  }
  auto build = [&](OpBuilder &inner) -> Value {
    IRMapping mapping;
    SmallVector<Value> operands;
    for (auto [operand, source, wanted] :
         llvm::zip_equal(op->getOperands(), held, needed)) {
      Value value = source.value;
      if (value)
        value =
            sliceRegion(inner, operand.getLoc(), value, source.region, wanted);
      mapping.map(operand, value);
      operands.push_back(value);
    }
    if (region == nn::wholeRegion(result)) {
      Operation *whole = inner.clone(*op, mapping);
      whole->removeAttr(layoutAttrName);
      return whole->getResult(0);
    }
    if (plan.getAxis(result) == Axis::Channels)
      return cast<nn::ChannelWindowOpInterface>(op).buildChannels(
          inner, operands, range);
    return cast<nn::RowWindowOpInterface>(op)
        .buildRows(inner, operands, range)
        ->getResult(0);
  };
  return buildFragment(builder, op->getLoc(), nameOf(device),
                       getPart(result, device, range), build)
      .getResult(0);
}

void Placer::placeParts(Operation *op) {
  Value result = op->getResult(0);
  SmallVector<SmallVector<RowPiece>> pieces(plan.getClient());
  for (unsigned device = 0; device < plan.getClient(); ++device)
    if (!plan.getShares(result)[device].computed.empty())
      pieces[device] = choosePieces(op, device);
  for (bool awaited : {true, false})
    for (unsigned device = 0; device < plan.getClient(); ++device)
      for (const RowPiece &piece : pieces[device])
        if (piece.awaited == awaited)
          strips.addPiece(result, device, piece.rows,
                          computePiece(op, device, piece.rows));
  if (strips.isGathered(result))
    strips.gather(result);
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// What `build` makes of the region `region` of operand 0 of `op`.
Value Placer::computePartial(Operation *op, unsigned device,
                             const TensorRegion &region,
                             function_ref<Value(OpBuilder &, Value)> build) {
  StripAssembler::HeldRegion held =
      strips.getStrip(op->getOperand(0), device, region);
  return buildFragment(builder, op->getLoc(), nameOf(device), {},
                       [&](OpBuilder &inner) {
                         return build(inner, sliceRegion(inner, op->getLoc(),
                                                         held.value,
                                                         held.region, region));
                       })
      .getResult(0);
}

/// Adds `partials` in their order wherever parts of the result of `op` are
/// computed.
void Placer::placeSum(Operation *op, ArrayRef<Partial> partials,
                      Finish finish) {
  Value result = op->getResult(0);
  TensorRegion whole = nn::wholeRegion(result);
  ArrayRef<LayoutPlan::Share> shares = plan.getShares(result);
  auto finishOn = [&](unsigned target, ValueRange parts) {
    RowInterval range = shares[target].computed;
    FragmentOp last = buildFragment(
        builder, op->getLoc(), nameOf(target), getPart(result, target, range),
        [&](OpBuilder &inner) {
          return finish(inner, addInOrder(inner, op->getLoc(), parts),
                        plan.getRegion(result, range));
        });
    strips.addPiece(result, target, range, last.getResult(0));
  };

  SmallVector<unsigned> targets;
  bool allNeedAll = true;
  for (unsigned device = 0; device < plan.getClient(); ++device)
    if (RowInterval computed = shares[device].computed; !computed.empty()) {
      targets.push_back(device);
      allNeedAll &= plan.getRegion(result, computed) == whole;
    }
  auto sources = llvm::map_to_vector(
      partials, [](const Partial &partial) { return partial.device; });
  if (allNeedAll && std::is_permutation(targets.begin(), targets.end(),
                                        sources.begin(), sources.end())) {
    SmallVector<Value> values;
    SmallVector<Attribute> names;
    for (const Partial &partial : partials) {
      values.push_back(partial.value);
      names.push_back(nameOf(partial.device));
    }
    SmallVector<Type> types(values.size(), values.front().getType());
    auto sum = AllReduceOp::create(builder, op->getLoc(), types, values,
                                   builder.getArrayAttr(names));
    for (auto [source, value] : llvm::zip_equal(sources, sum.getResults()))
      finishOn(source, value);
  } else {
    for (unsigned target : targets) {
      SmallVector<Value> parts;
      for (const Partial &partial : partials)
        parts.push_back(
            strips.send(op->getLoc(), {partial.value, whole},
                        plan.getRegion(result, shares[target].computed),
                        partial.device, target));
      finishOn(target, parts);
    }
  }
  if (strips.isGathered(result))
    strips.gather(result);
}

void Placer::placeReduction(Operation *op) {
  Value operand = op->getOperand(0);
  ArrayRef<LayoutPlan::Share> shares = plan.getShares(operand);
  auto reduction = cast<nn::RowReductionOpInterface>(op);
  SmallVector<unsigned> owners;
  for (unsigned device = 0; device < plan.getClient(); ++device)
    if (!shares[device].owned.empty())
      owners.push_back(device);
  llvm::sort(owners, [&](unsigned a, unsigned b) {
    return shares[a].owned.begin < shares[b].owned.begin;
  });
  SmallVector<Partial> partials;
  for (unsigned owner : owners)
    partials.push_back(
        {owner,
         computePartial(op, owner, plan.getRegion(operand, shares[owner].owned),
                        [&](OpBuilder &inner, Value strip) {
                          return reduction.buildPartial(inner, strip);
                        })});
  placeSum(op, partials,
           [&](OpBuilder &inner, Value sum, const TensorRegion &) {
             return reduction.buildFinal(inner, sum);
           });
}

void Placer::placeContraction(Operation *op) {
  auto reduction = cast<nn::ChannelReductionOpInterface>(op);
  RowInterval rows = nn::wholeRegion(op->getOperand(0)).rows;
  SmallVector<Partial> partials;
  for (auto [device, channels] : plan.getContractions(op))
    partials.push_back(
        {device, computePartial(
                     op, device, {rows, channels},
                     [&, channels = channels](OpBuilder &inner, Value input) {
                       return reduction.buildChannelPartial(inner, input,
                                                            channels);
                     })});
  placeSum(op, partials,
           [&](OpBuilder &inner, Value sum, const TensorRegion &region) {
             return reduction.buildChannelFinal(inner, sum, region.channels);
           });
}

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

void Placer::place(Operation *op) {
  strips.addTensor(op->getResult(0));
  if (plan.isDistributedReduction(op))
    placeReduction(op);
  else if (!plan.getContractions(op).empty())
    placeContraction(op);
  else
    placeParts(op);
}

void Placer::run() {
  Operation *terminator = function.front().getTerminator();
  SmallVector<Operation *> operations;
  for (Operation &op : function.front().without_terminator())
    if (!isAvailableEverywhere(&op))
      operations.push_back(&op);
  builder.setInsertionPoint(terminator);
  for (BlockArgument argument : function.getArguments()) {
    strips.addTensor(argument);
    strips.addPiece(argument, plan.getClient(), nn::wholeRegion(argument).rows,
                    argument);
  }
  for (auto [number, op] : llvm::enumerate(operations)) {
    tensorNumbers[op->getResult(0)] = number;
    place(op);
  }
  for (OpOperand &result : terminator->getOpOperands())
    if (strips.contains(result.get()))
      result.set(strips
                     .getStrip(result.get(), plan.getClient(),
                               nn::wholeRegion(result.get()))
                     .value);
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
    FailureOr<LayoutPlan> plan = LayoutPlan::create(*function, participants);
    if (failed(plan))
      return signalPassFailure();
    Placer(*function, *plan, *cluster, boundaryFirst, grain).run();
  }
};
} // namespace

} // namespace windrow::cluster
