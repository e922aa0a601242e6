//===- DevicePrograms.h - Device modules as steps in numbers ----*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_PARTITION_DEVICEPROGRAMS_H
#define WINDROW_PASSES_PARTITION_DEVICEPROGRAMS_H

#include "passes/Analysis/ProgramSimulator.h"

#include "mlir/IR/BuiltinOps.h"

namespace windrow::cluster {

/// The steps of every participant of `plan`, a module that was split: what is
/// computed, and what is sent and received, in the order of execution. Devices
/// are numbered as in `model`, of whose cluster they must be; one that has no
/// module has no steps. Rows that are cut out or joined cost nothing: the
/// bundle lays them out in place.
std::vector<Program> extractPrograms(mlir::ModuleOp plan,
                                     const CostModel &model);

} // namespace windrow::cluster

#endif // WINDROW_PASSES_PARTITION_DEVICEPROGRAMS_H
