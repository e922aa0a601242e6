//===- nn_row_windows_test.cpp - Operations by strips equal whole ones ----===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Splits random operations of the nn dialect into random strips and executes
// both forms with the reference interpreter.
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"
#include "test/interpreter/Interpreter.h"

#include "mlir/IR/Verifier.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <random>

using namespace mlir;
using namespace windrow;
using namespace windrow::nn;

namespace {

using Sizes = SmallVector<int64_t, 4>;

/// Any number from `min` to `max`, also in the first cases of a run.
int64_t pick(int64_t min, int64_t max) {
  return *rc::gen::resize(rc::kNominalSize,
                          rc::gen::inRange<int64_t>(min, max + 1));
}

/// An operation to build from the arguments of a function.
struct OpCase {
  std::string kind;
  SmallVector<Sizes> operandShapes;
  std::function<Value(OpBuilder &, Location, ValueRange)> build;
  bool hasPixels = false;
};

ClampAttr pickClamp(MLIRContext *context) {
  return pick(0, 2) ? ClampAttr() : ClampAttr::get(context, -0.25f, 0.5f);
}

struct SlidingCase {
  Sizes kernel, strides, dilations, pads, imageSize;
};

/// `maxOverhang` is how far padding may go beyond one pixel less than the
/// kernel's extent; with 0, every window touches the image.
SlidingCase pickSliding(int64_t maxDilation, int64_t maxOverhang) {
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

OpCase pickConv(MLIRContext *context) {
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

OpCase pickMaxPool(MLIRContext *context) {
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

OpCase pickAvgPool(MLIRContext *context) {
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

Sizes pickImage() { return {1, pick(1, 9), pick(1, 4), pick(1, 4)}; }

OpCase pickBinary(MLIRContext *context) {
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

OpCase pickUnary(MLIRContext *context) {
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

OpCase pickScaleShift(MLIRContext *context) {
  Sizes image = pickImage();
  ClampAttr clamp = pickClamp(context);
  auto build = [=](OpBuilder &builder, Location loc, ValueRange operands) {
    return ScaleShiftOp::create(builder, loc, operands[0], operands[1],
                                operands[2], clamp);
  };
  return {"scale_shift", {image, {image[3]}, {image[3]}}, build};
}

OpCase pickNormalizeImage(MLIRContext *) {
  Sizes image = pickImage();
  SmallVector<float> mean(image[3], 0.4f), deviation(image[3], 0.3f);
  auto build = [=](OpBuilder &builder, Location loc, ValueRange operands) {
    return NormalizeImageOp::create(builder, loc, operands[0], mean, deviation);
  };
  return {"normalize_image", {image}, build, /*hasPixels=*/true};
}

OpCase pickConcat(MLIRContext *) {
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

OpCase pickPad(MLIRContext *) {
  Sizes low = {0, pick(0, 3), pick(0, 2), pick(0, 2)};
  Sizes high = {0, pick(0, 3), pick(0, 2), pick(0, 2)};
  auto build = [=](OpBuilder &builder, Location loc, ValueRange operands) {
    return PadOp::create(builder, loc, operands[0], low, high);
  };
  return {"pad", {pickImage()}, build};
}

OpCase pickSlice(MLIRContext *) {
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

OpCase pickOpCase(MLIRContext *context) {
  using Pick = OpCase (*)(MLIRContext *);
  // The first three have most to get wrong.
  static constexpr Pick picks[] = {
      pickConv,           pickMaxPool, pickAvgPool, pickConv,  pickMaxPool,
      pickAvgPool,        pickConv,    pickBinary,  pickUnary, pickScaleShift,
      pickNormalizeImage, pickConcat,  pickPad,     pickSlice};
  return picks[pick(0, std::size(picks) - 1)](context);
}

/// Cuts [0, rows) at random places.
SmallVector<RowInterval> pickStrips(int64_t rows) {
  SmallVector<int64_t> bounds = {0, rows};
  for (int64_t cuts = pick(0, 4); cuts > 0; --cuts)
    bounds.push_back(pick(0, rows));
  llvm::sort(bounds);
  SmallVector<RowInterval> strips;
  for (size_t i = 1; i < bounds.size(); ++i)
    if (bounds[i - 1] < bounds[i])
      strips.push_back({bounds[i - 1], bounds[i]});
  return strips;
}

class StripBuilder {
public:
  StripBuilder()
      : context(MLIRContext::Threading::DISABLED), builder(&context) {
    context.loadDialect<func::FuncDialect, NnDialect>();
    module = ModuleOp::create(builder.getUnknownLoc());
  }

  MLIRContext *getContext() { return &context; }

  /// A function of the operands that returns `build` of them.
  func::FuncOp buildFunction(const OpCase &opCase,
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

  func::FuncOp buildWhole(const OpCase &opCase) {
    return buildFunction(opCase, [&](ValueRange operands) {
      return opCase.build(builder, builder.getUnknownLoc(), operands);
    });
  }

  /// The operation that computes `rows` of `whole` from the rows that it needs
  /// of `operands`.
  Operation *buildStripOf(RowWindowOpInterface whole, ValueRange operands,
                          RowInterval rows) {
    SmallVector<Value> stripOperands(operands);
    for (unsigned i = 0; i < operands.size(); ++i)
      if (whole.carriesRows(i))
        stripOperands[i] =
            sliceRows(operands[i], whole.getRowWindow(i, rows).rows);
    return whole.buildRows(builder, stripOperands, rows);
  }

  Value joinRows(ValueRange strips) {
    return ConcatOp::create(builder, builder.getUnknownLoc(), strips,
                            /*axis=*/1);
  }

  Value sliceRows(Value image, RowInterval rows) {
    Sizes sizes(cast<RankedTensorType>(image.getType()).getShape());
    sizes[1] = rows.size();
    return SliceOp::create(builder, builder.getUnknownLoc(), image,
                           Sizes{0, rows.begin, 0, 0}, sizes);
  }

  bool verify() { return succeeded(mlir::verify(*module)); }

  OpBuilder &getBuilder() { return builder; }

private:
  MLIRContext context;
  OpBuilder builder;
  OwningOpRef<ModuleOp> module;
  int functionCount = 0;
};

reference::Tensors pickInputs(const OpCase &opCase) {
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

RowWindowOpInterface wholeOp(func::FuncOp function) {
  return cast<RowWindowOpInterface>(function.getBody().front().front());
}

int64_t resultRows(Operation *op) {
  return cast<RankedTensorType>(op->getResult(0).getType()).getDimSize(1);
}

RC_GTEST_PROP(NnRowWindowsProperty, JoinedStripsEqualTheWholeBitForBit, ()) {
  StripBuilder ir;
  OpCase opCase = pickOpCase(ir.getContext());
  RC_TAG(opCase.kind);
  func::FuncOp whole = ir.buildWhole(opCase);
  RowWindowOpInterface op = wholeOp(whole);
  RC_PRE(op.isRowSplittable());
  int64_t wholeMacs = cast<CostOpInterface>(*op).getCost().macs;
  int64_t stripMacs = 0;
  bool anyWidened = false;
  func::FuncOp split = ir.buildFunction(opCase, [&](ValueRange operands) {
    SmallVector<Value> strips;
    for (RowInterval rows : pickStrips(resultRows(op))) {
      Operation *strip = ir.buildStripOf(op, operands, rows);
      RC_ASSERT(resultRows(strip) == rows.size());
      anyWidened |= strip->getName() != op->getName();
      stripMacs += cast<CostOpInterface>(strip).getCost().macs;
      strips.push_back(strip->getResult(0));
    }
    return ir.joinRows(strips);
  });
  RC_ASSERT(ir.verify());
  RC_ASSERT(anyWidened || stripMacs == wholeMacs);
  RC_CLASSIFY(anyWidened);
  reference::Tensors inputs = pickInputs(opCase);
  FailureOr<reference::Tensors> expected = reference::interpret(whole, inputs);
  FailureOr<reference::Tensors> actual = reference::interpret(split, inputs);
  RC_ASSERT(succeeded(expected) && succeeded(actual));
  RC_ASSERT(actual->front() == expected->front());
}

RC_GTEST_PROP(NnRowWindowsProperty, ReducedStripsEqualTheWholeReduction, ()) {
  StripBuilder ir;
  OpBuilder &builder = ir.getBuilder();
  bool isAverage = pick(0, 1);
  OpCase opCase = {
      "global pool",
      {pickImage()},
      [&](OpBuilder &builder, Location loc, ValueRange operands) -> Value {
        if (isAverage)
          return GlobalAvgPoolOp::create(builder, loc, operands);
        return GlobalSumPoolOp::create(builder, loc, operands);
      }};
  func::FuncOp whole = ir.buildWhole(opCase);
  auto op = cast<RowReductionOpInterface>(whole.getBody().front().front());
  func::FuncOp split = ir.buildFunction(opCase, [&](ValueRange operands) {
    Value sum;
    for (RowInterval rows : pickStrips(opCase.operandShapes[0][1])) {
      Value part = op.buildPartial(builder, ir.sliceRows(operands[0], rows));
      sum = sum ? AddOp::create(builder, builder.getUnknownLoc(), sum, part,
                                ClampAttr())
                : part;
    }
    return op.buildFinal(builder, sum);
  });
  RC_ASSERT(ir.verify());
  reference::Tensors inputs = pickInputs(opCase);
  FailureOr<reference::Tensors> expected = reference::interpret(whole, inputs);
  FailureOr<reference::Tensors> actual = reference::interpret(split, inputs);
  RC_ASSERT(succeeded(expected) && succeeded(actual));
  // Terms are below 1: rounding errors of the partial sums are far below 1e-5.
  for (auto [x, y] :
       llvm::zip_equal(expected->front().values, actual->front().values))
    RC_ASSERT(std::abs(x - y) <= 1e-5f);
}

class NnRowSplittableTest : public testing::Test {
protected:
  template <typename Build>
  bool isSplittable(SmallVector<Sizes> operandShapes, Build build) {
    return wholeOp(ir.buildWhole({"", operandShapes, build})).isRowSplittable();
  }

  StripBuilder ir;
};

Value buildSigmoid(OpBuilder &builder, Location loc, ValueRange operands) {
  return SigmoidOp::create(builder, loc, operands[0]);
}

TEST_F(NnRowSplittableTest, NeedsOneImageOfRankFour) {
  EXPECT_TRUE(isSplittable({{1, 4, 4, 2}}, buildSigmoid));
  EXPECT_FALSE(isSplittable({{2, 4, 4, 2}}, buildSigmoid));
  EXPECT_FALSE(isSplittable({{1, 4}}, buildSigmoid));
}

TEST_F(NnRowSplittableTest, ConcatOfRowsIsNot) {
  auto buildConcat = [](int64_t axis) {
    return [axis](OpBuilder &builder, Location loc, ValueRange operands) {
      return ConcatOp::create(builder, loc, operands, axis);
    };
  };
  SmallVector<Sizes> shapes = {{1, 4, 4, 2}, {1, 4, 4, 2}};
  EXPECT_FALSE(isSplittable(shapes, buildConcat(0)));
  EXPECT_FALSE(isSplittable(shapes, buildConcat(1)));
  EXPECT_TRUE(isSplittable(shapes, buildConcat(2)));
  EXPECT_TRUE(isSplittable(shapes, buildConcat(3)));
}

// Strides over the only row: every window lies in the padding.
TEST_F(NnRowSplittableTest, ConvolutionThatNeverTouchesTheImageIsNot) {
  auto build = [](OpBuilder &builder, Location loc, ValueRange operands) {
    return Conv2DOp::create(builder, loc, operands[0], operands[1], Value(),
                            /*strides=*/Sizes{4, 1},
                            /*pads=*/Sizes{1, 0, 0, 0}, /*dilations=*/
                            Sizes{1, 1}, /*groups=*/1, ClampAttr());
  };
  EXPECT_FALSE(isSplittable({{1, 1, 4, 2}, {2, 1, 1, 2}}, build));
  EXPECT_TRUE(isSplittable({{1, 4, 4, 2}, {2, 1, 1, 2}}, build));
}

TEST_F(NnRowSplittableTest, OnlyImagesCarryRows) {
  auto build = [](OpBuilder &builder, Location loc, ValueRange operands) {
    return MultiplyOp::create(builder, loc, operands[0], operands[1],
                              ClampAttr());
  };
  RowWindowOpInterface op =
      wholeOp(ir.buildWhole({"", {{1, 1, 1, 2}, {1, 4, 4, 2}}, build}));
  EXPECT_FALSE(op.carriesRows(0));
  EXPECT_TRUE(op.carriesRows(1));
}

} // namespace
