//===- SplitDevices.cpp - From the placed level to device modules ---------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Partition/Passes.h"

#include "dialects/Cluster/Cluster.h"
#include "dialects/Nn/Nn.h"
#include "mlir/Dialect/DLTI/DLTI.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "passes/Partition/Devices.h"

using namespace mlir;

namespace windrow::cluster {

#define GEN_PASS_DEF_SPLITDEVICES
#include "passes/Partition/Passes.h.inc"

namespace {

/// The module of one participant while it is being filled.
struct ParticipantModule {
  ModuleOp module;
  func::FuncOp function;
  /// From values of the placed function to those of this module.
  IRMapping values;
  SmallVector<RecvOp> receives;
};

class Splitter {
public:
  Splitter(ModuleOp plan, func::FuncOp placed)
      : plan(plan), placed(placed), builder(plan.getContext()) {}

  LogicalResult run(const ClusterDescription &cluster);

private:
  void addModule(StringRef name);
  LogicalResult move(Operation &op);
  LogicalResult moveFragment(FragmentOp fragment);
  LogicalResult moveTransfer(TransferOp transfer);
  void finish(func::ReturnOp returnOp);
  FailureOr<ParticipantModule *> find(Operation *op, StringRef name);
  /// Clones what every participant can have into the module that reads it.
  void provide(ParticipantModule &participant, Value value);
  LogicalResult dropIdleDevices();

  ModuleOp plan;
  func::FuncOp placed;
  OpBuilder builder;
  SmallVector<ParticipantModule> participants;
  llvm::StringMap<unsigned> positions;
  int64_t channels = 0;
};

} // namespace

/// Erases, from the last to the first, what is unused and has no effect.
static void eraseDead(func::FuncOp function) {
  SmallVector<Operation *> operations;
  for (Operation &op : function.front().without_terminator())
    operations.push_back(&op);
  for (Operation *op : llvm::reverse(operations))
    if (isOpTriviallyDead(op))
      op->erase();
}

void Splitter::addModule(StringRef name) {
  positions[name] = participants.size();
  ParticipantModule &participant = participants.emplace_back();
  builder.setInsertionPointToEnd(plan.getBody());
  participant.module = ModuleOp::create(builder, plan.getLoc(), name);
  builder.setInsertionPointToStart(participant.module.getBody());
  bool isClient = name == clientName;
  auto type =
      isClient ? placed.getFunctionType() : builder.getFunctionType({}, {});
  participant.function =
      func::FuncOp::create(builder, placed.getLoc(), placed.getName(), type);
  Block *entry = participant.function.addEntryBlock();
  if (!isClient)
    return;
  if (ArrayAttr attributes = placed.getArgAttrsAttr())
    participant.function.setArgAttrsAttr(attributes);
  if (ArrayAttr attributes = placed.getResAttrsAttr())
    participant.function.setResAttrsAttr(attributes);
  participant.function->setDiscardableAttrs(
      placed->getDiscardableAttrDictionary());
  participant.values.map(placed.getArguments(), entry->getArguments());
}

FailureOr<ParticipantModule *> Splitter::find(Operation *op, StringRef name) {
  auto it = positions.find(name);
  if (it == positions.end())
    return op->emitOpError()
           << "must name a device of the module or the client, got \"" << name
           << "\"";
  return &participants[it->second];
}

void Splitter::provide(ParticipantModule &participant, Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || !isAvailableEverywhere(op) || participant.values.contains(value))
    return;
  builder.setInsertionPointToEnd(&participant.function.front());
  builder.clone(*op, participant.values);
}

LogicalResult Splitter::moveFragment(FragmentOp fragment) {
  FailureOr<ParticipantModule *> participant =
      find(fragment, fragment.getDevice());
  if (failed(participant))
    return failure();
  IRMapping &values = (*participant)->values;
  Block &body = fragment.getBody().front();
  for (Operation &op : body.without_terminator()) {
    for (Value operand : op.getOperands())
      provide(**participant, operand);
    builder.setInsertionPointToEnd(&(*participant)->function.front());
    builder.clone(op, values);
  }
  for (auto [result, yielded] : llvm::zip_equal(
           fragment.getResults(), body.getTerminator()->getOperands())) {
    provide(**participant, yielded);
    values.map(result, values.lookup(yielded));
  }
  return success();
}

LogicalResult Splitter::moveTransfer(TransferOp transfer) {
  FailureOr<ParticipantModule *> source = find(transfer, transfer.getSource());
  FailureOr<ParticipantModule *> target = find(transfer, transfer.getTarget());
  if (failed(source) || failed(target))
    return failure();
  Location location = transfer.getLoc();
  int64_t channel = channels++;
  provide(**source, transfer.getValue());
  builder.setInsertionPointToEnd(&(*source)->function.front());
  SendOp::create(builder, location,
                 (*source)->values.lookup(transfer.getValue()),
                 transfer.getTarget(), channel);
  builder.setInsertionPointToEnd(&(*target)->function.front());
  auto receive = RecvOp::create(builder, location, transfer.getType(),
                                transfer.getSource(), channel);
  (*target)->receives.push_back(receive);
  (*target)->values.map(transfer.getResult(), receive.getResult());
  return success();
}

LogicalResult Splitter::move(Operation &op) {
  if (auto fragment = dyn_cast<FragmentOp>(op))
    return moveFragment(fragment);
  if (auto transfer = dyn_cast<TransferOp>(op))
    return moveTransfer(transfer);
  if (isAvailableEverywhere(&op))
    return success();
  return op.emitOpError() << "must be in a fragment to be split";
}

/// Moves each receive of `receives`, given in their order, down to the first
/// use of its result, or to the next receive from the same peer if that is
/// earlier.
static void sinkReceives(ArrayRef<RecvOp> receives) {
  DenseMap<Attribute, Operation *> nextFromPeer;
  DenseSet<Operation *> sunk;
  for (RecvOp receive : llvm::reverse(receives)) {
    Operation *&next = nextFromPeer[receive.getPeerAttr()];
    Operation *latest = next;
    for (Operation *user : receive->getUsers())
      if (!latest || user->isBeforeInBlock(latest))
        latest = user;
    // Receives that meet at one place keep their order.
    while (sunk.contains(latest->getPrevNode()))
      latest = latest->getPrevNode();
    receive->moveBefore(latest);
    next = receive;
    sunk.insert(receive);
  }
}

void Splitter::finish(func::ReturnOp returnOp) {
  for (ParticipantModule &participant : participants) {
    SmallVector<Value> results;
    if (participant.module.getName() == clientName)
      for (Value value : returnOp.getOperands()) {
        provide(participant, value);
        results.push_back(participant.values.lookup(value));
      }
    builder.setInsertionPointToEnd(&participant.function.front());
    func::ReturnOp::create(builder, returnOp.getLoc(), results);
    sinkReceives(participant.receives);
  }
}

LogicalResult Splitter::dropIdleDevices() {
  auto spec = plan->getAttrOfType<TargetSystemSpecAttr>(
      DLTIDialect::kTargetSystemDescAttrName);
  SmallVector<DataLayoutEntryInterface> busy;
  for (DataLayoutEntryInterface entry : spec.getEntries()) {
    StringRef name = cast<StringAttr>(entry.getKey()).getValue();
    ParticipantModule &participant = participants[positions[name]];
    if (!llvm::hasSingleElement(participant.function.front())) {
      busy.push_back(entry);
      continue;
    }
    remark::missed(plan.getLoc(),
                   remark::RemarkOpts::name("IdleDevice").category("cluster"))
        << remark::reason("device \"{0}\" has no part in the plan", name.str());
    participant.module.erase();
  }
  if (busy.empty())
    return plan.emitError() << "must have work for at least one device";
  plan->setAttr(DLTIDialect::kTargetSystemDescAttrName,
                TargetSystemSpecAttr::get(plan.getContext(), busy));
  return success();
}

LogicalResult Splitter::run(const ClusterDescription &cluster) {
  eraseDead(placed);
  for (const DeviceDescription &device : cluster.devices)
    addModule(device.name);
  addModule(clientName);
  for (Operation &op : placed.front().without_terminator())
    if (failed(move(op)))
      return failure();
  auto returnOp = cast<func::ReturnOp>(placed.front().getTerminator());
  for (Value value : returnOp.getOperands()) {
    FailureOr<StringAttr> holder = getHolder(value);
    if (failed(holder) || (*holder && *holder != clientName))
      return returnOp.emitOpError()
             << "must return values that the client holds";
  }
  finish(returnOp);
  placed.erase();
  return dropIdleDevices();
}

namespace {
struct SplitDevicesPass : impl::SplitDevicesBase<SplitDevicesPass> {
  void runOnOperation() override {
    FailureOr<ClusterDescription> cluster = readDevices(getOperation());
    if (failed(cluster))
      return signalPassFailure();
    FailureOr<func::FuncOp> placed = getOnlyFunction(getOperation());
    if (failed(placed) ||
        failed(Splitter(getOperation(), *placed).run(*cluster)))
      signalPassFailure();
  }
};
} // namespace

} // namespace windrow::cluster
