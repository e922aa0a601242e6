//===- probe_bundle.cpp - Operators made to be measured -------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/probe_bundle.h"

#include "runtime/artifact/bundle_layout.h"
#include "runtime/artifact/operands.h"
#include "runtime/artifact/shape.h"
#include "runtime/tools/noise_weights.h"

#include <algorithm>
#include <cassert>
#include <fmt/format.h>
#include <limits>
#include <map>
#include <unistd.h>

using namespace windrow;

static constexpr const char *bundleName = "probes";

/// Keeps the values of chained probes bounded, and costs a convolution nothing.
static const format::Clamp boundedClamp(-1, 1);
static const format::Clamp noClamp(-std::numeric_limits<float>::infinity(),
                                   std::numeric_limits<float>::infinity());

namespace {
class ProbeBundleBuilder {
public:
  ProbeBundleBuilder(std::span<const ProfiledOperator> operators,
                     std::span<const Probe> probes);

  /// The bundle without the places and checksums of weights.
  Expected<format::BundleT> build();

private:
  enum class Region { Front, Back, Side };

  struct Weights {
    uint32_t filter = 0;
    int32_t bias = -1;
  };

  uint32_t addTensor(Region region, std::vector<uint32_t> dims,
                     format::ElementType type = format::ElementType::F32);
  uint32_t addWeight(std::vector<uint32_t> dims,
                     format::ElementType type = format::ElementType::F32);
  Weights weightsOf(uint32_t op);
  Status addProbe(const Probe &probe);
  Status setOperation(format::OperationUnion &operation, const Probe &probe,
                      uint32_t input, uint32_t output);
  format::Conv2DT makeConv2D(const Probe &probe);
  format::BinaryT makeBinary(const ProfiledShape &shape, uint32_t output);
  Status checkMemory() const;
  void placeRegions();

  std::span<const ProfiledOperator> operators;
  std::span<const Probe> probes;
  format::BundleT bundle;
  std::map<uint32_t, Weights> weights;
  std::vector<Region> regionOf; ///< by tensor
  uint64_t regionBytes[3] = {};
  /// Where the next probe reads.
  Region front = Region::Front;
};
} // namespace

ProbeBundleBuilder::ProbeBundleBuilder(
    std::span<const ProfiledOperator> operators, std::span<const Probe> probes)
    : operators(operators), probes(probes) {
  bundle.format_version = bundleFormatVersion;
  bundle.plan_digest.resize(planDigestBytes);
  for (std::string_view name : {std::string_view("device"), clientName}) {
    auto participant = std::make_unique<format::ParticipantT>();
    participant->name = name;
    if (name != clientName)
      participant->address = "localhost:0";
    bundle.participants.push_back(std::move(participant));
  }
}

/// Saturates; too large a tensor is refused by the checks of the bundle.
static uint64_t bytesOf(format::ElementType type,
                        const std::vector<uint32_t> &dims) {
  return std::min(byteCount(type, dims).value_or(UINT64_MAX),
                  uint64_t{1} << 40);
}

uint32_t ProbeBundleBuilder::addTensor(Region region,
                                       std::vector<uint32_t> dims,
                                       format::ElementType type) {
  uint64_t &bytes = regionBytes[static_cast<int>(region)];
  bytes = std::max(bytes, bytesOf(type, dims) + tensorSlackBytes);
  auto tensor = std::make_unique<format::TensorT>();
  tensor->type = type;
  tensor->dims = std::move(dims);
  bundle.tensors.push_back(std::move(tensor));
  regionOf.push_back(region);
  return static_cast<uint32_t>(bundle.tensors.size() - 1);
}

/// All weights are the same bytes of noise.
uint32_t ProbeBundleBuilder::addWeight(std::vector<uint32_t> dims,
                                       format::ElementType type) {
  bundle.weights_bytes =
      std::max(bundle.weights_bytes, alignSection(bytesOf(type, dims)));
  auto weight = std::make_unique<format::WeightT>();
  weight->type = type;
  weight->dims = std::move(dims);
  bundle.weights.push_back(std::move(weight));
  return static_cast<uint32_t>(bundle.weights.size() - 1);
}

static format::ElementType matrixTypeNamed(std::string_view name) {
  return name == "f16"    ? format::ElementType::F16
         : name == "bf16" ? format::ElementType::BF16
                          : format::ElementType::F32;
}

ProbeBundleBuilder::Weights ProbeBundleBuilder::weightsOf(uint32_t op) {
  auto [entry, isNew] = weights.try_emplace(op);
  if (!isNew)
    return entry->second;
  const ProfiledShape &shape = operators[op].shape;
  uint32_t inputs = shape.input.back(), outputs = shape.output.back();
  if (shape.kind == "conv_2d")
    entry->second.filter = addWeight(
        {outputs, shape.window[0], shape.window[1], inputs / shape.groups});
  else if (shape.kind == "fully_connected")
    entry->second.filter =
        addWeight({outputs, inputs}, matrixTypeNamed(shape.kernel));
  else
    entry->second.filter = addWeight({outputs});
  entry->second.bias = static_cast<int32_t>(addWeight({outputs}));
  return entry->second;
}

/// The padding, split evenly, that makes `output` positions of a window of
/// extent `window` fit `input` elements.
static uint32_t paddingFor(uint32_t input, uint32_t output, uint32_t window,
                           uint32_t stride, uint32_t dilation) {
  uint64_t needed =
      uint64_t{output - 1} * stride + uint64_t{window - 1} * dilation + 1;
  return needed > input ? static_cast<uint32_t>(needed - input) : 0;
}

static std::unique_ptr<format::Padding>
makePadding(const ProfiledShape &shape) {
  uint32_t total = paddingFor(shape.input[0], shape.output[0], shape.window[1],
                              shape.strides[1], shape.dilations[1]);
  return std::make_unique<format::Padding>(0, total / 2, 0, total - total / 2);
}

static std::unique_ptr<format::Extent>
toExtent(const std::array<uint32_t, 2> &sizes) {
  return std::make_unique<format::Extent>(sizes[0], sizes[1]);
}

static std::unique_ptr<format::Clamp> toPointer(const format::Clamp &clamp) {
  return std::make_unique<format::Clamp>(clamp);
}

static format::ConvolutionKernel kernelNamed(std::string_view name) {
  if (name == "winograd4x4")
    return format::ConvolutionKernel::Winograd4x4;
  if (name == "winograd2x2")
    return format::ConvolutionKernel::Winograd2x2;
  assert(name == "direct" && "operators come from a bundle");
  return format::ConvolutionKernel::Direct;
}

format::Conv2DT ProbeBundleBuilder::makeConv2D(const Probe &probe) {
  const ProfiledShape &shape = operators[probe.op].shape;
  Weights own = weightsOf(probe.op);
  format::Conv2DT conv;
  conv.filter = own.filter;
  conv.bias = own.bias;
  conv.padding = makePadding(shape);
  conv.stride = toExtent(shape.strides);
  conv.dilation = toExtent(shape.dilations);
  conv.groups = shape.groups;
  conv.kernel = kernelNamed(shape.kernel);
  conv.clamp = toPointer(boundedClamp);
  return conv;
}

template <typename Pool> static Pool makePool(const ProfiledShape &shape) {
  Pool pool;
  pool.window = toExtent(shape.window);
  pool.padding = makePadding(shape);
  pool.stride = toExtent(shape.strides);
  pool.clamp = toPointer(noClamp);
  return pool;
}

format::BinaryT ProbeBundleBuilder::makeBinary(const ProfiledShape &shape,
                                               uint32_t output) {
  format::BinaryT binary;
  binary.kind = shape.kind == "add" ? format::BinaryKind::Add
                                    : format::BinaryKind::Multiply;
  std::vector<uint32_t> dims = bundle.tensors[output]->dims;
  if (shape.isBroadcast)
    dims = {1, 1, 1, shape.output.back()};
  binary.rhs = addTensor(Region::Side, std::move(dims));
  binary.clamp = toPointer(shape.isClamped ? boundedClamp : noClamp);
  return binary;
}

static format::UnaryT makeUnary(format::UnaryKind kind) {
  format::UnaryT unary;
  unary.kind = kind;
  unary.clamp = toPointer(boundedClamp);
  return unary;
}

static format::GlobalPoolT makeGlobalPool(format::GlobalPoolKind kind) {
  format::GlobalPoolT pool;
  pool.kind = kind;
  return pool;
}

/// Zeros around the input, as evenly as can be.
static format::PadT makePad(const std::vector<uint32_t> &input,
                            const std::vector<uint32_t> &output) {
  format::PadT pad;
  for (size_t i = 0; i < input.size(); ++i) {
    uint32_t total = output[i] - std::min(input[i], output[i]);
    pad.before.push_back(total / 2);
    pad.after.push_back(total - total / 2);
  }
  return pad;
}

static format::NormalizeImageT makeNormalizeImage(uint32_t channels) {
  format::NormalizeImageT normalize;
  normalize.mean.assign(channels, 0.5F);
  normalize.deviation.assign(channels, 0.25F);
  return normalize;
}

/// Sets `operation` to `table` with its input, where it has one of that name,
/// and output.
template <typename Table>
static void assign(format::OperationUnion &operation, Table table,
                   uint32_t input, uint32_t output) {
  if constexpr (requires { table.input; })
    table.input = input;
  else
    table.lhs = input;
  table.output = output;
  operation.Set(std::move(table));
}

Status ProbeBundleBuilder::setOperation(format::OperationUnion &operation,
                                        const Probe &probe, uint32_t input,
                                        uint32_t output) {
  const ProfiledShape &shape = operators[probe.op].shape;
  const std::string &kind = shape.kind;
  auto set = [&](auto table) {
    assign(operation, std::move(table), input, output);
    return Status();
  };
  if (kind == "conv_2d")
    return set(makeConv2D(probe));
  if (kind == "max_pool_2d") {
    auto pool = makePool<format::MaxPool2DT>(shape);
    pool.dilation = toExtent(shape.dilations);
    return set(std::move(pool));
  }
  if (kind == "avg_pool_2d")
    return set(makePool<format::AveragePool2DT>(shape));
  if (kind == "global_avg_pool")
    return set(makeGlobalPool(format::GlobalPoolKind::Mean));
  if (kind == "global_sum_pool")
    return set(makeGlobalPool(format::GlobalPoolKind::Sum));
  if (kind == "fully_connected") {
    format::FullyConnectedT dense;
    Weights own = weightsOf(probe.op);
    dense.filter = own.filter;
    dense.bias = own.bias;
    dense.clamp = toPointer(boundedClamp);
    return set(std::move(dense));
  }
  if (kind == "add" || kind == "multiply")
    return set(makeBinary(shape, output));
  if (kind == "clamp")
    return set(makeUnary(format::UnaryKind::Clamp));
  if (kind == "sigmoid")
    return set(makeUnary(format::UnaryKind::Sigmoid));
  if (kind == "hard_swish")
    return set(makeUnary(format::UnaryKind::HardSwish));
  if (kind == "softmax")
    return set(format::SoftmaxT());
  if (kind == "scale_shift") {
    format::ScaleShiftT scaling;
    Weights own = weightsOf(probe.op);
    scaling.scale = own.filter;
    scaling.shift = static_cast<uint32_t>(own.bias);
    scaling.clamp = toPointer(boundedClamp);
    return set(std::move(scaling));
  }
  if (kind == "normalize_image")
    return set(makeNormalizeImage(shape.output.back()));
  if (kind == "concat") {
    format::CopyChannelsT copy;
    copy.channels = shape.input.back();
    return set(copy);
  }
  if (kind == "pad")
    return set(
        makePad(bundle.tensors[input]->dims, bundle.tensors[output]->dims));
  if (kind == "slice") {
    format::SliceT slice;
    slice.offsets.resize(bundle.tensors[input]->dims.size());
    return set(std::move(slice));
  }
  return Status(StatusCode::InvalidArgument,
                fmt::format("kind must be one that is measured, got '{}'",
                            printable(kind)));
}

/// The rows of the input that `rows` rows of the output are computed from.
static uint64_t inputRows(const ProfiledShape &shape, uint32_t rows) {
  if (!shape.hasWindow())
    return rows;
  return uint64_t{rows - 1} * shape.strides[0] +
         uint64_t{shape.window[0] - 1} * shape.dilations[0] + 1;
}

/// [1, rows, width, channels], or [rows, channels].
static std::vector<uint32_t> dimsWith(uint64_t rows,
                                      const std::vector<uint32_t> &rest) {
  auto bounded = static_cast<uint32_t>(std::min<uint64_t>(rows, UINT32_MAX));
  if (rest.size() == 2)
    return {1, bounded, rest[0], rest[1]};
  return {bounded, rest[0]};
}

Status ProbeBundleBuilder::addProbe(const Probe &probe) {
  const ProfiledShape &shape = operators[probe.op].shape;
  bool isGlobal =
      shape.kind == "global_avg_pool" || shape.kind == "global_sum_pool";
  Region back = front == Region::Front ? Region::Back : Region::Front;
  uint32_t input =
      addTensor(front, dimsWith(inputRows(shape, probe.rows), shape.input),
                shape.kind == "normalize_image" ? format::ElementType::U8
                                                : format::ElementType::F32);
  uint32_t output =
      addTensor(back, dimsWith(isGlobal ? 1 : probe.rows, shape.output));
  auto op = std::make_unique<format::OperatorT>();
  op->name = shape.kind;
  WINDROW_RETURN_IF_ERROR(setOperation(op->operation, probe, input, output));
  bundle.operators.push_back(std::move(op));
  front = back;
  return {};
}

/// Lets the regions lie one behind the other, and adds the tensor that covers
/// them.
void ProbeBundleBuilder::placeRegions() {
  uint64_t offsets[3];
  uint64_t end = 0;
  for (int i = 0; i < 3; ++i) {
    offsets[i] = end;
    end = alignSection(end + regionBytes[i]);
  }
  for (size_t i = 0; i < bundle.tensors.size(); ++i)
    bundle.tensors[i]->offset = offsets[static_cast<int>(regionOf[i])];
  auto all = std::make_unique<format::TensorT>();
  all->type = format::ElementType::F32;
  all->dims = {static_cast<uint32_t>(end / bundleAlignment),
               bundleAlignment / sizeof(float)};
  bundle.tensors.push_back(std::move(all));
  bundle.arena_bytes = alignSection(end + tensorSlackBytes);
}

/// What the probes take must fit into the machine's memory.
Status ProbeBundleBuilder::checkMemory() const {
  uint64_t needed = 0;
  for (uint64_t bytes : regionBytes)
    needed += bytes;
  for (const auto &weight : bundle.weights)
    needed += bytesOf(weight->type, weight->dims);
  uint64_t memory = static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                    static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  if (needed <= memory)
    return {};
  return Status(StatusCode::InvalidArgument,
                fmt::format("operators must fit into {} bytes of memory, got "
                            "{} or more",
                            memory, needed));
}

Expected<format::BundleT> ProbeBundleBuilder::build() {
  for (const Probe &probe : probes)
    if (Status status = addProbe(probe); !status.ok())
      return failure(status);
  if (Status status = checkMemory(); !status.ok())
    return failure(status);
  placeRegions();
  return std::move(bundle);
}

Expected<BundleReader>
windrow::createProbeBundle(std::span<const ProfiledOperator> operators,
                           std::span<const Probe> probes) {
  Expected<format::BundleT> bundle =
      ProbeBundleBuilder(operators, probes).build();
  if (!bundle)
    return failure(bundle.error());
  Expected<MappedFile> mapping = mapWithNoise(std::move(*bundle));
  if (!mapping)
    return failure(mapping.error());
  return BundleReader::read(std::move(*mapping), bundleName);
}
