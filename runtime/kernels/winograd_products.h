//===- winograd_products.h - Products of tiles and filters ------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_KERNELS_WINOGRAD_PRODUCTS_H
#define WINDROW_RUNTIME_KERNELS_WINOGRAD_PRODUCTS_H

#include <cstddef>
#include <cstdint>

namespace windrow::winograd {

/// The product of rows of one tap, `inputStride` apart, and `depth` input
/// channels of one panel of its filter. The rows of the output, `outputStride`
/// apart, have the width of a panel.
struct PanelProduct {
  const float *input;
  size_t inputStride;
  uint32_t rows;
  const float *panel;
  uint32_t depth;
  float *output;
  size_t outputStride;
  /// Whether the product is added to the output, channel by channel.
  bool isAdded;
  /// Memory that is needed next, and is read ahead meanwhile: so many floats.
  const float *next;
  size_t nextSize;
};

/// Computes `product`. Which rows are computed together does not show in the
/// result, nor does it whether input channels are added in several products.
void multiplyPanel(const PanelProduct &product);

} // namespace windrow::winograd

#endif // WINDROW_RUNTIME_KERNELS_WINOGRAD_PRODUCTS_H
