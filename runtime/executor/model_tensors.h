//===- model_tensors.h - Between the model and its bundle --------*- C++ -*-==//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_EXECUTOR_MODEL_TENSORS_H
#define WINDROW_RUNTIME_EXECUTOR_MODEL_TENSORS_H

#include "runtime/artifact/bundle_reader.h"
#include "windrow/session.h"

#include <span>

namespace windrow {

/// What the client's bundle says of its plan.
PlanDescription describePlan(const BundleReader &client);

/// Writes `tensor`, in the model's own layout, to `destination`, the bytes of
/// the bundle's tensor for `model`. Fails where its shape is not the model's.
Status storeInput(const format::ModelTensor &model, const Tensor &tensor,
                  std::span<std::byte> destination);

/// The reverse: reads the model's tensor from `source`.
Tensor loadOutput(const format::ModelTensor &model,
                  std::span<const std::byte> source);

} // namespace windrow

#endif // WINDROW_RUNTIME_EXECUTOR_MODEL_TENSORS_H
