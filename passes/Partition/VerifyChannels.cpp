//===- VerifyChannels.cpp - All messages arrive, nobody hangs -------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Partition/Passes.h"

#include "dialects/Cluster/Cluster.h"
#include "dialects/Nn/Nn.h"
#include "passes/Partition/Devices.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace windrow::cluster {

#define GEN_PASS_DEF_VERIFYCHANNELS
#include "passes/Partition/Passes.h.inc"

namespace {

/// The two ends of a channel.
struct Channel {
  SendOp send;
  RecvOp recv;
};

/// What one module sends and receives, in its order.
struct Program {
  ModuleOp module;
  SmallVector<Operation *> operations;
};

class ChannelVerifier {
public:
  LogicalResult run(ModuleOp plan);

private:
  LogicalResult collect(ModuleOp module);
  template <typename OpTy> LogicalResult addEnd(OpTy op, OpTy Channel::*end);
  LogicalResult verifyEnds();
  LogicalResult verifyOrder();
  LogicalResult verifyProgress();
  LogicalResult reportCycle(ArrayRef<size_t> next, size_t first);

  SmallVector<Program> programs;
  DenseMap<Attribute, size_t> positions;
  llvm::MapVector<int64_t, Channel> channels;
};

} // namespace

static StringAttr moduleOf(Operation *op) {
  return op->getParentOfType<ModuleOp>().getSymNameAttr();
}

template <typename OpTy>
LogicalResult ChannelVerifier::addEnd(OpTy op, OpTy Channel::*end) {
  OpTy &present = channels[op.getChannel()].*end;
  if (!present) {
    present = op;
    return success();
  }
  InFlightDiagnostic diagnostic =
      op.emitOpError() << "uses channel " << op.getChannel()
                       << ", which has another "
                       << (isa<SendOp>(op.getOperation()) ? "sender"
                                                          : "receiver");
  diagnostic.attachNote(present.getLoc()) << "the other one is here";
  return diagnostic;
}

LogicalResult ChannelVerifier::collect(ModuleOp module) {
  FailureOr<func::FuncOp> function = getOnlyFunction(module);
  if (failed(function))
    return failure();
  positions[module.getSymNameAttr()] = programs.size();
  Program &program = programs.emplace_back();
  program.module = module;
  for (Operation &op : function->front()) {
    auto send = dyn_cast<SendOp>(op);
    auto recv = dyn_cast<RecvOp>(op);
    if (!send && !recv)
      continue;
    program.operations.push_back(&op);
    if (send ? failed(addEnd(send, &Channel::send))
             : failed(addEnd(recv, &Channel::recv)))
      return failure();
  }
  return success();
}

LogicalResult ChannelVerifier::verifyEnds() {
  for (auto &[number, channel] : channels) {
    auto [send, recv] = channel;
    if (!recv)
      return send.emitOpError()
             << "uses channel " << number << ", which has no receiver";
    if (!send)
      return recv.emitOpError()
             << "uses channel " << number << ", which has no sender";
    if (send.getPeerAttr().getAttr() != moduleOf(recv))
      return send.emitOpError()
             << "must name the receiver of channel " << number << ", @"
             << moduleOf(recv).getValue() << ", got " << send.getPeerAttr();
    if (recv.getPeerAttr().getAttr() != moduleOf(send))
      return recv.emitOpError()
             << "must name the sender of channel " << number << ", @"
             << moduleOf(send).getValue() << ", got " << recv.getPeerAttr();
    if (send.getValue().getType() != recv.getType())
      return recv.emitOpError()
             << "must have the type that channel " << number << " carries, "
             << send.getValue().getType() << ", got " << recv.getType();
  }
  return success();
}

/// Both ends of each direction between two participants must list the same
/// channels; `verifyEnds` has shown that they list as many.
LogicalResult ChannelVerifier::verifyOrder() {
  DenseMap<std::pair<Attribute, Attribute>, SmallVector<SendOp>> sends;
  for (Program &program : programs)
    for (Operation *op : program.operations)
      if (auto send = dyn_cast<SendOp>(op))
        sends[{moduleOf(send), send.getPeerAttr().getAttr()}].push_back(send);
  DenseMap<std::pair<Attribute, Attribute>, size_t> received;
  for (Program &program : programs)
    for (Operation *op : program.operations) {
      auto recv = dyn_cast<RecvOp>(op);
      if (!recv)
        continue;
      std::pair<Attribute, Attribute> direction{recv.getPeerAttr().getAttr(),
                                                moduleOf(recv)};
      SendOp send = sends[direction][received[direction]++];
      if (send.getChannel() == recv.getChannel())
        continue;
      InFlightDiagnostic diagnostic =
          recv.emitOpError()
          << "must use channel " << send.getChannel()
          << ", the next one that its peer sends, got " << recv.getChannel();
      diagnostic.attachNote(send.getLoc()) << "sent here";
      return diagnostic;
    }
  return success();
}

/// Reports who waits for whom, from program `first` on, which is stuck.
LogicalResult ChannelVerifier::reportCycle(ArrayRef<size_t> next,
                                           size_t first) {
  // Following the waits long enough leads into a cycle.
  auto waitsFor = [&](size_t program) {
    auto recv = cast<RecvOp>(programs[program].operations[next[program]]);
    return positions.lookup(recv.getPeerAttr().getAttr());
  };
  for (size_t step = 0; step < programs.size(); ++step)
    first = waitsFor(first);
  for (size_t program = waitsFor(first); program != first;
       program = waitsFor(program))
    if (program < first)
      first = program;
  auto recv = cast<RecvOp>(programs[first].operations[next[first]]);
  InFlightDiagnostic diagnostic = recv.emitOpError()
                                  << "waits for channel " << recv.getChannel()
                                  << ", whose sender waits for it";
  for (size_t program = waitsFor(first); program != first;
       program = waitsFor(program)) {
    auto other = cast<RecvOp>(programs[program].operations[next[program]]);
    diagnostic.attachNote(other.getLoc())
        << "@" << moduleOf(other).getValue() << " waits for channel "
        << other.getChannel() << " here";
  }
  return diagnostic;
}

/// Runs all programs as far as they go.
LogicalResult ChannelVerifier::verifyProgress() {
  SmallVector<size_t> next(programs.size(), 0);
  DenseSet<int64_t> sent;
  bool progress = true;
  while (progress) {
    progress = false;
    for (auto [position, program] : llvm::enumerate(programs))
      for (; next[position] < program.operations.size(); ++next[position]) {
        Operation *op = program.operations[next[position]];
        if (auto send = dyn_cast<SendOp>(op))
          sent.insert(send.getChannel());
        else if (!sent.contains(cast<RecvOp>(op).getChannel()))
          break;
        progress = true;
      }
  }
  for (auto [position, program] : llvm::enumerate(programs))
    if (next[position] < program.operations.size())
      return reportCycle(next, position);
  return success();
}

LogicalResult ChannelVerifier::run(ModuleOp plan) {
  for (ModuleOp module : plan.getOps<ModuleOp>())
    if (failed(collect(module)))
      return failure();
  return success(succeeded(verifyEnds()) && succeeded(verifyOrder()) &&
                 succeeded(verifyProgress()));
}

namespace {
struct VerifyChannelsPass : impl::VerifyChannelsBase<VerifyChannelsPass> {
  void runOnOperation() override {
    if (failed(ChannelVerifier().run(getOperation())))
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace

} // namespace windrow::cluster
