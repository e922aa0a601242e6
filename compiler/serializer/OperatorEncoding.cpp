//===- OperatorEncoding.cpp - From nn ops to bundle operators -------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/serializer/OperatorEncoding.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>

using namespace mlir;
using namespace windrow;

OperandNumbering::~OperandNumbering() = default;

static std::unique_ptr<format::Clamp>
encodeClamp(std::optional<nn::ClampAttr> clamp) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  if (!clamp)
    return std::make_unique<format::Clamp>(-infinity, infinity);
  return std::make_unique<format::Clamp>(clamp->getMinValue(),
                                         clamp->getMaxValue());
}

static std::unique_ptr<format::Padding> encodePadding(ArrayRef<int64_t> pads) {
  return std::make_unique<format::Padding>(pads[0], pads[1], pads[2], pads[3]);
}

static std::unique_ptr<format::Extent> encodeExtent(ArrayRef<int64_t> extent) {
  return std::make_unique<format::Extent>(extent[0], extent[1]);
}

static std::vector<uint32_t> encodeSizes(ArrayRef<int64_t> sizes) {
  return {sizes.begin(), sizes.end()};
}

namespace {
class OperatorEncoder {
public:
  OperatorEncoder(Operation *op, const StoragePlan &storage,
                  OperandNumbering &numbering,
                  std::vector<std::unique_ptr<format::OperatorT>> &operators)
      : op(op), storage(storage), numbering(numbering), operators(operators) {}

  LogicalResult encode();

private:
  LogicalResult encodeConv2D(nn::Conv2DOp conv);
  LogicalResult encodeMaxPool2D(nn::MaxPool2DOp pool);
  LogicalResult encodeAvgPool2D(nn::AvgPool2DOp pool);
  LogicalResult encodeFullyConnected(nn::FullyConnectedOp fullyConnected);
  LogicalResult encodeScaleShift(nn::ScaleShiftOp scaleShift);
  LogicalResult encodeConcat(nn::ConcatOp concat);
  LogicalResult encodeSlice(nn::SliceOp slice);
  LogicalResult encodeGlobalPool(format::GlobalPoolKind kind);
  LogicalResult encodeUnary(format::UnaryKind kind,
                            std::optional<nn::ClampAttr> clamp = {});
  LogicalResult encodeBinary(format::BinaryKind kind,
                             std::optional<nn::ClampAttr> clamp);

  /// The weight of operand `value`, or a failure where it is no constant.
  FailureOr<uint32_t>
  getWeight(Value value, StringRef role,
            nn::WeightStorage storage = nn::WeightStorage::F32);
  FailureOr<int32_t> getBias(Value bias);

  uint32_t getInput() { return numbering.getTensor(op->getOperand(0)); }
  uint32_t getOutput() { return numbering.getTensor(op->getResult(0)); }

  /// An operation `T` with its input and output set.
  template <typename T> T makeOperation() {
    T operation;
    operation.input = getInput();
    operation.output = getOutput();
    return operation;
  }

  template <typename T> LogicalResult append(T operation);

  Operation *op;
  const StoragePlan &storage;
  OperandNumbering &numbering;
  std::vector<std::unique_ptr<format::OperatorT>> &operators;
};
} // namespace

/// The name of the model's node that `op` comes from, or of the operation.
static std::string getOperatorName(Operation *op) {
  std::string name;
  op->getLoc()->walk([&](Location location) {
    auto nameLocation = dyn_cast<NameLoc>(location);
    if (!nameLocation)
      return WalkResult::advance();
    name = nameLocation.getName().str();
    return WalkResult::interrupt();
  });
  return name.empty() ? op->getName().getStringRef().str() : name;
}

template <typename T> LogicalResult OperatorEncoder::append(T operation) {
  auto encoded = std::make_unique<format::OperatorT>();
  encoded->operation.Set(std::move(operation));
  encoded->name = getOperatorName(op);
  operators.push_back(std::move(encoded));
  return success();
}

FailureOr<uint32_t> OperatorEncoder::getWeight(Value value, StringRef role,
                                               nn::WeightStorage storage) {
  if (auto constant = value.getDefiningOp<nn::ConstantOp>())
    return numbering.getWeight(constant, storage);
  return op->emitOpError() << role
                           << " must be a constant to be part of a bundle, got "
                              "a computed value";
}

FailureOr<int32_t> OperatorEncoder::getBias(Value bias) {
  if (!bias)
    return -1;
  FailureOr<uint32_t> weight = getWeight(bias, "bias");
  if (failed(weight))
    return failure();
  return static_cast<int32_t>(*weight);
}

static format::ConvolutionKernel
encodeAlgorithm(nn::ConvolutionAlgorithm algorithm) {
  switch (algorithm) {
  case nn::ConvolutionAlgorithm::Direct:
    return format::ConvolutionKernel::Direct;
  case nn::ConvolutionAlgorithm::Winograd4x4:
    return format::ConvolutionKernel::Winograd4x4;
  case nn::ConvolutionAlgorithm::Winograd2x2:
    return format::ConvolutionKernel::Winograd2x2;
  }
  llvm_unreachable("all algorithms are listed");
}

LogicalResult OperatorEncoder::encodeConv2D(nn::Conv2DOp conv) {
  FailureOr<uint32_t> filter = getWeight(conv.getFilter(), "filter");
  FailureOr<int32_t> bias = getBias(conv.getBias());
  if (failed(filter) || failed(bias))
    return failure();
  auto operation = makeOperation<format::Conv2DT>();
  operation.filter = *filter;
  operation.bias = *bias;
  operation.padding = encodePadding(conv.getPads());
  operation.stride = encodeExtent(conv.getStrides());
  operation.dilation = encodeExtent(conv.getDilations());
  operation.groups = conv.getGroups();
  operation.kernel = encodeAlgorithm(conv.getAlgorithm());
  operation.clamp = encodeClamp(conv.getClamp());
  return append(std::move(operation));
}

LogicalResult OperatorEncoder::encodeMaxPool2D(nn::MaxPool2DOp pool) {
  auto operation = makeOperation<format::MaxPool2DT>();
  operation.window = encodeExtent(pool.getKernel());
  operation.padding = encodePadding(pool.getPads());
  operation.stride = encodeExtent(pool.getStrides());
  operation.dilation = encodeExtent(pool.getDilations());
  operation.clamp = encodeClamp(pool.getClamp());
  return append(std::move(operation));
}

LogicalResult OperatorEncoder::encodeAvgPool2D(nn::AvgPool2DOp pool) {
  auto operation = makeOperation<format::AveragePool2DT>();
  operation.window = encodeExtent(pool.getKernel());
  operation.padding = encodePadding(pool.getPads());
  operation.stride = encodeExtent(pool.getStrides());
  operation.clamp = encodeClamp(pool.getClamp());
  return append(std::move(operation));
}

LogicalResult
OperatorEncoder::encodeFullyConnected(nn::FullyConnectedOp fullyConnected) {
  FailureOr<uint32_t> filter = getWeight(fullyConnected.getFilter(), "filter",
                                         fullyConnected.getStorage());
  FailureOr<int32_t> bias = getBias(fullyConnected.getBias());
  if (failed(filter) || failed(bias))
    return failure();
  auto operation = makeOperation<format::FullyConnectedT>();
  operation.filter = *filter;
  operation.bias = *bias;
  operation.clamp = encodeClamp(fullyConnected.getClamp());
  return append(std::move(operation));
}

LogicalResult OperatorEncoder::encodeScaleShift(nn::ScaleShiftOp scaleShift) {
  FailureOr<uint32_t> scale = getWeight(scaleShift.getScale(), "scale");
  FailureOr<uint32_t> shift = getWeight(scaleShift.getShift(), "shift");
  if (failed(scale) || failed(shift))
    return failure();
  auto operation = makeOperation<format::ScaleShiftT>();
  operation.scale = *scale;
  operation.shift = *shift;
  operation.clamp = encodeClamp(scaleShift.getClamp());
  return append(std::move(operation));
}

LogicalResult OperatorEncoder::encodeConcat(nn::ConcatOp concat) {
  auto type = cast<RankedTensorType>(concat.getResult().getType());
  if (isContiguous(concat)) {
    for (OpOperand &operand : concat->getOpOperands()) {
      if (storage.isInPlace(operand))
        continue;
      format::UnaryT copy;
      copy.kind = format::UnaryKind::Copy;
      copy.input = numbering.getTensor(operand.get());
      copy.output =
          numbering.getTensorAt(cast<RankedTensorType>(operand.get().getType()),
                                storage.getPlaceInResult(operand));
      copy.clamp = encodeClamp({});
      (void)append(std::move(copy));
    }
    return success();
  }
  if (static_cast<int64_t>(concat.getAxis()) != type.getRank() - 1)
    return op->emitOpError()
           << "axis must be that of the rows or of the channels to be part of "
              "a bundle, got "
           << concat.getAxis();
  uint32_t channelOffset = 0;
  for (Value input : concat.getInputs()) {
    format::CopyChannelsT copy;
    copy.input = numbering.getTensor(input);
    copy.output = getOutput();
    copy.output_channel = channelOffset;
    copy.channels = cast<RankedTensorType>(input.getType()).getShape().back();
    channelOffset += copy.channels;
    (void)append(std::move(copy));
  }
  return success();
}

LogicalResult OperatorEncoder::encodeSlice(nn::SliceOp slice) {
  if (isContiguous(slice))
    return success();
  auto operation = makeOperation<format::SliceT>();
  operation.offsets = encodeSizes(slice.getOffsets());
  return append(std::move(operation));
}

LogicalResult OperatorEncoder::encodeGlobalPool(format::GlobalPoolKind kind) {
  auto operation = makeOperation<format::GlobalPoolT>();
  operation.kind = kind;
  return append(std::move(operation));
}

LogicalResult OperatorEncoder::encodeUnary(format::UnaryKind kind,
                                           std::optional<nn::ClampAttr> clamp) {
  auto operation = makeOperation<format::UnaryT>();
  operation.kind = kind;
  operation.clamp = encodeClamp(clamp);
  return append(std::move(operation));
}

LogicalResult
OperatorEncoder::encodeBinary(format::BinaryKind kind,
                              std::optional<nn::ClampAttr> clamp) {
  for (OpOperand &operand : op->getOpOperands())
    if (operand.get().getDefiningOp<nn::ConstantOp>())
      return op->emitOpError()
             << "operand #" << operand.getOperandNumber()
             << " must be a computed value to be part of a bundle, got a "
                "constant of type "
             << operand.get().getType();
  format::BinaryT operation;
  operation.kind = kind;
  operation.lhs = numbering.getTensor(op->getOperand(0));
  operation.rhs = numbering.getTensor(op->getOperand(1));
  operation.output = getOutput();
  operation.clamp = encodeClamp(clamp);
  return append(std::move(operation));
}

LogicalResult OperatorEncoder::encode() {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](nn::ReshapeOp) { return success(); })
      .Case([&](nn::Conv2DOp conv) { return encodeConv2D(conv); })
      .Case([&](nn::MaxPool2DOp pool) { return encodeMaxPool2D(pool); })
      .Case([&](nn::AvgPool2DOp pool) { return encodeAvgPool2D(pool); })
      .Case([&](nn::GlobalAvgPoolOp) {
        return encodeGlobalPool(format::GlobalPoolKind::Mean);
      })
      .Case([&](nn::GlobalSumPoolOp) {
        return encodeGlobalPool(format::GlobalPoolKind::Sum);
      })
      .Case([&](nn::FullyConnectedOp matrix) {
        return encodeFullyConnected(matrix);
      })
      .Case([&](nn::AddOp add) {
        return encodeBinary(format::BinaryKind::Add, add.getClamp());
      })
      .Case([&](nn::MultiplyOp multiply) {
        return encodeBinary(format::BinaryKind::Multiply, multiply.getClamp());
      })
      .Case([&](nn::ClampOp clamp) {
        return encodeUnary(format::UnaryKind::Clamp, clamp.getBounds());
      })
      .Case([&](nn::SigmoidOp) {
        return encodeUnary(format::UnaryKind::Sigmoid);
      })
      .Case([&](nn::HardSwishOp) {
        return encodeUnary(format::UnaryKind::HardSwish);
      })
      .Case([&](nn::SoftmaxOp) {
        return append(makeOperation<format::SoftmaxT>());
      })
      .Case([&](nn::ScaleShiftOp scaleShift) {
        return encodeScaleShift(scaleShift);
      })
      .Case([&](nn::NormalizeImageOp normalize) {
        auto operation = makeOperation<format::NormalizeImageT>();
        operation.mean = {normalize.getMean().begin(),
                          normalize.getMean().end()};
        operation.deviation = {normalize.getDeviation().begin(),
                               normalize.getDeviation().end()};
        return append(std::move(operation));
      })
      .Case([&](nn::ConcatOp concat) { return encodeConcat(concat); })
      .Case([&](nn::SliceOp slice) { return encodeSlice(slice); })
      .Case([&](nn::PadOp pad) {
        auto operation = makeOperation<format::PadT>();
        operation.before = encodeSizes(pad.getLow());
        operation.after = encodeSizes(pad.getHigh());
        return append(std::move(operation));
      })
      .Case([&](nn::TransposeOp transpose) {
        auto operation = makeOperation<format::TransposeT>();
        operation.permutation = encodeSizes(transpose.getPermutation());
        return append(std::move(operation));
      })
      .Default([](Operation *other) {
        return other->emitOpError("cannot be part of a bundle");
      });
}

LogicalResult windrow::encodeOperation(
    Operation *op, const StoragePlan &storage, OperandNumbering &numbering,
    std::vector<std::unique_ptr<format::OperatorT>> &operators) {
  return OperatorEncoder(op, storage, numbering, operators).encode();
}
