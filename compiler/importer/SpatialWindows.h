//===- SpatialWindows.h - Windows of an ONNX node ---------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_IMPORTER_SPATIALWINDOWS_H
#define WINDROW_COMPILER_IMPORTER_SPATIALWINDOWS_H

#include "compiler/importer/NodeImporter.h"
#include "compiler/importer/WindowPlacement.h"
#include <array>

namespace windrow::importer {

/// The windows of a convolution or a pool over height and width.
struct SpatialWindows {
  /// Height, width.
  std::array<WindowAxis, 2> axes;
  std::array<WindowPlacement, 2> placements;

  /// In nn's forms: height, width; top, left, bottom, right. The pads include
  /// what ceil_mode adds.
  llvm::SmallVector<int64_t> kernel() const;
  llvm::SmallVector<int64_t> strides() const;
  llvm::SmallVector<int64_t> dilations() const;
  llvm::SmallVector<int64_t> pads() const;
};

/// Reads the attributes kernel_shape, strides, dilations, pads, auto_pad and,
/// if `isPool`, ceil_mode of a node that slides over `image`, which is NCHW.
/// `filterKernel` is the height and width of a convolution's filter, empty for
/// a pool. Fails where they are inconsistent or no window fits.
mlir::FailureOr<SpatialWindows>
readSpatialWindows(NodeImporter &node, mlir::Value image,
                   llvm::ArrayRef<int64_t> filterKernel);

} // namespace windrow::importer

#endif // WINDROW_COMPILER_IMPORTER_SPATIALWINDOWS_H
