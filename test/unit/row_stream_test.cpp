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

TEST(DivideStream, PiecesHoldWhatTheNextLayerReads) {
  std::vector<StreamedTensor> tensors{
      {{0, 16}, 1, {{1, windowOf(3, 1, 16)}}},
      {{0, 16}, 1, {{2, windowOf(3, 2, 16)}}},
      {{0, 8}, 1, {}},
  };
  auto divided = divideStream(tensors, 4);
  EXPECT_THAT(divided[2], ElementsAre(RowInterval{0, 2}, RowInterval{2, 4},
                                      RowInterval{4, 6}, RowInterval{6, 8}));
  EXPECT_THAT(divided[1], ElementsAre(RowInterval{0, 4}, RowInterval{4, 8},
                                      RowInterval{8, 12}, RowInterval{12, 16}));
  EXPECT_THAT(divided[0], ElementsAre(RowInterval{0, 5}, RowInterval{5, 9},
                                      RowInterval{9, 13}, RowInterval{13, 16}));
}

TEST(DivideStream, PiecesEndAtMultiplesOfTheGrain) {
  std::vector<StreamedTensor> tensors{
      {{2, 13}, 1, {{1, windowOf(3, 1, 13)}}},
      {{3, 13}, 4, {}},
  };
  auto divided = divideStream(tensors, 3);
  EXPECT_THAT(divided[1], ElementsAre(RowInterval{3, 8}, RowInterval{8, 12},
                                      RowInterval{12, 13}));
  EXPECT_THAT(divided[0], ElementsAre(RowInterval{2, 9}, RowInterval{9, 13},
                                      RowInterval{13, 13}));
}

TEST(DivideStream, TheLastPieceHoldsRowsThatOnlyOthersRead) {
  std::vector<StreamedTensor> tensors{
      {{0, 10}, 1, {{1, windowOf(1, 1, 10)}}},
      {{0, 6}, 1, {}},
  };
  EXPECT_THAT(divideStream(tensors, 2)[0],
              ElementsAre(RowInterval{0, 3}, RowInterval{3, 10}));
}

TEST(DivideStream, AnIdleDeviceHasEmptyPieces) {
  std::vector<StreamedTensor> tensors{
      {{0, 0}, 1, {{1, windowOf(3, 1, 8)}}},
      {{0, 0}, 2, {}},
  };
  for (const auto &pieces : divideStream(tensors, 2))
    EXPECT_THAT(pieces, ElementsAre(RowInterval{0, 0}, RowInterval{0, 0}));
}

/// Layers in a row, some of which read one earlier tensor too, as residual
/// blocks do; each device row range is what its readers need.
std::vector<StreamedTensor> drawStream(int64_t &pieces) {
  const auto count = *rc::gen::inRange<size_t>(1, 6);
  const int64_t all = *rc::gen::inRange<int64_t>(1, 40);
  pieces = *rc::gen::inRange<int64_t>(1, 6);
  std::vector<StreamedTensor> tensors(count);
  for (size_t i = 0; i < count; ++i) {
    tensors[i].grain = *rc::gen::inRange<int64_t>(1, 5);
    if (i == 0)
      continue;
    tensors[i - 1].readers.push_back(
        {i, windowOf(2 * *rc::gen::inRange<int64_t>(0, 3) + 1, 1, all)});
    if (const auto from = *rc::gen::inRange<size_t>(0, i); from + 1 < i)
      tensors[from].readers.push_back({i, windowOf(1, 1, all)});
  }
  const int64_t begin = *rc::gen::inRange<int64_t>(0, all);
  tensors.back().rows = {begin, *rc::gen::inRange<int64_t>(begin + 1, all + 1)};
  for (size_t i = count - 1; i-- > 0;)
    for (const StreamedTensor::Reader &reader : tensors[i].readers)
      tensors[i].rows =
          tensors[i].rows.hull(reader.neededRows(tensors[reader.tensor].rows));
  return tensors;
}

RC_GTEST_PROP(DivideStream, EveryPieceCanBeComputedInItsTurn, ()) {
  int64_t pieces = 1;
  const std::vector<StreamedTensor> tensors = drawStream(pieces);
  const auto divided = divideStream(tensors, pieces);
  for (size_t i = 0; i < tensors.size(); ++i) {
    RC_ASSERT(divided[i].size() == static_cast<size_t>(pieces));
    int64_t row = tensors[i].rows.begin;
    for (RowInterval piece : divided[i]) {
      RC_ASSERT(piece.begin == row);
      RC_ASSERT(piece.end >= piece.begin);
      RC_ASSERT(piece.end == tensors[i].rows.end ||
                piece.end % tensors[i].grain == 0 || piece.empty());
      row = piece.end;
    }
    RC_ASSERT(row == tensors[i].rows.end);
    for (const StreamedTensor::Reader &reader : tensors[i].readers)
      for (size_t number = 0; number < divided[i].size(); ++number) {
        const RowInterval read = divided[reader.tensor][number];
        RC_ASSERT(read.empty() ||
                  reader.neededRows(read).end <= divided[i][number].end);
      }
  }
}

} // namespace
