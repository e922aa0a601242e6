//===- row_stream_test.cpp - layers computed as an image arrives ----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/RowStream.h"

#include "gmock/gmock.h"

#include "rapidcheck/gtest.h"

#include <algorithm>

using namespace windrow;
using testing::ElementsAre;

namespace {

/// The rows that a window of `size` rows with padding around it reads of
/// `all`.
auto windowOf(int64_t size, int64_t stride, int64_t all) {
  return [=](RowInterval rows) {
    return RowInterval{rows.begin * stride - size / 2,
                       (rows.end - 1) * stride + size / 2 + 1}
        .intersect({0, all});
  };
}

TEST(DivideStream, PiecesAreWhatCanBeComputed) {
  std::vector<StreamedTensor> tensors{
      {{{0, 16}}, {}, 1, {}},
      {{{0, 16}}, {{0, 16}}, 1, {{0, windowOf(3, 1, 16)}}},
      {{{0, 8}}, {{0, 8}}, 1, {{1, windowOf(3, 2, 16)}}},
  };
  const StreamPieces divided = divideStream(tensors, 4);
  EXPECT_THAT(divided[0][0],
              ElementsAre(RowInterval{0, 4}, RowInterval{4, 8},
                          RowInterval{8, 12}, RowInterval{12, 16}));
  EXPECT_THAT(divided[1][0],
              ElementsAre(RowInterval{0, 3}, RowInterval{3, 7},
                          RowInterval{7, 11}, RowInterval{11, 16}));
  EXPECT_THAT(divided[2][0], ElementsAre(RowInterval{0, 1}, RowInterval{1, 3},
                                         RowInterval{3, 5}, RowInterval{5, 8}));
}

TEST(DivideStream, NeighboursMeetAtTheSameTurn) {
  std::vector<StreamedTensor> tensors{
      {{{0, 9}, {7, 17}, {15, 24}}, {}, 1, {}},
      {{{0, 8}, {8, 16}, {16, 24}},
       {{0, 8}, {8, 16}, {16, 24}},
       1,
       {{0, windowOf(3, 1, 24)}}},
      {{{0, 8}, {8, 16}, {16, 24}},
       {{0, 8}, {8, 16}, {16, 24}},
       1,
       {{1, windowOf(3, 1, 24)}}},
  };
  const StreamPieces divided = divideStream(tensors, 2);
  // The second device begins with its last rows, as the third with its first:
  // both get each other's halo in the first turn.
  EXPECT_THAT(divided[0][1],
              ElementsAre(RowInterval{12, 17}, RowInterval{7, 12}));
  EXPECT_THAT(divided[1][1],
              ElementsAre(RowInterval{13, 16}, RowInterval{8, 13}));
  EXPECT_THAT(divided[2][1],
              ElementsAre(RowInterval{14, 16}, RowInterval{8, 14}));
  EXPECT_THAT(divided[2][2],
              ElementsAre(RowInterval{16, 18}, RowInterval{18, 24}));
  // The first one's halo comes last.
  EXPECT_THAT(divided[2][0], ElementsAre(RowInterval{0, 3}, RowInterval{3, 8}));
}

TEST(DivideStream, PiecesEndAtMultiplesOfTheGrain) {
  std::vector<StreamedTensor> tensors{
      {{{2, 14}, {12, 26}}, {}, 1, {}},
      {{{3, 13}, {13, 25}}, {{3, 13}, {13, 25}}, 4, {{0, windowOf(3, 1, 30)}}},
  };
  const StreamPieces divided = divideStream(tensors, 3);
  EXPECT_THAT(divided[1][0], ElementsAre(RowInterval{3, 4}, RowInterval{4, 8},
                                         RowInterval{8, 13}));
  EXPECT_THAT(divided[1][1],
              ElementsAre(RowInterval{24, 25}, RowInterval{20, 24},
                          RowInterval{13, 20}));
}

TEST(DivideStream, WhoHasNoRowsHasNoPieces) {
  std::vector<StreamedTensor> tensors{
      {{{0, 0}, {0, 8}}, {}, 1, {}},
      {{{0, 0}, {0, 8}}, {{0, 0}, {0, 8}}, 1, {{0, windowOf(3, 1, 8)}}},
  };
  for (const auto &tensor : divideStream(tensors, 2)) {
    for (RowInterval piece : tensor[0])
      EXPECT_TRUE(piece.empty());
    EXPECT_EQ(tensor[1].back().end, 8);
  }
}

std::vector<RowInterval> drawBounds(int64_t all, size_t devices) {
  std::vector<int64_t> bounds{0, all};
  while (bounds.size() < devices + 1)
    bounds.push_back(*rc::gen::inRange<int64_t>(0, all + 1));
  std::ranges::sort(bounds);
  std::vector<RowInterval> owned;
  for (size_t i = 0; i < devices; ++i)
    owned.push_back({bounds[i], bounds[i + 1]});
  return owned;
}

/// Layers in a row, some of which read one earlier tensor too, as residual
/// blocks do; devices compute some rows of their neighbours again.
std::vector<StreamedTensor> drawStream() {
  const auto count = *rc::gen::inRange<size_t>(2, 6);
  const auto devices = *rc::gen::inRange<size_t>(1, 5);
  const int64_t all = *rc::gen::inRange<int64_t>(1, 40);
  std::vector<StreamedTensor> tensors(count);
  for (size_t i = 0; i < count; ++i) {
    StreamedTensor &tensor = tensors[i];
    tensor.owned = drawBounds(all, devices);
    for (RowInterval owned : tensor.owned) {
      const int64_t more = *rc::gen::inRange<int64_t>(0, 3);
      tensor.rows.push_back(
          owned.empty() ? owned
                        : RowInterval{std::max<int64_t>(0, owned.begin - more),
                                      std::min(all, owned.end + more)});
    }
    if (i == 0)
      continue;
    tensor.grain = *rc::gen::inRange<int64_t>(1, 5);
    tensor.operands.push_back(
        {i - 1, windowOf(2 * *rc::gen::inRange<int64_t>(0, 3) + 1, 1, all)});
    if (const auto from = *rc::gen::inRange<size_t>(0, i); from + 1 < i)
      tensor.operands.push_back({from, windowOf(1, 1, all)});
  }
  // What arrives is what is read.
  tensors[0].owned.clear();
  for (size_t device = 0; device < devices; ++device) {
    tensors[0].rows[device] = {};
    for (size_t i = 1; i < count; ++i)
      for (const StreamedTensor::Operand &operand : tensors[i].operands)
        if (operand.tensor == 0 && !tensors[i].rows[device].empty())
          tensors[0].rows[device] = tensors[0].rows[device].hull(
              operand.neededRows(tensors[i].rows[device]));
  }
  return tensors;
}

/// Whether every row of `rows` is somewhere in `there`.
bool areThere(RowInterval rows, const std::vector<bool> &there) {
  for (int64_t row = rows.begin; row < rows.end; ++row)
    if (!there[row])
      return false;
  return true;
}

RC_GTEST_PROP(DivideStream, EveryPieceCanBeComputedInItsTurn, ()) {
  const std::vector<StreamedTensor> tensors = drawStream();
  const int64_t pieces = *rc::gen::inRange<int64_t>(1, 6);
  const StreamPieces divided = divideStream(tensors, pieces);
  const size_t devices = tensors[0].rows.size();
  // By tensor and device: the rows that it has or that were sent to all.
  std::vector<std::vector<std::vector<bool>>> there(
      tensors.size(), std::vector(devices, std::vector<bool>(50)));
  for (int64_t turn = 0; turn < pieces; ++turn)
    for (size_t i = 0; i < tensors.size(); ++i) {
      for (size_t device = 0; device < devices; ++device) {
        const RowInterval piece = divided[i][device][turn];
        for (const StreamedTensor::Operand &operand : tensors[i].operands)
          RC_ASSERT(piece.empty() || areThere(operand.neededRows(piece),
                                              there[operand.tensor][device]));
      }
      for (size_t device = 0; device < devices; ++device)
        for (int64_t row = divided[i][device][turn].begin;
             row < divided[i][device][turn].end; ++row) {
          RC_ASSERT(!there[i][device][row] || tensors[i].operands.size() > 0);
          there[i][device][row] = true;
          if (i > 0 && tensors[i].owned[device].contains({row, row + 1}))
            for (size_t other = 0; other < devices; ++other)
              if (!tensors[i].rows[other].contains({row, row + 1}))
                there[i][other][row] = true;
        }
    }
  for (size_t i = 0; i < tensors.size(); ++i)
    for (size_t device = 0; device < devices; ++device) {
      int64_t rows = 0;
      for (RowInterval piece : divided[i][device]) {
        RC_ASSERT(tensors[i].rows[device].contains(piece));
        rows += std::max<int64_t>(0, piece.size());
      }
      RC_ASSERT(rows == tensors[i].rows[device].size());
    }
}

} // namespace
