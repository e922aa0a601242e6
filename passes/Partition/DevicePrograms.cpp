//===- DevicePrograms.cpp - Device modules as steps in numbers ------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Partition/DevicePrograms.h"

#include "dialects/Cluster/Cluster.h"
#include "dialects/Nn/Nn.h"
#include "passes/Partition/NetworkPlan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::cluster;

static int64_t bytesOf(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getNumElements() * type.getElementTypeBitWidth() / 8;
}

/// Whether `op` cuts out or joins rows of images.
static bool isRowView(Operation *op) {
  if (auto concat = dyn_cast<nn::ConcatOp>(op))
    return concat.getAxis() == 1;
  auto slice = dyn_cast<nn::SliceOp>(op);
  if (!slice)
    return false;
  auto from = cast<RankedTensorType>(slice.getInput().getType());
  auto to = cast<RankedTensorType>(slice.getResult().getType());
  for (int64_t dimension = 0; dimension < from.getRank(); ++dimension)
    if (dimension != 1 &&
        from.getDimSize(dimension) != to.getDimSize(dimension))
      return false;
  return true;
}

static size_t findParticipant(const CostModel &model, StringRef name) {
  if (name == clientName)
    return model.client();
  const std::vector<DeviceDescription> &devices = model.cluster().devices;
  for (size_t device = 0; device < devices.size(); ++device)
    if (name == devices[device].name)
      return device;
  llvm_unreachable("a split plan names devices of its cluster");
}

static Program extractProgram(func::FuncOp function, size_t participant,
                              const CostModel &model) {
  Program program;
  for (Operation &op : function.front().without_terminator()) {
    ProgramStep step;
    if (auto send = dyn_cast<SendOp>(op)) {
      step.kind = ProgramStep::Kind::Send;
      step.peer = findParticipant(model, send.getPeer());
      step.channel = send.getChannel();
      step.bytes = bytesOf(send.getValue());
    } else if (auto receive = dyn_cast<RecvOp>(op)) {
      step.kind = ProgramStep::Kind::Receive;
      step.peer = findParticipant(model, receive.getPeer());
      step.channel = receive.getChannel();
      step.bytes = bytesOf(receive.getResult());
    } else if (auto cost = dyn_cast<nn::CostOpInterface>(op);
               cost && participant != model.client() && !isRowView(&op)) {
      step.seconds = model.operatorSeconds(participant, describeOperator(&op),
                                           cost.getCost(), countCostRows(&op));
    } else {
      continue;
    }
    program.push_back(step);
  }
  return program;
}

std::vector<Program> cluster::extractPrograms(ModuleOp plan,
                                              const CostModel &model) {
  std::vector<Program> programs(model.numDevices() + 1);
  for (ModuleOp module : plan.getOps<ModuleOp>()) {
    const size_t participant = findParticipant(model, *module.getName());
    for (func::FuncOp function : module.getOps<func::FuncOp>())
      programs[participant] = extractProgram(function, participant, model);
  }
  return programs;
}
