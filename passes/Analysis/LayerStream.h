//===- LayerStream.h - The layers of a plan that form a stream --*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The stream of a plan (RowStream.h): its first layers, as far as they are
// computed in pieces by rows, or by one device. What devices exchange within it
// they exchange piece by piece too.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_LAYERSTREAM_H
#define WINDROW_PASSES_ANALYSIS_LAYERSTREAM_H

#include "passes/Analysis/CostModel.h"
#include "passes/Analysis/Plan.h"
#include "passes/Analysis/RowStream.h"

#include <optional>

namespace windrow {

/// In how many pieces the search computes a stream at most.
inline constexpr int64_t maxStreamPieces = 8;

/// The number of layers of the stream of `plan`; 0 where it has none.
size_t countStreamed(const Plan &plan);

/// Whether the first `count` layers under `plan` can be a stream: all by rows
/// among the same devices, or all on one. They read arguments, which nobody
/// else reads, and each other.
bool isStreamable(const Network &network, const TensorUses &uses,
                  const Plan &plan, size_t count);

/// The pieces of the stream of the first `count` layers of `plan`: of the
/// network's arguments, then of the layers' results.
StreamPieces divideLayers(const Network &network, const Plan &plan,
                          size_t count, size_t numDevices);

/// `plan` with its first `count` layers in `pieces` pieces and no others by
/// rows, or nothing where that is no stream.
std::optional<Plan> streamLayers(const Network &network, const TensorUses &uses,
                                 const Plan &plan, size_t count,
                                 int64_t pieces);

/// `plan` with the stream that makes it fastest, as predicted, or as it is
/// where that is faster by hardly anything. No device is to have more than its
/// memory for that.
Plan chooseStream(const CostModel &model, const Plan &plan);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_LAYERSTREAM_H
