//===- link_profiler.cpp - Measures a link between two machines -----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/link_profiler.h"

#include "runtime/tools/median.h"
#include "runtime/tools/object_reader.h"

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>
#include <thread>

using namespace windrow;
using Json = nlohmann::ordered_json;
using Seconds = std::chrono::duration<double>;

static constexpr uint32_t smallProbe = 0, mediumProbe = 1, largeProbe = 2,
                          hugeProbe = 3;
static constexpr uint32_t mostRounds = 1000;

/// Small messages are apart from each other as those between kernels are, which
/// let processors sleep and caches forget.
static constexpr uint32_t smallRounds = 100;
static constexpr std::chrono::milliseconds smallPause{5};
static constexpr std::chrono::milliseconds longestWalk{2};
static constexpr size_t walkBytes = 4 << 20, cacheLineBytes = 64;
/// Long enough for TCP to begin slowly again: Linux halves what it sends at
/// once for every retransmission time (0.2 s and more) of silence.
static constexpr uint32_t idleRounds = 2;
static constexpr std::chrono::milliseconds idlePause{1200};

/// Of a link on which a large message takes less than this, larger ones are
/// measured: a scheduler's whims are as long.
static constexpr double fastLinkSeconds = 1e-3;

namespace {
/// Messages there and back, one at a time.
struct Series {
  uint32_t there, back; ///< sizes of probes
  uint32_t rounds;
  std::chrono::milliseconds pause{0}; ///< before each round
  /// Both sides walk over memory between rounds.
  bool isApart = false;
};

struct SeriesResult {
  std::vector<double> seconds; ///< of every round
  double processorSeconds = 0; ///< of both sides, the median round
};
} // namespace

/// What all threads of this process have computed so far.
static double processorSeconds() {
  timespec time;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) +
         1e-9 * static_cast<double>(time.tv_nsec);
}

/// Touches as much memory as a kernel may, for less than the pause between
/// rounds.
static void walkOverMemory(std::vector<std::byte> &memory) {
  const Clock::time_point end = Clock::now() + longestWalk;
  memory.resize(walkBytes);
  volatile std::byte *bytes = memory.data();
  constexpr size_t piece = 64 * cacheLineBytes;
  for (size_t at = 0; at < walkBytes && Clock::now() < end; at += piece)
    for (size_t line = at; line < at + piece; line += cacheLineBytes)
      bytes[line] = bytes[line] ^ std::byte(1);
}

//===----------------------------------------------------------------------===//
// Series of messages
//===----------------------------------------------------------------------===//

static Expected<SeriesResult> runSeries(ProfileLink &link,
                                        const Series &series) {
  Status status = link.send({{"order", echoOrder},
                             {"receive", series.there},
                             {"send", series.back},
                             {"rounds", series.rounds},
                             {"apart", series.isApart}});
  SeriesResult result;
  std::vector<double> computed;
  std::vector<std::byte> memory;
  for (uint32_t round = 0; round < series.rounds && status.ok(); ++round) {
    if (series.pause.count() > 0)
      std::this_thread::sleep_for(series.pause);
    if (series.isApart)
      walkOverMemory(memory);
    const double before = processorSeconds();
    status = link.expectProbe(series.back);
    const Clock::time_point start = Clock::now();
    if (status.ok())
      status = link.sendProbe(series.there);
    if (status.ok())
      status = link.awaitProbe(series.back);
    result.seconds.push_back(Seconds(Clock::now() - start).count());
    computed.push_back(processorSeconds() - before);
  }
  if (!status.ok())
    return failure(status);
  Expected<Json> answer = link.receive(maxResultBytes);
  if (!answer)
    return failure(answer.error());
  ObjectReader reader(*answer, link.peer());
  result.processorSeconds = median(computed) + reader.number("processor_s");
  if (!reader.result().ok())
    return failure(reader.result());
  return result;
}

Status windrow::answerProbes(ProfileLink &link, const Json &order) {
  ObjectReader reader(order, "order");
  const uint32_t receive = reader.count("receive", 0, hugeProbe);
  const uint32_t send = reader.count("send", 0, hugeProbe);
  const uint32_t rounds = reader.count("rounds", 0, mostRounds);
  const bool isApart = reader.flag("apart");
  WINDROW_RETURN_IF_ERROR(reader.result());
  std::vector<double> computed;
  std::vector<std::byte> memory;
  double before = processorSeconds();
  for (uint32_t round = 0; round < rounds; ++round) {
    // Ready for the next one before the answer, as the steps of a plan are.
    if (round == 0)
      WINDROW_RETURN_IF_ERROR(link.expectProbe(receive));
    WINDROW_RETURN_IF_ERROR(link.awaitProbe(receive));
    if (round + 1 < rounds)
      WINDROW_RETURN_IF_ERROR(link.expectProbe(receive));
    WINDROW_RETURN_IF_ERROR(link.sendProbe(send));
    computed.push_back(processorSeconds() - before);
    if (isApart)
      walkOverMemory(memory);
    before = processorSeconds();
  }
  return link.send(
      {{"processor_s", computed.empty() ? 0.0 : median(computed)}});
}

//===----------------------------------------------------------------------===//
// What they amount to
//===----------------------------------------------------------------------===//

/// As many rounds of `seconds` as fill `budget`, within bounds.
static uint32_t roundsWithin(double budget, double seconds) {
  return static_cast<uint32_t>(std::clamp(budget / seconds, 5.0, 60.0));
}

namespace {
/// Runs the series of one pair; the first failure stays.
class PairProfiler {
public:
  PairProfiler(ProfileLink &link, const std::function<Status()> &onSeries)
      : link(link), onSeries(onSeries) {}

  /// The directions there and back, without names.
  Expected<std::vector<LinkCosts>> measure();

private:
  SeriesResult run(const Series &series);
  double roundTrip(uint32_t there, uint32_t back, double budget);
  double bandwidth(const std::function<double(uint32_t, double)> &takes);

  ProfileLink &link;
  const std::function<Status()> &onSeries;
  Status status;
};
} // namespace

SeriesResult PairProfiler::run(const Series &series) {
  if (status.ok()) {
    Expected<SeriesResult> result = runSeries(link, series);
    status = result ? onSeries() : result.error();
    if (status.ok())
      return std::move(*result);
  }
  return {{1.0}, 1.0};
}

/// The median time of a message there and one back, once the connection has
/// found out what the network carries.
double PairProfiler::roundTrip(uint32_t there, uint32_t back, double budget) {
  const double first = median(run({there, back, 3}).seconds);
  return median(run({there, back, roundsWithin(budget, first)}).seconds);
}

/// In 10^6 bits a second, where a message of a size, measured for some seconds,
/// takes what `takes` says, and a small one back.
double
PairProfiler::bandwidth(const std::function<double(uint32_t, double)> &takes) {
  double longer = takes(largeProbe, 0.4);
  const uint32_t size = longer < fastLinkSeconds ? hugeProbe : largeProbe;
  double shorter = longer;
  if (size == hugeProbe)
    longer = takes(hugeProbe, 0.2);
  else
    shorter = takes(mediumProbe, 0.1);
  const uint64_t bytes = probeBytes[size] - probeBytes[size - 1];
  // However the scheduler treats either: some of the time is the network's.
  return 8e-6 * static_cast<double>(bytes) /
         std::max(longer - shorter, longer / 4);
}

Expected<std::vector<LinkCosts>> PairProfiler::measure() {
  run({smallProbe, smallProbe, 20});
  const SeriesResult small =
      run({smallProbe, smallProbe, smallRounds, smallPause, true});
  const double there = bandwidth([&](uint32_t size, double budget) {
    return roundTrip(size, smallProbe, budget);
  });
  const double back = bandwidth([&](uint32_t size, double budget) {
    return roundTrip(smallProbe, size, budget);
  });
  const std::vector<double> busy = run({largeProbe, largeProbe, 5}).seconds;
  const std::vector<double> idle =
      run({largeProbe, largeProbe, idleRounds, idlePause}).seconds;
  if (!status.ok())
    return failure(status);

  // A round has two messages, each with two ends.
  const double oneWay = median(small.seconds) / 2;
  const double message = std::min(small.processorSeconds / 4, oneWay / 2);
  LinkCosts both;
  both.latencyMicroseconds = 1e6 * (oneWay - 2 * message);
  both.messageMicroseconds = 1e6 * message;
  both.afterIdleMicroseconds =
      1e6 / 2 * std::max(0.0, std::ranges::min(idle) - std::ranges::min(busy));
  std::vector<LinkCosts> costs(2, both);
  costs[0].bandwidthMbit = there;
  costs[1].bandwidthMbit = back;
  return costs;
}

Expected<std::vector<LinkCosts>>
windrow::measureLink(ProfileLink &link, const std::string &self,
                     const std::function<Status()> &onSeries) {
  Expected<std::vector<LinkCosts>> costs =
      PairProfiler(link, onSeries).measure();
  if (costs) {
    costs->at(0).from = costs->at(1).to = self;
    costs->at(0).to = costs->at(1).from = link.peer();
  }
  return costs;
}
