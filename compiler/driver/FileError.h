//===- FileError.h - What is wrong with a file ------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_DRIVER_FILEERROR_H
#define WINDROW_COMPILER_DRIVER_FILEERROR_H

#include <string>

namespace windrow {

/// What is wrong with a file, and where.
struct FileError {
  int line = 0; ///< from 1; 0 where the whole file is meant
  /// Names the key, such as "devices[1].speed must be a positive number, got
  /// '-1'".
  std::string message;
};

} // namespace windrow

#endif // WINDROW_COMPILER_DRIVER_FILEERROR_H
