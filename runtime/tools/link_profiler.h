//===- link_profiler.h - Measures a link between two machines ---*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_LINK_PROFILER_H
#define WINDROW_RUNTIME_TOOLS_LINK_PROFILER_H

#include "runtime/tools/cost_table.h"
#include "runtime/tools/profile_link.h"

#include <functional>

namespace windrow {

/// Measures both directions between this machine, a client called `self`, and
/// the device behind `link`, in about four seconds, longer on a slow link:
///
/// - latency and processor time by small messages there and back, some
///   milliseconds and megabytes of memory apart, as those between kernels are;
/// - bandwidth by what messages of 256 KiB take longer than those of 32 KiB (2
///   MiB and 256 KiB where these take less than a millisecond);
/// - what is lost after idling by those of 256 KiB after 1.2 s each.
///
/// `onSeries` is called now and then; a failure of it ends the measurement.
Expected<std::vector<LinkCosts>>
measureLink(ProfileLink &link, const std::string &self,
            const std::function<Status()> &onSeries);

/// The device's side of one series of messages, which `order` asks for.
Status answerProbes(ProfileLink &link, const nlohmann::ordered_json &order);

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_LINK_PROFILER_H
