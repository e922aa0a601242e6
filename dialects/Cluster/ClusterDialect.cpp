//===- ClusterDialect.cpp - The cluster dialect ---------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Cluster/Cluster.h"

#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace windrow::cluster;

#include "dialects/Cluster/ClusterDialect.cpp.inc"

void ClusterDialect::initialize() {
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "dialects/Cluster/ClusterOps.cpp.inc"
      >();
}

static LogicalResult verifyLayout(Operation *op, Attribute attribute) {
  auto layout = dyn_cast<LayoutAttr>(attribute);
  if (!layout)
    return op->emitOpError()
           << "'" << layoutAttrName << "' must be a #cluster.layout, got "
           << attribute;
  if (op->getNumResults() != 1)
    return op->emitOpError()
           << "with '" << layoutAttrName << "' must have one result, got "
           << op->getNumResults();
  if (!layout.isDivided())
    return success();

  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  bool byRows = layout.getKind() == LayoutKind::Rows;
  if (!type || (byRows ? type.getRank() != 4 : type.getRank() == 0))
    return op->emitOpError()
           << "shared by " << stringifyLayoutKind(layout.getKind())
           << " must have a result of rank " << (byRows ? "4" : "1 or more")
           << ", got " << op->getResult(0).getType();
  int64_t size = byRows ? type.getDimSize(1) : type.getShape().back();
  if (layout.getBounds().back() != size)
    return op->emitOpError()
           << "bounds of its " << stringifyLayoutKind(layout.getKind())
           << " must end at " << size << ", got " << layout.getBounds().back();
  return success();
}

static LogicalResult verifyPartials(Operation *op, Attribute attribute) {
  if (!isa<PartialsAttr>(attribute))
    return op->emitOpError()
           << "'" << partialsAttrName << "' must be a #cluster.partials, got "
           << attribute;
  if (!op->hasAttr(layoutAttrName))
    return op->emitOpError()
           << "with '" << partialsAttrName << "' must have a '"
           << layoutAttrName << "', where their sum lives";
  return success();
}

static LogicalResult verifyLinks(Operation *op, Attribute attribute) {
  if (!isa<ModuleOp>(op))
    return op->emitOpError()
           << "must be a module to have '" << linksAttrName << "'";
  auto links = dyn_cast<ArrayAttr>(attribute);
  if (!links || !llvm::all_of(links, llvm::IsaPred<LinkAttr>))
    return op->emitOpError()
           << "'" << linksAttrName << "' must be a list of #cluster.link";
  for (auto [index, link] : llvm::enumerate(links.getAsRange<LinkAttr>()))
    if (link.getBetween().empty() != (index == 0))
      return op->emitOpError() << "'" << linksAttrName
                               << "' must start with the default link, and "
                                  "name two devices in every other";
  return success();
}

LogicalResult
ClusterDialect::verifyOperationAttribute(Operation *op,
                                         NamedAttribute attribute) {
  if (attribute.getName() == layoutAttrName)
    return verifyLayout(op, attribute.getValue());
  if (attribute.getName() == partialsAttrName)
    return verifyPartials(op, attribute.getValue());
  if (attribute.getName() == linksAttrName)
    return verifyLinks(op, attribute.getValue());
  return success();
}
