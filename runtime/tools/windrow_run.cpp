//===- windrow_run.cpp - Asks a cluster -----------------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/answer_report.h"
#include "runtime/tools/command_line.h"
#include "runtime/tools/image_file.h"
#include "runtime/tools/npy_file.h"
#include "runtime/tools/progress_line.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <functional>

using namespace windrow;

static constexpr const char *examples = R"(EXAMPLES:
  windrow-run plan photo.jpg
  windrow-run plan photos/*.png --top=1 --json
  windrow-run plan photo.jpg --repeat=100
  windrow-run plan --local input.npy --save-output=output.npy
)";

namespace {
struct RunOptions {
  std::string plan;
  std::vector<std::string> inputs;
  std::string saveOutput;
  int repeat = 1;
  int top = 3;
  bool json = false;
  SessionOptions session;
};

/// How many requests are answered.
class Progress {
public:
  explicit Progress(size_t total) : total(total) {}

  void step() { line.show(fmt::format("{}/{} requests", ++done, total)); }

private:
  const size_t total;
  size_t done = 0;
  ProgressLine line;
};
} // namespace

/// Reads `file` and returns what asks `session` about it.
static Expected<std::function<Expected<Answer>()>>
readInput(Session &session, const std::string &file) {
  const PlanDescription &plan = session.description();
  bool isTensor = std::filesystem::path(file).extension() == ".npy";
  if (!plan.imageShape) {
    if (!isTensor)
      return failure(Status(StatusCode::InvalidArgument,
                            fmt::format("{}: input must be a .npy file: the "
                                        "plan was compiled for tensors, not "
                                        "images",
                                        file)));
    Expected<Tensor> tensor = readNpy(file);
    if (!tensor)
      return failure(tensor.error());
    return [&session, tensor = std::move(*tensor)] {
      return session.run(std::span(&tensor, 1));
    };
  }
  if (isTensor)
    return failure(Status(StatusCode::InvalidArgument,
                          fmt::format("{}: input must be a JPEG or PNG file: "
                                      "the plan was compiled for images",
                                      file)));
  Expected<Image> image = readImage(file, (*plan.imageShape)[2]);
  if (!image)
    return failure(image.error());
  return [&session, image = std::move(*image)] { return session.run(image); };
}

static Expected<InputResult> askAbout(Session &session, const std::string &file,
                                      int repeat, Progress &progress) {
  Expected<std::function<Expected<Answer>()>> ask = readInput(session, file);
  if (!ask)
    return failure(ask.error());
  InputResult result;
  result.input = file;
  for (int i = 0; i < repeat; ++i) {
    Expected<Answer> answer = (*ask)();
    if (!answer)
      return failure(answer.error().withContext(file));
    result.seconds.push_back(answer->seconds);
    result.outputs = std::move(answer->outputs);
    progress.step();
  }
  return result;
}

/// Writes the output of all inputs, one behind the other along the first
/// dimension.
static Status saveOutputs(const std::string &path,
                          const std::vector<InputResult> &results) {
  if (results.front().outputs.size() != 1)
    return Status(StatusCode::InvalidArgument,
                  fmt::format("--save-output must be used with a model of one "
                              "output, got {}",
                              results.front().outputs.size()));
  Tensor all;
  all.shape = results.front().outputs[0].shape;
  all.shape[0] *= static_cast<int64_t>(results.size());
  for (const InputResult &result : results) {
    const std::vector<float> &values = result.outputs[0].values;
    all.values.insert(all.values.end(), values.begin(), values.end());
  }
  return writeNpy(path, all);
}

static Status runInputs(const RunOptions &options) {
  Expected<std::unique_ptr<Session>> session =
      Session::connect(options.plan, options.session);
  if (!session)
    return session.error();
  const PlanDescription &plan = (*session)->description();
  if (plan.inputs.size() != 1)
    return Status(StatusCode::InvalidArgument,
                  fmt::format("{}: model must have one input, got {}",
                              options.plan, plan.inputs.size()));
  std::vector<InputResult> results;
  {
    Progress progress(options.inputs.size() * options.repeat);
    for (const std::string &input : options.inputs) {
      Expected<InputResult> result =
          askAbout(**session, input, options.repeat, progress);
      if (!result)
        return result.error();
      results.push_back(std::move(*result));
    }
  }
  if (!options.saveOutput.empty())
    WINDROW_RETURN_IF_ERROR(saveOutputs(options.saveOutput, results));
  if (options.json) {
    fmt::print("{}\n", formatJson(plan, results, options.top));
    return {};
  }
  for (const InputResult &result : results)
    fmt::print("{}\n", formatResult(plan, result, options.top));
  return {};
}

int main(int argc, char **argv) {
  CLI::App app("Asks the nodes of a plan about images or tensors and prints "
               "what they answer.",
               "windrow-run");
  app.footer(examples);
  RunOptions options;
  std::vector<std::string> devices;
  double timeout = 30;
  double connectTimeout = 5;
  app.add_option("PLAN", options.plan, "Folder of the plan")->required();
  app.add_option("INPUT", options.inputs,
                 "JPEG or PNG images, or .npy tensors of f32 in the model's "
                 "own layout")
      ->required();
  app.add_flag("--local", options.session.local,
               "Compute all devices' parts in this process, without nodes");
  app.add_flag("--save-memory", options.session.saveMemory,
               "With --local, take less memory and more time");
  app.add_option("--device", devices,
                 "Where a device is, instead of the plan's address; may be "
                 "repeated")
      ->allow_extra_args(false)
      ->type_name("DEVICE=HOST:PORT");
  app.add_option("--repeat", options.repeat,
                 "Ask so many times and print min, median and p95 (1)")
      ->check(CLI::Range(1, 1000000))
      ->type_name("N");
  app.add_option("--top", options.top, "Classes to print (3)")
      ->check(CLI::Range(1, 1000000))
      ->type_name("K");
  app.add_option("--save-output", options.saveOutput,
                 "Write the output, in the model's own layout; those of "
                 "several inputs one behind the other")
      ->type_name("FILE.npy");
  app.add_flag("--json", options.json, "Print JSON");
  app.add_option("--timeout", timeout, "Seconds that an answer may take (30)")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  app.add_option("--connect-timeout", connectTimeout,
                 "Seconds until all devices must be ready (5)")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  if (std::optional<int> status = parseArguments(app, argc, argv))
    return *status;

  Expected<std::map<std::string, std::string>> addresses =
      parseAddresses(devices, "--device");
  if (!addresses)
    return reportError(app, addresses.error());
  options.session.addresses = std::move(*addresses);
  options.session.requestTimeout = toMilliseconds(timeout);
  options.session.connectTimeout = toMilliseconds(connectTimeout);
  Status status = runInputs(options);
  return status.ok() ? 0 : reportError(app, status);
}
