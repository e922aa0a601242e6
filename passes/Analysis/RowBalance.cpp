//===- RowBalance.cpp - Dividing rows so that the last is soonest ---------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/RowBalance.h"

#include <algorithm>
#include <cassert>
#include <cmath>

using namespace windrow;

namespace {
class Balancer {
public:
  Balancer(int64_t rows, int64_t grain, size_t devices,
           const IntervalSeconds &seconds)
      : rows(rows), grain(grain), devices(devices), seconds(seconds) {}

  double findLeastMakespan() const;
  std::vector<int64_t> boundsNear(std::span<const double> ideal,
                                  double makespan) const;

private:
  int64_t furthestEnd(size_t device, int64_t begin, double makespan) const;
  int64_t earliestBegin(size_t device, int64_t end, double makespan) const;
  bool fits(double makespan) const;

  /// The bound number `step`: all but the last are multiples of the grain.
  int64_t boundAt(int64_t step) const { return std::min(step * grain, rows); }
  int64_t steps() const { return (rows + grain - 1) / grain; }

  int64_t rows;
  int64_t grain;
  size_t devices;
  const IntervalSeconds &seconds;
};
} // namespace

int64_t Balancer::furthestEnd(size_t device, int64_t begin,
                              double makespan) const {
  int64_t low = (begin + grain - 1) / grain, high = steps();
  while (low < high) {
    const int64_t middle = (low + high + 1) / 2;
    if (seconds(device, {begin, boundAt(middle)}) <= makespan)
      low = middle;
    else
      high = middle - 1;
  }
  return boundAt(low);
}

int64_t Balancer::earliestBegin(size_t device, int64_t end,
                                double makespan) const {
  int64_t low = 0, high = (end + grain - 1) / grain;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (seconds(device, {boundAt(middle), end}) <= makespan)
      high = middle;
    else
      low = middle + 1;
  }
  return boundAt(low);
}

bool Balancer::fits(double makespan) const {
  int64_t begin = 0;
  for (size_t device = 0; device < devices && begin < rows; ++device)
    begin = furthestEnd(device, begin, makespan);
  return begin == rows;
}

double Balancer::findLeastMakespan() const {
  double high = 0;
  for (size_t device = 0; device < devices; ++device)
    high = std::max(high, seconds(device, {0, rows}));
  double low = 0;
  if (fits(low))
    return low;
  // Down to neighbouring numbers: the answer is one of the devices' times.
  while (true) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high)
      return high;
    (fits(middle) ? high : low) = middle;
  }
}

std::vector<int64_t> Balancer::boundsNear(std::span<const double> ideal,
                                          double makespan) const {
  std::vector<int64_t> earliest(devices + 1, rows);
  for (size_t device = devices; device-- > 0;)
    earliest[device] = earliestBegin(device, earliest[device + 1], makespan);
  assert(earliest.front() == 0 && "the makespan must be reachable");
  std::vector<int64_t> bounds{0};
  for (size_t device = 0; device + 1 < devices; ++device) {
    const int64_t wanted =
        boundAt(std::llround(ideal[device + 1] / static_cast<double>(grain)));
    const int64_t least = std::max(bounds.back(), earliest[device + 1]);
    bounds.push_back(std::clamp(
        wanted, least,
        std::max(least, furthestEnd(device, bounds.back(), makespan))));
  }
  bounds.push_back(rows);
  return bounds;
}

std::vector<int64_t> windrow::balanceRows(int64_t rows, int64_t grain,
                                          std::span<const double> ideal,
                                          const IntervalSeconds &seconds) {
  assert(rows >= 0 && grain >= 1 && ideal.size() >= 2 && "nothing to divide");
  const Balancer balancer(rows, grain, ideal.size() - 1, seconds);
  return balancer.boundsNear(ideal, balancer.findLeastMakespan());
}
