//===- command_line.h - What the tools of the runtime share ------*- C++ -*-==//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_COMMAND_LINE_H
#define WINDROW_RUNTIME_TOOLS_COMMAND_LINE_H

#include "windrow/status.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace windrow {

/// Parses the arguments. Returns the exit status where the program is to end at
/// once: 0 after --help, 1 after a mistake, which has been reported.
std::optional<int> parseArguments(CLI::App &app, int argc, char **argv);

/// Prints "program: error: message" on stderr and returns the exit status 1.
int reportError(const CLI::App &app, const Status &status);

/// Parses entries "device=host:port", as `option` takes them.
Expected<std::map<std::string, std::string>>
parseAddresses(const std::vector<std::string> &entries,
               std::string_view option);

/// "a, b, c".
std::string joinWithCommas(const std::vector<std::string> &parts);

/// `seconds` as a duration from a millisecond to some decades.
std::chrono::milliseconds toMilliseconds(double seconds);

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_COMMAND_LINE_H
