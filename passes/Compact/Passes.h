//===- Passes.h - Passes that make a network smaller ------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Factories and registration of the passes that Passes.td describes. Each works
// on one function in phase graph, replaces layers by smaller ones that compute
// about the same, and remarks on what it did: parameters and MACs before and
// after, of each layer and of the function.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_COMPACT_PASSES_H
#define WINDROW_PASSES_COMPACT_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace windrow::nn {

/// How a bottleneck weighs its channels by what the whole image holds.
enum class Attention { FullyConnected, Eca, None };

/// How `nn-prune-channels` measures the weights of a channel.
enum class Norm { L1, L2 };

/// Which channels `nn-prune-channels` compares with each other.
enum class PruneScope { Network, Layer };

#define GEN_PASS_DECL
#include "passes/Compact/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Compact/Passes.h.inc"

} // namespace windrow::nn

#endif // WINDROW_PASSES_COMPACT_PASSES_H
