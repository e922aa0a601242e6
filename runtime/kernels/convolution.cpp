//===- convolution.cpp - Convolution and per-channel scaling --------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/kernels/kernel_context.h"

#include <algorithm>
#include <cassert>
#include <vector>

namespace windrow {

// XNNPACK reads all weights again for every few pixels. Those of more than the
// one size are packed in slices of about the other, which stay in the
// second-level cache for all pixels.
static constexpr size_t wholeBytes = size_t{1} << 20;
static constexpr size_t sliceBytes = size_t{1} << 19;

// Slices begin at multiples of this, which all microkernels' widths divide.
static constexpr size_t sliceAlignment = 64;

namespace {

/// One or more of XNNPACK's operators, each for a range of output channels.
class Conv2DKernel final : public Kernel {
public:
  Conv2DKernel(const KernelContext &context, const format::Conv2D &conv)
      : threadpool(context.threadpool()), input(context.place(conv.input())),
        output(context.place(conv.output())) {}

  Status create(const KernelContext &context, const format::Conv2D &conv);
  size_t workspaceBytes() const override { return workspaceSize; }
  Status bind(std::byte *arena, std::byte *workspace) override;
  Status run() override;

private:
  struct Slice {
    uint32_t firstChannel;
    XnnpackOperator op;
  };

  Status addSlice(const KernelContext &context, const format::Conv2D &conv,
                  const float *filter, const float *bias, uint32_t first,
                  uint32_t count);

  const pthreadpool_t threadpool;
  const TensorPlace input, output;
  size_t workspaceSize = 0;
  std::vector<Slice> slices;
};

/// Per-channel scaling is a depthwise convolution with a 1x1 filter, for which
/// XNNPACK has a microkernel of its own.
class ScaleShiftKernel final : public XnnpackKernel {
public:
  ScaleShiftKernel(const KernelContext &context,
                   const format::ScaleShift &scaleShift)
      : XnnpackKernel(context, scaleShift.input(), scaleShift.output()) {}

  Status create(const KernelContext &context,
                const format::ScaleShift &scaleShift);
  Status bind(std::byte *arena, std::byte *workspace) override;
};

} // namespace

/// Output channels of each slice of a convolution with `filterBytes` of weights
/// for each of them.
static uint32_t sliceChannelsOf(uint32_t outputChannels, size_t filterBytes) {
  if (outputChannels * filterBytes <= wholeBytes)
    return outputChannels;
  size_t count = sliceBytes / filterBytes / sliceAlignment * sliceAlignment;
  return static_cast<uint32_t>(std::max<size_t>(count, sliceAlignment));
}

Status Conv2DKernel::addSlice(const KernelContext &context,
                              const format::Conv2D &conv, const float *filter,
                              const float *bias, uint32_t first,
                              uint32_t count) {
  Dims inputDims = context.dims(conv.input());
  Dims outputDims = context.dims(conv.output());
  Dims filterDims =
      dimsOf(context.reader().bundle().weights()->Get(conv.filter())->dims());
  uint32_t inputChannels = inputDims[3], outputChannels = outputDims[3];
  const format::Padding &padding = *conv.padding();

  xnn_operator_t created = nullptr;
  xnn_status status = xnn_create_convolution2d_nhwc_f32(
      padding.top(), padding.right(), padding.bottom(), padding.left(),
      filterDims[1], filterDims[2], conv.stride()->height(),
      conv.stride()->width(), conv.dilation()->height(),
      conv.dilation()->width(), conv.groups(), inputChannels / conv.groups(),
      count / conv.groups(), inputChannels, outputChannels, filter,
      bias ? bias + first : nullptr, conv.clamp()->min(), conv.clamp()->max(),
      /*flags=*/0, /*code_cache=*/nullptr,
      context.packedWeights(conv.filter(), conv.groups()), &created);
  WINDROW_RETURN_IF_ERROR(xnnpackStatus(status, "create convolution"));
  slices.push_back({first, XnnpackOperator(created)});
  size_t workspace, alignment, height, width;
  status = xnn_reshape_convolution2d_nhwc_f32(
      created, /*batch_size=*/1, inputDims[1], inputDims[2], &workspace,
      &alignment, &height, &width, threadpool);
  WINDROW_RETURN_IF_ERROR(xnnpackStatus(status, "reshape convolution"));
  assert(height == outputDims[1] && width == outputDims[2] &&
         "the reader has checked the output's extent");
  workspaceSize = std::max(workspaceSize, workspace);
  return Status();
}

Status Conv2DKernel::create(const KernelContext &context,
                            const format::Conv2D &conv) {
  Expected<std::span<const float>> filter = context.weight(conv.filter());
  if (!filter)
    return filter.error();
  Expected<const float *> bias = context.bias(conv.bias());
  if (!bias)
    return bias.error();
  uint32_t channels = context.dims(conv.output())[3];
  size_t filterSize = filter->size() / channels;
  uint32_t sliceChannels =
      conv.groups() == 1 ? sliceChannelsOf(channels, filterSize * sizeof(float))
                         : channels;
  for (uint32_t first = 0; first < channels; first += sliceChannels)
    WINDROW_RETURN_IF_ERROR(
        addSlice(context, conv, filter->data() + first * filterSize, *bias,
                 first, std::min(sliceChannels, channels - first)));
  return Status();
}

Status Conv2DKernel::bind(std::byte *arena, std::byte *workspace) {
  for (const Slice &slice : slices) {
    xnn_status status = xnn_setup_convolution2d_nhwc_f32(
        slice.op.get(), workspace, input.in<const float>(arena),
        output.in<float>(arena) + slice.firstChannel);
    WINDROW_RETURN_IF_ERROR(xnnpackStatus(status, "set up convolution"));
  }
  return Status();
}

Status Conv2DKernel::run() {
  for (const Slice &slice : slices)
    WINDROW_RETURN_IF_ERROR(
        xnnpackStatus(xnn_run_operator(slice.op.get(), threadpool), "run"));
  return Status();
}

Status ScaleShiftKernel::create(const KernelContext &context,
                                const format::ScaleShift &scaleShift) {
  Expected<std::span<const float>> scale = context.weight(scaleShift.scale());
  if (!scale)
    return scale.error();
  Expected<std::span<const float>> shift = context.weight(scaleShift.shift());
  if (!shift)
    return shift.error();
  Dims dims = context.dims(scaleShift.input());
  uint32_t channels = dims.back();
  uint64_t pixels = *elementCount(dims.first(dims.size() - 1));

  xnn_operator_t created = nullptr;
  xnn_status status = xnn_create_convolution2d_nhwc_f32(
      0, 0, 0, 0, /*kernel=*/1, 1, /*subsampling=*/1, 1, /*dilation=*/1, 1,
      /*groups=*/channels, 1, 1, channels, channels, scale->data(),
      shift->data(), scaleShift.clamp()->min(), scaleShift.clamp()->max(),
      /*flags=*/0, /*code_cache=*/nullptr,
      context.packedWeights(scaleShift.scale(), channels), &created);
  WINDROW_RETURN_IF_ERROR(take(status, created, "create scaling"));
  size_t alignment, height, width;
  status = xnn_reshape_convolution2d_nhwc_f32(
      op.get(), /*batch_size=*/1, /*input_height=*/pixels, /*input_width=*/1,
      &workspaceSize, &alignment, &height, &width, threadpool);
  return xnnpackStatus(status, "reshape scaling");
}

Status ScaleShiftKernel::bind(std::byte *arena, std::byte *workspace) {
  return xnnpackStatus(xnn_setup_convolution2d_nhwc_f32(
                           op.get(), workspace, input.in<const float>(arena),
                           output.in<float>(arena)),
                       "set up scaling");
}

CreatedKernel createConv2D(const KernelContext &context,
                           const format::Conv2D &conv) {
  if (conv.kernel() != format::ConvolutionKernel::Direct)
    return createWinogradConv2D(context, conv);
  return makeKernel<Conv2DKernel>(context, conv);
}

CreatedKernel createScaleShift(const KernelContext &context,
                               const format::ScaleShift &scaleShift) {
  return makeKernel<ScaleShiftKernel>(context, scaleShift);
}

} // namespace windrow
