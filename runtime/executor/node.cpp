//===- node.cpp - Serve one device of a plan ------------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "windrow/node.h"

#include "runtime/executor/device_loop.h"
#include "runtime/executor/rehearsal.h"

#include <fmt/format.h>
#include <mutex>

using namespace windrow;

Node::~Node() = default;

namespace {
class TcpNode : public Node {
public:
  TcpNode(std::unique_ptr<Executor> executor,
          std::function<void(const std::string &)> onEvent)
      : deviceName(executor->reader().selfName()),
        executor(std::move(executor)), onEvent(std::move(onEvent)) {}

  Status listen(const NodeOptions &options);

  const std::string &name() const override { return deviceName; }
  std::string listeningAddress() const override {
    return transport->listeningAddress();
  }
  void serve() override {
    serveClients(*executor, *transport,
                 [this](const std::string &event) { tell(event); });
  }
  void stop() override { transport->stop(); }

private:
  void tell(const std::string &event) {
    std::lock_guard lock(eventMutex);
    if (onEvent)
      onEvent(event);
  }

  const std::string deviceName;
  const std::unique_ptr<Executor> executor;
  const std::function<void(const std::string &)> onEvent;
  std::mutex eventMutex;
  // Last: its threads report events.
  std::unique_ptr<TcpTransport> transport;
};
} // namespace

Status TcpNode::listen(const NodeOptions &options) {
  TransportConfig config = executor->transportConfig();
  TcpOptions tcp;
  tcp.listenAddress = options.listenAddress.empty()
                          ? config.participants[config.self].address
                          : options.listenAddress;
  Expected<std::vector<std::string>> addresses =
      orderAddresses(config, options.addresses);
  if (!addresses)
    return addresses.error();
  tcp.addressOverrides = std::move(*addresses);
  tcp.onRefusal = [this](const Status &status) { tell(status.message()); };
  Expected<std::unique_ptr<TcpTransport>> created =
      createTcpTransport(std::move(config), std::move(tcp));
  if (!created)
    return created.error();
  transport = std::move(*created);
  return {};
}

Expected<std::unique_ptr<Node>>
Node::create(const std::filesystem::path &bundle, const NodeOptions &options) {
  Expected<BundleReader> reader = BundleReader::open(bundle);
  if (!reader)
    return failure(reader.error());
  if (reader->isClient())
    return failure(
        Status(StatusCode::InvalidArgument,
               fmt::format("{}: bundle must be a device's, got the client's",
                           bundle.string())));
  ExecutorOptions executorOptions;
  executorOptions.threads = options.threads;
  executorOptions.saveMemory = options.saveMemory;
  executorOptions.pace = options.pace;
  executorOptions.requestTimeout = options.requestTimeout;
  Expected<std::unique_ptr<Executor>> executor =
      Executor::create(std::move(*reader), executorOptions);
  if (!executor)
    return failure(executor.error());
  if (options.pace < 1)
    if (Status status = rehearse(**executor, options); !status.ok())
      return failure(status);
  auto node = std::make_unique<TcpNode>(std::move(*executor), options.onEvent);
  if (Status status = node->listen(options); !status.ok())
    return failure(status.withContext(node->name()));
  return node;
}
