//===- Plan.h - Where each part of a network is computed --------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A plan in numbers: what `cluster.layout` and `cluster.partials` say of every
// layer, and the messages that follow from it. Participants are numbered as the
// cluster's devices, the client follows them.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_PLAN_H
#define WINDROW_PASSES_ANALYSIS_PLAN_H

#include "passes/Analysis/Network.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace windrow {

enum class LayerMode { Owner, Replicated, Rows, Channels };

/// Who computes what of one layer's result.
struct LayerPlacement {
  LayerMode mode = LayerMode::Owner;
  /// One for an owner, else any number in the order of their parts; each once.
  std::vector<size_t> devices;
  /// Of rows or channels: ascending from 0 to all, one more than devices.
  std::vector<int64_t> bounds;
  /// Of rows: what each device computes, at least its own; empty where that is
  /// all. The other rows spare a transfer.
  std::vector<RowInterval> computed;
  /// Where the input channels are divided: who contracts which, into partial
  /// results that are added where the result is to be.
  std::vector<size_t> partialDevices;
  std::vector<int64_t> partialBounds;
  /// The calls, at most, in which each device computes its part: of channels,
  /// so that some travel while the next are computed (see `divideInPieces`); of
  /// rows and of an owner's whole, as the image arrives (see LayerStream.h).
  int64_t pieces = 1;

  RowInterval ownedPart(size_t position) const {
    return {bounds[position], bounds[position + 1]};
  }
  RowInterval computedRows(size_t position, int64_t allRows) const {
    if (mode != LayerMode::Rows)
      return {0, allRows};
    return computed.empty() ? ownedPart(position) : computed[position];
  }

  friend bool operator==(const LayerPlacement &,
                         const LayerPlacement &) = default;
};

/// One placement for each layer of a network.
struct Plan {
  std::vector<LayerPlacement> layers;

  friend bool operator==(const Plan &, const Plan &) = default;
};

/// A part of a tensor that one participant sends to another.
struct TensorTransfer {
  size_t source;
  size_t reader;
  RowInterval rows;
  int64_t bytes;
  /// Where the source has computed some channels only: those sent.
  RowInterval channels{};
};

/// What participants need of one tensor.
struct TensorExchange {
  /// By participant: the smallest interval of rows that holds all that it
  /// reads.
  std::vector<RowInterval> needed;
  /// By source, then by reader, beginning with the one behind the source, then
  /// by rows.
  std::vector<TensorTransfer> transfers;
};

/// Who computes and who reads each tensor of a network.
struct TensorUses {
  explicit TensorUses(const Network &network);

  /// The layer that computes it; for an argument, as many as there are layers.
  std::vector<size_t> producers;
  /// Layers that read it, ascending, each once.
  std::vector<std::vector<size_t>> readers;
  std::vector<bool> isResult; ///< the client wants it
};

/// The exchanges of every tensor, as `cluster-place` makes them: a row that a
/// reader lacks comes from its owner, of several the first. Partial results are
/// not tensors; they come on top. `plan` must be complete.
std::vector<TensorExchange> findExchanges(const Network &network,
                                          const Plan &plan, size_t numDevices);

/// The exchange of `tensor` alone; `uses` are those of `network`.
TensorExchange findExchange(const Network &network, const TensorUses &uses,
                            const Plan &plan, size_t numDevices, size_t tensor);

/// Where the operand of `layer` is, if that is a row reduction and several
/// devices own rows, so that the result is a sum of partial results; else null.
/// `uses` are those of `network`.
const LayerPlacement *findReducedRows(const Network &network,
                                      const TensorUses &uses, const Plan &plan,
                                      size_t layer);

/// Bytes of the weights of `layer` as its kernel holds them: Winograd's
/// algorithms hold filters of 3x3 transformed, to 6x6 or 4x4.
int64_t heldWeightBytes(const Layer &layer);

/// Bytes that each device needs under a plan: its part of the weights as
/// kernels hold them, and at most as many activations as are alive at a time.
std::vector<int64_t> estimateMemory(const Network &network, const Plan &plan,
                                    size_t numDevices);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_PLAN_H
