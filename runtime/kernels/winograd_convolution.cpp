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
#include "runtime/kernels/parallelize.h"
#include "runtime/kernels/winograd_transforms.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <limits>
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
  size_t inputTapStride, outputTapStride;
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
  using Products = std::vector<XnnpackOperator>;

  /// Scratch memory and the products that read and write it, by tap. The last
  /// block may have fewer tiles than the others.
  struct Worker {
    Products full, last;
    float *inputTaps = nullptr;
    float *outputTaps = nullptr;
  };

  Status addProducts(const KernelContext &context, uint32_t filter,
                     const float *transformed, uint32_t tiles,
                     Products &products);

  Products &productsOf(Worker &worker, uint32_t block) const {
    return plan.tilesOf(block) == plan.blockTiles ? worker.full : worker.last;
  }

  void computeInput(const Worker &worker, uint32_t block, uint32_t firstTile,
                    uint32_t count) const;
  void computeProduct(Worker &worker, uint32_t block, uint32_t tap);
  void computeOutput(const Worker &worker, uint32_t block, uint32_t firstTile,
                     uint32_t count) const;
  void computeBlock(Worker &worker, uint32_t block);
  void computeBlockTogether(uint32_t block);

  const pthreadpool_t threadpool;
  const TensorPlace input, output;
  const uint32_t outputEdge;
  const Bounds bounds;
  const TiledImage inputImage, outputImage;
  const BlockPlan plan;
  std::vector<float> bias, zeros;
  std::vector<Worker> workers;
  const float *source = nullptr;
  float *target = nullptr;
  std::atomic<xnn_status> firstFailure{xnn_status_success};
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
  outputTapStride = tapStrideOf(size_t{blockTiles} * output.channels);
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

// A product is a 1x1 convolution, since XNNPACK's fully connected layers round
// otherwise where they have few output channels, such as a part of a layer.
Status WinogradKernel::addProducts(const KernelContext &context,
                                   uint32_t filter, const float *transformed,
                                   uint32_t tiles, Products &products) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const size_t inputs = inputImage.channels, outputs = outputImage.channels;
  for (uint32_t tap = 0; tap < tapCount(outputEdge); ++tap) {
    xnn_operator_t created = nullptr;
    xnn_status status = xnn_create_convolution2d_nhwc_f32(
        0, 0, 0, 0, /*kernel=*/1, 1, /*subsampling=*/1, 1, /*dilation=*/1, 1,
        /*groups=*/1, inputs, outputs, inputs, outputs,
        transformed + tap * inputs * outputs, /*bias=*/nullptr, -infinity,
        infinity, /*flags=*/0, /*code_cache=*/nullptr,
        context.packedTap(filter, outputEdge, tap), &created);
    WINDROW_RETURN_IF_ERROR(xnnpackStatus(status, "create product"));
    products.emplace_back(created);
    size_t workspace, alignment, height, width;
    status = xnn_reshape_convolution2d_nhwc_f32(
        created, /*batch_size=*/1, /*input_height=*/tiles, /*input_width=*/1,
        &workspace, &alignment, &height, &width, /*threadpool=*/nullptr);
    assert(workspace == 0 && "a 1x1 convolution reads its input in place");
    WINDROW_RETURN_IF_ERROR(xnnpackStatus(status, "reshape product"));
  }
  return Status();
}

Status WinogradKernel::create(const KernelContext &context,
                              const format::Conv2D &conv) {
  const uint32_t outputs = outputImage.channels;
  Expected<const float *> biasValues = context.bias(conv.bias());
  if (!biasValues)
    return biasValues.error();
  if (*biasValues)
    bias.assign(*biasValues, *biasValues + outputs);

  // Where another strip has packed the filter, its values are not read, but for
  // a product of scalars, which XNNPACK always packs.
  std::vector<float> transformed;
  const bool isScalar = inputImage.channels == 1 && outputs == 1;
  if (isScalar || !context.areTapsPacked(conv.filter(), outputEdge)) {
    Expected<std::span<const float>> filter = context.weight(conv.filter());
    if (!filter)
      return filter.error();
    transformed.resize(size_t{tapCount(outputEdge)} * outputs *
                       inputImage.channels);
    transformFilter(outputEdge, filter->data(), outputs, inputImage.channels,
                    transformed.data());
  }
  const uint32_t lastTiles = plan.tilesOf(plan.blocks - 1);
  for (Worker &worker : workers) {
    WINDROW_RETURN_IF_ERROR(addProducts(context, conv.filter(),
                                        transformed.data(), plan.blockTiles,
                                        worker.full));
    if (lastTiles != plan.blockTiles)
      WINDROW_RETURN_IF_ERROR(addProducts(
          context, conv.filter(), transformed.data(), lastTiles, worker.last));
  }
  return Status();
}

size_t WinogradKernel::workspaceBytes() const {
  // XNNPACK may read 16 bytes past the end of an operand.
  return plan.workers * tapCount(outputEdge) *
             (plan.inputTapStride + plan.outputTapStride) * sizeof(float) +
         XNN_EXTRA_BYTES;
}

Status WinogradKernel::bind(std::byte *arena, std::byte *workspace) {
  source = input.in<const float>(arena);
  target = output.in<float>(arena);
  const uint32_t taps = tapCount(outputEdge);
  auto *scratch = reinterpret_cast<float *>(workspace);
  for (Worker &worker : workers) {
    worker.inputTaps = scratch;
    worker.outputTaps = scratch + taps * plan.inputTapStride;
    scratch = worker.outputTaps + taps * plan.outputTapStride;
    for (Products *products : {&worker.full, &worker.last})
      for (size_t tap = 0; tap < products->size(); ++tap) {
        xnn_status status = xnn_setup_convolution2d_nhwc_f32(
            (*products)[tap].get(), /*workspace=*/nullptr,
            worker.inputTaps + tap * plan.inputTapStride,
            worker.outputTaps + tap * plan.outputTapStride);
        WINDROW_RETURN_IF_ERROR(xnnpackStatus(status, "set up product"));
      }
  }
  return Status();
}

void WinogradKernel::computeInput(const Worker &worker, uint32_t block,
                                  uint32_t firstTile, uint32_t count) const {
  transformInput(
      outputEdge, source, inputImage,
      {block * plan.blockTiles + firstTile, count, plan.inputTapStride},
      zeros.data(), worker.inputTaps + size_t{firstTile} * inputImage.channels);
}

void WinogradKernel::computeProduct(Worker &worker, uint32_t block,
                                    uint32_t tap) {
  xnn_status status = xnn_run_operator(productsOf(worker, block)[tap].get(),
                                       /*threadpool=*/nullptr);
  if (status != xnn_status_success)
    firstFailure = status;
}

void WinogradKernel::computeOutput(const Worker &worker, uint32_t block,
                                   uint32_t firstTile, uint32_t count) const {
  transformOutput(
      outputEdge, worker.outputTaps + size_t{firstTile} * outputImage.channels,
      {block * plan.blockTiles + firstTile, count, plan.outputTapStride},
      bias.empty() ? nullptr : bias.data(), bounds, outputImage, target);
}

void WinogradKernel::computeBlock(Worker &worker, uint32_t block) {
  computeInput(worker, block, 0, plan.tilesOf(block));
  for (uint32_t tap = 0; tap < tapCount(outputEdge); ++tap)
    computeProduct(worker, block, tap);
  computeOutput(worker, block, 0, plan.tilesOf(block));
}

void WinogradKernel::computeBlockTogether(uint32_t block) {
  const uint32_t tiles = plan.tilesOf(block);
  Worker &worker = workers.front();
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
  return xnnpackStatus(firstFailure, "run product");
}

CreatedKernel createWinogradConv2D(const KernelContext &context,
                                   const format::Conv2D &conv) {
  return makeKernel<WinogradKernel>(context, conv);
}

} // namespace windrow
