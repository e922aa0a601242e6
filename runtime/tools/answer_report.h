//===- answer_report.h - What windrow-run prints -----------------*- C++ -*-==//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_ANSWER_REPORT_H
#define WINDROW_RUNTIME_TOOLS_ANSWER_REPORT_H

#include "windrow/session.h"

#include <string>
#include <vector>

namespace windrow {

/// The answer to one input, asked one or more times.
struct InputResult {
  std::string input; ///< the file's name
  std::vector<Tensor> outputs;
  std::vector<double> seconds; ///< of each time, in order
};

struct LatencySummary {
  double min = 0;
  double median = 0;
  double p95 = 0; ///< nearest rank
};

/// Summary of `seconds`, which must not be empty.
LatencySummary summarizeLatencies(std::vector<double> seconds);

/// One class of a classifier's answer.
struct RankedClass {
  int64_t index = 0;
  float score = 0;        ///< the output itself
  double probability = 0; ///< the softmax of the outputs, or they themselves
                          ///< where they are probabilities already
};

/// The `count` classes of the highest scores in `scores`, best first; the lower
/// index among equals.
std::vector<RankedClass> rankClasses(const std::vector<float> &scores,
                                     size_t count);

/// One line for people: the best classes where the only output is a vector of
/// scores, else the outputs' shapes and ranges; and the latency.
std::string formatResult(const PlanDescription &plan, const InputResult &result,
                         size_t topCount);

/// All results as JSON, see docs/windrow-run.md.
std::string formatJson(const PlanDescription &plan,
                       const std::vector<InputResult> &results,
                       size_t topCount);

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_ANSWER_REPORT_H
