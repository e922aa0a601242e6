//===- compaction_test.cpp - What compacted layers compute ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Networks that a rewrite can express exactly compute the same afterwards;
// others compute what the approximated filters say.
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"
#include "passes/Compact/LayerWeights.h"
#include "passes/Pipelines.h"
#include "test/interpreter/FunctionComparison.h"

#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

#include <gtest/gtest.h>

#include <random>

using namespace mlir;

namespace windrow {
namespace {

class CompactionTest : public testing::Test {
protected:
  CompactionTest() : builder(&context) {
    context.loadDialect<func::FuncDialect, nn::NnDialect>();
    // Remarks are pinned by lit tests.
    context.getDiagEngine().registerHandler([](Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
        ADD_FAILURE() << diagnostic.str();
      return success();
    });
    module = ModuleOp::create(UnknownLoc::get(&context));
  }

  /// Begins a function that takes one image of `shape`, and returns the image.
  Value begin(ArrayRef<int64_t> shape) {
    auto type = RankedTensorType::get(shape, builder.getF32Type());
    builder.setInsertionPointToEnd(module->getBody());
    function = func::FuncOp::create(builder, builder.getUnknownLoc(), "main",
                                    builder.getFunctionType(type, type));
    builder.setInsertionPointToStart(function.addEntryBlock());
    return function.getArgument(0);
  }

  void finish(Value result) {
    func::ReturnOp::create(builder, builder.getUnknownLoc(), result);
    function.setFunctionType(
        builder.getFunctionType(function.getArgumentTypes(), result.getType()));
  }

  Location at(StringRef name) {
    return NameLoc::get(builder.getStringAttr(name));
  }

  Matrix random(int64_t rows, int64_t columns) {
    std::normal_distribution<double> element;
    Matrix matrix(rows, columns);
    for (int64_t i = 0; i < matrix.size(); ++i)
      matrix.data()[i] = element(numbers);
    return matrix / std::sqrt(columns);
  }

  Value constant(ArrayRef<int64_t> shape, const Matrix &elements) {
    return nn::makeConstant(builder, at("weights"), shape, elements);
  }

  Value convolve(StringRef name, Value input, const FilterShape &shape,
                 const Matrix &filter, int64_t stride = 1,
                 int64_t dilation = 1) {
    int64_t pad = shape.height / 2 * dilation;
    return nn::Conv2DOp::create(
        builder, at(name), input,
        constant({shape.outputs, shape.height, shape.width, shape.inputs},
                 filter),
        constant({shape.outputs}, random(1, shape.outputs)),
        ArrayRef<int64_t>{stride, stride},
        ArrayRef<int64_t>{pad, pad, pad, pad},
        ArrayRef<int64_t>{dilation, dilation}, /*groups=*/1,
        nn::ClampAttr::get(&context, -0.5f, 2.0f));
  }

  /// The function after `pipeline`, of passes on functions.
  func::FuncOp rewrite(const std::string &pipeline) {
    rewritten.push_back(module->clone());
    PassManager passes(&context, ModuleOp::getOperationName());
    std::string text = "func.func(" + pipeline + ")";
    if (failed(parsePassPipeline(text, passes)) ||
        failed(passes.run(*rewritten.back())))
      ADD_FAILURE() << text << " must run";
    return rewritten.back()->lookupSymbol<func::FuncOp>("main");
  }

  static int64_t count(func::FuncOp function, StringRef name) {
    int64_t count = 0;
    function.walk(
        [&](Operation *op) { count += op->getName().getStringRef() == name; });
    return count;
  }

  MLIRContext context;
  OpBuilder builder;
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
  SmallVector<OwningOpRef<ModuleOp>> rewritten;
  std::minstd_rand numbers{7};
};

//===----------------------------------------------------------------------===//
// nn-compact-bottleneck
//===----------------------------------------------------------------------===//

struct BottleneckCase {
  const char *attention;
  int64_t stride;
  int64_t dilation;
};

void PrintTo(const BottleneckCase &testCase, std::ostream *stream) {
  *stream << testCase.attention << ", stride " << testCase.stride
          << ", dilation " << testCase.dilation;
}

class BottleneckTest : public CompactionTest,
                       public testing::WithParamInterface<BottleneckCase> {
protected:
  void build(const Matrix &filter, const FilterShape &shape) {
    finish(convolve("layer", begin({2, 9, 7, shape.inputs}), shape, filter,
                    GetParam().stride, GetParam().dilation));
  }
  std::string pass() const {
    return std::string("nn-compact-bottleneck{layers=layer ratio=4 "
                       "min-channels=2 attention=") +
           GetParam().attention + "}";
  }
};

TEST_P(BottleneckTest, EqualsAFilterOfLowRank) {
  FilterShape shape{24, 3, 5, 16};
  TuckerFactors factors;
  factors.reduce = random(4, 16);
  factors.core = random(6 * shape.taps(), 4);
  factors.expand = random(24, 6);
  build(multiplyFactors(factors, shape), shape);
  func::FuncOp after = rewrite(pass());
  ASSERT_EQ(count(after, "nn.conv_2d"),
            GetParam().attention == StringRef("eca") ? 4 : 3);
  reference::expectSameResults(function, after, 1e-5f);
}

TEST_P(BottleneckTest, EqualsItsTucker2Approximation) {
  FilterShape shape{24, 3, 3, 16};
  Matrix filter = random(24 * 9, 16);
  build(filter, shape);
  func::FuncOp after = rewrite(pass());
  TuckerFactors factors = decomposeTucker2(filter, shape, {4, 6});
  ASSERT_GT(factors.relativeError, 0.1);
  function.walk([&](nn::Conv2DOp conv) {
    builder.setInsertionPoint(conv);
    conv.getFilterMutable().assign(
        constant({24, 3, 3, 16}, multiplyFactors(factors, shape)));
  });
  reference::expectSameResults(function, after, 1e-5f);
}

INSTANTIATE_TEST_SUITE_P(, BottleneckTest,
                         testing::Values(BottleneckCase{"none", 1, 1},
                                         BottleneckCase{"fc", 1, 1},
                                         BottleneckCase{"fc", 2, 1},
                                         BottleneckCase{"eca", 2, 1},
                                         BottleneckCase{"fc", 1, 2}));

//===----------------------------------------------------------------------===//
// nn-separate-depthwise
//===----------------------------------------------------------------------===//

TEST_F(CompactionTest, SeparatesAFilterOfTwoTerms) {
  FilterShape shape{40, 3, 3, 8};
  Matrix filter = Matrix::Zero(40 * 9, 8);
  for (int64_t input = 0; input < 8; ++input) {
    Matrix outer = random(40, 2) * random(2, 9);
    filter.col(input) = Eigen::Map<Eigen::VectorXd>(outer.data(), outer.size());
  }
  finish(convolve("layer", begin({2, 9, 7, 8}), shape, filter, /*stride=*/2));
  func::FuncOp after = rewrite("nn-separate-depthwise{layers=layer terms=2}");
  ASSERT_EQ(count(after, "nn.conv_2d"), 2);
  reference::expectSameResults(function, after, 1e-5f);
}

//===----------------------------------------------------------------------===//
// nn-low-rank-dense
//===----------------------------------------------------------------------===//

TEST_F(CompactionTest, FactorsAMatrixOfLowRank) {
  for (auto [rows, columns] : {std::pair(30, 50), std::pair(50, 30)}) {
    module = ModuleOp::create(UnknownLoc::get(&context));
    Matrix matrix = random(rows, 5) * random(5, columns);
    Value image = begin({2, columns});
    finish(nn::FullyConnectedOp::create(
        builder, at("layer"), image, constant({rows, columns}, matrix),
        constant({rows}, random(1, rows)),
        nn::ClampAttr::get(&context, -0.5f, 2.0f)));
    func::FuncOp after =
        rewrite("nn-low-rank-dense{layers=layer energy=0.999999}");
    ASSERT_EQ(count(after, "nn.fully_connected"), 2);
    reference::expectSameResults(function, after, 1e-5f);
  }
}

//===----------------------------------------------------------------------===//
// nn-prune-channels
//===----------------------------------------------------------------------===//

/// Layers some of whose channels compute zero, whatever they are given: without
/// those, a network computes the same, if the right weights are left elsewhere.
class PruneTest : public CompactionTest {
protected:
  /// Zeros instead of the rows of a filter and of a bias that belong to outputs
  /// in `dead`.
  Matrix withDeadRows(Matrix elements, int64_t outputs,
                      ArrayRef<int64_t> dead) {
    int64_t size = elements.size() / outputs;
    for (int64_t output : dead)
      std::fill_n(elements.data() + output * size, size, 0.0);
    return elements;
  }

  Value addConv(StringRef name, Value input, int64_t outputs, int64_t kernel,
                ArrayRef<int64_t> dead, int64_t groups = 1) {
    int64_t inputs =
        cast<RankedTensorType>(input.getType()).getDimSize(3) / groups;
    int64_t pad = kernel / 2;
    Value filter = constant(
        {outputs, kernel, kernel, inputs},
        withDeadRows(random(outputs * kernel * kernel, inputs), outputs, dead));
    Value bias =
        constant({outputs}, withDeadRows(random(1, outputs), outputs, dead));
    return nn::Conv2DOp::create(
        builder, at(name), input, filter, bias, ArrayRef<int64_t>{1, 1},
        ArrayRef<int64_t>{pad, pad, pad, pad}, ArrayRef<int64_t>{1, 1}, groups,
        nn::ClampAttr::get(&context, -0.5f, 2.0f));
  }

  Value addDense(StringRef name, Value input, int64_t outputs,
                 ArrayRef<int64_t> dead) {
    int64_t inputs = cast<RankedTensorType>(input.getType()).getDimSize(1);
    Value filter =
        constant({outputs, inputs},
                 withDeadRows(random(outputs, inputs), outputs, dead));
    Value bias =
        constant({outputs}, withDeadRows(random(1, outputs), outputs, dead));
    return nn::FullyConnectedOp::create(builder, at(name), input, filter, bias,
                                        nn::ClampAttr());
  }

  Value flatten(Value image) {
    auto type = cast<RankedTensorType>(image.getType());
    return nn::ReshapeOp::create(
        builder, at("flatten"),
        type.clone(
            {type.getDimSize(0), type.getNumElements() / type.getDimSize(0)}),
        image);
  }

  Value maxPool(Value image) {
    return nn::MaxPool2DOp::create(
        builder, at("pool"), image, ArrayRef<int64_t>{2, 2},
        ArrayRef<int64_t>{2, 2}, ArrayRef<int64_t>{0, 0, 0, 0},
        ArrayRef<int64_t>{1, 1}, nn::ClampAttr());
  }

  /// Prunes the part `ratio` of all channels, which must be the dead ones, and
  /// a little more for rounding.
  func::FuncOp prune(double ratio) {
    func::FuncOp after =
        rewrite("nn-prune-channels{layers=. scope=network min-channels=1 "
                "ratio=" +
                std::to_string(ratio + 1e-4) + "}");
    reference::expectSameResults(function, after, 1e-5f);
    return after;
  }

  static int64_t countFilterElements(func::FuncOp function) {
    int64_t count = 0;
    function.walk([&](Operation *op) {
      if (isa<nn::Conv2DOp, nn::FullyConnectedOp>(op))
        count += cast<RankedTensorType>(op->getOperand(1).getType())
                     .getNumElements();
    });
    return count;
  }
};

TEST_F(PruneTest, FollowsPoolsAndFlattening) {
  Value x = addConv("a", begin({1, 8, 8, 3}), 8, 3, {1, 6});
  x = addConv("b", maxPool(x), 12, 3, {0, 4, 5});
  x = addDense("c", flatten(maxPool(x)), 20, {3, 7, 11, 12, 19});
  finish(addDense("d", x, 5, {}));
  func::FuncOp after = prune(10.0 / 40);
  EXPECT_EQ(countFilterElements(after),
            6 * 27 + 9 * 9 * 6 + 15 * 4 * 9 + 5 * 15);
}

TEST_F(PruneTest, KeepsResidualAdditionsTogether) {
  Value stem = addConv("stem", begin({1, 6, 6, 3}), 8, 1, {2, 3});
  Value branch = addConv("inner", stem, 6, 3, {5});
  branch = addConv("branch", branch, 8, 3, {2, 3});
  Value sum =
      nn::AddOp::create(builder, at("sum"), stem, branch, nn::ClampAttr());
  Value scale = constant({8}, random(1, 8));
  Value shift = constant({8}, withDeadRows(random(1, 8), 8, {2, 3}));
  sum = nn::ScaleShiftOp::create(builder, at("norm"), sum, scale, shift,
                                 nn::ClampAttr());
  finish(addConv("head", sum, 4, 1, {}));
  func::FuncOp after = prune(3.0 / 14);
  EXPECT_EQ(countFilterElements(after), 6 * 3 + 5 * 9 * 6 + 6 * 9 * 5 + 4 * 6);
}

TEST_F(PruneTest, FollowsConcatenationsAndSlices) {
  Value x = addConv("stem", begin({1, 6, 6, 3}), 6, 1, {4});
  Value left = addConv("left", x, 5, 1, {0, 3}),
        right = addConv("right", x, 7, 3, {1, 6});
  Value joint = nn::ConcatOp::create(builder, at("concat"),
                                     ValueRange{left, right}, uint64_t(3));
  // Two channels of the left, five of the right one.
  Value part = nn::SliceOp::create(builder, at("slice"), joint,
                                   ArrayRef<int64_t>{0, 0, 0, 3},
                                   ArrayRef<int64_t>{1, 6, 6, 7});
  Value both = nn::ConcatOp::create(builder, at("again"),
                                    ValueRange{part, joint}, uint64_t(3));
  finish(addConv("head", both, 4, 1, {}));
  func::FuncOp after = prune(5.0 / 18);
  EXPECT_EQ(countFilterElements(after),
            5 * 3 + 3 * 5 + 5 * 9 * 5 + 4 * (5 + 8));
}

TEST_F(PruneTest, FollowsDepthwiseConvolutions) {
  Value x = addConv("stem", begin({1, 6, 6, 3}), 6, 1, {0, 4});
  // Two filters for each channel.
  x = addConv("depthwise", x, 12, 3, {0, 1, 8, 9}, /*groups=*/6);
  finish(addConv("head", x, 4, 1, {}));
  func::FuncOp after = prune(2.0 / 6);
  EXPECT_EQ(countFilterElements(after), 4 * 3 + 8 * 9 + 4 * 8);
  after.walk([](nn::Conv2DOp conv) {
    if (conv.getGroups() != 1) {
      EXPECT_EQ(conv.getGroups(), 4u);
    }
  });
}

TEST_F(PruneTest, FollowsChannelAttention) {
  Value x = addConv("stem", begin({1, 6, 6, 3}), 6, 1, {2, 5});
  Value pooled = nn::GlobalAvgPoolOp::create(builder, at("pool"), x);
  // Its dead outputs are gates of one half for channels of zeros.
  Value gate = addDense("gate", flatten(pooled), 6, {2, 5});
  gate = nn::SigmoidOp::create(builder, at("gate"), gate.getType(), gate);
  gate = nn::ReshapeOp::create(builder, at("gate"), pooled.getType(), gate);
  x = nn::MultiplyOp::create(builder, at("multiply"), x, gate, nn::ClampAttr());
  finish(addConv("head", x, 4, 1, {}));
  func::FuncOp after = prune(2.0 / 6);
  EXPECT_EQ(countFilterElements(after), 4 * 3 + 4 * 4 + 4 * 4);
}

/// Registers passes once, before any test parses a pipeline.
const bool passesAreRegistered = (registerPassesAndPipelines(), true);

} // namespace
} // namespace windrow
