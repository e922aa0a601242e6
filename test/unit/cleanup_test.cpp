//===- cleanup_test.cpp - Random imported networks, cleaned up ------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Builds random networks in the form that an importer writes, runs nn-cleanup,
// and expects the results that the reference interpreter gave before, and none
// of the operations that the clean-up is there to remove.
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"
#include "passes/Pipelines.h"
#include "test/interpreter/FunctionComparison.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/TypeSwitch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>

using namespace mlir;

namespace windrow {
namespace {

using Sizes = SmallVector<int64_t>;

/// A function on one or two NCHW images, with spatial operations in NHWC
/// between transposes and filters in OIHW.
class ImportedNetwork {
public:
  ImportedNetwork(MLIRContext &context, unsigned seed)
      : builder(&context), location(builder.getUnknownLoc()), random(seed) {
    module = ModuleOp::create(location);
    int64_t size = pick(5, 9);
    RankedTensorType image = floats({1, pick(1, 2) * 2, size, size});
    SmallVector<Type> inputs(pick(1, 2), image);
    builder.setInsertionPointToEnd(module->getBody());
    function = func::FuncOp::create(builder, location, "main",
                                    builder.getFunctionType(inputs, {}));
    builder.setInsertionPointToStart(function.addEntryBlock());
    for (BlockArgument argument : function.getArguments())
      images.push_back(argument);
    for (int64_t count = 1 + seed % 12; count > 0; --count)
      images.push_back(pickOperation());
    finish();
  }

  ModuleOp getModule() { return *module; }

private:
  //===--------------------------------------------------------------------===//
  // Choices, constants, views
  //===--------------------------------------------------------------------===//

  int64_t pick(int64_t min, int64_t max) {
    return std::uniform_int_distribution<int64_t>(min, max)(random);
  }
  float pickNumber(float min, float max) {
    return std::uniform_real_distribution<float>(min, max)(random);
  }
  /// Rather one of the last, so that networks become deep.
  Value pickImage() {
    size_t back = std::min(pick(0, images.size() - 1), pick(0, 2));
    return images[images.size() - 1 - back];
  }

  RankedTensorType floats(ArrayRef<int64_t> shape) {
    return RankedTensorType::get(shape, builder.getF32Type());
  }
  static ArrayRef<int64_t> shapeOf(Value value) {
    return cast<RankedTensorType>(value.getType()).getShape();
  }
  static int64_t channelsOf(Value image) { return shapeOf(image)[1]; }

  ElementsAttr pickElements(ArrayRef<int64_t> shape, float min, float max) {
    RankedTensorType type = floats(shape);
    SmallVector<float> elements(type.getNumElements());
    for (float &element : elements)
      element = pickNumber(min, max);
    return DenseElementsAttr::get(type, ArrayRef<float>(elements));
  }
  Value pickConstant(ArrayRef<int64_t> shape, float min, float max) {
    return nn::ConstantOp::create(builder, location,
                                  pickElements(shape, min, max));
  }
  Value uniform(int64_t size, float value) {
    return nn::ConstantOp::create(
        builder, location,
        cast<ElementsAttr>(DenseElementsAttr::get(floats({size}), value)));
  }

  Value toNhwc(Value image) {
    return nn::TransposeOp::create(builder, location, image, Sizes{0, 2, 3, 1});
  }
  Value toNchw(Value image) {
    return nn::TransposeOp::create(builder, location, image, Sizes{0, 3, 1, 2});
  }

  //===--------------------------------------------------------------------===//
  // Operations on images
  //===--------------------------------------------------------------------===//

  Value conv(Value image) {
    int64_t channels = channelsOf(image);
    int64_t divisors[] = {1, channels % 2 ? 1 : 2, channels};
    int64_t groups = divisors[pick(0, 2)];
    int64_t kernel = pick(1, 3), padding = pick(0, kernel - 1);
    int64_t smaller = std::min(shapeOf(image)[2], shapeOf(image)[3]);
    kernel = std::min(kernel, smaller + 2 * padding);
    int64_t outputs = groups * pick(1, 2);
    Sizes shape = {outputs, channels / groups, kernel, kernel};
    // Sums of this many products stay near the size of their operands.
    float bound = std::sqrt(3.0f / (shape[1] * kernel * kernel));
    Value filter = nn::ConstantOp::create(
        builder, location, floats({outputs, kernel, kernel, shape[1]}),
        pickElements(shape, -bound, bound), /*view=*/nullptr,
        builder.getDenseI64ArrayAttr({0, 2, 3, 1}));
    Value bias = pick(0, 1) ? pickConstant({outputs}, -1, 1) : Value();
    return toNchw(nn::Conv2DOp::create(
        builder, location, toNhwc(image), filter, bias, Sizes(2, pick(1, 2)),
        Sizes(4, padding), Sizes{1, 1}, groups, nn::ClampAttr()));
  }

  Value batchNorm(Value image) {
    int64_t channels = channelsOf(image);
    bool hasShift = pick(0, 3) != 0;
    return toNchw(nn::ScaleShiftOp::create(
        builder, location, toNhwc(image),
        pickConstant({channels}, pick(0, 3) ? 0.5f : -1.5f, 1.5f),
        hasShift ? pickConstant({channels}, -1, 1) : uniform(channels, 0),
        nn::ClampAttr()));
  }

  Value clamp(Value value) {
    auto bounds = nn::ClampAttr::get(
        builder.getContext(), pick(0, 3) ? 0.0f : -1.0f,
        pick(0, 1) ? 2.0f : std::numeric_limits<float>::infinity());
    return nn::ClampOp::create(builder, location, value, bounds);
  }

  Value pool(Value image) {
    int64_t smaller = std::min(shapeOf(image)[2], shapeOf(image)[3]);
    int64_t kernel = std::min(pick(1, 3), smaller);
    Sizes kernels(2, kernel), strides(2, pick(1, 2));
    Sizes pads(4, pick(0, kernel - 1) / 2);
    Value nhwc = toNhwc(image);
    if (pick(0, 1))
      return toNchw(nn::AvgPool2DOp::create(builder, location, nhwc, kernels,
                                            strides, pads, nn::ClampAttr()));
    return toNchw(nn::MaxPool2DOp::create(builder, location, nhwc, kernels,
                                          strides, pads, Sizes{1, 1},
                                          nn::ClampAttr()));
  }

  Value pad(Value image) {
    Sizes low = {0, 0, pick(0, 1), pick(0, 1)};
    Sizes high = {0, 0, pick(0, 1), pick(0, 2)};
    return nn::PadOp::create(builder, location, image, low, high);
  }

  Value slice(Value image) {
    Sizes sizes(shapeOf(image)), offsets = {0, 0, 0, 0};
    int64_t dimension = pick(2, 3);
    offsets[dimension] = sizes[dimension] > 4 ? 1 : 0;
    sizes[dimension] -= offsets[dimension];
    return nn::SliceOp::create(builder, location, image, offsets, sizes);
  }

  /// Of all images of the same shape, so that branches meet again.
  Value combine(Value image) {
    SmallVector<Value> others;
    for (Value other : images)
      if (other.getType() == image.getType())
        others.push_back(other);
    Value other = others[pick(0, others.size() - 1)];
    switch (pick(0, 2)) {
    case 0:
      return nn::AddOp::create(builder, location, image, other,
                               nn::ClampAttr());
    case 1:
      return clamp(nn::MultiplyOp::create(builder, location, image, other,
                                          nn::ClampAttr()));
    default:
      if (channelsOf(image) > 4)
        return nn::AddOp::create(builder, location, other, image,
                                 nn::ClampAttr());
      return nn::ConcatOp::create(builder, location, ValueRange{image, other},
                                  /*axis=*/1);
    }
  }

  /// image * min(max(image + 3, 0), 6) / 6 in one of its forms.
  Value hardSwish(Value image) {
    int64_t channels = channelsOf(image);
    auto affine = [&](Value value, float scale, float shift) -> Value {
      return toNchw(nn::ScaleShiftOp::create(
          builder, location, toNhwc(value), uniform(channels, scale),
          uniform(channels, shift), nn::ClampAttr()));
    };
    auto multiply = [&](Value lhs, Value rhs) -> Value {
      return nn::MultiplyOp::create(builder, location, lhs, rhs,
                                    nn::ClampAttr());
    };
    bool divideLast = pick(0, 1);
    Value gate = divideLast ? affine(image, 1, 3) : affine(image, 1 / 6.f, .5f);
    gate = nn::ClampOp::create(
        builder, location, gate,
        nn::ClampAttr::get(builder.getContext(), 0.0f, divideLast ? 6 : 1));
    Value product = multiply(image, gate);
    return divideLast ? affine(product, 1 / 6.f, 0) : product;
  }

  /// Squeeze and excitation, through a matrix of one pixel.
  Value attention(Value image) {
    int64_t channels = channelsOf(image);
    Value pooled =
        toNchw(nn::GlobalAvgPoolOp::create(builder, location, toNhwc(image)));
    Value row =
        nn::ReshapeOp::create(builder, location, floats({1, channels}), pooled);
    Value gate = nn::SigmoidOp::create(
        builder, location, fullyConnected(row, /*outputs=*/channels));
    gate = nn::ReshapeOp::create(builder, location, floats({1, channels, 1, 1}),
                                 gate);
    return toNchw(nn::MultiplyOp::create(builder, location, toNhwc(image),
                                         toNhwc(gate), nn::ClampAttr()));
  }

  Value pickOperation() {
    Value image = pickImage();
    switch (pick(0, 13)) {
    case 0:
      return pool(image);
    case 1:
      return pad(image);
    case 2:
      return slice(image);
    case 3:
    case 4:
      return combine(image);
    case 5:
      return nn::SigmoidOp::create(builder, location, image);
    case 6:
      return hardSwish(image);
    case 7:
      return attention(image);
    case 8:
    case 9:
      return clamp(image);
    case 10:
    case 11:
      return batchNorm(image);
    default:
      return conv(image);
    }
  }

  //===--------------------------------------------------------------------===//
  // The end
  //===--------------------------------------------------------------------===//

  Value fullyConnected(Value row, int64_t outputs) {
    int64_t inputs = shapeOf(row)[1];
    float bound = std::sqrt(3.0f / inputs);
    bool isTransposed = pick(0, 1);
    Sizes stored = {outputs, inputs};
    if (isTransposed)
      std::swap(stored[0], stored[1]);
    Value filter = nn::ConstantOp::create(
        builder, location, floats({outputs, inputs}),
        pickElements(stored, -bound, bound), /*view=*/nullptr,
        isTransposed ? builder.getDenseI64ArrayAttr({1, 0}) : nullptr);
    return nn::FullyConnectedOp::create(builder, location, row, filter, Value(),
                                        nn::ClampAttr());
  }

  /// Flattens the last image, in the order of NCHW, before a classifier.
  Value classify(Value image) {
    int64_t size = cast<RankedTensorType>(image.getType()).getNumElements();
    Value row =
        nn::ReshapeOp::create(builder, location, floats({1, size}), image);
    if (pick(0, 1))
      row = clamp(row);
    if (pick(0, 1))
      row = nn::ScaleShiftOp::create(
          builder, location, row, pickConstant({size}, 0.5f, 1.5f),
          pickConstant({size}, -1, 1), nn::ClampAttr());
    if (pick(0, 1))
      row = nn::AddOp::create(builder, location, row,
                              pickConstant({1, size}, -1, 1), nn::ClampAttr());
    return fullyConnected(row, /*outputs=*/3);
  }

  void finish() {
    Value last = images.back();
    Value result = pick(0, 3) ? classify(last) : last;
    func::ReturnOp::create(builder, location, result);
    function.setFunctionType(builder.getFunctionType(
        function.getArgumentTypes(), {result.getType()}));
  }

  OpBuilder builder;
  Location location;
  std::mt19937 random;
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
  SmallVector<Value> images;
};

bool isOnlyUseOf(Value value, bool (*canTakeIn)(Operation *)) {
  Operation *producer = value.getDefiningOp();
  return producer && value.hasOneUse() && canTakeIn(producer);
}

/// What is wrong with `op` in a network that was cleaned up, or null.
const char *describeLeftover(Operation *op) {
  return TypeSwitch<Operation *, const char *>(op)
      .Case([](nn::TransposeOp) { return "is a transpose"; })
      .Case([](nn::ClampOp clamp) -> const char * {
        bool couldFuse = isOnlyUseOf(clamp.getInput(), [](Operation *op) {
          return isa<nn::Conv2DOp, nn::FullyConnectedOp, nn::AddOp,
                     nn::ScaleShiftOp, nn::ClampOp>(op);
        });
        return couldFuse ? "could be part of its producer" : nullptr;
      })
      .Case([](nn::ScaleShiftOp scale) -> const char * {
        bool couldFold = isOnlyUseOf(scale.getInput(), [](Operation *op) {
          return isa<nn::Conv2DOp, nn::FullyConnectedOp, nn::ScaleShiftOp>(
                     op) &&
                 !op->hasAttr("clamp");
        });
        return couldFold ? "could be part of the weights before it" : nullptr;
      })
      .Case([](nn::Conv2DOp conv) -> const char * {
        return conv.getInput().getDefiningOp<nn::PadOp>()
                   ? "could do the padding before it"
                   : nullptr;
      })
      .Default([](Operation *) { return nullptr; });
}

int64_t caseCount() {
  const char *count = std::getenv("WINDROW_PROPERTY_CASES");
  return count ? std::atoll(count) : 300;
}

TEST(CleanupTest, KeepsRandomNetworks) {
  for (int64_t seed = 0; seed < caseCount() && !testing::Test::HasFailure();
       ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    MLIRContext context(MLIRContext::Threading::DISABLED);
    context.loadDialect<func::FuncDialect, nn::NnDialect>();
    ImportedNetwork network(context, seed);
    ASSERT_TRUE(succeeded(verify(network.getModule())));
    OwningOpRef<ModuleOp> after = network.getModule().clone();
    PassManager passes(&context);
    buildCleanupPipeline(passes);
    ASSERT_TRUE(succeeded(passes.run(*after)));

    reference::expectSameResults(
        network.getModule().lookupSymbol<func::FuncOp>("main"),
        after->lookupSymbol<func::FuncOp>("main"), /*tolerance=*/1e-5f);
    after->walk([](Operation *op) {
      if (const char *leftover = describeLeftover(op)) {
        std::string text;
        llvm::raw_string_ostream(text) << *op;
        ADD_FAILURE() << text << " " << leftover;
      }
    });
    if (testing::Test::HasFailure()) {
      std::string text;
      llvm::raw_string_ostream stream(text);
      network.getModule().print(stream);
      after->print(stream);
      ADD_FAILURE() << text;
    }
  }
}

} // namespace
} // namespace windrow
