//===- pooling.cpp - Pooling over windows and over whole images -----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/kernels/kernel_context.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <vector>

namespace windrow {

namespace {

class MaxPool2DKernel final : public XnnpackKernel {
public:
  MaxPool2DKernel(const KernelContext &context, const format::MaxPool2D &pool)
      : XnnpackKernel(context, pool.input(), pool.output()) {}

  Status create(const KernelContext &context, const format::MaxPool2D &pool);
  Status bind(std::byte *arena, std::byte *workspace) override;
};

/// Some rows of an average pool's output and what they are computed from.
struct PoolRows {
  uint32_t inputBegin, inputRows;
  uint32_t outputBegin, outputRows;
  uint32_t paddingTop, paddingBottom;
};

class AveragePool2DKernel final : public XnnpackKernel {
public:
  AveragePool2DKernel(const KernelContext &context,
                      const format::AveragePool2D &pool)
      : XnnpackKernel(context, pool.input(), pool.output()) {}

  Status create(const KernelContext &context,
                const format::AveragePool2D &pool);
  Status create(const KernelContext &context, const format::AveragePool2D &pool,
                const PoolRows &rows);
  Status bind(std::byte *arena, std::byte *workspace) override;

private:
  uint64_t inputOffset = 0, outputOffset = 0; ///< bytes
};

/// An average pool whose output rows are computed one by one, for those in
/// which rows that the top padding reaches and rows that the bottom padding
/// reaches are the same: XNNPACK takes the one kind for the other then.
class AveragePoolByRowKernel final : public Kernel {
public:
  AveragePoolByRowKernel(const KernelContext &, const format::AveragePool2D &) {
  }

  Status create(const KernelContext &context,
                const format::AveragePool2D &pool);
  size_t workspaceBytes() const override;
  Status bind(std::byte *arena, std::byte *workspace) override;
  Status run() override;

private:
  std::vector<std::unique_ptr<AveragePool2DKernel>> rows;
};

class GlobalPoolKernel final : public XnnpackKernel {
public:
  GlobalPoolKernel(const KernelContext &context, const format::GlobalPool &pool)
      : XnnpackKernel(context, pool.input(), pool.output()) {}

  Status create(const KernelContext &context, const format::GlobalPool &pool);
  Status bind(std::byte *arena, std::byte *workspace) override;
};

/// Takes maxima window by window, for the pools that XNNPACK refuses or gets
/// wrong: strides beyond the window, windows of one element, whose mean is
/// their maximum, and dilated windows that leave the image.
class DirectMaxPoolKernel final : public Kernel {
public:
  DirectMaxPoolKernel(const KernelContext &context,
                      const format::MaxPool2D &pool);
  DirectMaxPoolKernel(const KernelContext &context,
                      const format::AveragePool2D &pool);

  template <typename Pool> Status create(const KernelContext &, const Pool &) {
    return Status();
  }
  Status bind(std::byte *arena, std::byte *workspace) override;
  Status run() override;

private:
  template <typename Pool>
  DirectMaxPoolKernel(const KernelContext &context, const Pool &pool,
                      format::Extent dilation)
      : input(context.place(pool.input())),
        output(context.place(pool.output())),
        inputDims(context.dims(pool.input())),
        outputDims(context.dims(pool.output())), window(*pool.window()),
        stride(*pool.stride()), dilation(dilation), padding(*pool.padding()),
        clamp(*pool.clamp()) {}

  void computePixel(int64_t top, int64_t left, float *pixel) const;

  const TensorPlace input, output;
  const Dims inputDims, outputDims;
  const format::Extent window, stride, dilation;
  const format::Padding padding;
  const format::Clamp clamp;
  const float *source = nullptr;
  float *target = nullptr;
};

} // namespace

Status MaxPool2DKernel::create(const KernelContext &context,
                               const format::MaxPool2D &pool) {
  Dims inputDims = context.dims(pool.input());
  Dims outputDims = context.dims(pool.output());
  const format::Padding &padding = *pool.padding();
  xnn_operator_t created = nullptr;
  xnn_status status = xnn_create_max_pooling2d_nhwc_f32(
      padding.top(), padding.right(), padding.bottom(), padding.left(),
      pool.window()->height(), pool.window()->width(), pool.stride()->height(),
      pool.stride()->width(), pool.dilation()->height(),
      pool.dilation()->width(), pool.clamp()->min(), pool.clamp()->max(),
      /*flags=*/0, &created);
  WINDROW_RETURN_IF_ERROR(take(status, created, "create max pool"));
  size_t height, width;
  status = xnn_reshape_max_pooling2d_nhwc_f32(
      op.get(), /*batch_size=*/1, inputDims[1], inputDims[2], inputDims[3],
      /*input_pixel_stride=*/inputDims[3],
      /*output_pixel_stride=*/inputDims[3], &height, &width, threadpool);
  WINDROW_RETURN_IF_ERROR(xnnpackStatus(status, "reshape max pool"));
  assert(height == outputDims[1] && width == outputDims[2] &&
         "the reader has checked the output's extent");
  return Status();
}

Status MaxPool2DKernel::bind(std::byte *arena, std::byte *) {
  return xnnpackStatus(
      xnn_setup_max_pooling2d_nhwc_f32(op.get(), input.in<const float>(arena),
                                       output.in<float>(arena)),
      "set up max pool");
}

Status AveragePool2DKernel::create(const KernelContext &context,
                                   const format::AveragePool2D &pool) {
  return create(context, pool,
                {0, context.dims(pool.input())[1], 0,
                 context.dims(pool.output())[1], pool.padding()->top(),
                 pool.padding()->bottom()});
}

Status AveragePool2DKernel::create(const KernelContext &context,
                                   const format::AveragePool2D &pool,
                                   const PoolRows &rows) {
  Dims inputDims = context.dims(pool.input());
  Dims outputDims = context.dims(pool.output());
  const size_t channels = inputDims[3];
  inputOffset =
      uint64_t{rows.inputBegin} * inputDims[2] * channels * sizeof(float);
  outputOffset =
      uint64_t{rows.outputBegin} * outputDims[2] * channels * sizeof(float);
  const format::Padding &padding = *pool.padding();
  xnn_operator_t created = nullptr;
  xnn_status status = xnn_create_average_pooling2d_nhwc_f32(
      rows.paddingTop, padding.right(), rows.paddingBottom, padding.left(),
      pool.window()->height(), pool.window()->width(), pool.stride()->height(),
      pool.stride()->width(), pool.clamp()->min(), pool.clamp()->max(),
      /*flags=*/0, &created);
  WINDROW_RETURN_IF_ERROR(take(status, created, "create average pool"));
  size_t alignment, height, width;
  status = xnn_reshape_average_pooling2d_nhwc_f32(
      op.get(), /*batch_size=*/1, rows.inputRows, inputDims[2], channels,
      /*input_pixel_stride=*/channels, /*output_pixel_stride=*/channels,
      &workspaceSize, &alignment, &height, &width, threadpool);
  WINDROW_RETURN_IF_ERROR(xnnpackStatus(status, "reshape average pool"));
  assert(height == rows.outputRows && width == outputDims[2] &&
         "the reader has checked the output's extent");
  return Status();
}

Status AveragePool2DKernel::bind(std::byte *arena, std::byte *workspace) {
  return xnnpackStatus(xnn_setup_average_pooling2d_nhwc_f32(
                           op.get(), workspace,
                           input.in<const float>(arena + inputOffset),
                           output.in<float>(arena + outputOffset)),
                       "set up average pool");
}

Status AveragePoolByRowKernel::create(const KernelContext &context,
                                      const format::AveragePool2D &pool) {
  const int64_t inputRows = context.dims(pool.input())[1];
  const int64_t window = pool.window()->height();
  for (uint32_t y = 0; y < context.dims(pool.output())[1]; ++y) {
    int64_t top = int64_t{y} * pool.stride()->height() - pool.padding()->top();
    int64_t begin = std::max<int64_t>(top, 0);
    int64_t end = std::min(top + window, inputRows);
    auto row = std::make_unique<AveragePool2DKernel>(context, pool);
    WINDROW_RETURN_IF_ERROR(row->create(
        context, pool,
        {static_cast<uint32_t>(begin), static_cast<uint32_t>(end - begin), y, 1,
         static_cast<uint32_t>(begin - top),
         static_cast<uint32_t>(top + window - end)}));
    rows.push_back(std::move(row));
  }
  return Status();
}

size_t AveragePoolByRowKernel::workspaceBytes() const {
  size_t bytes = 0;
  for (const auto &row : rows)
    bytes = std::max(bytes, row->workspaceBytes());
  return bytes;
}

Status AveragePoolByRowKernel::bind(std::byte *arena, std::byte *workspace) {
  for (const auto &row : rows)
    WINDROW_RETURN_IF_ERROR(row->bind(arena, workspace));
  return Status();
}

Status AveragePoolByRowKernel::run() {
  for (const auto &row : rows)
    WINDROW_RETURN_IF_ERROR(row->run());
  return Status();
}

Status GlobalPoolKernel::create(const KernelContext &context,
                                const format::GlobalPool &pool) {
  xnn_operator_t created = nullptr;
  xnn_status status = xnn_create_reduce_nd(
      pool.kind() == format::GlobalPoolKind::Mean ? xnn_reduce_mean
                                                  : xnn_reduce_sum,
      xnn_datatype_fp32, /*input_quantization=*/nullptr,
      /*output_quantization=*/nullptr, /*flags=*/0, &created);
  WINDROW_RETURN_IF_ERROR(take(status, created, "create global pool"));
  Dims dims = context.dims(pool.input());
  const int64_t axes[] = {0};
  const size_t shape[] = {size_t{dims[1]} * dims[2], dims[3]};
  size_t alignment;
  status =
      xnn_reshape_reduce_nd(op.get(), std::size(axes), axes, std::size(shape),
                            shape, &workspaceSize, &alignment, threadpool);
  return xnnpackStatus(status, "reshape global pool");
}

Status GlobalPoolKernel::bind(std::byte *arena, std::byte *) {
  // In f32 the sums accumulate in the output; a workspace would be taken for
  // sums of another type, which need a conversion.
  return xnnpackStatus(xnn_setup_reduce_nd(op.get(), /*workspace=*/nullptr,
                                           input.in<const void>(arena),
                                           output.in<void>(arena)),
                       "set up global pool");
}

DirectMaxPoolKernel::DirectMaxPoolKernel(const KernelContext &context,
                                         const format::MaxPool2D &pool)
    : DirectMaxPoolKernel(context, pool, *pool.dilation()) {}

DirectMaxPoolKernel::DirectMaxPoolKernel(const KernelContext &context,
                                         const format::AveragePool2D &pool)
    : DirectMaxPoolKernel(context, pool, format::Extent(1, 1)) {}

Status DirectMaxPoolKernel::bind(std::byte *arena, std::byte *) {
  source = input.in<const float>(arena);
  target = output.in<float>(arena);
  return Status();
}

/// `top` and `left` are the window's first row and column; both may lie in the
/// padding.
void DirectMaxPoolKernel::computePixel(int64_t top, int64_t left,
                                       float *pixel) const {
  int64_t height = inputDims[1], width = inputDims[2];
  size_t channels = inputDims[3];
  std::fill_n(pixel, channels, -std::numeric_limits<float>::infinity());
  for (uint32_t i = 0; i < window.height(); ++i) {
    int64_t y = top + int64_t{i} * dilation.height();
    if (y < 0 || y >= height)
      continue;
    for (uint32_t j = 0; j < window.width(); ++j) {
      int64_t x = left + int64_t{j} * dilation.width();
      if (x < 0 || x >= width)
        continue;
      const float *element = source + (y * width + x) * channels;
      for (size_t c = 0; c < channels; ++c)
        pixel[c] = std::max(pixel[c], element[c]);
    }
  }
  for (size_t c = 0; c < channels; ++c)
    pixel[c] = std::clamp(pixel[c], clamp.min(), clamp.max());
}

Status DirectMaxPoolKernel::run() {
  float *pixel = target;
  for (int64_t y = 0; y < outputDims[1]; ++y)
    for (int64_t x = 0; x < outputDims[2]; ++x, pixel += outputDims[3])
      computePixel(y * stride.height() - padding.top(),
                   x * stride.width() - padding.left(), pixel);
  return Status();
}

static bool hasOneElement(const format::Extent &window) {
  return window.height() == 1 && window.width() == 1;
}

/// Whether XNNPACK can be trusted with `pool`. Where a dilated window leaves
/// the image, it reads another element instead, which may lie outside, too.
static bool isSafeInXnnpack(const format::MaxPool2D &pool) {
  const format::Extent &dilation = *pool.dilation();
  const format::Padding &padding = *pool.padding();
  bool isDilated = dilation.height() > 1 || dilation.width() > 1;
  bool isPadded = padding.top() > 0 || padding.left() > 0 ||
                  padding.bottom() > 0 || padding.right() > 0;
  return !isDilated || !isPadded;
}

CreatedKernel createMaxPool2D(const KernelContext &context,
                              const format::MaxPool2D &pool) {
  const format::Extent &window = *pool.window(), &stride = *pool.stride();
  if (hasOneElement(window) || stride.height() > window.height() ||
      stride.width() > window.width() || !isSafeInXnnpack(pool))
    return makeKernel<DirectMaxPoolKernel>(context, pool);
  return makeKernel<MaxPool2DKernel>(context, pool);
}

/// Whether XNNPACK's compressed table of input rows suits `pool`: rows at the
/// bottom are looked up as if all those at the top had come before.
static bool isSafeInXnnpack(const format::AveragePool2D &pool,
                            uint32_t outputRows) {
  auto countRows = [&](uint32_t padding) {
    return (padding + pool.stride()->height() - 1) / pool.stride()->height();
  };
  uint32_t topRows = countRows(pool.padding()->top());
  uint32_t bottomRows = countRows(pool.padding()->bottom());
  return bottomRows == 0 ||
         outputRows >= bottomRows + std::min(topRows, outputRows - 1);
}

CreatedKernel createAveragePool2D(const KernelContext &context,
                                  const format::AveragePool2D &pool) {
  if (hasOneElement(*pool.window()))
    return makeKernel<DirectMaxPoolKernel>(context, pool);
  if (!isSafeInXnnpack(pool, context.dims(pool.output())[1]))
    return makeKernel<AveragePoolByRowKernel>(context, pool);
  return makeKernel<AveragePool2DKernel>(context, pool);
}

CreatedKernel createGlobalPool(const KernelContext &context,
                               const format::GlobalPool &pool) {
  return makeKernel<GlobalPoolKernel>(context, pool);
}

} // namespace windrow
