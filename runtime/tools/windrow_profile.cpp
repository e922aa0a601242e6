//===- windrow_profile.cpp - Measures what operators and links cost -------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/command_line.h"
#include "runtime/tools/cost_table.h"
#include "runtime/tools/operator_profiler.h"
#include "runtime/tools/progress_line.h"

#include <fmt/format.h>
#include <thread>

using namespace windrow;

static constexpr const char *examples = R"(EXAMPLES:
  windrow-profile plan/press-1.bundle --output=costs.json
  windrow-profile plan/press-1.bundle --threads=4 --budget=30
  windrow-profile plan/press-1.bundle --pace=0.14 --name=press-2 -o costs.json
)";

namespace {
struct CommandLine {
  std::string bundle;
  std::string output;
  std::string name;
  bool json = false;
  double budget = 60;
  ProfileOptions profile;
};
} // namespace

/// The table that is at `path`, if any, for the measurements to be merged into.
static Expected<CostTable> readOld(const std::string &path) {
  std::error_code error;
  if (path.empty() || !std::filesystem::exists(path, error))
    return CostTable();
  return readCostTable(path);
}

static Expected<CostTable> profileThisDevice(const CommandLine &options) {
  Expected<BundleReader> reader = BundleReader::open(options.bundle);
  if (!reader)
    return failure(reader.error());
  if (reader->isClient())
    return failure(
        Status(StatusCode::InvalidArgument,
               fmt::format("{}: bundle must be a device's, got the client's",
                           options.bundle)));
  BundleOperators found = listOperators(*reader);
  if (!found.skippedKinds.empty())
    fmt::print(stderr, "windrow-profile: warning: {}: not measured: {}\n",
               options.bundle, joinWithCommas(found.skippedKinds));
  if (found.operators.empty())
    return failure(Status(StatusCode::InvalidArgument,
                          fmt::format("{}: bundle must have operators, got "
                                      "none",
                                      options.bundle)));
  ProfileOptions profile = options.profile;
  if (profile.threads == 0)
    profile.threads = reader->bundle().threads();
  ProgressLine line;
  Expected<DeviceCosts> device =
      profileOperators(found.operators, profile, [&](double fraction) {
        line.show("measuring operators " + formatBar(fraction));
        return Status();
      });
  if (!device)
    return failure(device.error());
  device->name =
      options.name.empty() ? std::string(reader->selfName()) : options.name;
  CostTable table;
  table.devices.push_back(std::move(*device));
  return table;
}

static Status profile(const CommandLine &options) {
  // Before minutes are spent on what could not be merged.
  Expected<CostTable> table = readOld(options.output);
  if (!table)
    return table.error();
  Expected<CostTable> measured = profileThisDevice(options);
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

int main(int argc, char **argv) {
  CLI::App app("Measures what the operators of a network cost on this machine, "
               "for the planner.",
               "windrow-profile");
  app.footer(examples);
  CommandLine options;
  options.profile.threads = 0;
  app.add_option("BUNDLE", options.bundle,
                 "Bundle with the operators; best that of a plan for one "
                 "device, which has the layers whole")
      ->required();
  app.add_option("-o,--output", options.output,
                 "Write the cost table; one that is there is merged with")
      ->type_name("FILE.json");
  app.add_option("--name", options.name,
                 "Name of this device; the bundle's unless given")
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
                 "(2,4); 1 for none")
      ->delimiter(',')
      ->check(CLI::Range(1, 1024))
      ->type_name("N,...");
  app.add_option("--budget", options.budget,
                 "Seconds to measure at most, about; each operator is measured "
                 "once however long it takes (60)")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  app.add_flag("--json", options.json, "Print the measured table as JSON");
  if (std::optional<int> status = parseArguments(app, argc, argv))
    return *status;
  std::erase(options.profile.slices, 1U);
  options.profile.budget = toMilliseconds(options.budget);
  Status status = profile(options);
  return status.ok() ? 0 : reportError(app, status);
}
