//===- kernel_context.h - What the making of a kernel needs -----*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shared by the files of this folder: access to a verified bundle and to
// XNNPACK's operators.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_KERNELS_KERNEL_CONTEXT_H
#define WINDROW_RUNTIME_KERNELS_KERNEL_CONTEXT_H

#include "runtime/artifact/bundle_reader.h"
#include "runtime/artifact/shape.h"
#include "runtime/kernels/kernel.h"

#include <span>
#include <string_view>
#include <type_traits>
#include <xnnpack.h>

namespace windrow {

/// Where one tensor lies in the arena.
struct TensorPlace {
  uint64_t offset;
  uint64_t bytes;

  template <typename Element> Element *in(std::byte *arena) const {
    return reinterpret_cast<Element *>(arena + offset);
  }
};

/// Access to the tensors and weights of the bundle that a kernel is made from.
class KernelContext {
public:
  explicit KernelContext(const KernelResources &resources)
      : resources(resources) {}

  Dims dims(uint32_t tensor) const;
  format::ElementType type(uint32_t tensor) const;
  TensorPlace place(uint32_t tensor) const;
  format::ElementType weightType(uint32_t weight) const;
  const BundleReader &reader() const { return resources.reader; }
  pthreadpool_t threadpool() const { return resources.threadpool; }
  bool savesMemory() const { return resources.saveMemory; }

  /// The values of `weight`, an F32 one, checked against its checksum.
  Expected<std::span<const float>> weight(uint32_t index) const;

  /// The values of weight `index`, or null for -1; checked.
  Expected<const float *> bias(int32_t index) const;

  /// The cache for operators that pack weight `filter` for `groups` groups.
  xnn_weights_cache_t packedWeights(uint32_t filter, uint32_t groups) const;

  /// Holds what kernels make of weights.
  PackedWeights &packed() const { return resources.packedWeights; }

private:
  const KernelResources &resources;
};

/// Turns XNNPACK's status into ours; `call` says what was tried, such as
/// "create convolution".
Status xnnpackStatus(xnn_status status, std::string_view call);

/// Owns one of XNNPACK's operators.
struct XnnpackOperatorDeleter {
  void operator()(xnn_operator_t op) const { xnn_delete_operator(op); }
};
using XnnpackOperator = std::unique_ptr<std::remove_pointer_t<xnn_operator_t>,
                                        XnnpackOperatorDeleter>;

/// A kernel that is one of XNNPACK's operators, with one input unless the
/// subclass adds another.
class XnnpackKernel : public Kernel {
public:
  size_t workspaceBytes() const override { return workspaceSize; }
  Status run() override;

protected:
  XnnpackKernel(const KernelContext &context, uint32_t input, uint32_t output)
      : threadpool(context.threadpool()), input(context.place(input)),
        output(context.place(output)) {}

  /// Takes what one of XNNPACK's create functions has stored through `created`.
  Status take(xnn_status status, xnn_operator_t created, std::string_view call);

  XnnpackOperator op;
  const pthreadpool_t threadpool;
  const TensorPlace input, output;
  size_t workspaceSize = 0;
};

using CreatedKernel = Expected<std::unique_ptr<Kernel>>;

/// Constructs a `KernelType` and calls its `create`, both with the context and
/// the operator's table.
template <typename KernelType, typename Table>
CreatedKernel makeKernel(const KernelContext &context, const Table &table) {
  auto kernel = std::make_unique<KernelType>(context, table);
  if (Status status = kernel->create(context, table); !status.ok())
    return failure(std::move(status));
  return kernel;
}

// One function for each kind of operator, each in the file that is named after
// the kind or the family.
CreatedKernel createConv2D(const KernelContext &context,
                           const format::Conv2D &conv);
CreatedKernel createWinogradConv2D(const KernelContext &context,
                                   const format::Conv2D &conv);
CreatedKernel createFullyConnected(const KernelContext &context,
                                   const format::FullyConnected &dense);
CreatedKernel createMaxPool2D(const KernelContext &context,
                              const format::MaxPool2D &pool);
CreatedKernel createAveragePool2D(const KernelContext &context,
                                  const format::AveragePool2D &pool);
CreatedKernel createGlobalPool(const KernelContext &context,
                               const format::GlobalPool &pool);
CreatedKernel createBinary(const KernelContext &context,
                           const format::Binary &binary);
CreatedKernel createUnary(const KernelContext &context,
                          const format::Unary &unary);
CreatedKernel createSoftmax(const KernelContext &context,
                            const format::Softmax &softmax);
CreatedKernel createScaleShift(const KernelContext &context,
                               const format::ScaleShift &scaleShift);
CreatedKernel createNormalizeImage(const KernelContext &context,
                                   const format::NormalizeImage &normalize);
CreatedKernel createCopyChannels(const KernelContext &context,
                                 const format::CopyChannels &copy);
CreatedKernel createPad(const KernelContext &context, const format::Pad &pad);
CreatedKernel createSlice(const KernelContext &context,
                          const format::Slice &slice);
CreatedKernel createTranspose(const KernelContext &context,
                              const format::Transpose &transpose);

} // namespace windrow

#endif // WINDROW_RUNTIME_KERNELS_KERNEL_CONTEXT_H
