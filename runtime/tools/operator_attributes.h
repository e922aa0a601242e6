//===- operator_attributes.h - What operators say ---------------*- C++ -*-==//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_OPERATOR_ATTRIBUTES_H
#define WINDROW_RUNTIME_TOOLS_OPERATOR_ATTRIBUTES_H

#include "runtime/artifact/bundle_generated.h"

#include <nlohmann/json_fwd.hpp>

namespace windrow {

/// What `op` says apart from its operands: an object, its keys in the order of
/// the schema. Infinite bounds are left out.
nlohmann::ordered_json describeAttributes(const format::Operator &op);

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_OPERATOR_ATTRIBUTES_H
