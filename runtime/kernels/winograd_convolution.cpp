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
// Which tiles share a block does not show in the result, since XNNPACK computes
// all rows of a product alike; so strips that begin at a tile give the bits of
// the whole.
//
//===----------------------------------------------------------------------===//

#include "runtime/kernels/kernel_context.h"
#include "runtime/kernels/packed_weights.h"
#include "runtime/kernels/parallelize.h"
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
            uint32_t outputEdge, size_t threads);

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
  const float *panels = nullptr;
  const float *source = nullptr;
  float *target = nullptr;
};

} // namespace

BlockPlan::BlockPlan(const TiledImage &input, const TiledImage &output,
                     uint32_t outputEdge, size_t threads) {
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
           pthreadpool_get_threads_count(threadpool)),
      zeros(inputImage.channels), workers(plan.workers) {}

Status WinogradKernel::create(const KernelContext &context,
                              const format::Conv2D &conv) {
  const uint32_t inputs = inputImage.channels, outputs = outputImage.channels;
  Expected<const float *> biasValues = context.bias(conv.bias());
  if (!biasValues)
    return biasValues.error();
  if (*biasValues)
    bias.assign(*biasValues, *biasValues + outputs);

  const uint64_t key = uint64_t{conv.filter()} << 32 | outputEdge;
  panels = reinterpret_cast<const float *>(context.packed().find(key));
  if (panels)
    return Status();
  Expected<std::span<const float>> filter = context.weight(conv.filter());
  if (!filter)
    return filter.error();
  size_t bytes =
      tapCount(outputEdge) * plan.outputTileStride * inputs * sizeof(float);
  auto *transformed =
      reinterpret_cast<float *>(context.packed().allocate(key, bytes));
  if (!transformed)
    return Status(StatusCode::Unavailable,
                  fmt::format("{} bytes for the transformed filter cannot be "
                              "allocated",
                              bytes));
  transformFilter(outputEdge, filter->data(), outputs, inputs, transformed);
  panels = transformed;
  return Status();
}

size_t WinogradKernel::workspaceBytes() const {
  return plan.workers * tapCount(outputEdge) *
         (plan.inputTapStride + plan.outputTapStride) * sizeof(float);
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
  size_t tapElements = plan.outputTileStride * inputImage.channels;
  multiplyTap(worker.inputTaps + tap * plan.inputTapStride, plan.tilesOf(block),
              inputImage.channels, panels + tap * tapElements,
              panelCount(outputImage.channels),
              worker.outputTaps + tap * plan.outputTapStride);
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
  parallelize(threadpool, tapCount(outputEdge), [&](size_t, size_t tap) {
    computeProduct(worker, block, static_cast<uint32_t>(tap));
  });
  parallelize(threadpool, tiles, [&](size_t, size_t tile) {
    computeOutput(worker, block, static_cast<uint32_t>(tile), 1);
  });
}

Status WinogradKernel::run() {
  if (plan.workers == 1 && pthreadpool_get_threads_count(threadpool) > 1)
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
