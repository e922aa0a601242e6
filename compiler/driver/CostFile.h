//===- CostFile.h - Reads a cost table --------------------------*- C++ -*-===//
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

#ifndef WINDROW_COMPILER_DRIVER_COSTFILE_H
#define WINDROW_COMPILER_DRIVER_COSTFILE_H

#include "compiler/driver/FileError.h"
#include "passes/Analysis/ClusterDescription.h"
#include "passes/Analysis/CostTable.h"

#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace windrow {

/// Reads the JSON file `path`, whose format docs/cost-table.md describes.
/// Unknown keys are left to later versions: a program writes the file.
tl::expected<CostTable, FileError> readCostFile(const std::string &path);

/// Removes devices and links that `cluster` lacks, and returns what was
/// removed, such as "device 'press-9'" and "link from 'press-9' to 'client'".
std::vector<std::string> dropUnknown(CostTable &table,
                                     const ClusterDescription &cluster);

} // namespace windrow

#endif // WINDROW_COMPILER_DRIVER_COSTFILE_H
