//===- OperatorTable.cpp - The ONNX operators that import -----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/OperatorTable.h"

#include "llvm/ADT/STLExtras.h"

using namespace windrow::importer;

static constexpr SupportedOperator operators[] = {
    {"Add", importAdd},
    {"AveragePool", importAveragePool},
    {"BatchNormalization", importBatchNormalization},
    {"Cast", importCast},
    {"Clip", importClip},
    {"Concat", importConcat},
    {"Constant", importConstant},
    {"ConstantOfShape", importConstantOfShape},
    {"Conv", importConv},
    {"Div", importDiv},
    {"Dropout", importDropout},
    {"Flatten", importFlatten},
    {"Gather", importGather},
    {"Gemm", importGemm},
    {"GlobalAveragePool", importGlobalAveragePool},
    {"GlobalMaxPool", importGlobalMaxPool},
    {"HardSigmoid", importHardSigmoid},
    {"HardSwish", importHardSwish},
    {"Identity", importIdentity},
    {"MatMul", importMatMul},
    {"MaxPool", importMaxPool},
    {"Mul", importMul},
    {"Pad", importPad},
    {"ReduceMean", importReduceMean},
    {"ReduceSum", importReduceSum},
    {"Relu", importRelu},
    {"Reshape", importReshape},
    {"Shape", importShape},
    {"Sigmoid", importSigmoid},
    {"Slice", importSlice},
    {"Softmax", importSoftmax},
    {"Squeeze", importSqueeze},
    {"Sub", importSub},
    {"Transpose", importTranspose},
    {"Unsqueeze", importUnsqueeze},
};

llvm::ArrayRef<SupportedOperator> windrow::importer::supportedOperators() {
  return operators;
}

OperatorHandler windrow::importer::findOperator(llvm::StringRef name) {
  const auto *found = llvm::find_if(
      operators, [&](const auto &entry) { return entry.name == name; });
  return found == std::end(operators) ? nullptr : found->handler;
}
