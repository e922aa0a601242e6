//===- session.cpp - Ask a cluster ----------------------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "windrow/session.h"

#include "runtime/artifact/bundle_layout.h"
#include "runtime/executor/caller_transport.h"
#include "runtime/executor/device_loop.h"
#include "runtime/executor/model_tensors.h"

#include <algorithm>
#include <fmt/format.h>
#include <thread>

using namespace windrow;

Session::~Session() = default;

namespace {
/// A device that computes in this process.
class LocalDevice {
public:
  LocalDevice(std::unique_ptr<Executor> executor,
              std::unique_ptr<Transport> transport)
      : executor(std::move(executor)), transport(std::move(transport)),
        thread(
            [this] { serveClients(*this->executor, *this->transport, {}); }) {}
  ~LocalDevice() {
    transport->stop();
    thread.join();
  }

private:
  std::unique_ptr<Executor> executor;
  std::unique_ptr<Transport> transport;
  std::thread thread;
};

class PlanSession : public Session {
public:
  explicit PlanSession(std::unique_ptr<Executor> executor)
      : executor(std::move(executor)),
        plan(describePlan(this->executor->reader())) {}
  ~PlanSession() override {
    if (transport)
      transport->close(Status());
  }

  Status connectToNodes(const SessionOptions &options);
  Status connectLocally(const std::filesystem::path &directory,
                        const SessionOptions &options);

  const PlanDescription &description() const override { return plan; }
  Expected<Answer> run(std::span<const Tensor> inputs) override;
  Expected<Answer> run(const Image &image) override;

private:
  const format::Bundle &bundle() const { return executor->reader().bundle(); }
  Expected<std::vector<std::unique_ptr<Executor>>>
  createDevices(const std::filesystem::path &directory,
                const SessionOptions &options) const;
  Expected<Answer> request(Clock::time_point start);

  std::unique_ptr<Executor> executor;
  PlanDescription plan;
  std::unique_ptr<Transport> transport;
  std::vector<std::unique_ptr<LocalDevice>> localDevices;
  /// Where the only device computes on the caller's thread, it, and what joins
  /// the two in place of `transport`.
  std::unique_ptr<Executor> callersDevice;
  std::unique_ptr<CallerTransport> callerTransport;
  uint32_t nextRequest = 0;
  /// Why the session is over, once it is.
  Status ended;
};
} // namespace

Status PlanSession::connectToNodes(const SessionOptions &options) {
  TransportConfig config = executor->transportConfig();
  Expected<std::vector<std::string>> addresses =
      orderAddresses(config, options.addresses);
  if (!addresses)
    return addresses.error();
  TcpOptions tcp;
  tcp.addressOverrides = std::move(*addresses);
  Expected<std::unique_ptr<TcpTransport>> created =
      createTcpTransport(std::move(config), std::move(tcp));
  if (!created)
    return created.error();
  transport = std::move(*created);
  return transport->open(Clock::now() + options.connectTimeout);
}

Expected<std::vector<std::unique_ptr<Executor>>>
PlanSession::createDevices(const std::filesystem::path &directory,
                           const SessionOptions &options) const {
  ExecutorOptions executorOptions;
  executorOptions.saveMemory = options.saveMemory;
  executorOptions.requestTimeout = options.requestTimeout;
  // Kernel threads that wait for each other spin: more of them than processors
  // would take a time slice where they should take a microsecond.
  const auto share = static_cast<uint32_t>(
      std::max<size_t>(1, std::thread::hardware_concurrency() /
                              std::max<size_t>(1, plan.devices.size())));
  std::vector<std::unique_ptr<Executor>> executors;
  for (const std::string &device : plan.devices) {
    Expected<BundleReader> reader =
        BundleReader::open(bundlePath(directory, device));
    if (!reader)
      return failure(reader.error());
    if (reader->selfName() != device)
      return failure(Status(
          StatusCode::InvalidArgument,
          fmt::format("{}: bundle must be that of '{}', got that of "
                      "'{}'",
                      reader->path().string(), device, reader->selfName())));
    if (!std::ranges::equal(*reader->bundle().plan_digest(),
                            *bundle().plan_digest()))
      return failure(
          Status(StatusCode::Incompatible,
                 fmt::format("{}: bundle must be of the same plan as {}",
                             reader->path().string(),
                             executor->reader().path().string())));
    executorOptions.threads = std::min(reader->bundle().threads(), share);
    Expected<std::unique_ptr<Executor>> created =
        Executor::create(std::move(*reader), executorOptions);
    if (!created)
      return failure(created.error());
    executors.push_back(std::move(*created));
  }
  return executors;
}

Status PlanSession::connectLocally(const std::filesystem::path &directory,
                                   const SessionOptions &options) {
  Expected<std::vector<std::unique_ptr<Executor>>> executors =
      createDevices(directory, options);
  if (!executors)
    return executors.error();
  callerTransport = CallerTransport::create(*executor);
  if (callerTransport) {
    callersDevice = std::move(executors->front());
    return Status();
  }
  std::vector<TransportConfig> configs;
  for (const std::unique_ptr<Executor> &device : *executors)
    configs.push_back(device->transportConfig());
  configs.push_back(executor->transportConfig());
  Expected<std::vector<std::unique_ptr<Transport>>> transports =
      createInprocTransports(std::move(configs));
  if (!transports)
    return transports.error();
  transport = std::move(transports->back());
  for (size_t i = 0; i < executors->size(); ++i)
    localDevices.push_back(std::make_unique<LocalDevice>(
        std::move((*executors)[i]), std::move((*transports)[i])));
  return transport->open(Clock::now() + options.connectTimeout);
}

Expected<std::unique_ptr<Session>>
Session::connect(const std::filesystem::path &plan,
                 const SessionOptions &options) {
  Expected<BundleReader> reader =
      BundleReader::open(bundlePath(plan, clientName));
  if (!reader)
    return failure(reader.error());
  if (!reader->isClient())
    return failure(
        Status(StatusCode::InvalidArgument,
               fmt::format("{}: bundle must be the client's, got "
                           "that of '{}'",
                           reader->path().string(), reader->selfName())));
  ExecutorOptions executorOptions;
  executorOptions.requestTimeout = options.requestTimeout;
  Expected<std::unique_ptr<Executor>> executor =
      Executor::create(std::move(*reader), executorOptions);
  if (!executor)
    return failure(executor.error());
  auto session = std::make_unique<PlanSession>(std::move(*executor));
  Status connected = options.local ? session->connectLocally(plan, options)
                                   : session->connectToNodes(options);
  if (!connected.ok())
    return failure(connected);
  return session;
}

Expected<Answer> PlanSession::request(Clock::time_point start) {
  Status status =
      callersDevice ? callersDevice->runRequest(*callerTransport, nextRequest++,
                                                /*waitForever=*/false)
                    : executor->runRequest(*transport, nextRequest++,
                                           /*waitForever=*/false);
  if (!status.ok()) {
    if (transport)
      transport->close(status);
    ended = status;
    return failure(status);
  }
  Answer answer;
  answer.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  for (const format::ModelTensor *output : *bundle().outputs())
    answer.outputs.push_back(
        loadOutput(*output, executor->tensorData(output->tensor())));
  return answer;
}

Expected<Answer> PlanSession::run(std::span<const Tensor> inputs) {
  if (!ended.ok())
    return failure(ended);
  if (plan.imageShape)
    return failure(Status(StatusCode::InvalidArgument,
                          "input must be an image, as the plan was compiled "
                          "for, got a tensor"));
  const auto &models = *bundle().inputs();
  if (inputs.size() != models.size())
    return failure(Status(StatusCode::InvalidArgument,
                          fmt::format("number of inputs must be {}, got {}",
                                      models.size(), inputs.size())));
  Clock::time_point start = Clock::now();
  for (size_t i = 0; i < inputs.size(); ++i) {
    const format::ModelTensor &model = *models.Get(i);
    Status stored =
        storeInput(model, inputs[i], executor->tensorData(model.tensor()));
    if (!stored.ok())
      return failure(stored);
  }
  return request(start);
}

Expected<Answer> PlanSession::run(const Image &image) {
  if (!ended.ok())
    return failure(ended);
  if (!plan.imageShape)
    return failure(Status(StatusCode::InvalidArgument,
                          "input must be a tensor, as the plan was compiled "
                          "for, got an image"));
  auto [height, width, channels] = *plan.imageShape;
  if (image.height != height || image.width != width ||
      image.channels != channels)
    return failure(Status(
        StatusCode::InvalidArgument,
        fmt::format("image must be {}x{} pixels of {} channels, got {}x{} "
                    "pixels of {} channels",
                    width, height, channels, image.width, image.height,
                    image.channels)));
  std::span<std::byte> destination =
      executor->tensorData(bundle().inputs()->Get(0)->tensor());
  if (image.pixels.size() != destination.size())
    return failure(
        Status(StatusCode::InvalidArgument,
               fmt::format("image must have {} bytes of pixels, got "
                           "{}",
                           destination.size(), image.pixels.size())));
  Clock::time_point start = Clock::now();
  std::ranges::copy(std::as_bytes(std::span(image.pixels)),
                    destination.begin());
  return request(start);
}
