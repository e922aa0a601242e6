//===- PlanWriter.h - Writes a plan's bundles -------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_SERIALIZER_PLANWRITER_H
#define WINDROW_COMPILER_SERIALIZER_PLANWRITER_H

#include "mlir/IR/BuiltinOps.h"

#include <optional>
#include <string>
#include <vector>

namespace windrow {

/// How pixels become numbers; one entry a channel, in units of a pixel's value
/// divided by 255.
struct ImageNormalization {
  std::vector<float> mean;
  std::vector<float> deviation;
};

/// Facts of a plan that its modules do not hold.
struct PlanFacts {
  std::string producer; ///< name and version of the compiler
  std::string model;    ///< for people
  std::vector<std::string> labels;
  /// Set where the input is an image.
  std::optional<ImageNormalization> image;
};

/// Writes the bundles of `plan`, a module split by `cluster-split-devices`,
/// into the folder `directory`: one for each device and one for the client.
///
/// The folder appears as a whole or not at all. One that exists must be empty
/// or hold a plan, which is replaced. Equal input gives equal bytes. Fails with
/// a diagnostic.
llvm::LogicalResult writePlan(mlir::ModuleOp plan, const PlanFacts &description,
                              llvm::StringRef directory);

} // namespace windrow

#endif // WINDROW_COMPILER_SERIALIZER_PLANWRITER_H
