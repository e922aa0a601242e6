//===- Devices.h - The machines that a module names -------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_PARTITION_DEVICES_H
#define WINDROW_PASSES_PARTITION_DEVICES_H

#include "passes/Analysis/ClusterDescription.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace windrow::cluster {

/// Writes `description` to `module`, as `dlti.target_system_spec` and
/// `cluster.links`.
void attachDevices(mlir::ModuleOp module,
                   const ClusterDescription &description);

/// Reads what `attachDevices` writes. Threads and speed are 1, and the address
/// is empty, where a device's entry lacks them; links are the default ones
/// where the module has none. Fails with a diagnostic.
mlir::FailureOr<ClusterDescription> readDevices(mlir::ModuleOp module);

/// The only function of `module`, which has a body of one block. Fails with a
/// diagnostic.
mlir::FailureOr<mlir::func::FuncOp> getOnlyFunction(mlir::ModuleOp module);

} // namespace windrow::cluster

#endif // WINDROW_PASSES_PARTITION_DEVICES_H
