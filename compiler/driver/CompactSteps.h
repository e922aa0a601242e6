//===- CompactSteps.h - Steps of --compact ----------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_DRIVER_COMPACTSTEPS_H
#define WINDROW_COMPILER_DRIVER_COMPACTSTEPS_H

#include "mlir/Pass/Pass.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace windrow {

/// Images on which the layers of a compacted network are fitted.
struct CalibrationFolder {
  std::string path; ///< empty for none
  int64_t images = 16;
};

/// The pass that `step` of the command line means: a name, and behind it keys
/// with values, such as "bottleneck:r=8:layers=conv2". A key of a list may
/// stand several times. The steps and keys are those of `listCompactSteps`.
/// Every step gets the images of `calibration`.
llvm::Expected<std::unique_ptr<mlir::Pass>>
parseCompactStep(llvm::StringRef step, const CalibrationFolder &calibration);

/// All steps with their keys, one a line, for --help.
std::string listCompactSteps();

} // namespace windrow

#endif // WINDROW_COMPILER_DRIVER_COMPACTSTEPS_H
