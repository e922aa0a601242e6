//===- NnDialect.cpp - The nn dialect and its attributes ------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"

#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace windrow::nn;

#include "dialects/Nn/NnDialect.cpp.inc"

#include "dialects/Nn/NnEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Nn/NnAttributes.cpp.inc"

void NnDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Nn/NnAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Nn/NnOps.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Attributes that the dialect puts on operations of other dialects
//===----------------------------------------------------------------------===//

/// Checks `attribute`, one of this dialect, on an argument or a result of the
/// type `type` of a function.
static LogicalResult verifyValueAttribute(Operation *function,
                                          NamedAttribute attribute, Type type) {
  StringRef name = attribute.getName();
  if (name == modelNameAttrName) {
    if (isa<StringAttr>(attribute.getValue()))
      return success();
    return function->emitOpError()
           << "'" << name << "' must be a string, got " << attribute.getValue();
  }
  if (name != modelLayoutAttrName)
    return function->emitOpError()
           << "has the unknown attribute '" << name
           << "'; those on arguments and results are '" << modelLayoutAttrName
           << "' and '" << modelNameAttrName << "'";
  auto layout = dyn_cast<StringAttr>(attribute.getValue());
  if (!layout || (layout != "NCHW" && layout != "NHWC"))
    return function->emitOpError()
           << "'" << name << "' must be \"NCHW\" or \"NHWC\", got "
           << attribute.getValue();
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getRank() != 4)
    return function->emitOpError()
           << "'" << name << "' must be on a tensor of rank 4, got " << type;
  return success();
}

LogicalResult NnDialect::verifyOperationAttribute(Operation *op,
                                                  NamedAttribute attribute) {
  StringRef name = attribute.getName();
  if (name == modelLayoutAttrName || name == modelNameAttrName)
    return op->emitOpError() << "'" << name
                             << "' must be on an argument or a result of a "
                                "function, got an operation";
  return op->emitOpError() << "has the unknown attribute '" << name << "'";
}

LogicalResult NnDialect::verifyRegionArgAttribute(Operation *op, unsigned,
                                                  unsigned argIndex,
                                                  NamedAttribute attribute) {
  auto function = cast<FunctionOpInterface>(op);
  return verifyValueAttribute(op, attribute,
                              function.getArgumentTypes()[argIndex]);
}

LogicalResult NnDialect::verifyRegionResultAttribute(Operation *op, unsigned,
                                                     unsigned resultIndex,
                                                     NamedAttribute attribute) {
  auto function = cast<FunctionOpInterface>(op);
  return verifyValueAttribute(op, attribute,
                              function.getResultTypes()[resultIndex]);
}

//===----------------------------------------------------------------------===//
// ClampAttr
//===----------------------------------------------------------------------===//

LogicalResult ClampAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                APFloat min, APFloat max) {
  if (&min.getSemantics() != &APFloat::IEEEsingle() ||
      &max.getSemantics() != &APFloat::IEEEsingle())
    return emitError() << "clamp bounds must be f32";
  if (min.isNaN() || max.isNaN())
    return emitError() << "clamp bounds must be numbers, got NaN";
  if (!min.isFinite() && !max.isFinite())
    return emitError() << "clamp must have a finite bound";
  if (!(min < max))
    return emitError() << "clamp minimum must be less than its maximum, got "
                       << min.convertToDouble() << " and "
                       << max.convertToDouble();
  return success();
}

Attribute ClampAttr::parse(AsmParser &parser, Type) {
  const llvm::fltSemantics &single = APFloat::IEEEsingle();
  APFloat min = APFloat::getInf(single, /*Negative=*/true);
  APFloat max = APFloat::getInf(single);
  SMLoc loc = parser.getCurrentLocation();
  bool hasMin = false, hasMax = false;
  auto parseBound = [&]() -> ParseResult {
    SMLoc boundLoc = parser.getCurrentLocation();
    StringRef name;
    if (failed(parser.parseOptionalKeyword(&name, {"min", "max"})))
      return parser.emitError(boundLoc, "expected 'min' or 'max'");
    bool isMin = name == "min";
    bool &isGiven = isMin ? hasMin : hasMax;
    if (isGiven)
      return parser.emitError(boundLoc) << "'" << name << "' is given twice";
    isGiven = true;
    return failure(parser.parseEqual() ||
                   parser.parseFloat(single, isMin ? min : max));
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater,
                                     parseBound))
    return {};
  return parser.getChecked<ClampAttr>(loc, parser.getContext(), min, max);
}

void ClampAttr::print(AsmPrinter &printer) const {
  printer << "<";
  if (getMin().isFinite()) {
    printer << "min = ";
    printer.printFloat(getMin());
  }
  if (getMax().isFinite()) {
    printer << (getMin().isFinite() ? ", max = " : "max = ");
    printer.printFloat(getMax());
  }
  printer << ">";
}

ClampAttr ClampAttr::then(ClampAttr next) const {
  auto clampByNext = [&](float bound) {
    return std::clamp(bound, next.getMinValue(), next.getMaxValue());
  };
  float min = clampByNext(getMinValue());
  float max = clampByNext(getMaxValue());
  return min < max ? ClampAttr::get(getContext(), min, max) : ClampAttr();
}
