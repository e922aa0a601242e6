//===- parallelize.h - Loops on a pthreadpool -------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_KERNELS_PARALLELIZE_H
#define WINDROW_RUNTIME_KERNELS_PARALLELIZE_H

#include <cstddef>
#include <pthreadpool.h>

namespace windrow {

/// Calls `body(thread, index)` for each index below `count`, on the threads of
/// `threadpool` (null for the calling one alone), and waits for all. `thread`
/// is below the number of threads and held by one call at a time. Denormals
/// count as zero, as in XNNPACK's operators. Allocates nothing.
template <typename Body>
void parallelize(pthreadpool_t threadpool, size_t count, Body body) {
  pthreadpool_parallelize_1d_with_thread(
      threadpool,
      [](void *context, size_t thread, size_t index) {
        (*static_cast<Body *>(context))(thread, index);
      },
      &body, count, PTHREADPOOL_FLAG_DISABLE_DENORMALS);
}

} // namespace windrow

#endif // WINDROW_RUNTIME_KERNELS_PARALLELIZE_H
