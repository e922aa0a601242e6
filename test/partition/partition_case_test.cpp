//===- partition_case_test.cpp - What random plans hold -------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The property tests say something of what their cases hold only. Here cases
// are made from numbers that never change.
//
//===----------------------------------------------------------------------===//

#include "test/partition/PartitionCase.h"

#include "dialects/Cluster/Cluster.h"
#include "dialects/Nn/Nn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/Partition/Devices.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <map>
#include <random>
#include <set>
#include <string>

using namespace mlir;
using namespace windrow;
using namespace windrow::cluster;
using namespace windrow::test;

namespace {

std::vector<uint8_t> makeNumbers(std::mt19937 &random, size_t count) {
  std::vector<uint8_t> numbers(count);
  for (uint8_t &number : numbers)
    number = static_cast<uint8_t>(random());
  return numbers;
}

PartitionCase makeCase(std::mt19937 &random) {
  PartitionCase numbers;
  numbers.network.image = makeNumbers(random, 4);
  for (int layer = 0; layer < 10; ++layer)
    numbers.network.layers.push_back(makeNumbers(random, 24));
  numbers.network.head = makeNumbers(random, 6);
  numbers.cluster = makeNumbers(random, 8);
  numbers.plan = makeNumbers(random, 600);
  return numbers;
}

TEST(PartitionCase, ReadsNumbersAndPixels) {
  MLIRContext context;
  context.loadDialect<nn::NnDialect, func::FuncDialect>();
  std::mt19937 random(7);
  std::set<std::string> inputs;
  for (int i = 0; i < 50; ++i) {
    OwningOpRef<ModuleOp> module =
        buildRandomNetwork(context, makeCase(random).network);
    module->walk([&](nn::NormalizeImageOp op) {
      const bool isGrey = nn::wholeRegion(op.getInput()).channels.end <
                          nn::wholeRegion(op.getResult()).channels.end;
      inputs.insert(isGrey ? "grey pixels" : "pixels");
    });
    func::FuncOp function = *module->getOps<func::FuncOp>().begin();
    auto type = cast<RankedTensorType>(function.getArgumentTypes().front());
    if (type.getElementType().isF32())
      inputs.insert("numbers");
  }
  EXPECT_THAT(inputs, testing::ElementsAre("grey pixels", "numbers", "pixels"));
}

std::string describeMode(Operation *op) {
  if (op->hasAttr(partialsAttrName))
    return "partials";
  auto layout = op->getAttrOfType<LayoutAttr>(layoutAttrName);
  return layout.getComputed().empty()
             ? stringifyLayoutKind(layout.getKind()).str()
             : "computed rows";
}

TEST(PartitionCase, MixesKernelsInEveryMode) {
  MLIRContext context;
  context.loadDialect<ClusterDialect, nn::NnDialect, func::FuncDialect>();
  context.disableMultithreading();
  std::mt19937 random(7);
  // In networks with several kernels, by mode.
  std::map<std::string, std::set<std::string>> kernelsByMode;
  for (int i = 0; i < 200; ++i) {
    const PartitionCase numbers = makeCase(random);
    const ClusterDescription cluster = buildCluster(Choices(numbers.cluster));
    OwningOpRef<ModuleOp> module = buildRandomNetwork(context, numbers.network);
    attachDevices(*module, cluster);
    Choices plan(numbers.plan);
    ASSERT_TRUE(succeeded(assignLayouts(*module, cluster, plan)));
    std::vector<nn::Conv2DOp> convolutions;
    std::set<nn::ConvolutionAlgorithm> kernels;
    module->walk([&](nn::Conv2DOp conv) {
      convolutions.push_back(conv);
      kernels.insert(conv.getAlgorithm());
    });
    if (kernels.size() > 1)
      for (nn::Conv2DOp conv : convolutions)
        kernelsByMode[describeMode(conv)].insert(
            stringifyConvolutionAlgorithm(conv.getAlgorithm()).str());
  }
  for (const char *mode :
       {"owner", "replicated", "rows", "computed rows", "channels", "partials"})
    EXPECT_THAT(kernelsByMode[mode],
                testing::ElementsAre("direct", "winograd2x2", "winograd4x4"))
        << mode;
}

TEST(PartitionCase, LetsThePlannerChangeKernels) {
  MLIRContext context;
  context.loadDialect<ClusterDialect, nn::NnDialect, func::FuncDialect>();
  context.disableMultithreading();
  std::mt19937 random(7);
  int divided = 0, changed = 0;
  for (int i = 0; i < 20; ++i) {
    PartitionCase numbers = makeCase(random);
    numbers.plan.front() = 3;
    const ClusterDescription cluster = buildCluster(Choices(numbers.cluster));
    OwningOpRef<ModuleOp> module = buildRandomNetwork(context, numbers.network);
    attachDevices(*module, cluster);
    auto listKernels = [&] {
      std::vector<nn::ConvolutionAlgorithm> kernels;
      module->walk(
          [&](nn::Conv2DOp conv) { kernels.push_back(conv.getAlgorithm()); });
      return kernels;
    };
    const auto before = listKernels();
    Choices plan(numbers.plan);
    ASSERT_TRUE(succeeded(assignLayouts(*module, cluster, plan)));
    changed += listKernels() != before;
    bool isDivided = false;
    module->walk([&](Operation *op) {
      if (auto layout = op->getAttrOfType<LayoutAttr>(layoutAttrName))
        isDivided |= layout.isDivided();
    });
    divided += isDivided;
  }
  EXPECT_GT(divided, 5);
  EXPECT_GT(changed, 3);
}

TEST(PartitionCase, HasStreamsOfSeveralLayers) {
  MLIRContext context;
  context.loadDialect<ClusterDialect, nn::NnDialect, func::FuncDialect>();
  context.disableMultithreading();
  std::mt19937 random(7);
  // By the kind of layout, how many have which number of pieces.
  std::map<std::string, std::map<int64_t, int>> longStreams;
  for (int i = 0; i < 300; ++i) {
    PartitionCase numbers = makeCase(random);
    numbers.plan.front() = 4;
    const ClusterDescription cluster = buildCluster(Choices(numbers.cluster));
    OwningOpRef<ModuleOp> module = buildRandomNetwork(context, numbers.network);
    attachDevices(*module, cluster);
    Choices plan(numbers.plan);
    ASSERT_TRUE(succeeded(assignLayouts(*module, cluster, plan)));
    std::vector<LayoutAttr> stream;
    module->walk([&](Operation *op) {
      auto layout = op->getAttrOfType<LayoutAttr>(layoutAttrName);
      if (layout && layout.getKind() != LayoutKind::Channels &&
          layout.getPieces() > 1)
        stream.push_back(layout);
    });
    if (stream.size() >= 3)
      ++longStreams[stringifyLayoutKind(stream.front().getKind()).str()]
                   [stream.front().getPieces()];
  }
  for (const char *kind : {"owner", "rows"})
    EXPECT_THAT(longStreams[kind],
                testing::ElementsAre(testing::Pair(2, testing::Ge(1)),
                                     testing::Pair(3, testing::Ge(1)),
                                     testing::Pair(4, testing::Ge(1)),
                                     testing::Pair(5, testing::Ge(1))))
        << kind;
}

} // namespace
