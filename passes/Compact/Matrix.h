//===- Matrix.h - Dense matrices of the factorisations ----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_COMPACT_MATRIX_H
#define WINDROW_PASSES_COMPACT_MATRIX_H

#include <Eigen/Core>

namespace windrow {

/// Rows are contiguous, as the last dimension of a tensor is.
using Matrix =
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;

} // namespace windrow

#endif // WINDROW_PASSES_COMPACT_MATRIX_H
