//===- NnShapes.cpp - Shape inference and verification of nn --------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One overload of `inferResultType` per operation checks its operands and
// attributes and computes the type of its result. Type inference and the
// verifier are both made of it, so that each mistake has one message.
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace windrow::nn;

using Shape = SmallVector<int64_t, 4>;

/// Larger sizes in attributes could overflow a sum of sizes.
static constexpr int64_t maxSize = std::numeric_limits<int32_t>::max();

bool windrow::nn::isSupportedShape(ArrayRef<int64_t> shape) {
  int64_t elements = 1;
  for (int64_t size : shape) {
    if (size < 1 || size > maxSize / elements)
      return false;
    elements *= size;
  }
  return true;
}

namespace {
/// Reports what is wrong with an operation that exists, or with one to be built
/// where somebody wants to know.
class ErrorEmitter {
public:
  ErrorEmitter(Operation *op) : op(op) {}
  ErrorEmitter(std::optional<Location> location, StringRef opName)
      : location(location), opName(opName) {}

  template <typename... Args> LogicalResult operator()(Args &&...args) const {
    if (op)
      return op->emitOpError().append(std::forward<Args>(args)...);
    return emitOptionalError(location, "'", opName, "' op ",
                             std::forward<Args>(args)...);
  }

private:
  Operation *op = nullptr;
  std::optional<Location> location;
  StringRef opName;
};
} // namespace

//===----------------------------------------------------------------------===//
// Checks that several operations share
//===----------------------------------------------------------------------===//

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static constexpr int64_t anyRank = -1;

/// Checks the ranks of the first operands, or of all where there are fewer. The
/// verifier finds nothing here, as ODS constrains the operands, but somebody
/// who asks for the type of an operation to be built may give any tensors.
static LogicalResult checkRanks(ValueRange operands, ArrayRef<int64_t> ranks,
                                ErrorEmitter emitError) {
  for (auto [index, pair] : llvm::enumerate(llvm::zip(operands, ranks))) {
    auto [operand, rank] = pair;
    if (rank != anyRank && tensorType(operand).getRank() != rank)
      return emitError("operand #", index, " must have rank ", rank, ", got ",
                       tensorType(operand).getRank());
  }
  return success();
}

/// Checks that an attribute has `count` numbers from `min` on.
static LogicalResult checkSizes(ArrayRef<int64_t> sizes, StringRef name,
                                size_t count, int64_t min,
                                ErrorEmitter emitError) {
  auto isValid = [&](int64_t size) { return min <= size && size <= maxSize; };
  if (sizes.size() == count && llvm::all_of(sizes, isValid))
    return success();
  return emitError(name, " must be ", count, " numbers from ", min, " to ",
                   maxSize, ", got [", sizes, "]");
}

static LogicalResult checkSameElementType(ValueRange operands,
                                          ErrorEmitter emitError) {
  Type first = tensorType(operands.front()).getElementType();
  for (Value operand : operands.drop_front())
    if (tensorType(operand).getElementType() != first)
      return emitError("operands must have one element type, got ", first,
                       " and ", tensorType(operand).getElementType());
  return success();
}

static LogicalResult checkBias(Value bias, int64_t channels,
                               ErrorEmitter emitError) {
  if (!bias || tensorType(bias).getDimSize(0) == channels)
    return success();
  return emitError("bias must have ", channels, " elements, got ",
                   tensorType(bias).getDimSize(0));
}

namespace {
/// How a convolution or a pooling slides over height and width.
struct SlidingWindow {
  ArrayRef<int64_t> kernel;
  ArrayRef<int64_t> strides;
  ArrayRef<int64_t> dilations;
  ArrayRef<int64_t> pads;
  int64_t dilatedKernel(unsigned axis) const {
    return (kernel[axis] - 1) * dilations[axis] + 1;
  }
};
} // namespace

/// The result's height and width for an image of `imageSize`.
static FailureOr<std::array<int64_t, 2>>
inferSlidingSize(const SlidingWindow &window, std::array<int64_t, 2> imageSize,
                 ErrorEmitter emitError) {
  if (failed(checkSizes(window.kernel, "kernel", 2, 1, emitError)) ||
      failed(checkSizes(window.strides, "strides", 2, 1, emitError)) ||
      failed(checkSizes(window.dilations, "dilations", 2, 1, emitError)) ||
      failed(checkSizes(window.pads, "pads", 4, 0, emitError)))
    return failure();
  std::array<int64_t, 2> size;
  for (unsigned axis : {0, 1}) {
    int64_t padded =
        imageSize[axis] + window.pads[axis] + window.pads[axis + 2];
    int64_t kernel = window.dilatedKernel(axis);
    if (padded < kernel)
      return emitError("padded ", (axis == 0 ? "height" : "width"),
                       " must be at least ", kernel,
                       ", the extent of the kernel, got ", padded);
    size[axis] = (padded - kernel) / window.strides[axis] + 1;
  }
  return size;
}

/// Checks that every window of a pooling holds an element of the image.
static LogicalResult checkWindowsTouchImage(const SlidingWindow &window,
                                            std::array<int64_t, 2> imageSize,
                                            std::array<int64_t, 2> resultSize,
                                            ErrorEmitter emitError) {
  for (unsigned axis : {0, 1}) {
    int64_t dilation = window.dilations[axis];
    for (int64_t i = 0; i < resultSize[axis]; ++i) {
      int64_t start = i * window.strides[axis] - window.pads[axis];
      int64_t firstTap =
          std::max<int64_t>(0, (-start + dilation - 1) / dilation);
      if (firstTap < window.kernel[axis] &&
          start + firstTap * dilation < imageSize[axis])
        continue;
      return emitError("every window must hold an element of the image, "
                       "got none in ",
                       (axis == 0 ? "row " : "column "), i, " of the result");
    }
  }
  return success();
}

static FailureOr<RankedTensorType>
inferPool(Value input, const SlidingWindow &window, ErrorEmitter emitError) {
  RankedTensorType image = tensorType(input);
  std::array<int64_t, 2> imageSize = {image.getDimSize(1), image.getDimSize(2)};
  auto size = inferSlidingSize(window, imageSize, emitError);
  if (failed(size) ||
      failed(checkWindowsTouchImage(window, imageSize, *size, emitError)))
    return failure();
  return image.clone(
      Shape{image.getDimSize(0), (*size)[0], (*size)[1], image.getDimSize(3)});
}

/// The result of an elementwise operation of two operands.
static FailureOr<RankedTensorType> inferBroadcast(Value lhs, Value rhs,
                                                  ErrorEmitter emitError) {
  if (failed(checkSameElementType({lhs, rhs}, emitError)))
    return failure();
  auto isPerChannelOf = [](RankedTensorType vector, RankedTensorType image) {
    return vector.getRank() == 4 && image.getRank() == 4 &&
           vector.getDimSize(0) == image.getDimSize(0) &&
           vector.getDimSize(1) == 1 && vector.getDimSize(2) == 1 &&
           vector.getDimSize(3) == image.getDimSize(3);
  };
  RankedTensorType left = tensorType(lhs), right = tensorType(rhs);
  if (left == right || isPerChannelOf(right, left))
    return left;
  if (isPerChannelOf(left, right))
    return right;
  return emitError("operands must have one shape, or one of them [N, 1, "
                   "1, C] of the other's [N, H, W, C], got [",
                   left.getShape(), "] and [", right.getShape(), "]");
}

//===----------------------------------------------------------------------===//
// Result types
//===----------------------------------------------------------------------===//

static bool isWinogradWindow(const SlidingWindow &window, int64_t groups) {
  auto are = [](ArrayRef<int64_t> sizes, int64_t size) {
    return llvm::all_of(sizes, [&](int64_t value) { return value == size; });
  };
  return are(window.kernel, 3) && are(window.strides, 1) &&
         are(window.dilations, 1) && groups == 1;
}

bool Conv2DOp::isWinogradComputable() {
  return isWinogradWindow({getFilter().getType().getShape().slice(1, 2),
                           getStrides(), getDilations(), getPads()},
                          getGroups());
}

static FailureOr<RankedTensorType> inferResultType(Conv2DOp::Adaptor op,
                                                   ErrorEmitter emitError) {
  if (failed(checkRanks(op.getOperands(), {4, 4, 1}, emitError)))
    return failure();
  RankedTensorType image = tensorType(op.getInput());
  RankedTensorType filter = tensorType(op.getFilter());
  int64_t inputChannels = image.getDimSize(3);
  int64_t outputChannels = filter.getDimSize(0);
  int64_t groups = op.getGroups();
  if (failed(checkSameElementType(op.getOperands(), emitError)))
    return failure();
  if (groups < 1 || inputChannels % groups || outputChannels % groups)
    return emitError("groups must divide ", inputChannels, " input and ",
                     outputChannels, " output channels, got ", groups);
  if (filter.getDimSize(3) != inputChannels / groups)
    return emitError("filter must have ", inputChannels / groups,
                     " input channels in its last dimension, got ",
                     filter.getDimSize(3));
  if (failed(checkBias(op.getBias(), outputChannels, emitError)))
    return failure();
  SlidingWindow window = {filter.getShape().slice(1, 2), op.getStrides(),
                          op.getDilations(), op.getPads()};
  if (op.getAlgorithm() != ConvolutionAlgorithm::Direct &&
      !isWinogradWindow(window, groups))
    return emitError("algorithm must be direct unless the filter is 3x3, "
                     "strides and dilations are 1 and groups is 1, got ",
                     stringifyConvolutionAlgorithm(op.getAlgorithm()));
  auto size = inferSlidingSize(
      window, {image.getDimSize(1), image.getDimSize(2)}, emitError);
  if (failed(size))
    return failure();
  return image.clone(
      Shape{image.getDimSize(0), (*size)[0], (*size)[1], outputChannels});
}

static FailureOr<RankedTensorType> inferResultType(MaxPool2DOp::Adaptor op,
                                                   ErrorEmitter emitError) {
  if (failed(checkRanks(op.getOperands(), {4}, emitError)))
    return failure();
  return inferPool(
      op.getInput(),
      {op.getKernel(), op.getStrides(), op.getDilations(), op.getPads()},
      emitError);
}

static FailureOr<RankedTensorType> inferResultType(AvgPool2DOp::Adaptor op,
                                                   ErrorEmitter emitError) {
  if (failed(checkRanks(op.getOperands(), {4}, emitError)))
    return failure();
  return inferPool(op.getInput(),
                   {op.getKernel(), op.getStrides(), {1, 1}, op.getPads()},
                   emitError);
}

static FailureOr<RankedTensorType> inferGlobalPool(Value input,
                                                   ErrorEmitter emitError) {
  if (failed(checkRanks(input, {4}, emitError)))
    return failure();
  RankedTensorType image = tensorType(input);
  return image.clone(Shape{image.getDimSize(0), 1, 1, image.getDimSize(3)});
}

static FailureOr<RankedTensorType> inferResultType(GlobalAvgPoolOp::Adaptor op,
                                                   ErrorEmitter emitError) {
  return inferGlobalPool(op.getInput(), emitError);
}

static FailureOr<RankedTensorType> inferResultType(GlobalSumPoolOp::Adaptor op,
                                                   ErrorEmitter emitError) {
  return inferGlobalPool(op.getInput(), emitError);
}

static FailureOr<RankedTensorType> inferResultType(FullyConnectedOp::Adaptor op,
                                                   ErrorEmitter emitError) {
  if (failed(checkRanks(op.getOperands(), {2, 2, 1}, emitError)))
    return failure();
  RankedTensorType input = tensorType(op.getInput());
  RankedTensorType filter = tensorType(op.getFilter());
  if (failed(checkSameElementType(op.getOperands(), emitError)))
    return failure();
  if (filter.getDimSize(1) != input.getDimSize(1))
    return emitError("filter must have ", input.getDimSize(1),
                     " columns, as many as the input, got ",
                     filter.getDimSize(1));
  if (failed(checkBias(op.getBias(), filter.getDimSize(0), emitError)))
    return failure();
  return input.clone(Shape{input.getDimSize(0), filter.getDimSize(0)});
}

static FailureOr<RankedTensorType> inferResultType(AddOp::Adaptor op,
                                                   ErrorEmitter emitError) {
  return inferBroadcast(op.getLhs(), op.getRhs(), emitError);
}

static FailureOr<RankedTensorType> inferResultType(MultiplyOp::Adaptor op,
                                                   ErrorEmitter emitError) {
  return inferBroadcast(op.getLhs(), op.getRhs(), emitError);
}

static FailureOr<RankedTensorType> inferResultType(ScaleShiftOp::Adaptor op,
                                                   ErrorEmitter emitError) {
  RankedTensorType input = tensorType(op.getInput());
  if (failed(checkRanks(op.getOperands(), {anyRank, 1, 1}, emitError)) ||
      failed(checkSameElementType(op.getOperands(), emitError)))
    return failure();
  if (input.getRank() == 0)
    return emitError("input must have channels, got rank 0");
  int64_t channels = input.getShape().back();
  for (Value perChannel : {op.getScale(), op.getShift()})
    if (tensorType(perChannel).getDimSize(0) != channels)
      return emitError("scale and shift must have ", channels,
                       " elements, got ", tensorType(perChannel).getDimSize(0));
  return input;
}

static FailureOr<RankedTensorType> inferResultType(NormalizeImageOp::Adaptor op,
                                                   ErrorEmitter emitError) {
  if (failed(checkRanks(op.getOperands(), {4}, emitError)))
    return failure();
  RankedTensorType image = tensorType(op.getInput());
  int64_t channels = image.getDimSize(3);
  // A grey image is read for as many channels as there are means.
  size_t expected =
      channels == 1 ? std::max<size_t>(op.getMean().size(), 1) : channels;
  for (ArrayRef<float> perChannel : {op.getMean(), op.getDeviation()})
    if (perChannel.size() != expected)
      return emitError("mean and deviation must have ", expected,
                       " elements, got ", perChannel.size());
  if (!llvm::all_of(op.getMean(), [](float f) { return std::isfinite(f); }))
    return emitError("mean must be finite, got [", op.getMean(), "]");
  if (!llvm::all_of(op.getDeviation(),
                    [](float f) { return std::isfinite(f) && f > 0; }))
    return emitError("deviation must be finite and positive, got [",
                     op.getDeviation(), "]");
  SmallVector<int64_t> shape(image.getShape());
  shape.back() = static_cast<int64_t>(expected);
  return RankedTensorType::get(shape, Float32Type::get(image.getContext()));
}

static FailureOr<RankedTensorType> inferResultType(ConcatOp::Adaptor op,
                                                   ErrorEmitter emitError) {
  if (op.getInputs().empty())
    return emitError("must have at least one operand");
  if (failed(checkSameElementType(op.getInputs(), emitError)))
    return failure();
  RankedTensorType first = tensorType(op.getInputs().front());
  int64_t axis = op.getAxis();
  if (axis < 0 || axis >= first.getRank())
    return emitError("axis must be from 0 to ", first.getRank() - 1, ", got ",
                     axis);
  Shape shape(first.getShape());
  for (Value input : op.getInputs().drop_front()) {
    Shape other(tensorType(input).getShape());
    bool hasAxis = axis < int64_t(other.size());
    if (hasAxis)
      shape[axis] += std::exchange(other[axis], first.getDimSize(axis));
    if (!hasAxis || ArrayRef<int64_t>(other) != first.getShape())
      return emitError("operands must agree in all dimensions but ", axis,
                       ", got [", first.getShape(), "] and [",
                       tensorType(input).getShape(), "]");
  }
  return first.clone(shape);
}

static FailureOr<RankedTensorType> inferResultType(PadOp::Adaptor op,
                                                   ErrorEmitter emitError) {
  RankedTensorType input = tensorType(op.getInput());
  if (failed(checkSizes(op.getLow(), "low", input.getRank(), 0, emitError)) ||
      failed(checkSizes(op.getHigh(), "high", input.getRank(), 0, emitError)))
    return failure();
  Shape shape;
  for (auto [size, low, high] :
       llvm::zip_equal(input.getShape(), op.getLow(), op.getHigh()))
    shape.push_back(low + size + high);
  return input.clone(shape);
}

static FailureOr<RankedTensorType> inferResultType(SliceOp::Adaptor op,
                                                   ErrorEmitter emitError) {
  RankedTensorType input = tensorType(op.getInput());
  size_t rank = input.getRank();
  if (failed(checkSizes(op.getOffsets(), "offsets", rank, 0, emitError)) ||
      failed(checkSizes(op.getSizes(), "sizes", rank, 1, emitError)))
    return failure();
  for (size_t dim = 0; dim < rank; ++dim)
    if (op.getOffsets()[dim] + op.getSizes()[dim] > input.getDimSize(dim))
      return emitError(
          "box must lie in the input, got elements ", op.getOffsets()[dim],
          " to ", op.getOffsets()[dim] + op.getSizes()[dim], " of dimension ",
          dim, " of size ", input.getDimSize(dim));
  return input.clone(op.getSizes());
}

static FailureOr<RankedTensorType> inferResultType(TransposeOp::Adaptor op,
                                                   ErrorEmitter emitError) {
  RankedTensorType input = tensorType(op.getInput());
  if (int64_t(op.getPermutation().size()) != input.getRank() ||
      !isPermutationVector(op.getPermutation()))
    return emitError("permutation must hold every number below ",
                     input.getRank(), " once, got [", op.getPermutation(), "]");
  Shape shape;
  for (int64_t dim : op.getPermutation())
    shape.push_back(input.getDimSize(dim));
  return input.clone(shape);
}

//===----------------------------------------------------------------------===//
// Type inference and verifiers
//===----------------------------------------------------------------------===//

template <typename OpTy>
static LogicalResult inferReturnTypesOf(std::optional<Location> location,
                                        typename OpTy::Adaptor adaptor,
                                        SmallVectorImpl<Type> &types) {
  FailureOr<RankedTensorType> type = inferResultType(
      adaptor, ErrorEmitter(location, OpTy::getOperationName()));
  if (failed(type))
    return failure();
  types.push_back(*type);
  return success();
}

template <typename OpTy> static LogicalResult verifyResultType(OpTy op) {
  FailureOr<RankedTensorType> type =
      inferResultType(typename OpTy::Adaptor(op), ErrorEmitter(op));
  if (failed(type))
    return failure();
  if (op.getResult().getType() != *type)
    return op.emitOpError() << "result must be " << *type << ", got "
                            << op.getResult().getType();
  return success();
}

#define WINDROW_NN_DEFINE_TYPE_INFERENCE(OpTy)                                 \
  LogicalResult OpTy::inferReturnTypes(                                        \
      MLIRContext *, std::optional<Location> location, Adaptor adaptor,        \
      SmallVectorImpl<Type> &types) {                                          \
    return inferReturnTypesOf<OpTy>(location, adaptor, types);                 \
  }                                                                            \
  LogicalResult OpTy::verify() { return verifyResultType(*this); }

WINDROW_NN_DEFINE_TYPE_INFERENCE(Conv2DOp)
WINDROW_NN_DEFINE_TYPE_INFERENCE(MaxPool2DOp)
WINDROW_NN_DEFINE_TYPE_INFERENCE(AvgPool2DOp)
WINDROW_NN_DEFINE_TYPE_INFERENCE(GlobalAvgPoolOp)
WINDROW_NN_DEFINE_TYPE_INFERENCE(GlobalSumPoolOp)
WINDROW_NN_DEFINE_TYPE_INFERENCE(FullyConnectedOp)
WINDROW_NN_DEFINE_TYPE_INFERENCE(AddOp)
WINDROW_NN_DEFINE_TYPE_INFERENCE(MultiplyOp)
WINDROW_NN_DEFINE_TYPE_INFERENCE(ScaleShiftOp)
WINDROW_NN_DEFINE_TYPE_INFERENCE(NormalizeImageOp)
WINDROW_NN_DEFINE_TYPE_INFERENCE(ConcatOp)
WINDROW_NN_DEFINE_TYPE_INFERENCE(PadOp)
WINDROW_NN_DEFINE_TYPE_INFERENCE(SliceOp)
WINDROW_NN_DEFINE_TYPE_INFERENCE(TransposeOp)
#undef WINDROW_NN_DEFINE_TYPE_INFERENCE
