//===- ClusterAttributes.cpp - Attributes of the cluster dialect ----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Cluster/Cluster.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace windrow::cluster;

#include "dialects/Cluster/ClusterEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Cluster/ClusterAttributes.cpp.inc"

void ClusterDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Cluster/ClusterAttributes.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// LayoutAttr
//===----------------------------------------------------------------------===//

int64_t LayoutAttr::getDevicePosition(StringRef device) const {
  for (auto [position, name] : llvm::enumerate(getDevices()))
    if (name.getValue() == device)
      return position;
  return -1;
}

bool LayoutAttr::isDivided() const {
  return getKind() == LayoutKind::Rows || getKind() == LayoutKind::Channels;
}

windrow::RowInterval LayoutAttr::getOwnedInterval(unsigned position) const {
  return {getBounds()[position], getBounds()[position + 1]};
}

windrow::RowInterval LayoutAttr::getComputedInterval(unsigned position) const {
  if (getComputed().empty())
    return getOwnedInterval(position);
  return {getComputed()[2 * position], getComputed()[2 * position + 1]};
}

static LogicalResult verifyDevices(function_ref<InFlightDiagnostic()> emitError,
                                   ArrayRef<StringAttr> devices) {
  if (devices.empty())
    return emitError() << "must name at least one device";
  llvm::SmallDenseSet<StringAttr> seen;
  for (StringAttr device : devices) {
    if (device.getValue() == clientName)
      return emitError() << "must name devices, got the client";
    if (!seen.insert(device).second)
      return emitError() << "must name each device once, got " << device
                         << " twice";
  }
  return success();
}

static LogicalResult verifyBounds(function_ref<InFlightDiagnostic()> emitError,
                                  size_t deviceCount,
                                  ArrayRef<int64_t> bounds) {
  if (bounds.size() != deviceCount + 1)
    return emitError() << "must have one bound more than devices, "
                       << deviceCount + 1 << ", got " << bounds.size();
  if (bounds.front() != 0)
    return emitError() << "bounds must start at 0, got " << bounds.front();
  for (size_t i = 1; i < bounds.size(); ++i)
    if (bounds[i] < bounds[i - 1])
      return emitError() << "bounds must not descend, got " << bounds[i]
                         << " after " << bounds[i - 1];
  return success();
}

/// Verifies the rows computed under `bounds`, which are valid.
static LogicalResult
verifyComputed(function_ref<InFlightDiagnostic()> emitError, LayoutKind kind,
               ArrayRef<int64_t> bounds, ArrayRef<int64_t> computed) {
  if (computed.empty())
    return success();
  if (kind != LayoutKind::Rows)
    return emitError() << "'" << stringifyLayoutKind(kind)
                       << "' must not have 'computed'";
  size_t deviceCount = bounds.size() - 1;
  if (computed.size() != 2 * deviceCount)
    return emitError() << "'computed' must have a begin and an end for each "
                          "device, "
                       << 2 * deviceCount << " numbers, got "
                       << computed.size();
  for (size_t i = 0; i < deviceCount; ++i) {
    windrow::RowInterval owned{bounds[i], bounds[i + 1]};
    windrow::RowInterval rows{computed[2 * i], computed[2 * i + 1]};
    if (rows.begin < 0 || rows.begin > rows.end || rows.end > bounds.back())
      return emitError() << "'computed' must hold ranges within 0 to "
                         << bounds.back() << ", got " << rows.begin << " to "
                         << rows.end;
    if (!rows.contains(owned))
      return emitError() << "'computed' must hold a device's own rows, "
                         << owned.begin << " to " << owned.end << ", got "
                         << rows.begin << " to " << rows.end;
  }
  return success();
}

LogicalResult LayoutAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 LayoutKind kind, ArrayRef<StringAttr> devices,
                                 ArrayRef<int64_t> bounds,
                                 ArrayRef<int64_t> computed, int64_t pieces) {
  if (failed(verifyDevices(emitError, devices)))
    return failure();
  if (kind == LayoutKind::Owner && devices.size() != 1)
    return emitError() << "must name one owner, got " << devices.size();
  if (kind == LayoutKind::Rows || kind == LayoutKind::Channels) {
    if (failed(verifyBounds(emitError, devices.size(), bounds)))
      return failure();
  } else if (!bounds.empty()) {
    return emitError() << "'" << stringifyLayoutKind(kind)
                       << "' must have no bounds";
  }
  if (pieces < 1)
    return emitError() << "must have at least 1 piece, got " << pieces;
  if (pieces > 1 && kind == LayoutKind::Replicated)
    return emitError() << "'" << stringifyLayoutKind(kind)
                       << "' must not have pieces";
  return verifyComputed(emitError, kind, bounds, computed);
}

//===----------------------------------------------------------------------===//
// PartialsAttr
//===----------------------------------------------------------------------===//

windrow::RowInterval PartialsAttr::getInterval(unsigned position) const {
  return {getBounds()[position], getBounds()[position + 1]};
}

LogicalResult PartialsAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   ArrayRef<StringAttr> devices,
                                   ArrayRef<int64_t> bounds) {
  return success(succeeded(verifyDevices(emitError, devices)) &&
                 succeeded(verifyBounds(emitError, devices.size(), bounds)));
}

//===----------------------------------------------------------------------===//
// PartAttr
//===----------------------------------------------------------------------===//

Attribute PartAttr::parse(AsmParser &parser, Type) {
  int64_t tensor, dimension, begin, end, size;
  auto parseRange = [&](int64_t &first, int64_t &last) {
    return success(!parser.parseInteger(first) && !parser.parseKeyword("to") &&
                   !parser.parseInteger(last));
  };
  if (parser.parseLess() || parser.parseKeyword("tensor") ||
      parser.parseEqual() || parser.parseInteger(tensor) ||
      parser.parseComma() || parser.parseKeyword("dimension") ||
      parser.parseEqual() || parser.parseInteger(dimension) ||
      parser.parseComma() || failed(parseRange(begin, end)) ||
      parser.parseKeyword("of") || parser.parseInteger(size))
    return {};
  int64_t ownedBegin = begin, ownedEnd = end;
  if (succeeded(parser.parseOptionalComma()) &&
      (parser.parseKeyword("owned") ||
       failed(parseRange(ownedBegin, ownedEnd))))
    return {};
  if (parser.parseGreater())
    return {};
  return parser.getChecked<PartAttr>(parser.getContext(), tensor, dimension,
                                     begin, end, size, ownedBegin, ownedEnd);
}

void PartAttr::print(AsmPrinter &printer) const {
  printer << "<tensor = " << getTensor() << ", dimension = " << getDimension()
          << ", " << getBegin() << " to " << getEnd() << " of " << getSize();
  if (getOwnedBegin() != getBegin() || getOwnedEnd() != getEnd())
    printer << ", owned " << getOwnedBegin() << " to " << getOwnedEnd();
  printer << ">";
}

LogicalResult PartAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               int64_t tensor, int64_t dimension, int64_t begin,
                               int64_t end, int64_t size, int64_t ownedBegin,
                               int64_t ownedEnd) {
  if (tensor < 0 || dimension < 0)
    return emitError() << "tensor and dimension must not be negative";
  if (begin < 0 || begin >= end || end > size)
    return emitError() << "must be a range within 0 to " << size << ", got "
                       << begin << " to " << end;
  if (ownedBegin < begin || ownedBegin > ownedEnd || ownedEnd > end)
    return emitError() << "owned range must be within " << begin << " to "
                       << end << ", got " << ownedBegin << " to " << ownedEnd;
  return success();
}

//===----------------------------------------------------------------------===//
// LinkAttr
//===----------------------------------------------------------------------===//

Attribute LinkAttr::parse(AsmParser &parser, Type) {
  SmallVector<StringAttr> between;
  FloatAttr bandwidthMbit, latencyUs;
  auto parseName = [&] {
    return parser.parseAttribute(between.emplace_back());
  };
  Type f64 = parser.getBuilder().getF64Type();
  if (parser.parseLess() ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseName) ||
      parser.parseComma() || parser.parseKeyword("bandwidth_mbit") ||
      parser.parseEqual() || parser.parseAttribute(bandwidthMbit, f64) ||
      parser.parseComma() || parser.parseKeyword("latency_us") ||
      parser.parseEqual() || parser.parseAttribute(latencyUs, f64) ||
      parser.parseGreater())
    return {};
  return parser.getChecked<LinkAttr>(parser.getContext(), between,
                                     bandwidthMbit, latencyUs);
}

void LinkAttr::print(AsmPrinter &printer) const {
  printer << "<[";
  llvm::interleaveComma(getBetween(), printer);
  printer << "], bandwidth_mbit = ";
  printer.printAttributeWithoutType(getBandwidthMbit());
  printer << ", latency_us = ";
  printer.printAttributeWithoutType(getLatencyUs());
  printer << ">";
}

LogicalResult LinkAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               ArrayRef<StringAttr> between,
                               FloatAttr bandwidthMbit, FloatAttr latencyUs) {
  if (!between.empty() && between.size() != 2)
    return emitError() << "must name two devices or none, got "
                       << between.size();
  if (between.size() == 2 && between[0] == between[1])
    return emitError() << "must join two different devices, got " << between[0]
                       << " twice";
  if (bandwidthMbit.getValueAsDouble() <= 0)
    return emitError() << "bandwidth_mbit must be positive, got "
                       << bandwidthMbit.getValueAsDouble();
  if (latencyUs.getValueAsDouble() < 0)
    return emitError() << "latency_us must not be negative, got "
                       << latencyUs.getValueAsDouble();
  return success();
}
