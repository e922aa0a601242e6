//===- PartitionCase.h - Random networks, clusters and plans ----*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_PARTITION_PARTITIONCASE_H
#define WINDROW_TEST_PARTITION_PARTITIONCASE_H

#include "passes/Analysis/ClusterDescription.h"
#include "test/partition/RandomNetwork.h"

namespace windrow::test {

/// The numbers behind one case; see `NetworkChoices`.
struct PartitionCase {
  NetworkChoices network;
  std::vector<uint8_t> cluster;
  std::vector<uint8_t> plan;
};

/// Picks a case with RapidCheck, which shrinks it when the case fails.
PartitionCase pickPartitionCase();

/// One to six devices of different speeds.
ClusterDescription buildCluster(Choices choices);

/// Gives every operation of the module's function a layout: by one of the
/// strategies, or one of any kind picked for each operation. Convolutions may
/// get another kernel with it. The devices of `cluster` are attached to the
/// module.
llvm::LogicalResult assignLayouts(mlir::ModuleOp module,
                                  const ClusterDescription &cluster,
                                  Choices &choices);

/// Counts the case, in what RapidCheck prints, under the kinds of layout that
/// the module's operations have, and under whether convolutions have different
/// kernels and the input is one of pixels.
void classifyPlan(mlir::ModuleOp module);

/// Whether devices add partial sums under the module's layouts, so that results
/// may differ from those of one device by rounding.
bool addsPartialSums(mlir::ModuleOp module, const ClusterDescription &cluster);

} // namespace windrow::test

#endif // WINDROW_TEST_PARTITION_PARTITIONCASE_H
