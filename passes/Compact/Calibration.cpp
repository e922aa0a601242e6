//===- Calibration.cpp - Activations before and after a rewrite -----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/Calibration.h"

#include "passes/Compact/CalibrationImages.h"

#include "mlir/IR/IRMapping.h"

#include <cmath>

using namespace mlir;

namespace windrow::nn {

Calibration::Calibration(func::FuncOp function, ArrayRef<Operation *> layers,
                         ImageTensorRef images)
    : function(function), images(std::move(images)) {
  IRMapping mapping;
  originalFunction = function.clone(mapping);
  // Without constants, which come and go.
  for (Operation &op : function.getOps())
    if (!isa<ConstantOp>(op))
      (llvm::is_contained(layers, &op) ? layerCounterparts
                                       : counterparts)[&op] =
          mapping.lookup(&op);
  nextOriginal = originalFunction->front().begin();
  BlockArgument argument = function.getArgument(0);
  actual.values[argument] = this->images;
  original.values[originalFunction->getArgument(0)] = this->images;
  unchanged.insert(argument);
}

FailureOr<std::unique_ptr<Calibration>>
Calibration::create(func::FuncOp function, ArrayRef<Operation *> layers,
                    StringRef folder, int64_t count) {
  Location location = function.getLoc();
  auto type = function.getNumArguments() == 1
                  ? dyn_cast<RankedTensorType>(function.getArgumentTypes()[0])
                  : RankedTensorType();
  if (!type || type.getRank() != 4 || type.getDimSize(0) != 1 ||
      !type.getElementType().isUnsignedInteger(8))
    return emitError(location)
           << "a network that is calibrated must take one "
              "image of pixels: its mean and deviation must "
              "be known";
  if (count < 1)
    return emitError(location)
           << "number of calibration images must be at least 1, got " << count;
  FailureOr<ImageTensorRef> images =
      readCalibrationImages(location, folder, count, type);
  if (failed(images))
    return failure();
  return std::unique_ptr<Calibration>(
      new Calibration(function, layers, std::move(*images)));
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

FailureOr<ImageTensorRef> Calibration::evaluate(Run &run, Operation *op,
                                                bool isTarget) {
  SmallVector<ImageTensorRef> operands;
  for (Value operand : op->getOperands()) {
    auto constant = operand.getDefiningOp<ConstantOp>();
    operands.push_back(constant ? evaluateConstant(constant)
                                : run.values.at(operand));
    if (!operands.back())
      return emitError(op->getLoc())
             << "weights must be known to calibrate a network";
  }
  FailureOr<ImageTensor> result = evaluateUnclamped(op, operands);
  if (failed(result))
    return failure();
  auto tensor = std::make_shared<ImageTensor>(std::move(*result));
  if (isTarget) {
    target = tensor;
    tensor = std::make_shared<ImageTensor>(*tensor);
  }
  applyClamp(op, *tensor);
  return ImageTensorRef(tensor);
}

/// Notes the result of `op`, and forgets operands that nothing else reads.
void Calibration::finish(Run &run, Operation *op, ImageTensorRef result) {
  run.values[op->getResult(0)] = std::move(result);
  run.done.insert(op);
  for (Value operand : op->getOperands())
    if (llvm::all_of(operand.getUsers(),
                     [&](Operation *user) { return run.done.contains(user); }))
      run.values.erase(operand);
}

/// Computes the original until `op` is computed, too.
LogicalResult Calibration::advanceOriginalBehind(Operation *op) {
  while (!original.done.contains(op)) {
    Operation *next = &*nextOriginal++;
    if (isa<ConstantOp>(next))
      continue;
    FailureOr<ImageTensorRef> result =
        evaluate(original, next, next == targetOp);
    if (failed(result))
      return failure();
    finish(original, next, std::move(*result));
  }
  return success();
}

/// Whether `op` computes the same in both networks, for the same reasons.
bool Calibration::isUnchanged(Operation *op) const {
  return counterparts.contains(op) &&
         llvm::all_of(op->getOperands(), [&](Value operand) {
           return operand.getDefiningOp<ConstantOp>() ||
                  unchanged.contains(operand);
         });
}

LogicalResult Calibration::compute(Operation *op) {
  if (actual.done.contains(op))
    return success();
  if (isUnchanged(op)) {
    Operation *counterpart = counterparts.lookup(op);
    unchanged.insert(op->getResult(0));
    finish(actual, op, original.values.at(counterpart->getResult(0)));
    return success();
  }
  FailureOr<ImageTensorRef> result = evaluate(actual, op, /*isTarget=*/false);
  if (failed(result))
    return failure();
  finish(actual, op, std::move(*result));
  return success();
}

LogicalResult Calibration::advanceUntil(Operation *end) {
  for (Operation &op : function.getOps()) {
    if (&op == end)
      return success();
    if (isa<ConstantOp>(op))
      continue;
    // In step, so that what both compute is still there.
    if (Operation *counterpart = counterparts.lookup(&op);
        counterpart && failed(advanceOriginalBehind(counterpart)))
      return failure();
    if (failed(compute(&op)))
      return failure();
  }
  return success();
}

LogicalResult Calibration::advanceTo(Operation *layer) {
  targetOp = layerCounterparts.lookup(layer);
  assert(targetOp && "must be one of the layers that are replaced");
  if (failed(advanceUntil(layer)))
    return failure();
  return advanceOriginalBehind(targetOp);
}

FailureOr<double> Calibration::measureOutputError() {
  Operation *results = function.front().getTerminator();
  if (failed(advanceUntil(results)))
    return failure();
  for (Value wanted : originalFunction->front().getTerminator()->getOperands())
    if (Operation *op = wanted.getDefiningOp();
        op && failed(advanceOriginalBehind(op)))
      return failure();
  double difference = 0, norm = 0;
  for (auto [result, wanted] : llvm::zip_equal(
           results->getOperands(),
           originalFunction->front().getTerminator()->getOperands())) {
    const ImageTensor &got = *actual.values.at(result);
    const ImageTensor &original = *this->original.values.at(wanted);
    for (auto [a, b] : llvm::zip_equal(got.elements, original.elements)) {
      difference += (double(a) - b) * (double(a) - b);
      norm += double(b) * b;
    }
  }
  return norm > 0 ? std::sqrt(difference / norm) : std::sqrt(difference);
}

//===----------------------------------------------------------------------===//
// Samples
//===----------------------------------------------------------------------===//

SamplePositions Calibration::choosePositions(const ImageTensor &tensor,
                                             int64_t limit) {
  int64_t images = tensor.shape[0], rows = tensor.shape[1],
          columns = tensor.shape[2];
  int64_t all = images * rows * columns;
  SamplePositions samples;
  auto add = [&](int64_t index) {
    samples.positions.push_back(
        {index / (rows * columns), index / columns % rows, index % columns});
  };
  if (all <= limit)
    for (int64_t i = 0; i < all; ++i)
      add(i);
  else
    for (int64_t i = 0; i < limit; ++i)
      add(static_cast<int64_t>(random()) % all);
  return samples;
}

Matrix gatherPixels(const ImageTensor &tensor, const SamplePositions &samples) {
  return gatherPatches(tensor, {{1, 1}, {1, 1}, {1, 1}, {0, 0}}, samples);
}

Matrix gatherPatches(const ImageTensor &tensor, const SlidingWindow &window,
                     const SamplePositions &samples) {
  int64_t channels = tensor.channels();
  int64_t taps = window.kernel[0] * window.kernel[1];
  Matrix patches = Matrix::Zero(static_cast<int64_t>(samples.positions.size()),
                                taps * channels);
  for (auto [row, position] : llvm::enumerate(samples.positions))
    visitWindow(window, tensor, position.image, position.row, position.column,
                [&, row = row](int64_t tap, const float *pixel) {
                  std::copy_n(pixel, channels,
                              patches.row(row).data() + tap * channels);
                });
  return patches;
}

Matrix gatherRows(const ImageTensor &tensor) {
  Matrix rows(tensor.shape[0], tensor.channels());
  llvm::copy(tensor.elements, rows.data());
  return rows;
}

} // namespace windrow::nn
