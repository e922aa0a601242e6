//===- elementwise.cpp - Sums, products, activations and softmax ----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/kernels/add_clamped.h"
#include "runtime/kernels/kernel_context.h"
#include "runtime/kernels/parallelize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace windrow {

namespace {

/// Sum or product, followed by a clamp in place where there is one, since
/// XNNPACK's binary operators know no bounds.
class BinaryKernel final : public XnnpackKernel {
public:
  BinaryKernel(const KernelContext &context, const format::Binary &binary)
      : XnnpackKernel(context, binary.lhs(), binary.output()),
        rhs(context.place(binary.rhs())) {}

  Status create(const KernelContext &context, const format::Binary &binary);
  Status bind(std::byte *arena, std::byte *workspace) override;
  Status run() override;

private:
  const TensorPlace rhs;
  XnnpackOperator clamp;
};

/// A bounded sum of operands of equal dims, in one pass over them.
class AddClampedKernel final : public Kernel {
public:
  AddClampedKernel(const KernelContext &context, const format::Binary &binary)
      : threadpool(context.threadpool()), lhs(context.place(binary.lhs())),
        rhs(context.place(binary.rhs())),
        output(context.place(binary.output())), clamp(*binary.clamp()) {}

  Status create(const KernelContext &, const format::Binary &) {
    return Status();
  }
  Status bind(std::byte *arena, std::byte *workspace) override;
  Status run() override;

private:
  const pthreadpool_t threadpool;
  const TensorPlace lhs, rhs, output;
  const format::Clamp clamp;
  const float *left = nullptr, *right = nullptr;
  float *sum = nullptr;
};

class UnaryKernel final : public XnnpackKernel {
public:
  UnaryKernel(const KernelContext &context, const format::Unary &unary)
      : XnnpackKernel(context, unary.input(), unary.output()) {}

  Status create(const KernelContext &context, const format::Unary &unary);
  Status bind(std::byte *arena, std::byte *workspace) override;
};

class CopyKernel final : public Kernel {
public:
  CopyKernel(const KernelContext &context, const format::Unary &unary)
      : input(context.place(unary.input())),
        output(context.place(unary.output())) {}

  Status create(const KernelContext &, const format::Unary &) {
    return Status();
  }
  Status bind(std::byte *arena, std::byte *workspace) override;
  Status run() override;

private:
  const TensorPlace input, output;
  const std::byte *source = nullptr;
  std::byte *target = nullptr;
};

class SoftmaxKernel final : public XnnpackKernel {
public:
  SoftmaxKernel(const KernelContext &context, const format::Softmax &softmax)
      : XnnpackKernel(context, softmax.input(), softmax.output()) {}

  Status create(const KernelContext &context, const format::Softmax &softmax);
  Status bind(std::byte *arena, std::byte *workspace) override;
};

} // namespace

/// Makes and reshapes an operator that maps `count` elements one by one.
static Status createUnaryOperator(xnn_unary_operator type,
                                  const format::Clamp &bounds, uint64_t count,
                                  pthreadpool_t threadpool,
                                  XnnpackOperator &op) {
  xnn_unary_params params{};
  params.clamp.min = bounds.min();
  params.clamp.max = bounds.max();
  xnn_operator_t created = nullptr;
  xnn_status status = xnn_create_unary_elementwise_nc(
      type, xnn_datatype_fp32, xnn_datatype_fp32,
      type == xnn_unary_clamp ? &params : nullptr,
      /*input_quantization=*/nullptr, /*output_quantization=*/nullptr,
      /*flags=*/0, &created);
  WINDROW_RETURN_IF_ERROR(xnnpackStatus(status, "create activation"));
  op.reset(created);
  status = xnn_reshape_unary_elementwise_nc(
      created, /*batch_size=*/1, /*channels=*/count, /*input_stride=*/count,
      /*output_stride=*/count, threadpool);
  return xnnpackStatus(status, "reshape activation");
}

static bool isBounded(const format::Clamp &clamp) {
  return std::isfinite(clamp.min()) || std::isfinite(clamp.max());
}

Status BinaryKernel::create(const KernelContext &context,
                            const format::Binary &binary) {
  xnn_operator_t created = nullptr;
  xnn_status status = xnn_create_binary_elementwise_nd(
      binary.kind() == format::BinaryKind::Add ? xnn_binary_add
                                               : xnn_binary_multiply,
      xnn_datatype_fp32, nullptr, nullptr, nullptr, /*flags=*/0, &created);
  WINDROW_RETURN_IF_ERROR(take(status, created, "create binary operator"));
  Dims lhsDims = context.dims(binary.lhs()),
       rhsDims = context.dims(binary.rhs());
  const std::vector<size_t> lhsShape(lhsDims.begin(), lhsDims.end());
  const std::vector<size_t> rhsShape(rhsDims.begin(), rhsDims.end());
  status = xnn_reshape_binary_elementwise_nd(op.get(), lhsShape.size(),
                                             lhsShape.data(), rhsShape.size(),
                                             rhsShape.data(), threadpool);
  WINDROW_RETURN_IF_ERROR(xnnpackStatus(status, "reshape binary operator"));
  if (!isBounded(*binary.clamp()))
    return Status();
  return createUnaryOperator(xnn_unary_clamp, *binary.clamp(),
                             *elementCount(context.dims(binary.output())),
                             threadpool, clamp);
}

Status BinaryKernel::bind(std::byte *arena, std::byte *) {
  auto *result = output.in<void>(arena);
  WINDROW_RETURN_IF_ERROR(xnnpackStatus(
      xnn_setup_binary_elementwise_nd(op.get(), input.in<const void>(arena),
                                      rhs.in<const void>(arena), result),
      "set up binary operator"));
  if (!clamp)
    return Status();
  return xnnpackStatus(
      xnn_setup_unary_elementwise_nc(clamp.get(), result, result),
      "set up clamp");
}

Status BinaryKernel::run() {
  WINDROW_RETURN_IF_ERROR(XnnpackKernel::run());
  if (!clamp)
    return Status();
  return xnnpackStatus(xnn_run_operator(clamp.get(), threadpool), "run");
}

Status AddClampedKernel::bind(std::byte *arena, std::byte *) {
  left = lhs.in<const float>(arena);
  right = rhs.in<const float>(arena);
  sum = output.in<float>(arena);
  return Status();
}

Status AddClampedKernel::run() {
  constexpr size_t tile = 16384;
  const size_t count = output.bytes / sizeof(float);
  parallelize(threadpool, (count + tile - 1) / tile, [&](size_t, size_t index) {
    size_t first = index * tile;
    addClamped(left + first, right + first, std::min(tile, count - first),
               clamp.min(), clamp.max(), sum + first);
  });
  return Status();
}

static xnn_unary_operator operatorOf(format::UnaryKind kind) {
  switch (kind) {
  case format::UnaryKind::Clamp:
    return xnn_unary_clamp;
  case format::UnaryKind::Sigmoid:
    return xnn_unary_sigmoid;
  case format::UnaryKind::HardSwish:
    return xnn_unary_hardswish;
  case format::UnaryKind::Copy:
    break;
  }
  return xnn_unary_invalid;
}

Status UnaryKernel::create(const KernelContext &context,
                           const format::Unary &unary) {
  return createUnaryOperator(operatorOf(unary.kind()), *unary.clamp(),
                             *elementCount(context.dims(unary.input())),
                             threadpool, op);
}

Status UnaryKernel::bind(std::byte *arena, std::byte *) {
  return xnnpackStatus(
      xnn_setup_unary_elementwise_nc(op.get(), input.in<const void>(arena),
                                     output.in<void>(arena)),
      "set up activation");
}

Status CopyKernel::bind(std::byte *arena, std::byte *) {
  source = input.in<const std::byte>(arena);
  target = output.in<std::byte>(arena);
  return Status();
}

Status CopyKernel::run() {
  if (source != target)
    std::memcpy(target, source, input.bytes);
  return Status();
}

Status SoftmaxKernel::create(const KernelContext &context,
                             const format::Softmax &softmax) {
  xnn_operator_t created = nullptr;
  xnn_status status = xnn_create_softmax_nc_f32(/*flags=*/0, &created);
  WINDROW_RETURN_IF_ERROR(take(status, created, "create softmax"));
  Dims dims = context.dims(softmax.input());
  status = xnn_reshape_softmax_nc_f32(
      op.get(), dims.back(), /*input_stride=*/dims.back(),
      /*output_stride=*/dims.back(),
      /*batch_size=*/*elementCount(dims.first(dims.size() - 1)), threadpool);
  return xnnpackStatus(status, "reshape softmax");
}

Status SoftmaxKernel::bind(std::byte *arena, std::byte *) {
  return xnnpackStatus(xnn_setup_softmax_nc_f32(op.get(),
                                                input.in<const float>(arena),
                                                output.in<float>(arena)),
                       "set up softmax");
}

CreatedKernel createBinary(const KernelContext &context,
                           const format::Binary &binary) {
  Dims lhs = context.dims(binary.lhs()), rhs = context.dims(binary.rhs());
  if (binary.kind() == format::BinaryKind::Add && isBounded(*binary.clamp()) &&
      std::equal(lhs.begin(), lhs.end(), rhs.begin(), rhs.end()))
    return makeKernel<AddClampedKernel>(context, binary);
  return makeKernel<BinaryKernel>(context, binary);
}

CreatedKernel createUnary(const KernelContext &context,
                          const format::Unary &unary) {
  bool isCopy =
      unary.kind() == format::UnaryKind::Copy ||
      (unary.kind() == format::UnaryKind::Clamp && !isBounded(*unary.clamp()));
  if (isCopy)
    return makeKernel<CopyKernel>(context, unary);
  return makeKernel<UnaryKernel>(context, unary);
}

CreatedKernel createSoftmax(const KernelContext &context,
                            const format::Softmax &softmax) {
  return makeKernel<SoftmaxKernel>(context, softmax);
}

} // namespace windrow
