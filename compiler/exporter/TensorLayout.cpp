//===- TensorLayout.cpp - How an ONNX tensor holds a value ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/exporter/TensorLayout.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include <cassert>

using namespace windrow::exporter;

Shape windrow::exporter::permuted(llvm::ArrayRef<int64_t> shape,
                                  llvm::ArrayRef<int64_t> permutation) {
  Shape result;
  for (int64_t dimension : permutation)
    result.push_back(shape[dimension]);
  return result;
}

Shape windrow::exporter::inverse(llvm::ArrayRef<int64_t> permutation) {
  Shape result(permutation.size());
  for (auto [position, dimension] : llvm::enumerate(permutation))
    result[dimension] = position;
  return result;
}

static Shape identity(size_t rank) {
  auto dimensions = llvm::seq<int64_t>(0, rank);
  return Shape(dimensions.begin(), dimensions.end());
}

TensorLayout TensorLayout::plain(llvm::ArrayRef<int64_t> valueShape) {
  return {Shape(valueShape), identity(valueShape.size())};
}

TensorLayout TensorLayout::transposed(llvm::ArrayRef<int64_t> valueShape,
                                      llvm::ArrayRef<int64_t> permutation) {
  return {permuted(valueShape, inverse(permutation)), Shape(permutation)};
}

TensorLayout TensorLayout::channelsFirst(llvm::ArrayRef<int64_t> valueShape) {
  assert(valueShape.size() >= 2 && "there are channels and something else");
  Shape permutation = {0};
  llvm::append_range(permutation, llvm::seq<int64_t>(2, valueShape.size()));
  permutation.push_back(1);
  return transposed(valueShape, permutation);
}

bool TensorLayout::isPlain() const {
  return isSameOrderAs(plain(transposedView()));
}

TensorLayout TensorLayout::simplified() const {
  // Dimensions of the view that are one dimension of the result, in the order
  // of the transposed view.
  Shape starts, sizes;
  int64_t last = -1;
  Shape kept;
  for (auto [dimension, size] : llvm::enumerate(view))
    if (size != 1)
      kept.push_back(dimension);
  Shape position(view.size(), -1);
  for (auto [index, dimension] : llvm::enumerate(kept))
    position[dimension] = index;
  for (int64_t dimension : permutation) {
    if (position[dimension] < 0)
      continue;
    if (!starts.empty() && position[dimension] == last + 1) {
      sizes.back() *= view[dimension];
    } else {
      starts.push_back(position[dimension]);
      sizes.push_back(view[dimension]);
    }
    last = position[dimension];
  }
  Shape order = identity(starts.size());
  llvm::sort(order,
             [&](int64_t a, int64_t b) { return starts[a] < starts[b]; });
  return {permuted(sizes, order), inverse(order)};
}

bool TensorLayout::isSameOrderAs(const TensorLayout &other) const {
  TensorLayout mine = simplified(), theirs = other.simplified();
  return mine.view == theirs.view && mine.permutation == theirs.permutation;
}
