//===- Eigenvectors.h - Spectra of Gram matrices ----------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Pure arithmetic; knows no MLIR. Singular vectors are found as eigenvectors of
// the smaller Gram matrix, which is many times faster than a singular value
// decomposition of a large matrix. Singular values below 1e-8 of the largest
// drown in rounding; approximations keep the large ones only.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_COMPACT_EIGENVECTORS_H
#define WINDROW_PASSES_COMPACT_EIGENVECTORS_H

#include "passes/Compact/Matrix.h"

#include <cstdint>

namespace windrow {

using ConstMatrixRef = Eigen::Ref<const Matrix>;

/// matrix^T * matrix; only the lower half is set.
Eigen::MatrixXd gramOfColumns(ConstMatrixRef matrix);

/// matrix * matrix^T; only the lower half is set.
Eigen::MatrixXd gramOfRows(ConstMatrixRef matrix);

/// The eigenvectors of the `count` largest eigenvalues of `gram`, as columns,
/// the largest first. The largest element of each is positive, so that results
/// do not depend on how the solver got there.
Eigen::MatrixXd leadingEigenvectors(const Eigen::MatrixXd &gram, int64_t count);

/// The fewest eigenvalues of `gram` whose sum is the part `energy`, from 0 to
/// 1, of the sum of all. At least 1.
int64_t countForEnergy(const Eigen::MatrixXd &gram, double energy);

} // namespace windrow

#endif // WINDROW_PASSES_COMPACT_EIGENVECTORS_H
