//===- transforms_test.cpp - Cleaned-up graphs compute the same -----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs every function of the lit tests of each pass through the reference
// interpreter, before and after the pass, on random inputs.
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"
#include "passes/Pipelines.h"
#include "test/interpreter/FunctionComparison.h"
#include "test/support/test_data.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/Support/MemoryBuffer.h"

#include <gtest/gtest.h>

#include <random>

using namespace mlir;

namespace windrow {
namespace {

struct TransformCase {
  /// The pass, and the name of its lit test.
  const char *pass;
  /// Largest difference, relative to the largest element; 0 where a pass does
  /// no arithmetic and keeps the order of what is there.
  float tolerance;
};

void PrintTo(const TransformCase &testCase, std::ostream *stream) {
  *stream << testCase.pass;
}

class TransformsTest : public testing::TestWithParam<TransformCase> {
protected:
  TransformsTest() { context.loadDialect<func::FuncDialect, nn::NnDialect>(); }

  /// Runs the pass over each function of `source` and compares. Returns how
  /// many functions there were.
  int comparePartOfFile(StringRef source);

  MLIRContext context;
  /// How many functions the pass made something else of.
  int changed = 0;
};

/// Gives random elements to resources, which lit tests leave out.
void supplyResources(ModuleOp module) {
  module.walk([](nn::ConstantOp constant) {
    auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue());
    if (!resource)
      return;
    SmallVector<float> elements(resource.getNumElements());
    std::minstd_rand random(elements.size());
    std::uniform_real_distribution<float> element(-1, 1);
    for (float &value : elements)
      value = element(random);
    resource.getRawHandle().getResource()->setBlob(
        HeapAsmResourceBlob::allocateAndCopyInferAlign(
            ArrayRef<float>(elements)));
  });
}

int TransformsTest::comparePartOfFile(StringRef source) {
  OwningOpRef<ModuleOp> before =
      parseSourceString<ModuleOp>(source, ParserConfig(&context));
  if (!before) {
    ADD_FAILURE() << "must parse: " << source.str();
    return 0;
  }
  supplyResources(*before);
  OwningOpRef<ModuleOp> after = before->clone();
  PassManager passes(&context, ModuleOp::getOperationName());
  std::string error;
  llvm::raw_string_ostream errors(error);
  std::string pipeline = "func.func(" + std::string(GetParam().pass) + ")";
  if (failed(parsePassPipeline(pipeline, passes, errors)) ||
      failed(passes.run(*after))) {
    ADD_FAILURE() << pipeline << " must run: " << error;
    return 0;
  }

  int count = 0;
  for (auto function : before->getOps<func::FuncOp>()) {
    if (function.isExternal())
      continue;
    SCOPED_TRACE(function.getSymName().str());
    auto rewritten = after->lookupSymbol<func::FuncOp>(function.getSymName());
    reference::expectSameResults(function, rewritten, GetParam().tolerance);
    ++count;
    changed += !OperationEquivalence::isEquivalentTo(
        function, rewritten, OperationEquivalence::IgnoreLocations);
  }
  return count;
}

TEST_P(TransformsTest, KeepsWhatItsLitTestComputes) {
  std::filesystem::path path = test::sourceDir() / "test" / "Passes" /
                               (std::string(GetParam().pass) + ".mlir");
  auto file = llvm::MemoryBuffer::getFile(path.string());
  ASSERT_TRUE(file) << path << ": " << file.getError().message();
  SmallVector<StringRef> parts;
  (*file)->getBuffer().split(parts, "// -----");
  int count = 0;
  for (StringRef part : parts)
    count += comparePartOfFile(part);
  EXPECT_GE(count, 5);
  EXPECT_GE(changed, 3);
}

INSTANTIATE_TEST_SUITE_P(
    , TransformsTest,
    testing::Values(TransformCase{"nn-convert-layout", 1e-6f},
                    TransformCase{"nn-drop-identities", 0},
                    TransformCase{"nn-fold-batch-norm", 1e-5f},
                    TransformCase{"nn-fold-constants", 1e-6f},
                    TransformCase{"nn-fuse-clamps", 0},
                    TransformCase{"nn-merge-pads", 0},
                    TransformCase{"nn-recognize-hard-swish", 1e-5f}),
    [](const testing::TestParamInfo<TransformCase> &info) {
      std::string name = info.param.pass;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

/// Registers passes once, before any test parses a pipeline.
const bool passesAreRegistered = (registerPassesAndPipelines(), true);

} // namespace
} // namespace windrow
