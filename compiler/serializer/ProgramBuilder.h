//===- ProgramBuilder.h - One participant's bundle, in memory ---*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_SERIALIZER_PROGRAMBUILDER_H
#define WINDROW_COMPILER_SERIALIZER_PROGRAMBUILDER_H

#include "compiler/serializer/WeightPool.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "runtime/artifact/bundle_generated.h"
#include "llvm/ADT/StringMap.h"

namespace windrow {

/// A bundle without its weights' elements, and where these come from.
struct ParticipantProgram {
  format::BundleT bundle;
  WeightPool weights;
};

/// Builds the tensors, weights, operators, channels, instructions and model
/// tensors of `participant`, one of the nested modules of a split plan.
/// `participantNumbers` maps names to positions in the plan. Participants,
/// digest and the facts of the model are left to the caller. Fails with a
/// diagnostic.
llvm::FailureOr<ParticipantProgram>
buildProgram(mlir::ModuleOp participant,
             const llvm::StringMap<uint32_t> &participantNumbers);

} // namespace windrow

#endif // WINDROW_COMPILER_SERIALIZER_PROGRAMBUILDER_H
