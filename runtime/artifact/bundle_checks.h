//===- bundle_checks.h - Consistency of a bundle's header -------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What must hold of a header before anything in it is used. The functions take
// a header that has passed the FlatBuffers verifier and report the first
// violation as `CorruptData` with a message that names the field and does not
// name the file.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_ARTIFACT_BUNDLE_CHECKS_H
#define WINDROW_RUNTIME_ARTIFACT_BUNDLE_CHECKS_H

#include "runtime/artifact/bundle_generated.h"
#include "windrow/status.h"

namespace windrow {

/// Checks everything below, and that `bundle` agrees with a weights section of
/// `weightsBytes` bytes. Afterwards every index is in range, every tensor lies
/// in the arena with `tensorSlackBytes` behind it, every weight lies in the
/// weights section, and every operator's operands have the types and dimensions
/// that its kernel will touch.
Status checkBundle(const format::Bundle &bundle, uint64_t weightsBytes);

/// Checks operands, dimensions and parameters of every operator. Tensors and
/// weights have been checked.
Status checkOperators(const format::Bundle &bundle);

/// Checks channels and instructions: each channel is posted once and then
/// waited for once, and between the two nothing writes what is being sent and
/// nothing touches what is being received. Operators have been checked.
Status checkSchedule(const format::Bundle &bundle);

/// True when the arena bytes of two tensors overlap.
bool overlap(const format::Tensor &lhs, const format::Tensor &rhs);

/// Formats a violation as `CorruptData`.
Status corruptData(std::string message);

} // namespace windrow

#endif // WINDROW_RUNTIME_ARTIFACT_BUNDLE_CHECKS_H
