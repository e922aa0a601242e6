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
#include <vector>

namespace windrow {

// A filter is packed in slices of output channels of about this size, and the
// pages of each slice are dropped before the next one is read, so that the peak
// is one filter and one slice instead of two filters.
static constexpr uint64_t sliceBytes = uint64_t{16} << 20;

// Slices begin at multiples of this, which all microkernels' widths divide, so
// that the arithmetic is that of an unsliced layer.
static constexpr uint32_t sliceAlignment = 128;

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
  uint32_t outputChannels = context.dims(dense.output())[1];
  xnn_operator_t created = nullptr;
  xnn_status status = xnn_create_fully_connected_nc_f32(
      /*input_channels=*/inputDims[1], /*output_channels=*/count,
      /*input_stride=*/inputDims[1], /*output_stride=*/outputChannels, filter,
      bias ? bias + first : nullptr, dense.clamp()->min(), dense.clamp()->max(),
      /*flags=*/0, /*code_cache=*/nullptr,
      context.packedWeights(dense.filter(), /*groups=*/1), &created);
  WINDROW_RETURN_IF_ERROR(
      xnnpackStatus(status, "create fully connected layer"));
  slices.push_back({first, XnnpackOperator(created)});
  status = xnn_reshape_fully_connected_nc_f32(
      created, /*batch_size=*/inputDims[0], threadpool);
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
    xnn_status status = xnn_setup_fully_connected_nc_f32(
        slice.op.get(), input.in<const float>(arena),
        output.in<float>(arena) + slice.firstChannel);
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
