//===- FoldBatchNorm.cpp - Fold scales and shifts into weights --*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All that is to be folded into one filter is found first, so that the filter,
// which may be large, is read and written once.
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"
#include "passes/Transforms/ConstantElements.h"
#include "passes/Transforms/Passes.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;

namespace windrow::nn {

#define GEN_PASS_DEF_FOLDBATCHNORM
#include "passes/Transforms/Passes.h.inc"

namespace {

/// y = x * scale[c] + shift[c] of channel c.
struct ChannelAffine {
  SmallVector<double> scale;
  SmallVector<double> shift;

  bool hasShift() const {
    return llvm::any_of(shift, [](double value) { return value != 0; });
  }
};

/// A convolution or a fully connected layer with constant weights.
struct WeightedOp {
  Operation *op = nullptr;
  ConstantOp filter;
  /// Null, or a constant with one element an output channel.
  Value bias;
  /// Input channels of one group: the last dimension of the filter.
  int64_t inputs = 0;
  int64_t outputs = 0;
  int64_t groups = 1;
  bool hasPadding = false;
  ClampAttr clamp;

  /// Null (`op`) where `op` is not such a layer.
  static WeightedOp get(Operation *op);
};

/// A filter into which scales were folded, and what the shifts before it add to
/// the outputs.
struct FoldedFilter {
  ElementsAttr value;
  SmallVector<double> outputShift;
};

class BatchNormFolder {
public:
  explicit BatchNormFolder(func::FuncOp function) : function(function) {}

  void run() {
    moveBeforeClamps();
    readAndMergeChains();
    findTargets();
    for (Operation *op : targets)
      foldInto(WeightedOp::get(op));
    materializeMerged();
    eraseUnusedConstants();
  }

private:
  void moveBeforeClamps();
  void readAndMergeChains();
  void findTargets();
  bool canFoldBehind(Operation *op) const;
  bool canFoldBefore(OpOperand &use, const ChannelAffine &affine) const;
  void foldInto(WeightedOp weighted);
  void materializeMerged();
  void eraseUnusedConstants();

  const ChannelAffine *getAffine(ScaleShiftOp op) const {
    return op ? &affines.find(op)->second : nullptr;
  }

  func::FuncOp function;
  /// Each scale and shift with constant operands that is left, unrounded.
  DenseMap<Operation *, ChannelAffine> affines;
  DenseSet<Operation *> merged;
  /// The layers that change, and what is folded into them from either side.
  llvm::SetVector<Operation *> targets;
  DenseMap<Operation *, ScaleShiftOp> before, behind;
};

} // namespace

WeightedOp WeightedOp::get(Operation *op) {
  WeightedOp weighted;
  Value filter;
  if (auto conv = dyn_cast_or_null<Conv2DOp>(op)) {
    filter = conv.getFilter();
    weighted.bias = conv.getBias();
    weighted.groups = conv.getGroups();
    weighted.hasPadding =
        llvm::any_of(conv.getPads(), [](int64_t pad) { return pad != 0; });
    weighted.clamp = conv.getClampAttr();
  } else if (auto matrix = dyn_cast_or_null<FullyConnectedOp>(op)) {
    filter = matrix.getFilter();
    weighted.bias = matrix.getBias();
    weighted.clamp = matrix.getClampAttr();
  } else {
    return {};
  }
  weighted.filter = filter.getDefiningOp<ConstantOp>();
  if (!weighted.filter || weighted.filter.isPart() ||
      !StoredElements::get(weighted.filter.getValue()) ||
      (weighted.bias && !readConstant(weighted.bias)))
    return {};
  ArrayRef<int64_t> shape = weighted.filter.getType().getShape();
  weighted.outputs = shape.front();
  weighted.inputs = shape.back();
  weighted.op = op;
  return weighted;
}

/// The bounds of `clamp` after `scale`, which is positive, and `shift`.
static ClampAttr scaleClamp(ClampAttr clamp, double scale, double shift) {
  auto apply = [&](double bound) {
    return static_cast<float>(bound * scale + shift);
  };
  float min = apply(clamp.getMinValue()), max = apply(clamp.getMaxValue());
  bool isFinite = std::isfinite(min) || std::isfinite(max);
  return isFinite && min < max ? ClampAttr::get(clamp.getContext(), min, max)
                               : ClampAttr();
}

/// A scale and shift of all elements alike moves before a clamp, nearer to the
/// weights, and the bounds follow.
void BatchNormFolder::moveBeforeClamps() {
  function.walk([](ScaleShiftOp op) {
    auto clamp = op.getInput().getDefiningOp<ClampOp>();
    std::optional<float> scale = readUniformConstant(op.getScale());
    std::optional<float> shift = readUniformConstant(op.getShift());
    if (!clamp || !clamp->hasOneUse() || !scale || !shift || !(*scale > 0))
      return;
    ClampAttr bounds = scaleClamp(clamp.getBounds(), *scale, *shift);
    if (bounds && op.getClampAttr())
      bounds = bounds.then(op.getClampAttr());
    if (!bounds)
      return;
    op.getInputMutable().assign(clamp.getInput());
    op.removeClampAttr();
    clamp->moveAfter(op);
    op.getResult().replaceAllUsesWith(clamp.getResult());
    clamp.getInputMutable().assign(op.getResult());
    clamp.setBoundsAttr(bounds);
  });
}

void BatchNormFolder::readAndMergeChains() {
  function.walk([&](ScaleShiftOp op) {
    std::optional<SmallVector<float>> scale = readConstant(op.getScale());
    std::optional<SmallVector<float>> shift = readConstant(op.getShift());
    if (!scale || !shift)
      return;
    ChannelAffine affine;
    affine.scale.assign(scale->begin(), scale->end());
    affine.shift.assign(shift->begin(), shift->end());

    auto first = op.getInput().getDefiningOp<ScaleShiftOp>();
    if (first && affines.contains(first) && first->hasOneUse() &&
        !first.getClampAttr()) {
      const ChannelAffine &inner = affines[first];
      for (size_t c = 0; c < affine.scale.size(); ++c) {
        affine.shift[c] += affine.scale[c] * inner.shift[c];
        affine.scale[c] *= inner.scale[c];
      }
      op.getInputMutable().assign(first.getInput());
      affines.erase(first);
      merged.erase(first);
      merged.insert(op);
      first.erase();
    }
    affines[op] = std::move(affine);
  });
}

bool BatchNormFolder::canFoldBehind(Operation *op) const {
  WeightedOp weighted = WeightedOp::get(op);
  return weighted.op && !weighted.clamp && op->hasOneUse();
}

bool BatchNormFolder::canFoldBefore(OpOperand &use,
                                    const ChannelAffine &affine) const {
  WeightedOp weighted = WeightedOp::get(use.getOwner());
  return weighted.op && use.getOperandNumber() == 0 &&
         !(weighted.hasPadding && affine.hasShift());
}

void BatchNormFolder::findTargets() {
  function.walk([&](ScaleShiftOp op) {
    auto affine = affines.find(op);
    if (affine == affines.end())
      return;
    if (Operation *producer = op.getInput().getDefiningOp();
        producer && canFoldBehind(producer)) {
      behind[producer] = op;
      targets.insert(producer);
      return;
    }
    if (op.getClampAttr() || op->use_empty() ||
        !llvm::all_of(op->getUses(), [&](OpOperand &use) {
          return canFoldBefore(use, affine->second);
        }))
      return;
    for (Operation *user : op->getUsers()) {
      before[user] = op;
      targets.insert(user);
    }
  });
}

/// Streams the filter of `weighted` in the order in which it is stored. Either
/// affine may be null.
static FoldedFilter foldFilter(const WeightedOp &weighted,
                               const ChannelAffine *before,
                               const ChannelAffine *behind) {
  ConstantOp filter = weighted.filter;
  StoredElements stored = *StoredElements::get(filter.getValue());
  ElementOrder order(filter);
  int64_t elementsPerOutput =
      filter.getType().getNumElements() / weighted.outputs;
  int64_t outputsPerGroup = weighted.outputs / weighted.groups;

  FoldedFilter folded;
  folded.outputShift.assign(weighted.outputs, 0.0);
  auto fill = [&](MutableArrayRef<float> result) {
    order.forEachRun([&](ElementOrder::Run run) {
      int64_t output = run.result / elementsPerOutput;
      int64_t inOutput = run.result % elementsPerOutput;
      for (int64_t i = run.stored, end = run.stored + run.count; i < end; ++i) {
        double weight = stored[i];
        double scale = behind ? behind->scale[output] : 1.0;
        if (before) {
          int64_t channel = output / outputsPerGroup * weighted.inputs +
                            inOutput % weighted.inputs;
          folded.outputShift[output] += weight * before->shift[channel];
          scale *= before->scale[channel];
        }
        result[i] = static_cast<float>(weight * scale);
        inOutput += run.stride;
        while (inOutput >= elementsPerOutput) {
          inOutput -= elementsPerOutput;
          ++output;
        }
      }
    });
  };
  std::string name = "folded";
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(filter.getValue()))
    name = resource.getRawHandle().getKey().str();
  folded.value = makeElements(
      cast<RankedTensorType>(filter.getValue().getShapedType()), name, fill);
  return folded;
}

void BatchNormFolder::foldInto(WeightedOp weighted) {
  ScaleShiftOp beforeOp = before.lookup(weighted.op);
  ScaleShiftOp behindOp = behind.lookup(weighted.op);
  const ChannelAffine *behindAffine = getAffine(behindOp);
  FoldedFilter folded = foldFilter(weighted, getAffine(beforeOp), behindAffine);

  SmallVector<double> bias = folded.outputShift;
  if (weighted.bias)
    for (auto [sum, present] :
         llvm::zip_equal(bias, *readConstant(weighted.bias)))
      sum += present;
  if (behindAffine)
    for (auto [sum, scale, shift] :
         llvm::zip_equal(bias, behindAffine->scale, behindAffine->shift))
      sum = sum * scale + shift;

  OpBuilder builder(weighted.op);
  auto filter = ConstantOp::create(builder, weighted.filter.getLoc(),
                                   weighted.filter.getType(), folded.value,
                                   weighted.filter.getViewAttr(),
                                   weighted.filter.getPermutationAttr());
  Value newBias = weighted.bias;
  if (weighted.bias || llvm::any_of(bias, [](double sum) { return sum != 0; }))
    newBias = makeVectorConstant(builder, weighted.op->getLoc(), bias);
  TypeSwitch<Operation *>(weighted.op)
      .Case<Conv2DOp, FullyConnectedOp>([&](auto op) {
        op.getFilterMutable().assign(filter);
        if (newBias)
          op.getBiasMutable().assign(newBias);
        if (beforeOp)
          op.getInputMutable().assign(beforeOp.getInput());
        if (behindOp)
          op.setClampAttr(behindOp.getClampAttr());
      });

  if (behindOp) {
    behindOp.getResult().replaceAllUsesWith(behindOp.getInput());
    affines.erase(behindOp);
    behindOp.erase();
  }
  if (beforeOp && beforeOp->use_empty()) {
    affines.erase(beforeOp);
    beforeOp.erase();
  }
}

void BatchNormFolder::materializeMerged() {
  function.walk([&](ScaleShiftOp op) {
    auto affine = affines.find(op);
    if (affine == affines.end() || !merged.contains(op))
      return;
    OpBuilder builder(op);
    op.getScaleMutable().assign(
        makeVectorConstant(builder, op.getLoc(), affine->second.scale));
    op.getShiftMutable().assign(
        makeVectorConstant(builder, op.getLoc(), affine->second.shift));
  });
}

void BatchNormFolder::eraseUnusedConstants() {
  function.walk([](ConstantOp op) {
    if (op->use_empty())
      op.erase();
  });
}

namespace {

struct FoldBatchNorm : impl::FoldBatchNormBase<FoldBatchNorm> {
  using FoldBatchNormBase::FoldBatchNormBase;

  void runOnOperation() override { BatchNormFolder(getOperation()).run(); }
};

} // namespace

} // namespace windrow::nn
