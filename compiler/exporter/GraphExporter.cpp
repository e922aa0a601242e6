//===- GraphExporter.cpp - From a function to an ONNX graph ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/exporter/GraphExporter.h"

#include "passes/Transforms/ConstantElements.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace mlir;
using namespace windrow;
using namespace windrow::exporter;

static constexpr int64_t opset = 14;
/// The first version of the file format that has this opset.
static constexpr int64_t irVersion = 7;

llvm::ArrayRef<int64_t> windrow::exporter::shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static std::string toString(Attribute name) {
  return cast<StringAttr>(name).getValue().str();
}

/// The name that `location` holds, or nothing.
static std::string nameIn(Location location) {
  std::string name;
  location->walk([&](Location inner) {
    auto named = dyn_cast<NameLoc>(inner);
    if (!named)
      return WalkResult::advance();
    name = named.getName().str();
    return WalkResult::interrupt();
  });
  return name;
}

GraphExporter::GraphExporter(func::FuncOp function)
    : function(function), graph(*model.mutable_graph()) {
  model.set_ir_version(irVersion);
  model.set_producer_name("windrow");
  model.add_opset_import()->set_version(opset);
  graph.set_name(function.getName().str());
}

GraphExporter::~GraphExporter() {
  for (nn::ConstantOp constant : reorderedConstants)
    constant->erase();
}

LogicalResult GraphExporter::run() {
  if (!function.getBody().hasOneBlock())
    return function.emitError() << "must have a body of one block";
  if (failed(checkTypes()))
    return failure();
  addInputs();
  for (Operation &op : function.getBody().front()) {
    if (auto returnOp = dyn_cast<func::ReturnOp>(op))
      addOutputs(returnOp);
    else if (failed(exportOperation(*this, &op)))
      return failure();
  }
  return success();
}

LogicalResult GraphExporter::write(llvm::raw_ostream &out) {
  if (llvm::Error error = writeOnnxModel(model, initializers, out))
    return function.emitError() << llvm::toString(std::move(error));
  return success();
}

//===----------------------------------------------------------------------===//
// Inputs and outputs
//===----------------------------------------------------------------------===//

static bool isFloatTensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() && tensor.getElementType().isF32();
}

nn::NormalizeImageOp windrow::exporter::findNormalization(Value value) {
  if (!isa<BlockArgument>(value) || !value.hasOneUse())
    return {};
  return dyn_cast<nn::NormalizeImageOp>(*value.user_begin());
}

LogicalResult GraphExporter::checkTypes() {
  for (BlockArgument argument : function.getArguments())
    if (!isFloatTensor(argument.getType()) && !findNormalization(argument))
      return function.emitError()
             << "argument " << argument.getArgNumber()
             << " must be a tensor of f32 to be exported, or be read by one "
                "nn.normalize_image only, got "
             << argument.getType();
  for (Operation &op : function.getBody().front())
    for (Type type : op.getResultTypes())
      if (!isFloatTensor(type))
        return op.emitError()
               << "result must be a tensor of f32 to be exported, got " << type;
  return success();
}

TensorLayout GraphExporter::modelLayout(Type type, Attribute layout) const {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(type).getShape();
  if (layout && toString(layout) == "NCHW")
    return TensorLayout::channelsFirst(shape);
  return TensorLayout::plain(shape);
}

std::string GraphExporter::modelName(Attribute name, StringRef kind,
                                     unsigned index, unsigned count) const {
  if (name)
    return toString(name);
  return count == 1 ? kind.str() : (kind + Twine(index)).str();
}

void GraphExporter::addValueInfo(onnx::ValueInfoProto &info, StringRef name,
                                 ArrayRef<int64_t> shape) {
  info.set_name(name.str());
  onnx::TypeProto::Tensor &type = *info.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  type.mutable_shape();
  for (int64_t size : shape)
    type.mutable_shape()->add_dim()->set_dim_value(size);
}

void GraphExporter::addInputs() {
  unsigned count = function.getNumArguments();
  // Outputs are named at the end, but nothing else may take their names.
  for (unsigned i = 0, e = function.getNumResults(); i < e; ++i)
    names.insert(modelName(function.getResultAttr(i, nn::modelNameAttrName),
                           "output", i, e));
  for (BlockArgument argument : function.getArguments()) {
    unsigned index = argument.getArgNumber();
    nn::NormalizeImageOp normalization = findNormalization(argument);
    Value numbers = normalization ? normalization.getResult() : Value(argument);
    TensorLayout layout = modelLayout(
        numbers.getType(), function.getArgAttr(index, nn::modelLayoutAttrName));
    std::string name =
        modelName(function.getArgAttr(index, nn::modelNameAttrName), "input",
                  index, count);
    names.insert(name);
    addValueInfo(*graph.add_input(), name, layout.view);
    define(numbers, name, layout.view, layout);
  }
}

void GraphExporter::addOutputs(func::ReturnOp op) {
  llvm::StringSet<> computed;
  llvm::StringMap<std::string> renamed;
  SmallVector<ExportedTensor> results;
  for (OpOperand &operand : op->getOpOperands()) {
    TensorLayout layout =
        modelLayout(operand.get().getType(),
                    function.getResultAttr(operand.getOperandNumber(),
                                           nn::modelLayoutAttrName));
    results.push_back(get(operand.get(), layout.view, layout));
  }
  for (const onnx::NodeProto &node : graph.node())
    computed.insert(node.output(0));
  for (auto [index, tensor] : llvm::enumerate(results)) {
    std::string name =
        modelName(function.getResultAttr(index, nn::modelNameAttrName),
                  "output", index, results.size());
    addValueInfo(*graph.add_output(), name, tensor.shape);
    // An input that is an output by its own name has no node.
    if (tensor.name == name || (computed.contains(tensor.name) &&
                                renamed.try_emplace(tensor.name, name).second))
      continue;
    onnx::NodeProto &node = *graph.add_node();
    node.set_op_type("Identity");
    node.set_name(uniqueName(nodeNames, name));
    node.add_input(tensor.name);
    node.add_output(name);
  }
  for (onnx::NodeProto &node : *graph.mutable_node())
    for (auto *list : {node.mutable_input(), node.mutable_output()})
      for (std::string &name : *list)
        if (auto it = renamed.find(name); it != renamed.end())
          name = it->second;
}

//===----------------------------------------------------------------------===//
// Tensors of a value
//===----------------------------------------------------------------------===//

void GraphExporter::define(Value value, std::string name,
                           ArrayRef<int64_t> shape,
                           const TensorLayout &layout) {
  tensors[value].push_back({std::move(name), Shape(shape), layout});
}

void GraphExporter::defineChannelsFirst(Value value, std::string name) {
  TensorLayout layout = TensorLayout::channelsFirst(shapeOf(value));
  define(value, std::move(name), layout.view, layout);
}

void GraphExporter::definePlain(Value value, std::string name) {
  define(value, std::move(name), shapeOf(value),
         TensorLayout::plain(shapeOf(value)));
}

void GraphExporter::defineReshaped(Value value, Value other) {
  getAny(other);
  SmallVector<ExportedTensor, 1> known = tensors[other];
  tensors[value] = std::move(known);
}

ExportedTensor GraphExporter::get(Value value, ArrayRef<int64_t> shape,
                                  const TensorLayout &layout) {
  for (const ExportedTensor &tensor : tensors[value])
    if (ArrayRef(tensor.shape) == shape && tensor.layout.isSameOrderAs(layout))
      return {tensor.name, tensor.shape, layout};
  std::optional<ExportedTensor> result;
  if (auto constant = value.getDefiningOp<nn::ConstantOp>()) {
    result = getConstant(constant, shape, layout);
    if (!result) {
      getPlain(value);
      result = convert(value, tensors[value].front(), shape, layout);
    }
  } else {
    // One whose elements are in the right order needs no more than a reshape.
    ArrayRef<ExportedTensor> known = tensors[value];
    const auto *same = llvm::find_if(known, [&](const ExportedTensor &tensor) {
      return tensor.layout.isSameOrderAs(layout);
    });
    result = convert(value, same != known.end() ? *same : known.front(), shape,
                     layout);
  }
  tensors[value].push_back(*result);
  return *result;
}

std::string GraphExporter::getPlain(Value value) {
  return get(value, shapeOf(value), TensorLayout::plain(shapeOf(value))).name;
}

std::string GraphExporter::getChannelsFirst(Value value) {
  TensorLayout layout = TensorLayout::channelsFirst(shapeOf(value));
  return get(value, layout.view, layout).name;
}

/// Whether an NHWC image has its elements in the same order as in NCHW.
static bool isSameInNchw(ArrayRef<int64_t> nhwc) {
  return nhwc.size() == 4 && (nhwc[3] == 1 || nhwc[1] * nhwc[2] == 1);
}

ExportedTensor GraphExporter::getAny(Value value) {
  ArrayRef<int64_t> shape = shapeOf(value);
  ArrayRef<ExportedTensor> known = tensors[value];
  for (const ExportedTensor &tensor : known)
    if (tensor.isDirect(shape))
      return tensor;
  if (!known.empty()) {
    TensorLayout layout = known.front().layout;
    bool isFlattened = shape.size() == 2 && layout.view.size() >= 2 &&
                       layout.view[0] == shape[0] && layout.permutation[0] == 0;
    if (isFlattened && !layout.isPlain())
      return get(value, shape, layout);
    if (isSameInNchw(shape) && layout.isPlain()) {
      TensorLayout image = TensorLayout::channelsFirst(shape);
      return get(value, image.view, image);
    }
  }
  return get(value, shape, TensorLayout::plain(shape));
}

ExportedTensor GraphExporter::getDirect(Value value) {
  ArrayRef<int64_t> shape = shapeOf(value);
  ExportedTensor tensor = getAny(value);
  return tensor.isDirect(shape) ? tensor
                                : get(value, shape, TensorLayout::plain(shape));
}

std::optional<ExportedTensor>
GraphExporter::getConstant(nn::ConstantOp constant, ArrayRef<int64_t> shape,
                           const TensorLayout &layout) {
  OpBuilder builder(constant.getContext());
  auto type = cast<RankedTensorType>(constant.getResult().getType());
  nn::ConstantOp reordered =
      nn::permuteConstant(builder, constant, layout.transposedView(),
                          inverse(layout.permutation), type.clone(shape));
  if (!reordered)
    return std::nullopt;
  reorderedConstants.push_back(reordered);
  return ExportedTensor{addInitializer(reordered), Shape(shape), layout};
}

namespace {
/// A tensor on its way to another layout; a reshape waits until it is known to
/// be needed.
struct PendingTensor {
  std::string name;
  Shape shape;
  Shape wanted;
};
} // namespace

/// Whether transposing a tensor of `shape` leaves its elements where they are.
static bool movesNothing(ArrayRef<int64_t> shape,
                         ArrayRef<int64_t> permutation) {
  return TensorLayout{Shape(shape), Shape(permutation)}.isPlain();
}

ExportedTensor GraphExporter::convert(Value value, const ExportedTensor &from,
                                      ArrayRef<int64_t> shape,
                                      const TensorLayout &layout) {
  Operation *op = value.getDefiningOp();
  PendingTensor tensor = {from.name, from.shape, from.shape};
  auto transpose = [&](ArrayRef<int64_t> permutation) {
    Shape result = permuted(tensor.wanted, permutation);
    if (!movesNothing(tensor.wanted, permutation)) {
      tensor.name = addReshape(op, tensor.name, tensor.shape, tensor.wanted);
      tensor.name = addTranspose(op, tensor.name, permutation);
      tensor.shape = result;
    }
    tensor.wanted = result;
  };
  TensorLayout start = from.layout;
  if (!start.isSameOrderAs(layout)) {
    tensor.wanted = start.view;
    if (start.transposedView() == layout.transposedView()) {
      transpose(permuted(start.permutation, inverse(layout.permutation)));
    } else {
      transpose(start.permutation);
      tensor.wanted = layout.transposedView();
      transpose(inverse(layout.permutation));
    }
  }
  return {addReshape(op, tensor.name, tensor.shape, shape), Shape(shape),
          layout};
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

onnx::AttributeProto windrow::exporter::makeAttribute(StringRef name,
                                                      int64_t value) {
  onnx::AttributeProto result;
  result.set_name(name.str());
  result.set_type(onnx::AttributeProto::INT);
  result.set_i(value);
  return result;
}

onnx::AttributeProto windrow::exporter::makeAttribute(StringRef name,
                                                      float value) {
  onnx::AttributeProto result;
  result.set_name(name.str());
  result.set_type(onnx::AttributeProto::FLOAT);
  result.set_f(value);
  return result;
}

onnx::AttributeProto
windrow::exporter::makeAttribute(StringRef name, ArrayRef<int64_t> values) {
  onnx::AttributeProto result;
  result.set_name(name.str());
  result.set_type(onnx::AttributeProto::INTS);
  for (int64_t value : values)
    result.add_ints(value);
  return result;
}

std::string GraphExporter::uniqueName(llvm::StringSet<> &taken,
                                      StringRef base) {
  std::string name = base.str();
  for (unsigned number = 1; !taken.insert(name).second; ++number)
    name = (base + "_" + Twine(number)).str();
  return name;
}

std::string GraphExporter::addNode(StringRef type, Operation *op,
                                   ArrayRef<std::string> inputs,
                                   ArrayRef<onnx::AttributeProto> attributes) {
  std::string base = op ? nameIn(op->getLoc()) : "";
  onnx::NodeProto &node = *graph.add_node();
  node.set_op_type(type.str());
  node.set_name(uniqueName(nodeNames, base.empty() ? type.str() : base));
  for (const std::string &input : inputs)
    node.add_input(input);
  node.add_output(uniqueName(names, node.name() + "_output_0"));
  for (const onnx::AttributeProto &attribute : attributes)
    *node.add_attribute() = attribute;
  return node.output(0);
}

std::string GraphExporter::addClamp(nn::ClampAttr clamp, Operation *op,
                                    std::string name) {
  if (!clamp)
    return name;
  float low = clamp.getMinValue(), high = clamp.getMaxValue();
  if (low == 0 && std::isinf(high))
    return addNode("Relu", op, {name});
  SmallVector<std::string> operands = {name};
  operands.push_back(std::isinf(low) ? "" : addScalar(low));
  if (!std::isinf(high))
    operands.push_back(addScalar(high));
  return addNode("Clip", op, operands);
}

std::string GraphExporter::addReshape(Operation *op, std::string name,
                                      ArrayRef<int64_t> from,
                                      ArrayRef<int64_t> to) {
  if (from == to)
    return name;
  if (to.size() == 2 && from.size() > 2 && from[0] == to[0])
    return addNode("Flatten", op, {name}, {makeAttribute("axis", int64_t(1))});
  return addNode("Reshape", op, {name, addIntegers(to)});
}

std::string GraphExporter::addTranspose(Operation *op, std::string name,
                                        ArrayRef<int64_t> permutation) {
  return addNode("Transpose", op, {name}, {makeAttribute("perm", permutation)});
}

//===----------------------------------------------------------------------===//
// Initializers
//===----------------------------------------------------------------------===//

static onnx::TensorProto describeTensor(onnx::TensorProto::DataType type,
                                        ArrayRef<int64_t> shape) {
  onnx::TensorProto tensor;
  tensor.set_data_type(type);
  for (int64_t size : shape)
    tensor.add_dims(size);
  return tensor;
}

std::string GraphExporter::addInitializer(nn::ConstantOp constant) {
  unsigned index = weights.add(constant);
  auto [known, isNew] = weightNames.try_emplace(index);
  if (!isNew)
    return known->second;
  std::string base = nameIn(constant.getLoc());
  std::string name = uniqueName(names, base.empty() ? "weights" : base);
  StreamedTensor tensor;
  tensor.header =
      describeTensor(onnx::TensorProto::FLOAT, shapeOf(constant.getResult()));
  tensor.header.set_name(name);
  tensor.bytes = weights.getBytes(index);
  tensor.write = [this, index](llvm::function_ref<void(ArrayRef<char>)> sink) {
    weights.write(index, [&](ArrayRef<char> part) {
      sink(part);
      return true;
    });
  };
  initializers.push_back(std::move(tensor));
  return known->second = name;
}

template <typename T>
std::string GraphExporter::addSmall(StringRef base, onnx::TensorProto tensor,
                                    ArrayRef<T> elements) {
  tensor.set_raw_data(elements.data(), elements.size() * sizeof(T));
  std::string &name = smallInitializers[tensor.SerializeAsString()];
  if (name.empty()) {
    name = uniqueName(names, base);
    tensor.set_name(name);
    *graph.add_initializer() = std::move(tensor);
  }
  return name;
}

std::string GraphExporter::addIntegers(ArrayRef<int64_t> numbers) {
  int64_t size = numbers.size();
  return addSmall("numbers", describeTensor(onnx::TensorProto::INT64, size),
                  numbers);
}

std::string GraphExporter::addScalar(float number) {
  return addSmall("number", describeTensor(onnx::TensorProto::FLOAT, {}),
                  ArrayRef(number));
}

std::string GraphExporter::addVector(int64_t size, float element) {
  SmallVector<float> elements(size, element);
  return addSmall("vector", describeTensor(onnx::TensorProto::FLOAT, size),
                  ArrayRef<float>(elements));
}
