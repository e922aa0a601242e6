//===- NnOps.cpp - Operations of the nn dialect ---------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace windrow::nn;

#include "dialects/Nn/NnInterfaces.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/Nn/NnOps.cpp.inc"

void ConstantOp::build(OpBuilder &builder, OperationState &state,
                       ElementsAttr value) {
  build(builder, state, cast<RankedTensorType>(value.getShapedType()), value,
        /*view=*/nullptr, /*permutation=*/nullptr);
}
