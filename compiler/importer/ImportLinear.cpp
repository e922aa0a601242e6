//===- ImportLinear.cpp - Gemm and MatMul ---------------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/ConstantEvaluation.h"
#include "compiler/importer/OperatorTable.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::importer;

/// Multiplies `input`, a matrix, by `weights`, which are in the order output,
/// input; `bias` may be null.
static FailureOr<Value> multiplyByWeights(NodeImporter &node, Value input,
                                          const ConstantTensor &weights,
                                          Value bias) {
  if (shapeOf(input)[1] != weights.shape()[1])
    return node.emitError() << "the weights must have " << shapeOf(input)[1]
                            << " rows, as many as the input has columns, got "
                            << weights.shape()[1];
  FailureOr<Value> filter = node.createConstant(weights);
  if (failed(filter))
    return failure();
  return node.create<nn::FullyConnectedOp>(input, *filter, bias,
                                           nn::ClampAttr());
}

/// The weights, input 1, in the order output, input.
static FailureOr<ConstantTensor> getWeights(NodeImporter &node,
                                            bool areTransposed) {
  FailureOr<ConstantTensor> weights = node.getConstant(1, "the weights");
  if (failed(weights))
    return failure();
  if (weights->rank() != 2)
    return node.emitError() << "the weights must have 2 dimensions, got "
                            << formatShape(weights->shape());
  return areTransposed ? *weights : weights->transposed({1, 0});
}

static SmallVector<float> scaled(const ConstantTensor &tensor, float factor) {
  SmallVector<float> elements = tensor.elements<float>();
  for (float &element : elements)
    element *= factor;
  return elements;
}

/// beta * C of a Gemm.
struct GemmBias {
  ConstantTensor tensor;
  float beta = 1.0f;

  /// One number a column, or one for all: what nn.fully_connected takes.
  bool isRow() const { return tensor.rank() < 2 || tensor.shape()[0] == 1; }
};

/// Input 2, which must broadcast to `shape`; nothing where it is left out or
/// multiplied by 0.
static FailureOr<std::optional<GemmBias>> getBias(NodeImporter &node,
                                                  ArrayRef<int64_t> shape) {
  float beta = node.attributes().getFloat("beta", 1.0f);
  if (!node.hasOperand(2) || beta == 0.0f)
    return std::optional<GemmBias>();
  FailureOr<ConstantTensor> constant = node.getConstant(2, "the bias");
  if (failed(constant) || failed(node.checkWeights(*constant)))
    return failure();
  SmallVector<int64_t> broadcast;
  if (!broadcastShapes(shape, constant->shape(), broadcast) ||
      ArrayRef(broadcast) != shape)
    return node.emitError()
           << "the bias must broadcast to " << formatShape(shape) << ", got "
           << formatShape(constant->shape());
  return std::optional(GemmBias{*constant, beta});
}

static FailureOr<Value> createRowBias(NodeImporter &node, const GemmBias &bias,
                                      int64_t columns) {
  if (bias.beta == 1.0f && bias.tensor.numElements() == columns)
    return node.createConstant(bias.tensor.reshaped({columns}));
  return node.createVector(columns, scaled(bias.tensor, bias.beta));
}

/// `product` plus a bias that differs from row to row.
static FailureOr<Value> addWholeBias(NodeImporter &node, Value product,
                                     const GemmBias &bias) {
  ArrayRef<int64_t> shape = shapeOf(product);
  if (countElements(shape) > largestEvaluation)
    return node.emitError()
           << "a bias of shape " << formatShape(bias.tensor.shape())
           << " is too small to be repeated to " << formatShape(shape);
  FailureOr<Value> whole = node.createConstant(ConstantTensor::get<float>(
      bias.tensor.name(), shape,
      scaled(bias.tensor.broadcast(shape), bias.beta)));
  if (failed(whole))
    return failure();
  return node.create<nn::AddOp>(product, *whole, nn::ClampAttr());
}

/// alpha * input * weights + bias. The weights, which are large, are used as
/// they lie in the file: a factor is applied to the product.
static FailureOr<Value> createGemm(NodeImporter &node, Value input,
                                   const ConstantTensor &weights,
                                   const std::optional<GemmBias> &bias) {
  float alpha = node.attributes().getFloat("alpha", 1.0f);
  if (alpha == 1.0f && (!bias || bias->isRow())) {
    FailureOr<Value> row = Value();
    if (bias)
      row = createRowBias(node, *bias, weights.shape()[0]);
    if (failed(row))
      return failure();
    return multiplyByWeights(node, input, weights, *row);
  }
  FailureOr<Value> product = multiplyByWeights(node, input, weights, Value());
  if (failed(product))
    return failure();
  bool shiftIsRow = bias && bias->isRow();
  if (alpha != 1.0f)
    product = node.scaleAndShift(*product, /*axis=*/1, ArrayRef(alpha),
                                 shiftIsRow ? scaled(bias->tensor, bias->beta)
                                            : SmallVector<float>{0.0f});
  if (failed(product) || !bias || shiftIsRow)
    return product;
  return addWholeBias(node, *product, *bias);
}

LogicalResult windrow::importer::importGemm(NodeImporter &node) {
  if (failed(node.checkOperands(2, 3)))
    return failure();
  bool inputIsTransposed = node.attributes().getInt("transA", 0) != 0;
  bool weightsAreTransposed = node.attributes().getInt("transB", 0) != 0;
  FailureOr<Value> input = node.getValue(0);
  FailureOr<ConstantTensor> weights = getWeights(node, weightsAreTransposed);
  if (failed(input) || failed(weights))
    return failure();
  if (shapeOf(*input).size() != 2)
    return node.emitError() << "the input must have 2 dimensions, got "
                            << formatShape(shapeOf(*input));
  if (inputIsTransposed)
    input = node.transpose(*input, {1, 0});
  if (failed(input))
    return failure();
  FailureOr<std::optional<GemmBias>> bias =
      getBias(node, {shapeOf(*input)[0], weights->shape()[0]});
  if (failed(bias) || failed(node.checkAttributes()))
    return failure();
  return node.setResult(createGemm(node, *input, *weights, *bias));
}

LogicalResult windrow::importer::importMatMul(NodeImporter &node) {
  if (failed(node.checkOperands(2, 2)))
    return failure();
  FailureOr<Value> input = node.getValue(0);
  FailureOr<ConstantTensor> weights = getWeights(node, /*areTransposed=*/false);
  if (failed(input) || failed(weights))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(*input);
  if (shape.empty())
    return node.emitError() << "the input must have a dimension, got a scalar";
  FailureOr<Value> matrix =
      node.reshape(*input, {countElements(shape.drop_back()), shape.back()});
  if (failed(matrix))
    return failure();
  FailureOr<Value> product =
      multiplyByWeights(node, *matrix, *weights, Value());
  if (failed(product))
    return failure();
  SmallVector<int64_t> resultShape(shape);
  resultShape.back() = weights->shape()[0];
  return node.setResult(node.reshape(*product, resultShape));
}
