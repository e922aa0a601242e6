//===- RowStream.cpp - Layers computed as an image arrives ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/RowStream.h"

#include <algorithm>
#include <cassert>

using namespace windrow;

namespace {
/// Finds the pieces, turn by turn.
class StreamDivision {
public:
  StreamDivision(std::span<const StreamedTensor> tensors, int64_t pieces);

  StreamPieces divide();

private:
  void findDirections();
  RowInterval restOf(size_t tensor, size_t device) const;
  RowInterval takeArgument(size_t tensor, size_t device, int64_t turn) const;
  RowInterval takeResult(size_t tensor, size_t device) const;
  RowInterval findAvailable(size_t tensor, size_t device) const;
  bool isComputable(size_t tensor, size_t device, RowInterval rows) const;
  RowInterval firstOf(RowInterval rows, int64_t count, size_t device) const;
  RowInterval roundDown(RowInterval piece, int64_t grain, size_t device) const;

  const std::span<const StreamedTensor> tensors;
  const int64_t pieces;
  std::vector<bool> isUpward; ///< by device
  /// By tensor and device: what there is of its rows so far.
  std::vector<std::vector<RowInterval>> done;
};
} // namespace

StreamDivision::StreamDivision(std::span<const StreamedTensor> tensors,
                               int64_t pieces)
    : tensors(tensors), pieces(pieces) {
  assert(pieces >= 1);
  for (const StreamedTensor &tensor : tensors) {
    std::vector<RowInterval> &none = done.emplace_back();
    for (RowInterval rows : tensor.rows)
      none.push_back({rows.begin, rows.begin});
  }
  findDirections();
}

/// Every second device of those that have rows of the first result.
void StreamDivision::findDirections() {
  isUpward.assign(tensors.front().rows.size(), false);
  auto first = std::ranges::find_if(tensors, [](const StreamedTensor &each) {
    return !each.operands.empty();
  });
  if (first == tensors.end())
    return;
  for (size_t device = 0; device < isUpward.size(); ++device) {
    const auto before =
        std::ranges::count_if(first->rows, [&](RowInterval rows) {
          return !rows.empty() && rows.begin < first->rows[device].begin;
        });
    isUpward[device] = before % 2 == 1;
  }
}

RowInterval StreamDivision::restOf(size_t tensor, size_t device) const {
  const RowInterval all = tensors[tensor].rows[device];
  const RowInterval before = done[tensor][device];
  if (before.empty())
    return all;
  return isUpward[device] ? RowInterval{all.begin, before.begin}
                          : RowInterval{before.end, all.end};
}

/// The `count` rows of `rows` that come first.
RowInterval StreamDivision::firstOf(RowInterval rows, int64_t count,
                                    size_t device) const {
  return isUpward[device] ? RowInterval{rows.end - count, rows.end}
                          : RowInterval{rows.begin, rows.begin + count};
}

RowInterval StreamDivision::takeArgument(size_t tensor, size_t device,
                                         int64_t turn) const {
  const int64_t all = tensors[tensor].rows[device].size();
  const int64_t until = (all * (turn + 1) + pieces - 1) / pieces;
  const RowInterval rest = restOf(tensor, device);
  return firstOf(rest, rest.size() - (all - until), device);
}

/// The rows of `tensor` that `device` has or can have from others: those that
/// join its own.
RowInterval StreamDivision::findAvailable(size_t tensor, size_t device) const {
  const RowInterval all = tensors[tensor].rows[device];
  RowInterval available = done[tensor][device];
  if (available.empty() || tensors[tensor].owned.empty())
    return available;
  for (bool isMore = true; isMore;) {
    isMore = false;
    for (size_t other = 0; other < isUpward.size(); ++other) {
      const RowInterval sent =
          done[tensor][other].intersect(tensors[tensor].owned[other]);
      if (other == device || sent.empty())
        continue;
      if (available.begin <= all.begin && sent.begin < available.begin &&
          sent.end >= available.begin) {
        available.begin = sent.begin;
        isMore = true;
      }
      if (available.end >= all.end && sent.end > available.end &&
          sent.begin <= available.end) {
        available.end = sent.end;
        isMore = true;
      }
    }
  }
  return available;
}

bool StreamDivision::isComputable(size_t tensor, size_t device,
                                  RowInterval rows) const {
  return std::ranges::all_of(tensors[tensor].operands,
                             [&](const StreamedTensor::Operand &operand) {
                               return findAvailable(operand.tensor, device)
                                   .contains(operand.neededRows(rows));
                             });
}

/// `piece` without the rows of a grain that it does not complete.
RowInterval StreamDivision::roundDown(RowInterval piece, int64_t grain,
                                      size_t device) const {
  if (isUpward[device])
    piece.begin =
        std::min(piece.end, (piece.begin + grain - 1) / grain * grain);
  else
    piece.end = std::max(piece.begin, piece.end / grain * grain);
  return piece;
}

RowInterval StreamDivision::takeResult(size_t tensor, size_t device) const {
  const RowInterval rest = restOf(tensor, device);
  int64_t computable = 0, end = rest.size() + 1;
  // The first row needs most of what others have, later ones more of what is
  // still to come.
  if (!rest.empty() && isComputable(tensor, device, firstOf(rest, 1, device)))
    while (end - computable > 1) {
      const int64_t middle = computable + (end - computable) / 2;
      (isComputable(tensor, device, firstOf(rest, middle, device)) ? computable
                                                                   : end) =
          middle;
    }
  const RowInterval piece = firstOf(rest, computable, device);
  return piece == rest ? rest : roundDown(piece, tensors[tensor].grain, device);
}

StreamPieces StreamDivision::divide() {
  StreamPieces divided(tensors.size(),
                       std::vector<std::vector<RowInterval>>(isUpward.size()));
  for (int64_t turn = 0; turn < pieces; ++turn)
    for (size_t tensor = 0; tensor < tensors.size(); ++tensor) {
      std::vector<RowInterval> taken;
      for (size_t device = 0; device < isUpward.size(); ++device)
        taken.push_back(turn + 1 == pieces ? restOf(tensor, device)
                        : tensors[tensor].operands.empty()
                            ? takeArgument(tensor, device, turn)
                            : takeResult(tensor, device));
      for (size_t device = 0; device < isUpward.size(); ++device) {
        divided[tensor][device].push_back(taken[device]);
        done[tensor][device] = done[tensor][device].hull(taken[device]);
      }
    }
  return divided;
}

StreamPieces windrow::divideStream(std::span<const StreamedTensor> tensors,
                                   int64_t pieces) {
  return StreamDivision(tensors, pieces).divide();
}
