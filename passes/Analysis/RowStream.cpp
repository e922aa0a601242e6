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

/// Where piece `number` of `tensor` ends at the earliest, given the pieces of
/// its readers.
static int64_t findEnd(const StreamedTensor &tensor,
                       std::span<const StreamedTensor> tensors,
                       const std::vector<std::vector<RowInterval>> &divided,
                       int64_t number, int64_t pieces) {
  const RowInterval rows = tensor.rows;
  if (number + 1 == pieces)
    return rows.end;
  if (tensor.readers.empty())
    return rows.begin + rows.size() * (number + 1) / pieces;
  int64_t end = rows.begin;
  for (const StreamedTensor::Reader &reader : tensor.readers) {
    const RowInterval done{tensors[reader.tensor].rows.begin,
                           divided[reader.tensor][number].end};
    if (!done.empty())
      end = std::max(end, reader.neededRows(done).end);
  }
  return end;
}

std::vector<std::vector<RowInterval>>
windrow::divideStream(std::span<const StreamedTensor> tensors, int64_t pieces) {
  assert(pieces >= 1);
  std::vector<std::vector<RowInterval>> divided(tensors.size());
  for (size_t index = tensors.size(); index-- > 0;) {
    const StreamedTensor &tensor = tensors[index];
    int64_t begin = tensor.rows.begin;
    for (int64_t number = 0; number < pieces; ++number) {
      int64_t end = findEnd(tensor, tensors, divided, number, pieces);
      end = (end + tensor.grain - 1) / tensor.grain * tensor.grain;
      end = std::clamp(end, begin, tensor.rows.end);
      divided[index].push_back({begin, end});
      begin = end;
    }
  }
  return divided;
}
