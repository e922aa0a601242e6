//===- cluster_profiler.cpp - Has a cluster measured ----------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/cluster_profiler.h"

#include "runtime/tools/link_profiler.h"
#include "runtime/tools/object_reader.h"

#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <future>
#include <nlohmann/json.hpp>

using namespace windrow;
using Json = nlohmann::ordered_json;

/// The result of `order`, after words of progress that `onProgress` is told of.
static Expected<Json> obey(ProfileLink &link, const Json &order,
                           const std::function<void(double)> &onProgress) {
  Status status = link.send(order);
  while (status.ok()) {
    Expected<Json> answer = link.receive(maxResultBytes);
    if (!answer)
      return answer;
    auto progress = answer->find("progress");
    if (progress == answer->end())
      return answer;
    if (progress->is_number())
      onProgress(std::clamp(progress->get<double>(), 0.0, 1.0));
    status = link.send({{"order", continueOrder}});
  }
  return failure(status);
}

//===----------------------------------------------------------------------===//
// Links
//===----------------------------------------------------------------------===//

namespace {
/// Measures all links of a cluster.
class LinkSurvey {
public:
  LinkSurvey(const ClusterProfileOptions &options,
             const ClusterProgress &onProgress, const std::stop_token &stop)
      : options(options), onProgress(onProgress), stop(stop) {}

  Expected<std::vector<LinkCosts>> run();

private:
  Status measureOwn(const ProfiledDevice &device);
  Status measurePair(const ProfiledDevice &from, const ProfiledDevice &to);
  void step(const std::string &from, const std::string &to);

  const ClusterProfileOptions &options;
  const ClusterProgress &onProgress;
  const std::stop_token &stop;
  size_t pairsDone = 0;
  std::vector<LinkCosts> links;
};
} // namespace

void LinkSurvey::step(const std::string &from, const std::string &to) {
  const size_t devices = options.devices.size();
  const size_t pairs = devices * (devices + 1) / 2;
  onProgress(fmt::format("measuring the link of {} and {}", from, to),
             static_cast<double>(pairsDone++) / static_cast<double>(pairs));
}

/// The link between this machine and `device`.
Status LinkSurvey::measureOwn(const ProfiledDevice &device) {
  step("client", device.name);
  Expected<std::unique_ptr<ProfileConnection>> connection =
      ProfileConnection::open(device.name, device.address,
                              options.connectTimeout, stop);
  if (!connection)
    return connection.error();
  Expected<std::vector<LinkCosts>> measured =
      measureLink((*connection)->link(), "client", [] { return Status(); });
  if (!measured)
    return measured.error();
  std::ranges::move(*measured, std::back_inserter(links));
  return (*connection)->finish();
}

/// The link between two devices, as `from` sees it.
Status LinkSurvey::measurePair(const ProfiledDevice &from,
                               const ProfiledDevice &to) {
  step(from.name, to.name);
  Expected<std::unique_ptr<ProfileConnection>> connection =
      ProfileConnection::open(from.name, from.address, options.connectTimeout,
                              stop);
  if (!connection)
    return connection.error();
  Expected<Json> answer = obey(
      (*connection)->link(),
      toJson(LinkOrder{from.name, to.name, to.address, options.connectTimeout}),
      [](double) {});
  if (!answer)
    return answer.error();
  ObjectReader reader(*answer, "answer");
  const Json &measured = reader.list("links");
  if (measured.size() != 2)
    reader.fail("must have both directions of a link");
  if (Status status = reader.result(); !status.ok())
    return status.withContext(from.name);
  for (const Json &json : measured) {
    Expected<LinkCosts> link = parseLinkCosts(json);
    if (!link)
      return link.error().withContext(from.name);
    links.push_back(std::move(*link));
  }
  auto last = links.end() - 2;
  last[0].from = last[1].to = from.name;
  last[0].to = last[1].from = to.name;
  return (*connection)->finish();
}

Expected<std::vector<LinkCosts>> LinkSurvey::run() {
  const std::vector<ProfiledDevice> &devices = options.devices;
  // Finds a missing device before any time is spent.
  for (const ProfiledDevice &device : devices)
    if (Status status = measureOwn(device); !status.ok())
      return failure(status);
  for (size_t from = 0; from < devices.size(); ++from)
    for (size_t to = from + 1; to < devices.size(); ++to)
      if (Status status = measurePair(devices[from], devices[to]); !status.ok())
        return failure(status);
  return std::move(links);
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

static Expected<DeviceCosts> profileDevice(const ProfiledDevice &device,
                                           const ClusterProfileOptions &options,
                                           std::atomic<double> &done,
                                           const std::stop_token &stop) {
  Expected<std::unique_ptr<ProfileConnection>> connection =
      ProfileConnection::open(device.name, device.address,
                              options.connectTimeout, stop);
  if (!connection)
    return failure(connection.error());
  Expected<Json> answer = obey((*connection)->link(), toJson(options.operators),
                               [&](double fraction) { done = fraction; });
  if (!answer)
    return failure(answer.error());
  Expected<DeviceCosts> costs = parseDeviceCosts(*answer);
  if (!costs)
    return failure(costs.error().withContext(device.name));
  costs->name = device.name;
  if (Status status = (*connection)->finish(); !status.ok())
    return failure(status);
  done = 1;
  return costs;
}

/// All devices at once; the first failure stops the others.
static Expected<std::vector<DeviceCosts>>
profileDevices(const ClusterProfileOptions &options,
               const ClusterProgress &onProgress, const std::stop_token &stop) {
  const size_t count = options.devices.size();
  std::stop_source failed;
  std::stop_callback onStop(stop, [&] { failed.request_stop(); });
  std::vector<std::atomic<double>> done(count);
  std::vector<std::future<Expected<DeviceCosts>>> futures;
  std::mutex mutex;
  Status firstFailure;
  for (size_t i = 0; i < count; ++i)
    futures.push_back(std::async(std::launch::async, [&, i] {
      Expected<DeviceCosts> costs = profileDevice(options.devices[i], options,
                                                  done[i], failed.get_token());
      std::lock_guard lock(mutex);
      if (!costs && firstFailure.ok()) {
        firstFailure = costs.error();
        failed.request_stop();
      }
      return costs;
    }));
  std::vector<DeviceCosts> devices;
  for (size_t i = 0; i < count; ++i) {
    while (futures[i].wait_for(std::chrono::milliseconds(200)) !=
           std::future_status::ready) {
      double least = 1;
      for (const std::atomic<double> &fraction : done)
        least = std::min(least, fraction.load());
      onProgress("measuring operators", least);
    }
    if (Expected<DeviceCosts> costs = futures[i].get())
      devices.push_back(std::move(*costs));
  }
  if (!firstFailure.ok())
    return failure(firstFailure);
  return devices;
}

Expected<ProfiledCosts>
windrow::profileCluster(const ClusterProfileOptions &options,
                        const ClusterProgress &onProgress,
                        const std::stop_token &stop) {
  ProfiledCosts table;
  if (options.measureLinks) {
    Expected<std::vector<LinkCosts>> links =
        LinkSurvey(options, onProgress, stop).run();
    if (!links)
      return failure(links.error());
    table.links = std::move(*links);
  }
  if (!options.operators.operators.empty()) {
    Expected<std::vector<DeviceCosts>> devices =
        profileDevices(options, onProgress, stop);
    if (!devices)
      return failure(devices.error());
    table.devices = std::move(*devices);
  }
  return table;
}
