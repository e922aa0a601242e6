//===- CalibrationImages.h - Images that show what a network sees -*- C++
//-*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_COMPACT_CALIBRATIONIMAGES_H
#define WINDROW_PASSES_COMPACT_CALIBRATIONIMAGES_H

#include "passes/Compact/Evaluation.h"

namespace windrow::nn {

/// `count` of the JPEG and PNG files in `folder` and the folders below, evenly
/// spread over their names in order, or all where there are fewer, decoded as
/// pixels for an input of `type` (one image of 1 or 3 channels in ui8): grey is
/// repeated over three channels, colours become grey where there is to be one.
/// Emits an error at `location` where the folder holds no image, or where a
/// file cannot be decoded or has another size.
mlir::FailureOr<ImageTensorRef>
readCalibrationImages(mlir::Location location, llvm::StringRef folder,
                      int64_t count, mlir::RankedTensorType type);

} // namespace windrow::nn

#endif // WINDROW_PASSES_COMPACT_CALIBRATIONIMAGES_H
