//===- ChannelFlow.h - Where the channels of a network go -------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_COMPACT_CHANNELFLOW_H
#define WINDROW_PASSES_COMPACT_CHANNELFLOW_H

#include "dialects/Nn/Nn.h"
#include "passes/Compact/ChannelClasses.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace windrow::nn {

/// Whether `op` computes channels of its own from known weights: a convolution
/// of one group or a fully connected layer.
bool computesChannels(mlir::Operation *op);

/// Follows the channels of a function, indices of the last dimension of its
/// values, from the layers that compute them: through residual additions and
/// attention, which bind channels to each other, concatenations, slices,
/// depthwise convolutions, pools and flattening, to the layers that read them.
/// Channels of the function's argument and results are pinned, and so are those
/// that an operation reads in a way that is not known here.
class ChannelFlow {
public:
  explicit ChannelFlow(mlir::func::FuncOp function);

  /// The channel at each index of the last dimension of `value`, which is no
  /// constant. A flattened image has each channel several times.
  llvm::ArrayRef<int64_t> getChannels(mlir::Value value) const {
    return channels.find(value)->second;
  }

  ChannelClasses &getClasses() { return classes; }

private:
  using Channels = llvm::SmallVector<int64_t>;

  void follow(mlir::Operation *op);
  void followWeighted(mlir::Operation *op);
  void followBinary(mlir::Operation *op);
  void followConcat(ConcatOp op);
  void followReshape(ReshapeOp op);
  void pass(mlir::Operation *op);
  void repeat(mlir::Operation *op);
  void pinAll(mlir::Operation *op);
  Channels addChannels(mlir::Value value, bool arePinned);

  ChannelClasses classes;
  llvm::DenseMap<mlir::Value, Channels> channels;
};

} // namespace windrow::nn

#endif // WINDROW_PASSES_COMPACT_CHANNELFLOW_H
