//===- operator_profiler.cpp - Measures operators on this machine ---------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/operator_profiler.h"

#include "runtime/executor/executor.h"
#include "runtime/tools/median.h"
#include "runtime/tools/probe_bundle.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <map>
#include <random>

using namespace windrow;

/// Enough for a median, and as many as its error is estimated from.
static constexpr size_t fewestSamples = 5;
static constexpr size_t mostSamples = 60;

/// How often a strip is run before the next one. A cache of the third level
/// needs several passes to keep what it is asked for again.
static constexpr int fewestPasses = 2;
static constexpr int mostPasses = 8;

/// A median is stable when its standard error is below this share of it, or
/// below what a clock and a scheduler leave uncertain.
static constexpr double tolerance = 0.01;
static constexpr double toleranceSeconds = 0.3e-6;

namespace {
/// Several measurements of the same thing.
class Samples {
public:
  void add(uint32_t op, double seconds);
  size_t size() const { return values.size(); }
  double median() const { return windrow::median(values); }
  /// The mean of what each operator took at least.
  double least() const;
  bool isStable() const;

private:
  std::vector<double> values;
  /// By operator: those of one shape find different caches.
  std::map<uint32_t, double> leastOf;
};

/// One bundle of probes and what was measured of them.
class Sweep {
public:
  /// `stepsOf` says for which rows an operator is measured.
  static Expected<Sweep>
  create(std::vector<ProfiledOperator> operators,
         const std::function<std::vector<uint32_t>(uint32_t)> &stepsOf,
         const ProfileOptions &options);

  /// Runs every probe: those of a strip one after the other, as a request does,
  /// so many times, of which all but the first count.
  Status run(int passes);
  bool isStable() const;
  bool isEmpty() const { return operators.empty(); }
  /// Forgets what was measured.
  void forget() { samples.clear(); }

  /// What each counts for, in the order of the operators: the median, or what a
  /// paced node counts.
  std::vector<OperatorCost> costs() const;

private:
  Sweep() = default;

  using Key = std::pair<ProfiledShape, uint32_t>;

  /// Seconds of one call.
  Expected<double> time(uint32_t probe);

  std::vector<ProfiledOperator> operators;
  std::vector<Probe> probes;
  std::unique_ptr<Executor> executor;
  std::stop_token stop;
  bool isPaced = false;
  std::map<Key, Samples> samples;
};
} // namespace

void Samples::add(uint32_t op, double seconds) {
  values.push_back(seconds);
  auto [entry, isNew] = leastOf.try_emplace(op, seconds);
  entry->second = std::min(entry->second, seconds);
}

double Samples::least() const {
  double sum = 0;
  for (auto [op, seconds] : leastOf)
    sum += seconds;
  return sum / static_cast<double>(leastOf.size());
}

bool Samples::isStable() const {
  if (values.size() < fewestSamples)
    return false;
  double middle = median();
  std::vector<double> deviations;
  for (double value : values)
    deviations.push_back(std::abs(value - middle));
  // Of a normal distribution, whose deviation is 1.48 times the median absolute
  // deviation and whose median varies 1.25 times as much as its mean.
  double error = 1.48 * 1.25 * windrow::median(std::move(deviations)) /
                 std::sqrt(static_cast<double>(values.size()));
  return error <= std::max(tolerance * middle, toleranceSeconds);
}

/// Operators of one number of halvings of their rows follow each other, as the
/// layers of a strip do.
static std::vector<Probe>
orderProbes(const std::vector<ProfiledOperator> &operators,
            const std::function<std::vector<uint32_t>(uint32_t)> &stepsOf) {
  std::vector<std::vector<uint32_t>> steps;
  size_t most = 0;
  for (const ProfiledOperator &op : operators) {
    steps.push_back(stepsOf(op.rows));
    most = std::max(most, steps.back().size());
  }
  std::vector<Probe> probes;
  for (size_t step = 0; step < most; ++step)
    for (uint32_t op = 0; op < operators.size(); ++op)
      if (step < steps[op].size())
        probes.push_back({op, steps[op][step]});
  return probes;
}

static void fillWithNoise(std::span<std::byte> memory) {
  std::mt19937 random(2);
  std::uniform_real_distribution<float> values(-1, 1);
  std::vector<float> noise(1 << 16);
  for (float &value : noise)
    value = values(random);
  auto bytes = std::as_bytes(std::span(noise));
  for (size_t at = 0; at < memory.size(); at += bytes.size())
    std::memcpy(memory.data() + at, bytes.data(),
                std::min(bytes.size(), memory.size() - at));
}

Expected<Sweep>
Sweep::create(std::vector<ProfiledOperator> operators,
              const std::function<std::vector<uint32_t>(uint32_t)> &stepsOf,
              const ProfileOptions &options) {
  Sweep sweep;
  sweep.operators = std::move(operators);
  sweep.probes = orderProbes(sweep.operators, stepsOf);
  Expected<BundleReader> bundle =
      createProbeBundle(sweep.operators, sweep.probes);
  if (!bundle)
    return failure(bundle.error());
  ExecutorOptions executorOptions;
  executorOptions.threads = options.threads;
  executorOptions.pace = options.pace;
  Expected<std::unique_ptr<Executor>> executor =
      Executor::create(std::move(*bundle), executorOptions);
  if (!executor)
    return failure(executor.error());
  sweep.executor = std::move(*executor);
  sweep.stop = options.stop;
  sweep.isPaced = options.pace < 1;
  const auto &tensors = *sweep.executor->reader().bundle().tensors();
  fillWithNoise(sweep.executor->tensorData(tensors.size() - 1));
  return sweep;
}

Expected<double> Sweep::time(uint32_t probe) {
  if (stop.stop_requested())
    return failure(Status(StatusCode::Cancelled, "stopped"));
  Expected<std::chrono::nanoseconds> taken = executor->timeOperator(probe);
  if (!taken)
    return failure(taken.error());
  return std::chrono::duration<double>(*taken).count();
}

Status Sweep::run(int passes) {
  assert(passes >= fewestPasses && "the first pass does not count");
  for (uint32_t begin = 0, end = 0; begin < probes.size(); begin = end) {
    end = begin + 1;
    while (end < probes.size() && probes[end].op > probes[end - 1].op)
      ++end;
    for (int pass = 0; pass < passes; ++pass)
      for (uint32_t i = begin; i < end; ++i) {
        Expected<double> seconds = time(i);
        if (!seconds)
          return seconds.error();
        const uint32_t op = probes[i].op;
        if (pass > 0)
          samples[{operators[op].shape, probes[i].rows}].add(op, *seconds);
      }
  }
  return {};
}

/// A least time may be one of a disturbed minute, however often it is found.
bool Sweep::isStable() const {
  return !isPaced && !samples.empty() &&
         std::ranges::all_of(samples, [](const auto &entry) {
           return entry.second.isStable() || entry.second.size() >= mostSamples;
         });
}

static bool isMeasured(const std::vector<OperatorCost> &costs,
                       const ProfiledShape &shape) {
  return std::ranges::find(costs, shape, &OperatorCost::shape) != costs.end();
}

std::vector<OperatorCost> Sweep::costs() const {
  std::vector<OperatorCost> costs;
  for (const ProfiledOperator &op : operators)
    if (!isMeasured(costs, op.shape))
      costs.push_back({op.shape, {}, {}});
  for (OperatorCost &cost : costs)
    for (auto entry = samples.lower_bound({cost.shape, 0});
         entry != samples.end() && entry->first.first == cost.shape; ++entry) {
      cost.rows.push_back(entry->first.second);
      cost.seconds.push_back(isPaced ? entry->second.least()
                                     : entry->second.median());
    }
  return costs;
}

/// Those of `operators` that have such a slice of their channels, sliced, but
/// for shapes that are in `costs`. Layers of one shape stay several: together
/// they need as much of the caches as in a network.
static std::vector<ProfiledOperator>
sliceAll(std::span<const ProfiledOperator> operators,
         const std::vector<OperatorCost> &costs, ChannelSide side,
         uint32_t parts) {
  std::vector<ProfiledOperator> slices;
  for (const ProfiledOperator &op : operators) {
    std::optional<ProfiledOperator> slice = sliceChannels(op, side, parts);
    if (slice && !isMeasured(costs, slice->shape))
      slices.push_back(std::move(*slice));
  }
  return slices;
}

/// A slice of channels is computed for all rows, or for halves where rows are
/// divided too.
static std::vector<uint32_t> sliceSteps(uint32_t rows) {
  std::vector<uint32_t> steps = rowSteps(rows);
  if (steps.size() > 2)
    steps.erase(steps.begin() + 2, steps.end());
  return steps;
}

/// Convolutions that differ in their output channels alone: ever twice as many.
static std::vector<ProfiledOperator> tileProbes() {
  std::vector<ProfiledOperator> probes;
  for (uint32_t channels = 4; channels <= 128; channels *= 2) {
    ProfiledOperator op;
    op.shape.kind = "conv_2d";
    op.shape.kernel = "direct";
    op.rows = 14;
    op.shape.input = {14, 256};
    op.shape.output = {14, channels};
    probes.push_back(std::move(op));
  }
  return probes;
}

/// Of `costs` of the probes, the most channels that take no longer than the
/// fewest do: kernels compute as many at once.
static uint32_t findChannelTile(std::span<const OperatorCost> costs) {
  const double fewest = costs.front().seconds.back();
  uint32_t tile = costs.front().shape.output[1];
  for (const OperatorCost &cost : costs) {
    if (cost.seconds.back() > 1.5 * fewest)
      break;
    tile = cost.shape.output[1];
  }
  return tile;
}

static Expected<uint32_t> measureChannelTile(const ProfileOptions &options) {
  Expected<Sweep> sweep = Sweep::create(
      tileProbes(), [](uint32_t rows) { return std::vector{rows}; }, options);
  if (!sweep)
    return failure(sweep.error());
  constexpr int rounds = 30;
  for (int round = 0; round < rounds; ++round)
    if (Status status = sweep->run(fewestPasses); !status.ok())
      return failure(status);
  return findChannelTile(sweep->costs());
}

/// The smallest operator there is.
static ProfiledOperator smallestOperator() {
  ProfiledOperator op;
  op.shape.kind = "clamp";
  op.shape.input = op.shape.output = {1, 1};
  return op;
}

namespace {
/// Divides the budget among the sweeps and tells how far they are.
class Schedule {
public:
  Schedule(const ProfileOptions &options, const ProfileProgress &onProgress)
      : options(options), onProgress(onProgress) {}

  /// Runs `sweep` until it is stable or `share` of the budget has passed.
  Status run(Sweep &sweep, double share);
  /// Leaves `share` of the budget, for which there is nothing to measure.
  Status skip(double share);

private:
  using Seconds = std::chrono::duration<double>;

  const ProfileOptions &options;
  const ProfileProgress &onProgress;
  double done = 0; ///< the shares of the sweeps before
};
} // namespace

Status Schedule::run(Sweep &sweep, double share) {
  const double budget = share * Seconds(options.budget).count();
  const Clock::time_point start = Clock::now();
  auto passed = [&] { return Seconds(Clock::now() - start).count(); };
  // The first round finds memory that was never touched.
  WINDROW_RETURN_IF_ERROR(sweep.run(fewestPasses));
  double onePass = passed() / fewestPasses;
  auto passesWithin = [&] {
    return static_cast<int>(
        std::clamp((budget - passed()) / std::max(onePass, 1e-9), 0.0,
                   static_cast<double>(mostPasses)));
  };
  int passes = passesWithin();
  if (passes >= fewestPasses)
    sweep.forget();
  for (; passes >= fewestPasses && !sweep.isStable(); passes = passesWithin()) {
    const double before = passed();
    WINDROW_RETURN_IF_ERROR(sweep.run(passes));
    onePass = (passed() - before) / passes;
    WINDROW_RETURN_IF_ERROR(
        onProgress(done + share * std::min(1.0, passed() / budget)));
  }
  return skip(share);
}

Status Schedule::skip(double share) {
  done += share;
  return onProgress(done);
}

Expected<DeviceCosts>
windrow::profileOperators(std::span<const ProfiledOperator> operators,
                          const ProfileOptions &options,
                          const ProfileProgress &onProgress) {
  DeviceCosts device;
  device.threads = options.threads;
  Expected<uint32_t> channelTile = measureChannelTile(options);
  if (!channelTile)
    return failure(channelTile.error());
  device.channelTile = *channelTile;
  Schedule schedule(options, onProgress);
  // Slices take about half the time of what they are slices of.
  const double wholeShare =
      1 / (1 + 0.5 * static_cast<double>(options.slices.size()));
  const double sliceShare =
      (1 - wholeShare) /
      std::max(2.0, 2.0 * static_cast<double>(options.slices.size()));

  auto measure = [&](std::vector<ProfiledOperator> measured, const auto &steps,
                     double share) -> Status {
    Expected<Sweep> sweep = Sweep::create(std::move(measured), steps, options);
    if (!sweep)
      return sweep.error();
    WINDROW_RETURN_IF_ERROR(schedule.run(*sweep, share));
    std::ranges::move(sweep->costs(), std::back_inserter(device.operators));
    return {};
  };

  std::vector<ProfiledOperator> whole(operators.begin(), operators.end());
  whole.push_back(smallestOperator());
  if (Status status = measure(std::move(whole), rowSteps, wholeShare);
      !status.ok())
    return failure(status);
  auto smallest = std::ranges::find(device.operators, smallestOperator().shape,
                                    &OperatorCost::shape);
  device.kernelOverheadMicroseconds = 1e6 * smallest->seconds.front();
  device.operators.erase(smallest);
  for (uint32_t parts : options.slices)
    for (ChannelSide side : {ChannelSide::Output, ChannelSide::Input}) {
      std::vector<ProfiledOperator> slices =
          sliceAll(operators, device.operators, side, parts);
      Status status = slices.empty()
                          ? schedule.skip(sliceShare)
                          : measure(std::move(slices), sliceSteps, sliceShare);
      if (!status.ok())
        return failure(status);
    }
  return device;
}
