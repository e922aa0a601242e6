//===- ConvertLayout.cpp - Remove transposes around images ------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Walks against the flow find the NCHW values that someone wants in NHWC; a
// walk along the flow then computes them so, wherever their operands are at
// hand in NHWC. What nobody uses any more is erased at the end.
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"
#include "passes/Transforms/ConstantElements.h"
#include "passes/Transforms/Passes.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace windrow::nn {

#define GEN_PASS_DEF_CONVERTLAYOUT
#include "passes/Transforms/Passes.h.inc"

static constexpr int64_t toNhwc[] = {0, 2, 3, 1};
static constexpr int64_t toNchw[] = {0, 3, 1, 2};

static SmallVector<int64_t> permute(ArrayRef<int64_t> values,
                                    ArrayRef<int64_t> permutation) {
  return llvm::map_to_vector(permutation,
                             [&](int64_t from) { return values[from]; });
}

static RankedTensorType permute(Type type, ArrayRef<int64_t> permutation) {
  auto tensor = cast<RankedTensorType>(type);
  return RankedTensorType::get(permute(tensor.getShape(), permutation),
                               tensor.getElementType());
}

static bool isImage(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() == 4;
}

static bool isTranspose(Operation *op, ArrayRef<int64_t> permutation) {
  auto transpose = dyn_cast<TransposeOp>(op);
  return transpose && transpose.getPermutation() == permutation;
}

/// Whether an NCHW image has its elements in the same order as in NHWC.
static bool isSameInNhwc(RankedTensorType nchw) {
  return nchw.getDimSize(1) == 1 ||
         nchw.getDimSize(2) * nchw.getDimSize(3) == 1;
}

/// Whether `op`, on images in any order, can be computed on images in another
/// order instead once its attributes are renumbered.
static bool isOrderIndependent(Operation *op) {
  if (op->getNumResults() != 1 || !isImage(op->getResult(0)))
    return false;
  if (isa<AddOp, MultiplyOp>(op))
    return op->getOperand(0).getType() == op->getOperand(1).getType();
  return isa<ClampOp, SigmoidOp, HardSwishOp, ConcatOp, PadOp, SliceOp>(op);
}

/// Whether the NCHW result of `op` exists in NHWC, or can at no cost.
static bool givesImage(Operation *op) {
  auto reshape = dyn_cast<ReshapeOp>(op);
  return isTranspose(op, toNchw) ||
         (reshape && isImage(reshape) && isSameInNhwc(reshape.getType()));
}

//===----------------------------------------------------------------------===//
// Flattened images
//===----------------------------------------------------------------------===//

namespace {

/// Follows an image that is flattened in the order of its channels, height and
/// width to the weights it meets, and views these in the order of height, width
/// and channels.
class FlattenedImage {
public:
  explicit FlattenedImage(RankedTensorType nchw)
      : shape(nchw.getShape().drop_front()) {}

  /// Whether all uses of `value`, which has the elements of the image as its
  /// last dimension, can take them in the other order.
  bool canReorder(Value value) {
    return llvm::all_of(value.getUses(),
                        [&](OpOperand &use) { return canReorder(use); });
  }

  /// Makes the uses expect the other order, once all of them can.
  void reorderWeights() {
    for (auto [weights, reordered] : replacements)
      weights->set(reordered);
  }

private:
  bool canReorder(OpOperand &use) {
    Operation *user = use.getOwner();
    return TypeSwitch<Operation *, bool>(user)
        .Case<ClampOp, SigmoidOp, HardSwishOp, SoftmaxOp>(
            [&](Operation *op) { return canReorder(op->getResult(0)); })
        .Case([&](FullyConnectedOp op) {
          return use.getOperandNumber() == 0 && reorder(op.getFilterMutable());
        })
        .Case([&](ScaleShiftOp op) {
          return use.getOperandNumber() == 0 && reorder(op.getScaleMutable()) &&
                 reorder(op.getShiftMutable()) && canReorder(op.getResult());
        })
        .Case<AddOp, MultiplyOp>([&](Operation *op) {
          return reorder(op->getOpOperand(1 - use.getOperandNumber())) &&
                 canReorder(op->getResult(0));
        })
        .Default([](Operation *) { return false; });
  }

  /// Prepares constant weights whose last dimension meets the image.
  bool reorder(OpOperand &weights) {
    auto constant = weights.get().getDefiningOp<ConstantOp>();
    if (!constant)
      return false;
    auto type = cast<RankedTensorType>(constant.getType());
    SmallVector<int64_t> viewShape(type.getShape().drop_back());
    int64_t image = viewShape.size();
    SmallVector<int64_t> permutation =
        llvm::to_vector(llvm::seq<int64_t>(0, image));
    llvm::append_range(viewShape, shape);
    permutation.append({image + 1, image + 2, image});
    OpBuilder builder(constant);
    ConstantOp reordered =
        permuteConstant(builder, constant, viewShape, permutation, type);
    if (!reordered)
      return false;
    replacements.push_back({&weights, reordered});
    return true;
  }

  SmallVector<int64_t> shape;
  SmallVector<std::pair<OpOperand *, Value>> replacements;
};

//===----------------------------------------------------------------------===//
// The walks
//===----------------------------------------------------------------------===//

class LayoutConverter {
public:
  explicit LayoutConverter(func::FuncOp function)
      : function(function), block(function.front()),
        builder(function.getContext()) {}

  void run() {
    propagateWanted();
    wantArgumentsThatMeetImages();
    propagateWanted();
    convertArguments();
    for (Operation &op : llvm::make_early_inc_range(block.without_terminator()))
      convert(&op);
    convertResults();
    eraseDead();
  }

private:
  void propagateWanted();
  void wantArgumentsThatMeetImages();
  void convertArguments();
  void convertResults();
  void eraseDead();

  void convert(Operation *op);
  void convertTranspose(TransposeOp op);
  void convertReshape(ReshapeOp op);
  void convertOrderIndependent(Operation *op);

  /// Whether `value` exists in NHWC, or can at no cost.
  bool isInNhwc(Value value) const {
    return images.contains(value) || value.getDefiningOp<ConstantOp>();
  }
  Value getInNhwc(Value value);
  Value transpose(Value value, ArrayRef<int64_t> permutation) {
    return TransposeOp::create(builder, value.getLoc(),
                               permute(value.getType(), permutation), value,
                               permutation);
  }

  func::FuncOp function;
  Block &block;
  OpBuilder builder;
  /// NCHW values of which some use asks for NHWC.
  DenseSet<Value> wanted;
  /// NCHW values and what holds the same image in NHWC.
  DenseMap<Value, Value> images;
};

} // namespace

/// What an operation that is wanted in NHWC reads is wanted so, too.
void LayoutConverter::propagateWanted() {
  for (Operation &op : llvm::reverse(block))
    if (isTranspose(&op, toNhwc) ||
        (isOrderIndependent(&op) && wanted.contains(op.getResult(0))))
      wanted.insert_range(op.getOperands());
}

/// Arguments, and what is computed from them alone, can be had in either order:
/// in NHWC where they are combined with an image that is in NHWC anyway.
void LayoutConverter::wantArgumentsThatMeetImages() {
  DenseSet<Value> inNhwc, inEither;
  for (BlockArgument argument : block.getArguments())
    (wanted.contains(argument) ? inNhwc : inEither).insert(argument);
  for (Operation &op : block) {
    if (givesImage(&op))
      inNhwc.insert(op.getResult(0));
    if (!isOrderIndependent(&op))
      continue;
    bool meetsImage = llvm::any_of(
        op.getOperands(), [&](Value value) { return inNhwc.contains(value); });
    bool isFree = llvm::all_of(op.getOperands(), [&](Value value) {
      return inNhwc.contains(value) || inEither.contains(value) ||
             value.getDefiningOp<ConstantOp>();
    });
    if (meetsImage)
      for (Value operand : op.getOperands())
        if (inEither.contains(operand))
          wanted.insert(operand);
    if (meetsImage && (isFree || wanted.contains(op.getResult(0))))
      inNhwc.insert(op.getResult(0));
    else if (isFree)
      inEither.insert(op.getResult(0));
  }
}

void LayoutConverter::convertArguments() {
  for (BlockArgument argument : block.getArguments()) {
    unsigned number = argument.getArgNumber();
    if (!wanted.contains(argument) ||
        function.getArgAttr(number, modelLayoutAttrName))
      continue;
    builder.setInsertionPointToStart(&block);
    argument.setType(permute(argument.getType(), toNhwc));
    Value nchw = transpose(argument, toNchw);
    argument.replaceAllUsesExcept(nchw, nchw.getDefiningOp());
    images[nchw] = argument;
    function.setArgAttr(number, modelLayoutAttrName,
                        builder.getStringAttr("NCHW"));
  }
}

void LayoutConverter::convertResults() {
  auto terminator = cast<func::ReturnOp>(block.getTerminator());
  for (OpOperand &operand : terminator->getOpOperands()) {
    Value image = images.lookup(operand.get());
    if (!image)
      continue;
    operand.set(image);
    function.setResultAttr(operand.getOperandNumber(), modelLayoutAttrName,
                           builder.getStringAttr("NCHW"));
  }
  function.setFunctionType(builder.getFunctionType(
      block.getArgumentTypes(), terminator->getOperandTypes()));
}

void LayoutConverter::eraseDead() {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

void LayoutConverter::convert(Operation *op) {
  builder.setInsertionPoint(op);
  if (auto transposeOp = dyn_cast<TransposeOp>(op))
    convertTranspose(transposeOp);
  else if (auto reshape = dyn_cast<ReshapeOp>(op))
    convertReshape(reshape);
  else if (isOrderIndependent(op))
    convertOrderIndependent(op);
}

void LayoutConverter::convertTranspose(TransposeOp op) {
  if (isTranspose(op, toNchw)) {
    images[op.getResult()] = op.getInput();
    return;
  }
  if (!isTranspose(op, toNhwc))
    return;
  if (isInNhwc(op.getInput()))
    op.getResult().replaceAllUsesWith(getInNhwc(op.getInput()));
  else
    images[op.getInput()] = op.getResult();
}

void LayoutConverter::convertReshape(ReshapeOp op) {
  auto inputType = cast<RankedTensorType>(op.getInput().getType());
  auto resultType = cast<RankedTensorType>(op.getType());
  if (Value image = images.lookup(op.getInput())) {
    if (isSameInNhwc(inputType)) {
      op.getInputMutable().assign(image);
    } else if (resultType.getRank() == 2 &&
               resultType.getDimSize(0) == inputType.getDimSize(0)) {
      FlattenedImage flattened(inputType);
      if (flattened.canReorder(op.getResult())) {
        op.getInputMutable().assign(image);
        flattened.reorderWeights();
      }
    }
  }

  if (!givesImage(op))
    return;
  builder.setInsertionPointAfter(op);
  images[op.getResult()] = ReshapeOp::create(
      builder, op.getLoc(), permute(resultType, toNhwc), op.getInput());
}

/// Whatever is at hand in NHWC saves a transpose, whatever is not costs one; so
/// does the result, if someone wants it, or if nobody does.
void LayoutConverter::convertOrderIndependent(Operation *op) {
  Value result = op->getResult(0);
  auto isImageAtHand = [&](Value value) { return images.contains(value); };
  bool allAtHand = llvm::all_of(op->getOperands(),
                                [&](Value value) { return isInNhwc(value); });
  if (llvm::none_of(op->getOperands(), isImageAtHand) ||
      (!allAtHand && !wanted.contains(result)))
    return;

  Operation *converted = op->clone();
  for (OpOperand &operand : converted->getOpOperands())
    operand.set(getInNhwc(operand.get()));
  converted->getResult(0).setType(permute(result.getType(), toNhwc));
  TypeSwitch<Operation *>(converted)
      .Case([&](ConcatOp concat) {
        concat.setAxis(llvm::find(toNhwc, concat.getAxis()) - toNhwc);
      })
      .Case([&](PadOp pad) {
        pad.setLow(permute(pad.getLow(), toNhwc));
        pad.setHigh(permute(pad.getHigh(), toNhwc));
      })
      .Case([&](SliceOp slice) {
        slice.setOffsets(permute(slice.getOffsets(), toNhwc));
        slice.setSizes(permute(slice.getSizes(), toNhwc));
      });
  builder.setInsertionPoint(op);
  builder.insert(converted);
  Value nchw = transpose(converted->getResult(0), toNchw);
  images[nchw] = converted->getResult(0);
  result.replaceAllUsesWith(nchw);
}

Value LayoutConverter::getInNhwc(Value value) {
  if (Value image = images.lookup(value))
    return image;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfterValue(value);
  Value image;
  if (auto constant = value.getDefiningOp<ConstantOp>())
    image = permuteConstant(builder, constant,
                            cast<RankedTensorType>(value.getType()).getShape(),
                            toNhwc, permute(value.getType(), toNhwc));
  if (!image)
    image = transpose(value, toNhwc);
  images[value] = image;
  return image;
}

namespace {

struct ConvertLayout : impl::ConvertLayoutBase<ConvertLayout> {
  using ConvertLayoutBase::ConvertLayoutBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal() || !function.getBody().hasOneBlock())
      return;
    LayoutConverter(function).run();
  }
};

} // namespace

} // namespace windrow::nn
