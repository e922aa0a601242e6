//===- Passes.h - Passes that clean up an nn graph --------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Factories and registration of the passes that Passes.td describes. Each works
// on one function, changes nothing outside of it, and computes what the
// function computed before: exactly, unless its description says otherwise.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_TRANSFORMS_PASSES_H
#define WINDROW_PASSES_TRANSFORMS_PASSES_H

#include "dialects/Nn/Nn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace windrow::nn {

#define GEN_PASS_DECL
#include "passes/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Transforms/Passes.h.inc"

} // namespace windrow::nn

#endif // WINDROW_PASSES_TRANSFORMS_PASSES_H
