//===- session.h - Ask a cluster --------------------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A program that wants answers from a compiled plan connects a session to its
// devices and runs inputs through it:
//
//   auto session = windrow::Session::connect("plan", {});
//   if (!session)
//     return report(session.error());
//   auto answer = (*session)->run(image);
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_SESSION_H
#define WINDROW_SESSION_H

#include "windrow/status.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace windrow {

/// A dense tensor of f32, the last dimension contiguous.
struct Tensor {
  std::vector<int64_t> shape;
  std::vector<float> values;
};

/// Pixels in the order row, column, channel.
struct Image {
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 0;
  std::vector<uint8_t> pixels;
};

/// An input or output as the model declares it.
struct TensorDescription {
  std::string name;
  std::vector<int64_t> shape; ///< in the model's own layout
};

/// What a plan expects and gives.
struct PlanDescription {
  std::string model;
  std::vector<std::string> devices;
  std::vector<TensorDescription> inputs;
  std::vector<TensorDescription> outputs;
  /// Names of the classes; empty where none were compiled in.
  std::vector<std::string> labels;
  /// Set where the plan takes images: their height, width and channels.
  std::optional<std::array<int64_t, 3>> imageShape;
};

/// The outputs for one input.
struct Answer {
  std::vector<Tensor> outputs; ///< in the model's own layout
  double seconds =
      0; ///< from the input's departure to the last output's arrival
};

struct SessionOptions {
  /// Compute in this process, instead of asking nodes: a single device on the
  /// thread that calls `run`, several on threads of their own. Each device's
  /// kernels use as many threads as its bundle says, but no more than its equal
  /// share of this machine's processors, at least 1.
  bool local = false;
  /// As in NodeOptions, for devices in this process.
  bool saveMemory = false;
  /// Addresses ("host:port") by device name that replace the plan's.
  std::map<std::string, std::string> addresses;
  /// How long all devices may take to become ready.
  std::chrono::milliseconds connectTimeout{5000};
  /// How long one answer may take.
  std::chrono::milliseconds requestTimeout{30000};
};

/// A connection to all devices of a plan. One request at a time; not
/// thread-safe. Once a request has failed, every later one fails likewise.
class Session {
public:
  /// Reads the client's bundle in the folder `plan` and meets the devices.
  /// Fails within the connect timeout, naming the file or the device at fault,
  /// where a bundle is missing or damaged, a device cannot be reached, serves
  /// another plan or is busy.
  static Expected<std::unique_ptr<Session>>
  connect(const std::filesystem::path &plan, const SessionOptions &options);

  /// Ends the session; the devices are free for the next one.
  virtual ~Session();

  virtual const PlanDescription &description() const = 0;

  /// Answers tensors of the shapes that the model declares. Fails for a plan
  /// that takes images, for other shapes, when a device fails, and when the
  /// request timeout passes.
  virtual Expected<Answer> run(std::span<const Tensor> inputs) = 0;

  /// Answers an image of the size that the model declares; pixels are
  /// normalised on the devices as compiled into the plan.
  virtual Expected<Answer> run(const Image &image) = 0;
};

} // namespace windrow

#endif // WINDROW_SESSION_H
