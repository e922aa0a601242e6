//===- NetworkPlan.cpp - Between nn functions and the planner's numbers ---===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Partition/NetworkPlan.h"

#include "dialects/Cluster/Cluster.h"
#include "dialects/Nn/Nn.h"
#include "llvm/ADT/DenseMap.h"

#include <optional>

using namespace mlir;
using namespace windrow;
using namespace windrow::cluster;

//===----------------------------------------------------------------------===//
// Networks
//===----------------------------------------------------------------------===//

static NetworkTensor describeTensor(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  NetworkTensor tensor;
  tensor.elementBytes = type.getElementTypeBitWidth() / 8;
  if (type.getRank() == 4) {
    tensor.rows = type.getDimSize(1);
    tensor.width = type.getDimSize(0) * type.getDimSize(2);
    tensor.channels = type.getDimSize(3);
  } else if (type.getRank() > 0) {
    tensor.channels = type.getShape().back();
    tensor.width = type.getNumElements() / tensor.channels;
  }
  return tensor;
}

/// Columns, 0 where `value` is not an image, and channels.
static std::array<int64_t, 2> describeSize(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() == 4)
    return {type.getDimSize(2), type.getDimSize(3)};
  return {0, type.getRank() > 0 ? type.getShape().back() : 1};
}

static void readPair(Operation *op, StringRef name,
                     std::array<int64_t, 2> &pair) {
  if (auto values = dyn_cast_or_null<DenseI64ArrayAttr>(
          op->getInherentAttr(name).value_or(Attribute()));
      values && values.size() == 2)
    pair = {values[0], values[1]};
}

OperatorShape cluster::describeOperator(Operation *op) {
  OperatorShape shape;
  shape.kind = op->getName().stripDialect().str();
  readPair(op, "kernel", shape.window);
  readPair(op, "strides", shape.strides);
  readPair(op, "dilations", shape.dilations);
  if (auto groups = dyn_cast_or_null<IntegerAttr>(
          op->getInherentAttr("groups").value_or(Attribute()))) {
    shape.groups = groups.getInt();
    // A filter is O, H, W, I.
    auto filter = cast<RankedTensorType>(op->getOperand(1).getType());
    shape.window = {filter.getDimSize(1), filter.getDimSize(2)};
  }
  if (auto conv = dyn_cast<nn::Conv2DOp>(op))
    shape.kernel = nn::stringifyConvolutionAlgorithm(conv.getAlgorithm()).str();
  if (auto matrix = dyn_cast<nn::FullyConnectedOp>(op);
      matrix && matrix.getStorage() != nn::WeightStorage::F32)
    shape.kernel = nn::stringifyWeightStorage(matrix.getStorage()).str();
  shape.input = describeSize(op->getOperand(0));
  shape.output = describeSize(op->getResult(0));
  if (op->getNumOperands() == 2)
    shape.isBroadcast =
        op->hasTrait<OpTrait::IsCommutative>() &&
        op->getOperand(0).getType() != op->getOperand(1).getType();
  shape.isClamped = op->hasTrait<OpTrait::IsCommutative>() &&
                    op->getInherentAttr("clamp").value_or(Attribute());
  return shape;
}

int64_t cluster::countCostRows(Operation *op) {
  const bool isReduction = isa<nn::RowReductionOpInterface>(op);
  return describeTensor(isReduction ? op->getOperand(0) : op->getResult(0))
      .rows;
}

static std::string describePlace(Operation *op) {
  if (auto name = op->getLoc()->findInstanceOf<NameLoc>())
    return name.getName().str();
  return "";
}

/// Which channels of `operand` a channel of the result is computed from;
/// nothing where these are neither all of them nor the same one.
static std::optional<ChannelUse>
findChannelUse(nn::ChannelWindowOpInterface windows, OpOperand &operand) {
  const TensorRegion whole = nn::wholeRegion(operand.get());
  const int64_t channels = nn::wholeRegion(windows->getResult(0)).channels.end;
  bool isAll = true, isSame = true;
  for (int64_t channel : {int64_t(0), channels - 1}) {
    const ChannelInterval one{channel, channel + 1};
    const TensorRegion region =
        windows.getChannelRegion(operand.getOperandNumber(), one);
    isAll &= region.rows == whole.rows && region.channels == whole.channels;
    isSame &= region.rows == whole.rows && region.channels == one;
  }
  if (isAll)
    return ChannelUse::All;
  return isSame ? std::optional(ChannelUse::Same) : std::nullopt;
}

namespace {
class NetworkExtractor {
public:
  ExtractedNetwork run(func::FuncOp function);

private:
  size_t addTensor(Value value);
  void addLayer(Operation *op);
  void addChannels(Operation *op, Layer &layer);
  void addKernels(Operation *op, Layer &layer);
  LayerOperand describeOperand(OpOperand &operand);

  ExtractedNetwork extracted;
  llvm::DenseMap<Value, size_t> tensors;
};
} // namespace

size_t NetworkExtractor::addTensor(Value value) {
  const size_t index = extracted.network.tensors.size();
  extracted.network.tensors.push_back(describeTensor(value));
  tensors[value] = index;
  return index;
}

LayerOperand NetworkExtractor::describeOperand(OpOperand &operand) {
  Operation *op = operand.getOwner();
  LayerOperand described;
  described.tensor = tensors.lookup(operand.get());
  auto windows = dyn_cast<nn::RowWindowOpInterface>(op);
  const unsigned index = operand.getOperandNumber();
  if (!windows || !windows.isRowSplittable() || !windows.carriesRows(index))
    return described;
  const int64_t rows = describeTensor(op->getResult(0)).rows;
  for (int64_t row = 0; row < rows; ++row)
    described.windows.push_back(
        windows.getRowWindow(index, {row, row + 1}).rows);
  return described;
}

/// Whether and how `op` can be divided by channels.
void NetworkExtractor::addChannels(Operation *op, Layer &layer) {
  auto sum = dyn_cast<nn::ChannelReductionOpInterface>(op);
  layer.isPartialSplittable =
      sum && sum.isChannelReducible() && layer.operands.size() == 1;
  auto windows = dyn_cast<nn::ChannelWindowOpInterface>(op);
  layer.isChannelSplittable = windows && windows.isChannelSplittable();
  if (!layer.isChannelSplittable)
    return;
  size_t position = 0;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!tensors.contains(operand.get()))
      continue;
    std::optional<ChannelUse> use;
    if (windows.carriesChannels(operand.getOperandNumber()))
      use = findChannelUse(windows, operand);
    layer.isChannelSplittable &= use.has_value();
    layer.operands[position++].channels = use.value_or(ChannelUse::All);
  }
}

/// The other kernels of a convolution that need not be computed directly. The
/// operation says itself what rows they read.
void NetworkExtractor::addKernels(Operation *op, Layer &layer) {
  auto conv = dyn_cast<nn::Conv2DOp>(op);
  if (!conv || conv.getAlgorithm() == nn::ConvolutionAlgorithm::Direct ||
      layer.operands.size() != 1 || !layer.isRowSplittable)
    return;
  const nn::ConvolutionAlgorithm chosen = conv.getAlgorithm();
  for (nn::ConvolutionAlgorithm other :
       {nn::ConvolutionAlgorithm::Direct, nn::ConvolutionAlgorithm::Winograd4x4,
        nn::ConvolutionAlgorithm::Winograd2x2}) {
    if (other == chosen)
      continue;
    conv.setAlgorithm(other);
    layer.otherKernels.push_back(
        {nn::stringifyConvolutionAlgorithm(other).str(), conv.getRowGrain(),
         describeOperand(conv->getOpOperand(0)).windows});
  }
  conv.setAlgorithm(chosen);
}

void NetworkExtractor::addLayer(Operation *op) {
  Layer layer;
  layer.name = describePlace(op);
  layer.shape = describeOperator(op);
  if (auto cost = dyn_cast<nn::CostOpInterface>(op))
    layer.cost = cost.getCost();
  for (OpOperand &operand : op->getOpOperands())
    if (tensors.contains(operand.get()))
      layer.operands.push_back(describeOperand(operand));
  auto windows = dyn_cast<nn::RowWindowOpInterface>(op);
  layer.isRowSplittable = windows && windows.isRowSplittable();
  if (layer.isRowSplittable)
    layer.rowGrain = windows.getRowGrain();
  layer.isRowReduction =
      isa<nn::RowReductionOpInterface>(op) && layer.operands.size() == 1;
  addChannels(op, layer);
  addKernels(op, layer);
  layer.result = addTensor(op->getResult(0));
  extracted.network.layers.push_back(std::move(layer));
  extracted.operations.push_back(op);
}

ExtractedNetwork NetworkExtractor::run(func::FuncOp function) {
  for (Value argument : function.getArguments())
    if (isa<RankedTensorType>(argument.getType()))
      extracted.network.arguments.push_back(addTensor(argument));
  for (Operation &op : function.front().without_terminator())
    if (!isAvailableEverywhere(&op) && op.getNumResults() == 1 &&
        isa<RankedTensorType>(op.getResult(0).getType()))
      addLayer(&op);
  for (Value result : function.front().getTerminator()->getOperands())
    if (auto it = tensors.find(result); it != tensors.end())
      extracted.network.results.push_back(it->second);
  return std::move(extracted);
}

ExtractedNetwork cluster::extractNetwork(func::FuncOp function) {
  return NetworkExtractor().run(function);
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

static LayoutKind kindOf(LayerMode mode) {
  switch (mode) {
  case LayerMode::Owner:
    return LayoutKind::Owner;
  case LayerMode::Replicated:
    return LayoutKind::Replicated;
  case LayerMode::Rows:
    return LayoutKind::Rows;
  case LayerMode::Channels:
    return LayoutKind::Channels;
  }
  llvm_unreachable("all modes are listed");
}

static LayerMode modeOf(LayoutKind kind) {
  switch (kind) {
  case LayoutKind::Owner:
    return LayerMode::Owner;
  case LayoutKind::Replicated:
    return LayerMode::Replicated;
  case LayoutKind::Rows:
    return LayerMode::Rows;
  case LayoutKind::Channels:
    return LayerMode::Channels;
  }
  llvm_unreachable("all kinds are listed");
}

void cluster::writeLayouts(const ExtractedNetwork &extracted, const Plan &plan,
                           const ClusterDescription &cluster) {
  for (auto [op, placement] :
       llvm::zip_equal(extracted.operations, plan.layers)) {
    MLIRContext *context = op->getContext();
    auto namesOf = [&](const std::vector<size_t> &devices) {
      SmallVector<StringAttr> names;
      for (size_t device : devices)
        names.push_back(StringAttr::get(context, cluster.devices[device].name));
      return names;
    };
    SmallVector<int64_t> computed;
    for (RowInterval rows : placement.computed)
      computed.append({rows.begin, rows.end});
    op->setAttr(layoutAttrName,
                LayoutAttr::get(context, kindOf(placement.mode),
                                namesOf(placement.devices), placement.bounds,
                                computed, placement.pieces));
    op->removeAttr(partialsAttrName);
    if (!placement.partialDevices.empty())
      op->setAttr(partialsAttrName,
                  PartialsAttr::get(context, namesOf(placement.partialDevices),
                                    placement.partialBounds));
  }
}

void cluster::writeKernels(const ExtractedNetwork &extracted) {
  for (auto [op, layer] :
       llvm::zip_equal(extracted.operations, extracted.network.layers))
    if (auto conv = dyn_cast<nn::Conv2DOp>(op))
      if (auto algorithm =
              nn::symbolizeConvolutionAlgorithm(layer.shape.kernel))
        conv.setAlgorithm(*algorithm);
}

static LogicalResult readDeviceList(Operation *op, ArrayRef<StringAttr> names,
                                    const ClusterDescription &cluster,
                                    std::vector<size_t> &devices) {
  for (StringAttr name : names) {
    auto found =
        llvm::find_if(cluster.devices, [&](const DeviceDescription &device) {
          return name == device.name;
        });
    if (found == cluster.devices.end())
      return op->emitOpError()
             << "layout must name devices of the module, got " << name;
    devices.push_back(found - cluster.devices.begin());
  }
  return success();
}

FailureOr<Plan> cluster::readLayouts(const ExtractedNetwork &extracted,
                                     const ClusterDescription &cluster) {
  Plan plan;
  for (Operation *op : extracted.operations) {
    auto layout = op->getAttrOfType<LayoutAttr>(layoutAttrName);
    if (!layout)
      return op->emitOpError() << "must have a '" << layoutAttrName << "'";
    LayerPlacement &placement = plan.layers.emplace_back();
    placement.mode = modeOf(layout.getKind());
    placement.bounds = layout.getBounds().vec();
    placement.pieces = layout.getPieces();
    if (failed(readDeviceList(op, layout.getDevices(), cluster,
                              placement.devices)))
      return failure();
    ArrayRef<int64_t> computed = layout.getComputed();
    for (size_t i = 0; i < computed.size(); i += 2)
      placement.computed.push_back({computed[i], computed[i + 1]});
    auto partials = op->getAttrOfType<PartialsAttr>(partialsAttrName);
    if (!partials)
      continue;
    placement.partialBounds = partials.getBounds().vec();
    if (failed(readDeviceList(op, partials.getDevices(), cluster,
                              placement.partialDevices)))
      return failure();
  }
  return plan;
}
