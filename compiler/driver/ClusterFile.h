//===- ClusterFile.h - Reads a cluster's description ------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Knows no MLIR: the YAML library throws, MLIR's users do not.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_DRIVER_CLUSTERFILE_H
#define WINDROW_COMPILER_DRIVER_CLUSTERFILE_H

#include "passes/Analysis/ClusterDescription.h"

#include <string>
#include <tl/expected.hpp>

namespace windrow {

/// What is wrong with a cluster file, and where.
struct ClusterFileError {
  int line = 0; ///< from 1; 0 where the whole file is meant
  /// Names the key, such as "devices[1].speed must be a positive number, got
  /// '-1'".
  std::string message;
};

/// Reads the YAML file `path`, whose format docs/cluster-file.md describes.
/// Unknown keys are errors: a misspelt one must not be silently ignored.
tl::expected<ClusterDescription, ClusterFileError>
readClusterFile(const std::string &path);

} // namespace windrow

#endif // WINDROW_COMPILER_DRIVER_CLUSTERFILE_H
