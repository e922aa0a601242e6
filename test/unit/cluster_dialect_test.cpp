//===- cluster_dialect_test.cpp - questions to the cluster dialect --------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Cluster/Cluster.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace windrow::cluster;

namespace {

class ClusterDialectTest : public testing::Test {
protected:
  ClusterDialectTest() {
    context.loadDialect<ClusterDialect, func::FuncDialect>();
  }
  MLIRContext context;
};

TEST_F(ClusterDialectTest, LayoutFindsDevices) {
  auto layout = cast<LayoutAttr>(parseAttribute(
      R"(#cluster.layout<rows, ["press-1", "press-2"], [0, 35, 56]>)",
      &context));
  EXPECT_EQ(layout.getDevicePosition("press-2"), 1);
  EXPECT_EQ(layout.getDevicePosition("press-3"), -1);
}

TEST_F(ClusterDialectTest, LayoutsKnowWhatIsOwnedAndComputed) {
  auto layout = cast<LayoutAttr>(parseAttribute(
      R"(#cluster.layout<rows, ["a", "b"], [0, 35, 56], computed = [0, 37, 34, 56]>)",
      &context));
  EXPECT_EQ(layout.getOwnedInterval(1), (windrow::RowInterval{35, 56}));
  EXPECT_EQ(layout.getComputedInterval(0), (windrow::RowInterval{0, 37}));
  EXPECT_EQ(layout.getComputedInterval(1), (windrow::RowInterval{34, 56}));
  auto plain = cast<LayoutAttr>(parseAttribute(
      R"(#cluster.layout<channels, ["a", "b"], [0, 3, 4]>)", &context));
  EXPECT_EQ(plain.getComputedInterval(1), (windrow::RowInterval{3, 4}));
  EXPECT_TRUE(plain.isDivided());
  auto partials = cast<PartialsAttr>(
      parseAttribute(R"(#cluster.partials<["a", "b"], [0, 3, 4]>)", &context));
  EXPECT_EQ(partials.getInterval(0), (windrow::RowInterval{0, 3}));
}

TEST_F(ClusterDialectTest, LayoutNamesDevices) {
  std::string message;
  ScopedDiagnosticHandler handler(
      &context, [&](Diagnostic &diagnostic) { message = diagnostic.str(); });
  auto emitError = [&] { return mlir::emitError(UnknownLoc::get(&context)); };
  EXPECT_FALSE(LayoutAttr::getChecked(
      emitError, &context, LayoutKind::Owner, ArrayRef<StringAttr>{},
      ArrayRef<int64_t>{}, ArrayRef<int64_t>{}, int64_t(1)));
  EXPECT_EQ(message, "must name at least one device");
}

TEST_F(ClusterDialectTest, PlacedValuesHaveHolders) {
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(R"mlir(
    func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
      %0 = cluster.transfer %x from "client" to "a" : tensor<1x4xf32>
      %1 = cluster.fragment on "a" -> tensor<1x4xf32> {
        cluster.yield %0 : tensor<1x4xf32>
      }
      %2 = cluster.transfer %1 from "a" to "b" : tensor<1x4xf32>
      %3:2 = cluster.all_reduce %1, %2 on ["a", "b"] : tensor<1x4xf32>
      %4 = cluster.transfer %3#1 from "b" to "client" : tensor<1x4xf32>
      return %4 : tensor<1x4xf32>
    })mlir",
                                                             &context);
  ASSERT_TRUE(module);
  SmallVector<StringRef> holders;
  auto function = *module->getOps<func::FuncOp>().begin();
  for (Operation &op : function.front())
    for (Value result : op.getResults())
      holders.push_back(getHolder(result)->getValue());
  EXPECT_EQ(holders,
            (SmallVector<StringRef>{"a", "a", "b", "a", "b", "client"}));
  EXPECT_EQ(getHolder(function.getArgument(0))->getValue(), clientName);
}

} // namespace
