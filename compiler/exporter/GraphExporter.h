//===- GraphExporter.h - From a function to an ONNX graph -------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_EXPORTER_GRAPHEXPORTER_H
#define WINDROW_COMPILER_EXPORTER_GRAPHEXPORTER_H

#include "compiler/exporter/OnnxModelWriter.h"
#include "compiler/exporter/TensorLayout.h"
#include "compiler/serializer/WeightPool.h"
#include "dialects/Nn/Nn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace windrow::exporter {

/// An ONNX tensor that holds a value of the function.
struct ExportedTensor {
  std::string name;
  Shape shape;
  TensorLayout layout;

  /// Whether the value is the tensor but for the order of dimensions.
  bool isDirect(llvm::ArrayRef<int64_t> valueShape) const {
    return layout.view == shape &&
           llvm::ArrayRef(layout.transposedView()) == valueShape;
  }
};

llvm::ArrayRef<int64_t> shapeOf(mlir::Value value);

/// The operation that makes numbers of `value`, which is an argument that
/// nothing else reads; null if there is none.
nn::NormalizeImageOp findNormalization(mlir::Value value);

/// The ONNX graph of one function while it is built. Every value has the
/// tensors in which it was computed or wanted so far; a layout is changed only
/// where somebody asks for another one. Used once.
class GraphExporter {
public:
  explicit GraphExporter(mlir::func::FuncOp function);
  ~GraphExporter();

  /// Builds the graph; emits an error where that fails.
  mlir::LogicalResult run();
  /// Writes the graph that has been built.
  mlir::LogicalResult write(llvm::raw_ostream &out);

  //===--------------------------------------------------------------------===//
  // Operands
  //===--------------------------------------------------------------------===//

  /// The tensor of `shape` and `layout` that holds `value`; adds the nodes or
  /// the initializer that this takes.
  ExportedTensor get(mlir::Value value, llvm::ArrayRef<int64_t> shape,
                     const TensorLayout &layout);
  /// The tensor that is `value` itself.
  std::string getPlain(mlir::Value value);
  /// The tensor that is `value` with its last dimension as dimension 1.
  std::string getChannelsFirst(mlir::Value value);
  /// The tensor of `value`'s rank that takes the fewest nodes. It may be one of
  /// a flattened image, whose elements are in another order, and which is not
  /// direct therefore; all others are.
  ExportedTensor getAny(mlir::Value value);
  /// The same, but always direct.
  ExportedTensor getDirect(mlir::Value value);

  //===--------------------------------------------------------------------===//
  // Nodes
  //===--------------------------------------------------------------------===//

  /// Adds a node that is called after `op` and returns its output's name.
  std::string addNode(llvm::StringRef type, mlir::Operation *op,
                      llvm::ArrayRef<std::string> inputs,
                      llvm::ArrayRef<onnx::AttributeProto> attributes = {});
  /// Adds a node for `clamp`, where there is one, behind tensor `name`.
  std::string addClamp(nn::ClampAttr clamp, mlir::Operation *op,
                       std::string name);

  /// Initializers of small numbers; equal ones are shared.
  std::string addIntegers(llvm::ArrayRef<int64_t> numbers);
  std::string addVector(int64_t size, float element);
  std::string addScalar(float number);

  /// Says that a tensor holds `value`.
  void define(mlir::Value value, std::string name,
              llvm::ArrayRef<int64_t> shape, const TensorLayout &layout);
  void defineChannelsFirst(mlir::Value value, std::string name);
  void definePlain(mlir::Value value, std::string name);
  /// Says that `value` has the tensors of `other`, reshaped.
  void defineReshaped(mlir::Value value, mlir::Value other);

private:
  mlir::LogicalResult checkTypes();
  void addInputs();
  void addOutputs(mlir::func::ReturnOp op);
  void addValueInfo(onnx::ValueInfoProto &info, llvm::StringRef name,
                    llvm::ArrayRef<int64_t> shape);
  /// The layout in which argument or result `type` appears in the model's file.
  TensorLayout modelLayout(mlir::Type type, mlir::Attribute layout) const;
  std::string modelName(mlir::Attribute name, llvm::StringRef kind,
                        unsigned index, unsigned count) const;

  /// `base`, with a number where that is taken; it is taken from then on.
  static std::string uniqueName(llvm::StringSet<> &taken, llvm::StringRef base);

  std::string addInitializer(nn::ConstantOp constant);
  template <typename T>
  std::string addSmall(llvm::StringRef base, onnx::TensorProto tensor,
                       llvm::ArrayRef<T> elements);
  /// Null where the order of elements cannot be had without computing it.
  std::optional<ExportedTensor> getConstant(nn::ConstantOp constant,
                                            llvm::ArrayRef<int64_t> shape,
                                            const TensorLayout &layout);
  ExportedTensor convert(mlir::Value value, const ExportedTensor &from,
                         llvm::ArrayRef<int64_t> shape,
                         const TensorLayout &layout);
  std::string addReshape(mlir::Operation *op, std::string name,
                         llvm::ArrayRef<int64_t> from,
                         llvm::ArrayRef<int64_t> to);
  std::string addTranspose(mlir::Operation *op, std::string name,
                           llvm::ArrayRef<int64_t> permutation);

  mlir::func::FuncOp function;
  onnx::ModelProto model;
  onnx::GraphProto &graph;
  std::vector<StreamedTensor> initializers;
  WeightPool weights;
  llvm::StringSet<> names; ///< of tensors
  llvm::StringSet<> nodeNames;
  /// Names of initializers by what they hold.
  llvm::StringMap<std::string> smallInitializers;
  llvm::DenseMap<unsigned, std::string> weightNames;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<ExportedTensor, 1>> tensors;
  /// Constants in other orders than those of the function, which hold them.
  llvm::SmallVector<nn::ConstantOp> reorderedConstants;
};

/// Adds what `op` is in ONNX; emits an error where it is nothing.
mlir::LogicalResult exportOperation(GraphExporter &graph, mlir::Operation *op);

onnx::AttributeProto makeAttribute(llvm::StringRef name, int64_t value);
onnx::AttributeProto makeAttribute(llvm::StringRef name, float value);
onnx::AttributeProto makeAttribute(llvm::StringRef name,
                                   llvm::ArrayRef<int64_t> values);

} // namespace windrow::exporter

#endif // WINDROW_COMPILER_EXPORTER_GRAPHEXPORTER_H
