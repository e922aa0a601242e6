//===- CompactSteps.cpp - Steps of --compact ------------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/CompactSteps.h"

#include "passes/Compact/Passes.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace windrow;

namespace {
struct Key {
  StringRef name;
  StringRef option; ///< of the pass
  bool isList = false;
};

struct Step {
  StringRef name;
  std::unique_ptr<Pass> (*create)();
  ArrayRef<Key> keys;
};
} // namespace

static constexpr Key bottleneckKeys[] = {
    {"r", "ratio"},
    {"layer-r", "layer-ratios", /*isList=*/true},
    {"energy", "energy"},
    {"min-channels", "min-channels"},
    {"attention", "attention"},
    {"layers", "layers", /*isList=*/true},
    {"min-parameters", "min-parameters"}};
static constexpr Key separateKeys[] = {{"terms", "terms"},
                                       {"layers", "layers", /*isList=*/true},
                                       {"min-parameters", "min-parameters"}};
static constexpr Key denseKeys[] = {{"energy", "energy"},
                                    {"rank", "rank"},
                                    {"layers", "layers", /*isList=*/true},
                                    {"min-parameters", "min-parameters"}};

static constexpr Key pruneKeys[] = {
    {"ratio", "ratio"},
    {"layer-ratio", "layer-ratios", /*isList=*/true},
    {"scope", "scope"},
    {"norm", "norm"},
    {"min-channels", "min-channels"},
    {"layers", "layers", /*isList=*/true},
    {"min-parameters", "min-parameters"}};

/// A function, since it is called while global variables are initialised.
static ArrayRef<Step> getSteps() {
  static const Step steps[] = {
      {"prune", [] { return nn::createPruneChannels(); }, pruneKeys},
      {"bottleneck", [] { return nn::createCompactBottleneck(); },
       bottleneckKeys},
      {"separate", [] { return nn::createSeparateDepthwise(); }, separateKeys},
      {"dense", [] { return nn::createLowRankDense(); }, denseKeys}};
  return steps;
}

template <typename Range> static std::string joinNames(const Range &range) {
  return llvm::join(
      llvm::map_range(range, [](const auto &named) { return named.name; }),
      ", ");
}

std::string windrow::listCompactSteps() {
  std::string text;
  for (const Step &step : getSteps())
    text += ("  " + step.name + ": " + joinNames(step.keys) + "\n").str();
  return text;
}

/// The options of the pass of `step` that `pairs`, KEY=VALUE each, mean.
static llvm::Expected<std::string> translateKeys(const Step &step,
                                                 ArrayRef<StringRef> pairs) {
  llvm::MapVector<StringRef, std::string> options;
  for (StringRef pair : pairs) {
    auto [name, value] = pair.split('=');
    const Key *key = llvm::find_if(
        step.keys, [&](const Key &known) { return known.name == name; });
    if (key == step.keys.end())
      return llvm::createStringError("'" + name + "' must be a key of '" +
                                     step.name + "': one of " +
                                     joinNames(step.keys));
    if (value.empty())
      return llvm::createStringError("key '" + name + "' of '" + step.name +
                                     "' must have a value: " + name + "=VALUE");
    std::string &text = options[key->option];
    if (!text.empty() && !key->isList)
      return llvm::createStringError("key '" + name + "' of '" + step.name +
                                     "' must be given once");
    text += text.empty() ? value.str() : ("," + value).str();
  }
  std::string text;
  for (const auto &[option, value] : options)
    text += (option + "=" + value + " ").str();
  return text;
}

llvm::Expected<std::unique_ptr<Pass>>
windrow::parseCompactStep(StringRef text,
                          const CalibrationFolder &calibration) {
  SmallVector<StringRef> parts;
  text.split(parts, ':');
  const Step *step = llvm::find_if(getSteps(), [&](const Step &known) {
    return known.name == parts.front();
  });
  if (step == getSteps().end())
    return llvm::createStringError("'" + parts.front() +
                                   "' must be a way to compact: one of " +
                                   joinNames(getSteps()));
  llvm::Expected<std::string> options =
      translateKeys(*step, ArrayRef(parts).drop_front());
  if (!options)
    return options.takeError();
  if (!calibration.path.empty())
    *options += "calibration={" + calibration.path +
                "} calibration-images=" + std::to_string(calibration.images);
  std::unique_ptr<Pass> pass = step->create();
  // The parser of options tells on stderr what is wrong with a value.
  auto ignoreMessage = [](const Twine &) { return failure(); };
  if (failed(pass->initializeOptions(*options, ignoreMessage)))
    return llvm::createStringError("'" + text +
                                   "' must have values that fit its keys");
  return pass;
}
