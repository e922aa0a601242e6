//===- fully_connected.cpp - Fully connected layer ------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/base/checksum.h"
#include "runtime/kernels/kernel_context.h"
#include "runtime/kernels/matrix_vector.h"
#include "runtime/kernels/packed_weights.h"
#include "runtime/kernels/parallelize.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <vector>

namespace windrow {

// A filter is copied in slices of about this size, and the pages of each slice
// are dropped before the next one is read, so that the peak is one filter and
// one slice instead of two filters.
static constexpr size_t filterSliceBytes = size_t{16} << 20;

// Output channels that a thread computes at a time.
static constexpr uint32_t blockChannels = 64;

namespace {

class FullyConnectedKernel final : public Kernel {
public:
  FullyConnectedKernel(const KernelContext &context,
                       const format::FullyConnected &dense);

  Status create(const KernelContext &context,
                const format::FullyConnected &dense);
  Status bind(std::byte *arena, std::byte *workspace) override;
  Status run() override;

private:
  void computeBlock(size_t block) const;

  const pthreadpool_t threadpool;
  const TensorPlace input, output;
  const uint32_t rows;
  const float low, high;
  MatrixRows filter;
  std::vector<float> bias;
  const float *source = nullptr;
  float *target = nullptr;
};

} // namespace

FullyConnectedKernel::FullyConnectedKernel(const KernelContext &context,
                                           const format::FullyConnected &dense)
    : threadpool(context.threadpool()), input(context.place(dense.input())),
      output(context.place(dense.output())),
      rows(context.dims(dense.input())[0]), low(dense.clamp()->min()),
      high(dense.clamp()->max()), filter{.elements = nullptr,
                                         .type =
                                             context.weightType(dense.filter()),
                                         .rows =
                                             context.dims(dense.output())[1],
                                         .columns =
                                             context.dims(dense.input())[1]} {}

/// Copies weight `index` to memory in huge pages, and checks it.
static Expected<const std::byte *> copyFilter(const KernelContext &context,
                                              uint32_t index) {
  const uint64_t key = uint64_t{index} << 32;
  if (const std::byte *copied = context.packed().find(key))
    return copied;
  const BundleReader &reader = context.reader();
  std::span<const std::byte> filter = reader.weight(index);
  std::byte *copy = context.packed().allocate(key, filter.size());
  if (!copy)
    return failure(
        Status(StatusCode::Unavailable,
               fmt::format("{} bytes for the filter cannot be allocated",
                           filter.size())));
  uint32_t checksum = 0;
  for (size_t first = 0; first < filter.size(); first += filterSliceBytes) {
    auto slice = filter.subspan(
        first, std::min(filterSliceBytes, filter.size() - first));
    std::memcpy(copy + first, slice.data(), slice.size());
    checksum = crc32({copy + first, slice.size()}, checksum);
    reader.dropPages(slice);
  }
  if (Status status = reader.compareChecksum(index, checksum); !status.ok())
    return failure(std::move(status));
  return copy;
}

Status FullyConnectedKernel::create(const KernelContext &context,
                                    const format::FullyConnected &dense) {
  Expected<const float *> biasValues = context.bias(dense.bias());
  if (!biasValues)
    return biasValues.error();
  if (*biasValues)
    bias.assign(*biasValues, *biasValues + filter.rows);
  Expected<const std::byte *> elements = copyFilter(context, dense.filter());
  if (!elements)
    return elements.error();
  filter.elements = *elements;
  return Status();
}

Status FullyConnectedKernel::bind(std::byte *arena, std::byte *) {
  source = input.in<const float>(arena);
  target = output.in<float>(arena);
  return Status();
}

void FullyConnectedKernel::computeBlock(size_t block) const {
  const size_t first = block * blockChannels;
  const size_t rowBytes = elementBytes(filter.type) * filter.columns;
  MatrixRows channels = filter;
  channels.elements += first * rowBytes;
  channels.rows =
      std::min(blockChannels, filter.rows - static_cast<uint32_t>(first));
  multiplyMatrix(channels, {.input = source,
                            .count = rows,
                            .bias = bias.empty() ? nullptr : &bias[first],
                            .low = low,
                            .high = high,
                            .output = target + first,
                            .outputStride = filter.rows});
}

Status FullyConnectedKernel::run() {
  const size_t blocks = (filter.rows + blockChannels - 1) / blockChannels;
  parallelize(threadpool, blocks,
              [this](size_t, size_t block) { computeBlock(block); });
  return Status();
}

CreatedKernel createFullyConnected(const KernelContext &context,
                                   const format::FullyConnected &dense) {
  return makeKernel<FullyConnectedKernel>(context, dense);
}

} // namespace windrow
