//===- winograd_convolution.cpp - 3x3 convolution with fewer products -----===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The output is cut into tiles, the tiles into blocks. For each block:
// transform the input, one matrix product for each tap, transform the output.
// The filter is transformed in advance, which makes it up to four times as
// large, or, where memory is to be saved and a layer has a single block, while
// it is used.
// Which tiles share a block does not show in the result, since XNNPACK computes
// all rows of a product alike; so strips that begin at a tile give the bits of
// the whole.
//
//===----------------------------------------------------------------------===//

#include "runtime/kernels/kernel_context.h"
#include "runtime/kernels/packed_weights.h"
#include "runtime/kernels/parallelize.h"
#include "runtime/kernels/winograd_products.h"
#include "runtime/kernels/winograd_transforms.h"

#include <algorithm>
#include <fmt/format.h>
#include <pthreadpool.h>
#include <vector>

namespace windrow {

using namespace winograd;

// The taps of a block should stay in the second-level cache, of which cores
// that have one worth the name have 1 or 2 MiB.
static constexpr size_t blockBytes = size_t{1} << 20;

// Blocks are no smaller, since each reads the whole transformed filter.
static constexpr uint32_t minBlockTiles = 56;

// Where memory is to be saved, transformed filters that take more are not kept.
static constexpr size_t largeFilterBytes = size_t{2} << 20;

// Of a filter that is transformed while it is used, all rows of taps at a time
// where the input's taps take no more, else two.
static constexpr size_t sharedTapBytes = size_t{5} << 18;

// So many input channels at a time, which then stay in the second-level cache.
static constexpr uint32_t chunkChannels = 128;

// Floats of one cache line.
static constexpr size_t lineFloats = 16;

/// An odd number of cache lines that holds `floats`: a power of two between the
/// taps would put all taps of a tile into one set of the cache.
static size_t tapStrideOf(size_t floats) {
  size_t lines = (floats + lineFloats - 1) / lineFloats;
  return (lines | 1) * lineFloats;
}

namespace {

/// How a layer is computed.
struct BlockPlan {
  BlockPlan(const TiledImage &input, const TiledImage &output,
            uint32_t outputEdge, size_t threads, bool savesMemory);

  /// The tiles of block `index`.
  uint32_t tilesOf(uint32_t index) const {
    return std::min(blockTiles, tiles - index * blockTiles);
  }

  uint32_t tiles;
  uint32_t blockTiles;
  uint32_t blocks;
  size_t inputTapStride, outputTapStride, outputTileStride;
  /// Workers compute blocks of their own; a single one shares the work of each
  /// of its blocks among all threads.
  size_t workers;
  /// Rows of taps of the filter that are transformed at a time while they are
  /// used; 0 where the filter is transformed in advance.
  uint32_t filterTapRows = 0;
};

class WinogradKernel final : public Kernel {
public:
  WinogradKernel(const KernelContext &context, const format::Conv2D &conv);

  Status create(const KernelContext &context, const format::Conv2D &conv);
  size_t workspaceBytes() const override;
  Status bind(std::byte *arena, std::byte *workspace) override;
  Status run() override;

private:
  /// Scratch memory of one thread, or of all.
  struct Worker {
    float *inputTaps = nullptr;
    float *outputTaps = nullptr;
  };

  Status createFilter(const KernelContext &context, uint32_t filter);
  size_t filterTapStride() const {
    return tapStrideOf(size_t{chunkChannels} * panelWidth());
  }
  size_t filterTapsSize() const {
    return plan.filterTapRows * inputEdge(outputEdge) * filterTapStride();
  }

  TileBlock inputTiles(uint32_t block, uint32_t firstTile,
                       uint32_t count) const {
    return {block * plan.blockTiles + firstTile, count, plan.inputTapStride,
            inputImage.channels};
  }
  TileBlock outputTiles(uint32_t block, uint32_t firstTile,
                        uint32_t count) const {
    return {block * plan.blockTiles + firstTile, count, plan.outputTapStride,
            plan.outputTileStride};
  }

  void computeInput(const Worker &worker, uint32_t block, uint32_t firstTile,
                    uint32_t count) const;
  void computeProduct(const Worker &worker, uint32_t block, uint32_t tap) const;
  void computePanel(size_t thread, uint32_t firstRow, uint32_t panel) const;
  void computeOutput(const Worker &worker, uint32_t block, uint32_t firstTile,
                     uint32_t count) const;
  void computeBlock(const Worker &worker, uint32_t block) const;
  void computeBlockTogether(uint32_t block) const;

  const pthreadpool_t threadpool;
  const TensorPlace input, output;
  const uint32_t outputEdge;
  const Bounds bounds;
  const TiledImage inputImage, outputImage;
  const BlockPlan plan;
  std::vector<float> bias, zeros;
  std::vector<Worker> workers;
  /// Scratch memory for filters, by thread.
  std::vector<float *> filterTaps;
  const float *panels = nullptr;
  const float *source = nullptr;
  float *target = nullptr;
};

} // namespace

BlockPlan::BlockPlan(const TiledImage &input, const TiledImage &output,
                     uint32_t outputEdge, size_t threads, bool savesMemory) {
  uint32_t tileRows = (output.height + outputEdge - 1) / outputEdge;
  tiles = tileRows * output.tileColumns;
  size_t tileBytes = tapCount(outputEdge) * sizeof(float) *
                     (size_t{input.channels} + output.channels);
  size_t most = std::max<size_t>(minBlockTiles, blockBytes / tileBytes);
  blocks = static_cast<uint32_t>((tiles + most - 1) / most);
  blockTiles = (tiles + blocks - 1) / blocks;
  blocks = (tiles + blockTiles - 1) / blockTiles;
  inputTapStride = tapStrideOf(size_t{blockTiles} * input.channels);
  outputTileStride = size_t{panelCount(output.channels)} * panelWidth();
  outputTapStride = tapStrideOf(blockTiles * outputTileStride);
  workers = blocks >= threads ? threads : 1;
  const size_t filterBytes =
      tapCount(outputEdge) * outputTileStride * input.channels * sizeof(float);
  const size_t tapBytes = tapCount(outputEdge) * inputTapStride * sizeof(float);
  if (savesMemory && blocks == 1 && filterBytes > largeFilterBytes)
    filterTapRows = tapBytes <= sharedTapBytes ? inputEdge(outputEdge) : 2;
}

static TiledImage tiledImage(Dims dims, uint32_t outputEdge, Dims outputDims) {
  return {.height = dims[1],
          .width = dims[2],
          .channels = dims[3],
          .paddingTop = 0,
          .paddingLeft = 0,
          .tileColumns = (outputDims[2] + outputEdge - 1) / outputEdge};
}

static TiledImage inputImageOf(const KernelContext &context,
                               const format::Conv2D &conv,
                               uint32_t outputEdge) {
  TiledImage image = tiledImage(context.dims(conv.input()), outputEdge,
                                context.dims(conv.output()));
  image.paddingTop = conv.padding()->top();
  image.paddingLeft = conv.padding()->left();
  return image;
}

WinogradKernel::WinogradKernel(const KernelContext &context,
                               const format::Conv2D &conv)
    : threadpool(context.threadpool()), input(context.place(conv.input())),
      output(context.place(conv.output())),
      outputEdge(conv.kernel() == format::ConvolutionKernel::Winograd4x4 ? 4
                                                                         : 2),
      bounds{conv.clamp()->min(), conv.clamp()->max()},
      inputImage(inputImageOf(context, conv, outputEdge)),
      outputImage(tiledImage(context.dims(conv.output()), outputEdge,
                             context.dims(conv.output()))),
      plan(inputImage, outputImage, outputEdge,
           pthreadpool_get_threads_count(threadpool), context.savesMemory()),
      zeros(inputImage.channels), workers(plan.workers),
      filterTaps(plan.filterTapRows > 0
                     ? pthreadpool_get_threads_count(threadpool)
                     : 0) {}

Status WinogradKernel::create(const KernelContext &context,
                              const format::Conv2D &conv) {
  Expected<const float *> biasValues = context.bias(conv.bias());
  if (!biasValues)
    return biasValues.error();
  if (*biasValues)
    bias.assign(*biasValues, *biasValues + outputImage.channels);
  return createFilter(context, conv.filter());
}

Status WinogradKernel::createFilter(const KernelContext &context,
                                    uint32_t filter) {
  const uint32_t inputs = inputImage.channels, outputs = outputImage.channels;
  const bool isTransformed = plan.filterTapRows == 0;
  const uint64_t key =
      uint64_t{filter} << 32 | (isTransformed ? outputEdge : filterEdge);
  panels = reinterpret_cast<const float *>(context.packed().find(key));
  if (panels)
    return Status();
  Expected<std::span<const float>> values = context.weight(filter);
  if (!values)
    return values.error();
  const size_t elements =
      isTransformed ? tapCount(outputEdge) : filterEdge * filterEdge;
  const size_t bytes =
      elements * plan.outputTileStride * inputs * sizeof(float);
  auto *ordered =
      reinterpret_cast<float *>(context.packed().allocate(key, bytes));
  if (!ordered)
    return Status(
        StatusCode::Unavailable,
        fmt::format("{} bytes for the filter cannot be allocated", bytes));
  isTransformed
      ? transformFilter(outputEdge, values->data(), outputs, inputs, ordered)
      : arrangeFilter(values->data(), outputs, inputs, ordered);
  panels = ordered;
  return Status();
}

size_t WinogradKernel::workspaceBytes() const {
  return (plan.workers * tapCount(outputEdge) *
              (plan.inputTapStride + plan.outputTapStride) +
          filterTaps.size() * filterTapsSize()) *
         sizeof(float);
}

Status WinogradKernel::bind(std::byte *arena, std::byte *workspace) {
  source = input.in<const float>(arena);
  target = output.in<float>(arena);
  auto *scratch = reinterpret_cast<float *>(workspace);
  for (Worker &worker : workers) {
    worker.inputTaps = scratch;
    worker.outputTaps = scratch + tapCount(outputEdge) * plan.inputTapStride;
    scratch = worker.outputTaps + tapCount(outputEdge) * plan.outputTapStride;
  }
  for (float *&taps : filterTaps) {
    taps = scratch;
    scratch += filterTapsSize();
  }
  return Status();
}

void WinogradKernel::computeInput(const Worker &worker, uint32_t block,
                                  uint32_t firstTile, uint32_t count) const {
  TileBlock tiles = inputTiles(block, firstTile, count);
  transformInput(outputEdge, source, inputImage, tiles, zeros.data(),
                 worker.inputTaps + firstTile * tiles.tileStride);
}

void WinogradKernel::computeProduct(const Worker &worker, uint32_t block,
                                    uint32_t tap) const {
  const uint32_t inputs = inputImage.channels;
  const uint32_t count = panelCount(outputImage.channels);
  const size_t panelSize = size_t{panelWidth()} * inputs;
  for (uint32_t panel = 0; panel < count; ++panel) {
    const float *filter = panels + (size_t{tap} * count + panel) * panelSize;
    multiplyPanel({.input = worker.inputTaps + tap * plan.inputTapStride,
                   .inputStride = inputs,
                   .rows = plan.tilesOf(block),
                   .panel = filter,
                   .depth = inputs,
                   .output = worker.outputTaps + tap * plan.outputTapStride +
                             size_t{panel} * panelWidth(),
                   .outputStride = plan.outputTileStride,
                   .isAdded = false,
                   .next = filter + panelSize,
                   .nextSize = panelSize});
  }
}

/// Computes one panel of output channels of some rows of taps, of the only
/// block.
void WinogradKernel::computePanel(size_t thread, uint32_t firstRow,
                                  uint32_t panel) const {
  const Worker &worker = workers.front();
  const uint32_t inputs = inputImage.channels, width = panelWidth();
  const uint32_t taps = plan.filterTapRows * inputEdge(outputEdge);
  const size_t windowsSize = size_t{filterEdge} * filterEdge * width;
  for (uint32_t first = 0; first < inputs; first += chunkChannels) {
    const uint32_t depth = std::min(chunkChannels, inputs - first);
    const float *windows =
        panels + (size_t{panel} * inputs + first) * windowsSize;
    transformPanel(outputEdge, windows, depth, firstRow, plan.filterTapRows,
                   filterTapStride(), filterTaps[thread]);
    const float *next = windows + depth * windowsSize;
    const size_t nextSize = depth * windowsSize / taps;
    for (uint32_t i = 0; i < taps; ++i) {
      const size_t tap = firstRow * inputEdge(outputEdge) + i;
      multiplyPanel(
          {.input = worker.inputTaps + tap * plan.inputTapStride + first,
           .inputStride = inputs,
           .rows = plan.tiles,
           .panel = filterTaps[thread] + i * filterTapStride(),
           .depth = depth,
           .output = worker.outputTaps + tap * plan.outputTapStride +
                     size_t{panel} * width,
           .outputStride = plan.outputTileStride,
           .isAdded = first > 0,
           .next = next + i * nextSize,
           .nextSize = nextSize});
    }
  }
}

void WinogradKernel::computeOutput(const Worker &worker, uint32_t block,
                                   uint32_t firstTile, uint32_t count) const {
  TileBlock tiles = outputTiles(block, firstTile, count);
  transformOutput(outputEdge, worker.outputTaps + firstTile * tiles.tileStride,
                  tiles, bias.empty() ? nullptr : bias.data(), bounds,
                  outputImage, target);
}

void WinogradKernel::computeBlock(const Worker &worker, uint32_t block) const {
  computeInput(worker, block, 0, plan.tilesOf(block));
  for (uint32_t tap = 0; tap < tapCount(outputEdge); ++tap)
    computeProduct(worker, block, tap);
  computeOutput(worker, block, 0, plan.tilesOf(block));
}

void WinogradKernel::computeBlockTogether(uint32_t block) const {
  const uint32_t tiles = plan.tilesOf(block);
  const Worker &worker = workers.front();
  parallelize(threadpool, tiles, [&](size_t, size_t tile) {
    computeInput(worker, block, static_cast<uint32_t>(tile), 1);
  });
  if (plan.filterTapRows == 0)
    parallelize(threadpool, tapCount(outputEdge), [&](size_t, size_t tap) {
      computeProduct(worker, block, static_cast<uint32_t>(tap));
    });
  else
    for (uint32_t row = 0; row < inputEdge(outputEdge);
         row += plan.filterTapRows)
      parallelize(threadpool, panelCount(outputImage.channels),
                  [&](size_t thread, size_t panel) {
                    computePanel(thread, row, static_cast<uint32_t>(panel));
                  });
  parallelize(threadpool, tiles, [&](size_t, size_t tile) {
    computeOutput(worker, block, static_cast<uint32_t>(tile), 1);
  });
}

Status WinogradKernel::run() {
  if (plan.filterTapRows > 0 ||
      (plan.workers == 1 && pthreadpool_get_threads_count(threadpool) > 1))
    for (uint32_t block = 0; block < plan.blocks; ++block)
      computeBlockTogether(block);
  else
    parallelize(threadpool, plan.blocks, [&](size_t thread, size_t block) {
      computeBlock(workers[thread], static_cast<uint32_t>(block));
    });
  return Status();
}

CreatedKernel createWinogradConv2D(const KernelContext &context,
                                   const format::Conv2D &conv) {
  return makeKernel<WinogradKernel>(context, conv);
}

} // namespace windrow
