//===- OperatorTable.cpp - The ONNX operators that import -----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/OperatorTable.h"

#include "llvm/ADT/StringSwitch.h"

using namespace windrow::importer;

OperatorHandler windrow::importer::findOperator(llvm::StringRef name) {
  return llvm::StringSwitch<OperatorHandler>(name)
      .Case("Add", importAdd)
      .Case("AveragePool", importAveragePool)
      .Case("BatchNormalization", importBatchNormalization)
      .Case("Cast", importCast)
      .Case("Clip", importClip)
      .Case("Concat", importConcat)
      .Case("Constant", importConstant)
      .Case("ConstantOfShape", importConstantOfShape)
      .Case("Conv", importConv)
      .Case("Div", importDiv)
      .Case("Dropout", importDropout)
      .Case("Flatten", importFlatten)
      .Case("Gather", importGather)
      .Case("Gemm", importGemm)
      .Case("GlobalAveragePool", importGlobalAveragePool)
      .Case("GlobalMaxPool", importGlobalMaxPool)
      .Case("HardSigmoid", importHardSigmoid)
      .Case("HardSwish", importHardSwish)
      .Case("Identity", importIdentity)
      .Case("MatMul", importMatMul)
      .Case("MaxPool", importMaxPool)
      .Case("Mul", importMul)
      .Case("Pad", importPad)
      .Case("ReduceMean", importReduceMean)
      .Case("Relu", importRelu)
      .Case("Reshape", importReshape)
      .Case("Shape", importShape)
      .Case("Sigmoid", importSigmoid)
      .Case("Slice", importSlice)
      .Case("Softmax", importSoftmax)
      .Case("Squeeze", importSqueeze)
      .Case("Sub", importSub)
      .Case("Transpose", importTranspose)
      .Case("Unsqueeze", importUnsqueeze)
      .Default(nullptr);
}
