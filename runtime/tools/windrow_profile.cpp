//===- windrow_profile.cpp - Measures what operators and links cost -------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/artifact/bundle_layout.h"
#include "runtime/tools/cluster_profiler.h"
#include "runtime/tools/command_line.h"
#include "runtime/tools/profile_server.h"
#include "runtime/tools/progress_line.h"
#include "runtime/tools/stop_on_signal.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

using namespace windrow;

static constexpr const char *examples = R"(EXAMPLES:
  windrow-profile --serve=0.0.0.0:7801              # on every device
  windrow-profile plan --output=costs.json          # anywhere: the whole cluster
  windrow-profile plan --measure=links --output=costs.json
  windrow-profile plan/press-1.bundle --output=costs.json   # this machine alone
  windrow-profile plan/press-1.bundle --pace=0.14 --name=press-2 -o costs.json
)";

namespace {
struct CommandLine {
  std::string path;
  std::string serve;
  std::string output;
  std::string name;
  std::vector<std::string> addresses;
  std::string measure = "all";
  bool json = false;
  double budget = 60;
  double connectTimeout = 5;
  ProfileOptions profile;
};
} // namespace

/// The table that is at `path`, if any, for the measurements to be merged into.
static Expected<ProfiledCosts> readOld(const std::string &path) {
  std::error_code error;
  if (path.empty() || !std::filesystem::exists(path, error))
    return ProfiledCosts();
  return readCostTable(path);
}

/// The operators of a bundle, which must be a device's; kinds that are not
/// measured are reported.
static Expected<BundleOperators> readOperators(const BundleReader &reader) {
  const std::string path = reader.path().string();
  if (reader.isClient())
    return failure(Status(
        StatusCode::InvalidArgument,
        fmt::format("{}: bundle must be a device's, got the client's", path)));
  BundleOperators found = listOperators(reader);
  if (!found.skippedKinds.empty())
    fmt::print(stderr, "windrow-profile: warning: {}: not measured: {}\n", path,
               joinWithCommas(found.skippedKinds));
  return found;
}

static Status noOperators(const std::string &path) {
  return Status(StatusCode::InvalidArgument,
                fmt::format("{}: bundle must have operators, got none", path));
}

//===----------------------------------------------------------------------===//
// This machine
//===----------------------------------------------------------------------===//

static Expected<ProfiledCosts> profileThisDevice(const CommandLine &options) {
  Expected<BundleReader> reader = BundleReader::open(options.path);
  if (!reader)
    return failure(reader.error());
  Expected<BundleOperators> found = readOperators(*reader);
  if (!found)
    return failure(found.error());
  if (found->operators.empty())
    return failure(noOperators(options.path));
  ProfileOptions profile = options.profile;
  if (profile.threads == 0)
    profile.threads = reader->bundle().threads();
  ProgressLine line;
  Expected<DeviceCosts> device =
      profileOperators(found->operators, profile, [&](double fraction) {
        line.show("measuring operators " + formatBar(fraction));
        return Status();
      });
  if (!device)
    return failure(device.error());
  device->name =
      options.name.empty() ? std::string(reader->selfName()) : options.name;
  ProfiledCosts table;
  table.devices.push_back(std::move(*device));
  return table;
}

static Status serve(const CommandLine &options) {
  ProfileServerOptions server;
  server.listenAddress = options.serve;
  server.threads = options.profile.threads;
  server.pace = options.profile.pace;
  server.onEvent = [](const std::string &event) {
    fmt::print(stderr, "windrow-profile: {}\n", event);
  };
  StopOnSignal signals;
  Expected<std::unique_ptr<ProfileServer>> created =
      ProfileServer::create(std::move(server));
  if (!created)
    return created.error();
  fmt::print("listening on {}\n", (*created)->listeningAddress());
  std::fflush(stdout);
  (*created)->serve(signals.token());
  return {};
}

//===----------------------------------------------------------------------===//
// A cluster
//===----------------------------------------------------------------------===//

/// The devices of the plan of `client`, at the addresses that were given.
static Expected<std::vector<ProfiledDevice>>
listDevices(const BundleReader &client, const CommandLine &options) {
  Expected<std::map<std::string, std::string>> given =
      parseAddresses(options.addresses, "--device");
  if (!given)
    return failure(given.error());
  std::vector<ProfiledDevice> devices;
  for (const format::Participant *participant : *client.bundle().participants())
    if (participant->name()->string_view() != clientName)
      devices.push_back(
          {participant->name()->str(),
           participant->address() ? participant->address()->str() : ""});
  for (const auto &[name, address] : *given) {
    auto device = std::ranges::find(devices, name, &ProfiledDevice::name);
    if (device == devices.end())
      return failure(Status(
          StatusCode::NotFound,
          fmt::format("address must be of a device of the plan, got '{}'",
                      name)));
    device->address = address;
  }
  return devices;
}

/// The layers of the plan of `devices`. Notes the threads of each.
static Expected<OperatorsOrder>
collectOperators(std::vector<ProfiledDevice> &devices,
                 const CommandLine &options) {
  std::vector<BundleOperators> parts;
  for (ProfiledDevice &device : devices) {
    Expected<BundleReader> reader =
        BundleReader::open(bundlePath(options.path, device.name));
    if (!reader)
      return failure(reader.error());
    Expected<BundleOperators> operators = readOperators(*reader);
    if (!operators)
      return failure(operators.error());
    device.threads = options.profile.threads > 0 ? options.profile.threads
                                                 : reader->bundle().threads();
    parts.push_back(std::move(*operators));
  }
  OperatorsOrder order;
  order.operators = addOtherKernels(joinLayers(parts));
  order.slices = options.profile.slices;
  order.budget = options.profile.budget;
  if (order.operators.empty())
    return failure(noOperators(options.path));
  return order;
}

static Expected<ProfiledCosts> profilePlan(const CommandLine &options,
                                           const std::stop_token &stop) {
  Expected<BundleReader> client =
      BundleReader::open(bundlePath(options.path, clientName));
  if (!client)
    return failure(client.error());
  ClusterProfileOptions cluster;
  Expected<std::vector<ProfiledDevice>> devices = listDevices(*client, options);
  if (!devices)
    return failure(devices.error());
  cluster.devices = std::move(*devices);
  cluster.measureLinks = options.measure != "operators";
  cluster.connectTimeout = toMilliseconds(options.connectTimeout);
  if (options.measure != "links") {
    Expected<OperatorsOrder> order = collectOperators(cluster.devices, options);
    if (!order)
      return failure(order.error());
    cluster.operators = std::move(*order);
  }
  ProgressLine line;
  return profileCluster(
      cluster,
      [&](std::string_view work, double fraction) {
        line.show(fmt::format("{} {}", formatBar(fraction), work));
      },
      stop);
}

//===----------------------------------------------------------------------===//
// The program
//===----------------------------------------------------------------------===//

/// Fails where an option was given that `what` makes nothing of.
static Status checkUnused(const CLI::App &app, const char *what,
                          std::initializer_list<const char *> unused) {
  for (const char *option : unused)
    if (app.count(option) > 0)
      return Status(StatusCode::InvalidArgument,
                    fmt::format("{} must not be given with {}", option, what));
  return {};
}

static Status checkOptions(const CLI::App &app, const CommandLine &options) {
  std::error_code error;
  if (!options.serve.empty())
    return checkUnused(app, "--serve",
                       {"--output", "--device", "--measure", "--name",
                        "--slices", "--budget", "--connect-timeout", "--json"});
  if (options.path.empty())
    return Status(StatusCode::InvalidArgument, "PATH or --serve must be given");
  if (std::filesystem::is_directory(options.path, error))
    return checkUnused(app, "a plan", {"--pace", "--name"});
  return checkUnused(app, "a bundle",
                     {"--device", "--measure", "--connect-timeout"});
}

static Status profile(const CommandLine &options) {
  // Before minutes are spent on what could not be merged.
  Expected<ProfiledCosts> table = readOld(options.output);
  if (!table)
    return table.error();
  Expected<ProfiledCosts> measured;
  std::error_code error;
  if (std::filesystem::is_directory(options.path, error)) {
    StopOnSignal signals;
    measured = profilePlan(options, signals.token());
    signals.passOn();
  } else {
    measured = profileThisDevice(options);
  }
  if (!measured)
    return measured.error();
  if (options.json)
    fmt::print("{}\n", toJson(*measured).dump(2));
  else
    fmt::print("{}", formatCostTable(*measured));
  if (options.output.empty())
    return {};
  mergeCosts(*table, std::move(*measured));
  return writeCostTable(options.output, *table);
}

static void addOptions(CLI::App &app, CommandLine &options) {
  CLI::Option *path = app.add_option(
      "PATH", options.path,
      "Folder of a plan, whose devices all run windrow-profile --serve; or a "
      "bundle with operators to measure on this machine, best that of a plan "
      "for one device, which has the layers whole");
  app.add_option("--serve", options.serve,
                 "Measure this machine for others until interrupted")
      ->type_name("HOST:PORT")
      ->excludes(path);
  app.add_option("-o,--output", options.output,
                 "Write the cost table; one that is there is merged with")
      ->type_name("FILE.json");
  app.add_option("--device", options.addresses,
                 "Where a device serves, instead of the plan's address; may be "
                 "repeated")
      ->allow_extra_args(false)
      ->type_name("DEVICE=HOST:PORT");
  app.add_option("--measure", options.measure,
                 "What to measure of a plan's cluster (all)")
      ->check(CLI::IsMember({"all", "operators", "links"}))
      ->type_name("all|operators|links");
  app.add_option("--name", options.name,
                 "Name of this machine; the bundle's unless given")
      ->type_name("DEVICE");
  app.add_option("--threads", options.profile.threads,
                 "Threads for kernels; the plan's number unless given")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  app.add_option("--pace", options.profile.pace,
                 "Share of this machine's speed to measure, as of windrow-node")
      ->check(CLI::Range(0.001, 1.0))
      ->type_name("SHARE");
  app.add_option("--slices", options.profile.slices,
                 "Measure layers with so many parts of their channels too "
                 "(2,4,16); 1 for none")
      ->delimiter(',')
      ->check(CLI::Range(1, 1024))
      ->type_name("N,...");
  app.add_option("--budget", options.budget,
                 "Seconds to measure operators at most, about; each is "
                 "measured once however long it takes (60)")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  app.add_option("--connect-timeout", options.connectTimeout,
                 "Seconds until a device must have answered (5)")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  app.add_flag("--json", options.json, "Print the measured table as JSON");
}

int main(int argc, char **argv) {
  CLI::App app("Measures what the operators of a network, and the links of a "
               "cluster, cost, for the planner.",
               "windrow-profile");
  app.footer(examples);
  CommandLine options;
  options.profile.threads = 0;
  addOptions(app, options);
  if (std::optional<int> status = parseArguments(app, argc, argv))
    return *status;
  if (Status status = checkOptions(app, options); !status.ok())
    return reportError(app, status);
  std::erase(options.profile.slices, 1U);
  options.profile.budget = toMilliseconds(options.budget);
  Status status = options.serve.empty() ? profile(options) : serve(options);
  return status.ok() ? 0 : reportError(app, status);
}
