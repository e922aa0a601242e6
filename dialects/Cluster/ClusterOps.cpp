//===- ClusterOps.cpp - Operations of the cluster dialect -----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Cluster/Cluster.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace windrow::cluster;

#define GET_OP_CLASSES
#include "dialects/Cluster/ClusterOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Who holds a value
//===----------------------------------------------------------------------===//

bool windrow::cluster::isAvailableEverywhere(Operation *op) {
  return op->getNumOperands() == 0 && op->getNumRegions() == 0 && isPure(op);
}

FailureOr<StringAttr> windrow::cluster::getHolder(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return StringAttr::get(value.getContext(), clientName);
  if (isAvailableEverywhere(op))
    return StringAttr();
  // The defining operation may stand further down and be unverified as yet.
  auto inList = [&](ArrayAttr devices) -> FailureOr<StringAttr> {
    unsigned index = cast<OpResult>(value).getResultNumber();
    if (index >= devices.size() || !isa<StringAttr>(devices[index]))
      return failure();
    return cast<StringAttr>(devices[index]);
  };
  return TypeSwitch<Operation *, FailureOr<StringAttr>>(op)
      .Case([](FragmentOp fragment) { return fragment.getDeviceAttr(); })
      .Case([](TransferOp transfer) { return transfer.getTargetAttr(); })
      .Case([&](AllGatherOp gather) { return inList(gather.getDevices()); })
      .Case([&](AllReduceOp reduce) { return inList(reduce.getDevices()); })
      .Default([](Operation *) { return failure(); });
}

/// Requires that `participant` holds `value`, which `op` reads there.
static LogicalResult verifyHeldBy(Operation *op, Value value,
                                  StringRef participant) {
  FailureOr<StringAttr> holder = getHolder(value);
  if (succeeded(holder) && (!*holder || holder->getValue() == participant))
    return success();
  InFlightDiagnostic diagnostic =
      op->emitOpError() << "reads on \"" << participant << "\" a value that ";
  if (failed(holder))
    diagnostic << "no participant holds";
  else
    diagnostic << *holder << " holds";
  diagnostic.attachNote(value.getLoc()) << "the value is defined here";
  return diagnostic;
}

//===----------------------------------------------------------------------===//
// FragmentOp
//===----------------------------------------------------------------------===//

LogicalResult FragmentOp::verifyRegions() {
  auto yield = cast<YieldOp>(getBody().front().getTerminator());
  if (yield->getOperandTypes() != getResultTypes())
    return emitOpError() << "must yield values of its result types "
                         << getResultTypes() << ", got "
                         << yield->getOperandTypes();
  if (getPart() && getNumResults() != 1)
    return emitOpError() << "with a part must have one result, got "
                         << getNumResults();
  if (PartAttr part = getPartAttr()) {
    auto type = cast<RankedTensorType>(getResult(0).getType());
    if (part.getDimension() >= type.getRank() ||
        type.getDimSize(part.getDimension()) != part.getEnd() - part.getBegin())
      return emitOpError() << "its result must have the size of its part, got "
                           << type << " for " << part;
  }
  if ((*this)->getParentOfType<FragmentOp>())
    return emitOpError() << "must not be within another fragment";

  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(getBody(), captured);
  for (Value value : captured)
    if (failed(verifyHeldBy(*this, value, getDevice())))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// TransferOp and collectives
//===----------------------------------------------------------------------===//

LogicalResult TransferOp::verify() {
  if (getSource() == getTarget())
    return emitOpError() << "must move a value to another participant, got "
                         << getSourceAttr() << " twice";
  return verifyHeldBy(*this, getValue(), getSource());
}

/// Checks what both collectives have in common: one operand and one result for
/// each of at least one device, each named once, holding its operand.
static LogicalResult verifyCollective(Operation *op, ArrayAttr devices) {
  if (devices.empty())
    return op->emitOpError() << "must name at least one device";
  if (devices.size() != op->getNumOperands() ||
      devices.size() != op->getNumResults())
    return op->emitOpError()
           << "must have one operand and one result for each of "
           << devices.size() << " devices, got " << op->getNumOperands()
           << " and " << op->getNumResults();
  llvm::SmallDenseSet<Attribute> seen;
  for (auto [device, operand] : llvm::zip(devices, op->getOperands())) {
    if (!seen.insert(device).second)
      return op->emitOpError()
             << "must name each device once, got " << device << " twice";
    if (failed(verifyHeldBy(op, operand, cast<StringAttr>(device).getValue())))
      return failure();
  }
  return success();
}

LogicalResult AllGatherOp::verify() {
  if (failed(verifyCollective(*this, getDevices())))
    return failure();
  auto first = cast<RankedTensorType>(getParts().front().getType());
  auto axis = static_cast<int64_t>(getAxis());
  if (axis >= first.getRank())
    return emitOpError() << "axis must be less than " << first.getRank()
                         << ", got " << axis;
  SmallVector<int64_t> shape(first.getShape());
  shape[axis] = 0;
  for (Type type : getParts().getTypes()) {
    auto part = cast<RankedTensorType>(type);
    SmallVector<int64_t> expected(first.getShape());
    if (part.getRank() == first.getRank())
      expected[axis] = part.getDimSize(axis);
    if (part != RankedTensorType::get(expected, first.getElementType()))
      return emitOpError() << "parts must differ along the axis only, got "
                           << first << " and " << part;
    shape[axis] += part.getDimSize(axis);
  }
  auto joined = RankedTensorType::get(shape, first.getElementType());
  for (Type type : getResultTypes())
    if (type != joined)
      return emitOpError() << "results must be of type " << joined << ", got "
                           << type;
  return success();
}

ParseResult AllReduceOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::UnresolvedOperand> parts;
  ArrayAttr devices;
  Type type;
  SMLoc location = parser.getCurrentLocation();
  if (parser.parseOperandList(parts) || parser.parseKeyword("on") ||
      parser.parseAttribute(devices) ||
      parser.parseOptionalAttrDict(result.attributes) ||
      parser.parseColonType(type))
    return failure();
  result.getOrAddProperties<Properties>().devices = devices;
  SmallVector<Type> types(parts.size(), type);
  result.addTypes(types);
  return parser.resolveOperands(parts, types, location, result.operands);
}

void AllReduceOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getParts() << " on " << getDevices();
  printer.printOptionalAttrDict((*this)->getAttrs(), {getDevicesAttrName()});
  printer << " : " << getParts().front().getType();
}

LogicalResult AllReduceOp::verify() {
  if (failed(verifyCollective(*this, getDevices())))
    return failure();
  for (Type type : getResultTypes())
    if (type != getParts().front().getType())
      return emitOpError() << "results must be of type "
                           << getParts().front().getType() << ", got " << type;
  return success();
}

//===----------------------------------------------------------------------===//
// SendOp and RecvOp
//===----------------------------------------------------------------------===//

static LogicalResult verifyPeer(Operation *op, FlatSymbolRefAttr peer,
                                SymbolTableCollection &symbolTables) {
  auto own = op->getParentOfType<ModuleOp>();
  auto outer = own ? own->getParentOfType<ModuleOp>() : ModuleOp();
  if (!outer)
    return op->emitOpError() << "must be in a module nested in another";
  Operation *other = symbolTables.lookupSymbolIn(outer, peer.getAttr());
  if (!isa_and_nonnull<ModuleOp>(other))
    return op->emitOpError() << "peer must be a nested module, got " << peer;
  if (other == own)
    return op->emitOpError() << "peer must be another module, got " << peer;
  return success();
}

LogicalResult SendOp::verifySymbolUses(SymbolTableCollection &symbolTables) {
  return verifyPeer(*this, getPeerAttr(), symbolTables);
}

LogicalResult RecvOp::verifySymbolUses(SymbolTableCollection &symbolTables) {
  return verifyPeer(*this, getPeerAttr(), symbolTables);
}
