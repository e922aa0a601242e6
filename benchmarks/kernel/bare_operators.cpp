//===- bare_operators.cpp - XNNPACK operators without a runtime -----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "benchmarks/kernel/bare_operators.h"

#include "runtime/artifact/bundle_layout.h"
#include "runtime/artifact/operands.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fmt/format.h>

namespace windrow::benchmark {

using Clock = std::chrono::steady_clock;

void BareOperators::MemoryDelete::operator()(std::byte *memory) const {
  std::free(memory);
}

BareOperators::Memory BareOperators::allocate(size_t bytes) {
  size_t size = alignSection(std::max<size_t>(bytes, 1));
  auto *memory =
      static_cast<std::byte *>(std::aligned_alloc(bundleAlignment, size));
  std::fill_n(memory, size, std::byte{0});
  return Memory(memory);
}

BareOperators::BareOperators(const BundleReader &reader,
                             pthreadpool_t threadpool)
    : reader(&reader), threadpool(threadpool),
      arena(allocate(reader.bundle().arena_bytes())) {}

Dims BareOperators::dims(uint32_t tensor) const {
  return dimsOf(reader->bundle().tensors()->Get(tensor)->dims());
}

std::span<std::byte> BareOperators::tensorData(uint32_t tensor) {
  const format::Tensor &entry = *reader->bundle().tensors()->Get(tensor);
  return {arena.get() + entry.offset(),
          *byteCount(entry.type(), dimsOf(entry.dims()))};
}

float *BareOperators::data(uint32_t tensor) {
  return reinterpret_cast<float *>(tensorData(tensor).data());
}

const float *BareOperators::weight(int32_t index) const {
  if (index < 0)
    return nullptr;
  return reinterpret_cast<const float *>(
      reader->weight(static_cast<uint32_t>(index)).data());
}

void BareOperators::require(xnn_status status) {
  if (firstFailure == xnn_status_success)
    firstFailure = status;
}

bool BareOperators::keep(xnn_status status, xnn_operator_t op) {
  require(status);
  operators.emplace_back(op);
  return status == xnn_status_success;
}

void BareOperators::add(const format::Conv2D &conv) {
  Dims input = dims(conv.input()), output = dims(conv.output());
  Dims filter = dimsOf(reader->bundle().weights()->Get(conv.filter())->dims());
  const format::Padding &padding = *conv.padding();
  xnn_operator_t op = nullptr;
  xnn_status status = xnn_create_convolution2d_nhwc_f32(
      padding.top(), padding.right(), padding.bottom(), padding.left(),
      filter[1], filter[2], conv.stride()->height(), conv.stride()->width(),
      conv.dilation()->height(), conv.dilation()->width(), conv.groups(),
      input[3] / conv.groups(), output[3] / conv.groups(), input[3], output[3],
      weight(static_cast<int32_t>(conv.filter())), weight(conv.bias()),
      conv.clamp()->min(), conv.clamp()->max(), 0, nullptr, nullptr, &op);
  if (!keep(status, op))
    return;
  size_t workspace = 0, alignment, height, width;
  require(xnn_reshape_convolution2d_nhwc_f32(op, 1, input[1], input[2],
                                             &workspace, &alignment, &height,
                                             &width, threadpool));
  workspaces.push_back(allocate(workspace));
  require(xnn_setup_convolution2d_nhwc_f32(
      op, workspaces.back().get(), data(conv.input()), data(conv.output())));
}

/// False where XNNPACK does not have weights of this type.
bool BareOperators::add(const format::FullyConnected &dense) {
  if (reader->bundle().weights()->Get(dense.filter())->type() !=
      format::ElementType::F32)
    return false;
  Dims input = dims(dense.input()), output = dims(dense.output());
  xnn_operator_t op = nullptr;
  xnn_status status = xnn_create_fully_connected_nc_f32(
      input[1], output[1], input[1], output[1],
      weight(static_cast<int32_t>(dense.filter())), weight(dense.bias()),
      dense.clamp()->min(), dense.clamp()->max(), 0, nullptr, nullptr, &op);
  if (!keep(status, op))
    return true;
  require(xnn_reshape_fully_connected_nc_f32(op, input[0], threadpool));
  require(xnn_setup_fully_connected_nc_f32(op, data(dense.input()),
                                           data(dense.output())));
  return true;
}

void BareOperators::add(const format::MaxPool2D &pool) {
  Dims input = dims(pool.input());
  const format::Padding &padding = *pool.padding();
  xnn_operator_t op = nullptr;
  xnn_status status = xnn_create_max_pooling2d_nhwc_f32(
      padding.top(), padding.right(), padding.bottom(), padding.left(),
      pool.window()->height(), pool.window()->width(), pool.stride()->height(),
      pool.stride()->width(), pool.dilation()->height(),
      pool.dilation()->width(), pool.clamp()->min(), pool.clamp()->max(), 0,
      &op);
  if (!keep(status, op))
    return;
  size_t height, width;
  require(xnn_reshape_max_pooling2d_nhwc_f32(op, 1, input[1], input[2],
                                             input[3], input[3], input[3],
                                             &height, &width, threadpool));
  require(xnn_setup_max_pooling2d_nhwc_f32(op, data(pool.input()),
                                           data(pool.output())));
}

void BareOperators::add(const format::AveragePool2D &pool) {
  Dims input = dims(pool.input());
  const format::Padding &padding = *pool.padding();
  xnn_operator_t op = nullptr;
  xnn_status status = xnn_create_average_pooling2d_nhwc_f32(
      padding.top(), padding.right(), padding.bottom(), padding.left(),
      pool.window()->height(), pool.window()->width(), pool.stride()->height(),
      pool.stride()->width(), pool.clamp()->min(), pool.clamp()->max(), 0, &op);
  if (!keep(status, op))
    return;
  size_t workspace = 0, alignment, height, width;
  require(xnn_reshape_average_pooling2d_nhwc_f32(
      op, 1, input[1], input[2], input[3], input[3], input[3], &workspace,
      &alignment, &height, &width, threadpool));
  workspaces.push_back(allocate(workspace));
  require(xnn_setup_average_pooling2d_nhwc_f32(
      op, workspaces.back().get(), data(pool.input()), data(pool.output())));
}

void BareOperators::add(const format::GlobalPool &pool) {
  Dims input = dims(pool.input());
  xnn_operator_t op = nullptr;
  xnn_status status = xnn_create_reduce_nd(
      pool.kind() == format::GlobalPoolKind::Mean ? xnn_reduce_mean
                                                  : xnn_reduce_sum,
      xnn_datatype_fp32, nullptr, nullptr, 0, &op);
  if (!keep(status, op))
    return;
  const int64_t axes[] = {1, 2};
  const size_t shape[] = {1, input[1], input[2], input[3]};
  require(xnn_reshape_reduce_nd(op, std::size(axes), axes, std::size(shape),
                                shape, nullptr, nullptr, threadpool));
  require(xnn_setup_reduce_nd(op, nullptr, data(pool.input()),
                              data(pool.output())));
}

static xnn_status createUnary(xnn_unary_operator type,
                              const format::Clamp &clamp, xnn_operator_t *op) {
  xnn_unary_params params{};
  params.clamp.min = clamp.min();
  params.clamp.max = clamp.max();
  return xnn_create_unary_elementwise_nc(
      type, xnn_datatype_fp32, xnn_datatype_fp32,
      type == xnn_unary_clamp ? &params : nullptr, nullptr, nullptr, 0, op);
}

void BareOperators::addClamp(uint32_t tensor, const format::Clamp &clamp) {
  size_t count = *elementCount(dims(tensor));
  xnn_operator_t op = nullptr;
  xnn_status status = createUnary(xnn_unary_clamp, clamp, &op);
  if (!keep(status, op))
    return;
  require(
      xnn_reshape_unary_elementwise_nc(op, 1, count, count, count, threadpool));
  require(xnn_setup_unary_elementwise_nc(op, data(tensor), data(tensor)));
}

void BareOperators::add(const format::Binary &binary) {
  Dims lhs = dims(binary.lhs()), rhs = dims(binary.rhs());
  const std::vector<size_t> lhsShape(lhs.begin(), lhs.end());
  const std::vector<size_t> rhsShape(rhs.begin(), rhs.end());
  xnn_operator_t op = nullptr;
  xnn_status status = xnn_create_binary_elementwise_nd(
      binary.kind() == format::BinaryKind::Add ? xnn_binary_add
                                               : xnn_binary_multiply,
      xnn_datatype_fp32, nullptr, nullptr, nullptr, 0, &op);
  if (!keep(status, op))
    return;
  require(xnn_reshape_binary_elementwise_nd(op, lhsShape.size(),
                                            lhsShape.data(), rhsShape.size(),
                                            rhsShape.data(), threadpool));
  require(xnn_setup_binary_elementwise_nd(
      op, data(binary.lhs()), data(binary.rhs()), data(binary.output())));
  const format::Clamp &clamp = *binary.clamp();
  if (std::isfinite(clamp.min()) || std::isfinite(clamp.max()))
    addClamp(binary.output(), clamp);
}

void BareOperators::add(const format::Unary &unary) {
  xnn_unary_operator type =
      unary.kind() == format::UnaryKind::Clamp     ? xnn_unary_clamp
      : unary.kind() == format::UnaryKind::Sigmoid ? xnn_unary_sigmoid
                                                   : xnn_unary_hardswish;
  size_t count = *elementCount(dims(unary.input()));
  xnn_operator_t op = nullptr;
  xnn_status status = createUnary(type, *unary.clamp(), &op);
  if (!keep(status, op))
    return;
  require(
      xnn_reshape_unary_elementwise_nc(op, 1, count, count, count, threadpool));
  require(xnn_setup_unary_elementwise_nc(op, data(unary.input()),
                                         data(unary.output())));
}

void BareOperators::add(const format::Softmax &softmax) {
  Dims input = dims(softmax.input());
  size_t rows = *elementCount(input) / input.back();
  xnn_operator_t op = nullptr;
  xnn_status status = xnn_create_softmax_nc_f32(0, &op);
  if (!keep(status, op))
    return;
  require(xnn_reshape_softmax_nc_f32(op, input.back(), input.back(),
                                     input.back(), rows, threadpool));
  require(xnn_setup_softmax_nc_f32(op, data(softmax.input()),
                                   data(softmax.output())));
}

/// False for an operator that XNNPACK does not have, or not in the same form.
bool BareOperators::addKnown(const format::Operator &op) {
  switch (op.operation_type()) {
  case format::Operation::Conv2D:
    add(*op.operation_as_Conv2D());
    return true;
  case format::Operation::FullyConnected:
    return add(*op.operation_as_FullyConnected());
  case format::Operation::MaxPool2D:
    add(*op.operation_as_MaxPool2D());
    return true;
  case format::Operation::AveragePool2D:
    add(*op.operation_as_AveragePool2D());
    return true;
  case format::Operation::GlobalPool:
    add(*op.operation_as_GlobalPool());
    return true;
  case format::Operation::Binary:
    add(*op.operation_as_Binary());
    return true;
  case format::Operation::Unary:
    if (op.operation_as_Unary()->kind() == format::UnaryKind::Copy)
      return false;
    add(*op.operation_as_Unary());
    return true;
  case format::Operation::Softmax:
    add(*op.operation_as_Softmax());
    return true;
  default:
    return false;
  }
}

Expected<BareOperators> BareOperators::create(const BundleReader &reader,
                                              pthreadpool_t threadpool) {
  BareOperators bare(reader, threadpool);
  bare.require(xnn_initialize(nullptr));
  for (const format::Instruction *instruction :
       *reader.bundle().instructions()) {
    if (instruction->kind() != format::InstructionKind::Run)
      continue;
    const format::Operator &op =
        *reader.bundle().operators()->Get(instruction->index());
    if (!bare.addKnown(op))
      bare.missing.push_back(describeOperator(op, instruction->index()));
    if (bare.firstFailure != xnn_status_success)
      return failure(
          Status(StatusCode::Internal,
                 fmt::format("{}: XNNPACK refuses {} with status {}",
                             reader.path().string(),
                             describeOperator(op, instruction->index()),
                             static_cast<int>(bare.firstFailure))));
  }
  return bare;
}

std::chrono::nanoseconds BareOperators::run() {
  std::chrono::nanoseconds sum{};
  for (const auto &op : operators) {
    Clock::time_point start = Clock::now();
    require(xnn_run_operator(op.get(), threadpool));
    sum += Clock::now() - start;
  }
  return sum;
}

} // namespace windrow::benchmark
