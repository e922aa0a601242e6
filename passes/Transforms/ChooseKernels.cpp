//===- ChooseKernels.cpp - Choose how convolutions are computed -----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Transforms/Passes.h"

#include "dialects/Nn/Nn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <algorithm>

using namespace mlir;

namespace windrow::nn {
#define GEN_PASS_DEF_CHOOSEKERNELS
#include "passes/Transforms/Passes.h.inc"
} // namespace windrow::nn

using namespace windrow::nn;

static ConvolutionAlgorithm chooseAlgorithm(Conv2DOp conv) {
  RankedTensorType image = conv.getInput().getType();
  RankedTensorType result = conv.getType();
  if (!conv.isWinogradComputable() || !isOneImage(conv.getResult()))
    return ConvolutionAlgorithm::Direct;
  int64_t inputs = image.getDimSize(3), outputs = result.getDimSize(3);
  if (inputs < 16 || outputs < 32)
    return ConvolutionAlgorithm::Direct;
  int64_t edge = std::min(result.getDimSize(1), result.getDimSize(2));
  if (edge < 7 || (edge == 7 && std::min(inputs, outputs) < 128))
    return ConvolutionAlgorithm::Direct;
  bool isFilterLarge = inputs * outputs >= 512 * 512;
  return edge == 7 || (edge < 16 && isFilterLarge)
             ? ConvolutionAlgorithm::Winograd2x2
             : ConvolutionAlgorithm::Winograd4x4;
}

namespace {
struct ChooseKernels : windrow::nn::impl::ChooseKernelsBase<ChooseKernels> {
  void runOnOperation() override {
    getOperation().walk([](Conv2DOp conv) {
      if (conv.getAlgorithm() == ConvolutionAlgorithm::Direct)
        conv.setAlgorithm(chooseAlgorithm(conv));
    });
  }
};
} // namespace
