//===- row_exchange_test.cpp - strips and transfers of one tensor ---------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/RowExchange.h"
#include "passes/Analysis/RowShares.h"

#include "gmock/gmock.h"

#include "rapidcheck/gtest.h"

using namespace windrow;
using testing::ElementsAre;
using testing::IsEmpty;

namespace windrow {
void PrintTo(RowInterval rows, std::ostream *out) {
  *out << '[' << rows.begin << ", " << rows.end << ')';
}
void PrintTo(const StripPart &part, std::ostream *out) {
  *out << part.source << ": ";
  PrintTo(part.rows, out);
}
void PrintTo(const RowPiece &piece, std::ostream *out) {
  PrintTo(piece.rows, out);
  *out << (piece.awaited ? " awaited" : "");
}
} // namespace windrow

namespace {

RowShare share(RowInterval computed, RowInterval needed) {
  return {computed, computed, needed};
}

TEST(AssembleStrips, HalosComeFromNeighbours) {
  std::vector<RowShare> shares{share({0, 10}, {0, 11}),
                               share({10, 20}, {9, 21}),
                               share({20, 30}, {19, 30})};
  std::vector<Strip> strips = assembleStrips(shares);
  EXPECT_THAT(strips[0].parts,
              ElementsAre(StripPart{0, {0, 10}}, StripPart{1, {10, 11}}));
  EXPECT_THAT(strips[1].parts,
              ElementsAre(StripPart{0, {9, 10}}, StripPart{1, {10, 20}},
                          StripPart{2, {20, 21}}));
  EXPECT_THAT(strips[2].parts,
              ElementsAre(StripPart{1, {19, 20}}, StripPart{2, {20, 30}}));
}

TEST(AssembleStrip, HoldsOwnRowsWhereTheNeededOnesTouchThem) {
  std::vector<RowShare> shares{share({0, 10}, {}), share({10, 20}, {})};
  EXPECT_THAT(assembleStrip(shares, 1, {4, 6}).parts,
              ElementsAre(StripPart{0, {4, 6}}));
  EXPECT_THAT(assembleStrip(shares, 1, {8, 12}).parts,
              ElementsAre(StripPart{0, {8, 10}}, StripPart{1, {10, 20}}));
  EXPECT_THAT(assembleStrip(shares, 1, {}).parts, IsEmpty());
}

TEST(AssembleStrips, ThinStripsReachBeyondTheNeighbour) {
  std::vector<RowShare> shares{share({0, 1}, {0, 3}), share({1, 2}, {}),
                               share({}, {}), share({2, 3}, {})};
  EXPECT_THAT(assembleStrips(shares)[0].parts,
              ElementsAre(StripPart{0, {0, 1}}, StripPart{1, {1, 2}},
                          StripPart{3, {2, 3}}));
}

TEST(AssembleStrips, OwnRowsAreTakenWholeWhereTheyTouch) {
  std::vector<RowShare> shares{share({0, 10}, {4, 12}), share({10, 20}, {})};
  Strip strip = assembleStrips(shares)[0];
  EXPECT_EQ(strip.rows, (RowInterval{0, 12}));
  EXPECT_THAT(strip.parts,
              ElementsAre(StripPart{0, {0, 10}}, StripPart{1, {10, 12}}));
}

TEST(AssembleStrips, DistantOwnRowsStayOutside) {
  std::vector<RowShare> shares{share({0, 4}, {6, 8}), share({4, 10}, {})};
  EXPECT_THAT(assembleStrips(shares)[0].parts,
              ElementsAre(StripPart{1, {6, 8}}));
}

TEST(AssembleStrips, WhoNeedsNothingAssemblesNothing) {
  std::vector<RowShare> shares{share({0, 4}, {})};
  EXPECT_THAT(assembleStrips(shares)[0].parts, IsEmpty());
}

TEST(AssembleStrips, ReplicasComeFromTheirFirstHolder) {
  std::vector<RowShare> shares{share({}, {0, 7}), share({0, 7}, {0, 7}),
                               share({0, 7}, {0, 7})};
  std::vector<Strip> strips = assembleStrips(shares);
  EXPECT_THAT(strips[0].parts, ElementsAre(StripPart{1, {0, 7}}));
  EXPECT_THAT(strips[2].parts, ElementsAre(StripPart{2, {0, 7}}));
}

TEST(AssembleStrips, RecomputedRowsAreNotFetched) {
  std::vector<RowShare> shares{{{0, 12}, {0, 10}, {0, 12}},
                               {{8, 20}, {10, 20}, {7, 20}}};
  std::vector<Strip> strips = assembleStrips(shares);
  EXPECT_THAT(strips[0].parts, ElementsAre(StripPart{0, {0, 12}}));
  EXPECT_THAT(strips[1].parts,
              ElementsAre(StripPart{0, {7, 8}}, StripPart{1, {8, 20}}));
}

TEST(DivideBoundaryFirst, NobodyWaits) {
  EXPECT_THAT(divideBoundaryFirst({3, 9}, {}),
              ElementsAre(RowPiece{{3, 9}, false}));
}

TEST(DivideBoundaryFirst, BothNeighboursWait) {
  std::vector<RowInterval> awaited{{10, 11}, {19, 20}};
  EXPECT_THAT(divideBoundaryFirst({10, 20}, awaited),
              ElementsAre(RowPiece{{10, 11}, true}, RowPiece{{19, 20}, true},
                          RowPiece{{11, 19}, false}));
}

TEST(DivideBoundaryFirst, OverlappingAndTouchingRangesAreOnePiece) {
  std::vector<RowInterval> awaited{{12, 14}, {10, 12}, {13, 15}};
  EXPECT_THAT(divideBoundaryFirst({10, 20}, awaited),
              ElementsAre(RowPiece{{10, 15}, true}, RowPiece{{15, 20}, false}));
}

TEST(DivideBoundaryFirst, CutsKeepTheGrain) {
  std::vector<RowInterval> awaited{{8, 9}, {21, 22}};
  EXPECT_THAT(divideBoundaryFirst({8, 22}, awaited, 4),
              ElementsAre(RowPiece{{8, 12}, true}, RowPiece{{20, 22}, true},
                          RowPiece{{12, 20}, false}));
}

TEST(DivideBoundaryFirst, NothingComputedNothingDivided) {
  EXPECT_THAT(divideBoundaryFirst({5, 5}, {}), IsEmpty());
}

/// A random interval within `range`, maybe empty.
RowInterval intervalWithin(RowInterval range) {
  auto begin = *rc::gen::inRange(range.begin, range.end + 1);
  auto end = *rc::gen::inRange(begin, range.end + 1);
  return {begin, end};
}

RC_GTEST_PROP(AssembleStripsProperty, EveryStripIsGaplessAndTakenFromOwners,
              ()) {
  auto rows = *rc::gen::inRange<int64_t>(1, 40);
  auto units = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 9)));
  std::vector<double> weights(units.begin(), units.end());
  std::vector<int64_t> bounds = divideRows(rows, weights);
  std::vector<RowShare> shares;
  for (size_t i = 0; i < weights.size(); ++i) {
    RowInterval owned{bounds[i], bounds[i + 1]};
    RowInterval computed = owned;
    if (!owned.empty())
      computed = {owned.begin - *rc::gen::inRange<int64_t>(0, owned.begin + 1),
                  owned.end +
                      *rc::gen::inRange<int64_t>(0, rows - owned.end + 1)};
    shares.push_back({computed, owned, intervalWithin({0, rows})});
  }

  std::vector<Strip> strips = assembleStrips(shares);
  RC_ASSERT(strips.size() == shares.size());
  for (size_t reader = 0; reader < shares.size(); ++reader) {
    const Strip &strip = strips[reader];
    RC_ASSERT(strip.rows.contains(shares[reader].needed));
    int64_t row = strip.rows.begin;
    for (const StripPart &part : strip.parts) {
      RC_ASSERT(part.rows.begin == row);
      RC_ASSERT(!part.rows.empty());
      RowInterval holds = part.source == reader ? shares[reader].computed
                                                : shares[part.source].owned;
      RC_ASSERT(holds.contains(part.rows));
      if (part.source == reader)
        RC_ASSERT(part.rows == shares[reader].computed);
      else
        RC_ASSERT(part.rows.intersect(shares[reader].computed).empty());
      row = part.rows.end;
    }
    RC_ASSERT(row == strip.rows.end);
  }
}

RC_GTEST_PROP(DivideBoundaryFirstProperty, PiecesPartitionTheRows, ()) {
  RowInterval computed = intervalWithin({0, 40});
  auto grain = *rc::gen::inRange<int64_t>(1, 5);
  auto count = *rc::gen::inRange(0, 5);
  std::vector<RowInterval> awaited;
  for (int i = 0; i < count; ++i)
    awaited.push_back(intervalWithin(computed));

  std::vector<RowPiece> pieces = divideBoundaryFirst(computed, awaited, grain);
  std::vector<int> times(40, 0);
  bool interior = false;
  for (const RowPiece &piece : pieces) {
    RC_ASSERT(!piece.rows.empty());
    RC_ASSERT(!(interior && piece.awaited));
    interior |= !piece.awaited;
    for (int64_t cut : {piece.rows.begin, piece.rows.end})
      RC_ASSERT(cut == computed.begin || cut == computed.end ||
                cut % grain == 0);
    for (int64_t row = piece.rows.begin; row < piece.rows.end; ++row)
      ++times[row];
  }
  for (int64_t row = 0; row < 40; ++row)
    RC_ASSERT(times[row] == (computed.contains({row, row + 1}) ? 1 : 0));
  for (RowInterval range : awaited) {
    auto holds = [&](const RowPiece &piece) {
      return piece.awaited && piece.rows.contains(range);
    };
    RC_ASSERT(range.empty() || std::ranges::any_of(pieces, holds));
  }
}

TEST(DivideInPieces, TakesWholeTilesWhereThereAreEnough) {
  EXPECT_EQ(divideInPieces({128, 256}, 3),
            (std::vector<RowInterval>{{128, 160}, {160, 192}, {192, 256}}));
  EXPECT_EQ(divideInPieces({128, 208}, 3),
            (std::vector<RowInterval>{{128, 144}, {144, 176}, {176, 208}}));
  EXPECT_EQ(divideInPieces({0, 40}, 2),
            (std::vector<RowInterval>{{0, 16}, {16, 40}}));
  EXPECT_EQ(divideInPieces({5, 8}, 2),
            (std::vector<RowInterval>{{5, 6}, {6, 8}}));
}

TEST(DivideInPieces, MakesNoEmptyOnes) {
  EXPECT_EQ(divideInPieces({3, 5}, 4),
            (std::vector<RowInterval>{{3, 4}, {4, 5}}));
  EXPECT_EQ(divideInPieces({7, 7}, 4), (std::vector<RowInterval>{{7, 7}}));
}

RC_GTEST_PROP(DivideInPieces, CoversEveryChannelOnce, ()) {
  const RowInterval range = intervalWithin({0, 300});
  const auto pieces = *rc::gen::inRange<int64_t>(1, 9);
  int64_t end = range.begin;
  const std::vector<RowInterval> divided = divideInPieces(range, pieces);
  for (RowInterval piece : divided) {
    RC_ASSERT(piece.begin == end);
    RC_ASSERT(range.empty() || !piece.empty());
    end = piece.end;
  }
  RC_ASSERT(end == range.end);
  RC_ASSERT(static_cast<int64_t>(divided.size()) <= pieces);
}

} // namespace
