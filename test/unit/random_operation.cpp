//===- random_operation.cpp - Random operations of nn ---------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/random_operation.h"

#include "mlir/IR/Verifier.h"
#include "rapidcheck.h"

#include <random>

using namespace mlir;
using namespace windrow;
using namespace windrow::nn;
using namespace windrow::test;

int64_t test::pick(int64_t min, int64_t max) {
  return *rc::gen::resize(rc::kNominalSize,
                          rc::gen::inRange<int64_t>(min, max + 1));
}

static ClampAttr pickClamp(MLIRContext *context) {
  return pick(0, 2) ? ClampAttr() : ClampAttr::get(context, -0.25f, 0.5f);
}

namespace {
struct SlidingCase {
  Sizes kernel, strides, dilations, pads, imageSize;
};
} // namespace

/// `maxOverhang` is how far padding may go beyond one pixel less than the
/// kernel's extent; with 0, every window touches the image.
static SlidingCase pickSliding(int64_t maxDilation, int64_t maxOverhang) {
  SlidingCase sliding;
  sliding.pads.resize(4);
  for (int axis : {0, 1}) {
    sliding.kernel.push_back(pick(1, 4));
    sliding.strides.push_back(pick(1, 3));
    sliding.dilations.push_back(pick(1, maxDilation));
    int64_t extent = (sliding.kernel[axis] - 1) * sliding.dilations[axis] + 1;
    int64_t maxPad = extent - 1 + maxOverhang;
    sliding.pads[axis] = pick(0, maxPad);
    sliding.pads[axis + 2] = pick(0, maxPad);
    int64_t pads = sliding.pads[axis] + sliding.pads[axis + 2];
    int64_t least = std::max(sliding.dilations[axis], extent - pads);
    sliding.imageSize.push_back(least + pick(0, 9));
  }
  return sliding;
}

static OpCase pickConv(MLIRContext *context) {
  SlidingCase sliding = pickSliding(/*maxDilation=*/2, /*maxOverhang=*/3);
  int64_t groups = pick(1, 3), inputs = pick(1, 3), outputs = pick(1, 3);
  bool hasBias = pick(0, 1);
  ClampAttr clamp = pickClamp(context);
  auto algorithm = static_cast<ConvolutionAlgorithm>(pick(0, 2));
  if (algorithm != ConvolutionAlgorithm::Direct) {
    groups = 1;
    sliding.kernel = {3, 3};
    sliding.strides = sliding.dilations = {1, 1};
    sliding.pads = {pick(0, 3), pick(0, 3), pick(0, 3), pick(0, 3)};
    sliding.imageSize = {pick(3, 15), pick(3, 6)};
  }
  SmallVector<Sizes> shapes = {
      {1, sliding.imageSize[0], sliding.imageSize[1], groups * inputs},
      {groups * outputs, sliding.kernel[0], sliding.kernel[1], inputs}};
  if (hasBias)
    shapes.push_back({groups * outputs});
  auto build = [=](OpBuilder &builder, Location loc, ValueRange operands) {
    auto conv = Conv2DOp::create(
        builder, loc, operands[0], operands[1], hasBias ? operands[2] : Value(),
        sliding.strides, sliding.pads, sliding.dilations, groups, clamp);
    if (conv.isWinogradComputable())
      conv.setAlgorithm(algorithm);
    return conv;
  };
  return {"conv_2d", shapes, build};
}

static OpCase pickMaxPool(MLIRContext *context) {
  SlidingCase sliding = pickSliding(/*maxDilation=*/2, /*maxOverhang=*/0);
  ClampAttr clamp = pickClamp(context);
  auto build = [=](OpBuilder &builder, Location loc, ValueRange operands) {
    return MaxPool2DOp::create(builder, loc, operands[0], sliding.kernel,
                               sliding.strides, sliding.pads, sliding.dilations,
                               clamp);
  };
  return {"max_pool_2d",
          {{1, sliding.imageSize[0], sliding.imageSize[1], pick(1, 3)}},
          build};
}

static OpCase pickAvgPool(MLIRContext *context) {
  SlidingCase sliding = pickSliding(/*maxDilation=*/1, /*maxOverhang=*/0);
  ClampAttr clamp = pickClamp(context);
  auto build = [=](OpBuilder &builder, Location loc, ValueRange operands) {
    return AvgPool2DOp::create(builder, loc, operands[0], sliding.kernel,
                               sliding.strides, sliding.pads, clamp);
  };
  return {"avg_pool_2d",
          {{1, sliding.imageSize[0], sliding.imageSize[1], pick(1, 3)}},
          build};
}

Sizes test::pickImage() { return {1, pick(1, 9), pick(1, 4), pick(1, 4)}; }

static OpCase pickBinary(MLIRContext *context) {
  Sizes image = pickImage();
  Sizes perChannel = {1, 1, 1, image[3]};
  SmallVector<Sizes> shapes = {image, pick(0, 1) ? image : perChannel};
  if (pick(0, 1))
    std::swap(shapes[0], shapes[1]);
  ClampAttr clamp = pickClamp(context);
  bool isAdd = pick(0, 1);
  auto build = [=](OpBuilder &builder, Location loc,
                   ValueRange operands) -> Value {
    if (isAdd)
      return AddOp::create(builder, loc, operands[0], operands[1], clamp);
    return MultiplyOp::create(builder, loc, operands[0], operands[1], clamp);
  };
  return {isAdd ? "add" : "multiply", shapes, build};
}

static OpCase pickUnary(MLIRContext *context) {
  auto bounds = ClampAttr::get(context, -0.25f, 0.5f);
  auto pickBuild = [&]() -> OpCase {
    switch (pick(0, 3)) {
    case 0:
      return {"clamp",
              {},
              [=](OpBuilder &builder, Location loc, ValueRange operands) {
                return ClampOp::create(builder, loc, operands[0], bounds);
              }};
    case 1:
      return {"sigmoid",
              {},
              [](OpBuilder &builder, Location loc, ValueRange operands) {
                return SigmoidOp::create(builder, loc, operands[0]);
              }};
    case 2:
      return {"hard_swish",
              {},
              [](OpBuilder &builder, Location loc, ValueRange operands) {
                return HardSwishOp::create(builder, loc, operands[0]);
              }};
    default:
      return {"softmax",
              {},
              [](OpBuilder &builder, Location loc, ValueRange operands) {
                return SoftmaxOp::create(builder, loc, operands[0]);
              }};
    }
  };
  OpCase result = pickBuild();
  result.operandShapes = {pickImage()};
  return result;
}

static OpCase pickScaleShift(MLIRContext *context) {
  Sizes image = pickImage();
  ClampAttr clamp = pickClamp(context);
  auto build = [=](OpBuilder &builder, Location loc, ValueRange operands) {
    return ScaleShiftOp::create(builder, loc, operands[0], operands[1],
                                operands[2], clamp);
  };
  return {"scale_shift", {image, {image[3]}, {image[3]}}, build};
}

static OpCase pickNormalizeImage(MLIRContext *) {
  Sizes image = pickImage();
  SmallVector<float> mean(image[3], 0.4f), deviation(image[3], 0.3f);
  mean.back() = 0.6f;
  if (pick(0, 1))
    image[3] = 1;
  auto build = [=](OpBuilder &builder, Location loc, ValueRange operands) {
    return NormalizeImageOp::create(builder, loc, operands[0], mean, deviation);
  };
  return {"normalize_image", {image}, build, /*hasPixels=*/true};
}

static OpCase pickConcat(MLIRContext *) {
  Sizes image = pickImage();
  int64_t axis = pick(2, 3);
  SmallVector<Sizes> shapes(pick(1, 3), image);
  for (Sizes &shape : shapes)
    shape[axis] = pick(1, 3);
  auto build = [=](OpBuilder &builder, Location loc, ValueRange operands) {
    return ConcatOp::create(builder, loc, operands, axis);
  };
  return {"concat", shapes, build};
}

static OpCase pickPad(MLIRContext *) {
  Sizes low = {0, pick(0, 3), pick(0, 2), pick(0, 2)};
  Sizes high = {0, pick(0, 3), pick(0, 2), pick(0, 2)};
  auto build = [=](OpBuilder &builder, Location loc, ValueRange operands) {
    return PadOp::create(builder, loc, operands[0], low, high);
  };
  return {"pad", {pickImage()}, build};
}

static OpCase pickSlice(MLIRContext *) {
  Sizes image = pickImage(), offsets, sizes;
  for (int64_t size : image) {
    offsets.push_back(pick(0, size - 1));
    sizes.push_back(pick(1, size - offsets.back()));
  }
  auto build = [=](OpBuilder &builder, Location loc, ValueRange operands) {
    return SliceOp::create(builder, loc, operands[0], offsets, sizes);
  };
  return {"slice", {image}, build};
}

OpCase test::pickOpCase(MLIRContext *context) {
  using Pick = OpCase (*)(MLIRContext *);
  // The first three have most to get wrong.
  static constexpr Pick picks[] = {
      pickConv,           pickMaxPool, pickAvgPool, pickConv,  pickMaxPool,
      pickAvgPool,        pickConv,    pickBinary,  pickUnary, pickScaleShift,
      pickNormalizeImage, pickConcat,  pickPad,     pickSlice};
  return picks[pick(0, std::size(picks) - 1)](context);
}

SmallVector<RowInterval> test::pickRanges(int64_t size) {
  SmallVector<int64_t> bounds = {0, size};
  for (int64_t cuts = pick(0, 4); cuts > 0; --cuts)
    bounds.push_back(pick(0, size));
  llvm::sort(bounds);
  SmallVector<RowInterval> ranges;
  for (size_t i = 1; i < bounds.size(); ++i)
    if (bounds[i - 1] < bounds[i])
      ranges.push_back({bounds[i - 1], bounds[i]});
  return ranges;
}

reference::Tensors test::pickInputs(const OpCase &opCase) {
  std::mt19937 random(*rc::gen::arbitrary<uint32_t>());
  std::uniform_real_distribution<float> number(-1, 1);
  std::uniform_int_distribution<int> pixel(0, 255);
  reference::Tensors inputs;
  for (const Sizes &shape : opCase.operandShapes) {
    reference::Tensor &input =
        inputs.emplace_back(reference::Shape(shape.begin(), shape.end()));
    for (float &value : input.values)
      value = opCase.hasPixels ? float(pixel(random)) : number(random);
  }
  return inputs;
}

OperationFunctions::OperationFunctions()
    : context(MLIRContext::Threading::DISABLED), builder(&context) {
  context.loadDialect<func::FuncDialect, NnDialect>();
  module = ModuleOp::create(builder.getUnknownLoc());
}

func::FuncOp
OperationFunctions::buildFunction(const OpCase &opCase,
                                  function_ref<Value(ValueRange)> build) {
  Type elementType = opCase.hasPixels
                         ? Type(builder.getIntegerType(8, /*isSigned=*/false))
                         : Type(builder.getF32Type());
  SmallVector<Type> types;
  for (const Sizes &shape : opCase.operandShapes)
    types.push_back(RankedTensorType::get(shape, elementType));
  builder.setInsertionPointToEnd(module->getBody());
  auto function = func::FuncOp::create(builder, builder.getUnknownLoc(), "f",
                                       builder.getFunctionType(types, {}));
  builder.setInsertionPointToStart(function.addEntryBlock());
  Value result = build(function.getArguments());
  func::ReturnOp::create(builder, builder.getUnknownLoc(), result);
  function.setFunctionType(builder.getFunctionType(types, result.getType()));
  function.setName(("f" + Twine(functionCount++)).str());
  return function;
}

func::FuncOp OperationFunctions::buildWhole(const OpCase &opCase) {
  return buildFunction(opCase, [&](ValueRange operands) {
    return opCase.build(builder, builder.getUnknownLoc(), operands);
  });
}

Value OperationFunctions::slice(Value value, int64_t dimension,
                                RowInterval range) {
  auto type = cast<RankedTensorType>(value.getType());
  Sizes offsets(type.getRank(), 0), sizes(type.getShape());
  offsets[dimension] = range.begin;
  sizes[dimension] = range.size();
  return SliceOp::create(builder, builder.getUnknownLoc(), value, offsets,
                         sizes);
}

bool OperationFunctions::verify() { return succeeded(mlir::verify(*module)); }
