//===- interpreter_test.h - A fixture for the reference interpreter *- C++
//-*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_UNIT_INTERPRETERTEST_H
#define WINDROW_TEST_UNIT_INTERPRETERTEST_H

#include "test/interpreter/Interpreter.h"

#include "dialects/Cluster/Cluster.h"
#include "dialects/Nn/Nn.h"

#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

#include <string>

namespace windrow::reference {

class InterpreterTest : public testing::Test {
protected:
  InterpreterTest() {
    context.loadDialect<mlir::func::FuncDialect, nn::NnDialect,
                        cluster::ClusterDialect>();
    context.getDiagEngine().registerHandler([this](mlir::Diagnostic &error) {
      errors += error.str() + "\n";
      return mlir::success();
    });
  }

  mlir::ModuleOp parse(llvm::StringRef source) {
    module = mlir::parseSourceString<mlir::ModuleOp>(source, &context);
    EXPECT_TRUE(module) << errors;
    return *module;
  }

  /// The only result of the only function of `source`.
  Tensor run(llvm::StringRef source, llvm::ArrayRef<Tensor> inputs) {
    auto functions = parse(source).getOps<mlir::func::FuncOp>();
    mlir::FailureOr<Tensors> results = interpret(*functions.begin(), inputs);
    if (failed(results) || results->size() != 1) {
      ADD_FAILURE() << "must have one result; " << errors;
      return Tensor();
    }
    return results->front();
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string errors;
};

/// `first` and the numbers that follow it.
inline Tensor iota(Shape shape, float first = 1) {
  Tensor tensor(std::move(shape));
  for (float &value : tensor.values)
    value = first++;
  return tensor;
}

} // namespace windrow::reference

#endif // WINDROW_TEST_UNIT_INTERPRETERTEST_H
