//===- fully_connected.cpp - Fully connected layer ------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/base/checksum.h"
#include "runtime/kernels/kernel_context.h"

#include <algorithm>
#include <cassert>
#include <vector>

namespace windrow {

// A filter is packed in slices of output channels of about this size, and the
// pages of each slice are dropped before the next one is read, so that the peak
// is one filter and one slice instead of two filters.
static constexpr uint64_t sliceBytes = uint64_t{16} << 20;

// Slices begin at multiples of this, which all microkernels' widths divide, so
// that the arithmetic is that of an unsliced layer.
static constexpr uint32_t sliceAlignment = 128;

// XNNPACK has other microkernels for fully connected layers with few output
// channels, which add in another order, so that some channels of a layer would
// differ from the same ones of the whole. Slices below this number of channels
// are therefore 1x1 convolutions, which use the same microkernels for all.
static constexpr uint32_t fewOutputChannels = sliceAlignment;

namespace {

class FullyConnectedKernel final : public Kernel {
public:
  FullyConnectedKernel(const KernelContext &context,
                       const format::FullyConnected &dense)
      : threadpool(context.threadpool()), input(context.place(dense.input())),
        output(context.place(dense.output())) {}

  Status create(const KernelContext &context,
                const format::FullyConnected &dense);
  Status bind(std::byte *arena, std::byte *workspace) override;
  Status run() override;

private:
  struct Slice {
    uint32_t firstChannel;
    bool isConvolution;
    XnnpackOperator op;
  };

  Status createSlice(const KernelContext &context,
                     const format::FullyConnected &dense, const float *filter,
                     const float *bias, uint32_t first, uint32_t count);

  const pthreadpool_t threadpool;
  const TensorPlace input, output;
  std::vector<Slice> slices;
};

} // namespace

Status FullyConnectedKernel::createSlice(const KernelContext &context,
                                         const format::FullyConnected &dense,
                                         const float *filter, const float *bias,
                                         uint32_t first, uint32_t count) {
  Dims inputDims = context.dims(dense.input());
  uint32_t rows = inputDims[0], inputs = inputDims[1];
  uint32_t outputChannels = context.dims(dense.output())[1];
  const float *firstBias = bias ? bias + first : nullptr;
  float min = dense.clamp()->min(), max = dense.clamp()->max();
  xnn_weights_cache_t packed =
      context.packedWeights(dense.filter(), /*groups=*/1);
  bool isConvolution = count < fewOutputChannels;
  xnn_operator_t created = nullptr;
  xnn_status status =
      isConvolution
          ? xnn_create_convolution2d_nhwc_f32(
                0, 0, 0, 0, /*kernel=*/1, 1, /*subsampling=*/1, 1,
                /*dilation=*/1, 1, /*groups=*/1, inputs, count, inputs,
                outputChannels, filter, firstBias, min, max, /*flags=*/0,
                /*code_cache=*/nullptr, packed, &created)
          : xnn_create_fully_connected_nc_f32(
                inputs, count, /*input_stride=*/inputs,
                /*output_stride=*/outputChannels, filter, firstBias, min, max,
                /*flags=*/0, /*code_cache=*/nullptr, packed, &created);
  WINDROW_RETURN_IF_ERROR(
      xnnpackStatus(status, "create fully connected layer"));
  slices.push_back({first, isConvolution, XnnpackOperator(created)});
  if (!isConvolution)
    return xnnpackStatus(
        xnn_reshape_fully_connected_nc_f32(created, rows, threadpool),
        "reshape fully connected layer");
  size_t workspace, alignment, height, width;
  status = xnn_reshape_convolution2d_nhwc_f32(
      created, /*batch_size=*/1, /*input_height=*/rows, /*input_width=*/1,
      &workspace, &alignment, &height, &width, threadpool);
  assert(workspace == 0 && "a 1x1 convolution reads its input in place");
  return xnnpackStatus(status, "reshape fully connected layer");
}

Status FullyConnectedKernel::create(const KernelContext &context,
                                    const format::FullyConnected &dense) {
  Expected<const float *> bias = context.bias(dense.bias());
  if (!bias)
    return bias.error();
  const BundleReader &reader = context.reader();
  std::span<const std::byte> filter = reader.weight(dense.filter());
  uint32_t outputChannels = context.dims(dense.output())[1];
  uint64_t rowBytes = filter.size() / outputChannels;
  uint64_t sliceChannels =
      std::max<uint64_t>(1, sliceBytes / rowBytes / sliceAlignment) *
      sliceAlignment;

  uint32_t checksum = 0;
  for (uint64_t first = 0; first < outputChannels; first += sliceChannels) {
    uint64_t count = std::min(sliceChannels, outputChannels - first);
    auto rows = filter.subspan(first * rowBytes, count * rowBytes);
    checksum = crc32(rows, checksum);
    WINDROW_RETURN_IF_ERROR(createSlice(
        context, dense, reinterpret_cast<const float *>(rows.data()), *bias,
        static_cast<uint32_t>(first), static_cast<uint32_t>(count)));
    reader.dropPages(rows);
  }
  return reader.compareChecksum(dense.filter(), checksum);
}

Status FullyConnectedKernel::bind(std::byte *arena, std::byte *) {
  for (const Slice &slice : slices) {
    const float *from = input.in<const float>(arena);
    float *to = output.in<float>(arena) + slice.firstChannel;
    xnn_status status =
        slice.isConvolution
            ? xnn_setup_convolution2d_nhwc_f32(slice.op.get(),
                                               /*workspace=*/nullptr, from, to)
            : xnn_setup_fully_connected_nc_f32(slice.op.get(), from, to);
    WINDROW_RETURN_IF_ERROR(
        xnnpackStatus(status, "set up fully connected layer"));
  }
  return Status();
}

Status FullyConnectedKernel::run() {
  for (const Slice &slice : slices)
    WINDROW_RETURN_IF_ERROR(
        xnnpackStatus(xnn_run_operator(slice.op.get(), threadpool), "run"));
  return Status();
}

CreatedKernel createFullyConnected(const KernelContext &context,
                                   const format::FullyConnected &dense) {
  return makeKernel<FullyConnectedKernel>(context, dense);
}

} // namespace windrow
