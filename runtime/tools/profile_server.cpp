//===- profile_server.cpp - Measures for others ---------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/profile_server.h"

#include "runtime/tools/link_profiler.h"
#include "runtime/tools/profile_orders.h"

#include <atomic>
#include <fmt/format.h>
#include <future>
#include <mutex>
#include <nlohmann/json.hpp>

using namespace windrow;
using Json = nlohmann::ordered_json;

/// Between words of progress.
static constexpr std::chrono::seconds progressPause{1};

ProfileServer::~ProfileServer() = default;

namespace {
class TcpProfileServer : public ProfileServer {
public:
  explicit TcpProfileServer(ProfileServerOptions serverOptions)
      : options(std::move(serverOptions)) {}

  Status listen();

  std::string listeningAddress() const override {
    return transport->listeningAddress();
  }
  void serve(const std::stop_token &stop) override;

private:
  Status serveClient(const std::stop_token &stop);
  Status measureOperators(ProfileLink &link, const Json &json,
                          const std::stop_token &stop);
  Status measureLinkTo(ProfileLink &client, const Json &json,
                       const std::stop_token &stop);

  void tell(const std::string &event) {
    std::lock_guard lock(eventMutex);
    if (options.onEvent)
      options.onEvent(event);
  }

  const ProfileServerOptions options;
  std::mutex eventMutex;
  // Last: its thread reports events.
  std::unique_ptr<TcpTransport> transport;
};
} // namespace

Expected<std::unique_ptr<ProfileServer>>
ProfileServer::create(ProfileServerOptions options) {
  auto server = std::make_unique<TcpProfileServer>(std::move(options));
  if (Status status = server->listen(); !status.ok())
    return failure(status);
  return server;
}

Status TcpProfileServer::listen() {
  TcpOptions tcp;
  tcp.listenAddress = options.listenAddress;
  tcp.onRefusal = [this](const Status &status) { tell(status.message()); };
  Expected<std::unique_ptr<TcpTransport>> created =
      createTcpTransport(profileConfig(0, "this device", ""), std::move(tcp));
  if (!created)
    return created.error();
  transport = std::move(*created);
  return {};
}

void TcpProfileServer::serve(const std::stop_token &stop) {
  std::stop_callback stopper(stop, [this] { transport->stop(); });
  while (!stop.stop_requested()) {
    if (Status accepted = transport->accept(); !accepted.ok()) {
      if (accepted.code() != StatusCode::Cancelled)
        tell(accepted.message());
      continue;
    }
    tell("measuring for a client");
    Status outcome = serveClient(stop);
    const bool isOrderly =
        outcome.ok() || outcome.code() == StatusCode::Cancelled;
    transport->close(isOrderly ? Status() : outcome);
    tell(isOrderly ? "the client left" : outcome.message());
  }
}

namespace {
struct Order {
  std::string name;
  Json json; ///< all of it
};
} // namespace

static Expected<Order> receiveOrder(ProfileLink &link) {
  Expected<Json> json = link.receive(maxOrderBytes);
  if (!json)
    return failure(json.error());
  Expected<std::string> name = readOrder(*json);
  if (!name)
    return failure(name.error());
  return Order{std::move(*name), std::move(*json)};
}

/// Follows orders until one of them, or the client's leave, ends it.
Status TcpProfileServer::serveClient(const std::stop_token &stop) {
  ProfileLink link(*transport, 0, "client");
  while (true) {
    Expected<Order> order = receiveOrder(link);
    if (!order)
      return order.error();
    if (order->name == endOrder)
      return {};
    Status status;
    if (order->name == echoOrder)
      status = answerProbes(link, order->json);
    else if (order->name == linkOrder)
      status = measureLinkTo(link, order->json, stop);
    else
      status = measureOperators(link, order->json, stop);
    if (!status.ok())
      return status;
  }
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

/// Tells how far the work is and learns whether the client is still there.
static Status exchangeProgress(ProfileLink &link, double fraction) {
  WINDROW_RETURN_IF_ERROR(link.send({{"progress", fraction}}));
  Expected<Order> order = receiveOrder(link);
  if (!order)
    return order.error();
  if (order->name == continueOrder)
    return {};
  return Status(StatusCode::CorruptData,
                fmt::format("order after progress must be '{}', got '{}'",
                            continueOrder, order->name));
}

Status TcpProfileServer::measureOperators(ProfileLink &link, const Json &json,
                                          const std::stop_token &stop) {
  Expected<OperatorsOrder> order = parseOperatorsOrder(json);
  if (!order)
    return order.error();
  ProfileOptions profile;
  profile.threads = options.threads > 0 ? options.threads : order->threads;
  profile.pace = options.pace;
  profile.budget = order->budget;
  profile.slices = std::move(order->slices);
  std::stop_source abandoned;
  std::stop_callback abandon(stop, [&] { abandoned.request_stop(); });
  profile.stop = abandoned.get_token();
  std::atomic<double> done = 0;
  std::future<Expected<DeviceCosts>> measured =
      std::async(std::launch::async, [&] {
        return profileOperators(order->operators, profile,
                                [&](double fraction) {
                                  done = fraction;
                                  return Status();
                                });
      });
  Status status;
  while (status.ok() &&
         measured.wait_for(progressPause) != std::future_status::ready)
    status = exchangeProgress(link, done);
  if (!status.ok())
    abandoned.request_stop();
  Expected<DeviceCosts> device = measured.get();
  WINDROW_RETURN_IF_ERROR(status);
  if (!device)
    return device.error();
  return link.send(toJson(*device));
}

//===----------------------------------------------------------------------===//
// Links
//===----------------------------------------------------------------------===//

/// Measures as another server's client, for `client`.
Status TcpProfileServer::measureLinkTo(ProfileLink &client, const Json &json,
                                       const std::stop_token &stop) {
  Expected<LinkOrder> order = parseLinkOrder(json);
  if (!order)
    return order.error();
  Expected<std::unique_ptr<ProfileConnection>> connection =
      ProfileConnection::open(order->to, order->address, order->connectTimeout,
                              stop);
  if (!connection)
    return connection.error();
  Expected<std::vector<LinkCosts>> links =
      measureLink((*connection)->link(), order->from,
                  [&] { return exchangeProgress(client, 0); });
  if (!links)
    return links.error();
  WINDROW_RETURN_IF_ERROR((*connection)->finish());
  Json result{{"links", Json::array()}};
  for (const LinkCosts &link : *links)
    result["links"].push_back(toJson(link));
  return client.send(result);
}
