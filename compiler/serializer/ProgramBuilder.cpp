//===- ProgramBuilder.cpp - One participant's bundle, in memory -----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/serializer/ProgramBuilder.h"

#include "compiler/serializer/ArenaLayout.h"
#include "compiler/serializer/OperatorEncoding.h"
#include "compiler/serializer/Schedule.h"
#include "compiler/serializer/StoragePlan.h"
#include "dialects/Cluster/Cluster.h"
#include "runtime/artifact/bundle_layout.h"
#include "llvm/ADT/TypeSwitch.h"

#include <map>

using namespace mlir;
using namespace windrow;

namespace {
class ProgramBuilder : public OperandNumbering {
public:
  ProgramBuilder(func::FuncOp function,
                 const llvm::StringMap<uint32_t> &participantNumbers)
      : function(function), participantNumbers(participantNumbers),
        storage(function) {}

  FailureOr<ParticipantProgram> build();

  uint32_t getTensor(Value value) override;
  uint32_t getTensorAt(RankedTensorType type, StoragePlace place) override;
  uint32_t getWeight(nn::ConstantOp constant,
                     nn::WeightStorage storage) override;

private:
  LogicalResult addSteps();
  LogicalResult addOperation(Operation *op);
  LogicalResult addChannel(Operation *op, FlatSymbolRefAttr peer, int64_t id,
                           Value tensor, ScheduleStep::Kind kind);
  void addModelTensors();
  void addModelTensor(Value value, DictionaryAttr attributes,
                      StringRef defaultName,
                      std::vector<std::unique_ptr<format::ModelTensorT>> &list);
  void scheduleSteps();

  func::FuncOp function;
  const llvm::StringMap<uint32_t> &participantNumbers;
  StoragePlan storage;
  ParticipantProgram program;
  std::vector<ScheduleStep> steps;
  std::vector<unsigned> pinnedBuffers;

  /// The buffer of each tensor; offsets stay relative to it until the arena is
  /// laid out.
  std::vector<unsigned> tensorBuffers;
  std::map<std::tuple<unsigned, uint64_t, const void *>, uint32_t>
      tensorNumbers;
};
} // namespace

uint32_t ProgramBuilder::getTensor(Value value) {
  return getTensorAt(cast<RankedTensorType>(value.getType()),
                     storage.getPlace(value));
}

uint32_t ProgramBuilder::getTensorAt(RankedTensorType type,
                                     StoragePlace place) {
  auto &tensors = program.bundle.tensors;
  auto [it, isNew] = tensorNumbers.try_emplace(
      {place.buffer, place.offset, type.getAsOpaquePointer()}, tensors.size());
  if (!isNew)
    return it->second;
  auto tensor = std::make_unique<format::TensorT>();
  tensor->type = type.getElementType().isF32() ? format::ElementType::F32
                                               : format::ElementType::U8;
  tensor->dims.assign(type.getShape().begin(), type.getShape().end());
  tensor->offset = place.offset;
  tensors.push_back(std::move(tensor));
  tensorBuffers.push_back(place.buffer);
  return it->second;
}

static format::ElementType encodeStorage(nn::WeightStorage storage) {
  switch (storage) {
  case nn::WeightStorage::F32:
    return format::ElementType::F32;
  case nn::WeightStorage::BF16:
    return format::ElementType::BF16;
  case nn::WeightStorage::F16:
    return format::ElementType::F16;
  }
  llvm_unreachable("all forms are listed");
}

uint32_t ProgramBuilder::getWeight(nn::ConstantOp constant,
                                   nn::WeightStorage storage) {
  auto &weights = program.bundle.weights;
  unsigned number = program.weights.add(constant, storage);
  if (number < weights.size())
    return number;
  auto type = cast<RankedTensorType>(constant.getResult().getType());
  auto weight = std::make_unique<format::WeightT>();
  weight->type = encodeStorage(storage);
  weight->dims.assign(type.getShape().begin(), type.getShape().end());
  weights.push_back(std::move(weight));
  return number;
}

/// Fails unless all tensors of `op` have elements that a bundle can hold.
static LogicalResult checkElementTypes(Operation *op) {
  auto isSupported = [](Type type) {
    Type element = cast<RankedTensorType>(type).getElementType();
    return element.isF32() || element.isUnsignedInteger(8);
  };
  for (TypeRange types :
       {TypeRange(op->getOperandTypes()), TypeRange(op->getResultTypes())})
    for (Type type : types)
      if (!isSupported(type))
        return op->emitOpError("element type must be f32 or ui8, got ") << type;
  return success();
}

LogicalResult ProgramBuilder::addChannel(Operation *op, FlatSymbolRefAttr peer,
                                         int64_t id, Value tensor,
                                         ScheduleStep::Kind kind) {
  auto it = participantNumbers.find(peer.getValue());
  if (it == participantNumbers.end())
    return op->emitOpError("peer must be a device of the cluster or the "
                           "client, got ")
           << peer;
  ScheduleStep step;
  step.kind = kind;
  step.index = program.bundle.channels.size();
  step.peer = it->second;
  bool isSend = kind == ScheduleStep::Kind::Send;
  (isSend ? step.readBuffers : step.writtenBuffers)
      .push_back(storage.getPlace(tensor).buffer);
  steps.push_back(std::move(step));

  auto channel = std::make_unique<format::ChannelT>();
  channel->id = id;
  channel->peer = it->second;
  channel->direction =
      isSend ? format::Direction::Send : format::Direction::Receive;
  channel->tensor = getTensor(tensor);
  program.bundle.channels.push_back(std::move(channel));
  return success();
}

LogicalResult ProgramBuilder::addOperation(Operation *op) {
  auto &operators = program.bundle.operators;
  size_t numBefore = operators.size();
  if (failed(encodeOperation(op, storage, *this, operators)))
    return failure();
  for (size_t index = numBefore; index < operators.size(); ++index) {
    ScheduleStep step;
    step.index = index;
    for (Value operand : op->getOperands())
      if (!operand.getDefiningOp<nn::ConstantOp>())
        step.readBuffers.push_back(storage.getPlace(operand).buffer);
    step.writtenBuffers.push_back(storage.getPlace(op->getResult(0)).buffer);
    steps.push_back(std::move(step));
  }
  return success();
}

LogicalResult ProgramBuilder::addSteps() {
  for (Operation &op : function.getBody().front()) {
    if (isa<nn::ConstantOp, func::ReturnOp>(op))
      continue;
    LogicalResult result =
        llvm::TypeSwitch<Operation *, LogicalResult>(&op)
            .Case([&](cluster::SendOp send) {
              return addChannel(send, send.getPeerAttr(), send.getChannel(),
                                send.getValue(), ScheduleStep::Kind::Send);
            })
            .Case([&](cluster::RecvOp receive) {
              return addChannel(receive, receive.getPeerAttr(),
                                receive.getChannel(), receive.getResult(),
                                ScheduleStep::Kind::Receive);
            })
            .Default([&](Operation *other) { return addOperation(other); });
    if (failed(result))
      return failure();
  }
  return success();
}

void ProgramBuilder::addModelTensor(
    Value value, DictionaryAttr attributes, StringRef defaultName,
    std::vector<std::unique_ptr<format::ModelTensorT>> &list) {
  auto getString = [&](StringRef key) {
    auto attribute = attributes ? attributes.getAs<StringAttr>(key) : nullptr;
    return attribute ? attribute.getValue() : StringRef();
  };
  auto modelTensor = std::make_unique<format::ModelTensorT>();
  StringRef name = getString("nn.name");
  modelTensor->name = (name.empty() ? defaultName : name).str();
  modelTensor->tensor = getTensor(value);
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  modelTensor->dims.assign(shape.begin(), shape.end());
  StringRef layout = getString("nn.model_layout");
  if (layout == "NHWC")
    modelTensor->layout = format::TensorLayout::NHWC;
  if (layout == "NCHW") {
    modelTensor->layout = format::TensorLayout::NCHW;
    auto &dims = modelTensor->dims;
    dims = {dims[0], dims[3], dims[1], dims[2]};
  }
  list.push_back(std::move(modelTensor));
  pinnedBuffers.push_back(storage.getPlace(value).buffer);
}

void ProgramBuilder::addModelTensors() {
  for (BlockArgument argument : function.getArguments())
    addModelTensor(argument, function.getArgAttrDict(argument.getArgNumber()),
                   "input" + std::to_string(argument.getArgNumber()),
                   program.bundle.inputs);
  Operation *terminator = function.getBody().front().getTerminator();
  for (OpOperand &result : terminator->getOpOperands())
    addModelTensor(result.get(),
                   function.getResultAttrDict(result.getOperandNumber()),
                   "output" + std::to_string(result.getOperandNumber()),
                   program.bundle.outputs);
}

static format::InstructionKind encodeKind(ScheduledKind kind) {
  switch (kind) {
  case ScheduledKind::Run:
    return format::InstructionKind::Run;
  case ScheduledKind::PostReceive:
    return format::InstructionKind::PostReceive;
  case ScheduledKind::WaitReceive:
    return format::InstructionKind::WaitReceive;
  case ScheduledKind::PostSend:
    return format::InstructionKind::PostSend;
  case ScheduledKind::WaitSend:
    return format::InstructionKind::WaitSend;
  }
  llvm_unreachable("all kinds are listed");
}

void ProgramBuilder::scheduleSteps() {
  Schedule schedule =
      makeSchedule(steps, storage.getNumBuffers(), pinnedBuffers);
  for (const ScheduledInstruction &instruction : schedule.instructions)
    program.bundle.instructions.emplace_back(encodeKind(instruction.kind),
                                             instruction.index);
  std::vector<ArenaBuffer> buffers;
  for (auto [index, lifetime] : llvm::enumerate(schedule.lifetimes)) {
    ArenaBuffer buffer;
    buffer.bytes = lifetime.isUsed() ? storage.getBufferBytes(index) : 0;
    buffer.firstStep = lifetime.first;
    buffer.lastStep = lifetime.last;
    buffers.push_back(buffer);
  }
  uint64_t bytes = layOutArena(buffers, bundleAlignment);
  program.bundle.arena_bytes = alignSection(bytes + tensorSlackBytes);
  for (auto [tensor, buffer] :
       llvm::zip_equal(program.bundle.tensors, tensorBuffers))
    tensor->offset += buffers[buffer].offset;
}

FailureOr<ParticipantProgram> ProgramBuilder::build() {
  WalkResult checked = function.walk([](Operation *op) {
    return isa<func::FuncOp>(op) || succeeded(checkElementTypes(op))
               ? WalkResult::advance()
               : WalkResult::interrupt();
  });
  if (checked.wasInterrupted() || failed(addSteps()))
    return failure();
  addModelTensors();
  scheduleSteps();
  return std::move(program);
}

FailureOr<ParticipantProgram>
windrow::buildProgram(ModuleOp participant,
                      const llvm::StringMap<uint32_t> &participantNumbers) {
  auto functions = llvm::to_vector(participant.getOps<func::FuncOp>());
  if (functions.size() != 1)
    return participant.emitError("module of a participant must hold one "
                                 "function, got ")
           << functions.size();
  return ProgramBuilder(functions.front(), participantNumbers).build();
}
