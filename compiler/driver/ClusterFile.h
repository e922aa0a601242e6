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

#include "compiler/driver/FileError.h"
#include "passes/Analysis/ClusterDescription.h"

#include <string>
#include <tl/expected.hpp>

namespace windrow {

/// Reads the YAML file `path`, whose format docs/cluster-file.md describes.
/// Unknown keys are errors: a misspelt one must not be silently ignored.
tl::expected<ClusterDescription, FileError>
readClusterFile(const std::string &path);

} // namespace windrow

#endif // WINDROW_COMPILER_DRIVER_CLUSTERFILE_H
