//===- NodeImporter.h - What the import of one node works with --*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_IMPORTER_NODEIMPORTER_H
#define WINDROW_COMPILER_IMPORTER_NODEIMPORTER_H

#include "compiler/importer/ConstantTensor.h"
#include "compiler/importer/NodeAttributes.h"
#include "compiler/importer/OnnxModelFile.h"
#include "compiler/importer/WeightTable.h"
#include "dialects/Nn/Nn.h"
#include "mlir/IR/Builders.h"
#include <variant>

namespace windrow::importer {

/// What a name of an ONNX graph stands for: a value that is computed when the
/// model runs, always an f32 tensor, or one that is known now.
using GraphValue = std::variant<mlir::Value, ConstantTensor>;

llvm::ArrayRef<int64_t> shapeOf(mlir::Value value);
llvm::ArrayRef<int64_t> shapeOf(const GraphValue &value);

/// What all nodes of one import share.
struct ImportState {
  OnnxModelFile &file;
  mlir::OpBuilder &builder;
  WeightTable &weights;
  /// The version of the ai.onnx operators.
  int64_t opset;
};

/// Builds what one ONNX node becomes. Operands count from 0 as in the ONNX
/// specification; an operand left out at the end and one with an empty name are
/// the same. Everything that can fail has emitted an error, at the location of
/// the node, when it does.
class NodeImporter {
public:
  /// `operands` are the node's inputs; those left out are empty. All arguments
  /// must outlive this.
  NodeImporter(ImportState &state, const onnx::NodeProto &node,
               llvm::ArrayRef<std::optional<GraphValue>> operands);

  int64_t opset() const { return state.opset; }
  NodeAttributes &attributes() { return nodeAttributes; }
  mlir::OpBuilder &builder() { return state.builder; }
  OnnxModelFile &file() { return state.file; }
  mlir::Location loc() const { return location; }
  llvm::StringRef operatorName() const { return node.op_type(); }
  /// The name of result 0.
  std::string resultName() const;

  mlir::InFlightDiagnostic emitError();

  //===--------------------------------------------------------------------===//
  // Operands
  //===--------------------------------------------------------------------===//

  /// Fails unless the node has `least` to `most` operands, the first `least` of
  /// which are not left out.
  mlir::LogicalResult checkOperands(unsigned least, unsigned most);

  unsigned numOperands() const { return operands.size(); }
  bool hasOperand(unsigned index) const;
  /// Whether operand `index` is there and known now.
  bool isConstant(unsigned index) const;
  /// Operand `index`, which must be there.
  const GraphValue &operand(unsigned index) const;

  /// Operand `index` as a value of the IR; weights become an nn.constant.
  mlir::FailureOr<mlir::Value> getValue(unsigned index);
  /// The same, for an operand that must have the four dimensions NCHW.
  mlir::FailureOr<mlir::Value> getImage(unsigned index);
  /// Operand `index`, which must be known now; `what` says what it is.
  mlir::FailureOr<ConstantTensor> getConstant(unsigned index,
                                              llvm::StringRef what);
  /// A constant operand that is a list of int32 or int64, or a scalar.
  mlir::FailureOr<llvm::SmallVector<int64_t>> getIntegers(unsigned index,
                                                          llvm::StringRef what);
  /// A constant f32 operand of one element.
  mlir::FailureOr<float> getScalar(unsigned index, llvm::StringRef what);
  /// A constant f32 operand of shape [size]; computed with, so in double.
  mlir::FailureOr<llvm::SmallVector<double>>
  getVector(unsigned index, int64_t size, llvm::StringRef what);

  /// Fails unless the elements of `tensor` are f32 and finite.
  mlir::LogicalResult checkWeights(const ConstantTensor &tensor);

  /// The dimension that `axis` of a tensor of `rank` dimensions means.
  mlir::FailureOr<int64_t> resolveAxis(int64_t axis, int64_t rank);
  /// The same for several, which must differ.
  mlir::FailureOr<llvm::SmallVector<int64_t>>
  resolveAxes(llvm::ArrayRef<int64_t> axes, int64_t rank);

  /// Fails if an attribute read so far is of another type.
  mlir::LogicalResult checkAttributes();

  /// Whether the node names results besides result 0.
  bool hasFurtherResults() const;

  //===--------------------------------------------------------------------===//
  // Operations
  //===--------------------------------------------------------------------===//

  /// Creates an `OpT` from the arguments of its builder that follow the result
  /// type, which is inferred.
  template <typename OpT, typename... Args>
  mlir::FailureOr<mlir::Value> create(Args &&...args);

  /// An nn.constant of the tensor's shape, located at the tensor's name.
  mlir::FailureOr<mlir::Value> createConstant(const ConstantTensor &tensor);
  /// An nn.constant of shape [size]; one element is repeated.
  mlir::FailureOr<mlir::Value> createVector(int64_t size,
                                            llvm::ArrayRef<float> elements);

  mlir::FailureOr<GraphValue> reshape(const GraphValue &value,
                                      llvm::ArrayRef<int64_t> shape);
  mlir::FailureOr<GraphValue> transpose(const GraphValue &value,
                                        llvm::ArrayRef<int64_t> permutation);
  mlir::FailureOr<mlir::Value> reshape(mlir::Value value,
                                       llvm::ArrayRef<int64_t> shape);
  mlir::FailureOr<mlir::Value> transpose(mlir::Value value,
                                         llvm::ArrayRef<int64_t> permutation);

  /// Moves dimension `axis` to the end: for axis 1, NCHW to NHWC.
  mlir::FailureOr<mlir::Value> toChannelsLast(mlir::Value value,
                                              int64_t axis = 1);
  /// The reverse: moves the last dimension to `axis`.
  mlir::FailureOr<mlir::Value> fromChannelsLast(mlir::Value value,
                                                int64_t axis = 1);

  /// value * scale + shift, clamped, with one scale and shift for each index of
  /// dimension `axis`, or one of each for all elements.
  mlir::FailureOr<mlir::Value> scaleAndShift(mlir::Value value, int64_t axis,
                                             llvm::ArrayRef<float> scale,
                                             llvm::ArrayRef<float> shift,
                                             nn::ClampAttr clamp = {});
  mlir::FailureOr<mlir::Value> scaleAndShift(mlir::Value value, float scale,
                                             float shift,
                                             nn::ClampAttr clamp = {});

  /// #nn.clamp; null where neither bound is finite. Fails unless low < high.
  mlir::FailureOr<nn::ClampAttr> createClamp(float low, float high);

  /// Where dimension `dimension` stands after moving `axis` to the end.
  static int64_t movedDimension(int64_t dimension, int64_t axis, int64_t rank);

  //===--------------------------------------------------------------------===//
  // Results
  //===--------------------------------------------------------------------===//

  /// Sets result 0, or passes a failure on.
  mlir::LogicalResult setResult(mlir::FailureOr<mlir::Value> value);
  mlir::LogicalResult setResult(mlir::FailureOr<GraphValue> value);
  /// Result 0; the others are unsupported wherever something uses them.
  const std::optional<GraphValue> &result() const { return firstResult; }

private:
  /// The only result of `operation`, once that is verified.
  mlir::FailureOr<mlir::Value> checkNewOperation(mlir::Operation *operation);

  ImportState &state;
  const onnx::NodeProto &node;
  llvm::ArrayRef<std::optional<GraphValue>> operands;
  NodeAttributes nodeAttributes;
  mlir::Location location;
  std::optional<GraphValue> firstResult;
};

/// The name by which messages and locations call `node`: its own, else that of
/// its first output.
llvm::StringRef nodeName(const onnx::NodeProto &node);

template <typename OpT, typename... Args>
mlir::FailureOr<mlir::Value> NodeImporter::create(Args &&...args) {
  // ODS's builders that infer the result type abort where they cannot.
  mlir::OperationState operation(location, OpT::getOperationName());
  OpT::build(state.builder, operation, /*result=*/mlir::Type(),
             std::forward<Args>(args)...);
  operation.types.clear();
  if (mlir::failed(OpT::inferReturnTypes(
          state.builder.getContext(), location, operation.operands,
          operation.attributes.getDictionary(state.builder.getContext()),
          operation.getRawProperties(), operation.regions, operation.types)))
    return mlir::failure();
  return checkNewOperation(state.builder.create(operation));
}

} // namespace windrow::importer

#endif // WINDROW_COMPILER_IMPORTER_NODEIMPORTER_H
