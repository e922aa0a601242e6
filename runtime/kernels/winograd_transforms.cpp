//===- winograd_transforms.cpp - Linear maps around the products ----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/kernels/winograd_transforms.h"

#include <algorithm>
#include <array>

// Vectors of unknown size cannot stand in arrays.
#define HWY_DISABLED_TARGETS                                                   \
  (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/winograd_transforms.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace windrow::winograd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// The three one-dimensional transforms of F(4, 3). `In` and `Out` are arrays
/// of vectors, or views of a column of one.
struct Edge4 {
  static constexpr uint32_t outputEdge = 4;
  // The points squared are 1/2 and 2, their product is 1.
  static constexpr float a = 0.70710678118654752f, b = 1.41421356237309505f;

  template <class D, class V>
  HWY_INLINE static void input(D d, const V *x, V *y) {
    const V two = hn::Set(d, 2.0f), half = hn::Set(d, 0.5f);
    const V fiveHalves = hn::Set(d, 2.5f);
    const V va = hn::Set(d, a), vb = hn::Set(d, b);
    y[0] = hn::Add(hn::NegMulAdd(fiveHalves, x[2], x[0]), x[4]);
    V even = hn::NegMulAdd(two, x[2], x[4]);
    V odd = hn::NegMulAdd(two, x[1], x[3]);
    y[1] = hn::MulAdd(va, odd, even);
    y[2] = hn::NegMulAdd(va, odd, even);
    even = hn::NegMulAdd(half, x[2], x[4]);
    odd = hn::NegMulAdd(half, x[1], x[3]);
    y[3] = hn::MulAdd(vb, odd, even);
    y[4] = hn::NegMulAdd(vb, odd, even);
    y[5] = hn::Add(hn::NegMulAdd(fiveHalves, x[3], x[1]), x[5]);
  }

  template <class D, class V>
  HWY_INLINE static void filter(D d, const V *x, V *y) {
    // 1 / M'(p) of M(x) = x (x^2 - 1/2) (x^2 - 2) is -2/3 at +-a and 1/6 at
    // +-b.
    const V third = hn::Set(d, -1.0f / 3), twoThirds = hn::Set(d, -2.0f / 3);
    const V sixth = hn::Set(d, 1.0f / 6);
    const V oddA = hn::Mul(hn::Set(d, -2.0f / 3 * a), x[1]);
    const V oddB = hn::Mul(hn::Set(d, 1.0f / 6 * b), x[1]);
    V even = hn::MulAdd(third, x[2], hn::Mul(twoThirds, x[0]));
    y[0] = x[0];
    y[1] = hn::Add(even, oddA);
    y[2] = hn::Sub(even, oddA);
    even = hn::MulAdd(hn::Set(d, 1.0f / 3), x[2], hn::Mul(sixth, x[0]));
    y[3] = hn::Add(even, oddB);
    y[4] = hn::Sub(even, oddB);
    y[5] = x[2];
  }

  template <class D, class V>
  HWY_INLINE static void output(D d, const V *x, V *y) {
    const V sumA = hn::Add(x[1], x[2]), differenceA = hn::Sub(x[1], x[2]);
    const V sumB = hn::Add(x[3], x[4]), differenceB = hn::Sub(x[3], x[4]);
    y[0] = hn::Add(hn::Add(x[0], sumA), sumB);
    y[1] = hn::MulAdd(hn::Set(d, a), differenceA,
                      hn::Mul(hn::Set(d, b), differenceB));
    y[2] = hn::MulAdd(hn::Set(d, 0.5f), sumA, hn::Add(sumB, sumB));
    y[3] = hn::MulAdd(hn::Set(d, a * 0.5f), differenceA,
                      hn::MulAdd(hn::Set(d, b * 2), differenceB, x[5]));
  }
};

/// F(2, 3), with the points 0, 1, -1 and infinity.
struct Edge2 {
  static constexpr uint32_t outputEdge = 2;

  template <class D, class V>
  HWY_INLINE static void input(D, const V *x, V *y) {
    y[0] = hn::Sub(x[0], x[2]);
    y[1] = hn::Add(x[2], x[1]);
    y[2] = hn::Sub(x[2], x[1]);
    y[3] = hn::Sub(x[3], x[1]);
  }

  template <class D, class V>
  HWY_INLINE static void filter(D d, const V *x, V *y) {
    const V half = hn::Set(d, 0.5f);
    const V even = hn::Mul(half, hn::Add(x[0], x[2]));
    const V odd = hn::Mul(half, x[1]);
    y[0] = x[0];
    y[1] = hn::Add(even, odd);
    y[2] = hn::Sub(even, odd);
    y[3] = x[2];
  }

  template <class D, class V>
  HWY_INLINE static void output(D, const V *x, V *y) {
    y[0] = hn::Add(hn::Add(x[0], x[1]), x[2]);
    y[1] = hn::Add(hn::Sub(x[1], x[2]), x[3]);
  }
};

struct ApplyInput {
  template <class Edge, class D, class V>
  HWY_INLINE static void apply(D d, const V *x, V *y) {
    Edge::input(d, x, y);
  }
};
struct ApplyFilter {
  template <class Edge, class D, class V>
  HWY_INLINE static void apply(D d, const V *x, V *y) {
    Edge::filter(d, x, y);
  }
};
struct ApplyOutput {
  template <class Edge, class D, class V>
  HWY_INLINE static void apply(D d, const V *x, V *y) {
    Edge::output(d, x, y);
  }
};

/// Transforms columns, then rows: `load(y, x)` gives an element of the `from` x
/// `from` square, `store(y, x, value)` takes one of the `to` x `to` square.
template <class Transform, class Edge, uint32_t from, uint32_t to, class D,
          class Load, class Store>
HWY_INLINE void transformSquare(D d, Load load, Store store) {
  using V = hn::Vec<D>;
  V between[to][from];
  for (uint32_t x = 0; x < from; ++x) {
    V column[from], transformed[to];
    for (uint32_t y = 0; y < from; ++y)
      column[y] = load(y, x);
    Transform::template apply<Edge>(d, column, transformed);
    for (uint32_t y = 0; y < to; ++y)
      between[y][x] = transformed[y];
  }
  for (uint32_t y = 0; y < to; ++y) {
    V row[to];
    Transform::template apply<Edge>(d, between[y], row);
    for (uint32_t x = 0; x < to; ++x)
      store(y, x, row[x]);
  }
}

/// Calls `body(d, c)` so that vectors `d` at the channels c cover all of them:
/// the last one overlaps the one before, and images of fewer channels than a
/// vector has lanes go one by one.
template <class Body> HWY_INLINE void forChannels(size_t channels, Body body) {
  const hn::ScalableTag<float> vector;
  const size_t lanes = hn::Lanes(vector);
  if (channels < lanes) {
    const hn::CappedTag<float, 1> single;
    for (size_t c = 0; c < channels; ++c)
      body(single, c);
    return;
  }
  size_t c = 0;
  for (; c + lanes <= channels; c += lanes)
    body(vector, c);
  if (c < channels)
    body(vector, channels - lanes);
}

/// Two vectors of output channels.
uint32_t panelWidth() {
  return static_cast<uint32_t>(2 * hn::Lanes(hn::ScalableTag<float>()));
}

// Input channels whose taps are transformed before they are put in order.
constexpr uint32_t chunkChannels = 64;

/// Writes the taps of one window of `count` input channels, which are
/// `windowStride` apart from pixel to pixel, to [tap][chunkChannels].
template <class Edge>
void transformWindow(const float *window, size_t windowStride, uint32_t count,
                     float *taps) {
  constexpr uint32_t edge = inputEdge(Edge::outputEdge);
  forChannels(count, [&](auto d, size_t c) HWY_ATTR {
    transformSquare<ApplyFilter, Edge, filterEdge, edge>(
        d,
        [&](uint32_t y, uint32_t x) HWY_ATTR {
          return hn::LoadU(d, window + (y * filterEdge + x) * windowStride + c);
        },
        [&](uint32_t y, uint32_t x, auto value) HWY_ATTR {
          hn::StoreU(value, d, taps + (y * edge + x) * chunkChannels + c);
        });
  });
}

template <class Edge>
void transformFilterTo(const float *filter, uint32_t outputChannels,
                       uint32_t inputChannels, float *panels) {
  constexpr uint32_t taps = tapCount(Edge::outputEdge);
  const size_t width = panelWidth(), panelSize = width * inputChannels;
  const size_t tapSize = (outputChannels + width - 1) / width * panelSize;
  std::array<float, taps * chunkChannels> chunk;
  for (size_t o = 0; o < outputChannels; ++o)
    for (uint32_t first = 0; first < inputChannels; first += chunkChannels) {
      const uint32_t count = std::min(chunkChannels, inputChannels - first);
      const float *window =
          filter + o * filterEdge * filterEdge * inputChannels + first;
      transformWindow<Edge>(window, inputChannels, count, chunk.data());
      float *target =
          panels + o / width * panelSize + first * width + o % width;
      for (uint32_t tap = 0; tap < taps; ++tap)
        for (uint32_t c = 0; c < count; ++c)
          target[tap * tapSize + c * width] = chunk[tap * chunkChannels + c];
    }
}

/// Writes the rows of taps from `firstRow` on.
template <class Edge, uint32_t firstRow, uint32_t rows>
void transformPanelRows(const float *panel, uint32_t channels, size_t tapStride,
                        float *taps) {
  constexpr uint32_t edge = inputEdge(Edge::outputEdge);
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d), width = panelWidth();
  for (size_t c = 0; c < channels; ++c)
    for (size_t lane = 0; lane < width; lane += lanes) {
      const float *window = panel + c * filterEdge * filterEdge * width + lane;
      float *target = taps + c * width + lane;
      transformSquare<ApplyFilter, Edge, filterEdge, edge>(
          d,
          [&](uint32_t y, uint32_t x) HWY_ATTR {
            return hn::LoadU(d, window + (y * filterEdge + x) * width);
          },
          [&](uint32_t y, uint32_t x, auto value) HWY_ATTR {
            // Above the first row, the difference wraps around.
            if (y - firstRow >= rows)
              return;
            const size_t tap = (y - firstRow) * edge + x;
            hn::StoreU(value, d, target + tap * tapStride);
          });
    }
}

/// Calls `transformPanelRows<firstRow, rows>`, `firstRow` being a multiple of
/// `rows` and at least `least`.
template <class Edge, uint32_t rows, uint32_t least = 0>
void transformAnyPanelRows(uint32_t firstRow, const float *panel,
                           uint32_t channels, size_t tapStride, float *taps) {
  if (firstRow == least)
    transformPanelRows<Edge, least, rows>(panel, channels, tapStride, taps);
  else if constexpr (least + rows < inputEdge(Edge::outputEdge))
    transformAnyPanelRows<Edge, rows, least + rows>(firstRow, panel, channels,
                                                    tapStride, taps);
}

template <class Edge>
void transformPanelOf(const float *panel, uint32_t channels, uint32_t firstRow,
                      uint32_t rows, size_t tapStride, float *taps) {
  constexpr uint32_t edge = inputEdge(Edge::outputEdge);
  rows == edge
      ? transformPanelRows<Edge, 0, edge>(panel, channels, tapStride, taps)
      : transformAnyPanelRows<Edge, 2>(firstRow, panel, channels, tapStride,
                                       taps);
}

template <class Edge>
void transformInputOf(const float *input, const TiledImage &image,
                      const TileBlock &block, const float *zeros, float *taps) {
  constexpr uint32_t edge = inputEdge(Edge::outputEdge);
  for (uint32_t i = 0; i < block.count; ++i) {
    const uint32_t tile = block.first + i;
    const int64_t top =
        int64_t{tile / image.tileColumns} * Edge::outputEdge - image.paddingTop;
    const int64_t left = int64_t{tile % image.tileColumns} * Edge::outputEdge -
                         image.paddingLeft;
    std::array<const float *, edge * edge> pixels;
    for (uint32_t y = 0; y < edge; ++y)
      for (uint32_t x = 0; x < edge; ++x) {
        bool isInside = top + y >= 0 && top + y < image.height &&
                        left + x >= 0 && left + x < image.width;
        pixels[y * edge + x] =
            isInside
                ? input + ((top + y) * image.width + left + x) * image.channels
                : zeros;
      }
    float *target = taps + i * block.tileStride;
    forChannels(image.channels, [&](auto d, size_t c) HWY_ATTR {
      transformSquare<ApplyInput, Edge, edge, edge>(
          d,
          [&](uint32_t y, uint32_t x)
              HWY_ATTR { return hn::LoadU(d, pixels[y * edge + x] + c); },
          [&](uint32_t y, uint32_t x, auto value) HWY_ATTR {
            hn::StoreU(value, d, target + (y * edge + x) * block.tapStride + c);
          });
    });
  }
}

template <class Edge>
void transformOutputOf(const float *taps, const TileBlock &block,
                       const float *bias, const Bounds &bounds,
                       const TiledImage &image, float *output) {
  constexpr uint32_t edge = inputEdge(Edge::outputEdge);
  for (uint32_t i = 0; i < block.count; ++i) {
    const uint32_t tile = block.first + i;
    const uint32_t top = tile / image.tileColumns * Edge::outputEdge;
    const uint32_t left = tile % image.tileColumns * Edge::outputEdge;
    const uint32_t rows = std::min(Edge::outputEdge, image.height - top);
    const uint32_t columns = std::min(Edge::outputEdge, image.width - left);
    const float *source = taps + i * block.tileStride;
    float *target =
        output + (size_t{top} * image.width + left) * image.channels;
    forChannels(image.channels, [&](auto d, size_t c) HWY_ATTR {
      const auto shift = bias ? hn::LoadU(d, bias + c) : hn::Zero(d);
      const auto min = hn::Set(d, bounds.min), max = hn::Set(d, bounds.max);
      transformSquare<ApplyOutput, Edge, edge, Edge::outputEdge>(
          d,
          [&](uint32_t y, uint32_t x) HWY_ATTR {
            return hn::LoadU(d, source + (y * edge + x) * block.tapStride + c);
          },
          [&](uint32_t y, uint32_t x, auto value) HWY_ATTR {
            if (y >= rows || x >= columns)
              return;
            auto clamped = hn::Min(hn::Max(hn::Add(value, shift), min), max);
            hn::StoreU(clamped, d,
                       target + (size_t{y} * image.width + x) * image.channels +
                           c);
          });
    });
  }
}

void transformFilter(uint32_t outputEdge, const float *filter,
                     uint32_t outputChannels, uint32_t inputChannels,
                     float *panels) {
  outputEdge == Edge4::outputEdge
      ? transformFilterTo<Edge4>(filter, outputChannels, inputChannels, panels)
      : transformFilterTo<Edge2>(filter, outputChannels, inputChannels, panels);
}

void transformPanel(uint32_t outputEdge, const float *panel, uint32_t channels,
                    uint32_t firstRow, uint32_t rows, size_t tapStride,
                    float *taps) {
  outputEdge == Edge4::outputEdge
      ? transformPanelOf<Edge4>(panel, channels, firstRow, rows, tapStride,
                                taps)
      : transformPanelOf<Edge2>(panel, channels, firstRow, rows, tapStride,
                                taps);
}

void transformInput(uint32_t outputEdge, const float *input,
                    const TiledImage &image, const TileBlock &block,
                    const float *zeros, float *taps) {
  outputEdge == Edge4::outputEdge
      ? transformInputOf<Edge4>(input, image, block, zeros, taps)
      : transformInputOf<Edge2>(input, image, block, zeros, taps);
}

void transformOutput(uint32_t outputEdge, const float *taps,
                     const TileBlock &block, const float *bias,
                     const Bounds &bounds, const TiledImage &image,
                     float *output) {
  outputEdge == Edge4::outputEdge
      ? transformOutputOf<Edge4>(taps, block, bias, bounds, image, output)
      : transformOutputOf<Edge2>(taps, block, bias, bounds, image, output);
}

} // namespace windrow::winograd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace windrow::winograd {

HWY_EXPORT(panelWidth);
HWY_EXPORT(transformFilter);
HWY_EXPORT(transformInput);
HWY_EXPORT(transformOutput);
HWY_EXPORT(transformPanel);

void transformFilter(uint32_t outputEdge, const float *filter,
                     uint32_t outputChannels, uint32_t inputChannels,
                     float *panels) {
  HWY_DYNAMIC_DISPATCH(transformFilter)
  (outputEdge, filter, outputChannels, inputChannels, panels);
}

uint32_t panelWidth() { return HWY_DYNAMIC_DISPATCH(panelWidth)(); }

void arrangeFilter(const float *filter, uint32_t outputChannels,
                   uint32_t inputChannels, float *panels) {
  constexpr size_t windowSize = filterEdge * filterEdge;
  const size_t width = panelWidth();
  for (size_t o = 0; o < outputChannels; ++o) {
    float *panel = panels + o / width * inputChannels * windowSize * width;
    for (size_t i = 0; i < windowSize; ++i)
      for (size_t c = 0; c < inputChannels; ++c)
        panel[(c * windowSize + i) * width + o % width] = *filter++;
  }
}

void transformPanel(uint32_t outputEdge, const float *panel, uint32_t channels,
                    uint32_t firstRow, uint32_t rows, size_t tapStride,
                    float *taps) {
  HWY_DYNAMIC_DISPATCH(transformPanel)
  (outputEdge, panel, channels, firstRow, rows, tapStride, taps);
}

void transformInput(uint32_t outputEdge, const float *input,
                    const TiledImage &image, const TileBlock &block,
                    const float *zeros, float *taps) {
  HWY_DYNAMIC_DISPATCH(transformInput)
  (outputEdge, input, image, block, zeros, taps);
}

void transformOutput(uint32_t outputEdge, const float *taps,
                     const TileBlock &block, const float *bias,
                     const Bounds &bounds, const TiledImage &image,
                     float *output) {
  HWY_DYNAMIC_DISPATCH(transformOutput)
  (outputEdge, taps, block, bias, bounds, image, output);
}

} // namespace windrow::winograd

#endif // HWY_ONCE
