//===- Calibration.h - Activations before and after a rewrite ---*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Layers are fitted one after the other, in the order of the network: each to
// compute, from what the rewritten layers before it pass on, what it computed
// in the original. Errors are thus made up for instead of added up (Zhang et
// al., "Accelerating Very Deep Convolutional Networks for Classification and
// Detection", 2015).
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_COMPACT_CALIBRATION_H
#define WINDROW_PASSES_COMPACT_CALIBRATION_H

#include "passes/Compact/Evaluation.h"
#include "passes/Compact/Matrix.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

#include <random>

namespace windrow::nn {

/// Positions in images, where activations are sampled.
struct SamplePositions {
  struct Position {
    int64_t image, row, column;
  };
  std::vector<Position> positions;
};

/// Runs a function and what is made of it side by side on the same images.
class Calibration {
public:
  /// Reads `count` images of `folder` and keeps a copy of `function` as it is
  /// now, the original. Only `layers` will be replaced or erased. Emits an
  /// error where the function does not take one image of pixels, or as
  /// `readCalibrationImages` does.
  static mlir::FailureOr<std::unique_ptr<Calibration>>
  create(mlir::func::FuncOp function, llvm::ArrayRef<mlir::Operation *> layers,
         llvm::StringRef folder, int64_t count);

  /// Computes everything before `layer`, which is as it was in the original and
  /// is to be replaced, and `layer` in the original. Everything before it must
  /// be in its final form.
  mlir::LogicalResult advanceTo(mlir::Operation *layer);

  /// What the layer last advanced to computes in the original, before its
  /// clamp.
  const ImageTensor &getTarget() const { return *target; }

  /// What was computed of a value of the function.
  const ImageTensor &getActual(mlir::Value value) const {
    return *actual.values.at(value);
  }

  /// Computes `op`, a new operation of the function in its final form, whose
  /// operands were computed.
  mlir::LogicalResult compute(mlir::Operation *op);

  /// Computes the rest. Returns the norm of what the function's results differ
  /// from the original's, divided by that of the original's.
  mlir::FailureOr<double> measureOutputError();

  int64_t countImages() const { return images->shape[0]; }

  /// At most `limit` positions of `tensor`, of rank 4: all, or random ones.
  SamplePositions choosePositions(const ImageTensor &tensor,
                                  int64_t limit = 8192);

private:
  struct Run {
    llvm::DenseMap<mlir::Value, ImageTensorRef> values;
    llvm::DenseSet<mlir::Operation *> done;
  };

  Calibration(mlir::func::FuncOp function,
              llvm::ArrayRef<mlir::Operation *> layers, ImageTensorRef images);

  mlir::LogicalResult advanceUntil(mlir::Operation *end);
  mlir::LogicalResult advanceOriginalBehind(mlir::Operation *op);
  mlir::FailureOr<ImageTensorRef> evaluate(Run &run, mlir::Operation *op,
                                           bool isTarget);
  bool isUnchanged(mlir::Operation *op) const;
  static void finish(Run &run, mlir::Operation *op, ImageTensorRef result);

  mlir::func::FuncOp function;
  ImageTensorRef images;
  mlir::OwningOpRef<mlir::func::FuncOp> originalFunction;
  /// The original's operation for each that stays, and for each layer. Layers
  /// are apart, since others may come to stand at the address of one that was
  /// erased.
  llvm::DenseMap<mlir::Operation *, mlir::Operation *> counterparts,
      layerCounterparts;
  /// The first operation of the original that was not computed.
  mlir::Block::iterator nextOriginal;
  Run original, actual;
  /// Values of the function that equal the original's.
  llvm::DenseSet<mlir::Value> unchanged;
  /// The operation of the original whose unclamped result is wanted.
  mlir::Operation *targetOp = nullptr;
  ImageTensorRef target;
  std::minstd_rand random{1};
};

/// The channels of `tensor` at `samples`, one row for each.
Matrix gatherPixels(const ImageTensor &tensor, const SamplePositions &samples);

/// What `window` sees of `tensor` at output positions `samples`: one row for
/// each, its taps one behind the other, zeros where it lies in the padding.
Matrix gatherPatches(const ImageTensor &tensor, const SlidingWindow &window,
                     const SamplePositions &samples);

/// The rows of `tensor`, of rank 2.
Matrix gatherRows(const ImageTensor &tensor);

} // namespace windrow::nn

#endif // WINDROW_PASSES_COMPACT_CALIBRATION_H
