//===- profiled_operator.h - What windrow-profile measures ------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_PROFILED_OPERATOR_H
#define WINDROW_RUNTIME_TOOLS_PROFILED_OPERATOR_H

#include "runtime/artifact/bundle_reader.h"
#include "runtime/tools/cost_table.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace windrow {

/// An operator and the most rows it is measured for.
struct ProfiledOperator {
  ProfiledShape shape;
  uint32_t rows = 1;
};

/// The operators of a bundle in the order of its instructions.
struct BundleOperators {
  std::vector<ProfiledOperator> operators;
  /// Of each the layer's name; empty where there is none.
  std::vector<std::string> layers;
  /// Kinds that a cost table has no entries for, such as "Transpose"; sorted.
  std::vector<std::string> skippedKinds;
};

BundleOperators listOperators(const BundleReader &reader);

/// The layers whose parts the `devices` of a plan compute, in the order of the
/// network: each with as many rows as all its parts of one shape have, which is
/// those of the whole, and some more where devices compute the same rows.
std::vector<ProfiledOperator>
joinLayers(std::span<const BundleOperators> devices);

/// `operators` and, behind them, their convolutions by Winograd's algorithm
/// with the other kernels that the planner may choose for these.
std::vector<ProfiledOperator>
addOtherKernels(std::vector<ProfiledOperator> operators);

enum class ChannelSide { Input, Output };

/// `op` with one of `parts` equal parts, rounded up, of its input or output
/// channels, where devices may share it so: convolutions and fully connected
/// layers. Of a grouped convolution, whole groups on both sides at once.
std::optional<ProfiledOperator> sliceChannels(const ProfiledOperator &op,
                                              ChannelSide side, uint32_t parts);

/// The numbers of rows that an operator of `rows` rows is measured for: the
/// halves, rounded up, down to one; descending.
std::vector<uint32_t> rowSteps(uint32_t rows);

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_PROFILED_OPERATOR_H
