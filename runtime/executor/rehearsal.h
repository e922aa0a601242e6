//===- rehearsal.h - What a paced node's work takes -------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_EXECUTOR_REHEARSAL_H
#define WINDROW_RUNTIME_EXECUTOR_REHEARSAL_H

#include "runtime/executor/executor.h"
#include "windrow/node.h"

namespace windrow {

/// Times all operators of `executor`, which has the pace of `options`, for as
/// long as these say: operators of a paced node count as the least time that
/// they take, so that its first requests would take longer without. Reads and
/// extends the options' kernel times. Fails as operators do, and with
/// `Cancelled`.
Status rehearse(Executor &executor, const NodeOptions &options);

} // namespace windrow

#endif // WINDROW_RUNTIME_EXECUTOR_REHEARSAL_H
