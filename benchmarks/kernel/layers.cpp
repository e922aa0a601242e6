//===- layers.cpp - How fast each operator of a bundle is -----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Times every operator of a bundle by itself, with Google Benchmark, on the
// kernels that the runtime would use. Convolutions and fully connected layers
// get their multiplications and additions per second as the layer defines them,
// also where a kernel needs fewer, and the share of what the machine has shown
// to be able to: the best of some large matrix products, measured first.
//
//===----------------------------------------------------------------------===//

#include "benchmarks/kernel/bundle_kernels.h"
#include "runtime/artifact/operands.h"
#include "runtime/artifact/shape.h"

#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <limits>
#include <vector>
#include <xnnpack.h>

namespace windrow::benchmark {
namespace {

struct Layer {
  std::string name;
  double operations = 0;
  Kernel *kernel = nullptr;
};

} // namespace

/// Multiplications and additions of `op`, 0 where that says nothing.
static double countOperations(const format::Bundle &bundle,
                              const format::Operator &op) {
  auto weightElements = [&](uint32_t weight) {
    return static_cast<double>(
        *elementCount(dimsOf(bundle.weights()->Get(weight)->dims())));
  };
  if (const auto *conv = op.operation_as_Conv2D()) {
    Dims output = dimsOf(bundle.tensors()->Get(conv->output())->dims());
    return 2.0 * output[1] * output[2] * weightElements(conv->filter());
  }
  if (const auto *dense = op.operation_as_FullyConnected()) {
    Dims output = dimsOf(bundle.tensors()->Get(dense->output())->dims());
    return 2.0 * output[0] * weightElements(dense->filter());
  }
  return 0;
}

/// Operations per second of the best of a few products of matrices that stay in
/// the caches.
static double measurePeak(pthreadpool_t threadpool) {
  constexpr size_t rows = 1008, depth = 256, columns = 256;
  std::vector<float> input(rows * depth + 16, 1), filter(depth * columns, 1),
      output(rows * columns);
  xnn_operator_t op = nullptr;
  constexpr float infinity = std::numeric_limits<float>::infinity();
  if (xnn_initialize(nullptr) != xnn_status_success ||
      xnn_create_fully_connected_nc_f32(
          depth, columns, depth, columns, filter.data(), nullptr, -infinity,
          infinity, 0, nullptr, nullptr, &op) != xnn_status_success)
    return 0;
  xnn_reshape_fully_connected_nc_f32(op, rows, threadpool);
  xnn_setup_fully_connected_nc_f32(op, input.data(), output.data());
  double best = infinity;
  for (int i = 0; i < 200; ++i) {
    auto start = std::chrono::steady_clock::now();
    xnn_run_operator(op, threadpool);
    std::chrono::duration<double> time =
        std::chrono::steady_clock::now() - start;
    best = std::min(best, time.count());
  }
  xnn_delete_operator(op);
  return 2.0 * rows * depth * columns / best;
}

static void runLayer(::benchmark::State &state, const Layer &layer,
                     double peak) {
  for (auto _ : state)
    if (Status status = layer.kernel->run(); !status.ok())
      return state.SkipWithError(status.message().c_str());
  if (layer.operations == 0)
    return;
  using ::benchmark::Counter;
  double total = layer.operations * static_cast<double>(state.iterations());
  state.counters["FLOP/s"] = Counter(total, Counter::kIsRate);
  state.counters["peak"] = Counter(total / peak, Counter::kIsRate);
}

static int fail(const Status &status) {
  fmt::print(stderr, "layers: error: {}\n", status.message());
  return 1;
}

static int run(const char *path) {
  Expected<BundleReader> reader = BundleReader::open(path);
  if (!reader)
    return fail(reader.error());
  const format::Bundle &bundle = reader->bundle();
  auto threadpool = makeThreadpool(bundle.threads());
  double peak = measurePeak(threadpool.get());
  fmt::print(stderr, "peak: {:.1f} GFLOP/s with {} threads\n", peak / 1e9,
             bundle.threads());

  Expected<std::unique_ptr<BundleKernels>> kernels =
      BundleKernels::create(*reader, threadpool.get());
  if (!kernels)
    return fail(kernels.error());
  std::vector<Layer> layers;
  for (uint32_t i = 0; i < (*kernels)->all().size(); ++i) {
    const format::Operator &op = *bundle.operators()->Get(i);
    layers.push_back({describeOperator(op, i), countOperations(bundle, op),
                      (*kernels)->all()[i].get()});
  }
  for (const Layer &layer : layers)
    ::benchmark::RegisterBenchmark(layer.name.c_str(), runLayer, layer, peak)
        ->UseRealTime()
        ->Unit(::benchmark::kMicrosecond);
  ::benchmark::RunSpecifiedBenchmarks();
  return 0;
}

} // namespace windrow::benchmark

int main(int argc, char **argv) {
  ::benchmark::Initialize(&argc, argv);
  if (argc != 2) {
    std::fputs("usage: layers BUNDLE [--benchmark_...]\n", stderr);
    return 1;
  }
  return windrow::benchmark::run(argv[1]);
}
