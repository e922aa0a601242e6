//===- PlanReport.cpp - What a plan does, for people and programs ---------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/PlanReport.h"

#include "passes/Analysis/LowerBound.h"
#include "passes/Analysis/PlanTimeline.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

using namespace windrow;

[[gnu::format(printf, 1, 2)]] static std::string format(const char *text, ...) {
  va_list arguments, again;
  va_start(arguments, text);
  va_copy(again, arguments);
  std::string result(std::vsnprintf(nullptr, 0, text, arguments), '\0');
  std::vsnprintf(result.data(), result.size() + 1, text, again);
  va_end(again);
  va_end(arguments);
  return result;
}

//===----------------------------------------------------------------------===//
// Segments
//===----------------------------------------------------------------------===//

static std::string modeOf(const LayerPlacement &placement) {
  if (!placement.partialDevices.empty())
    return "partial sums";
  std::string mode;
  switch (placement.mode) {
  case LayerMode::Owner:
    mode = "one device";
    break;
  case LayerMode::Replicated:
    mode = "replicated";
    break;
  case LayerMode::Channels:
    mode = "channels";
    break;
  case LayerMode::Rows:
    mode = placement.computed.empty() ? "rows" : "rows, fused";
    break;
  }
  return placement.pieces == 1 ? mode
                               : format("%s, %d pieces", mode.c_str(),
                                        static_cast<int>(placement.pieces));
}

static const std::vector<size_t> &workersOf(const LayerPlacement &placement) {
  return placement.partialDevices.empty() ? placement.devices
                                          : placement.partialDevices;
}

static SegmentReport beginSegment(const LayerPlacement &placement,
                                  size_t layer) {
  SegmentReport segment;
  segment.firstLayer = segment.lastLayer = layer;
  segment.mode = modeOf(placement);
  segment.devices = workersOf(placement);
  const std::vector<int64_t> &bounds = placement.partialDevices.empty()
                                           ? placement.bounds
                                           : placement.partialBounds;
  for (size_t i = 0; i + 1 < bounds.size(); ++i)
    segment.shares.push_back(bounds[i + 1] - bounds[i]);
  return segment;
}

/// Whether a layer goes on with the segment: as many devices, the same rows.
static bool continues(const SegmentReport &segment, const SegmentReport &next) {
  return segment.mode == next.mode && segment.devices == next.devices &&
         segment.shares == next.shares;
}

PlanReport windrow::reportPlan(const CostModel &model, const Plan &plan) {
  const PlanTimes times = predictTimes(model, plan, /*withLayers=*/true);
  PlanReport report;
  report.latency = times.latency;
  report.lowerBound = std::min(times.latency, boundLatency(model));
  std::vector<LayerTime> sums;
  auto finish = [&] {
    if (report.segments.empty())
      return;
    for (const LayerTime &sum : sums) {
      SegmentReport &segment = report.segments.back();
      segment.compute = std::max(segment.compute, sum.compute);
      segment.transfer = std::max(segment.transfer, sum.transfer);
      segment.wait = std::max(segment.wait, sum.wait);
    }
  };
  for (size_t layer = 0; layer < plan.layers.size(); ++layer) {
    SegmentReport next = beginSegment(plan.layers[layer], layer);
    if (!report.segments.empty() && continues(report.segments.back(), next)) {
      report.segments.back().lastLayer = layer;
    } else {
      finish();
      report.segments.push_back(std::move(next));
      sums.assign(model.numDevices(), {});
    }
    for (size_t device = 0; device < model.numDevices(); ++device) {
      const LayerTime &time = times.layers[layer][device];
      sums[device].compute += time.compute;
      sums[device].transfer += time.transfer;
      sums[device].wait += time.wait;
    }
  }
  finish();
  const std::vector<int64_t> memory =
      estimateMemory(model.network(), plan, model.numDevices());
  for (size_t device = 0; device < model.numDevices(); ++device) {
    const DeviceTime &time = times.devices[device];
    report.devices.push_back({time.compute / times.latency,
                              time.transfer() / times.latency,
                              time.wait / times.latency, memory[device]});
  }
  return report;
}

std::optional<size_t> windrow::findOnlyDevice(const CostModel &model,
                                              const Plan &plan) {
  if (model.numDevices() == 1 || plan.layers.empty())
    return std::nullopt;
  const std::vector<size_t> &devices = plan.layers.front().devices;
  auto isThere = [&](const LayerPlacement &placement) {
    return placement.devices == devices && placement.partialDevices.empty();
  };
  if (devices.size() != 1 || !std::ranges::all_of(plan.layers, isThere))
    return std::nullopt;
  return devices.front();
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static std::string nameOf(const Layer &layer) {
  return layer.name.empty() ? layer.shape.kind : layer.name;
}

static std::string joinShares(const SegmentReport &segment) {
  std::string text;
  // Equal neighbours are counted.
  for (size_t i = 0; i < segment.shares.size();) {
    size_t end = i;
    while (end < segment.shares.size() &&
           segment.shares[end] == segment.shares[i])
      ++end;
    text += text.empty() ? "" : " ";
    text += std::to_string(segment.shares[i]);
    if (end - i > 1)
      text.append("x").append(std::to_string(end - i));
    i = end;
  }
  return text;
}

std::string windrow::summarize(const PlanReport &report) {
  std::string text =
      format("predicted %.3f ms, lower bound %.3f ms, gap %.1f %%",
             report.latency * 1e3, report.lowerBound * 1e3, report.gap() * 100);
  if (report.simulatedLatency)
    text += format(", simulated %.3f ms", *report.simulatedLatency * 1e3);
  return text;
}

std::string windrow::formatTable(const CostModel &model,
                                 const PlanReport &report) {
  const Network &network = model.network();
  std::string text =
      format("%-9s  %-30s  %-18s  %-24s %9s %9s %9s\n", "layers", "from",
             "mode", "rows or channels", "compute", "transfer", "wait");
  for (const SegmentReport &segment : report.segments) {
    std::string shares = joinShares(segment);
    if (segment.shares.empty())
      for (size_t device : segment.devices)
        shares +=
            (shares.empty() ? "" : " ") + model.cluster().devices[device].name;
    text +=
        format("%-9s  %-30.30s  %-18s  %-24s %6.3f ms %6.3f ms %6.3f ms\n",
               format("%zu-%zu", segment.firstLayer, segment.lastLayer).c_str(),
               nameOf(network.layers[segment.firstLayer]).c_str(),
               segment.mode.c_str(), shares.c_str(), segment.compute * 1e3,
               segment.transfer * 1e3, segment.wait * 1e3);
  }
  text += format("\n%-16s %9s %9s %9s %12s\n", "device", "computes",
                 "transfers", "waits", "memory");
  for (size_t device = 0; device < report.devices.size(); ++device) {
    const DeviceReport &part = report.devices[device];
    text += format("%-16s %7.1f %% %7.1f %% %7.1f %% %9.1f MB\n",
                   model.cluster().devices[device].name.c_str(),
                   part.computeShare * 100, part.transferShare * 100,
                   part.waitShare * 100,
                   static_cast<double>(part.memoryBytes) / 1e6);
  }
  return text + "\n" + summarize(report) + "\n";
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

static std::string quote(const std::string &text) {
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      quoted += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      quoted += format("\\u%04x", c);
    else
      quoted += c;
  }
  return quoted + "\"";
}

static std::string formatSegment(const CostModel &model,
                                 const SegmentReport &segment) {
  std::string devices, shares;
  for (size_t device : segment.devices)
    devices += (devices.empty() ? "" : ", ") +
               quote(model.cluster().devices[device].name);
  for (int64_t share : segment.shares)
    shares += (shares.empty() ? "" : ", ") + std::to_string(share);
  const Layer &first = model.network().layers[segment.firstLayer];
  return format("    {\"first_layer\": %zu, \"last_layer\": %zu, \"from\": %s, "
                "\"mode\": %s, \"devices\": [%s], \"shares\": [%s], "
                "\"compute_s\": %.9g, \"transfer_s\": %.9g, \"wait_s\": %.9g}",
                segment.firstLayer, segment.lastLayer,
                quote(nameOf(first)).c_str(), quote(segment.mode).c_str(),
                devices.c_str(), shares.c_str(), segment.compute,
                segment.transfer, segment.wait);
}

std::string windrow::formatJson(const CostModel &model,
                                const PlanReport &report) {
  std::string text = format("{\"predicted_s\": %.9g, \"lower_bound_s\": %.9g, "
                            "\"gap\": %.6g",
                            report.latency, report.lowerBound, report.gap());
  if (report.simulatedLatency)
    text += format(", \"simulated_s\": %.9g", *report.simulatedLatency);
  text += ",\n  \"segments\": [";
  for (size_t i = 0; i < report.segments.size(); ++i)
    text += (i == 0 ? "\n" : ",\n") + formatSegment(model, report.segments[i]);
  text += "],\n  \"devices\": [";
  for (size_t i = 0; i < report.devices.size(); ++i) {
    const DeviceReport &device = report.devices[i];
    text += i == 0 ? "\n" : ",\n";
    text += format("    {\"name\": %s, \"compute\": %.6g, \"transfer\": %.6g, "
                   "\"wait\": %.6g, \"memory_bytes\": %lld}",
                   quote(model.cluster().devices[i].name).c_str(),
                   device.computeShare, device.transferShare, device.waitShare,
                   static_cast<long long>(device.memoryBytes));
  }
  return text + "]}\n";
}
