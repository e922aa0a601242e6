//===- rearrangement.cpp - Operators that only move elements --------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/kernels/kernel_context.h"

#include <cstring>
#include <vector>

namespace windrow {

namespace {

using Shape = std::vector<size_t>;

/// Copies a range of channels of every pixel.
class CopyChannelsKernel final : public Kernel {
public:
  CopyChannelsKernel(const KernelContext &context,
                     const format::CopyChannels &copy);

  Status create(const KernelContext &, const format::CopyChannels &) {
    return Status();
  }
  Status bind(std::byte *arena, std::byte *workspace) override;
  Status run() override;

private:
  const TensorPlace input, output;
  // In bytes.
  const size_t inputStride, outputStride, inputOffset, outputOffset, width;
  const size_t pixels;
  const std::byte *source = nullptr;
  std::byte *target = nullptr;
};

/// XNNPACK's padding, slicing and transposing exist once an element width.
class PadKernel final : public XnnpackKernel {
public:
  PadKernel(const KernelContext &context, const format::Pad &pad)
      : XnnpackKernel(context, pad.input(), pad.output()),
        isByte(context.type(pad.input()) == format::ElementType::U8) {}

  Status create(const KernelContext &context, const format::Pad &pad);
  Status bind(std::byte *arena, std::byte *workspace) override;

private:
  const bool isByte;
};

class SliceKernel final : public XnnpackKernel {
public:
  SliceKernel(const KernelContext &context, const format::Slice &slice)
      : XnnpackKernel(context, slice.input(), slice.output()),
        isByte(context.type(slice.input()) == format::ElementType::U8) {}

  Status create(const KernelContext &context, const format::Slice &slice);
  Status bind(std::byte *arena, std::byte *workspace) override;

private:
  const bool isByte;
};

class TransposeKernel final : public XnnpackKernel {
public:
  TransposeKernel(const KernelContext &context,
                  const format::Transpose &transpose)
      : XnnpackKernel(context, transpose.input(), transpose.output()),
        isByte(context.type(transpose.input()) == format::ElementType::U8) {}

  Status create(const KernelContext &context,
                const format::Transpose &transpose);
  Status bind(std::byte *arena, std::byte *workspace) override;

private:
  const bool isByte;
};

} // namespace

CopyChannelsKernel::CopyChannelsKernel(const KernelContext &context,
                                       const format::CopyChannels &copy)
    : input(context.place(copy.input())), output(context.place(copy.output())),
      inputStride(context.dims(copy.input()).back() *
                  elementBytes(context.type(copy.input()))),
      outputStride(context.dims(copy.output()).back() *
                   elementBytes(context.type(copy.output()))),
      inputOffset(copy.input_channel() *
                  elementBytes(context.type(copy.input()))),
      outputOffset(copy.output_channel() *
                   elementBytes(context.type(copy.output()))),
      width(copy.channels() * elementBytes(context.type(copy.input()))),
      pixels(input.bytes / inputStride) {}

Status CopyChannelsKernel::bind(std::byte *arena, std::byte *) {
  source = input.in<const std::byte>(arena) + inputOffset;
  target = output.in<std::byte>(arena) + outputOffset;
  return Status();
}

Status CopyChannelsKernel::run() {
  for (size_t pixel = 0; pixel < pixels; ++pixel)
    std::memcpy(target + pixel * outputStride, source + pixel * inputStride,
                width);
  return Status();
}

static Shape shapeOf(Dims dims) { return {dims.begin(), dims.end()}; }

Status PadKernel::create(const KernelContext &context, const format::Pad &pad) {
  const uint32_t zero = 0;
  auto createPadding =
      isByte ? xnn_create_constant_pad_nd_x8 : xnn_create_constant_pad_nd_x32;
  xnn_operator_t created = nullptr;
  xnn_status status = createPadding(&zero, /*flags=*/0, &created);
  WINDROW_RETURN_IF_ERROR(take(status, created, "create pad"));
  const Shape shape = shapeOf(context.dims(pad.input()));
  const Shape before = shapeOf(dimsOf(pad.before()));
  const Shape after = shapeOf(dimsOf(pad.after()));
  auto reshape =
      isByte ? xnn_reshape_constant_pad_nd_x8 : xnn_reshape_constant_pad_nd_x32;
  status = reshape(op.get(), shape.size(), shape.data(), before.data(),
                   after.data(), threadpool);
  return xnnpackStatus(status, "reshape pad");
}

Status PadKernel::bind(std::byte *arena, std::byte *) {
  auto setup =
      isByte ? xnn_setup_constant_pad_nd_x8 : xnn_setup_constant_pad_nd_x32;
  return xnnpackStatus(
      setup(op.get(), input.in<const void>(arena), output.in<void>(arena)),
      "set up pad");
}

Status SliceKernel::create(const KernelContext &context,
                           const format::Slice &slice) {
  auto createSlice = isByte ? xnn_create_slice_nd_x8 : xnn_create_slice_nd_x32;
  xnn_operator_t created = nullptr;
  xnn_status status = createSlice(/*flags=*/0, &created);
  WINDROW_RETURN_IF_ERROR(take(status, created, "create slice"));
  const Shape shape = shapeOf(context.dims(slice.input()));
  const Shape offsets = shapeOf(dimsOf(slice.offsets()));
  const Shape sizes = shapeOf(context.dims(slice.output()));
  auto reshape = isByte ? xnn_reshape_slice_nd_x8 : xnn_reshape_slice_nd_x32;
  status = reshape(op.get(), shape.size(), shape.data(), offsets.data(),
                   sizes.data(), threadpool);
  return xnnpackStatus(status, "reshape slice");
}

Status SliceKernel::bind(std::byte *arena, std::byte *) {
  auto setup = isByte ? xnn_setup_slice_nd_x8 : xnn_setup_slice_nd_x32;
  return xnnpackStatus(
      setup(op.get(), input.in<const void>(arena), output.in<void>(arena)),
      "set up slice");
}

Status TransposeKernel::create(const KernelContext &context,
                               const format::Transpose &transpose) {
  auto createTransposition =
      isByte ? xnn_create_transpose_nd_x8 : xnn_create_transpose_nd_x32;
  xnn_operator_t created = nullptr;
  xnn_status status = createTransposition(/*flags=*/0, &created);
  WINDROW_RETURN_IF_ERROR(take(status, created, "create transpose"));
  const Shape shape = shapeOf(context.dims(transpose.input()));
  const Shape permutation = shapeOf(dimsOf(transpose.permutation()));
  auto reshape =
      isByte ? xnn_reshape_transpose_nd_x8 : xnn_reshape_transpose_nd_x32;
  status = reshape(op.get(), shape.size(), shape.data(), permutation.data(),
                   threadpool);
  return xnnpackStatus(status, "reshape transpose");
}

Status TransposeKernel::bind(std::byte *arena, std::byte *) {
  auto setup = isByte ? xnn_setup_transpose_nd_x8 : xnn_setup_transpose_nd_x32;
  return xnnpackStatus(
      setup(op.get(), input.in<const void>(arena), output.in<void>(arena)),
      "set up transpose");
}

CreatedKernel createCopyChannels(const KernelContext &context,
                                 const format::CopyChannels &copy) {
  return makeKernel<CopyChannelsKernel>(context, copy);
}

CreatedKernel createPad(const KernelContext &context, const format::Pad &pad) {
  return makeKernel<PadKernel>(context, pad);
}

CreatedKernel createSlice(const KernelContext &context,
                          const format::Slice &slice) {
  return makeKernel<SliceKernel>(context, slice);
}

CreatedKernel createTranspose(const KernelContext &context,
                              const format::Transpose &transpose) {
  return makeKernel<TransposeKernel>(context, transpose);
}

} // namespace windrow
