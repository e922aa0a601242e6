//===- Network.h - What a network computes, as numbers ----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A network as the planner sees it: tensors with sizes, and layers, in an order
// of execution, that say what rows of their operands they read and what they
// cost. Made from the interfaces of `nn`
// (passes/Partition/NetworkExtraction.h); knows no kind of operation by name.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_NETWORK_H
#define WINDROW_PASSES_ANALYSIS_NETWORK_H

#include "dialects/Nn/OpCost.h"
#include "dialects/Nn/RowWindow.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace windrow {

/// Sizes of an activation. A tensor that is not an image is one row of one
/// column.
struct NetworkTensor {
  int64_t rows = 1;
  int64_t width = 1;
  int64_t channels = 1;
  int64_t elementBytes = 4;

  int64_t bytesPerRow() const { return width * channels * elementBytes; }
  int64_t bytes() const { return rows * bytesPerRow(); }
  RowInterval allRows() const { return {0, rows}; }
};

/// What an operation is, as cost tables name it; all but the numbers of rows.
struct OperatorShape {
  std::string kind;   ///< as in `nn`: "conv_2d"
  std::string kernel; ///< as in docs/cost-table.md; empty where it has none
  /// Of sliding operations; 0 where there is no window.
  std::array<int64_t, 2> window{};
  std::array<int64_t, 2> strides{1, 1};
  std::array<int64_t, 2> dilations{1, 1};
  int64_t groups = 1;
  /// Columns and channels; columns are 0 where the tensor is not an image.
  std::array<int64_t, 2> input{};
  std::array<int64_t, 2> output{};
  /// Of two operands one is a single pixel, repeated for all.
  bool isBroadcast = false;
  /// The result is clamped, by a pass of its own.
  bool isClamped = false;

  friend bool operator==(const OperatorShape &,
                         const OperatorShape &) = default;
};

/// Which channels of an operand some channels of the result are computed from.
enum class ChannelUse { All, Same };

/// One activation that a layer reads. Constants are not operands.
struct LayerOperand {
  size_t tensor = 0;
  /// Entry r: the rows that row r of the result reads, ascending with r. Empty
  /// where every part of the result reads all rows.
  std::vector<RowInterval> windows;
  ChannelUse channels = ChannelUse::All;

  /// The rows that `resultRows`, if any, are computed from; `operand` is the
  /// tensor. The whole result is computed from all rows, whether or not its
  /// windows reach them.
  RowInterval neededRows(RowInterval resultRows,
                         const NetworkTensor &operand) const {
    if (resultRows.empty())
      return {};
    if (windows.empty() ||
        resultRows.size() == static_cast<int64_t>(windows.size()))
      return operand.allRows();
    return windows[resultRows.begin].hull(windows[resultRows.end - 1]);
  }
};

/// Another kernel that computes the same.
struct KernelVariant {
  std::string kernel; ///< as in `OperatorShape`
  int64_t rowGrain = 1;
  std::vector<RowInterval> windows; ///< of the only operand
};

/// One operation.
struct Layer {
  std::string name; ///< for people
  OperatorShape shape;
  nn::OpCost cost; ///< of the whole
  std::vector<LayerOperand> operands;
  size_t result = 0; ///< a tensor
  /// Rows of the result can be computed by themselves.
  bool isRowSplittable = false;
  /// A sum over all rows of the only operand: partial results can be added.
  bool isRowReduction = false;
  /// Channels of the result can be computed by themselves.
  bool isChannelSplittable = false;
  /// A sum over the channels of the only operand, which can be computed in
  /// parts.
  bool isPartialSplittable = false;
  /// Bounds between devices are best at multiples of this.
  int64_t rowGrain = 1;
  /// Which else may be chosen; only where there is one operand.
  std::vector<KernelVariant> otherKernels;

  /// Exchanges the kernel with one of the others.
  void exchangeKernel(KernelVariant &other) {
    std::swap(shape.kernel, other.kernel);
    std::swap(rowGrain, other.rowGrain);
    std::swap(operands.front().windows, other.windows);
  }

  /// The number of rows that its cost grows with: of the result, or of the
  /// operand that is reduced.
  int64_t costRows(const std::vector<NetworkTensor> &tensors) const {
    return tensors[isRowReduction ? operands.front().tensor : result].rows;
  }
};

/// Layers in an order of execution.
struct Network {
  std::vector<NetworkTensor> tensors;
  std::vector<Layer> layers;
  std::vector<size_t> arguments; ///< tensors that the client has
  std::vector<size_t> results;   ///< tensors that the client wants

  int64_t costRows(size_t layer) const {
    return layers[layer].costRows(tensors);
  }
  const NetworkTensor &resultOf(size_t layer) const {
    return tensors[layers[layer].result];
  }
};

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_NETWORK_H
