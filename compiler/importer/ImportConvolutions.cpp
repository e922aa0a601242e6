//===- ImportConvolutions.cpp - Conv --------------------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/OperatorTable.h"
#include "compiler/importer/SpatialWindows.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::importer;

/// Checks the filter, in the order output channel, input channel of a group,
/// height, width, against the image's channels.
static LogicalResult checkFilter(NodeImporter &node,
                                 const ConstantTensor &filter, int64_t channels,
                                 int64_t groups) {
  if (filter.rank() != 4)
    return node.emitError() << "the filter must have 4 dimensions, got "
                            << formatShape(filter.shape());
  if (groups < 1 || channels % groups != 0 || filter.shape()[0] % groups != 0)
    return node.emitError()
           << "attribute 'group' must divide " << channels << " input and "
           << filter.shape()[0] << " output channels, got " << groups;
  if (channels / groups != filter.shape()[1])
    return node.emitError()
           << "the filter must have " << channels / groups
           << " input channels per group, got " << filter.shape()[1];
  return success();
}

LogicalResult windrow::importer::importConv(NodeImporter &node) {
  if (failed(node.checkOperands(2, 3)))
    return failure();
  FailureOr<Value> image = node.getImage(0);
  if (failed(image))
    return failure();
  FailureOr<ConstantTensor> filter = node.getConstant(1, "the filter");
  if (failed(filter))
    return failure();
  int64_t groups = node.attributes().getInt("group", 1);
  if (failed(node.checkAttributes()) ||
      failed(checkFilter(node, *filter, shapeOf(*image)[1], groups)))
    return failure();
  FailureOr<SpatialWindows> windows =
      readSpatialWindows(node, *image, filter->shape().drop_front(2));
  if (failed(windows))
    return failure();

  Value bias;
  if (node.hasOperand(2)) {
    int64_t channels = filter->shape()[0];
    if (shapeOf(node.operand(2)) != ArrayRef(channels))
      return node.emitError()
             << "the bias must have the shape " << channels << ", got "
             << formatShape(shapeOf(node.operand(2)));
    FailureOr<ConstantTensor> constant = node.getConstant(2, "the bias");
    if (failed(constant))
      return failure();
    FailureOr<Value> value = node.createConstant(*constant);
    if (failed(value))
      return failure();
    bias = *value;
  }
  FailureOr<Value> input = node.toChannelsLast(*image);
  FailureOr<Value> weights =
      node.createConstant(filter->transposed({0, 2, 3, 1}));
  if (failed(input) || failed(weights))
    return failure();
  FailureOr<Value> result = node.create<nn::Conv2DOp>(
      *input, *weights, bias, windows->strides(), windows->pads(),
      windows->dilations(), groups, nn::ClampAttr());
  if (failed(result))
    return failure();
  return node.setResult(node.fromChannelsLast(*result));
}
