//===- rehearsal.cpp - What a paced node's work takes ---------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/executor/rehearsal.h"

#include "runtime/artifact/operands.h"
#include "runtime/artifact/shape.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>
#include <vector>

using namespace windrow;
using std::chrono::nanoseconds;

static constexpr int fewestRounds = 3;

static std::string describeWork(const format::Bundle &bundle, uint32_t index,
                                const NodeOptions &options) {
  const format::Operator &op = *bundle.operators()->Get(index);
  const Operands operands = Operands::of(op);
  std::string text = fmt::format("{} {}", operationName(op.operation_type()),
                                 printable(textOf(op.name())));
  for (uint32_t tensor : operands.inputs())
    text += ' ' + formatExtents(dimsOf(bundle.tensors()->Get(tensor)->dims()));
  for (uint32_t weight : operands.weights())
    text += fmt::format(
        " {}:{}", formatExtents(dimsOf(bundle.weights()->Get(weight)->dims())),
        EnumNameElementType(bundle.weights()->Get(weight)->type()));
  text += fmt::format(
      " to {}",
      formatExtents(dimsOf(bundle.tensors()->Get(operands.output())->dims())));
  if (const format::Conv2D *conv = op.operation_as_Conv2D())
    text += fmt::format(" {}", EnumNameConvolutionKernel(conv->kernel()));
  const uint32_t threads =
      options.threads > 0 ? options.threads : bundle.threads();
  text += fmt::format(", {} {}", threads, threads == 1 ? "thread" : "threads");
  return options.saveMemory ? text + ", saving memory" : text;
}

/// By operator, keys of `KernelTimes`. What a kernel finds in the caches
/// depends on how much memory the whole program touches, and on whether its
/// weights were the last ones that were read: a layer may be computed in parts.
static std::vector<std::string> describeAll(const format::Bundle &bundle,
                                            const NodeOptions &options) {
  const uint64_t bytes = bundle.weights_bytes() + bundle.arena_bytes();
  std::vector<std::string> works;
  std::vector<uint32_t> lastWeights;
  for (uint32_t op = 0; op < bundle.operators()->size(); ++op) {
    std::string work = describeWork(bundle, op, options);
    const Operands operands = Operands::of(*bundle.operators()->Get(op));
    if (const auto weights = operands.weights(); !weights.empty()) {
      if (std::ranges::equal(weights, lastWeights))
        work += ", with the weights of the one before";
      lastWeights.assign(weights.begin(), weights.end());
    }
    works.push_back(fmt::format("{}, among {} B", work, std::bit_ceil(bytes)));
  }
  return works;
}

Status windrow::rehearse(Executor &executor, const NodeOptions &options) {
  KernelTimes found;
  KernelTimes &times = options.kernelTimes ? *options.kernelTimes : found;
  const std::vector<std::string> works =
      describeAll(executor.reader().bundle(), options);
  if (options.rehearsal > std::chrono::seconds(1) && options.onEvent)
    options.onEvent(fmt::format("times its operators for {} s",
                                options.rehearsal.count() / 1000));
  const Clock::time_point start = Clock::now();
  for (int round = 0;
       round < fewestRounds || Clock::now() - start < options.rehearsal;
       ++round)
    for (uint32_t op = 0; op < works.size(); ++op) {
      if (options.stop.stop_requested())
        return Status(StatusCode::Cancelled, "stopped");
      const Expected<nanoseconds> paced = executor.timeOperator(op);
      if (!paced)
        return paced.error();
      const auto taken =
          std::chrono::duration_cast<nanoseconds>(*paced * options.pace);
      auto [known, isNew] = times.try_emplace(works[op], taken);
      known->second = std::min(known->second, taken);
    }
  for (uint32_t op = 0; op < works.size(); ++op)
    if (auto known = times.find(works[op]); known != times.end())
      executor.noteOperatorTime(op, known->second);
  return {};
}
