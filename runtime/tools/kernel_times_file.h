//===- kernel_times_file.h - What kernels took at least ---------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_KERNEL_TIMES_FILE_H
#define WINDROW_RUNTIME_TOOLS_KERNEL_TIMES_FILE_H

#include "windrow/node.h"

#include <filesystem>

namespace windrow {

/// Reads a JSON file of nanoseconds by kernel; none where there is no file.
/// Messages name the file and the kernel at fault.
Expected<KernelTimes> readKernelTimes(const std::filesystem::path &path);

/// Adds `times` to the file, which keeps the lesser time of each kernel and is
/// replaced as a whole. Where several processes add to it at once, the times of
/// some may be lost. Messages name the file.
Status addKernelTimes(const std::filesystem::path &path,
                      const KernelTimes &times);

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_KERNEL_TIMES_FILE_H
