//===- Evaluation.cpp - Computes operations on many images ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/Evaluation.h"

#include "passes/Transforms/ConstantElements.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/TypeSwitch.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>

using namespace mlir;

namespace windrow::nn {

using FloatMatrix =
    Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using FloatMap = Eigen::Map<FloatMatrix>;
using ConstFloatMap = Eigen::Map<const FloatMatrix>;
using Operands = ArrayRef<ImageTensorRef>;

static int64_t countElements(ArrayRef<int64_t> shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t(1),
                         std::multiplies<int64_t>());
}

ImageTensor::ImageTensor(ArrayRef<int64_t> shape)
    : shape(shape), elements(countElements(shape)) {}

/// The shape of `result` with as many images as `operand` has more than its
/// operation says.
static SmallVector<int64_t, 4> stackShape(Value result, Value operandValue,
                                          const ImageTensor &operand) {
  SmallVector<int64_t, 4> shape(
      cast<RankedTensorType>(result.getType()).getShape());
  int64_t ownSize =
      cast<RankedTensorType>(operandValue.getType()).getNumElements();
  if (!shape.empty())
    shape[0] *= static_cast<int64_t>(operand.elements.size()) / ownSize;
  return shape;
}

static ImageTensor makeResult(Operation *op, Operands operands) {
  return ImageTensor(
      stackShape(op->getResult(0), op->getOperand(0), *operands.front()));
}

ImageTensorRef evaluateConstant(ConstantOp constant) {
  std::optional<SmallVector<float>> elements = readConstant(constant);
  if (!elements)
    return nullptr;
  auto tensor = std::make_shared<ImageTensor>(constant.getType().getShape());
  llvm::copy(*elements, tensor->elements.begin());
  return tensor;
}

//===----------------------------------------------------------------------===//
// Sliding windows
//===----------------------------------------------------------------------===//

SlidingWindow getWindow(Conv2DOp conv) {
  ArrayRef<int64_t> filter = conv.getFilter().getType().getShape();
  return {{filter[1], filter[2]},
          {conv.getStrides()[0], conv.getStrides()[1]},
          {conv.getDilations()[0], conv.getDilations()[1]},
          {conv.getPads()[0], conv.getPads()[1]}};
}

/// Calls `visit(image, row, column, pixel)` for every pixel of `result`.
template <typename Visitor>
static void visitPixels(ImageTensor &result, Visitor visit) {
  float *pixel = result.data();
  for (int64_t image = 0; image < result.shape[0]; ++image)
    for (int64_t row = 0; row < result.shape[1]; ++row)
      for (int64_t column = 0; column < result.shape[2];
           ++column, pixel += result.channels())
        visit(image, row, column, pixel);
}

/// A convolution of one group as matrix products of a few rows at a time.
static void convolveDense(const ImageTensor &input, const ImageTensor &filter,
                          const SlidingWindow &window, ImageTensor &result) {
  int64_t outputs = result.channels(), inputs = input.channels();
  int64_t depth = window.kernel[0] * window.kernel[1] * inputs;
  ConstFloatMap weights(filter.data(), outputs, depth);
  bool isPointwise =
      depth == inputs && window.strides[0] == 1 && window.strides[1] == 1 &&
      window.padsLow[0] == 0 && window.padsLow[1] == 0 &&
      input.shape[1] == result.shape[1] && input.shape[2] == result.shape[2];
  int64_t pixels = static_cast<int64_t>(result.elements.size()) / outputs;
  if (isPointwise) {
    FloatMap(result.data(), pixels, outputs).noalias() =
        ConstFloatMap(input.data(), pixels, inputs) * weights.transpose();
    return;
  }
  int64_t width = result.shape[2];
  FloatMatrix patches(width, depth);
  for (int64_t line = 0; line < pixels / width; ++line) {
    patches.setZero();
    for (int64_t column = 0; column < width; ++column)
      visitWindow(window, input, line / result.shape[1], line % result.shape[1],
                  column, [&](int64_t tap, const float *pixel) {
                    std::copy_n(pixel, inputs,
                                patches.row(column).data() + tap * inputs);
                  });
    FloatMap(result.data() + line * width * outputs, width, outputs).noalias() =
        patches * weights.transpose();
  }
}

static void convolveGrouped(const ImageTensor &input, const ImageTensor &filter,
                            const SlidingWindow &window, int64_t groups,
                            ImageTensor &result) {
  int64_t outputs = result.channels(), inputs = input.channels() / groups;
  int64_t outputsPerGroup = outputs / groups;
  int64_t depth = window.kernel[0] * window.kernel[1] * inputs;
  visitPixels(result, [&](int64_t image, int64_t row, int64_t column,
                          float *sums) {
    visitWindow(window, input, image, row, column,
                [&](int64_t tap, const float *pixel) {
                  for (int64_t o = 0; o < outputs; ++o) {
                    const float *weights =
                        filter.data() + o * depth + tap * inputs;
                    const float *group = pixel + o / outputsPerGroup * inputs;
                    sums[o] = std::inner_product(weights, weights + inputs,
                                                 group, sums[o]);
                  }
                });
  });
}

static void addBias(Value bias, Operands operands, ImageTensor &result) {
  if (!bias)
    return;
  const ImageTensor &values = *operands.back();
  int64_t channels = result.channels();
  FloatMap(result.data(), result.elements.size() / channels, channels)
      .rowwise() +=
      Eigen::Map<const Eigen::RowVectorXf>(values.data(), channels);
}

static ImageTensor compute(Conv2DOp op, Operands operands) {
  ImageTensor result = makeResult(op, operands);
  if (op.getGroups() == 1)
    convolveDense(*operands[0], *operands[1], getWindow(op), result);
  else
    convolveGrouped(*operands[0], *operands[1], getWindow(op), op.getGroups(),
                    result);
  addBias(op.getBias(), operands, result);
  return result;
}

template <typename Pool>
static SlidingWindow getPoolWindow(Pool op, std::array<int64_t, 2> dilations) {
  return {{op.getKernel()[0], op.getKernel()[1]},
          {op.getStrides()[0], op.getStrides()[1]},
          dilations,
          {op.getPads()[0], op.getPads()[1]}};
}

static ImageTensor compute(MaxPool2DOp op, Operands operands) {
  ImageTensor result = makeResult(op, operands);
  SlidingWindow window =
      getPoolWindow(op, {op.getDilations()[0], op.getDilations()[1]});
  int64_t channels = result.channels();
  visitPixels(
      result, [&](int64_t image, int64_t row, int64_t column, float *largest) {
        std::fill_n(largest, channels, -std::numeric_limits<float>::infinity());
        visitWindow(window, *operands[0], image, row, column,
                    [&](int64_t, const float *pixel) {
                      for (int64_t c = 0; c < channels; ++c)
                        largest[c] = std::max(largest[c], pixel[c]);
                    });
      });
  return result;
}

static ImageTensor compute(AvgPool2DOp op, Operands operands) {
  ImageTensor result = makeResult(op, operands);
  SlidingWindow window = getPoolWindow(op, {1, 1});
  int64_t channels = result.channels();
  visitPixels(result,
              [&](int64_t image, int64_t row, int64_t column, float *mean) {
                int64_t count = 0;
                visitWindow(window, *operands[0], image, row, column,
                            [&](int64_t, const float *pixel) {
                              ++count;
                              for (int64_t c = 0; c < channels; ++c)
                                mean[c] += pixel[c];
                            });
                for (int64_t c = 0; c < channels; ++c)
                  mean[c] /= static_cast<float>(count);
              });
  return result;
}

//===----------------------------------------------------------------------===//
// Reductions and matrices
//===----------------------------------------------------------------------===//

static ImageTensor sumPixels(Operation *op, Operands operands, bool takeMean) {
  ImageTensor result = makeResult(op, operands);
  const ImageTensor &input = *operands[0];
  int64_t pixels = input.shape[1] * input.shape[2], channels = input.channels();
  for (int64_t image = 0; image < input.shape[0]; ++image) {
    ConstFloatMap rows(input.data() + image * pixels * channels, pixels,
                       channels);
    Eigen::RowVectorXd sum = rows.cast<double>().colwise().sum();
    if (takeMean)
      sum /= static_cast<double>(pixels);
    FloatMap(result.data() + image * channels, 1, channels) = sum.cast<float>();
  }
  return result;
}

static ImageTensor compute(GlobalAvgPoolOp op, Operands operands) {
  return sumPixels(op, operands, /*takeMean=*/true);
}

static ImageTensor compute(GlobalSumPoolOp op, Operands operands) {
  return sumPixels(op, operands, /*takeMean=*/false);
}

static ImageTensor compute(FullyConnectedOp op, Operands operands) {
  ImageTensor result = makeResult(op, operands);
  const ImageTensor &input = *operands[0], &filter = *operands[1];
  ConstFloatMap weights(filter.data(), filter.shape[0], filter.shape[1]);
  auto multiply = [&](const auto &stored) {
    FloatMap(result.data(), result.shape[0], result.shape[1]).noalias() =
        ConstFloatMap(input.data(), input.shape[0], input.shape[1]) *
        stored.transpose();
  };
  switch (op.getStorage()) {
  case WeightStorage::F32:
    multiply(weights);
    break;
  case WeightStorage::BF16:
    multiply(FloatMatrix(weights.cast<Eigen::bfloat16>().cast<float>()));
    break;
  case WeightStorage::F16:
    multiply(FloatMatrix(weights.cast<Eigen::half>().cast<float>()));
    break;
  }
  addBias(op.getBias(), operands, result);
  return result;
}

//===----------------------------------------------------------------------===//
// Element by element
//===----------------------------------------------------------------------===//

/// Whichever operand is smaller is repeated: over the pixels of its image where
/// it has the shape [N,1,1,C], over the images where it is the same for all.
template <typename Function>
static ImageTensor combine(Operands operands, Function function) {
  const ImageTensor *large = operands[0].get(), *small = operands[1].get();
  if (large->elements.size() < small->elements.size())
    std::swap(large, small);
  ImageTensor result(large->shape);
  bool isPerChannel =
      large->shape.size() == 4 && small->shape[1] == 1 && small->shape[2] == 1;
  size_t channels = large->channels();
  size_t perImage = large->elements.size() / large->shape[0];
  for (size_t i = 0; i < result.elements.size(); ++i) {
    size_t other = isPerChannel ? i / perImage * channels + i % channels : i;
    result.elements[i] = function(
        large->elements[i], small->elements[other % small->elements.size()]);
  }
  return result;
}

static ImageTensor compute(AddOp, Operands operands) {
  return combine(operands, std::plus<float>());
}

static ImageTensor compute(MultiplyOp, Operands operands) {
  return combine(operands, std::multiplies<float>());
}

/// `function(element, channel)` of every element.
template <typename Function>
static ImageTensor mapElements(Operands operands, Function function) {
  ImageTensor result = *operands[0];
  size_t channels = result.channels();
  for (size_t i = 0; i < result.elements.size(); ++i)
    result.elements[i] = function(result.elements[i], i % channels);
  return result;
}

static ImageTensor compute(ClampOp op, Operands operands) {
  float min = op.getBounds().getMinValue(), max = op.getBounds().getMaxValue();
  return mapElements(operands,
                     [&](float x, size_t) { return std::clamp(x, min, max); });
}

static ImageTensor compute(SigmoidOp, Operands operands) {
  return mapElements(
      operands, [](float x, size_t) { return 1.0f / (1.0f + std::exp(-x)); });
}

static ImageTensor compute(HardSwishOp, Operands operands) {
  return mapElements(operands, [](float x, size_t) {
    return x * std::clamp(x + 3.0f, 0.0f, 6.0f) / 6.0f;
  });
}

static ImageTensor compute(SoftmaxOp, Operands operands) {
  ImageTensor result = *operands[0];
  int64_t channels = result.channels();
  FloatMap rows(result.data(), result.elements.size() / channels, channels);
  for (auto row : rows.rowwise()) {
    row = (row.array() - row.maxCoeff()).exp();
    row /= row.sum();
  }
  return result;
}

static ImageTensor compute(ScaleShiftOp, Operands operands) {
  return mapElements(operands, [&](float x, size_t channel) {
    return x * operands[1]->elements[channel] + operands[2]->elements[channel];
  });
}

static ImageTensor compute(NormalizeImageOp op, Operands operands) {
  const ImageTensor &pixels = *operands[0];
  const size_t channels = op.getMean().size();
  const size_t pixelChannels = pixels.channels();
  SmallVector<int64_t, 4> shape(pixels.shape);
  shape.back() = static_cast<int64_t>(channels);
  ImageTensor result(shape);
  for (size_t i = 0; i < result.elements.size(); ++i) {
    size_t place = i / channels, channel = i % channels;
    float pixel =
        pixels.elements[place * pixelChannels + channel % pixelChannels];
    result.elements[i] =
        (pixel / 255.0f - op.getMean()[channel]) / op.getDeviation()[channel];
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

/// Copies the elements of `source` that fit into `target`, where index i of the
/// one is index `i + offsets` of the other: into a larger tensor with offsets
/// at or above 0, out of one with offsets at or below 0.
static void copyBox(const ImageTensor &source, ImageTensor &target,
                    ArrayRef<int64_t> offsets) {
  size_t rank = source.shape.size();
  SmallVector<int64_t, 4> index(rank, 0);
  for (float element : source.elements) {
    int64_t position = 0;
    bool isInside = true;
    for (size_t i = 0; i < rank; ++i) {
      int64_t moved = index[i] + offsets[i];
      isInside &= moved >= 0 && moved < target.shape[i];
      position = position * target.shape[i] + moved;
    }
    if (isInside)
      target.elements[position] = element;
    for (size_t i = rank; i-- > 0;) {
      if (++index[i] < source.shape[i])
        break;
      index[i] = 0;
    }
  }
}

static ImageTensor compute(ConcatOp op, Operands operands) {
  ImageTensor result = makeResult(op, operands);
  SmallVector<int64_t> offsets(result.shape.size(), 0);
  for (const ImageTensorRef &operand : operands) {
    copyBox(*operand, result, offsets);
    offsets[op.getAxis()] += operand->shape[op.getAxis()];
  }
  return result;
}

static ImageTensor compute(PadOp op, Operands operands) {
  ImageTensor result = makeResult(op, operands);
  copyBox(*operands[0], result, op.getLow());
  return result;
}

static ImageTensor compute(SliceOp op, Operands operands) {
  ImageTensor result = makeResult(op, operands);
  copyBox(*operands[0], result,
          llvm::map_to_vector(op.getOffsets(),
                              [](int64_t offset) { return -offset; }));
  return result;
}

static ImageTensor compute(ReshapeOp op, Operands operands) {
  ImageTensor result = *operands[0];
  result.shape = stackShape(op.getResult(), op.getInput(), *operands[0]);
  return result;
}

static ImageTensor compute(TransposeOp op, Operands operands) {
  ImageTensor result = makeResult(op, operands);
  const ImageTensor &input = *operands[0];
  size_t rank = input.shape.size();
  SmallVector<int64_t> strides(rank, 1), index(rank, 0);
  for (size_t i = rank - 1; i > 0; --i)
    strides[i - 1] = strides[i] * input.shape[i];
  for (float &element : result.elements) {
    int64_t position = 0;
    for (size_t i = 0; i < rank; ++i)
      position += index[i] * strides[op.getPermutation()[i]];
    element = input.elements[position];
    for (size_t i = rank; i-- > 0;) {
      if (++index[i] < result.shape[i])
        break;
      index[i] = 0;
    }
  }
  return result;
}

/// Whether the images along dimension 0 stay apart.
static bool keepsImagesApart(Operation *op) {
  if (auto transpose = dyn_cast<TransposeOp>(op))
    return transpose.getPermutation().empty() ||
           transpose.getPermutation()[0] == 0;
  if (auto concat = dyn_cast<ConcatOp>(op))
    return concat.getAxis() != 0 &&
           llvm::none_of(op->getOperands(), [](Value operand) {
             return operand.getDefiningOp<ConstantOp>();
           });
  if (auto pad = dyn_cast<PadOp>(op))
    return pad.getLow()[0] == 0 && pad.getHigh()[0] == 0;
  if (auto slice = dyn_cast<SliceOp>(op))
    return slice.getSizes()[0] == slice.getInput().getType().getDimSize(0);
  return true;
}

FailureOr<ImageTensor> evaluateUnclamped(Operation *op, Operands operands) {
  using Result = FailureOr<ImageTensor>;
  auto refuse = [](Operation *op) -> Result {
    return emitError(op->getLoc())
           << "'" << op->getName() << "' cannot be calibrated";
  };
  if (!keepsImagesApart(op))
    return refuse(op);
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<Conv2DOp, MaxPool2DOp, AvgPool2DOp, GlobalAvgPoolOp,
            GlobalSumPoolOp, FullyConnectedOp, AddOp, MultiplyOp, ClampOp,
            SigmoidOp, HardSwishOp, SoftmaxOp, ScaleShiftOp, NormalizeImageOp,
            ConcatOp, PadOp, SliceOp, ReshapeOp, TransposeOp>(
          [&](auto op) { return Result(compute(op, operands)); })
      .Default(refuse);
}

void applyClamp(Operation *op, ImageTensor &tensor) {
  auto clamp = op->getAttrOfType<ClampAttr>("clamp");
  if (!clamp)
    return;
  for (float &element : tensor.elements)
    element = std::clamp(element, clamp.getMinValue(), clamp.getMaxValue());
}

} // namespace windrow::nn
