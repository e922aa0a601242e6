//===- Place.cpp - From layouts to fragments and transfers ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Partition/Passes.h"

#include "dialects/Nn/Nn.h"
#include "dialects/Nn/RowSums.h"
#include "passes/Analysis/BoundarySplit.h"
#include "passes/Partition/Devices.h"
#include "passes/Partition/FragmentBuilder.h"
#include "passes/Partition/LayoutPlan.h"
#include "passes/Partition/OperationChains.h"
#include "passes/Partition/PartBuilder.h"
#include "passes/Partition/StreamPlacement.h"
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
        strips(builder, plan), parts(builder, plan) {}

  void run();

private:
  StringAttr nameOf(unsigned participant) {
    return plan.getParticipants()[participant];
  }

  /// Operations that a device computes one after the other for each piece of
  /// rows. Each but the last is read by the next alone.
  using Chain = ArrayRef<Operation *>;

  void place(Operation *op);
  void placeParts(Chain chain);
  void placeReduction(Operation *op);
  void placeContraction(Operation *op);

  /// What a device computes of a chain at a time.
  struct ChainPieces {
    /// Of the chain's last result.
    SmallVector<RowPiece> pieces;
    /// The first operation that is computed piece by piece, not at once.
    size_t divided = 0;
    /// The result of the one before, once computed.
    Value whole;
  };

  ChainPieces choosePieces(Chain chain, unsigned device, RowInterval computed);
  bool isWorthwhile(Chain chain, unsigned device, RowInterval computed,
                    size_t pieces);
  void computePiece(Chain chain, unsigned device, ChainPieces &pieces,
                    const RowPiece &piece);
  Value computePart(Operation *op, unsigned device, RowInterval range,
                    StripAssembler::HeldRegion predecessor);

  /// What a device adds to a sum of the result's whole shape.
  struct Partial {
    unsigned device;
    Value value;
  };
  /// Builds a part of a result from the sum of this part.
  using Finish =
      function_ref<Value(OpBuilder &, Value sum, const TensorRegion &)>;

  /// What a device adds up, for each device that computes a part of a result.
  using Sum = SmallVector<std::pair<unsigned, SmallVector<Value>>>;

  Value computePartial(Value operand, Location location, unsigned device,
                       const TensorRegion &region,
                       function_ref<Value(OpBuilder &, Value)> build);
  Sum exchange(Operation *op, ArrayRef<Partial> partials);
  void placeSum(Operation *op, const Sum &sum, Finish finish);
  SmallVector<unsigned> listOwners(Value value);
  Sum startReduction(Operation *op);
  void startEarly(Operation *op);

  func::FuncOp function;
  const LayoutPlan &plan;
  const ClusterDescription &cluster;
  BoundaryFirst boundaryFirst;
  int64_t grain;
  OpBuilder builder;
  StripAssembler strips;
  PartBuilder parts;
  /// Of reductions, begun before what they reduce is computed.
  DenseMap<Operation *, Sum> started;
  /// By operation, the one before it in its chain.
  DenseMap<Operation *, Operation *> predecessors;
};

} // namespace

//===----------------------------------------------------------------------===//
// Parts of a result
//===----------------------------------------------------------------------===//

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

bool Placer::isWorthwhile(Chain chain, unsigned device, RowInterval computed,
                          size_t pieces) {
  Value result = chain.back()->getResult(0);
  BoundarySplit split;
  split.pieces = pieces;
  split.operations = chain.size();
  for (Operation *op : chain)
    for (OpOperand &operand : op->getOpOperands())
      if (isReadWhole(operand, plan.getAxis(result)))
        split.repeatedBytes += countBytes(operand.get());

  TensorRegion whole = nn::wholeRegion(result);
  int64_t bytesPerCell =
      countBytes(result) / (whole.rows.size() * whole.channels.size());
  for (const StripAssembler::AwaitedRange &awaited :
       strips.getAwaited(result, device, computed)) {
    const LinkDescription &link = cluster.linkBetween(
        nameOf(device).strref(), nameOf(awaited.reader).strref());
    int64_t cells = awaited.region.rows.size() * awaited.region.channels.size();
    split.transferSeconds =
        std::max(split.transferSeconds, link.secondsFor(cells * bytesPerCell));
  }
  return isSplitWorthwhile(split);
}

/// The pieces of the range `computed` of the chain's result.
Placer::ChainPieces Placer::choosePieces(Chain chain, unsigned device,
                                         RowInterval computed) {
  Value result = chain.back()->getResult(0);
  SmallVector<RowInterval> awaited;
  for (const StripAssembler::AwaitedRange &range :
       strips.getAwaited(result, device, computed))
    awaited.push_back(range.range);
  ChainPieces whole{{{computed, !awaited.empty()}}, 0, {}};
  if (plan.getAxis(result) == Axis::Channels && plan.getPieces(result) > 1) {
    assert(chain.size() == 1 && "channels are not computed by chains");
    whole.pieces.clear();
    for (RowInterval piece : divideInPieces(computed, plan.getPieces(result)))
      whole.pieces.push_back({piece, true});
    return whole;
  }
  if (boundaryFirst == BoundaryFirst::Never || strips.isGathered(result))
    return whole;
  // As much of the chain as is worth the additional calls.
  for (size_t first = 0; first < chain.size(); ++first) {
    Chain rest = chain.drop_front(first);
    int64_t unit = grain;
    for (Operation *op : rest) {
      std::optional<int64_t> own = getPartGrain(op, plan.getAxis(result));
      if (!own)
        return whole;
      unit = std::lcm(unit, *own);
    }
    std::vector<RowPiece> pieces = divideBoundaryFirst(computed, awaited, unit);
    if (pieces.size() == 1)
      return whole;
    if (boundaryFirst == BoundaryFirst::Always ||
        isWorthwhile(rest, device, computed, pieces.size()))
      return {SmallVector<RowPiece>(pieces.begin(), pieces.end()), first, {}};
  }
  return whole;
}

/// `predecessor` is the operand that the one before `op` in its chain computes,
/// if any.
Value Placer::computePart(Operation *op, unsigned device, RowInterval range,
                          StripAssembler::HeldRegion predecessor) {
  auto getHeld = [&](OpOperand &operand,
                     const TensorRegion &needed) -> StripAssembler::HeldRegion {
    Value value = operand.get();
    if (value.getDefiningOp() &&
        value.getDefiningOp() == predecessors.lookup(op))
      return predecessor;
    if (strips.contains(value))
      return strips.getStrip(value, device, needed);
    return {value, nn::wholeRegion(value)};
  };
  return parts.compute(op, device, range, getHeld);
}

void Placer::computePiece(Chain chain, unsigned device, ChainPieces &pieces,
                          const RowPiece &piece) {
  StripAssembler::HeldRegion held;
  for (auto [position, op] : llvm::enumerate(chain)) {
    const bool isWhole = position < pieces.divided;
    if (isWhole && pieces.whole)
      continue;
    Value result = op->getResult(0);
    RowInterval range =
        isWhole ? plan.getShares(result)[device].computed : piece.rows;
    if (position == pieces.divided && pieces.whole) {
      Value before = chain[position - 1]->getResult(0);
      held = {pieces.whole,
              plan.getRegion(before, plan.getShares(before)[device].computed)};
    }
    held = {computePart(op, device, range, held),
            plan.getRegion(result, range)};
    if (position + 1 == pieces.divided)
      pieces.whole = held.value;
  }
  strips.addPiece(chain.back()->getResult(0), device, piece.rows, held.value);
}

void Placer::placeParts(Chain chain) {
  Value result = chain.back()->getResult(0);
  SmallVector<ChainPieces> pieces(plan.getClient());
  for (unsigned device = 0; device < plan.getClient(); ++device)
    if (RowInterval computed = plan.getShares(result)[device].computed;
        !computed.empty())
      pieces[device] = choosePieces(chain, device, computed);
  for (bool awaited : {true, false})
    for (unsigned device = 0; device < plan.getClient(); ++device)
      for (const RowPiece &piece : pieces[device].pieces)
        if (piece.awaited == awaited)
          computePiece(chain, device, pieces[device], piece);
  if (strips.isGathered(result))
    strips.gather(result);
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// What `build` makes of the region `region` of `operand`.
Value Placer::computePartial(Value operand, Location location, unsigned device,
                             const TensorRegion &region,
                             function_ref<Value(OpBuilder &, Value)> build) {
  StripAssembler::HeldRegion held = strips.getStrip(operand, device, region);
  return buildFragment(builder, location, nameOf(device), {},
                       [&](OpBuilder &inner) {
                         return build(inner,
                                      sliceRegion(inner, location, held.value,
                                                  held.region, region));
                       })
      .getResult(0);
}

/// Sends `partials` to wherever parts of the result of `op` are computed.
Placer::Sum Placer::exchange(Operation *op, ArrayRef<Partial> partials) {
  Value result = op->getResult(0);
  TensorRegion whole = nn::wholeRegion(result);
  ArrayRef<LayoutPlan::Share> shares = plan.getShares(result);
  SmallVector<unsigned> targets;
  bool allNeedAll = true;
  for (unsigned device = 0; device < plan.getClient(); ++device)
    if (RowInterval computed = shares[device].computed; !computed.empty()) {
      targets.push_back(device);
      allNeedAll &= plan.getRegion(result, computed) == whole;
    }
  auto sources = llvm::map_to_vector(
      partials, [](const Partial &partial) { return partial.device; });
  Sum sum;
  if (allNeedAll && std::is_permutation(targets.begin(), targets.end(),
                                        sources.begin(), sources.end())) {
    SmallVector<Value> values;
    SmallVector<Attribute> names;
    for (const Partial &partial : partials) {
      values.push_back(partial.value);
      names.push_back(nameOf(partial.device));
    }
    SmallVector<Type> types(values.size(), values.front().getType());
    auto reduced = AllReduceOp::create(builder, op->getLoc(), types, values,
                                       builder.getArrayAttr(names));
    for (auto [source, value] : llvm::zip_equal(sources, reduced.getResults()))
      sum.push_back({source, {value}});
    return sum;
  }
  for (unsigned target : targets)
    sum.push_back({target, SmallVector<Value>(partials.size())});
  // Were all to send to the first target first, they would wait for each other.
  for (auto [number, partial] : llvm::enumerate(partials))
    for (size_t i = 1; i <= sum.size(); ++i) {
      auto &[target, addends] = sum[(number + i) % sum.size()];
      addends[number] =
          strips.send(op->getLoc(), {partial.value, whole},
                      plan.getRegion(result, shares[target].computed),
                      partial.device, target);
    }
  return sum;
}

/// Adds the parts of `sum` in their order.
void Placer::placeSum(Operation *op, const Sum &sum, Finish finish) {
  Value result = op->getResult(0);
  for (const auto &[target, addends] : sum) {
    RowInterval range = plan.getShares(result)[target].computed;
    FragmentOp last = buildFragment(
        builder, op->getLoc(), nameOf(target),
        parts.getPart(result, target, range), [&](OpBuilder &inner) {
          return finish(inner, addInOrder(inner, op->getLoc(), addends),
                        plan.getRegion(result, range));
        });
    strips.addPiece(result, target, range, last.getResult(0));
  }
  if (strips.isGathered(result))
    strips.gather(result);
}

/// Who owns rows of `value`, from the first row to the last.
SmallVector<unsigned> Placer::listOwners(Value value) {
  ArrayRef<LayoutPlan::Share> shares = plan.getShares(value);
  SmallVector<unsigned> owners;
  for (unsigned device = 0; device < plan.getClient(); ++device)
    if (!shares[device].owned.empty())
      owners.push_back(device);
  llvm::sort(owners, [&](unsigned a, unsigned b) {
    return shares[a].owned.begin < shares[b].owned.begin;
  });
  return owners;
}

Placer::Sum Placer::startReduction(Operation *op) {
  Value operand = op->getOperand(0);
  auto reduction = cast<nn::RowReductionOpInterface>(op);
  SmallVector<Partial> partials;
  for (unsigned owner : listOwners(operand))
    partials.push_back(
        {owner,
         computePartial(
             operand, op->getLoc(), owner,
             plan.getRegion(operand, plan.getShares(operand)[owner].owned),
             [&](OpBuilder &inner, Value strip) {
               return reduction.buildPartial(inner, strip);
             })});
  return exchange(op, partials);
}

/// Begins the reductions of the result of `op`, which is not placed yet, where
/// what they sum can be had from its operand: the partial sums travel while
/// `op` is computed.
void Placer::startEarly(Operation *op) {
  if (!nn::hasLinearRows(op))
    return;
  Value result = op->getResult(0);
  for (Operation *user : result.getUsers()) {
    if (!plan.isDistributedReduction(user) || started.contains(user))
      continue;
    auto reduction = cast<nn::RowReductionOpInterface>(user);
    SmallVector<Partial> partials;
    for (unsigned owner : listOwners(result)) {
      RowInterval rows = plan.getShares(result)[owner].owned;
      partials.push_back(
          {owner, computePartial(op->getOperand(0), user->getLoc(), owner,
                                 getNeededRegion(op->getOpOperand(0),
                                                 plan.getRegion(result, rows)),
                                 [&](OpBuilder &inner, Value strip) {
                                   return reduction.buildPartial(
                                       inner,
                                       nn::buildRowSum(inner, op, strip, rows));
                                 })});
    }
    started[user] = exchange(user, partials);
  }
}

void Placer::placeReduction(Operation *op) {
  auto reduction = cast<nn::RowReductionOpInterface>(op);
  auto early = started.find(op);
  placeSum(op, early == started.end() ? startReduction(op) : early->second,
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
                     op->getOperand(0), op->getLoc(), device, {rows, channels},
                     [&, channels = channels](OpBuilder &inner, Value input) {
                       return reduction.buildChannelPartial(inner, input,
                                                            channels);
                     })});
  placeSum(op, exchange(op, partials),
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
    return placeReduction(op);
  if (!plan.getContractions(op).empty())
    return placeContraction(op);
  SmallVector<Operation *> chain;
  for (Operation *link = op; link; link = predecessors.lookup(link))
    chain.push_back(link);
  std::reverse(chain.begin(), chain.end());
  if (chain.size() == 1)
    startEarly(op);
  placeParts(chain);
}

void Placer::run() {
  Operation *terminator = function.front().getTerminator();
  builder.setInsertionPoint(terminator);
  placeStream(plan, strips, parts,
              [&](Operation *op, unsigned device, RowInterval rows) {
                return choosePieces(op, device, rows).pieces;
              });
  for (BlockArgument argument : function.getArguments()) {
    if (strips.contains(argument))
      continue;
    strips.addTensor(argument);
    strips.addPiece(argument, plan.getClient(), nn::wholeRegion(argument).rows,
                    argument);
  }
  if (boundaryFirst != BoundaryFirst::Never)
    predecessors = findPredecessors(plan);
  DenseSet<Operation *> followed;
  for (auto [op, predecessor] : predecessors)
    followed.insert(predecessor);
  for (Operation *op : plan.getOperations().drop_front(plan.getStream().size()))
    if (!followed.contains(op))
      place(op);
  for (OpOperand &result : terminator->getOpOperands())
    if (strips.contains(result.get()))
      result.set(strips
                     .getStrip(result.get(), plan.getClient(),
                               nn::wholeRegion(result.get()))
                     .value);
  for (Operation *op : llvm::reverse(plan.getOperations()))
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
