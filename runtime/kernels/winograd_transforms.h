//===- winograd_transforms.h - Linear maps around the products --*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Winograd's minimal filtering for 3x3 windows of stride 1 (A. Lavin, S. Gray,
// "Fast Algorithms for Convolutional Neural Networks", 2016): a tile of m x m
// outputs takes (m + 2)^2 products for each pair of channels instead of 9 m^2,
//
//   Y = A^T [sum over input channels of (G g G^T) . (B^T d B)] A.
//
// Each element of the bracket, a *tap*, is a matrix product over all tiles of
// a block. The interpolation points of F(4x4) are 0, +-sqrt(1/2), +-sqrt(2)
// and infinity: their error is about half of that of 0, +-1, +-2.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_KERNELS_WINOGRAD_TRANSFORMS_H
#define WINDROW_RUNTIME_KERNELS_WINOGRAD_TRANSFORMS_H

#include <cstddef>
#include <cstdint>

namespace windrow::winograd {

/// Edge of a filter.
inline constexpr uint32_t filterEdge = 3;

/// Edge of a tile of the input that gives `outputEdge` rows and columns.
constexpr uint32_t inputEdge(uint32_t outputEdge) {
  return outputEdge + filterEdge - 1;
}

/// Number of products of each tile.
constexpr uint32_t tapCount(uint32_t outputEdge) {
  return inputEdge(outputEdge) * inputEdge(outputEdge);
}

/// An NHWC image, cut into tiles. The tiles of an input overlap by two pixels
/// and begin at multiples of the output's edge, less the padding; what lies
/// outside of the image is zero. Those of an output are clipped.
struct TiledImage {
  uint32_t height, width, channels;
  uint32_t paddingTop, paddingLeft;
  uint32_t tileColumns;
};

/// Consecutive tiles, counted row by row, and where their taps lie: element
/// [tap][tile][channel] at `taps + tap * tapStride + (tile - first) *
/// tileStride + channel`.
struct TileBlock {
  uint32_t first, count;
  size_t tapStride, tileStride;
};

/// Bounds of the output.
struct Bounds {
  float min, max;
};

/// Filters lie in panels of this many output channels, which depends on the
/// processor, the last one filled up with zeros: transformed ones as element
/// [tap][panel][input channel][output channel of the panel], others as element
/// [panel][input channel][row * 3 + column][output channel of the panel].
uint32_t panelWidth();

/// Number of panels for `channels` output channels.
inline uint32_t panelCount(uint32_t channels) {
  return (channels + panelWidth() - 1) / panelWidth();
}

/// Writes G g G^T of an OHWI filter of 3x3 windows, in panels. `outputEdge` is
/// 2 or 4, here and below.
void transformFilter(uint32_t outputEdge, const float *filter,
                     uint32_t outputChannels, uint32_t inputChannels,
                     float *panels);

/// Puts an OHWI filter of 3x3 windows in panels, as it is.
void arrangeFilter(const float *filter, uint32_t outputChannels,
                   uint32_t inputChannels, float *panels);

/// Writes taps of G g G^T of `channels` input channels of a panel that is not
/// transformed: of the `rows` rows of taps from `firstRow` on, element
/// [input channel][output channel of the panel] of each tap, the taps
/// `tapStride` apart. `firstRow` is a multiple of `rows`, which is 2 or all.
/// The values are those of `transformFilter`.
void transformPanel(uint32_t outputEdge, const float *panel, uint32_t channels,
                    uint32_t firstRow, uint32_t rows, size_t tapStride,
                    float *taps);

/// Writes B^T d B of the tiles of `block`. `zeros` holds as many zeros as the
/// image has channels.
void transformInput(uint32_t outputEdge, const float *input,
                    const TiledImage &image, const TileBlock &block,
                    const float *zeros, float *taps);

/// Writes A^T m A + bias, clamped, to the pixels of the tiles of `block` that
/// lie in `image`, an output. `bias` may be null.
void transformOutput(uint32_t outputEdge, const float *taps,
                     const TileBlock &block, const float *bias,
                     const Bounds &bounds, const TiledImage &image,
                     float *output);

} // namespace windrow::winograd

#endif // WINDROW_RUNTIME_KERNELS_WINOGRAD_TRANSFORMS_H
