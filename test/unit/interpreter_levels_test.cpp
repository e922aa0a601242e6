//===- interpreter_levels_test.cpp - Placed and split networks, interpreted
//===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/interpreter_test.h"

#include <gmock/gmock.h>

using testing::ElementsAre;

namespace windrow::reference {
namespace {

TEST_F(InterpreterTest, PlacedLevel) {
  Tensor result = run(R"(
    func.func @f(%x: tensor<1x4x1x2xf32>) -> tensor<1x1x1x2xf32> {
      %x1 = cluster.fragment on "client" -> tensor<1x3x1x2xf32> {
        %0 = nn.slice %x {offsets = array<i64: 0, 0, 0, 0>,
                          sizes = array<i64: 1, 3, 1, 2>}
           : (tensor<1x4x1x2xf32>) -> tensor<1x3x1x2xf32>
        cluster.yield %0 : tensor<1x3x1x2xf32>
      }
      %x2 = cluster.fragment on "client" -> tensor<1x1x1x2xf32> {
        %0 = nn.slice %x {offsets = array<i64: 0, 3, 0, 0>,
                          sizes = array<i64: 1, 1, 1, 2>}
           : (tensor<1x4x1x2xf32>) -> tensor<1x1x1x2xf32>
        cluster.yield %0 : tensor<1x1x1x2xf32>
      }
      %p1 = cluster.transfer %x1 from "client" to "a" : tensor<1x3x1x2xf32>
      %p2 = cluster.transfer %x2 from "client" to "b" : tensor<1x1x1x2xf32>
      %all:2 = cluster.all_gather %p1, %p2 on ["a", "b"] axis 1
         : (tensor<1x3x1x2xf32>, tensor<1x1x1x2xf32>)
         -> (tensor<1x4x1x2xf32>, tensor<1x4x1x2xf32>)
      %s1 = cluster.fragment on "a" -> tensor<1x1x1x2xf32> {
        %0 = nn.global_sum_pool %all#0
           : (tensor<1x4x1x2xf32>) -> tensor<1x1x1x2xf32>
        cluster.yield %0 : tensor<1x1x1x2xf32>
      }
      %s:2 = cluster.all_reduce %s1, %p2 on ["a", "b"] : tensor<1x1x1x2xf32>
      %r = cluster.transfer %s#1 from "b" to "client" : tensor<1x1x1x2xf32>
      return %r : tensor<1x1x1x2xf32>
    })",
                      {iota({1, 4, 1, 2})});
  EXPECT_THAT(result.values, ElementsAre(16 + 7, 20 + 8));
}

// The client waits for the device and the device for the client.
TEST_F(InterpreterTest, DeviceLevel) {
  mlir::ModuleOp plan = parse(R"(
    module @client {
      func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
        cluster.send %x to @a channel 0 : tensor<2xf32>
        %r = cluster.recv from @a channel 1 : tensor<2xf32>
        return %r : tensor<2xf32>
      }
    }
    module @a {
      func.func @main() {
        %x = cluster.recv from @client channel 0 : tensor<2xf32>
        %0 = nn.add %x, %x : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
        cluster.send %0 to @client channel 1 : tensor<2xf32>
        return
      }
    })");
  mlir::FailureOr<Tensors> results =
      interpretDevices(plan, {Tensor({2}, {1, 2})});
  ASSERT_TRUE(succeeded(results)) << errors;
  EXPECT_THAT(results->front().values, ElementsAre(2, 4));
}

TEST_F(InterpreterTest, DeviceLevelDeadlock) {
  mlir::ModuleOp plan = parse(R"(
    module @client {
      func.func @main() {
        %x = cluster.recv from @a channel 0 : tensor<2xf32>
        cluster.send %x to @a channel 1 : tensor<2xf32>
        return
      }
    }
    module @a {
      func.func @main() {
        %x = cluster.recv from @client channel 1 : tensor<2xf32>
        cluster.send %x to @client channel 0 : tensor<2xf32>
        return
      }
    })");
  EXPECT_TRUE(failed(interpretDevices(plan, {})));
  EXPECT_EQ(errors, "'cluster.recv' op waits for a message that nobody can "
                    "send any more\n"
                    "'cluster.recv' op waits for a message that nobody can "
                    "send any more\n");
}

TEST_F(InterpreterTest, DeviceLevelUnreadMessage) {
  mlir::ModuleOp plan = parse(R"(
    module @client {
      func.func @main(%x: tensor<2xf32>) {
        cluster.send %x to @a channel 4 : tensor<2xf32>
        return
      }
    }
    module @a {
      func.func @main() { return }
    })");
  EXPECT_TRUE(failed(interpretDevices(plan, {Tensor(Shape{2})})));
  EXPECT_EQ(errors,
            "'builtin.module' op leaves a message on channel 4 unread\n");
}

TEST_F(InterpreterTest, ModelLayouts) {
  mlir::ModuleOp model = parse(R"(
    func.func @main(%x: tensor<1x1x2x3xf32> {nn.model_layout = "NCHW"},
                    %y: tensor<1x1x2x3xf32> {nn.model_layout = "NHWC"})
        -> (tensor<1x1x2x3xf32>,
            tensor<1x1x2x3xf32> {nn.model_layout = "NCHW"}) {
      return %x, %y : tensor<1x1x2x3xf32>, tensor<1x1x2x3xf32>
    })");
  mlir::FailureOr<Tensors> results =
      interpretModel(model, {iota({1, 3, 1, 2}), iota({1, 1, 2, 3})});
  ASSERT_TRUE(succeeded(results)) << errors;
  EXPECT_EQ((*results)[0], Tensor({1, 1, 2, 3}, {1, 3, 5, 2, 4, 6}));
  EXPECT_EQ((*results)[1], Tensor({1, 3, 1, 2}, {1, 4, 2, 5, 3, 6}));
}

TEST_F(InterpreterTest, ModelAtTheDeviceLevel) {
  mlir::ModuleOp model = parse(R"(
    module @client {
      func.func @main(%x: tensor<1x1x1x2xf32> {nn.model_layout = "NCHW"})
          -> tensor<1x1x1x2xf32> {
        return %x : tensor<1x1x1x2xf32>
      }
    })");
  mlir::FailureOr<Tensors> results =
      interpretModel(model, {iota({1, 2, 1, 1})});
  ASSERT_TRUE(succeeded(results)) << errors;
  EXPECT_EQ(results->front(), iota({1, 1, 1, 2}));
}

TEST_F(InterpreterTest, ModelMustHaveOneFunction) {
  mlir::ModuleOp model = parse("func.func @f() { return }\n"
                               "func.func @g() { return }");
  EXPECT_TRUE(failed(interpretModel(model, {})));
  EXPECT_EQ(errors, "'builtin.module' op must hold one function, got 2\n");
}

} // namespace
} // namespace windrow::reference
