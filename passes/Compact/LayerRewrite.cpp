//===- LayerRewrite.cpp - Operations in place of a layer ------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/LayerRewrite.h"

#include "passes/Compact/LayerWeights.h"
#include "passes/Compact/NetworkSize.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace windrow::nn {

Value LayerRewrite::addZeros(StringRef part, ArrayRef<int64_t> shape) {
  return makeZeros(builder, nameLayerPart(layer->getLoc(), part), shape);
}

Conv2DOp LayerRewrite::addPointwise(StringRef part, Value input,
                                    int64_t outputs, Value bias,
                                    ClampAttr clamp) {
  int64_t inputs = cast<RankedTensorType>(input.getType()).getDimSize(3);
  Value filter = addZeros(part, {outputs, 1, 1, inputs});
  return add<Conv2DOp>(part, input, filter, bias, ArrayRef<int64_t>{1, 1},
                       ArrayRef<int64_t>{0, 0, 0, 0}, ArrayRef<int64_t>{1, 1},
                       /*groups=*/1, clamp);
}

/// Erases `op`, which nothing uses, and the constants that only it used.
static void eraseWithConstants(Operation *op) {
  SmallVector<Value> operands(op->getOperands());
  op->erase();
  for (Value operand : operands)
    eraseUnusedConstant(operand);
}

bool LayerRewrite::keepIfSmaller(const Twine &what) {
  int64_t before = measure(ArrayRef<Operation *>{layer}).macs;
  int64_t after = measure(operations).macs;
  if (after < before)
    return true;
  for (Operation *op : llvm::reverse(operations))
    eraseWithConstants(op);
  emitRemark(layer->getLoc()) << "left as it is: " << what << " would take "
                              << before << " -> " << after << " MACs";
  return false;
}

void LayerRewrite::commit(const Twine &what, const Twine &accuracy) {
  InFlightDiagnostic remark = emitRemark(layer->getLoc()) << what << ": ";
  describeChange(*remark.getUnderlyingDiagnostic(),
                 measure(ArrayRef<Operation *>{layer}), measure(operations));
  remark << ", " << accuracy;
  remark.report();
  layer->replaceAllUsesWith(operations.back());
  eraseWithConstants(layer);
}

FailureOr<std::unique_ptr<Calibration>>
createCalibration(func::FuncOp function, ArrayRef<Operation *> layers,
                  const CalibrationChoice &choice) {
  if (choice.folder.empty())
    return std::unique_ptr<Calibration>();
  return Calibration::create(function, layers, choice.folder, choice.images);
}

LogicalResult reportChange(func::FuncOp function, StringRef title,
                           const NetworkSize &before,
                           Calibration *calibration) {
  std::string accuracy;
  if (calibration) {
    FailureOr<double> error = calibration->measureOutputError();
    if (failed(error))
      return failure();
    accuracy = llvm::formatv(", output off by {0:P1} on {1} images", *error,
                             calibration->countImages());
  }
  InFlightDiagnostic remark = emitRemark(function.getLoc()) << title << ": ";
  describeChange(*remark.getUnderlyingDiagnostic(), before, measure(function));
  remark << accuracy;
  return success();
}

LogicalResult
rewriteLayers(func::FuncOp function, const LayerChoice &choice,
              const CalibrationChoice &calibrationChoice, StringRef title,
              function_ref<LogicalResult(Operation *, Calibration *)> rewrite) {
  FailureOr<SmallVector<Operation *>> layers = chooseLayers(function, choice);
  if (failed(layers))
    return failure();
  FailureOr<std::unique_ptr<Calibration>> calibration =
      createCalibration(function, *layers, calibrationChoice);
  if (failed(calibration))
    return failure();
  NetworkSize before = measure(function);
  for (Operation *layer : *layers)
    if (failed(rewrite(layer,
                       calibrationChoice.fit ? calibration->get() : nullptr)))
      return failure();
  return reportChange(function, title, before, calibration->get());
}

std::string describeFit(double relativeError) {
  return llvm::formatv("activations off by {0:P1}", relativeError);
}

void setFilter(Operation *op, const Matrix &elements) {
  OpBuilder builder(op);
  // The filter is operand 1 of both kinds of layers.
  Value old = op->getOperand(1);
  auto type = cast<RankedTensorType>(old.getType());
  op->setOperand(
      1, makeConstant(builder, op->getLoc(), type.getShape(), elements));
  eraseUnusedConstant(old);
}

void setBias(Operation *op, const Vector &elements) {
  OpBuilder builder(op);
  Value bias = makeConstant(builder, op->getLoc(), {elements.size()}, elements);
  llvm::TypeSwitch<Operation *>(op).Case<Conv2DOp, FullyConnectedOp>(
      [&](auto layer) {
        Value old = layer.getBias();
        layer.getBiasMutable().assign(bias);
        eraseUnusedConstant(old);
      });
}

void eraseUnusedConstant(Value constant) {
  if (!constant)
    return;
  auto op = constant.getDefiningOp<ConstantOp>();
  if (op && op->use_empty())
    op.erase();
}

} // namespace windrow::nn
