//===- GraphImporter.cpp - From an ONNX graph to a function ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/GraphImporter.h"

#include "compiler/importer/OperatorTable.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::importer;

static constexpr int64_t oldestOpset = 7;
static constexpr int64_t newestOpset = 21;
/// A graph input or an initializer.
static constexpr int providedFromOutside = -1;

static bool isDefaultDomain(StringRef domain) {
  return domain.empty() || domain == "ai.onnx";
}

GraphImporter::GraphImporter(OnnxModelFile &file,
                             const OnnxImportOptions &options, ModuleOp module)
    : graph(file.model().graph()), options(options), module(module),
      builder(module.getContext()),
      weights(*module.getContext()), state{file, builder, weights, /*opset=*/0},
      isUsed(graph.node_size(), false) {}

LogicalResult GraphImporter::run() {
  if (failed(checkOpset()) || failed(declareProviders()) ||
      failed(checkInputShapes()) || failed(findUsedNodes()) ||
      failed(checkOperators()) || failed(checkOrder()) ||
      failed(importInputs()))
    return failure();
  for (int i = 0; i < graph.node_size(); ++i)
    if (isUsed[i] && failed(importNode(i)))
      return failure();
  return importOutputs();
}

//===----------------------------------------------------------------------===//
// Checks of the graph as a whole
//===----------------------------------------------------------------------===//

LogicalResult GraphImporter::checkOpset() {
  std::optional<int64_t> opset;
  for (const onnx::OperatorSetIdProto &import :
       state.file.model().opset_import())
    if (isDefaultDomain(import.domain()))
      opset = import.version();
  if (!opset)
    return emitError(module.getLoc())
           << "states no version of the ONNX operators (opset)";
  if (*opset < oldestOpset || *opset > newestOpset)
    return emitError(module.getLoc())
           << "opset must be from " << oldestOpset << " to " << newestOpset
           << ", got " << *opset;
  state.opset = *opset;
  return success();
}

LogicalResult GraphImporter::declare(StringRef name, int provider) {
  if (providers.try_emplace(name, provider).second)
    return success();
  return emitError(module.getLoc())
         << "the name '" << name << "' is written twice";
}

LogicalResult GraphImporter::declareProviders() {
  for (const onnx::TensorProto &tensor : graph.initializer()) {
    if (failed(declare(tensor.name(), providedFromOutside)))
      return failure();
    initializers[tensor.name()] = &tensor;
  }
  for (const onnx::SparseTensorProto &tensor : graph.sparse_initializer())
    return emitError(module.getLoc())
           << "the initializer '" << tensor.values().name()
           << "' is sparse, which is not supported";
  // An input that is an initializer as well is a constant with a default,
  // which old IR versions demand for every initializer.
  for (const onnx::ValueInfoProto &input : graph.input())
    if (!initializers.contains(input.name()) &&
        failed(declare(input.name(), providedFromOutside)))
      return failure();
  for (auto [index, node] : llvm::enumerate(graph.node()))
    for (const std::string &output : node.output())
      if (!output.empty() && failed(declare(output, index)))
        return failure();
  return success();
}

LogicalResult GraphImporter::checkInputShapes() {
  SmallVector<StringRef> inputs;
  for (const onnx::ValueInfoProto &input : graph.input())
    if (!initializers.contains(input.name()))
      inputs.push_back(input.name());
  if (inputs.empty())
    return emitError(module.getLoc())
           << "has no input that is not an initializer";
  llvm::StringMap<int> given;
  for (const OnnxInputShape &shape : options.inputShapes) {
    if (shape.inputName.empty() && inputs.size() > 1)
      return emitError(module.getLoc())
             << "an input shape must name one of the inputs "
             << llvm::join(inputs, ", ");
    StringRef name = shape.inputName.empty() ? inputs[0] : shape.inputName;
    if (!llvm::is_contained(inputs, name))
      return emitError(module.getLoc())
             << "has no input '" << name << "', only "
             << llvm::join(inputs, ", ");
    if (given[name]++)
      return emitError(module.getLoc())
             << "input '" << name << "' must have one shape, got two";
  }
  return success();
}

LogicalResult GraphImporter::findUsedNodes() {
  if (graph.output().empty())
    return emitError(module.getLoc()) << "has no output";
  SmallVector<int> worklist;
  auto use = [&](StringRef name) {
    auto provider = providers.find(name);
    if (provider == providers.end())
      return false;
    int index = provider->second;
    if (index != providedFromOutside && !isUsed[index]) {
      isUsed[index] = true;
      worklist.push_back(index);
    }
    return true;
  };
  for (const onnx::ValueInfoProto &output : graph.output())
    if (!use(output.name()))
      return emitError(module.getLoc())
             << "output '" << output.name()
             << "' is provided by no node, input or initializer";
  while (!worklist.empty()) {
    const onnx::NodeProto &node = graph.node(worklist.pop_back_val());
    for (const std::string &input : node.input()) {
      if (input.empty() || use(input))
        continue;
      current = &node;
      return emitError(module.getLoc())
             << "reads '" << input
             << "', which no node, input or initializer provides";
    }
  }
  return success();
}

LogicalResult GraphImporter::checkOperators() {
  // In the order of their first use.
  std::vector<std::pair<std::string, SmallVector<StringRef>>> unsupported;
  for (auto [index, node] : llvm::enumerate(graph.node())) {
    bool isDefault = isDefaultDomain(node.domain());
    if (!isUsed[index] || (isDefault && findOperator(node.op_type())))
      continue;
    std::string name = node.op_type();
    if (!isDefault)
      name = node.domain() + '.' + name;
    auto known = llvm::find_if(
        unsupported, [&](const auto &entry) { return entry.first == name; });
    if (known == unsupported.end())
      known = unsupported.insert(known, {name, {}});
    known->second.push_back(nodeName(node));
  }
  if (unsupported.empty())
    return success();
  InFlightDiagnostic diagnostic = emitError(module.getLoc())
                                  << "has unsupported operators:";
  for (const auto &[name, nodes] : unsupported)
    diagnostic << "\n  " << name << " in "
               << (nodes.size() == 1 ? "node" : "nodes") << " '"
               << llvm::join(nodes, "', '") << "'";
  return diagnostic;
}

bool GraphImporter::dependsOn(int node, int other) const {
  SmallVector<int> worklist{node};
  SmallVector<bool> seen(graph.node_size(), false);
  while (!worklist.empty()) {
    int index = worklist.pop_back_val();
    if (index == other)
      return true;
    for (const std::string &input : graph.node(index).input()) {
      auto provider = providers.find(input);
      if (provider == providers.end() ||
          provider->second == providedFromOutside || seen[provider->second])
        continue;
      seen[provider->second] = true;
      worklist.push_back(provider->second);
    }
  }
  return false;
}

LogicalResult GraphImporter::checkOrder() {
  for (auto [index, node] : llvm::enumerate(graph.node())) {
    if (!isUsed[index])
      continue;
    for (const std::string &input : node.input()) {
      if (input.empty())
        continue;
      int provider = providers.lookup(input);
      if (provider < static_cast<int>(index))
        continue;
      current = &node;
      InFlightDiagnostic diagnostic = emitError(module.getLoc())
                                      << "reads '" << input << "', ";
      StringRef providerName = nodeName(graph.node(provider));
      if (dependsOn(provider, index))
        return diagnostic << "which depends on this node itself, by way of "
                             "node '"
                          << providerName << "': the graph has a cycle";
      return diagnostic << "which the later node '" << providerName
                        << "' writes: nodes must be sorted";
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

/// Some exporters write 0 or -1 for a size that is open.
static bool isOpen(const onnx::TensorShapeProto::Dimension &dimension) {
  return !dimension.has_dim_value() || dimension.dim_value() <= 0;
}

/// "1x3x?x?", with names in the place of sizes where there are any.
static std::string formatDeclaredShape(const onnx::TensorShapeProto &shape,
                                       StringRef separator = "x") {
  auto dimensions = llvm::map_range(
      shape.dim(), [](const onnx::TensorShapeProto::Dimension &dimension) {
        if (!isOpen(dimension))
          return std::to_string(dimension.dim_value());
        return dimension.dim_param().empty() ? "?" : dimension.dim_param();
      });
  return llvm::join(dimensions, separator);
}

static bool isDynamic(const onnx::TensorShapeProto &shape) {
  return llvm::any_of(shape.dim(), isOpen);
}

/// Whether `shape` is what is declared, as far as anything is.
static bool agrees(ArrayRef<int64_t> shape,
                   const onnx::TensorShapeProto &declared) {
  return static_cast<int>(shape.size()) == declared.dim_size() &&
         llvm::all_of(llvm::zip(shape, declared.dim()), [](auto pair) {
           auto [size, dimension] = pair;
           return isOpen(dimension) || dimension.dim_value() == size;
         });
}

FailureOr<RankedTensorType>
GraphImporter::inputType(const onnx::ValueInfoProto &input) {
  auto error = [&] {
    return emitError(module.getLoc()) << "input '" << input.name() << "' ";
  };
  if (!input.type().has_tensor_type())
    return error() << "must be a tensor";
  const onnx::TypeProto::Tensor &type = input.type().tensor_type();
  if (type.elem_type() != onnx::TensorProto::FLOAT)
    return error() << "must have elements of type float32, got "
                   << elementTypeName(type.elem_type());

  auto given = llvm::find_if(options.inputShapes, [&](const auto &shape) {
    return shape.inputName.empty() || shape.inputName == input.name();
  });
  SmallVector<int64_t> shape;
  if (given != options.inputShapes.end()) {
    shape = given->shape;
    if (type.has_shape() && !agrees(shape, type.shape()))
      return error() << "is declared with the shape "
                     << formatDeclaredShape(type.shape())
                     << ", with which the given shape " << formatShape(shape)
                     << " does not agree";
  } else if (!type.has_shape()) {
    return error() << "has no shape: give one with --input-shape="
                   << input.name() << ":1,3,224,224 (for example)";
  } else if (isDynamic(type.shape())) {
    return error() << "has the dynamic shape "
                   << formatDeclaredShape(type.shape())
                   << ": give numbers with --input-shape=" << input.name()
                   << ":" << formatDeclaredShape(type.shape(), ",");
  } else {
    for (const auto &dimension : type.shape().dim())
      shape.push_back(dimension.dim_value());
  }
  if (llvm::any_of(shape, [](int64_t size) { return size <= 0; }) ||
      countElements(shape) < 0)
    return error() << "must have positive dimensions and fewer than 2^31 "
                      "elements, got "
                   << formatShape(shape);
  return RankedTensorType::get(shape, builder.getF32Type());
}

LogicalResult GraphImporter::importInputs() {
  SmallVector<Type> types;
  SmallVector<const onnx::ValueInfoProto *> inputs;
  for (const onnx::ValueInfoProto &input : graph.input()) {
    if (initializers.contains(input.name()))
      continue;
    FailureOr<RankedTensorType> type = inputType(input);
    if (failed(type))
      return failure();
    types.push_back(*type);
    inputs.push_back(&input);
  }
  builder.setInsertionPointToEnd(module.getBody());
  function = func::FuncOp::create(builder, module.getLoc(), "main",
                                  builder.getFunctionType(types, {}));
  builder.setInsertionPointToStart(function.addEntryBlock());
  for (auto [index, input] : llvm::enumerate(inputs)) {
    StringAttr name = builder.getStringAttr(input->name());
    function.setArgAttr(index, nn::modelNameAttrName, name);
    Value argument = function.getArgument(index);
    argument.setLoc(NameLoc::get(name));
    values.try_emplace(input->name(), argument);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

FailureOr<GraphValue> GraphImporter::lookup(StringRef name) {
  auto known = values.find(name);
  if (known != values.end())
    return known->second;
  auto initializer = initializers.find(name);
  if (initializer == initializers.end()) {
    const onnx::NodeProto &writer = graph.node(providers.lookup(name));
    return emitError(module.getLoc())
           << "output '" << name << "' of node '" << nodeName(writer) << "' ("
           << writer.op_type() << ") is not supported, only its first one is";
  }
  llvm::Expected<ConstantTensor> tensor =
      state.file.readTensor(*initializer->second, name);
  if (!tensor)
    return emitError(module.getLoc()) << llvm::toString(tensor.takeError());
  return values.try_emplace(name, std::move(*tensor)).first->second;
}

LogicalResult GraphImporter::importNode(int index) {
  const onnx::NodeProto &node = graph.node(index);
  current = &node;
  std::vector<std::optional<GraphValue>> operands;
  for (const std::string &input : node.input()) {
    operands.emplace_back();
    if (input.empty())
      continue;
    FailureOr<GraphValue> value = lookup(input);
    if (failed(value))
      return failure();
    operands.back() = std::move(*value);
  }
  while (!operands.empty() && !operands.back())
    operands.pop_back();

  NodeImporter importer(state, node, operands);
  if (failed(findOperator(node.op_type())(importer)))
    return failure();
  importer.attributes().checkAllUsed();
  if (failed(importer.checkAttributes()))
    return failure();
  if (!node.output().empty() && !node.output(0).empty())
    values.try_emplace(node.output(0), *importer.result());
  current = nullptr;
  return success();
}

//===----------------------------------------------------------------------===//
// Outputs
//===----------------------------------------------------------------------===//

FailureOr<Value>
GraphImporter::importOutput(const onnx::ValueInfoProto &output) {
  FailureOr<GraphValue> result = lookup(output.name());
  if (failed(result))
    return failure();
  const onnx::TypeProto::Tensor &type = output.type().tensor_type();
  ArrayRef<int64_t> shape = shapeOf(*result);
  if (type.has_shape() && !agrees(shape, type.shape()))
    return emitError(module.getLoc())
           << "output '" << output.name() << "' is declared with the shape "
           << formatDeclaredShape(type.shape()) << " but computed with "
           << formatShape(shape);
  if (auto *value = std::get_if<Value>(&*result))
    return *value;
  // A graph of constants only has no node that could hold it.
  onnx::NodeProto node;
  node.add_output(output.name());
  NodeImporter importer(state, node, {});
  return importer.createConstant(std::get<ConstantTensor>(*result));
}

LogicalResult GraphImporter::importOutputs() {
  SmallVector<Value> results;
  for (const onnx::ValueInfoProto &output : graph.output()) {
    FailureOr<Value> result = importOutput(output);
    if (failed(result))
      return failure();
    results.push_back(*result);
  }
  func::ReturnOp::create(builder, module.getLoc(), results);
  function.setType(builder.getFunctionType(function.getArgumentTypes(),
                                           TypeRange(ValueRange(results))));
  for (auto [index, output] : llvm::enumerate(graph.output()))
    function.setResultAttr(index, nn::modelNameAttrName,
                           builder.getStringAttr(output.name()));
  return verify(module);
}
