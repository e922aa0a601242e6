//===- executor.cpp - Executes a bundle -----------------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/executor/executor.h"

#include "runtime/artifact/bundle_layout.h"
#include "runtime/artifact/operands.h"
#include "runtime/artifact/shape.h"
#include "runtime/base/large_memory.h"
#include "runtime/executor/pacer.h"
#include "runtime/kernels/kernel.h"
#include "runtime/kernels/packed_weights.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <pthreadpool.h>
#include <vector>

using namespace windrow;

Executor::~Executor() = default;

namespace {
struct ThreadpoolDelete {
  void operator()(pthreadpool *threadpool) const {
    pthreadpool_destroy(threadpool);
  }
};

class BundleExecutor : public Executor {
public:
  BundleExecutor(BundleReader reader, const ExecutorOptions &options);

  Status prepare();

  const BundleReader &reader() const override { return bundleReader; }
  TransportConfig transportConfig() const override;
  Status runRequest(Transport &transport, uint32_t request,
                    bool waitForever) override;
  Expected<std::chrono::nanoseconds> timeOperator(uint32_t index) override;
  void noteOperatorTime(uint32_t index,
                        std::chrono::nanoseconds time) override {
    pacer.noteTime(index, time);
  }
  std::span<const OperatorTime> operatorTimes() const override { return times; }
  std::span<std::byte> tensorData(uint32_t tensor) override;

private:
  struct ChannelEnd {
    uint32_t id;
    std::span<std::byte> data;
  };

  const format::Bundle &bundle() const { return bundleReader.bundle(); }
  Status outOfMemory(std::string_view what, size_t bytes) const;
  Status callKernel(uint32_t index);
  Status runKernel(uint32_t index);

  const BundleReader bundleReader;
  const uint32_t threads;
  const bool saveMemory;
  const std::chrono::milliseconds requestTimeout;
  Pacer pacer;
  LargeMemory arena;
  LargeMemory workspace;
  std::unique_ptr<pthreadpool, ThreadpoolDelete> threadpool;
  PackedWeights packedWeights;
  std::vector<std::unique_ptr<Kernel>> kernels;
  std::vector<ChannelEnd> channels;
  /// By operator; empty where nobody asked.
  std::vector<OperatorTime> times;
};
} // namespace

static uint64_t tensorBytes(const format::Tensor &tensor) {
  return *byteCount(tensor.type(), dimsOf(tensor.dims()));
}

BundleExecutor::BundleExecutor(BundleReader reader,
                               const ExecutorOptions &options)
    : bundleReader(std::move(reader)),
      threads(options.threads > 0 ? options.threads : bundle().threads()),
      saveMemory(options.saveMemory), requestTimeout(options.requestTimeout),
      pacer(options.pace, /*isSingleThreaded=*/threads == 1),
      times(options.timeOperators ? bundle().operators()->size() : 0) {}

Status BundleExecutor::outOfMemory(std::string_view what, size_t bytes) const {
  return Status(StatusCode::Unavailable,
                fmt::format("{}: {} bytes for the {} cannot be allocated",
                            bundleReader.path().string(), bytes, what));
}

Status BundleExecutor::prepare() {
  arena = LargeMemory(bundle().arena_bytes());
  if (!arena.get())
    return outOfMemory("arena", bundle().arena_bytes());
  if (threads > 1)
    threadpool.reset(pthreadpool_create(threads));
  KernelResources resources{bundleReader, packedWeights, threadpool.get(),
                            saveMemory};
  size_t workspaceBytes = 0;
  for (uint32_t i = 0; i < bundle().operators()->size(); ++i) {
    Expected<std::unique_ptr<Kernel>> kernel = createKernel(resources, i);
    if (!kernel)
      return kernel.error();
    workspaceBytes = std::max(workspaceBytes, (*kernel)->workspaceBytes());
    kernels.push_back(std::move(*kernel));
  }
  workspace = LargeMemory(workspaceBytes);
  if (!workspace.get())
    return outOfMemory("workspace", workspaceBytes);
  // The first request shall not wait for pages.
  std::memset(arena.get(), 0, arena.size());
  std::memset(workspace.get(), 0, workspace.size());
  for (const std::unique_ptr<Kernel> &kernel : kernels)
    WINDROW_RETURN_IF_ERROR(kernel->bind(arena.get(), workspace.get()));
  for (const format::Channel *channel : *bundle().channels())
    channels.push_back({channel->id(), tensorData(channel->tensor())});
  return {};
}

TransportConfig BundleExecutor::transportConfig() const {
  TransportConfig config;
  const auto *digest =
      reinterpret_cast<const std::byte *>(bundle().plan_digest()->data());
  std::copy_n(digest, config.planDigest.size(), config.planDigest.begin());
  config.self = bundle().self();
  for (const format::Participant *participant : *bundle().participants())
    config.participants.push_back(
        {participant->name()->str(),
         std::string(textOf(participant->address()))});
  for (const format::Channel *channel : *bundle().channels())
    config.channels.push_back(
        {channel->id(), channel->peer(),
         channel->direction() == format::Direction::Send
             ? ChannelDirection::Send
             : ChannelDirection::Receive,
         tensorBytes(*bundle().tensors()->Get(channel->tensor()))});
  return config;
}

std::span<std::byte> BundleExecutor::tensorData(uint32_t index) {
  const format::Tensor &tensor = *bundle().tensors()->Get(index);
  return {arena.get() + tensor.offset(), tensorBytes(tensor)};
}

Status BundleExecutor::callKernel(uint32_t index) {
  Status status = kernels[index]->run();
  if (status.ok())
    return {};
  const format::Operator &op = *bundle().operators()->Get(index);
  return status.withContext(describeOperator(op, index));
}

Expected<std::chrono::nanoseconds>
BundleExecutor::timeOperator(uint32_t index) {
  pacer.beginWork(index);
  Status status = callKernel(index);
  const std::chrono::nanoseconds taken = pacer.endTrial();
  if (!status.ok())
    return failure(status);
  return taken;
}

Status BundleExecutor::runKernel(uint32_t index) {
  Clock::time_point start = times.empty() ? Clock::time_point() : Clock::now();
  pacer.beginWork(index);
  Status status = callKernel(index);
  pacer.endWork();
  WINDROW_RETURN_IF_ERROR(status);
  if (!times.empty()) {
    ++times[index].runs;
    times[index].total += Clock::now() - start;
  }
  return {};
}

Status BundleExecutor::runRequest(Transport &transport, uint32_t request,
                                  bool waitForever) {
  pacer.beginRequest();
  Deadline deadline = waitForever ? noDeadline : Clock::now() + requestTimeout;
  for (const format::Instruction *instruction : *bundle().instructions()) {
    uint32_t index = instruction->index();
    Status status;
    switch (instruction->kind()) {
    case format::InstructionKind::Run:
      status = runKernel(index);
      break;
    case format::InstructionKind::PostReceive:
      status = transport.postReceive(channels[index].id, request,
                                     channels[index].data);
      break;
    case format::InstructionKind::WaitReceive:
      status = transport.waitReceive(channels[index].id, deadline);
      if (deadline == noDeadline)
        deadline = Clock::now() + requestTimeout;
      break;
    case format::InstructionKind::PostSend:
      status =
          transport.postSend(channels[index].id, request, channels[index].data);
      break;
    case format::InstructionKind::WaitSend:
      status = transport.waitSend(channels[index].id, deadline);
      break;
    }
    if (!status.ok())
      return status;
  }
  return {};
}

Expected<std::unique_ptr<Executor>>
Executor::create(BundleReader reader, const ExecutorOptions &options) {
  auto executor = std::make_unique<BundleExecutor>(std::move(reader), options);
  if (Status status = executor->prepare(); !status.ok())
    return failure(status);
  return executor;
}
