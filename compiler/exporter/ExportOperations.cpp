//===- ExportOperations.cpp - From nn operations to ONNX nodes ------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/exporter/GraphExporter.h"

#include "passes/Transforms/ConstantElements.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::exporter;

/// `numbers`, one a dimension of a value, in the order of its tensor.
static Shape inTensorOrder(ArrayRef<int64_t> numbers,
                           const TensorLayout &layout) {
  return permuted(numbers, inverse(layout.permutation));
}

/// Says that tensor `name` holds `value`, in the order of dimensions that
/// `layout`, of another value, has.
static void defineLike(GraphExporter &graph, Value value, std::string name,
                       const TensorLayout &layout) {
  TensorLayout own =
      TensorLayout::transposed(shapeOf(value), layout.permutation);
  graph.define(value, std::move(name), own.view, own);
}

//===----------------------------------------------------------------------===//
// Windows and reductions
//===----------------------------------------------------------------------===//

static void exportOp(GraphExporter &graph, nn::Conv2DOp op) {
  ArrayRef<int64_t> kernel = shapeOf(op.getFilter()).slice(1, 2);
  SmallVector<std::string> operands = {graph.getChannelsFirst(op.getInput()),
                                       graph.getChannelsFirst(op.getFilter())};
  if (op.getBias())
    operands.push_back(graph.getPlain(op.getBias()));
  std::string name = graph.addNode(
      "Conv", op, operands,
      {makeAttribute("dilations", op.getDilations()),
       makeAttribute("group", static_cast<int64_t>(op.getGroups())),
       makeAttribute("kernel_shape", kernel),
       makeAttribute("pads", op.getPads()),
       makeAttribute("strides", op.getStrides())});
  graph.defineChannelsFirst(op, graph.addClamp(op.getClampAttr(), op, name));
}

template <typename OpT>
static void exportPool(GraphExporter &graph, OpT op, StringRef type) {
  SmallVector<onnx::AttributeProto> attributes;
  if constexpr (std::is_same_v<OpT, nn::MaxPool2DOp>)
    attributes.push_back(makeAttribute("dilations", op.getDilations()));
  attributes.append({makeAttribute("kernel_shape", op.getKernel()),
                     makeAttribute("pads", op.getPads()),
                     makeAttribute("strides", op.getStrides())});
  std::string name = graph.addNode(
      type, op, {graph.getChannelsFirst(op.getInput())}, attributes);
  graph.defineChannelsFirst(op, graph.addClamp(op.getClampAttr(), op, name));
}

static void exportOp(GraphExporter &graph, nn::MaxPool2DOp op) {
  exportPool(graph, op, "MaxPool");
}

static void exportOp(GraphExporter &graph, nn::AvgPool2DOp op) {
  exportPool(graph, op, "AveragePool");
}

static void exportOp(GraphExporter &graph, nn::GlobalAvgPoolOp op) {
  graph.defineChannelsFirst(
      op, graph.addNode("GlobalAveragePool", op,
                        {graph.getChannelsFirst(op.getInput())}));
}

static void exportOp(GraphExporter &graph, nn::GlobalSumPoolOp op) {
  graph.defineChannelsFirst(
      op, graph.addNode("ReduceSum", op,
                        {graph.getChannelsFirst(op.getInput()),
                         graph.addIntegers({2, 3})},
                        {makeAttribute("keepdims", int64_t(1))}));
}

//===----------------------------------------------------------------------===//
// Matrices and channels
//===----------------------------------------------------------------------===//

static bool isConstant(Value value) {
  return isa_and_nonnull<nn::ConstantOp>(value.getDefiningOp());
}

static void exportOp(GraphExporter &graph, nn::FullyConnectedOp op) {
  Value input = op.getInput(), filter = op.getFilter();
  std::string inputName;
  TensorLayout columns = TensorLayout::plain(shapeOf(filter));
  ExportedTensor flattened;
  if (isConstant(filter))
    flattened = graph.getAny(input);
  if (!isConstant(filter) || flattened.isDirect(shapeOf(input))) {
    inputName = graph.getPlain(input);
  } else {
    inputName = flattened.name;
    columns = flattened.layout;
    columns.view[0] = shapeOf(filter)[0];
  }
  SmallVector<std::string> operands = {
      inputName, graph.get(filter, shapeOf(filter), columns).name};
  if (op.getBias())
    operands.push_back(graph.getPlain(op.getBias()));
  std::string name = graph.addNode("Gemm", op, operands,
                                   {makeAttribute("transB", int64_t(1))});
  graph.definePlain(op, graph.addClamp(op.getClampAttr(), op, name));
}

/// A batch norm of mean 0, variance 1 and epsilon 0.
static void exportOp(GraphExporter &graph, nn::ScaleShiftOp op) {
  Value input = op.getInput();
  ArrayRef<int64_t> shape = shapeOf(input);
  int64_t channels = shape.back();
  TensorLayout layout = shape.size() == 1 ? TensorLayout::plain({1, channels})
                                          : TensorLayout::channelsFirst(shape);
  std::string name = graph.addNode(
      "BatchNormalization", op,
      {graph.get(input, layout.view, layout).name,
       graph.getPlain(op.getScale()), graph.getPlain(op.getShift()),
       graph.addVector(channels, 0.0f), graph.addVector(channels, 1.0f)},
      {makeAttribute("epsilon", 0.0f)});
  graph.define(op, graph.addClamp(op.getClampAttr(), op, name), layout.view,
               layout);
}

//===----------------------------------------------------------------------===//
// Element by element
//===----------------------------------------------------------------------===//

static void exportUnary(GraphExporter &graph, Operation *op, StringRef type) {
  ExportedTensor input = graph.getAny(op->getOperand(0));
  graph.define(op->getResult(0), graph.addNode(type, op, {input.name}),
               input.shape, input.layout);
}

static void exportOp(GraphExporter &graph, nn::SigmoidOp op) {
  exportUnary(graph, op, "Sigmoid");
}

static void exportOp(GraphExporter &graph, nn::HardSwishOp op) {
  exportUnary(graph, op, "HardSwish");
}

static void exportOp(GraphExporter &graph, nn::ClampOp op) {
  ExportedTensor input = graph.getAny(op.getInput());
  graph.define(op, graph.addClamp(op.getBounds(), op, input.name), input.shape,
               input.layout);
}

static void exportOp(GraphExporter &graph, nn::SoftmaxOp op) {
  ExportedTensor input = graph.getDirect(op.getInput());
  graph.define(
      op,
      graph.addNode("Softmax", op, {input.name},
                    {makeAttribute("axis", input.layout.permutation.back())}),
      input.shape, input.layout);
}

template <typename OpT>
static void exportBinary(GraphExporter &graph, OpT op, StringRef type) {
  Value lhs = op.getLhs(), rhs = op.getRhs();
  if (lhs.getType() != rhs.getType()) {
    std::string name = graph.addNode(
        type, op, {graph.getChannelsFirst(lhs), graph.getChannelsFirst(rhs)});
    graph.defineChannelsFirst(op, graph.addClamp(op.getClampAttr(), op, name));
    return;
  }
  ExportedTensor like = graph.getAny(isConstant(lhs) ? rhs : lhs);
  std::string name =
      graph.addNode(type, op,
                    {graph.get(lhs, like.shape, like.layout).name,
                     graph.get(rhs, like.shape, like.layout).name});
  graph.define(op, graph.addClamp(op.getClampAttr(), op, name), like.shape,
               like.layout);
}

static void exportOp(GraphExporter &graph, nn::AddOp op) {
  exportBinary(graph, op, "Add");
}

static void exportOp(GraphExporter &graph, nn::MultiplyOp op) {
  exportBinary(graph, op, "Mul");
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

static void exportOp(GraphExporter &graph, nn::ConcatOp op) {
  // All are joined in the order that the first computed operand has.
  auto computed = llvm::find_if_not(op.getInputs(), isConstant);
  Value first =
      computed != op.getInputs().end() ? *computed : op.getInputs().front();
  TensorLayout like = graph.getDirect(first).layout;
  SmallVector<std::string> operands;
  for (Value input : op.getInputs()) {
    TensorLayout layout =
        TensorLayout::transposed(shapeOf(input), like.permutation);
    operands.push_back(graph.get(input, layout.view, layout).name);
  }
  defineLike(
      graph, op,
      graph.addNode("Concat", op, operands,
                    {makeAttribute("axis", like.permutation[op.getAxis()])}),
      like);
}

static void exportOp(GraphExporter &graph, nn::PadOp op) {
  ExportedTensor input = graph.getDirect(op.getInput());
  Shape pads = inTensorOrder(op.getLow(), input.layout);
  llvm::append_range(pads, inTensorOrder(op.getHigh(), input.layout));
  defineLike(graph, op,
             graph.addNode("Pad", op, {input.name, graph.addIntegers(pads)}),
             input.layout);
}

static void exportOp(GraphExporter &graph, nn::SliceOp op) {
  ExportedTensor input = graph.getDirect(op.getInput());
  Shape offsets = inTensorOrder(op.getOffsets(), input.layout);
  Shape sizes = inTensorOrder(op.getSizes(), input.layout);
  Shape starts, ends, axes;
  for (auto [axis, size] : llvm::enumerate(input.shape)) {
    if (sizes[axis] == size)
      continue;
    starts.push_back(offsets[axis]);
    ends.push_back(offsets[axis] + sizes[axis]);
    axes.push_back(axis);
  }
  std::string name = input.name;
  if (!axes.empty())
    name = graph.addNode("Slice", op,
                         {name, graph.addIntegers(starts),
                          graph.addIntegers(ends), graph.addIntegers(axes)});
  defineLike(graph, op, name, input.layout);
}

static void exportOp(GraphExporter &graph, nn::ReshapeOp op) {
  graph.defineReshaped(op, op.getInput());
}

static void exportOp(GraphExporter &graph, nn::TransposeOp op) {
  ExportedTensor input = graph.getDirect(op.getInput());
  TensorLayout layout = input.layout;
  layout.permutation = permuted(layout.permutation, op.getPermutation());
  graph.define(op, input.name, input.shape, layout);
}

LogicalResult windrow::exporter::exportOperation(GraphExporter &graph,
                                                 Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<nn::Conv2DOp, nn::MaxPool2DOp, nn::AvgPool2DOp, nn::GlobalAvgPoolOp,
            nn::GlobalSumPoolOp, nn::FullyConnectedOp, nn::ScaleShiftOp,
            nn::AddOp, nn::MultiplyOp, nn::ClampOp, nn::SigmoidOp,
            nn::HardSwishOp, nn::SoftmaxOp, nn::ConcatOp, nn::PadOp,
            nn::SliceOp, nn::ReshapeOp, nn::TransposeOp>([&](auto op) {
        exportOp(graph, op);
        return success();
      })
      .Case([](nn::ConstantOp op) -> LogicalResult {
        // Becomes an initializer where it is used.
        if (op.isPart())
          return op.emitError() << "a part of a constant cannot be exported to "
                                   "ONNX";
        if (nn::StoredElements::get(op.getValue()))
          return success();
        return op.emitError() << "the elements of the constant must be in the "
                                 "file to be exported, but were left out of it";
      })
      .Case([](nn::NormalizeImageOp op) -> LogicalResult {
        // The input of the ONNX graph is its result.
        if (findNormalization(op.getInput()) == op)
          return success();
        return op.emitError() << "must be the only one that reads an argument "
                                 "to be exported";
      })
      .Default([](Operation *op) {
        return op->emitError() << "operation '" << op->getName()
                               << "' cannot be exported to ONNX";
      });
}
