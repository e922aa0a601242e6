//===- matrix_vector.cpp - A matrix times vectors -------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/kernels/matrix_vector.h"

#include <algorithm>
#include <cassert>
#include <hwy/cache_control.h>

// Vectors of unknown size cannot stand in arrays.
#define HWY_DISABLED_TARGETS                                                   \
  (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/matrix_vector.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace windrow::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Rows that are read at a time: enough for all that memory delivers, and their
/// sums fit in the registers of every target.
constexpr uint32_t maxStreams = 8;

/// How far ahead of their use elements are asked for.
constexpr size_t prefetchElements = 128;

template <class D>
HWY_INLINE hn::Vec<D> loadAsFloat(D d, const float *elements) {
  return hn::LoadU(d, elements);
}
template <class D, class Element>
HWY_INLINE hn::Vec<D> loadAsFloat(D d, const Element *elements) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<Element, D>(), elements));
}

/// Writes the products of `streams` rows, `distance` elements apart, and
/// `input`.
template <uint32_t streams, class Element>
HWY_INLINE void multiplyRows(const Element *matrix, size_t distance,
                             const float *input, size_t columns,
                             float *products) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const size_t lanes = hn::Lanes(d);
  V sums[streams];
#pragma GCC unroll 8
  for (uint32_t i = 0; i < streams; ++i)
    sums[i] = hn::Zero(d);
  size_t k = 0;
  for (; k + lanes <= columns; k += lanes) {
    const V factor = hn::LoadU(d, input + k);
#pragma GCC unroll 8
    for (uint32_t i = 0; i < streams; ++i) {
      const Element *elements = matrix + i * distance + k;
      hwy::Prefetch(elements + prefetchElements);
      sums[i] = hn::MulAdd(loadAsFloat(d, elements), factor, sums[i]);
    }
  }
  const hn::CappedTag<float, 1> one;
  for (uint32_t i = 0; i < streams; ++i) {
    auto rest = hn::Zero(one);
    for (size_t j = k; j < columns; ++j)
      rest = hn::MulAdd(loadAsFloat(one, matrix + i * distance + j),
                        hn::LoadU(one, input + j), rest);
    products[i] = hn::GetLane(hn::SumOfLanes(d, sums[i])) + hn::GetLane(rest);
  }
}

/// Calls `multiplyRows<streams>`, `streams` being at most `most`.
template <uint32_t most, class Element>
HWY_INLINE void multiplyAnyRows(uint32_t streams, const Element *matrix,
                                size_t distance, const float *input,
                                size_t columns, float *products) {
  if (streams == most)
    multiplyRows<most>(matrix, distance, input, columns, products);
  else if constexpr (most > 1)
    multiplyAnyRows<most - 1>(streams, matrix, distance, input, columns,
                              products);
}

template <class Element>
void multiplyMatrixOf(const MatrixRows &matrix, const VectorBatch &batch) {
  const auto *elements = reinterpret_cast<const Element *>(matrix.elements);
  const size_t columns = matrix.columns;
  // Each stream is a range of rows.
  const uint32_t streamRows = (matrix.rows + maxStreams - 1) / maxStreams;
  for (uint32_t first = 0; first < streamRows; ++first) {
    const uint32_t streams =
        (matrix.rows - first + streamRows - 1) / streamRows;
    for (uint32_t vector = 0; vector < batch.count; ++vector) {
      float products[maxStreams];
      multiplyAnyRows<maxStreams>(
          streams, elements + first * columns, streamRows * columns,
          batch.input + vector * columns, columns, products);
      for (uint32_t i = 0; i < streams; ++i) {
        const uint32_t row = first + i * streamRows;
        const float sum = products[i] + (batch.bias ? batch.bias[row] : 0.0f);
        batch.output[vector * batch.outputStride + row] =
            std::min(std::max(sum, batch.low), batch.high);
      }
    }
  }
}

void multiplyMatrix(const MatrixRows &matrix, const VectorBatch &batch) {
  switch (matrix.type) {
  case format::ElementType::F32:
    return multiplyMatrixOf<float>(matrix, batch);
  case format::ElementType::F16:
    return multiplyMatrixOf<hwy::float16_t>(matrix, batch);
  case format::ElementType::BF16:
    return multiplyMatrixOf<hwy::bfloat16_t>(matrix, batch);
  case format::ElementType::U8:
    break;
  }
  assert(false && "a matrix is of floating-point numbers");
}

} // namespace windrow::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace windrow {

HWY_EXPORT(multiplyMatrix);

void multiplyMatrix(const MatrixRows &matrix, const VectorBatch &batch) {
  HWY_DYNAMIC_DISPATCH(multiplyMatrix)(matrix, batch);
}

} // namespace windrow

#endif // HWY_ONCE
