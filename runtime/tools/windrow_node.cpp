//===- windrow_node.cpp - Serves one device of a plan ---------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/command_line.h"
#include "runtime/tools/kernel_times_file.h"
#include "runtime/tools/stop_on_signal.h"
#include "windrow/node.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

using namespace windrow;

static constexpr const char *examples = R"(EXAMPLES:
  windrow-node plan/press-1.bundle
  windrow-node plan/press-1.bundle --listen=0.0.0.0:7801 --threads=4
  windrow-node plan/press-2.bundle --pace=0.14 --peer=press-1=10.0.0.7:7801
)";

/// The node, listening; `timesFile` may be empty.
static Expected<std::unique_ptr<Node>>
createNode(const std::string &bundle, NodeOptions options,
           const std::string &timesFile) {
  KernelTimes times;
  if (!timesFile.empty()) {
    Expected<KernelTimes> known = readKernelTimes(timesFile);
    if (!known)
      return failure(known.error());
    times = std::move(*known);
    options.kernelTimes = &times;
  }
  Expected<std::unique_ptr<Node>> node = Node::create(bundle, options);
  if (!node || timesFile.empty())
    return node;
  if (Status status = addKernelTimes(timesFile, times); !status.ok())
    return failure(status);
  return node;
}

int main(int argc, char **argv) {
  CLI::App app(
      "Serves one device of a plan: computes its part of every request "
      "that a client sends.",
      "windrow-node");
  app.footer(examples);
  std::string bundle, timesFile;
  NodeOptions options;
  std::vector<std::string> peers;
  double requestTimeout = 30, rehearsal = 0.2;
  app.add_option("BUNDLE", bundle, "Bundle of the device")->required();
  app.add_option("--listen", options.listenAddress,
                 "Address to listen on (port 0: any free one); the plan's "
                 "unless given")
      ->type_name("HOST:PORT");
  app.add_option("--peer", peers,
                 "Where another device is, instead of the plan's address; may "
                 "be repeated")
      ->allow_extra_args(false)
      ->type_name("DEVICE=HOST:PORT");
  app.add_option("--threads", options.threads,
                 "Threads for kernels; the plan's number unless given")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  app.add_flag("--save-memory", options.saveMemory,
               "Take less memory and more time, for the same answers");
  app.add_option("--pace", options.pace,
                 "Share of this machine's speed to use, above 0 up to 1: "
                 "stands in for a slower machine")
      ->check(CLI::Range(0.001, 1.0))
      ->type_name("SHARE");
  app.add_option("--rehearsal", rehearsal,
                 "With --pace, seconds in which operators are timed before the "
                 "node listens: each counts as its least time (0.2)")
      ->check(CLI::NonNegativeNumber)
      ->type_name("SECONDS");
  app.add_option("--kernel-times", timesFile,
                 "With --pace, where nodes of this model and machine keep the "
                 "least times of their operators for each other")
      ->type_name("FILE.json");
  app.add_option("--request-timeout", requestTimeout,
                 "Seconds that a request may take once it has begun (30)")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  if (std::optional<int> status = parseArguments(app, argc, argv))
    return *status;

  Expected<std::map<std::string, std::string>> addresses =
      parseAddresses(peers, "--peer");
  if (!addresses)
    return reportError(app, addresses.error());
  options.addresses = std::move(*addresses);
  options.requestTimeout = toMilliseconds(requestTimeout);
  options.rehearsal = toMilliseconds(rehearsal);
  options.onEvent = [](const std::string &event) {
    fmt::print(stderr, "windrow-node: {}\n", event);
  };
  StopOnSignal signals;
  options.stop = signals.token();
  Expected<std::unique_ptr<Node>> node = createNode(bundle, options, timesFile);
  if (!node && node.error().code() == StatusCode::Cancelled)
    return 0;
  if (!node)
    return reportError(app, node.error());
  fmt::print("{} listening on {}\n", (*node)->name(),
             (*node)->listeningAddress());
  std::fflush(stdout);
  std::stop_callback stop(signals.token(), [&] { (*node)->stop(); });
  (*node)->serve();
  return 0;
}
