//===- bundle_writer.h - Writes a bundle file -------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_ARTIFACT_BUNDLE_WRITER_H
#define WINDROW_RUNTIME_ARTIFACT_BUNDLE_WRITER_H

#include "runtime/artifact/bundle_generated.h"
#include "windrow/status.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

namespace windrow {

/// Takes the next bytes of a weight; they are not kept after the return. A
/// failure must be passed on by the caller.
using WeightSink = std::function<Status(std::span<const std::byte>)>;

/// Produces weight `index` of a bundle: calls `sink` any number of times, in
/// order, with all of its bytes.
using WeightSource =
    std::function<Status(uint32_t index, const WeightSink &sink)>;

/// Writes `bundle` to `path`, replacing a file that is there.
///
/// The caller fills everything but what follows from the rest: the offsets and
/// checksums of the weights, `weights_bytes` and `format_version` are set here,
/// in `bundle` too. Weights are written in index order, each as `source` gives
/// it, so that no more of them is in memory than the source holds.
///
/// What BundleReader would refuse is refused before anything is written. The
/// file is written under a temporary name beside `path` and then renamed: on
/// failure nothing is left and `path` is as it was. Equal input gives equal
/// bytes. Every message begins with the path.
Status writeBundle(const std::filesystem::path &path, format::BundleT &bundle,
                   const WeightSource &source);

/// The bytes of a bundle file before its weights section, up to the offset
/// where that begins. `bundle` is complete: its weights have offsets and
/// checksums. The number of bytes does not depend on the checksums.
std::vector<std::byte> encodeFront(const format::BundleT &bundle);

} // namespace windrow

#endif // WINDROW_RUNTIME_ARTIFACT_BUNDLE_WRITER_H
