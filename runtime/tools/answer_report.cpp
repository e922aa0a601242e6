//===- answer_report.cpp - What windrow-run prints ------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/answer_report.h"

#include "runtime/artifact/shape.h"
#include "runtime/tools/command_line.h"
#include "runtime/tools/median.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <numeric>

using namespace windrow;
using Json = nlohmann::ordered_json;

LatencySummary windrow::summarizeLatencies(std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  size_t count = seconds.size();
  LatencySummary summary;
  summary.min = seconds.front();
  summary.median = median(seconds);
  auto rank = static_cast<size_t>(std::ceil(0.95 * count));
  summary.p95 = seconds[rank - 1];
  return summary;
}

/// Whether `scores` are probabilities already, as behind a softmax.
static bool areProbabilities(const std::vector<float> &scores) {
  double sum = 0;
  for (float score : scores) {
    if (!(score >= 0 && score <= 1))
      return false;
    sum += score;
  }
  return std::abs(sum - 1) < 1e-3;
}

static std::vector<double>
computeProbabilities(const std::vector<float> &scores) {
  std::vector<double> probabilities(scores.begin(), scores.end());
  if (areProbabilities(scores))
    return probabilities;
  double largest = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double &value : probabilities)
    sum += value = std::exp(value - largest);
  for (double &value : probabilities)
    value /= sum;
  return probabilities;
}

std::vector<RankedClass> windrow::rankClasses(const std::vector<float> &scores,
                                              size_t count) {
  if (scores.empty())
    return {};
  std::vector<double> probabilities = computeProbabilities(scores);
  std::vector<int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return scores[a] > scores[b]; });
  std::vector<RankedClass> ranked;
  for (size_t i = 0; i < std::min(count, order.size()); ++i)
    ranked.push_back({order[i], scores[order[i]], probabilities[order[i]]});
  return ranked;
}

/// Whether the only output is one score for each class.
static bool isClassifier(const std::vector<Tensor> &outputs) {
  if (outputs.size() != 1)
    return false;
  const std::vector<int64_t> &shape = outputs[0].shape;
  return std::count_if(shape.begin(), shape.end(),
                       [](int64_t size) { return size != 1; }) == 1;
}

static std::string nameClass(const PlanDescription &plan, int64_t index) {
  return plan.labels.empty() ? fmt::format("class {}", index)
                             : plan.labels[index];
}

static std::string formatOutputs(const PlanDescription &plan,
                                 const InputResult &result, size_t topCount) {
  std::vector<std::string> parts;
  if (isClassifier(result.outputs)) {
    for (const RankedClass &entry :
         rankClasses(result.outputs[0].values, topCount))
      parts.push_back(fmt::format("{} {:.1f} %", nameClass(plan, entry.index),
                                  100 * entry.probability));
    return joinWithCommas(parts);
  }
  for (size_t i = 0; i < result.outputs.size(); ++i) {
    const std::vector<float> &values = result.outputs[i].values;
    auto [least, greatest] = std::minmax_element(values.begin(), values.end());
    parts.push_back(
        fmt::format("{} {} in [{:.6g}, {:.6g}]", plan.outputs[i].name,
                    formatExtents(result.outputs[i].shape), *least, *greatest));
  }
  return joinWithCommas(parts);
}

std::string windrow::formatResult(const PlanDescription &plan,
                                  const InputResult &result, size_t topCount) {
  LatencySummary latency = summarizeLatencies(result.seconds);
  std::string time =
      result.seconds.size() == 1
          ? fmt::format("{:.2f} ms", 1e3 * latency.median)
          : fmt::format("min {:.2f} ms, median {:.2f} ms, p95 {:.2f} ms",
                        1e3 * latency.min, 1e3 * latency.median,
                        1e3 * latency.p95);
  return fmt::format("{}: {} ({})", result.input,
                     formatOutputs(plan, result, topCount), time);
}

static Json describeResult(const PlanDescription &plan,
                           const InputResult &result, size_t topCount) {
  Json json;
  json["input"] = result.input;
  if (isClassifier(result.outputs)) {
    json["top"] = Json::array();
    for (const RankedClass &entry :
         rankClasses(result.outputs[0].values, topCount))
      json["top"].push_back({{"index", entry.index},
                             {"label", nameClass(plan, entry.index)},
                             {"score", entry.score},
                             {"probability", entry.probability}});
  }
  json["outputs"] = Json::array();
  for (size_t i = 0; i < result.outputs.size(); ++i)
    json["outputs"].push_back(
        {{"name", plan.outputs[i].name}, {"shape", result.outputs[i].shape}});
  LatencySummary latency = summarizeLatencies(result.seconds);
  json["latency_ms"] = {{"count", result.seconds.size()},
                        {"min", 1e3 * latency.min},
                        {"median", 1e3 * latency.median},
                        {"p95", 1e3 * latency.p95}};
  return json;
}

std::string windrow::formatJson(const PlanDescription &plan,
                                const std::vector<InputResult> &results,
                                size_t topCount) {
  Json json;
  json["model"] = plan.model;
  json["devices"] = plan.devices;
  json["results"] = Json::array();
  for (const InputResult &result : results)
    json["results"].push_back(describeResult(plan, result, topCount));
  return json.dump(2, ' ', /*ensure_ascii=*/false,
                   Json::error_handler_t::replace);
}
