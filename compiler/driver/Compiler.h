//===- Compiler.h - From a model file to a plan -----------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_DRIVER_COMPILER_H
#define WINDROW_COMPILER_DRIVER_COMPILER_H

#include "compiler/driver/CompactSteps.h"
#include "compiler/importer/OnnxImporter.h"
#include "compiler/serializer/PlanWriter.h"
#include "dialects/Nn/Nn.h"
#include "mlir/IR/MLIRContext.h"
#include "passes/Partition/Passes.h"

#include <optional>
#include <string>
#include <vector>

namespace windrow {

/// A point at which a compilation may stop. Each but the last yields IR.
enum class CompilePhase {
  Import, ///< the nn function as the model has it
  Graph,  ///< cleaned up: NHWC, folded, fused
  Plan,   ///< layouts chosen (the global level of the cluster dialect)
  Device, ///< one module for each participant
  Bundle, ///< a plan's folder
};

/// Which kernels a compilation may choose among.
enum class KernelChoice {
  Auto,   ///< the fastest by a rule
  Direct, ///< those that sum products of the elements
};

/// What to print of a plan.
enum class Explanation {
  None,  ///< nothing; of a plan that was searched for, one line
  Table, ///< segments, devices and the prediction
  Json,  ///< the same for programs
};

/// What to compile, and for whom.
struct CompileOptions {
  /// An ONNX file, or IR (.mlir, .mlirbc) of any phase but the last, which goes
  /// on from where it stands: a plan may be written by hand.
  std::string input;
  /// The cluster file; needed from `Plan` on, unless the IR names its devices.
  std::string cluster;
  /// The file of measured costs; empty for estimates from the cluster file.
  std::string costs;
  cluster::Strategy strategy = cluster::Strategy::Dp;
  /// How convolutions are computed.
  KernelChoice kernels = KernelChoice::Auto;
  /// How the filters of fully connected layers are stored.
  nn::WeightStorage denseWeights = nn::WeightStorage::F32;
  Objective objective = Objective::Latency;
  /// Printed on stdout, or on stderr where the IR goes to stdout.
  Explanation explanation = Explanation::None;
  /// Shapes of inputs that the model leaves open.
  std::vector<OnnxInputShape> inputShapes;
  std::optional<ImageNormalization> image;
  /// Images have one channel, which all of the model's input repeat; needs
  /// `image`.
  bool isImageGrey = false;
  /// How the network is made smaller, in this order; see `parseCompactStep`.
  std::vector<std::string> compactSteps;
  CalibrationFolder calibration;
  std::string labels; ///< a file of one label a line; empty for none
  CompilePhase lastPhase = CompilePhase::Bundle;
  /// The folder of the plan, or the file of the IR, where "-" is the standard
  /// output and ".mlirbc" means bytecode.
  std::string output;
  bool printWeights = false; ///< in textual IR
  bool timing = false;       ///< report the time of each phase on stderr
};

/// Compiles as `options` say. Fails with one diagnostic and leaves no output
/// then. Phases that take long are reported on stderr when it is a terminal.
llvm::LogicalResult compile(mlir::MLIRContext &context,
                            const CompileOptions &options);

} // namespace windrow

#endif // WINDROW_COMPILER_DRIVER_COMPILER_H
