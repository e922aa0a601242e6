//===- FunctionComparison.h - Two functions, the same inputs ----*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_INTERPRETER_FUNCTIONCOMPARISON_H
#define WINDROW_TEST_INTERPRETER_FUNCTIONCOMPARISON_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace windrow::reference {

/// Interprets `before` and `after`, what a pass made of it, on the same random
/// inputs from -4 to 4, and expects results whose elements differ by at most
/// `tolerance` times the result's largest element. Arguments and results that
/// only `after` marks as `nn.model_layout = "NCHW"` are reordered for it. The
/// inputs depend on their shapes alone.
void expectSameResults(mlir::func::FuncOp before, mlir::func::FuncOp after,
                       float tolerance);

} // namespace windrow::reference

#endif // WINDROW_TEST_INTERPRETER_FUNCTIONCOMPARISON_H
