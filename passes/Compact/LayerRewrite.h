//===- LayerRewrite.h - Operations in place of a layer ----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_COMPACT_LAYERREWRITE_H
#define WINDROW_PASSES_COMPACT_LAYERREWRITE_H

#include "dialects/Nn/Nn.h"
#include "passes/Compact/Calibration.h"
#include "passes/Compact/LayerChoice.h"
#include "passes/Compact/Matrix.h"
#include "passes/Compact/NetworkSize.h"

#include "llvm/ADT/Twine.h"

namespace windrow::nn {

/// Operations that are to take the place of a layer: built behind it with zeros
/// for weights, then either discarded or given weights and put into its place.
class LayerRewrite {
public:
  explicit LayerRewrite(mlir::Operation *layer) : layer(layer), builder(layer) {
    builder.setInsertionPointAfter(layer);
  }

  /// Builds an operation that is called like the layer, with `part` behind.
  template <typename Op, typename... Arguments>
  Op add(llvm::StringRef part, Arguments &&...arguments) {
    auto op = Op::create(builder, nameLayerPart(layer->getLoc(), part),
                         std::forward<Arguments>(arguments)...);
    operations.push_back(op);
    return op;
  }

  /// A convolution of 1x1 from `input` to `outputs` channels, all zeros but for
  /// `bias`, which may be null.
  Conv2DOp addPointwise(llvm::StringRef part, mlir::Value input,
                        int64_t outputs, mlir::Value bias, ClampAttr clamp);

  /// A constant full of zeros for an operation that is added next.
  mlir::Value addZeros(llvm::StringRef part, llvm::ArrayRef<int64_t> shape);

  /// Whether the operations need fewer MACs than the layer. If not, remarks
  /// that the layer was left, with `what` for what it was to become, and erases
  /// them.
  bool keepIfSmaller(const llvm::Twine &what);

  /// Replaces the layer by the last operation and erases it. Remarks on what it
  /// became, on both sizes, and on `accuracy`.
  void commit(const llvm::Twine &what, const llvm::Twine &accuracy);

private:
  mlir::Operation *layer;
  mlir::OpBuilder builder;
  llvm::SmallVector<mlir::Operation *> operations;
};

/// The images on which a rewrite is fitted and measured.
struct CalibrationChoice {
  llvm::StringRef folder; ///< empty for none
  int64_t images = 0;
  bool fit = true; ///< or only measure
};

/// Reads the images of `choice`, if any, before `function` is changed.
mlir::FailureOr<std::unique_ptr<Calibration>>
createCalibration(mlir::func::FuncOp function,
                  llvm::ArrayRef<mlir::Operation *> layers,
                  const CalibrationChoice &choice);

/// Remarks on the sizes of `function` before and after, with `title` in front,
/// and on the error of its results where there is a calibration.
mlir::LogicalResult reportChange(mlir::func::FuncOp function,
                                 llvm::StringRef title,
                                 const NetworkSize &before,
                                 Calibration *calibration);

/// Calls `rewrite` on each layer that `choice` names, with a calibration where
/// weights are to be fitted, else with null. Remarks on the sizes of `function`
/// before and after, with `title` in front, and on the error of its results
/// where there are images. Fails, with a diagnostic, where the choice or a call
/// does.
mlir::LogicalResult rewriteLayers(
    mlir::func::FuncOp function, const LayerChoice &choice,
    const CalibrationChoice &calibration, llvm::StringRef title,
    llvm::function_ref<mlir::LogicalResult(mlir::Operation *, Calibration *)>
        rewrite);

/// What `LayerRewrite::commit` remarks on the error of a fit.
std::string describeFit(double relativeError);

/// Replaces the constant that `op`, an `nn.conv_2d` or `nn.fully_connected`,
/// has for a filter by one with `elements`, in the order of its shape.
void setFilter(mlir::Operation *op, const Matrix &elements);

/// Gives `op`, a layer as above, a new constant for a bias.
void setBias(mlir::Operation *op, const Vector &elements);

/// Erases `constant`, if it is an `nn.constant`, once nothing uses it.
void eraseUnusedConstant(mlir::Value constant);

} // namespace windrow::nn

#endif // WINDROW_PASSES_COMPACT_LAYERREWRITE_H
