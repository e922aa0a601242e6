//===- command_line.cpp - What the tools of the runtime share -------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/command_line.h"

#include <algorithm>
#include <CLI/CLI.hpp>
#include <cmath>
#include <fmt/format.h>

using namespace windrow;

std::optional<int> windrow::parseArguments(CLI::App &app, int argc,
                                           char **argv) {
  app.failure_message([](const CLI::App *app, const CLI::Error &error) {
    return fmt::format("{0}: error: {1}\n{0}: see {0} --help\n",
                       app->get_name(), error.what());
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  return std::nullopt;
}

int windrow::reportError(const CLI::App &app, const Status &status) {
  fmt::print(stderr, "{}: error: {}\n", app.get_name(), status.message());
  return 1;
}

Expected<std::map<std::string, std::string>>
windrow::parseAddresses(const std::vector<std::string> &entries,
                        std::string_view option) {
  std::map<std::string, std::string> addresses;
  for (const std::string &entry : entries) {
    size_t equals = entry.find('=');
    if (equals == 0 || equals == std::string::npos ||
        equals + 1 == entry.size())
      return failure(Status(
          StatusCode::InvalidArgument,
          fmt::format("{} must be DEVICE=HOST:PORT, got '{}'", option, entry)));
    addresses[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return addresses;
}

std::string windrow::joinWithCommas(const std::vector<std::string> &parts) {
  std::string text;
  for (const std::string &part : parts) {
    text += text.empty() ? "" : ", ";
    text += part;
  }
  return text;
}

std::chrono::milliseconds windrow::toMilliseconds(double seconds) {
  constexpr double longest = 1e9; // some decades
  return std::chrono::milliseconds(
      std::max<int64_t>(1, std::llround(std::min(seconds, longest) * 1e3)));
}
