//===- probe_bundle.h - Operators made to be measured -----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_PROBE_BUNDLE_H
#define WINDROW_RUNTIME_TOOLS_PROBE_BUNDLE_H

#include "runtime/artifact/bundle_reader.h"
#include "runtime/tools/profiled_operator.h"

#include <span>

namespace windrow {

/// One operator at one number of rows.
struct Probe {
  uint32_t op; ///< an index into the list of operators
  uint32_t rows;
};

/// A bundle in memory whose operator i is probe i, for `timeOperator`; it has
/// no instructions. All probes of an operator share its weights, as the strips
/// of a layer do. Weights are noise, of which 4 MiB exist however large they
/// are. Windows are those of a strip in the middle of an image, without padding
/// above or below. Operators one behind the other use each other's memory, as
/// layers do. Behind the probes' tensors, the last one covers the whole arena.
///
/// Fails where a shape cannot be that of an operator; messages name the
/// operator.
Expected<BundleReader>
createProbeBundle(std::span<const ProfiledOperator> operators,
                  std::span<const Probe> probes);

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_PROBE_BUNDLE_H
