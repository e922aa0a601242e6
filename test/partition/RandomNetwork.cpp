//===- RandomNetwork.cpp - Small networks of all operations ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/partition/RandomNetwork.h"

#include "dialects/Nn/Nn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <random>

using namespace mlir;
using namespace windrow;
using namespace windrow::test;

// More than kernels compute at once.
static constexpr int64_t wideChannels = 37;

namespace {

class NetworkBuilder {
public:
  NetworkBuilder(OpBuilder &builder, Value image)
      : builder(builder), location(builder.getUnknownLoc()), images{image} {}

  void addLayer(Choices choices);
  SmallVector<Value> addHead(Choices choices);

private:
  RankedTensorType typeOf(Value value) {
    return cast<RankedTensorType>(value.getType());
  }
  Value constant(ArrayRef<int64_t> shape);
  nn::ClampAttr pickClamp(Choices &choices);
  nn::WeightStorage pickStorage(Choices &choices);
  /// One of the latest images.
  Value pickImage(Choices &choices);
  /// One of the latest images with the type of `like`, maybe itself.
  Value pickAlike(Choices &choices, Value like);
  /// Kernel, stride, dilation and the two pads of one axis of `size`.
  struct Axis {
    int64_t kernel, stride, dilation, low, high;
  };
  Axis pickAxis(Choices &choices, int64_t size, bool mayDilate, bool isPooling);

  /// One, as many as channels, or some in between.
  int64_t pickGroups(Choices &choices, int64_t channels);

  Value addConvolution(Value image, Choices &choices);
  Value addPooling(Value image, Choices &choices);
  Value addElementwise(Value image, Choices &choices);
  Value addBinary(Value image, Choices &choices);
  Value addConcat(Value image, Choices &choices);
  Value addAttention(Value image, Choices &choices);
  Value addShape(Value image, Choices &choices);
  Value addClassifier(Value image, Choices &choices);
  Value addFlattened(Value image, Choices &choices);

  OpBuilder &builder;
  Location location;
  SmallVector<Value> images;
  std::mt19937 weights{1};
};

} // namespace

Value NetworkBuilder::constant(ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  std::uniform_real_distribution<float> distribution(-0.6f, 0.6f);
  SmallVector<float> values(type.getNumElements());
  for (float &value : values)
    value = distribution(weights);
  return nn::ConstantOp::create(builder, location,
                                DenseElementsAttr::get(type, ArrayRef(values)));
}

nn::ClampAttr NetworkBuilder::pickClamp(Choices &choices) {
  if (choices.below(3) != 1)
    return {};
  return nn::ClampAttr::get(builder.getContext(), -0.25f, 0.75f);
}

nn::WeightStorage NetworkBuilder::pickStorage(Choices &choices) {
  switch (choices.below(4)) {
  case 2:
    return nn::WeightStorage::BF16;
  case 3:
    return nn::WeightStorage::F16;
  default:
    return nn::WeightStorage::F32;
  }
}

Value NetworkBuilder::pickImage(Choices &choices) {
  int64_t back = choices.below(std::min<int64_t>(images.size(), 4));
  return images[images.size() - 1 - back];
}

Value NetworkBuilder::pickAlike(Choices &choices, Value like) {
  SmallVector<Value> alike;
  for (Value image : llvm::reverse(images))
    if (image.getType() == like.getType())
      alike.push_back(image);
  return alike[choices.below(std::min<int64_t>(alike.size(), 4))];
}

NetworkBuilder::Axis NetworkBuilder::pickAxis(Choices &choices, int64_t size,
                                              bool mayDilate, bool isPooling) {
  Axis axis;
  axis.kernel = 1 + choices.below(4);
  axis.stride = 1 + choices.below(3);
  axis.dilation = mayDilate ? 1 + choices.below(2) : 1;
  // A pooling window must hold at least one element of the image.
  int64_t pads = isPooling ? axis.kernel : 3;
  axis.low = choices.below(pads);
  axis.high = choices.below(pads);
  if (isPooling && axis.dilation > 1)
    axis.low = axis.high = 0;
  if ((axis.kernel - 1) * axis.dilation + 1 > size + axis.low + axis.high)
    return {1, 1, 1, 0, 0};
  return axis;
}

int64_t NetworkBuilder::pickGroups(Choices &choices, int64_t channels) {
  switch (choices.below(4)) {
  case 1:
    return channels;
  case 2:
    return channels % 2 == 0 ? 2 : channels % 3 == 0 ? 3 : 1;
  default:
    return 1;
  }
}

Value NetworkBuilder::addConvolution(Value image, Choices &choices) {
  RankedTensorType type = typeOf(image);
  Axis rows = pickAxis(choices, type.getDimSize(1), true, false);
  Axis columns = pickAxis(choices, type.getDimSize(2), true, false);
  int64_t channels = type.getDimSize(3);
  int64_t groups = pickGroups(choices, channels);
  auto algorithm = static_cast<nn::ConvolutionAlgorithm>(choices.below(3));
  if (algorithm != nn::ConvolutionAlgorithm::Direct) {
    groups = 1;
    for (auto [axis, size] : {std::pair(&rows, type.getDimSize(1)),
                              std::pair(&columns, type.getDimSize(2))}) {
      *axis = {3, 1, 1, choices.below(3), choices.below(3)};
      axis->high = std::max(axis->high, 3 - size - axis->low);
    }
  }
  int64_t outputs = groups * (1 + choices.below(groups > 1 ? 2 : 5));
  if (groups == 1 && choices.below(5) == 1)
    outputs = wideChannels;
  Value filter =
      constant({outputs, rows.kernel, columns.kernel, channels / groups});
  Value bias = choices.below(2) ? constant({outputs}) : Value();
  return nn::Conv2DOp::create(
      builder, location, image, filter, bias,
      ArrayRef<int64_t>{rows.stride, columns.stride},
      ArrayRef<int64_t>{rows.low, columns.low, rows.high, columns.high},
      ArrayRef<int64_t>{rows.dilation, columns.dilation}, groups,
      pickClamp(choices), algorithm);
}

Value NetworkBuilder::addPooling(Value image, Choices &choices) {
  bool isMaximum = choices.below(2) == 0;
  RankedTensorType type = typeOf(image);
  Axis rows = pickAxis(choices, type.getDimSize(1), isMaximum, true);
  Axis columns = pickAxis(choices, type.getDimSize(2), isMaximum, true);
  SmallVector<int64_t> kernel{rows.kernel, columns.kernel};
  SmallVector<int64_t> strides{rows.stride, columns.stride};
  SmallVector<int64_t> pads{rows.low, columns.low, rows.high, columns.high};
  if (!isMaximum)
    return nn::AvgPool2DOp::create(builder, location, image, kernel, strides,
                                   pads, pickClamp(choices));
  return nn::MaxPool2DOp::create(
      builder, location, image, kernel, strides, pads,
      ArrayRef<int64_t>{rows.dilation, columns.dilation}, pickClamp(choices));
}

Value NetworkBuilder::addElementwise(Value image, Choices &choices) {
  int64_t channels = typeOf(image).getDimSize(3);
  switch (choices.below(5)) {
  case 0:
    return nn::SigmoidOp::create(builder, location, image);
  case 1:
    return nn::HardSwishOp::create(builder, location, image);
  case 2:
    return nn::ClampOp::create(
        builder, location, image,
        nn::ClampAttr::get(builder.getContext(), -0.5f, 0.5f));
  case 3:
    return nn::SoftmaxOp::create(builder, location, image);
  default:
    return nn::ScaleShiftOp::create(builder, location, image,
                                    constant({channels}), constant({channels}),
                                    pickClamp(choices));
  }
}

Value NetworkBuilder::addBinary(Value image, Choices &choices) {
  Value other = pickAlike(choices, image);
  if (choices.below(2))
    return nn::MultiplyOp::create(builder, location, image, other,
                                  pickClamp(choices));
  return nn::AddOp::create(builder, location, image, other, pickClamp(choices));
}

Value NetworkBuilder::addConcat(Value image, Choices &choices) {
  SmallVector<Value> parts{image, pickAlike(choices, image)};
  if (choices.below(3) == 1)
    parts.push_back(image);
  return nn::ConcatOp::create(builder, location, parts, /*axis=*/3);
}

/// Channel attention: pool, one or two small layers, back into the image.
Value NetworkBuilder::addAttention(Value image, Choices &choices) {
  RankedTensorType type = typeOf(image);
  int64_t channels = type.getDimSize(3);
  Value gate = nn::GlobalAvgPoolOp::create(builder, location, image);
  if (choices.below(2)) {
    Value row = nn::ReshapeOp::create(
        builder, location,
        RankedTensorType::get({1, channels}, type.getElementType()), gate);
    row = nn::FullyConnectedOp::create(
        builder, location, row, constant({channels, channels}),
        constant({channels}), nullptr, pickStorage(choices));
    gate = nn::ReshapeOp::create(builder, location, gate.getType(), row);
  }
  gate = nn::SigmoidOp::create(builder, location, gate);
  if (choices.below(2))
    return nn::AddOp::create(builder, location, gate, image, nullptr);
  return nn::MultiplyOp::create(builder, location, image, gate,
                                pickClamp(choices));
}

/// Operations that move elements; a transpose cannot be computed by rows.
Value NetworkBuilder::addShape(Value image, Choices &choices) {
  RankedTensorType type = typeOf(image);
  int64_t rows = type.getDimSize(1), columns = type.getDimSize(2);
  switch (choices.below(4)) {
  case 0:
    return nn::PadOp::create(
        builder, location, image,
        ArrayRef<int64_t>{0, choices.below(3), choices.below(2), 0},
        ArrayRef<int64_t>{0, choices.below(3), choices.below(2), 0});
  case 1: {
    int64_t offset = choices.below(rows);
    int64_t size = 1 + choices.below(rows - offset);
    return nn::SliceOp::create(
        builder, location, image, ArrayRef<int64_t>{0, offset, 0, 0},
        ArrayRef<int64_t>{1, size, columns, type.getDimSize(3)});
  }
  case 2:
    return nn::TransposeOp::create(builder, location, image,
                                   ArrayRef<int64_t>{0, 2, 1, 3});
  default:
    return nn::ConcatOp::create(builder, location, ValueRange{image, image},
                                /*axis=*/1);
  }
}

void NetworkBuilder::addLayer(Choices choices) {
  int64_t kind = choices.below(10);
  Value image = pickImage(choices);
  int64_t elements = typeOf(image).getNumElements();
  bool isLarge = elements > 1500;
  Value result;
  switch (kind) {
  case 0:
  case 1:
  case 2:
    result = addConvolution(image, choices);
    break;
  case 3:
    result = addPooling(image, choices);
    break;
  case 4:
  case 5:
    result = addBinary(image, choices);
    break;
  case 6:
    result = isLarge ? addPooling(image, choices) : addConcat(image, choices);
    break;
  case 7:
    result = addAttention(image, choices);
    break;
  case 8:
    result = isLarge ? addPooling(image, choices) : addShape(image, choices);
    break;
  default:
    result = addElementwise(image, choices);
  }
  images.push_back(result);
}

Value NetworkBuilder::addClassifier(Value image, Choices &choices) {
  RankedTensorType type = typeOf(image);
  Value pooled = nn::GlobalAvgPoolOp::create(builder, location, image);
  int64_t channels = type.getDimSize(3);
  Value row = nn::ReshapeOp::create(
      builder, location,
      RankedTensorType::get({1, channels}, type.getElementType()), pooled);
  Value classes = nn::FullyConnectedOp::create(builder, location, row,
                                               constant({5, channels}), Value(),
                                               nullptr, pickStorage(choices));
  return nn::SoftmaxOp::create(builder, location, classes);
}

/// A flattened image, maybe with fully connected layers behind it.
Value NetworkBuilder::addFlattened(Value image, Choices &choices) {
  RankedTensorType type = typeOf(image);
  int64_t elements = type.getNumElements();
  Value row = nn::ReshapeOp::create(
      builder, location,
      RankedTensorType::get({1, elements}, type.getElementType()), image);
  if (choices.below(3) == 0)
    return row;
  int64_t hidden = choices.below(2) ? wideChannels : 6;
  nn::WeightStorage storage = pickStorage(choices);
  row = nn::FullyConnectedOp::create(
      builder, location, row, constant({hidden, elements}), constant({hidden}),
      pickClamp(choices), storage);
  return nn::FullyConnectedOp::create(builder, location, row,
                                      constant({5, hidden}), Value(), nullptr,
                                      pickStorage(choices));
}

SmallVector<Value> NetworkBuilder::addHead(Choices choices) {
  switch (choices.below(4)) {
  case 0:
    return {images.back()};
  case 1:
    return {addClassifier(images.back(), choices)};
  case 2:
    return {addClassifier(images.back(), choices), pickImage(choices)};
  default:
    return {addFlattened(images.back(), choices)};
  }
}

/// The image that the pixels of `input` stand for.
static Value normalizePixels(OpBuilder &builder, Value input,
                             int64_t channels) {
  SmallVector<float> mean, deviation;
  for (int64_t channel = 0; channel < channels; ++channel) {
    mean.push_back(0.5f - 0.125f * float(channel));
    deviation.push_back(0.25f + 0.125f * float(channel));
  }
  return nn::NormalizeImageOp::create(builder, builder.getUnknownLoc(), input,
                                      mean, deviation);
}

OwningOpRef<ModuleOp>
windrow::test::buildRandomNetwork(MLIRContext &context,
                                  const NetworkChoices &choices) {
  OpBuilder builder(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc());
  builder.setInsertionPointToStart(module->getBody());
  Choices image(choices.image);
  int64_t rows = 1 + image.below(13), columns = 1 + image.below(5);
  int64_t channels = 1 + image.below(3);
  enum Input { Numbers, Pixels, GreyPixels };
  const auto input = Input(image.below(3));
  const auto type = RankedTensorType::get(
      {1, rows, columns, input == GreyPixels ? 1 : channels},
      input == Numbers ? Type(builder.getF32Type())
                       : Type(builder.getIntegerType(8, /*isSigned=*/false)));
  auto function =
      func::FuncOp::create(builder, builder.getUnknownLoc(), "main",
                           builder.getFunctionType(type, TypeRange()));
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
  Value first = body->getArgument(0);
  if (input != Numbers)
    first = normalizePixels(builder, first, channels);
  NetworkBuilder network(builder, first);
  for (const std::vector<uint8_t> &layer : choices.layers)
    network.addLayer(Choices(layer));
  if (choices.layers.empty())
    network.addLayer(Choices({}));
  SmallVector<Value> results = network.addHead(Choices(choices.head));
  func::ReturnOp::create(builder, builder.getUnknownLoc(), results);
  function.setType(builder.getFunctionType(type, TypeRange(results)));
  return module;
}

std::vector<float> windrow::test::pickInput(RankedTensorType type,
                                            std::mt19937 &random) {
  std::uniform_real_distribution<float> number(-1, 1);
  std::uniform_int_distribution<int> pixel(0, 255);
  std::vector<float> elements(type.getNumElements());
  for (float &element : elements)
    element =
        type.getElementType().isF32() ? number(random) : float(pixel(random));
  return elements;
}
