//===- kernel_times_file.cpp - What kernels took at least -----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/kernel_times_file.h"

#include "runtime/tools/file_output.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>

using namespace windrow;
using Json = nlohmann::ordered_json;
using std::chrono::nanoseconds;

static constexpr const char *timesKey = "least_ns";

static Expected<KernelTimes> parseKernelTimes(const Json &json) {
  auto corrupt = [](const std::string &message) {
    return failure(Status(StatusCode::CorruptData, message));
  };
  if (json.is_discarded())
    return corrupt("file must be JSON");
  if (!json.is_object() || !json.contains(timesKey) ||
      !json[timesKey].is_object())
    return corrupt(fmt::format("key '{}' must be an object", timesKey));
  KernelTimes times;
  for (const auto &[kernel, time] : json[timesKey].items()) {
    if (!time.is_number_unsigned() || time.get<uint64_t>() == 0 ||
        time.get<uint64_t>() > INT64_MAX)
      return corrupt(
          fmt::format("time of '{}' must be nanoseconds above 0, got {}",
                      kernel, time.dump()));
    times.emplace(kernel, nanoseconds(time.get<int64_t>()));
  }
  return times;
}

Expected<KernelTimes>
windrow::readKernelTimes(const std::filesystem::path &path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error)
    return KernelTimes();
  std::ifstream stream(path);
  if (!stream)
    return failure(
        Status(StatusCode::Unavailable,
               fmt::format("{}: file cannot be read", path.string())));
  Expected<KernelTimes> times = parseKernelTimes(
      Json::parse(stream, nullptr, /*allow_exceptions=*/false));
  if (!times)
    return failure(times.error().withContext(path.string()));
  return times;
}

Status windrow::addKernelTimes(const std::filesystem::path &path,
                               const KernelTimes &times) {
  Expected<KernelTimes> all = readKernelTimes(path);
  if (!all)
    return all.error();
  for (const auto &[kernel, time] : times) {
    auto [known, isNew] = all->try_emplace(kernel, time);
    known->second = std::min(known->second, time);
  }
  Json json{{timesKey, Json::object()}};
  for (const auto &[kernel, time] : *all)
    json[timesKey][kernel] = time.count();
  return writeFile(path, {json.dump(/*indent=*/1), "\n"});
}
