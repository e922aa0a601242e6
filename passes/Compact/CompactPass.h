//===- CompactPass.h - What passes that compact have in common --*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_COMPACT_COMPACTPASS_H
#define WINDROW_PASSES_COMPACT_COMPACTPASS_H

#include "passes/Compact/LayerChoice.h"
#include "passes/Compact/LayerRewrite.h"

namespace windrow::nn {

/// A pass with the options that all passes of this folder have, on top of
/// `Base`, which is generated from Passes.td.
template <typename Base> class CompactPass : public Base {
public:
  using Base::Base;

  void runOnOperation() final {
    mlir::func::FuncOp function = this->getOperation();
    if (function.isExternal())
      return;
    auto isTaken = [this](mlir::Operation *op) { return whyNot(op); };
    LayerChoice choice;
    choice.layers = this->layers;
    choice.minParameters = this->minParameters;
    choice.whyNot = isTaken;
    CalibrationChoice images{this->calibration, this->calibrationImages,
                             this->fit};
    if (failed(checkOptions()) || failed(compact(function, choice, images)))
      this->signalPassFailure();
  }

protected:
  /// Emits an error where an option of the pass itself is out of range.
  virtual mlir::LogicalResult checkOptions() = 0;

  /// Why the pass cannot take `op`; see `LayerChoice::whyNot`.
  virtual std::string whyNot(mlir::Operation *op) = 0;

  /// Changes `function`. Emits an error where it cannot.
  virtual mlir::LogicalResult compact(mlir::func::FuncOp function,
                                      const LayerChoice &choice,
                                      const CalibrationChoice &images) = 0;
};

} // namespace windrow::nn

#endif // WINDROW_PASSES_COMPACT_COMPACTPASS_H
