//===- npy_file.h - NumPy array files ----------------------------*- C++ -*-==//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The format is that of numpy.lib.format: a magic, a version, a dictionary as
// text, the elements. Read are versions 1 to 3, little-endian f32 in C order;
// written is version 1.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_NPY_FILE_H
#define WINDROW_RUNTIME_TOOLS_NPY_FILE_H

#include "windrow/session.h"

#include <filesystem>

namespace windrow {

/// Reads an array of f32. Messages name the file.
Expected<Tensor> readNpy(const std::filesystem::path &path);

/// Writes `tensor`, replacing a file that is there; on failure nothing is left.
/// Messages name the file.
Status writeNpy(const std::filesystem::path &path, const Tensor &tensor);

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_NPY_FILE_H
