//===- winograd_products.cpp - Products of tiles and filters, tap by tap --===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/kernels/winograd_products.h"

// Vectors of unknown size cannot stand in arrays.
#define HWY_DISABLED_TARGETS                                                   \
  (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/winograd_products.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace windrow::winograd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Rows of a product that are computed together: their sums, a panel's two
// vectors and one factor are to fit in the registers.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr uint32_t maxRows = 14;
#else
constexpr uint32_t maxRows = 6;
#endif

// Floats of a cache line.
constexpr size_t lineFloats = 16;

/// Cache lines to ask for while something else is computed.
struct LinesAhead {
  const float *next;
  size_t lines; ///< at most two for each step
};

/// A panel is read several times, and does not fit into the first level.
HWY_INLINE void prefetchToSecondLevel(const float *address) {
  __builtin_prefetch(address, /*rw=*/0, /*locality=*/2);
}

template <uint32_t rows>
HWY_INLINE void multiplyRows(const PanelProduct &product, const float *input,
                             float *output, LinesAhead ahead) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const size_t lanes = hn::Lanes(d), depth = product.depth;
  const size_t inputStride = product.inputStride;
  const size_t outputStride = product.outputStride;
  const float *panel = product.panel;
  // Unrolled, so that the sums are in registers from the first to the last.
  V left[rows], right[rows];
#pragma GCC unroll 14
  for (uint32_t row = 0; row < rows; ++row)
    left[row] = right[row] = hn::Zero(d);
  if (product.isAdded) {
#pragma GCC unroll 14
    for (uint32_t row = 0; row < rows; ++row) {
      left[row] = hn::LoadU(d, output + row * outputStride);
      right[row] = hn::LoadU(d, output + row * outputStride + lanes);
    }
  }
  for (size_t k = 0; k < depth; ++k) {
    if (k < ahead.lines)
      prefetchToSecondLevel(ahead.next + k * lineFloats);
    if (k + depth < ahead.lines)
      prefetchToSecondLevel(ahead.next + (k + depth) * lineFloats);
    const V leftFactor = hn::LoadU(d, panel + 2 * lanes * k);
    const V rightFactor = hn::LoadU(d, panel + 2 * lanes * k + lanes);
#pragma GCC unroll 14
    for (uint32_t row = 0; row < rows; ++row) {
      const V factor = hn::Set(d, input[row * inputStride + k]);
      left[row] = hn::MulAdd(factor, leftFactor, left[row]);
      right[row] = hn::MulAdd(factor, rightFactor, right[row]);
    }
  }
#pragma GCC unroll 14
  for (uint32_t row = 0; row < rows; ++row) {
    hn::StoreU(left[row], d, output + row * outputStride);
    hn::StoreU(right[row], d, output + row * outputStride + lanes);
  }
}

/// Calls `multiplyRows<rows>`, `rows` being at most `most`.
template <uint32_t most>
void multiplyAnyRows(uint32_t rows, const PanelProduct &product,
                     const float *input, float *output, LinesAhead ahead) {
  if (rows == most)
    multiplyRows<most>(product, input, output, ahead);
  else if constexpr (most > 1)
    multiplyAnyRows<most - 1>(rows, product, input, output, ahead);
}

void multiplyPanel(const PanelProduct &product) {
  const uint32_t pieces = (product.rows + maxRows - 1) / maxRows;
  // What is read ahead is spread evenly over the work.
  LinesAhead ahead{product.next, 0};
  size_t linesLeft = product.nextSize / lineFloats;
  for (uint32_t piece = 0; piece < pieces; ++piece) {
    const size_t first = size_t{product.rows} * piece / pieces;
    const size_t end = size_t{product.rows} * (piece + 1) / pieces;
    ahead.lines = linesLeft / (pieces - piece);
    multiplyAnyRows<maxRows>(static_cast<uint32_t>(end - first), product,
                             product.input + first * product.inputStride,
                             product.output + first * product.outputStride,
                             ahead);
    ahead.next += ahead.lines * lineFloats;
    linesLeft -= ahead.lines;
  }
}

} // namespace windrow::winograd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace windrow::winograd {

HWY_EXPORT(multiplyPanel);

void multiplyPanel(const PanelProduct &product) {
  HWY_DYNAMIC_DISPATCH(multiplyPanel)(product);
}

} // namespace windrow::winograd

#endif // HWY_ONCE
