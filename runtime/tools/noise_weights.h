//===- noise_weights.h - Bundles in memory, filled with noise ---*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_NOISE_WEIGHTS_H
#define WINDROW_RUNTIME_TOOLS_NOISE_WEIGHTS_H

#include "runtime/artifact/bundle_generated.h"
#include "runtime/base/mapped_file.h"
#include "windrow/status.h"

namespace windrow {

/// The file of `bundle`, in memory, with numbers from -1 to 1 as weights: of
/// the same 4 MiB however large they are. Sets where weights begin and their
/// checksums; `weights_bytes` must be enough for the largest of them.
Expected<MappedFile> mapWithNoise(format::BundleT bundle);

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_NOISE_WEIGHTS_H
