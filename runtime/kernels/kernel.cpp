//===- kernel.cpp - Operators of a bundle, ready to run -------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/kernels/kernel.h"

#include "runtime/artifact/operands.h"
#include "runtime/kernels/kernel_context.h"
#include "runtime/kernels/packed_weights.h"

#include <cassert>
#include <fmt/format.h>

namespace windrow {

Kernel::~Kernel() = default;

static const format::Tensor &tensorAt(const BundleReader &reader,
                                      uint32_t index) {
  return *reader.bundle().tensors()->Get(index);
}

Dims KernelContext::dims(uint32_t tensor) const {
  return dimsOf(tensorAt(reader(), tensor).dims());
}

format::ElementType KernelContext::type(uint32_t tensor) const {
  return tensorAt(reader(), tensor).type();
}

TensorPlace KernelContext::place(uint32_t tensor) const {
  return {tensorAt(reader(), tensor).offset(),
          *byteCount(type(tensor), dims(tensor))};
}

format::ElementType KernelContext::weightType(uint32_t weight) const {
  return reader().bundle().weights()->Get(weight)->type();
}

Expected<std::span<const float>> KernelContext::weight(uint32_t index) const {
  if (Status status = reader().checkWeight(index); !status.ok())
    return failure(std::move(status));
  std::span<const std::byte> bytes = reader().weight(index);
  return std::span(reinterpret_cast<const float *>(bytes.data()),
                   bytes.size() / sizeof(float));
}

Expected<const float *> KernelContext::bias(int32_t index) const {
  if (index < 0)
    return nullptr;
  return weight(static_cast<uint32_t>(index))
      .map([](std::span<const float> values) { return values.data(); });
}

xnn_weights_cache_t KernelContext::packedWeights(uint32_t filter,
                                                 uint32_t groups) const {
  return resources.packedWeights.forLayer(uint64_t{filter} << 32 | groups);
}

static std::string_view nameOf(xnn_status status) {
  switch (status) {
  case xnn_status_success:
    return "success";
  case xnn_status_uninitialized:
    return "not initialized";
  case xnn_status_invalid_parameter:
    return "invalid parameter";
  case xnn_status_invalid_state:
    return "invalid state";
  case xnn_status_unsupported_parameter:
    return "unsupported parameter";
  case xnn_status_unsupported_hardware:
    return "unsupported hardware";
  case xnn_status_out_of_memory:
    return "out of memory";
  default:
    return "unknown status";
  }
}

Status xnnpackStatus(xnn_status status, std::string_view call) {
  if (status == xnn_status_success)
    return Status();
  return Status(StatusCode::Internal,
                fmt::format("XNNPACK cannot {}: {}", call, nameOf(status)));
}

Status XnnpackKernel::take(xnn_status status, xnn_operator_t created,
                           std::string_view call) {
  if (status == xnn_status_success)
    op.reset(created);
  return xnnpackStatus(status, call);
}

Status XnnpackKernel::run() {
  return xnnpackStatus(xnn_run_operator(op.get(), threadpool), "run");
}

static CreatedKernel createUnnamed(const KernelContext &context,
                                   const format::Operator &op) {
  switch (op.operation_type()) {
  case format::Operation::NONE:
    break;
  case format::Operation::Conv2D:
    return createConv2D(context, *op.operation_as_Conv2D());
  case format::Operation::MaxPool2D:
    return createMaxPool2D(context, *op.operation_as_MaxPool2D());
  case format::Operation::AveragePool2D:
    return createAveragePool2D(context, *op.operation_as_AveragePool2D());
  case format::Operation::GlobalPool:
    return createGlobalPool(context, *op.operation_as_GlobalPool());
  case format::Operation::FullyConnected:
    return createFullyConnected(context, *op.operation_as_FullyConnected());
  case format::Operation::Binary:
    return createBinary(context, *op.operation_as_Binary());
  case format::Operation::Unary:
    return createUnary(context, *op.operation_as_Unary());
  case format::Operation::Softmax:
    return createSoftmax(context, *op.operation_as_Softmax());
  case format::Operation::ScaleShift:
    return createScaleShift(context, *op.operation_as_ScaleShift());
  case format::Operation::NormalizeImage:
    return createNormalizeImage(context, *op.operation_as_NormalizeImage());
  case format::Operation::CopyChannels:
    return createCopyChannels(context, *op.operation_as_CopyChannels());
  case format::Operation::Pad:
    return createPad(context, *op.operation_as_Pad());
  case format::Operation::Slice:
    return createSlice(context, *op.operation_as_Slice());
  case format::Operation::Transpose:
    return createTranspose(context, *op.operation_as_Transpose());
  }
  assert(false && "the reader has checked the kind");
  return failure(Status(StatusCode::Internal, "unknown operation"));
}

Expected<std::unique_ptr<Kernel>> createKernel(const KernelResources &resources,
                                               uint32_t index) {
  const BundleReader &reader = resources.reader;
  const format::Operator &op = *reader.bundle().operators()->Get(index);
  Status status = xnnpackStatus(xnn_initialize(/*allocator=*/nullptr), "start");
  if (!status.ok())
    return failure(std::move(status));
  CreatedKernel kernel = createUnnamed(KernelContext(resources), op);
  Operands operands = Operands::of(op);
  for (uint32_t weight : operands.weights())
    reader.dropPages(reader.weight(weight));
  if (!kernel)
    return failure(kernel.error().withContext(fmt::format(
        "{}: {}", reader.path().string(), describeOperator(op, index))));
  return kernel;
}

} // namespace windrow
