//===- RowExchange.cpp - Strips and transfers of one tensor ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/RowExchange.h"

#include <algorithm>
#include <cassert>

using namespace windrow;

static bool touch(RowInterval a, RowInterval b) {
  return !a.empty() && !b.empty() && a.begin <= b.end && b.begin <= a.end;
}

Strip windrow::assembleStrip(std::span<const RowShare> shares, size_t reader,
                             RowInterval needed) {
  if (needed.empty())
    return {};
  const RowShare &own = shares[reader];
  Strip strip;
  strip.rows = touch(own.computed, needed) ? own.computed.hull(needed) : needed;
  for (int64_t row = strip.rows.begin; row < strip.rows.end;) {
    RowInterval rest{row, strip.rows.end};
    size_t source = reader;
    RowInterval taken = rest.intersect(own.computed);
    if (taken.empty() || taken.begin != row) {
      auto owner = std::ranges::find_if(shares, [&](const RowShare &share) {
        return share.owned.contains({row, row + 1});
      });
      assert(owner != shares.end() && "a needed row has no owner");
      source = owner - shares.begin();
      int64_t end = owner->owned.end;
      if (!taken.empty())
        end = std::min(end, taken.begin);
      taken = rest.intersect({row, end});
    }
    strip.parts.push_back({source, taken});
    row = taken.end;
  }
  return strip;
}

std::vector<Strip> windrow::assembleStrips(std::span<const RowShare> shares) {
  std::vector<Strip> strips;
  for (size_t reader = 0; reader < shares.size(); ++reader)
    strips.push_back(assembleStrip(shares, reader, shares[reader].needed));
  return strips;
}

std::vector<RowPiece> windrow::divideBoundaryFirst(
    RowInterval computed, std::span<const RowInterval> awaited, int64_t grain) {
  assert(grain >= 1);
  std::vector<RowInterval> ranges;
  for (RowInterval range : awaited) {
    assert(computed.contains(range) && "rows awaited from elsewhere");
    if (range.empty())
      continue;
    RowInterval rounded{range.begin / grain * grain,
                        (range.end + grain - 1) / grain * grain};
    ranges.push_back(rounded.intersect(computed));
  }
  std::ranges::sort(ranges, {}, &RowInterval::begin);

  std::vector<RowPiece> pieces;
  for (RowInterval range : ranges) {
    if (!pieces.empty() && touch(pieces.back().rows, range))
      pieces.back().rows = pieces.back().rows.hull(range);
    else
      pieces.push_back({range, true});
  }
  size_t awaitedPieces = pieces.size();
  int64_t row = computed.begin;
  for (size_t i = 0; i <= awaitedPieces; ++i) {
    int64_t end = i < awaitedPieces ? pieces[i].rows.begin : computed.end;
    if (row < end)
      pieces.push_back({{row, end}, false});
    if (i < awaitedPieces)
      row = pieces[i].rows.end;
  }
  return pieces;
}

std::vector<RowInterval> windrow::divideInPieces(RowInterval range,
                                                 int64_t pieces) {
  assert(pieces >= 1);
  const int64_t size = range.size();
  int64_t tile = 1;
  for (int64_t wider : {16, 32})
    if (size >= wider * pieces)
      tile = wider;
  const int64_t tiles = (size + tile - 1) / tile;
  const int64_t count = std::clamp<int64_t>(tiles, 1, pieces);
  std::vector<RowInterval> divided;
  for (int64_t piece = 0; piece < count; ++piece)
    divided.push_back({range.begin + tiles * piece / count * tile,
                       std::min(range.end, range.begin + tiles * (piece + 1) /
                                                             count * tile)});
  return divided;
}
