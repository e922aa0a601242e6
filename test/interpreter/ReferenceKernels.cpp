//===- ReferenceKernels.cpp - Plain kernels that define nn ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/interpreter/ReferenceKernels.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace windrow::reference {

int64_t elementCount(const Shape &shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1},
                         std::multiplies<>());
}

Tensor::Tensor(Shape shape, float value)
    : shape(std::move(shape)), values(elementCount(this->shape), value) {}

Tensor::Tensor(Shape shape, std::vector<float> values)
    : shape(std::move(shape)), values(std::move(values)) {
  assert(elementCount(this->shape) == int64_t(this->values.size()) &&
         "one value an element");
}

static size_t offset(const Shape &shape, int64_t n, int64_t h, int64_t w,
                     int64_t c) {
  return ((n * shape[1] + h) * shape[2] + w) * shape[3] + c;
}

float Tensor::at(int64_t n, int64_t h, int64_t w, int64_t c) const {
  return values[offset(shape, n, h, w, c)];
}

float &Tensor::at(int64_t n, int64_t h, int64_t w, int64_t c) {
  return values[offset(shape, n, h, w, c)];
}

//===----------------------------------------------------------------------===//
// Sliding windows
//===----------------------------------------------------------------------===//

int64_t Sliding::outputSize(unsigned axis, int64_t inputSize) const {
  int64_t extent = (kernel[axis] - 1) * dilations[axis] + 1;
  return (inputSize + pads[axis] + pads[axis + 2] - extent) / strides[axis] + 1;
}

/// Calls `visit(kernelRow, kernelColumn, inputRow, inputColumn)` for every
/// element of a window that lies in the image.
template <typename Visitor>
static void visitWindow(const Sliding &sliding, const Shape &input,
                        int64_t outputRow, int64_t outputColumn,
                        Visitor visit) {
  for (int64_t kh = 0; kh < sliding.kernel[0]; ++kh) {
    int64_t h = outputRow * sliding.strides[0] - sliding.pads[0] +
                kh * sliding.dilations[0];
    if (h < 0 || h >= input[1])
      continue;
    for (int64_t kw = 0; kw < sliding.kernel[1]; ++kw) {
      int64_t w = outputColumn * sliding.strides[1] - sliding.pads[1] +
                  kw * sliding.dilations[1];
      if (w >= 0 && w < input[2])
        visit(kh, kw, h, w);
    }
  }
}

/// Computes every element of a rank-4 tensor as `element(n, h, w, c)`.
template <typename Element>
static Tensor computeImage(Shape shape, Element element) {
  Tensor result(std::move(shape));
  for (int64_t n = 0; n < result.dim(0); ++n)
    for (int64_t h = 0; h < result.dim(1); ++h)
      for (int64_t w = 0; w < result.dim(2); ++w)
        for (int64_t c = 0; c < result.dim(3); ++c)
          result.at(n, h, w, c) = static_cast<float>(element(n, h, w, c));
  return result;
}

Tensor conv2D(const Tensor &input, const Tensor &filter, const Tensor *bias,
              const Sliding &sliding, int64_t groups) {
  int64_t outputChannels = filter.dim(0);
  int64_t groupInputs = input.dim(3) / groups;
  int64_t groupOutputs = outputChannels / groups;
  Shape shape = {input.dim(0), sliding.outputSize(0, input.dim(1)),
                 sliding.outputSize(1, input.dim(2)), outputChannels};
  return computeImage(
      shape, [&](int64_t n, int64_t oh, int64_t ow, int64_t oc) {
        double sum = bias ? bias->values[oc] : 0.0;
        int64_t firstInput = oc / groupOutputs * groupInputs;
        visitWindow(sliding, input.shape, oh, ow,
                    [&](int64_t kh, int64_t kw, int64_t h, int64_t w) {
                      for (int64_t c = 0; c < groupInputs; ++c)
                        sum += double(input.at(n, h, w, firstInput + c)) *
                               double(filter.at(oc, kh, kw, c));
                    });
        return sum;
      });
}

static Shape poolShape(const Tensor &input, const Sliding &sliding) {
  return {input.dim(0), sliding.outputSize(0, input.dim(1)),
          sliding.outputSize(1, input.dim(2)), input.dim(3)};
}

Tensor maxPool2D(const Tensor &input, const Sliding &sliding) {
  return computeImage(poolShape(input, sliding), [&](int64_t n, int64_t oh,
                                                     int64_t ow, int64_t c) {
    float largest = -std::numeric_limits<float>::infinity();
    visitWindow(sliding, input.shape, oh, ow,
                [&](int64_t, int64_t, int64_t h, int64_t w) {
                  largest = std::max(largest, input.at(n, h, w, c));
                });
    return largest;
  });
}

Tensor avgPool2D(const Tensor &input, const Sliding &sliding) {
  return computeImage(poolShape(input, sliding), [&](int64_t n, int64_t oh,
                                                     int64_t ow, int64_t c) {
    double sum = 0;
    int64_t count = 0;
    visitWindow(sliding, input.shape, oh, ow,
                [&](int64_t, int64_t, int64_t h, int64_t w) {
                  sum += input.at(n, h, w, c);
                  ++count;
                });
    return sum / double(count);
  });
}

//===----------------------------------------------------------------------===//
// Reductions and matrices
//===----------------------------------------------------------------------===//

/// The sum of each channel over the image, times `factor`.
static Tensor reduceImage(const Tensor &input, double factor) {
  return computeImage({input.dim(0), 1, 1, input.dim(3)},
                      [&](int64_t n, int64_t, int64_t, int64_t c) {
                        double sum = 0;
                        for (int64_t h = 0; h < input.dim(1); ++h)
                          for (int64_t w = 0; w < input.dim(2); ++w)
                            sum += input.at(n, h, w, c);
                        return sum * factor;
                      });
}

Tensor globalSumPool(const Tensor &input) { return reduceImage(input, 1.0); }

Tensor globalAvgPool(const Tensor &input) {
  return reduceImage(input, 1.0 / double(input.dim(1) * input.dim(2)));
}

Tensor fullyConnected(const Tensor &input, const Tensor &filter,
                      const Tensor *bias) {
  int64_t rows = input.dim(0), columns = filter.dim(0), depth = input.dim(1);
  Tensor result(Shape{rows, columns});
  for (int64_t m = 0; m < rows; ++m)
    for (int64_t n = 0; n < columns; ++n) {
      double sum = bias ? bias->values[n] : 0.0;
      for (int64_t k = 0; k < depth; ++k)
        sum += double(input.values[m * depth + k]) *
               double(filter.values[n * depth + k]);
      result.values[m * columns + n] = static_cast<float>(sum);
    }
  return result;
}

//===----------------------------------------------------------------------===//
// Element by element
//===----------------------------------------------------------------------===//

template <typename Function>
static Tensor mapElements(Tensor input, Function function) {
  for (float &value : input.values)
    value = static_cast<float>(function(double(value)));
  return input;
}

template <typename Function>
static Tensor combine(const Tensor &lhs, const Tensor &rhs, Function function) {
  if (elementCount(lhs.shape) < elementCount(rhs.shape))
    return combine(rhs, lhs, function);
  if (lhs.shape == rhs.shape) {
    Tensor result = lhs;
    for (size_t i = 0; i < result.values.size(); ++i)
      result.values[i] = function(lhs.values[i], rhs.values[i]);
    return result;
  }
  return computeImage(lhs.shape,
                      [&](int64_t n, int64_t h, int64_t w, int64_t c) {
                        return function(lhs.at(n, h, w, c), rhs.at(n, 0, 0, c));
                      });
}

Tensor add(const Tensor &lhs, const Tensor &rhs) {
  return combine(lhs, rhs, std::plus<float>());
}

Tensor multiply(const Tensor &lhs, const Tensor &rhs) {
  return combine(lhs, rhs, std::multiplies<float>());
}

Tensor clamp(Tensor input, float min, float max) {
  for (float &value : input.values)
    value = std::clamp(value, min, max);
  return input;
}

Tensor sigmoid(Tensor input) {
  return mapElements(std::move(input),
                     [](double x) { return 1.0 / (1.0 + std::exp(-x)); });
}

Tensor hardSwish(Tensor input) {
  return mapElements(std::move(input), [](double x) {
    return x * std::clamp(x + 3.0, 0.0, 6.0) / 6.0;
  });
}

Tensor softmax(Tensor input) {
  size_t channels = input.shape.back();
  for (auto row = input.values.begin(); row != input.values.end();
       row += channels) {
    double largest = *std::max_element(row, row + channels);
    double sum = 0;
    for (size_t c = 0; c < channels; ++c)
      sum += std::exp(row[c] - largest);
    for (size_t c = 0; c < channels; ++c)
      row[c] = static_cast<float>(std::exp(row[c] - largest) / sum);
  }
  return input;
}

Tensor scaleShift(Tensor input, const Tensor &scale, const Tensor &shift) {
  size_t channels = input.shape.back();
  for (size_t i = 0; i < input.values.size(); ++i)
    input.values[i] = static_cast<float>(
        double(input.values[i]) * double(scale.values[i % channels]) +
        double(shift.values[i % channels]));
  return input;
}

Tensor normalizeImage(const Tensor &input, const std::vector<float> &mean,
                      const std::vector<float> &deviation) {
  const size_t channels = mean.size(), pixelChannels = input.shape.back();
  Shape shape = input.shape;
  shape.back() = static_cast<int64_t>(channels);
  Tensor result(shape);
  for (size_t i = 0; i < result.values.size(); ++i) {
    size_t pixel = i / channels, channel = i % channels;
    float value = input.values[pixel * pixelChannels + channel % pixelChannels];
    result.values[i] =
        static_cast<float>((double(value) / 255.0 - double(mean[channel])) /
                           double(deviation[channel]));
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

/// Calls `visit(index)` for every index of a tensor of `shape`, in order.
template <typename Visitor>
static void visitIndices(const Shape &shape, Visitor visit) {
  Shape index(shape.size(), 0);
  for (int64_t i = 0, e = elementCount(shape); i < e; ++i) {
    visit(index);
    for (size_t dim = shape.size(); dim-- > 0;) {
      if (++index[dim] < shape[dim])
        break;
      index[dim] = 0;
    }
  }
}

static size_t linearOffset(const Shape &shape, const Shape &index) {
  size_t result = 0;
  for (size_t dim = 0; dim < shape.size(); ++dim)
    result = result * shape[dim] + index[dim];
  return result;
}

/// Writes `source` into `target`, displaced by `offsets`.
static void writeAt(Tensor &target, const Tensor &source,
                    const Shape &offsets) {
  size_t next = 0;
  visitIndices(source.shape, [&](const Shape &index) {
    Shape displaced = index;
    for (size_t dim = 0; dim < displaced.size(); ++dim)
      displaced[dim] += offsets[dim];
    target.values[linearOffset(target.shape, displaced)] =
        source.values[next++];
  });
}

Tensor concat(const std::vector<const Tensor *> &inputs, size_t axis) {
  Shape shape = inputs.front()->shape;
  shape[axis] = 0;
  for (const Tensor *input : inputs)
    shape[axis] += input->dim(axis);
  Tensor result(shape);
  Shape offsets(shape.size(), 0);
  for (const Tensor *input : inputs) {
    writeAt(result, *input, offsets);
    offsets[axis] += input->dim(axis);
  }
  return result;
}

Tensor pad(const Tensor &input, const Shape &low, const Shape &high) {
  Shape shape = input.shape;
  for (size_t dim = 0; dim < shape.size(); ++dim)
    shape[dim] += low[dim] + high[dim];
  Tensor result(shape);
  writeAt(result, input, low);
  return result;
}

Tensor slice(const Tensor &input, const Shape &offsets, const Shape &sizes) {
  Tensor result(sizes);
  size_t next = 0;
  visitIndices(sizes, [&](Shape index) {
    for (size_t dim = 0; dim < index.size(); ++dim)
      index[dim] += offsets[dim];
    result.values[next++] = input.values[linearOffset(input.shape, index)];
  });
  return result;
}

Tensor reshape(Tensor input, Shape shape) {
  return Tensor(std::move(shape), std::move(input.values));
}

Tensor transpose(const Tensor &input, const Shape &permutation) {
  Shape shape;
  for (int64_t dim : permutation)
    shape.push_back(input.dim(dim));
  Tensor result(shape);
  Shape source(shape.size());
  size_t next = 0;
  visitIndices(shape, [&](const Shape &index) {
    for (size_t dim = 0; dim < index.size(); ++dim)
      source[permutation[dim]] = index[dim];
    result.values[next++] = input.values[linearOffset(input.shape, source)];
  });
  return result;
}

} // namespace windrow::reference
