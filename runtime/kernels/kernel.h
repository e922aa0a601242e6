//===- kernel.h - Operators of a bundle, ready to run -----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel is one operator of a bundle, most of them on XNNPACK. Its life has
// three steps: creation packs the weights and fixes the shapes, `bind` fixes
// the memory, and `run`, any number of times, computes and allocates nothing.
//
// The kernels of all strips of a layer share one packed copy of its weights,
// and a strip gives bit for bit the rows that the whole layer gives; one of a
// Winograd convolution does where it begins at a tile.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_KERNELS_KERNEL_H
#define WINDROW_RUNTIME_KERNELS_KERNEL_H

#include "windrow/status.h"

#include <cstddef>
#include <cstdint>
#include <memory>

// pthreadpool.h's type, which users of kernels need not include.
typedef struct pthreadpool *pthreadpool_t;

namespace windrow {

class BundleReader;
class PackedWeights;

/// One operator. Kernels are used from one thread at a time.
class Kernel {
public:
  virtual ~Kernel();

  /// Bytes of scratch memory that `run` needs and does not keep, so that all
  /// kernels that run after each other can share it.
  virtual size_t workspaceBytes() const { return 0; }

  /// Fixes where the tensors and the scratch memory lie. `arena` is the start
  /// of the bundle's arena; both must be aligned to 64 bytes (`workspace` may
  /// be null when no bytes are needed) and outlive the runs.
  virtual Status bind(std::byte *arena, std::byte *workspace) = 0;

  /// Computes the output from the input tensors; `bind` has succeeded.
  virtual Status run() = 0;
};

/// Everything that kernels of one bundle share. Referenced, not owned: it must
/// outlive the kernels.
struct KernelResources {
  const BundleReader &reader;
  PackedWeights &packedWeights;
  /// Threads that share each kernel's work; null for the calling thread alone.
  pthreadpool_t threadpool = nullptr;
  /// Whether kernels shall rather compute something again than keep it.
  bool saveMemory = false;
};

/// Makes the kernel of operator `index` of the bundle. Reads its weights,
/// checks them against their checksums and lets go of their pages once they are
/// packed. Messages name the file and the operator.
Expected<std::unique_ptr<Kernel>> createKernel(const KernelResources &resources,
                                               uint32_t index);

} // namespace windrow

#endif // WINDROW_RUNTIME_KERNELS_KERNEL_H
