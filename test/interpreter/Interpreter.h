//===- Interpreter.h - Executes IR as its documentation says ----*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The oracle of the compiler's tests: runs a function of nn operations, with or
// without the placed level of the cluster dialect, or all modules of the device
// level side by side. Elements are f32, pixels ui8.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_INTERPRETER_INTERPRETER_H
#define WINDROW_TEST_INTERPRETER_INTERPRETER_H

#include "test/interpreter/ReferenceKernels.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace windrow::reference {

using Tensors = llvm::SmallVector<Tensor, 2>;

/// The results of `function` for `inputs`, one per argument. Emits an error
/// where an input has another shape than its argument, or an operation or an
/// element type is not supported.
mlir::FailureOr<Tensors> interpret(mlir::func::FuncOp function,
                                   llvm::ArrayRef<Tensor> inputs);

/// Runs the functions of all nested modules of `plan` side by side: each until
/// it waits for a message that was not sent yet. `inputs` go to the function of
/// the module "client", whose results are returned. Emits an error where all
/// wait, and where a message is left over.
mlir::FailureOr<Tensors> interpretDevices(mlir::ModuleOp plan,
                                          llvm::ArrayRef<Tensor> inputs);

/// Runs `model`, which holds one function or is at the device level, on tensors
/// in the order of dimensions of the model's own file: what the attribute
/// `nn.model_layout` calls NCHW is transposed.
mlir::FailureOr<Tensors> interpretModel(mlir::ModuleOp model,
                                        llvm::ArrayRef<Tensor> inputs);

} // namespace windrow::reference

#endif // WINDROW_TEST_INTERPRETER_INTERPRETER_H
