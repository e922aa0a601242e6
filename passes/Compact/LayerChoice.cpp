//===- LayerChoice.cpp - Which layers a rewrite takes ---------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/LayerChoice.h"

#include "dialects/Nn/Nn.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/Support/Regex.h"

using namespace mlir;

namespace windrow::nn {

StringRef getLayerName(Operation *op) {
  auto name = op->getLoc()->findInstanceOf<NameLoc>();
  return name ? name.getName().getValue() : StringRef();
}

Location nameLayerPart(Location location, StringRef part) {
  auto name = location->findInstanceOf<NameLoc>();
  if (!name)
    return location;
  return NameLoc::get(StringAttr::get(location.getContext(),
                                      name.getName().getValue() + "/" + part),
                      name.getChildLoc());
}

/// The elements of the filter of a layer with weights, 0 of anything else.
static int64_t countFilterElements(Operation *op) {
  if (auto conv = dyn_cast<Conv2DOp>(op))
    return conv.getFilter().getType().getNumElements();
  if (auto matrix = dyn_cast<FullyConnectedOp>(op))
    return matrix.getFilter().getType().getNumElements();
  return 0;
}

FailureOr<bool> namesLayer(func::FuncOp function, StringRef entry,
                           Operation *op) {
  StringRef name = getLayerName(op);
  if (name.empty() || name == entry)
    return !name.empty();
  llvm::Regex pattern(entry);
  std::string message;
  if (!pattern.isValid(message))
    return emitError(function.getLoc())
           << "layer '" << entry
           << "' must be a name or a regular expression: " << message;
  return pattern.match(name);
}

/// Adds the layers that `entry` names to `chosen`.
static LogicalResult addNamed(func::FuncOp function, StringRef entry,
                              const LayerChoice &choice,
                              llvm::SetVector<Operation *> &chosen) {
  Operation *unable = nullptr;
  std::string reason;
  bool found = false;
  // An exact name means one layer, whatever else it matches as an expression.
  bool isExact = llvm::any_of(function.getOps(), [&](Operation &op) {
    return getLayerName(&op) == entry;
  });
  for (Operation &op : function.getOps()) {
    if (isExact && getLayerName(&op) != entry)
      continue;
    FailureOr<bool> isNamed = namesLayer(function, entry, &op);
    if (failed(isNamed))
      return failure();
    if (!*isNamed || isa<ConstantOp>(op))
      continue;
    std::string whyNot = choice.whyNot(&op);
    if (whyNot.empty()) {
      chosen.insert(&op);
      found = true;
    } else if (!unable || countFilterElements(&op)) {
      unable = &op;
      reason = std::move(whyNot);
    }
  }
  if (found)
    return success();
  if (unable)
    return emitError(unable->getLoc()) << "layer '" << entry << "' " << reason;
  return emitError(function.getLoc())
         << "layer '" << entry
         << "' must be the name of a layer or match one, found none";
}

FailureOr<SmallVector<Operation *>> chooseLayers(func::FuncOp function,
                                                 const LayerChoice &choice) {
  llvm::SetVector<Operation *> chosen;
  for (const std::string &entry : choice.layers)
    if (failed(addNamed(function, entry, choice, chosen)))
      return failure();
  if (choice.layers.empty()) {
    bool isFirst = true;
    for (Operation &op : function.getOps()) {
      if (!countFilterElements(&op))
        continue;
      if (!isFirst && choice.whyNot(&op).empty())
        chosen.insert(&op);
      isFirst = false;
    }
  }

  SmallVector<Operation *> layers;
  for (Operation &op : function.getOps()) {
    if (!chosen.contains(&op))
      continue;
    int64_t parameters = countFilterElements(&op);
    if (parameters < choice.minParameters)
      emitRemark(op.getLoc())
          << "left as it is: has " << parameters << " parameters, fewer than "
          << choice.minParameters;
    else
      layers.push_back(&op);
  }
  return layers;
}

} // namespace windrow::nn
