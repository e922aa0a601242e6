//===- windrow_inspect.cpp - Shows what bundles hold ----------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/artifact/bundle_layout.h"
#include "runtime/tools/bundle_report.h"
#include "runtime/tools/command_line.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

using namespace windrow;

static constexpr const char *examples = R"(EXAMPLES:
  windrow-inspect plan/press-1.bundle
  windrow-inspect plan
  windrow-inspect plan/press-1.bundle --json | jq '.operators[].kind'
)";

/// The bundles that `path` names: itself, or those of a plan's folder in plan
/// order.
static Expected<std::vector<BundleReader>>
openBundles(const std::filesystem::path &path) {
  std::vector<BundleReader> readers;
  std::error_code error;
  bool isPlan = std::filesystem::is_directory(path, error);
  Expected<BundleReader> first =
      BundleReader::open(isPlan ? bundlePath(path, clientName) : path);
  if (!first)
    return failure(first.error());
  if (isPlan)
    for (const format::Participant *participant :
         *first->bundle().participants()) {
      if (participant->name()->string_view() == clientName)
        continue;
      Expected<BundleReader> reader = BundleReader::open(
          bundlePath(path, participant->name()->string_view()));
      if (!reader)
        return failure(reader.error());
      readers.push_back(std::move(*reader));
    }
  readers.push_back(std::move(*first));
  return readers;
}

int main(int argc, char **argv) {
  CLI::App app("Shows what a bundle, or each bundle of a plan, holds.",
               "windrow-inspect");
  app.footer(examples);
  std::string path;
  bool json = false;
  app.add_option("PATH", path, "Bundle, or folder of a plan")->required();
  app.add_flag("--json", json, "Print JSON: an object, or a list for a plan");
  if (std::optional<int> status = parseArguments(app, argc, argv))
    return *status;

  Expected<std::vector<BundleReader>> readers = openBundles(path);
  if (!readers)
    return reportError(app, readers.error());
  if (!json) {
    for (size_t i = 0; i < readers->size(); ++i)
      fmt::print("{}{}", i > 0 ? "\n" : "", formatBundle((*readers)[i]));
    return 0;
  }
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const BundleReader &reader : *readers)
    list.push_back(describeBundle(reader));
  bool isPlan = std::filesystem::is_directory(path);
  fmt::print("{}\n",
             (isPlan ? list : list[0])
                 .dump(2, ' ', false,
                       nlohmann::ordered_json::error_handler_t::replace));
  return 0;
}
