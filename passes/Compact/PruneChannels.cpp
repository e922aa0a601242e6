//===- PruneChannels.cpp - Remove the channels that matter least ----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/ChannelFlow.h"
#include "passes/Compact/CompactPass.h"
#include "passes/Compact/LayerWeights.h"
#include "passes/Compact/LeastSquares.h"
#include "passes/Compact/NetworkSize.h"
#include "passes/Compact/Passes.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/Support/FormatVariadic.h"

#include <map>

using namespace mlir;

namespace windrow::nn {

/// How much a fit keeps to its start; see `fitTowards`.
static constexpr double pruningRidge = 1e-3;

#define GEN_PASS_DEF_PRUNECHANNELS
#include "passes/Compact/Passes.h.inc"

static int64_t countOutputs(Operation *layer) {
  return cast<RankedTensorType>(layer->getResult(0).getType())
      .getShape()
      .back();
}

/// The norm of the weights of each output of `layer`, divided by their mean.
static Vector scoreOutputs(Operation *layer, Norm norm) {
  Matrix filter = *readFilter(layer->getOperand(1));
  int64_t outputs = countOutputs(layer);
  Eigen::Map<const Matrix> rows(filter.data(), outputs,
                                filter.size() / outputs);
  Vector scores = norm == Norm::L1 ? Vector(rows.cwiseAbs().rowwise().sum())
                                   : Vector(rows.rowwise().norm());
  double mean = scores.mean();
  return mean > 0 ? Vector(scores / mean) : scores;
}

namespace {

/// Removes channels from a function.
class ChannelRemover {
public:
  ChannelRemover(ChannelFlow &flow, ArrayRef<int64_t> removed) : flow(flow) {
    this->removed.insert(removed.begin(), removed.end());
  }

  /// Makes `op` work on the channels that are left.
  void rewrite(Operation *op);

  /// The indices that are left of those that the last dimension of `value` had.
  std::vector<int64_t> listKept(Value value);
  /// Whether `value`, if it is no constant, loses any.
  bool losesChannels(Value value) {
    return !value.getDefiningOp<ConstantOp>() &&
           listKept(value).size() != flow.getChannels(value).size();
  }
  /// Whether `op` will change.
  bool changes(Operation *op) {
    return !isa<ConstantOp, func::ReturnOp>(op) &&
           (llvm::any_of(
                op->getOperands(),
                [&](Value operand) { return losesChannels(operand); }) ||
            llvm::any_of(op->getResults(),
                         [&](Value result) { return losesChannels(result); }));
  }

private:
  void sliceWeights(Operation *op);
  void sliceVector(OpOperand &operand, ArrayRef<int64_t> kept);
  void adjustSlice(SliceOp op);

  ChannelFlow &flow;
  llvm::DenseSet<int64_t> removed;
};

struct PruneChannels final
    : CompactPass<impl::PruneChannelsBase<PruneChannels>> {
  using CompactPass::CompactPass;

private:
  LogicalResult checkOptions() override;
  std::string whyNot(Operation *op) override;
  LogicalResult compact(func::FuncOp function, const LayerChoice &choice,
                        const CalibrationChoice &images) override;
  std::vector<RemovableClass> findCandidates(ChannelFlow &flow,
                                             ArrayRef<Operation *> layers);
  FailureOr<std::vector<int64_t>>
  chooseChannels(ArrayRef<RemovableClass> candidates,
                 ArrayRef<Operation *> layers);
  FailureOr<std::optional<double>> findRatio(const RemovableClass &candidate,
                                             ArrayRef<Operation *> layers);
  LogicalResult reportBound(ArrayRef<RemovableClass> candidates,
                            ArrayRef<Operation *> layers);
  LogicalResult remove(ChannelRemover &remover, ArrayRef<Operation *> layers,
                       const CalibrationChoice &images);
};

} // namespace

//===----------------------------------------------------------------------===//
// Removing
//===----------------------------------------------------------------------===//

std::vector<int64_t> ChannelRemover::listKept(Value value) {
  std::vector<int64_t> kept;
  for (auto [index, channel] : llvm::enumerate(flow.getChannels(value)))
    if (!removed.contains(flow.getClasses().find(channel)))
      kept.push_back(static_cast<int64_t>(index));
  return kept;
}

/// Replaces a constant operand by one with the elements `kept` of its last
/// dimension.
void ChannelRemover::sliceVector(OpOperand &operand, ArrayRef<int64_t> kept) {
  Value old = operand.get();
  auto type = cast<RankedTensorType>(old.getType());
  Matrix elements = *readFilter(old);
  Matrix left = elements(Eigen::all, std::vector<int64_t>(kept));
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = static_cast<int64_t>(kept.size());
  OpBuilder builder(operand.getOwner());
  operand.set(makeConstant(builder, old.getLoc(), shape, left));
  eraseUnusedConstant(old);
}

/// Removes rows of the filter and the bias of `op`, and, unless it is
/// depthwise, columns.
void ChannelRemover::sliceWeights(Operation *op) {
  std::vector<int64_t> outputs = listKept(op->getResult(0));
  std::vector<int64_t> inputs = listKept(op->getOperand(0));
  Value old = op->getOperand(1);
  SmallVector<int64_t> shape(cast<RankedTensorType>(old.getType()).getShape());
  Matrix filter = *readFilter(old);
  auto conv = dyn_cast<Conv2DOp>(op);
  int64_t taps = conv ? getFilterShape(conv).taps() : 1;
  std::vector<int64_t> rows;
  for (int64_t output : outputs)
    for (int64_t tap = 0; tap < taps; ++tap)
      rows.push_back(output * taps + tap);
  Matrix left;
  if (conv && conv.getGroups() > 1) {
    left = filter(rows, Eigen::all);
    conv.setGroups(inputs.size());
  } else {
    left = filter(rows, inputs);
    shape.back() = static_cast<int64_t>(inputs.size());
  }
  shape.front() = static_cast<int64_t>(outputs.size());
  OpBuilder builder(op);
  op->setOperand(1, makeConstant(builder, old.getLoc(), shape, left));
  eraseUnusedConstant(old);
  if (op->getNumOperands() > 2)
    sliceVector(op->getOpOperand(2), outputs);
}

void ChannelRemover::adjustSlice(SliceOp op) {
  SmallVector<int64_t> offsets(op.getOffsets()), sizes(op.getSizes());
  std::vector<int64_t> kept = listKept(op.getInput());
  int64_t first = offsets.back();
  offsets.back() =
      llvm::count_if(kept, [&](int64_t index) { return index < first; });
  sizes.back() = static_cast<int64_t>(listKept(op.getResult()).size());
  op.setOffsets(offsets);
  op.setSizes(sizes);
}

void ChannelRemover::rewrite(Operation *op) {
  if (op->getNumResults() != 1 || isa<ConstantOp>(op))
    return;
  Value result = op->getResult(0);
  bool isChanged = losesChannels(result);
  if (isa<Conv2DOp, FullyConnectedOp>(op)) {
    if (isChanged || losesChannels(op->getOperand(0)))
      sliceWeights(op);
  } else if (auto slice = dyn_cast<SliceOp>(op);
             slice && !slice.getInput().getDefiningOp<ConstantOp>()) {
    adjustSlice(slice);
  } else if (isChanged) {
    for (OpOperand &operand : op->getOpOperands())
      if (operand.get().getDefiningOp<ConstantOp>())
        sliceVector(operand, listKept(result));
  }
  if (!isChanged)
    return;
  auto type = cast<RankedTensorType>(result.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = static_cast<int64_t>(listKept(result).size());
  result.setType(type.clone(shape));
}

//===----------------------------------------------------------------------===//
// Fitting
//===----------------------------------------------------------------------===//

/// Samples of what `layer` reads, one row for each, and of what it is to
/// compute of its channels `outputs`.
static std::pair<Matrix, Matrix> sampleLayer(Calibration &calibration,
                                             Operation *layer,
                                             std::vector<int64_t> outputs) {
  const ImageTensor &target = calibration.getTarget();
  const ImageTensor &input = calibration.getActual(layer->getOperand(0));
  auto conv = dyn_cast<Conv2DOp>(layer);
  if (!conv)
    return {gatherRows(input), gatherRows(target)(Eigen::all, outputs)};
  // Beyond this many features, fewer samples make for a smaller system.
  FilterShape shape = getFilterShape(conv);
  bool isLarge = shape.taps() * shape.inputs > 2304;
  SamplePositions samples =
      calibration.choosePositions(target, isLarge ? 2048 : 8192);
  return {gatherPatches(input, getWindow(conv), samples),
          gatherPixels(target, samples)(Eigen::all, outputs)};
}

/// Fits `layer`, which lost inputs, on what it computed of its channels
/// `outputs`, those that are left.
static LogicalResult fitLayer(Calibration &calibration, Operation *layer,
                              const std::vector<int64_t> &outputs) {
  if (failed(calibration.advanceTo(layer)))
    return failure();
  auto [features, targets] = sampleLayer(calibration, layer, outputs);
  Matrix filter = *readFilter(layer->getOperand(1));
  Eigen::Map<const Matrix> start(filter.data(), targets.cols(),
                                 features.cols());
  AffineMap map =
      fitTowards(features, targets, start.transpose(), pruningRidge);
  setFilter(layer, map.weights.transpose());
  setBias(layer, map.bias);
  return success();
}

//===----------------------------------------------------------------------===//
// Choosing
//===----------------------------------------------------------------------===//

/// The layer and the ratio of `entry`, LAYER=RATIO; nothing where it is not
/// one.
static std::optional<std::pair<StringRef, double>> splitRatio(StringRef entry) {
  auto [layer, text] = entry.rsplit('=');
  double ratio = 0;
  if (layer.empty() || text.getAsDouble(ratio) || !(ratio >= 0 && ratio < 1))
    return std::nullopt;
  return std::pair(layer, ratio);
}

LogicalResult PruneChannels::checkOptions() {
  Location location = getOperation().getLoc();
  if (!(ratio >= 0 && ratio < 1))
    return emitError(location)
           << "ratio must be at least 0 and below 1, got "
           << llvm::formatv("{0:f}", ratio.getValue()).str();
  if (minChannels < 1)
    return emitError(location)
           << "min-channels must be at least 1, got " << minChannels.getValue();
  for (const std::string &entry : layerRatios)
    if (!splitRatio(entry))
      return emitError(location)
             << "layer-ratios must hold LAYER=RATIO with a ratio of at least 0 "
                "and below 1, got '"
             << entry << "'";
  return success();
}

/// The classes that only `layers` compute and that nothing pins.
std::vector<RemovableClass>
PruneChannels::findCandidates(ChannelFlow &flow, ArrayRef<Operation *> layers) {
  std::map<int64_t, RemovableClass> classes;
  llvm::DenseSet<int64_t> bound;
  for (Operation &op : getOperation().getOps()) {
    if (!computesChannels(&op) || op.getOperand(0).getDefiningOp<ConstantOp>())
      continue;
    auto *layer = llvm::find(layers, &op);
    Vector scores = scoreOutputs(&op, norm);
    for (auto [index, channel] :
         llvm::enumerate(flow.getChannels(op.getResult(0)))) {
      int64_t root = flow.getClasses().find(channel);
      if (layer == layers.end() || flow.getClasses().isPinned(root)) {
        bound.insert(root);
        continue;
      }
      RemovableClass &entry = classes[root];
      entry.channel = root;
      entry.score += scores(static_cast<int64_t>(index));
      entry.layers.push_back(layer - layers.begin());
    }
  }
  std::vector<RemovableClass> candidates;
  for (auto &[root, entry] : classes) {
    if (bound.contains(root))
      continue;
    entry.score /= static_cast<double>(entry.layers.size());
    candidates.push_back(std::move(entry));
  }
  return candidates;
}

/// The ratio that `layer-ratios` gives for one of the layers of `candidate`.
FailureOr<std::optional<double>>
PruneChannels::findRatio(const RemovableClass &candidate,
                         ArrayRef<Operation *> layers) {
  for (const std::string &entry : layerRatios) {
    auto [name, layerRatio] = *splitRatio(entry);
    for (int64_t layer : candidate.layers) {
      FailureOr<bool> isNamed = namesLayer(getOperation(), name, layers[layer]);
      if (failed(isNamed))
        return failure();
      if (*isNamed)
        return std::optional(layerRatio);
    }
  }
  return std::optional<double>();
}

FailureOr<std::vector<int64_t>>
PruneChannels::chooseChannels(ArrayRef<RemovableClass> candidates,
                              ArrayRef<Operation *> layers) {
  std::vector<int64_t> channelsLeft;
  for (Operation *layer : layers)
    channelsLeft.push_back(countOutputs(layer));
  // Those that compete with each other: all, or those of the same layers.
  using Competition = std::pair<std::vector<int64_t>, double>;
  std::map<Competition, std::vector<RemovableClass>> competitions;
  for (const RemovableClass &candidate : candidates) {
    FailureOr<std::optional<double>> own = findRatio(candidate, layers);
    if (failed(own))
      return failure();
    Competition competition{{}, own->value_or(ratio)};
    if (*own || scope == PruneScope::Layer)
      competition.first = candidate.layers;
    competitions[competition].push_back(candidate);
  }
  std::vector<int64_t> removed;
  for (auto &[competition, members] : competitions)
    for (int64_t channel :
         chooseRemoved(members, competition.second, minChannels, channelsLeft))
      removed.push_back(channel);
  return removed;
}

/// Tells of layers none of whose channels can be removed: an error for one that
/// was asked for by name.
LogicalResult PruneChannels::reportBound(ArrayRef<RemovableClass> candidates,
                                         ArrayRef<Operation *> layers) {
  llvm::DenseSet<int64_t> able;
  for (const RemovableClass &candidate : candidates)
    able.insert(candidate.layers.begin(), candidate.layers.end());
  for (auto [index, layer] : llvm::enumerate(layers)) {
    if (able.contains(static_cast<int64_t>(index)))
      continue;
    constexpr StringLiteral reason =
        "its channels are the network's result, bound to those of a layer that "
        "is not pruned, or read in a way that needs all";
    StringRef name = getLayerName(layer);
    if (llvm::is_contained(this->layers, name))
      return emitError(layer->getLoc())
             << "layer '" << name << "' cannot lose channels: " << reason;
    emitRemark(layer->getLoc()) << "left as it is: " << reason;
  }
  return success();
}

LogicalResult PruneChannels::remove(ChannelRemover &remover,
                                    ArrayRef<Operation *> layers,
                                    const CalibrationChoice &images) {
  func::FuncOp function = getOperation();
  SmallVector<Operation *> changing, readers;
  for (Operation &op : function.getOps()) {
    if (!remover.changes(&op))
      continue;
    changing.push_back(&op);
    if (computesChannels(&op) && remover.losesChannels(op.getOperand(0)))
      readers.push_back(&op);
  }
  FailureOr<std::unique_ptr<Calibration>> calibrated =
      createCalibration(function, changing, images);
  if (failed(calibrated))
    return failure();

  NetworkSize before = measure(function);
  SmallVector<std::pair<int64_t, NetworkSize>> layersBefore;
  for (Operation *layer : layers)
    layersBefore.push_back({countOutputs(layer), measure(layer)});
  for (Operation *op : changing)
    remover.rewrite(op);
  for (auto [layer, old] : llvm::zip_equal(layers, layersBefore)) {
    InFlightDiagnostic remark = emitRemark(layer->getLoc())
                                << countOutputs(layer) << " of " << old.first
                                << " channels: ";
    describeChange(*remark.getUnderlyingDiagnostic(), old.second,
                   measure(layer));
  }
  if (*calibrated && images.fit)
    for (Operation *reader : readers)
      if (failed(fitLayer(**calibrated, reader,
                          remover.listKept(reader->getResult(0)))))
        return failure();
  return reportChange(function, "pruned", before, calibrated->get());
}

std::string PruneChannels::whyNot(Operation *op) {
  if (!isa<Conv2DOp, FullyConnectedOp>(op))
    return llvm::formatv("must be a convolution or fully connected to lose "
                         "channels, got '{0}'",
                         op->getName());
  if (!computesChannels(op))
    return "must have one group and constant weights of f32 to lose channels";
  return "";
}

LogicalResult PruneChannels::compact(func::FuncOp function,
                                     const LayerChoice &choice,
                                     const CalibrationChoice &images) {
  FailureOr<SmallVector<Operation *>> chosen = chooseLayers(function, choice);
  if (failed(chosen))
    return failure();
  ChannelFlow flow(function);
  std::vector<RemovableClass> candidates = findCandidates(flow, *chosen);
  if (failed(reportBound(candidates, *chosen)))
    return failure();
  FailureOr<std::vector<int64_t>> removed = chooseChannels(candidates, *chosen);
  if (failed(removed))
    return failure();
  ChannelRemover remover(flow, *removed);
  return remove(remover, *chosen, images);
}

} // namespace windrow::nn
