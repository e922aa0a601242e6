//===- bundle_latency.cpp - What the runtime adds to its operators --------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compares the latency of a plan of one device, as its client sees it, with the
// sum of the times of its kernels run bare, and with that of XNNPACK operators
// for the same layers. They take turns, so that whatever else the machine does
// meets all.
//
//===----------------------------------------------------------------------===//

#include "benchmarks/kernel/bare_operators.h"
#include "benchmarks/kernel/bundle_kernels.h"
#include "runtime/artifact/bundle_layout.h"
#include "runtime/artifact/operands.h"
#include "windrow/session.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <random>

namespace windrow::benchmark {
namespace {

struct Options {
  std::filesystem::path plan;
  size_t rounds = 25;
  double limit = 0;
};

/// Seconds of every round, in order of time.
struct Samples {
  std::vector<double> latency, kernels, bare;
};

double median(std::vector<double> values) {
  auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double minimum(const std::vector<double> &values) {
  return *std::min_element(values.begin(), values.end());
}

/// One random input that suits `description`, asked by `ask`.
class Asker {
public:
  explicit Asker(Session &session);
  Expected<Answer> ask();

private:
  Session &session;
  std::vector<Tensor> tensors;
  Image image;
};

} // namespace

Asker::Asker(Session &session) : session(session) {
  std::mt19937 random(1);
  const PlanDescription &description = session.description();
  if (description.imageShape) {
    auto [height, width, channels] = *description.imageShape;
    image = {height, width, channels, {}};
    image.pixels.resize(static_cast<size_t>(height * width * channels));
    for (uint8_t &pixel : image.pixels)
      pixel = static_cast<uint8_t>(random());
    return;
  }
  std::normal_distribution<float> distribution;
  for (const TensorDescription &input : description.inputs) {
    Tensor &tensor = tensors.emplace_back();
    tensor.shape = input.shape;
    int64_t count = 1;
    for (int64_t dim : input.shape)
      count *= dim;
    tensor.values.resize(static_cast<size_t>(count));
    for (float &value : tensor.values)
      value = distribution(random);
  }
}

Expected<Answer> Asker::ask() {
  return tensors.empty() ? session.run(image) : session.run(tensors);
}

/// The only device's bundle of the plan.
static Expected<BundleReader> openDevice(const std::filesystem::path &plan,
                                         const PlanDescription &description) {
  if (description.devices.size() != 1)
    return failure(
        Status(StatusCode::InvalidArgument,
               fmt::format("{}: plan must have one device, got {}",
                           plan.string(), description.devices.size())));
  return BundleReader::open(bundlePath(plan, description.devices.front()));
}

/// Gives `bare` received tensors of plausible values.
static void fillInputs(const BundleReader &device, BareOperators &bare) {
  std::mt19937 random(1);
  std::normal_distribution<float> distribution;
  for (const format::Channel *channel : *device.bundle().channels()) {
    const format::Tensor &tensor =
        *device.bundle().tensors()->Get(channel->tensor());
    if (channel->direction() == format::Direction::Send ||
        tensor.type() != format::ElementType::F32)
      continue;
    std::span<std::byte> bytes = bare.tensorData(channel->tensor());
    std::span values(reinterpret_cast<float *>(bytes.data()),
                     bytes.size() / sizeof(float));
    for (float &value : values)
      value = distribution(random);
  }
}

static Status measure(const Options &options, Asker &asker,
                      BundleKernels &kernels, BareOperators &bare,
                      Samples &samples) {
  constexpr size_t warmUps = 2;
  for (size_t round = 0; round < warmUps + options.rounds; ++round) {
    Expected<Answer> answer = asker.ask();
    if (!answer)
      return answer.error();
    Expected<std::chrono::nanoseconds> kernelSum = kernels.run();
    if (!kernelSum)
      return kernelSum.error();
    std::chrono::duration<double> sum = bare.run();
    if (round < warmUps)
      continue;
    samples.latency.push_back(answer->seconds);
    samples.kernels.push_back(
        std::chrono::duration<double>(*kernelSum).count());
    samples.bare.push_back(sum.count());
  }
  return Status();
}

static void report(const PlanDescription &description,
                   const BareOperators &bare, const Samples &samples) {
  fmt::print("{}: {} XNNPACK operators, {} rounds\n", description.model,
             bare.size(), samples.latency.size());
  for (const std::string &name : bare.leftOut())
    fmt::print("  in the latency only: {}\n", name);
  fmt::print("                   median      minimum\n");
  for (auto [name, values] : {std::pair("latency", &samples.latency),
                              std::pair("own kernels", &samples.kernels),
                              std::pair("XNNPACK", &samples.bare)})
    fmt::print("  {:11}  {:8.2f} ms  {:8.2f} ms\n", name, 1e3 * median(*values),
               1e3 * minimum(*values));
  fmt::print("  latency to own kernels  {:.3f}  {:.3f}\n",
             median(samples.latency) / median(samples.kernels),
             minimum(samples.latency) / minimum(samples.kernels));
}

static Status run(const Options &options) {
  SessionOptions sessionOptions;
  sessionOptions.local = true;
  Expected<std::unique_ptr<Session>> session =
      Session::connect(options.plan, sessionOptions);
  if (!session)
    return session.error();
  const PlanDescription &description = (*session)->description();
  Expected<BundleReader> device = openDevice(options.plan, description);
  if (!device)
    return device.error();
  auto threadpool = makeThreadpool(device->bundle().threads());
  Expected<std::unique_ptr<BundleKernels>> kernels =
      BundleKernels::create(*device, threadpool.get());
  if (!kernels)
    return kernels.error();
  Expected<BareOperators> bare =
      BareOperators::create(*device, threadpool.get());
  if (!bare)
    return bare.error();

  fillInputs(*device, *bare);
  Asker asker(**session);
  Samples samples;
  WINDROW_RETURN_IF_ERROR(measure(options, asker, **kernels, *bare, samples));
  report(description, *bare, samples);
  double ratio = median(samples.latency) / median(samples.kernels);
  if (options.limit > 0 && ratio > options.limit)
    return Status(
        StatusCode::Internal,
        fmt::format("ratio of the medians must be at most {}, got {:.3f}",
                    options.limit, ratio));
  return Status();
}

} // namespace windrow::benchmark

int main(int argc, char **argv) {
  windrow::benchmark::Options options;
  CLI::App app(
      "Compares the latency of a plan of one device with the sum of its "
      "kernels run bare, and of XNNPACK's operators");
  app.add_option("plan", options.plan, "Folder of a plan with one device")
      ->required();
  app.add_option("--rounds", options.rounds, "Measurements of each kind")
      ->check(CLI::Range(1, 100000));
  app.add_option(
      "--limit", options.limit,
      "Fail where latency exceeds the kernels by more than this factor");
  app.footer("Example:\n"
             "  windrow-compile resnet50.onnx --cluster=one.yaml "
             "--strategy=single -o plan\n"
             "  bundle-latency plan --limit=1.01");
  CLI11_PARSE(app, argc, argv);
  windrow::Status status = windrow::benchmark::run(options);
  if (status.ok())
    return 0;
  fmt::print(stderr, "bundle-latency: error: {}\n", status.message());
  return 1;
}
