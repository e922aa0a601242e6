//===- mlir_headers.cpp - A source for the precompiled headers ------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// CMake precompiles headers for a target that has a source: this one, empty.
//
//===----------------------------------------------------------------------===//
